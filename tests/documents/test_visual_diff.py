"""Two files are the same pages only where pictures and text agree: a copy is also read aloud and copied from."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Dictionary, Name

from cpdocs.documents.visual_diff import difference


def page(*shown: str, unseen: str = "", at: int = 600, size: float = 792, said: tuple[str, ...] = ()) -> bytes:
    """One page with lines that everybody sees, and one that only a reader of the text meets. ``said``: words that stand
    beside the glyphs of a line each, and are what whoever copies it gets."""
    pdf = pikepdf.new()
    sheet = pdf.add_blank_page(page_size=(612, size))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    sheet.obj.Resources = Dictionary(Font=Dictionary(F1=font))
    lines = "".join(f"BT /F1 12 Tf 72 {700 - 20 * place} Td ({text}) Tj ET " for place, text in enumerate(shown))
    lines += "".join(
        f"/Span <</ActualText ({words})>> BDC BT /F1 12 Tf 72 {500 - 20 * place} Td (fi) Tj ET EMC "
        for place, words in enumerate(said)
    )
    hidden = f"BT 3 Tr /F1 12 Tf 72 {at} Td ({unseen}) Tj ET" if unseen else ""
    sheet.obj.Contents = pdf.make_stream(f"{lines}{hidden}".encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def what(own: bytes, printed: bytes) -> str:
    return str(difference(own, printed, [[]]) or "")


def test_the_same_page_is_the_same() -> None:
    assert what(page("Dear member"), page("Dear member")) == ""
    assert what(page("Dear member", said=("call us",)), page("Dear member", said=("call us",))) == ""


@pytest.mark.parametrize(
    ("own", "printed"),
    [
        (page("Dear member", unseen="call us"), page("Dear member", unseen="do not call us")),
        (page("Dear member", unseen="call us"), page("Dear member")),
        (page("Dear member"), page("Dear member", unseen="call us")),
        (page("Dear member", unseen="call us"), page("Dear member", unseen="call us", at=300)),
        (page("Dear member", unseen="no) Tj 0.4 0 Td (no"), page("Dear member", unseen="no) Tj 0.4 0 Td (me")),
        (page("Dear member", said=("call us",)), page("Dear member", said=("do not call us",))),
        (page("Dear member", said=("call us", "call us")), page("Dear member", said=("call us", "or not"))),
    ],
)
def test_pages_that_look_alike_and_read_differently_are_told_apart(own: bytes, printed: bytes) -> None:
    assert what(own, printed) == "page 1: the text"


def test_pages_that_look_different_are_told_apart() -> None:
    assert what(page("Dear member"), page("Dear reader")) == "page 1: the picture"
    assert what(page("Dear member"), page("Dear member", size=700)) == "page 1: the paper's size"

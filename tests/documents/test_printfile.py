"""The print file: sheets are never shared, codes read back, and the file says itself what is on its pages."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from cpdocs.core.ids import format_document_id, luhn_mod_n
from cpdocs.core.letters import SheetMark
from cpdocs.documents.envelope import AddressBlock
from cpdocs.documents.preflight import window_faults
from cpdocs.documents.printfile import PrintFile, read_sheet_code, recount

RUN = "2026-11-02-01"


def an_id(number: int) -> str:
    payload = f"{'ABCDEFGH'[number]}" * 10
    return format_document_id(payload + luhn_mod_n(payload))


def pages(*texts: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    for text in texts:
        canvas.drawString(72, 60, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_an_odd_letter_gets_a_blank_back() -> None:
    target = PrintFile(RUN)
    assert target.add_letter(pages(an_id(0), an_id(0), an_id(0)), 1) == 1
    assert target.add_letter(pages(an_id(1)), 2) == 5
    assert (target.pages, target.blank_pages) == (6, 2)
    assert recount(target.finish()).pages == ((an_id(0),),) * 3 + ((), (an_id(1),), ())


def test_a_separator_takes_a_sheet_of_its_own() -> None:
    target = PrintFile(RUN)
    target.add_separator(pages("separator"))
    assert target.add_letter(pages(an_id(0), an_id(0)), 1) == 3
    assert (target.separator_pages, target.blank_pages) == (2, 0)


def test_the_front_of_every_sheet_has_its_code_and_the_back_none() -> None:
    target = PrintFile(RUN)
    target.add_letter(pages(*["x"] * 3), 59_000)
    document = pypdfium2.PdfDocument(target.finish())
    read = [read_sheet_code(page.render(scale=200 / 72).to_pil()) for page in document]
    assert read == [SheetMark(RUN, 59_000, 1, 2), None, SheetMark(RUN, 59_000, 2, 2), None]


def test_the_same_letters_give_the_same_bytes() -> None:
    def printed() -> bytes:
        target = PrintFile(RUN)
        target.add_letter(pages(an_id(0)), 1)
        return target.finish()

    assert printed() == printed()


def test_nothing_of_a_structure_tree_is_left_in_the_print_file() -> None:
    target = PrintFile(RUN)
    target.add_letter(pages(an_id(0)), 1)
    with pikepdf.open(io.BytesIO(target.finish())) as pdf:
        assert "/StructTreeRoot" not in pdf.Root
        assert all("/StructParents" not in page for page in pdf.pages)


@pytest.mark.parametrize(
    ("expected", "word"),
    [
        ([an_id(0)], "2 pages, not 1"),
        ([an_id(0), an_id(1)], "Page 2 shows no document id"),
        (["", ""], f"Page 1 shows {an_id(0)}, not none"),
        ([an_id(1), ""], f"Page 1 shows {an_id(0)}, not {an_id(1)}"),
    ],
)
def test_a_recount_names_each_page_that_is_not_what_it_should_be(expected: list[str], word: str) -> None:
    target = PrintFile(RUN)
    target.add_letter(pages(an_id(0)), 1)
    assert any(word in difference for difference in recount(target.finish()).differences(expected))


def test_a_recount_of_a_truncated_file_finds_what_is_missing() -> None:
    target = PrintFile(RUN)
    target.add_letter(pages(an_id(0)), 1)
    assert recount(target.finish()[:200]).differences([an_id(0), ""])


def test_two_letters_on_a_page_are_seen() -> None:
    assert recount(pages(f"{an_id(0)} {an_id(1)}")).differences([an_id(0)])


def window(
    *drawn: tuple[float, float, str], box: tuple[float, float] | None = None, barcode: bool = False
) -> tuple[str, ...]:
    """Faults of a page with text at (x, y) inches from the upper left, and perhaps a filled square."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792), invariant=True)
    canvas.setFont("Helvetica", 9)
    for x, y, text in drawn:
        canvas.drawString(x * 72, 792 - y * 72, text)
    if box:
        canvas.rect(box[0] * 72, 792 - box[1] * 72, 10, 10, fill=1)
    canvas.save()
    address = AddressBlock(("Robin Sample", "Boston, MA 02108"), 9, 11, barcode)
    return window_faults(out.getvalue(), address, ["1 Example Street"])


ADDRESS = ((0.75, 2.35, "Robin Sample"), (0.75, 2.5, "Boston, MA 02108"))
SENDER = (0.75, 0.8, "1 Example Street")


def test_an_address_alone_in_the_window_passes() -> None:
    assert window(*ADDRESS, SENDER) == ()
    assert window(*ADDRESS, SENDER, (5.0, 2.4, "Reference")) == ()


@pytest.mark.parametrize(
    ("drawn", "box", "fault"),
    [
        ((*ADDRESS, SENDER, (0.75, 3.0, "Sample program")), None, "window_text"),
        ((*ADDRESS, SENDER, (0.75, 3.0, "Sample program")), None, "outside_window"),
        (((0.3, 2.35, "Robin Sample"), ADDRESS[1], SENDER), None, "outside_window"),
        ((ADDRESS[0], SENDER), None, "window_text"),
        ((*ADDRESS, SENDER), (2.0, 3.0), "outside_window"),
        ((*ADDRESS, SENDER, (0.75, 1.2, "Sample Behavioral")), None, "return_window"),
        ((*ADDRESS, SENDER), (2.0, 1.2), "return_window"),
    ],
)
def test_anything_else_where_a_window_may_open_is_a_fault(
    drawn: tuple[tuple[float, float, str], ...], box: tuple[float, float] | None, fault: str
) -> None:
    assert fault in window(*drawn, box=box)

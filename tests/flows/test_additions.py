"""A signed plan to which somebody added bytes that no signature covers, through the real commands."""

from __future__ import annotations

import io
from collections.abc import Callable

import pypdfium2
import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk, codes
from tests.signing.attacks import appended


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


@pytest.mark.parametrize(
    ("add", "expected"),
    [
        (appended.entry_listed_twice, {"additions_unclear", "pages_read_differently"}),
        (appended.form_setting, {"additions_unclear"}),
        (appended.empty_table_with_words, {"additions_unclear"}),
        (appended.store_of_plain_words, {"additions_unclear"}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_it_is_held_with_its_reason_and_fills_nothing(
    desk: Desk, add: Callable[[bytes], bytes], expected: set[str]
) -> None:
    signed = desk.sign_pcp(desk.issued_file()).read_bytes()
    row = desk.take(add(signed))
    assert row["verdict"] != "accepted"
    assert row["document_id"] == desk.office.documents["bh"]
    assert expected <= set(codes(row))
    assert not desk.events("slot.filled")
    assert desk.take(signed, name="again.pdf")["verdict"] == "accepted"


def test_the_chart_gets_every_page_as_we_issued_it_with_what_is_true_of_it_now(desk: Desk) -> None:
    issued = desk.issued_file()
    assert desk.take(desk.sign_pcp(desk.sign_member(issued)))["verdict"] == "accepted"
    (upload,) = (desk.root / "outbox" / "ehr").glob("*/*/*.pdf")
    with pypdfium2.PdfDocument(issued.read_bytes()) as ours, pypdfium2.PdfDocument(upload.read_bytes()) as filed:
        assert len(filed) > len(ours)
        drawn = [(_drawn(ours[number]), _drawn(filed[number])) for number in range(len(ours))]
    different = [number for number, (one, other) in enumerate(drawn, 1) if one != other]
    assert set(different) <= {1, len(drawn)}, "the status on the first page and what was signed show more, and no other"


def _drawn(page: pypdfium2.PdfPage) -> bytes:
    out = io.BytesIO()
    picture = page.render(scale=1, draw_annots=False, may_draw_forms=False).to_pil()
    between_the_lines_that_count_the_pages = picture.crop((0, 27, picture.width, picture.height - 90))
    between_the_lines_that_count_the_pages.save(out, "PPM")
    return out.getvalue()

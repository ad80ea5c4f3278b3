"""Page codes as printed are what a scanner reads: two on each page, in different corners."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp

from cpdocs.documents.marks import CODE_SIZE, EDGE, PageMark, page_codes, parse_mark
from cpdocs.documents.pdf import to_pdf
from tests.documents.papers import DOCUMENT_ID, SHIPPED

HTML = "<html lang='en'><head><title>T</title><style>@page{size:8.5in 11in}</style></head><body>"
HTML += "<p style='break-after:page'>1</p><p style='break-after:page'>2</p><p>3</p></body></html>"


@pytest.fixture(scope="module")
def pages():
    pdf = to_pdf(
        HTML,
        folders=(SHIPPED,),
        profile="plan",
        identifier="m",
        created=datetime(2026, 1, 1, tzinfo=UTC),
        painters=lambda page, count: page_codes(DOCUMENT_ID, page, count),
    ).pdf
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        return [document[index].render(scale=200 / 72).to_pil().convert("L") for index in range(len(document))]


def test_both_codes_of_each_page_name_that_page(pages):
    for number, page in enumerate(pages, start=1):
        found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
        assert [parse_mark(item.text) for item in found] == [PageMark(DOCUMENT_ID, number, 3)] * 2


def test_the_codes_stand_upper_right_and_lower_left_and_are_of_full_size(pages):
    found = zxingcpp.read_barcodes(pages[0], formats=zxingcpp.BarcodeFormat.QRCode)
    corners = sorted((item.position.top_left.x / 200, item.position.top_left.y / 200) for item in found)
    assert corners[0] == pytest.approx((EDGE, 11 - EDGE - CODE_SIZE), abs=0.03)
    assert corners[1] == pytest.approx((8.5 - EDGE - CODE_SIZE, EDGE), abs=0.03)
    widths = [(item.position.top_right.x - item.position.top_left.x) / 200 for item in found]
    assert widths == pytest.approx([CODE_SIZE] * 2, abs=0.03)

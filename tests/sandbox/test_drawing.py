"""A returned scan goes to the chart as plain page pictures, drawn by a child that may die."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from PIL import Image, ImageDraw

from cpdocs.errors import InputFault
from cpdocs.filing.rendition import what_acts
from cpdocs.sandbox.drawing import flat_scan
from tests.filing import pdfs


def scan(pages: int) -> bytes:
    frames = []
    for number in range(pages):
        frame = Image.new("L", (850, 1100), 255)
        ImageDraw.Draw(frame).text((100, 100), f"page {number + 1}", fill=0, font_size=30)
        frames.append(frame)
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], dpi=(100, 100))
    return out.getvalue()


def test_every_page_of_a_scan_is_drawn_and_the_same_bytes_give_the_same_pdf() -> None:
    first, second = flat_scan([scan(3)], most_pages=10).pdf, flat_scan([scan(3)], most_pages=10).pdf
    assert first == second
    assert len(pypdfium2.PdfDocument(first)) == 3


def test_a_pdf_that_acts_comes_out_as_pictures_alone() -> None:
    hostile = pdfs.with_attachment(pdfs.with_script(pdfs.plain(2)))
    drawn = flat_scan([hostile], most_pages=10).pdf
    assert what_acts(drawn) == []
    assert len(pypdfium2.PdfDocument(drawn)) == 2


@pytest.mark.parametrize(("data", "most"), [(b"", 10), (b"junk", 10), (scan(1)[:300], 10), (scan(3), 2)])
def test_what_cant_be_drawn_within_the_limits_is_refused(data: bytes, most: int) -> None:
    with pytest.raises(InputFault, match="can't be drawn"):
        flat_scan([data], most_pages=most)

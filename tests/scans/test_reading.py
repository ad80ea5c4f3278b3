from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.scans.reading import read_scan
from tests.scans import fax

DOCUMENT = derive_document_id(b"k" * 32, "scan")
OTHER = derive_document_id(b"k" * 32, "other")


def pages(*numbers: int, document: str = DOCUMENT, count: int = 4) -> list[Image.Image]:
    return [fax.faxed(fax.printed_page(PageMark(document, number, count), seed=number)) for number in numbers]


@pytest.mark.parametrize("container", ["tiff", "pdf"])
def test_a_fax_says_which_pages_came_and_which_are_missing(container: str) -> None:
    make = fax.tiff if container == "tiff" else fax.pdf
    reading = read_scan(make(pages(1, 2, 4)), most_pages=10)
    assert reading.documents == (DOCUMENT,)
    assert reading.present(DOCUMENT) == {1, 2, 4}
    assert reading.stopped == ""


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_photographed_page_is_read_from_a_picture_file(kind: str) -> None:
    out = io.BytesIO()
    fax.printed_page(PageMark(DOCUMENT, 4, 4)).save(out, kind)
    assert read_scan(out.getvalue(), most_pages=10).present(DOCUMENT) == {4}


def test_pages_of_two_plans_in_one_fax_are_told_apart() -> None:
    reading = read_scan(fax.tiff(pages(1, 2, 3) + pages(1, document=OTHER)), most_pages=10)
    assert reading.documents == (DOCUMENT, OTHER)


def test_a_cover_sheet_and_pages_out_of_order_do_no_harm() -> None:
    reading = read_scan(fax.tiff([fax.faxed(fax.printed_page(None)), *pages(4, 2, 1, 3)]), most_pages=10)
    assert reading.present(DOCUMENT) == {1, 2, 3, 4}
    assert len(reading.pages) == 5


def test_pages_past_the_limit_are_not_looked_at_and_it_says_so() -> None:
    reading = read_scan(fax.tiff(pages(1, 2, 3)), most_pages=2)
    assert reading.stopped == "limit"
    assert reading.present(DOCUMENT) == {1, 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"%PDF-1.7\n",
        b"II*\0" + b"\0" * 50,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 60,
        b"\xff\xd8\xff\xe0" + b"\0" * 40,
    ],
    ids=["empty", "text", "bare PDF head", "TIFF head", "PNG head", "JPEG head"],
)
def test_bytes_that_are_no_pages_are_unreadable_and_raise_nothing(data: bytes) -> None:
    reading = read_scan(data, most_pages=10)
    assert reading.stopped == "unreadable" or all(page.unreadable for page in reading.pages)


def test_a_cut_off_fax_keeps_the_pages_before_the_cut() -> None:
    whole = fax.tiff(pages(1, 2, 3))
    reading = read_scan(whole[: len(whole) * 3 // 4], most_pages=10)
    assert reading.stopped == "unreadable" or any(page.unreadable or page.incomplete for page in reading.pages)
    assert reading.present(DOCUMENT) >= {1}


def test_a_picture_that_claims_to_be_enormous_is_not_opened() -> None:
    out = io.BytesIO()
    Image.new("1", (20000, 20000), 1).save(out, "PNG")
    (page,) = read_scan(out.getvalue(), most_pages=10).pages
    assert page.unreadable


@pytest.mark.parametrize("mode", ["1", "L", "RGBA", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (30, 30)])
def test_a_degenerate_picture_is_read_as_something_and_raises_nothing(mode: str, size: tuple[int, int]) -> None:
    for kind in ("TIFF", "PNG", "JPEG"):
        out = io.BytesIO()
        try:
            Image.new(mode, size).save(out, kind)
        except (OSError, KeyError):
            continue  # no such picture can be made
        read_scan(out.getvalue(), most_pages=5)


@pytest.mark.parametrize("dpi", [(1, 100_000), (100_000, 1), (0.001, 1)])
def test_a_picture_of_an_impossible_resolution_raises_nothing(dpi: tuple[float, float]) -> None:
    out = io.BytesIO()
    Image.new("1", (10, 10), 1).save(out, "TIFF", dpi=dpi)
    read_scan(out.getvalue(), most_pages=5)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (0, 0, 0.01, 792), (0, 0, 14400, 0.5), (0, 0, -5, -5)])
def test_a_page_without_room_raises_nothing(box: tuple[float, ...]) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.pages[0].obj.MediaBox = pikepdf.Array(list(box))
    out = io.BytesIO()
    pdf.save(out)
    read_scan(out.getvalue(), most_pages=5)

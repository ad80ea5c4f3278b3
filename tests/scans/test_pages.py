"""Every kind of picture file that an office sends gives its pages, and a bad page costs no other."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.scans.pages import sheets
from cpdocs.scans.reading import read_scan
from tests.scans import fax

DOCUMENT = derive_document_id(b"k" * 32, "pages")


def page(number: int = 1) -> Image.Image:
    return fax.printed_page(PageMark(DOCUMENT, number, 3), seed=number)


def bilevel(number: int = 1) -> Image.Image:
    return page(number).point([0] * 150 + [255] * 106).convert("1")


def saved(picture: Image.Image, kind: str, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


TIFFS = {
    "Group 3": (bilevel, {"compression": "group3"}),
    "Group 4": (bilevel, {"compression": "group4"}),
    "LZW": (bilevel, {"compression": "tiff_lzw"}),
    "LZW gray": (page, {"compression": "tiff_lzw"}),
    "JPEG": (page, {"compression": "jpeg"}),
    "packed bits": (page, {"compression": "packbits"}),
    "BigTIFF": (page, {"big_tiff": True}),
    "200 dots an inch": (bilevel, {"compression": "group4", "dpi": (200, 200)}),
    "one dot an inch, as some gateways say": (bilevel, {"compression": "group4", "dpi": (1, 1)}),
    "resolutions that would make a ribbon of it": (bilevel, {"compression": "group4", "dpi": (204, 50)}),
}


@pytest.mark.parametrize("kind", TIFFS)
def test_tiffs_are_read_whatever_their_compression_and_resolution(kind: str) -> None:
    make, how = TIFFS[kind]
    data = saved(make(), "TIFF", save_all=True, append_images=[make(2)], **how)
    reading = read_scan(data, most_pages=5)
    assert reading.present(DOCUMENT) == {1, 2}
    assert all(each.scanned for each in reading.pages)


def test_a_tiff_in_negative_is_read() -> None:
    from PIL import ImageChops

    data = saved(ImageChops.invert(page()).convert("1"), "TIFF", compression="group4")
    assert read_scan(data, most_pages=5).present(DOCUMENT) == {1}


@pytest.mark.parametrize(("kind", "how"), [("WEBP", {"quality": 70}), ("JPEG", {"quality": 60}), ("PNG", {})])
def test_a_phones_picture_is_read(kind: str, how: dict[str, Any]) -> None:
    assert read_scan(saved(page().convert("RGB"), kind, **how), most_pages=5).present(DOCUMENT) == {1}


def test_a_heic_picture_is_read_in_the_confined_child() -> None:
    import pillow_heif

    from cpdocs.sandbox.run import run_sandboxed

    out = io.BytesIO()
    pillow_heif.from_pillow(page().resize((1020, 1320)).convert("RGB")).save(out, quality=60)
    reading = run_sandboxed(
        "cpdocs.scans.reading:read_scan", out.getvalue(), most_pages=5, seconds=20.0, megabytes=1024
    )
    assert reading.present(DOCUMENT) == {1}


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_photo_that_lies_on_its_side_by_the_cameras_note_comes_upright(turn: int) -> None:
    orientation = {0: 1, 90: 8, 180: 3, 270: 6}[turn]
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = page().rotate(-turn, expand=True).convert("RGB")
    (facts,) = read_scan(saved(lying, "JPEG", exif=exif), most_pages=5).pages
    assert facts.document_id == DOCUMENT
    assert facts.turn == 0


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_says_how_it_must_be_turned(turn: int) -> None:
    (facts,) = read_scan(saved(page().rotate(turn, expand=True), "PNG"), most_pages=5).pages
    assert facts.turn == turn


def test_half_height_rows_are_read_without_a_word_on_their_resolution() -> None:
    squashed = page().resize((1728, 1078)).point([0] * 150 + [255] * 106).convert("1")
    assert read_scan(saved(squashed, "TIFF", compression="group4"), most_pages=5).present(DOCUMENT) == {1}


def test_half_height_rows_that_somebody_turned_are_read_too() -> None:
    squashed = page().resize((1728, 1078)).point([0] * 150 + [255] * 106).convert("1").rotate(90, expand=True)
    (facts,) = read_scan(saved(squashed, "TIFF", compression="group4", dpi=(204, 98)), most_pages=5).pages
    assert (facts.document_id, facts.turn) == (DOCUMENT, 90)


def test_a_frame_too_large_or_too_small_to_be_a_page_costs_no_other() -> None:
    frames = [Image.new("1", (30000, 30000), 1), Image.new("1", (1, 1)), bilevel(2)]
    data = saved(bilevel(1), "TIFF", save_all=True, append_images=frames, compression="group4")
    reading = read_scan(data, most_pages=9)
    assert [each.unreadable for each in reading.pages] == [False, True, True, False]
    assert reading.present(DOCUMENT) == {1, 2}


def test_a_transparent_picture_is_read_on_white_paper() -> None:
    ink = page()
    clear = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    clear.putalpha(ink.point([255 - value for value in range(256)]))
    assert read_scan(saved(clear, "PNG"), most_pages=5).present(DOCUMENT) == {1}


def test_a_fine_scan_is_shrunk_and_a_bilevel_one_said_to_be_so() -> None:
    fine = page().resize((5100, 6600)).convert("1")
    (sheet,) = sheets(saved(fine, "TIFF", compression="group4", dpi=(600, 600)), most_pages=2)
    assert sheet.picture is not None
    assert max(sheet.picture.size) < 4000
    assert sheet.bilevel
    (gray,) = sheets(saved(page(), "PNG"), most_pages=2)
    assert not gray.bilevel


@pytest.mark.parametrize("size", [(61.2, 79.2), (6.12, 7.92), (1700, 2200)])
def test_a_scanned_pdf_whose_page_size_is_in_another_unit_is_read(size: tuple[float, float]) -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(fax.pdf([page()]))) as document:
        inner = document.pages[0]
        wide, high = (float(value) for value in inner.mediabox[2:])
        inner.contents_add(b"q %f 0 0 %f 0 0 cm" % (size[0] / wide, size[1] / high), prepend=True)
        inner.contents_add(b"Q")
        inner.mediabox = pikepdf.Rectangle(0, 0, *size)
        out = io.BytesIO()
        document.save(out)
    assert read_scan(out.getvalue(), most_pages=5).present(DOCUMENT) == {1}


def test_a_scan_in_colour_is_seen_in_the_gray_of_its_colours() -> None:
    stripes = Image.new("RGB", (1700, 2200), "white")
    for row, colour in enumerate(("red", "lime", "blue", "black")):
        stripes.paste(colour, (0, 500 * row, 1700, 500 * row + 400))
    (sheet,) = sheets(saved(stripes, "PDF", resolution=200, quality=95), most_pages=1)
    assert sheet.scanned
    assert sheet.picture is not None
    seen = [sheet.picture.getpixel((800, 500 * row + 200)) for row in range(4)]
    assert seen == pytest.approx([76, 150, 29, 0], abs=3)

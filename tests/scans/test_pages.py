"""Every kind of picture file that an office sends gives its pages, and a bad page costs no other."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.core.page_facts import PageKind
from cpdocs.scans.pages import sheets
from cpdocs.scans.reading import read_scan
from tests.scans import fax

DOCUMENT = derive_document_id(b"k" * 32, "pages")


def page(number: int = 1) -> Image.Image:
    return fax.printed_page(PageMark(DOCUMENT, number, 3), seed=number)


def big_endian_big_tiff(picture: Image.Image, *, tile: int = 0) -> bytes:
    """A BigTIFF with its high byte first, of one strip or in tiles, which Pillow can't write."""
    wide, high = picture.size
    boxes = [(x, y, x + tile, y + tile) for y in range(0, high, tile or high) for x in range(0, wide, tile or wide)]
    parts = [picture.crop(box).tobytes() for box in boxes if tile]
    parts = parts or [picture.tobytes()]
    starts = [16 + sum(map(len, parts[:number])) for number in range(len(parts))]
    entries = [(256, 4, [wide]), (257, 4, [high]), (258, 3, [8]), (259, 3, [1]), (262, 3, [1]), (277, 3, [1])]
    place, size, shape = (324, 325, [(322, 4, [tile]), (323, 4, [tile])]) if tile else (273, 279, [(278, 4, [high])])
    entries = sorted([*entries, *shape, (place, 16, starts), (size, 16, [len(part) for part in parts])])
    at = 16 + sum(map(len, parts))
    behind = at + 8 + 20 * len(entries) + 8
    directory, tail = struct.pack(">Q", len(entries)), b""
    for tag, kind, values in entries:
        packed = struct.pack(f">{len(values)}{'HIQ'[(3, 4, 16).index(kind)]}", *values)
        if len(packed) > 8:
            packed, tail = struct.pack(">Q", behind + len(tail)), tail + packed
        directory += struct.pack(">HHQ", tag, kind, len(values)) + packed.ljust(8, b"\0")
    return struct.pack(">2sHHHQ", b"MM", 43, 8, 0, at) + b"".join(parts) + directory + bytes(8) + tail


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
    "one resolution ten times too fine": (bilevel, {"compression": "group4", "dpi": (2000, 2000)}),
    "resolutions without any sense": (bilevel, {"compression": "group4", "dpi": (65535, 1)}),
    "resolutions that would make a ribbon of it": (bilevel, {"compression": "group4", "dpi": (204, 50)}),
}


@pytest.mark.parametrize("kind", TIFFS)
def test_tiffs_are_read_whatever_their_compression_and_resolution(kind: str) -> None:
    make, how = TIFFS[kind]
    data = saved(make(), "TIFF", save_all=True, append_images=[make(2)], **how)
    reading = read_scan(data, most_pages=5)
    assert reading.present(DOCUMENT) == {1, 2}
    assert all(each.scanned for each in reading.pages)


@pytest.mark.parametrize("tile", [0, 512])
def test_a_big_tiff_with_its_high_byte_first_is_read(tile: int) -> None:
    data = big_endian_big_tiff(page(2), tile=tile)
    (found,) = read_scan(data, most_pages=9).pages
    assert (found.document_id, found.plan_page) == (DOCUMENT, 2)


@pytest.mark.parametrize("cut", [9, 30, -40, -400])
def test_a_big_tiff_whose_directory_is_damaged_raises_nothing(cut: int) -> None:
    data = big_endian_big_tiff(page(), tile=512)
    assert read_scan(data[:cut], most_pages=9).stopped == "unreadable"
    looped = data[:-8] + struct.pack(">Q", len(data))
    read_scan(looped, most_pages=9)


def test_a_scanner_that_writes_eight_bits_into_sixteen_is_read() -> None:
    (found,) = read_scan(saved(page().convert("I;16"), "PNG"), most_pages=9).pages
    assert found.document_id == DOCUMENT


def test_a_page_that_is_black_all_over_is_no_empty_one() -> None:
    (found,) = read_scan(saved(Image.new("L", (1700, 2200), 0), "PNG"), most_pages=9).pages
    assert found.kind is PageKind.UNKNOWN


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

"""Whether two PDFs are the same pages to whoever looks at them and to whoever copies their text.

The printed pages of a letter carry marks that its own PDF lacks: the code on each sheet's front, and its text. Where
such a mark stands the other must be blank, and there nothing is compared; everywhere else the pictures have to be
identical but for rounding, and the text, character by character at its place.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops
from pypdfium2 import PdfiumError

from cpdocs.documents.preflight import Region

_DPI = 144
"""Two pixels to the point: at odd scales a glyph may be rounded to another pixel where the two files scale it in one
step or in two."""
_ROUNDING = 3
"""Steps of 255 by which the edge of a glyph may differ for the same reason: no eye sees them, and no ink weighs so
little."""
_GAP = 0.02
"""Inches around a mark that belong to it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two files differ: the page (from 1; 0 for the files as a whole) and in what."""

    page: int
    what: str

    def __str__(self) -> str:
        return f"page {self.page}: {self.what}" if self.page else self.what


def difference(own: bytes, printed: bytes, marks: Sequence[Sequence[Region]]) -> Difference | None:
    """The first difference between a letter's ``own`` PDF and its ``printed`` pages; None where there is none.

    ``marks`` are for each page the places, in inches from the upper left corner, where the printed page carries a mark.
    """
    try:
        with pypdfium2.PdfDocument(own) as ours, pypdfium2.PdfDocument(printed) as theirs:
            if not len(ours) == len(theirs) == len(marks):
                return Difference(0, f"it has {len(ours)} pages, and {len(theirs)} were printed")
            for number, (one, other, places) in enumerate(zip(ours, theirs, marks, strict=True), start=1):
                what = _page_difference(one, other, places)
                if what:
                    return Difference(number, what)
    except PdfiumError:
        return Difference(0, "one of the files can't be read")
    return None


def _page_difference(own: pypdfium2.PdfPage, printed: pypdfium2.PdfPage, marks: Sequence[Region]) -> str:
    if own.get_size() != printed.get_size():
        return "the paper's size"
    ours, theirs = _picture(own), _picture(printed)
    for mark in marks:
        left, top, right, bottom = (
            round(edge * _DPI) for edge in (mark[0] - _GAP, mark[1] - _GAP, mark[2] + _GAP, mark[3] + _GAP)
        )
        place = (left, top, right, bottom)
        blank = Image.new("RGB", (right - left, bottom - top), "white")
        if ImageChops.difference(ours.crop(place), blank).getbbox():
            return "something stands where the sheet's code is"
        theirs.paste(blank, place)
    if ours.size != theirs.size or ImageChops.difference(ours, theirs).convert("L").point(_seen).getbbox():
        return "the picture"
    height = printed.get_height()
    beside = [char for char in _text(printed) if not any(_within(char, mark, height) for mark in marks)]
    same = _same_text(_text(own), beside) and _words_beside(own) == _words_beside(printed)
    return "" if same else "the text"


def _within(char: Char, mark: Region, height: float) -> bool:
    """Whether a character begins in a mark's place."""
    x, y = char[1] / 72, (height - char[2]) / 72
    return mark[0] <= x <= mark[2] and mark[1] <= y <= mark[3] + _GAP


def _seen(step: int) -> int:
    return step if step > _ROUNDING else 0


def _picture(page: pypdfium2.PdfPage) -> Image.Image:
    picture: Image.Image = page.render(scale=_DPI / 72).to_pil().convert("RGB")
    return picture


Char = tuple[int, float, float]
"""A character's code, and where its box begins, in points from the lower left corner."""


def _same_text(one: Sequence[Char], other: Sequence[Char]) -> bool:
    """Whether both have the same characters, each within a point of the same place: their order is the order of
    drawing."""
    places: dict[tuple[int, int, int], list[Char]] = {}
    for char in other:
        places.setdefault((char[0], int(char[1]), int(char[2])), []).append(char)
    return len(one) == len(other) and all(_found(char, places) for char in one)


def _found(char: Char, places: dict[tuple[int, int, int], list[Char]]) -> bool:
    code, x, y = char
    for column, row in product((0, -1, 1), repeat=2):
        for found in (near := places.get((code, int(x) + column, int(y) + row), [])):
            if abs(found[1] - x) < 1 and abs(found[2] - y) < 1:
                near.remove(found)
                return True
    return False


def _text(page: pypdfium2.PdfPage) -> list[Char]:
    """Every character that isn't white space and has a place: words written beside glyphs have none."""
    text_page = page.get_textpage()
    try:
        found = []
        beside: dict[int, bool] = {}
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        for place in range(text_page.count_chars()):
            code = pdfium.FPDFText_GetUnicode(text_page, place)
            if chr(code).isspace() or pdfium.FPDFText_IsGenerated(text_page, place):
                continue
            thing = pdfium.FPDFText_GetTextObject(text_page, place)
            address = ctypes.addressof(thing.contents) if thing else 0
            if address not in beside:
                beside[address] = not thing or bool(_words_of(thing))
            if not beside[address]:
                pdfium.FPDFText_GetCharBox(text_page, place, left, right, bottom, top)
                found.append((code, left.value, bottom.value))
        return found
    finally:
        text_page.close()


def _words_beside(page: pypdfium2.PdfPage) -> Counter[str]:
    """The words written beside stretches of text whose glyphs don't say them (see ``glyphs``), each as often as it
    stands there."""
    found: Counter[str] = Counter()
    for thing in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=6):
        words = _words_of(thing)
        if words:
            found[words] += 1
    return found


def _words_of(thing: Any) -> str:
    marks = (pdfium.FPDFPageObj_GetMark(thing, number) for number in range(pdfium.FPDFPageObj_CountMarks(thing)))
    return "".join(map(_actual_text, marks))


def _actual_text(mark: object) -> str:
    """The value as PDFium gives it, which is good enough to be compared."""
    size = ctypes.c_ulong()
    if not pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, size) or not size.value:
        return ""
    buffer = (ctypes.c_ushort * (size.value // 2))()
    pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", buffer, size, size)
    return bytes(buffer).decode("utf-16-le").rstrip("\0")

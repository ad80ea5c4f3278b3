"""What a PDF's page draws: whether a picture is all that it shows, and whether that picture is black and white.

Judged by the drawing alone. Text that isn't painted (render modes 3 and 7, as recognition programs write it) or that an
opaque picture covers, and tags of any kind, change nothing; pictures count in whatever form they come: whole, in
strips, as stencil masks, inline, within forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_float, c_uint
from dataclasses import dataclass
from itertools import islice
from typing import Any

GRID = 40
"""Cells each way into which a page is divided to see what covers what: a quarter of an inch on letter paper, a line of
text and its gap."""
_MOST_OBJECTS = 40_000
"""Objects looked at on one page: a page of ours has two thousand, a scan in strips one for every few rows."""
_DEEPEST = 8
"""Forms within forms that are followed."""
_MOST_OF_PAGE = 0.5
"""Share of the page's cells from which pictures make it a scan, where little else is drawn."""
_FEW_BESIDE = 0.12
"""Share of the cells that other drawing may take beside: the line that a fax server sets, a stamp, notes typed onto
it."""
_OPAQUE_PAGE = 0.85
"""Share from which an opaque picture makes it a scan whatever stands on it: recognition programs set what they read
in visible type over the picture (no page that we issue has one)."""
_ALL_OF_IT = 0.1
"""Share of the page from which a picture alone, with nothing beside it, is a scan: a slip or a photo on a page."""
_IMAGE, _FORM, _TEXT, _PATH, _SHADING = 3, 5, 1, 2, 4
_UNPAINTED = (3, 7)

Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one page draws. ``scanned``: a picture is all, or nearly all; ``bilevel``: every picture has one bit a
    pixel; ``dots``: the finest picture's dots an inch, 0 where there is none."""

    scanned: bool = False
    bilevel: bool = False
    dots: float = 0.0


def what_is_drawn(page: Any) -> Drawn:
    """What this page (of pypdfium2) draws; reads no pixel. Raises what pdfium raises for a damaged page."""
    import pypdfium2.raw as raw

    box = page.get_bbox()
    pictures: set[int] = set()
    opaque: set[int] = set()
    other: set[int] = set()
    bits: set[int] = set()
    dots = 0.0
    for thing, matrix in islice(_objects(raw, page), _MOST_OBJECTS):
        kind = raw.FPDFPageObj_GetType(thing)
        if kind == _IMAGE:
            about = raw.FPDF_IMAGEOBJ_METADATA()
            raw.FPDFImageObj_GetImageMetadata(thing, page.raw, byref(about))
            cells = _cells(_placed(raw, thing, matrix), box)
            pictures |= cells
            bits.add(about.bits_per_pixel)
            dots = max(dots, about.horizontal_dpi, about.vertical_dpi)
            if about.bits_per_pixel != 1 and not raw.FPDFPageObj_HasTransparency(thing):
                opaque |= cells
                other -= cells
        elif kind in (_PATH, _SHADING) and _is_white(raw, thing):
            continue
        elif kind in (_TEXT, _PATH, _SHADING) and not (
            kind == _TEXT and raw.FPDFTextObj_GetTextRenderMode(thing) in _UNPAINTED
        ):
            other |= _cells(_bounds(raw, thing, matrix), box)
    whole = GRID * GRID
    shown, beside = len(pictures) / whole, len(other) / whole
    scanned = (
        (shown >= _MOST_OF_PAGE and beside <= _FEW_BESIDE)
        or len(opaque) / whole >= _OPAQUE_PAGE
        or (shown >= _ALL_OF_IT and not other)
    )
    return Drawn(scanned, scanned and bits == {1}, dots)


def _objects(raw: Any, page: Any) -> Iterator[tuple[Any, Matrix]]:
    """The page's objects in the order in which they are drawn, those within forms with the matrix that places them."""
    count = raw.FPDFPage_CountObjects(page.raw)
    whole: Matrix = (1, 0, 0, 1, 0, 0)
    yield from _within(raw, (raw.FPDFPage_GetObject(page.raw, number) for number in range(count)), whole, 0)


def _within(raw: Any, objects: Iterator[Any], matrix: Matrix, depth: int) -> Iterator[tuple[Any, Matrix]]:
    for thing in objects:
        if raw.FPDFPageObj_GetType(thing) != _FORM:
            yield thing, matrix
        elif depth < _DEEPEST:
            inner = _times(_matrix(raw, thing), matrix)
            count = raw.FPDFFormObj_CountObjects(thing)
            inside = (raw.FPDFFormObj_GetObject(thing, number) for number in range(count))
            yield from _within(raw, inside, inner, depth + 1)


def _matrix(raw: Any, thing: Any) -> Matrix:
    found = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(thing, byref(found))
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _placed(raw: Any, image: Any, matrix: Matrix) -> tuple[float, float, float, float]:
    """Where a picture lies: its matrix maps the unit square."""
    return _corners(_times(_matrix(raw, image), matrix), 0, 0, 1, 1)


def _bounds(raw: Any, thing: Any, matrix: Matrix) -> tuple[float, float, float, float]:
    left, bottom, right, top = c_float(), c_float(), c_float(), c_float()
    raw.FPDFPageObj_GetBounds(thing, byref(left), byref(bottom), byref(right), byref(top))
    return _corners(matrix, left.value, bottom.value, right.value, top.value)


def _corners(matrix: Matrix, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
    a, b, c, d, e, f = matrix
    points = [(a * x + c * y + e, b * x + d * y + f) for x in (x0, x1) for y in (y0, y1)]
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _is_white(raw: Any, thing: Any) -> bool:
    """Whether a path only fills with white: the ground that some programs lay under a picture."""
    red, green, blue, alpha = c_uint(), c_uint(), c_uint(), c_uint()
    if not raw.FPDFPageObj_GetFillColor(thing, byref(red), byref(green), byref(blue), byref(alpha)):
        return False
    return min(red.value, green.value, blue.value) >= 250


def _cells(place: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> set[int]:
    """The cells of the page that a rectangle touches with their middle, at least the one in its own middle."""
    left, bottom, right, top = box
    width, height = max(right - left, 1e-6), max(top - bottom, 1e-6)
    x0, x1 = (place[0] - left) / width * GRID, (place[2] - left) / width * GRID
    y0, y1 = (place[1] - bottom) / height * GRID, (place[3] - bottom) / height * GRID
    if not (x1 >= 0 and y1 >= 0 and x0 <= GRID and y0 <= GRID):
        return set()
    columns = _span(x0, x1)
    return {row * GRID + column for row in _span(y0, y1) for column in columns}


def _span(start: float, end: float) -> range:
    first, last = round(max(start, 0)), round(min(end, GRID))
    if first >= last:
        first = min(int(max((start + end) / 2, 0)), GRID - 1)
        last = first + 1
    return range(first, last)

"""Page pictures to codes and where they stand: one quick look, then retries for what a fax did to the page.

No look may guess. A code counts only if it has our form and a right check character
(:func:`cpdocs.core.marks.parse_mark`), and the caller holds every id against the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING, Any

from cpdocs.core.letters import SheetMark, parse_sheet_mark
from cpdocs.core.marks import PageMark, parse_mark

if TYPE_CHECKING:
    from numpy import ndarray

    Picture = ndarray[Any, Any]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code of ours on a picture: its corners in the symbol's own order (upper left, upper right, lower right, lower
    left as it was printed), in pixels from the picture's upper left."""

    mark: PageMark | SheetMark
    corners: tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class _Look:
    """A mended picture, where a point of it lies on the picture that it was made of, and what was done to it."""

    picture: Picture
    back: Callable[[Point], Point]
    name: str


def first_seen_by(picture: Picture) -> str:
    """The name of the look by which the first code of ours is read; empty where none is. For measuring."""
    return next((look.name for look in _looks(picture, thorough=True) if next(_read(look), None)), "")


def find_codes(
    picture: Picture, *, thorough: bool = True, enough: Callable[[tuple[FoundCode, ...]], bool] = bool
) -> tuple[FoundCode, ...]:
    """The codes of ours on a gray picture, each place once.

    ``thorough`` False takes one look only: for pages that bear none, mostly. The looks end as soon as what was found is
    ``enough``.
    """
    found: list[FoundCode] = []
    for look in _looks(picture, thorough=thorough):
        found += [code for code in _read(look) if not any(_same_place(code, other) for other in found)]
        if found and enough(tuple(found)):
            break
    return tuple(found)


def _read(look: _Look) -> Iterator[FoundCode]:
    import zxingcpp

    codes = zxingcpp.read_barcodes(
        look.picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), try_invert=False
    )
    for code in codes:
        mark = parse_mark(code.text) or parse_sheet_mark(code.text)
        if mark is None:
            continue
        at = code.position
        first, second, third, last = (
            look.back((float(corner.x), float(corner.y)))
            for corner in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        )
        yield FoundCode(mark, (first, second, third, last))


def find_bars(picture: Picture, *, thorough: bool = True) -> tuple[FoundCode, ...]:
    """The codes of reply slips on a gray picture: bars in one line, of which the corners are the line's own.

    ``thorough`` False takes one look only. Looks at a turned picture end as soon as one code was found: bars are read
    by rows, and a page that lies aslant by more than a few degrees has none that cross them all.
    """
    import cv2

    found: list[FoundCode] = []
    high, wide = picture.shape
    looks: list[tuple[Picture, float]] = [(picture, 0.0)]
    if thorough:
        looks = [(picture, 0.0), (_blur(picture, 1.2), 0.0), *((picture, angle) for angle in _ASLANT)]
    for look, angle in looks:
        if angle and found:
            break
        turned, back = look, None
        if angle:
            forth = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1)
            turned = cv2.warpAffine(look, forth, (wide, high), borderValue=255)
            back = cv2.invertAffineTransform(forth)
        for code in _read_bars(turned, back):
            if not any(_same_place(code, other) for other in found):
                found.append(code)
    return tuple(found)


_ASLANT = (6.0, -6.0, 11.0, -11.0)
"""Degrees by which a page is turned to find bars on it: 5 of slant are read as they are."""


def _read_bars(picture: Picture, back: Picture | None) -> Iterator[FoundCode]:
    import numpy as np
    import zxingcpp

    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code39)
    for code in zxingcpp.read_barcodes(picture, formats=formats, try_invert=False):
        mark = parse_mark(code.text)
        if mark is None:
            continue
        at = code.position
        start = ((at.top_left.x + at.bottom_left.x) / 2, (at.top_left.y + at.bottom_left.y) / 2)
        end = ((at.top_right.x + at.bottom_right.x) / 2, (at.top_right.y + at.bottom_right.y) / 2)
        corners = _of_bars(picture, start, end)
        if back is not None:
            corners = np.c_[corners, np.ones(4)] @ back.T
        first, second, third, last = ((float(x), float(y)) for x, y in corners)
        yield FoundCode(mark, (first, second, third, last))


def _of_bars(picture: Picture, start: Point, end: Point) -> Picture:
    """The corners of bars that a line from ``start`` to ``end`` crosses: 4 by 2. Their slant is that of their edges,
    since the line lies along the picture's rows; how high they are, they show themselves."""
    import cv2
    import numpy as np

    along = np.array(end) - np.array(start)
    long = float(np.hypot(*along))
    middle_of = (np.array(start) + np.array(end)) / 2
    half = np.abs(along) / 2 * 0.9 + long / 60
    (left, top), (right, bottom) = np.maximum(middle_of - half, 0), middle_of + half
    patch = picture[round(top) : round(bottom) + 1, round(left) : round(right) + 1].astype(np.float32)
    across, down = cv2.Sobel(patch, cv2.CV_32F, 1, 0), cv2.Sobel(patch, cv2.CV_32F, 0, 1)
    slant = 0.5 * np.arctan2(2 * float((across * down).sum()), float((across**2).sum() - (down**2).sum()))
    unit = np.array([np.cos(slant), np.sin(slant)])
    unit = unit if unit @ along > 0 else -unit
    length = abs(float(unit @ along))
    normal = np.array([-unit[1], unit[0]])
    # The bars upright, and how far up and down from the line their edges go on.
    reach = round(length * _HIGHEST)
    forth = np.array([[*unit, 0.0], [*normal, 0.0]])
    forth[:, 2] = np.array([length / 2, reach]) - forth[:, :2] @ middle_of
    upright = cv2.warpAffine(picture, forth, (round(length), 2 * reach), borderValue=255).astype(np.float32)
    edges = np.abs(np.diff(upright, axis=1)).mean(axis=1)
    on = edges > float(edges[reach - 2 : reach + 3].mean()) / 2
    up = next((reach - step for step in range(1, reach + 1) if not on[reach - step]), -1) + 1
    low = next((row for row in range(reach, 2 * reach) if not on[row]), 2 * reach)
    ends = np.outer((-length / 2, length / 2, length / 2, -length / 2), unit)
    heights = np.outer((up - reach, up - reach, low - reach, low - reach), normal)
    corners: Picture = middle_of + ends + heights
    return corners


_HIGHEST = 0.12
"""How far above or below a line through them bars may reach, as a share of their length: theirs is 0.075."""


def _same_place(one: FoundCode, other: FoundCode) -> bool:
    """Whether two findings are one printed code: their middles lie within half a code's width."""
    if one.mark != other.mark:
        return False
    (x0, y0), (x1, y1) = middle(one), middle(other)
    return abs(x0 - x1) + abs(y0 - y1) < width(one) / 2


def middle(code: FoundCode) -> Point:
    """The middle of a code."""
    return sum(x for x, _ in code.corners) / 4, sum(y for _, y in code.corners) / 4


def width(code: FoundCode) -> float:
    """The longer of a code's upper and left edges, in pixels."""
    (x0, y0), (x1, y1), _, (x3, y3) = code.corners
    return max(hypot(x1 - x0, y1 - y0), hypot(x3 - x0, y3 - y0))


def _looks(picture: Picture, *, thorough: bool) -> Iterator[_Look]:
    """The picture itself, then mended in the ways that recover most faxes first.

    Each has its reason beside it; how many pages of each channel are read by which look alone, ``benchmarks/paper.py``
    prints with its pages (its column *first seen by*).
    """
    import cv2
    import numpy as np

    # As it came: nearly every scan, and most good faxes, in one reading of 10 ms.
    yield _Look(picture, _stay, "as it came")
    if not thorough:
        return
    if float(picture.mean()) < _DARK:
        # Sent in negative: the reader is told not to turn codes over itself, which would cost every page as much again.
        picture = 255 - picture
        yield _Look(picture, _stay, "turned over")
    height, wide = picture.shape
    if wide > height * _SQUASHED:
        # Half-height rows whose resolution nobody noted (204 by 98 dots an inch).
        large = cv2.resize(picture, (wide, height * 2), interpolation=cv2.INTER_CUBIC)
        yield _Look(large, _halved(1, 2), "rows doubled")
    elif height > wide * _TALL:
        # The same, turned by whoever sent it on.
        large = cv2.resize(picture, (wide * 2, height), interpolation=cv2.INTER_CUBIC)
        yield _Look(large, _halved(2, 1), "columns doubled")
    # A fax's ragged edges: a module has five dots there, and a blur of a quarter of one rounds them.
    soft = _blur(picture, 1.2)
    yield _Look(soft, _stay, "blurred")
    # Single specks, which a blur only spreads.
    yield _Look(cv2.medianBlur(picture, 3), _stay, "specks out")
    # Shadows and pale print: the reader's own cut follows them too closely.
    yield _Look(_cut(soft, 128), _stay, "cut")
    # The three below raise bad faxes from 55 to 58 of 60 (paper.md, "Matching"): white rows across the modules closed,
    tall = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    yield _Look(_blur(tall, 1.0), _stay, "rows closed")
    # print that came too thin, of which a higher cut makes more black,
    yield _Look(_cut(_blur(picture, 1.4), 210), _stay, "made bold")
    # and specks so many that only the mean of half a module tells.
    yield _Look(_cut(_blur(picture, 2.2), 165), _stay, "much blurred")
    if max(picture.shape) <= _DOUBLE_UP_TO:
        # Modules of two or three dots (standard faxes, 100 dpi, two on a sheet): the ends alone, at twice the size.
        ends, back = _ends(picture)
        large = cv2.resize(ends, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        for sigma, name in ((1.6, "ends doubled"), (2.6, "ends doubled, blurred")):
            yield _Look(_blur(large, sigma), lambda point: back(_halved(2, 2)(point)), name)
    if wide > height * _SQUASHED:
        # Both: half-height rows with modules of two dots.
        large = cv2.resize(_blur(picture, 0.7), (wide * 2, height * 4), interpolation=cv2.INTER_CUBIC)
        yield _Look(_blur(large, 1.6), _halved(2, 4), "rows fourfold")


def _stay(point: Point) -> Point:
    return point


def _halved(across: float, down: float) -> Callable[[Point], Point]:
    return lambda point: (point[0] / across, point[1] / down)


def _blur(picture: Picture, sigma: float) -> Picture:
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), sigma)


def _cut(picture: Picture, level: int) -> Picture:
    import cv2

    return cv2.threshold(picture, level, 255, cv2.THRESH_BINARY)[1]


def _ends(picture: Picture) -> tuple[Picture, Callable[[Point], Point]]:
    """The head and the foot of the page, one above the other: where the codes are, whichever way up it was sent."""
    import numpy as np

    height = picture.shape[0]
    strip = height * 3 // 10
    skipped = height - 2 * strip

    def back(point: Point) -> Point:
        return (point[0], point[1] + (skipped if point[1] >= strip else 0))

    return np.vstack((picture[:strip], picture[height - strip :])), back


_DOUBLE_UP_TO = 2600
"""Pixels on the longest side up to which a page's ends are enlarged: letter and legal paper at 200 dpi."""
_DARK = 110
"""Mean gray below which a page is taken for one sent in negative: print covers a fifth of a page at most, and a phone's
picture on a dark table is lighter."""
_TALL = 1.45
"""Times as high as wide: beyond letter (1.29) and A4 paper (1.41)."""
_SQUASHED = 1.15
"""Times as wide as high from which a page may have half-height rows: paper lying on its side (1.29) is looked at so
too, after its plain look."""

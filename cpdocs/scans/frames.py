"""Codes to pages: which pages of ours lie on a picture, and where, which way up and how large each lies.

Our codes stand at fixed places of a letter page (``cpdocs.documents.marks``), so that one alone tells where its page
lies, and both tell it twice. Codes that say different things are two pages on one sheet only where those pages lie
beside each other; else they contradict, and the sheet is left unread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, sin
from typing import TYPE_CHECKING

from cpdocs.core.marks import PageMark
from cpdocs.scans.codes import FoundCode, Point, middle

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture

Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]
"""An affine map: the rows for x and for y, each of the share of x, the share of y and the offset."""

PAGE = (8.5, 11.0)
"""Inches: every page of ours."""
CODE = 0.8
"""Inches: a page code's side (``cpdocs.documents.marks.CODE_SIZE``; a test keeps the two the same)."""
UPPER_RIGHT, LOWER_LEFT = (7.3, 0.4), (0.4, 9.8)
"""Inches from the page's upper left to a code's: its two places."""
_OVERLAP = 0.12
"""Share of the smaller page that two pages on one sheet may cover of each other, by the error of one code's corners
over a page."""
_INSIDE = 0.55
"""Share of a page that must lie within the picture for a code to be taken for that page's."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A page of ours on a picture: ``matrix`` (2 by 3) maps inches on the page to the picture's pixels; ``codes`` is
    how many of its two codes were read."""

    mark: PageMark
    matrix: Matrix
    codes: int

    @property
    def corners(self) -> tuple[Point, ...]:
        """The page's corners on the picture, clockwise from its upper left."""
        wide, high = PAGE
        return tuple(self.at(x, y) for x, y in ((0, 0), (wide, 0), (wide, high), (0, high)))

    @property
    def turn(self) -> int:
        """By how many degrees clockwise (0, 90, 180, 270) the picture must be turned for the page to stand upright."""
        lies = degrees(atan2(self.matrix[1][0], self.matrix[0][0]))
        return round(-lies / 90) % 4 * 90

    @property
    def stretch(self) -> float:
        """How high a pixel's row is beside its width, on the page: 2 for half-height rows, 1 for square pixels."""
        across, down = _lengths(self.matrix)
        if self.turn in (90, 270):
            across, down = down, across
        return across / down if down else 1.0

    def within(self, picture: Picture) -> tuple[float, float, float, float, float, float]:
        """The same map in fractions of the page and of the picture."""
        high, wide = picture.shape
        (a, b, c), (d, e, f) = self.matrix
        return (
            a * PAGE[0] / wide,
            b * PAGE[1] / wide,
            c / wide,
            d * PAGE[0] / high,
            e * PAGE[1] / high,
            f / high,
        )

    def at(self, x: float, y: float) -> Point:
        """The pixel at ``x``, ``y`` inches of the page."""
        (a, b, c), (d, e, f) = self.matrix
        return a * x + b * y + c, d * x + e * y + f


def frames(codes: Sequence[FoundCode], picture: Picture) -> tuple[Frame, ...] | None:
    """The pages of ours on ``picture``, in the order in which they are read; None where its codes contradict each
    other."""
    by_mark: dict[PageMark, list[FoundCode]] = defaultdict(list)
    for code in codes:
        if isinstance(code.mark, PageMark):
            by_mark[code.mark].append(code)
    if len({mark.document_id for mark in by_mark}) > 1 and any(len(found) > 2 for found in by_mark.values()):
        return None
    found = [_frame(mark, group, picture) for mark, group in by_mark.items()]
    placed = [frame for frame in found if frame is not None]
    if len(placed) < len(by_mark) and len(by_mark) > 1:
        return None
    for number, one in enumerate(placed):
        if any(_covers(one, other) > _OVERLAP for other in placed[number + 1 :]):
            return None
    return tuple(_in_reading_order(placed))


def slip_frames(codes: Sequence[FoundCode]) -> tuple[Frame, ...]:
    """Where reply slips lie, by their bars. A slip stands where its letter leaves room, so that its frame has the
    middle of the bars at the page's middle; whoever has the letter knows the rest."""
    return tuple(_slip(code) for code in codes)


def _slip(code: FoundCode) -> Frame:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = code.corners
    wide, high = SLIP_CODE
    ux, uy = (x1 - x0 + x2 - x3) / 2 / wide, (y1 - y0 + y2 - y3) / 2 / wide
    vx, vy = (x3 - x0 + x2 - x1) / 2 / high, (y3 - y0 + y2 - y1) / 2 / high
    across, down = hypot(ux, uy), hypot(vx, vy)
    # Bars are a line's height and tell little of the scale down: square pixels, or a fax's half-height rows.
    square = across if down > across * _HALF_ROWS else across / 2
    if down > across / _HALF_ROWS:
        square = across * 2
    vx, vy = vx / down * square, vy / down * square
    x, y = middle(code)
    i, j = PAGE[0] / 2, PAGE[1] / 2
    return Frame(code.mark, ((ux, vx, x - ux * i - vx * j), (uy, vy, y - uy * i - vy * j)), 1)  # type: ignore[arg-type]


SLIP_CODE = (4.46, 24 / 72)
"""Inches: how wide and high a slip's bars are (``cpdocs.documents.code39``; a test keeps the two the same)."""
_HALF_ROWS = 0.72
"""How much lower than square bars must seem to lie on rows of half the height."""


def _in_reading_order(found: Sequence[Frame]) -> list[Frame]:
    """The pages row by row from the left, as the first of them stands upright."""
    if len(found) < 2:
        return list(found)
    height = _lengths(found[0].matrix)[1] * PAGE[1]
    rows: list[list[tuple[float, Frame]]] = []
    last = 0.0
    for down, across, frame in sorted(
        ((*_upright(each, found[0].turn), each) for each in found), key=lambda each: each[:2]
    ):
        if not rows or down - last > height / 2:
            rows.append([])
        rows[-1].append((across, frame))
        last = down
    return [frame for row in rows for _, frame in sorted(row, key=lambda each: each[0])]


def _upright(frame: Frame, turn: int) -> Point:
    """How far down and across a page's middle lies, turned by ``turn``."""
    x, y = frame.at(PAGE[0] / 2, PAGE[1] / 2)
    return {0: (y, x), 90: (x, -y), 180: (-y, -x), 270: (-x, y)}[turn]


def _frame(mark: PageMark, codes: Sequence[FoundCode], picture: Picture) -> Frame | None:
    """Where the page of these codes lies; None where they can't be one page's."""
    if len(codes) > 2:
        return None
    if len(codes) == 2:
        upper, lower = codes
        axis = _edge(upper, 0, 1)
        (x0, y0), (x1, y1) = middle(upper), middle(lower)
        if (x0 - x1) * axis[0] + (y0 - y1) * axis[1] < 0:
            upper, lower = lower, upper
        return Frame(mark, _fit([(upper, UPPER_RIGHT), (lower, LOWER_LEFT)]), 2)
    guesses = [Frame(mark, _fit([(codes[0], place)]), 1) for place in (UPPER_RIGHT, LOWER_LEFT)]
    return max(guesses, key=lambda guess: _inside(guess, picture))


def _fit(pairs: Sequence[tuple[FoundCode, Point]]) -> Matrix:
    """The map from inches on the page to pixels that brings these codes to their places: a turn, a scale across and
    another down. The codes' middles count most: their corners lie too near to each other to tell the rest."""
    across = [_edge(code, 0, 1) for code, _ in pairs] + [_edge(code, 3, 2) for code, _ in pairs]
    down = [_edge(code, 0, 3) for code, _ in pairs] + [_edge(code, 1, 2) for code, _ in pairs]
    ux, uy = (_mean([edge[axis] for edge in across]) for axis in (0, 1))
    vx, vy = (_mean([edge[axis] for edge in down]) for axis in (0, 1))
    # A page lies turned on the glass and is then sampled, across and down, at two scales of the picture's own.
    px, py = hypot(ux, vx) / CODE, hypot(uy, vy) / CODE
    turn = atan2(uy / py - vx / px, ux / px + vy / py)
    middles = [(middle(code), (left + CODE / 2, top + CODE / 2)) for code, (left, top) in pairs]
    if len(middles) == 2:
        # How far the codes are apart tells the scales ten times better than how large they are.
        ((x0, y0), (i0, j0)), ((x1, y1), (i1, j1)) = middles
        i, j = i1 - i0, j1 - j0
        planned_x, planned_y = i * cos(turn) - j * sin(turn), i * sin(turn) + j * cos(turn)
        if min(abs(planned_x), abs(planned_y)) > _TELLING:
            px, py = abs((x1 - x0) / planned_x), abs((y1 - y0) / planned_y)
        if abs(px / py - 1) < _SQUARE:
            px = py = hypot(x1 - x0, y1 - y0) / hypot(i, j)
            turn = atan2(y1 - y0, x1 - x0) - atan2(j, i)
    elif abs(px / py - 1) < _SQUARE:
        px = py = (px + py) / 2
    a, b, d, e = px * cos(turn), -px * sin(turn), py * sin(turn), py * cos(turn)
    c = _mean([x - a * i - b * j for (x, _), (i, j) in middles])
    f = _mean([y - d * i - e * j for (_, y), (i, j) in middles])
    return (a, b, c), (d, e, f)


_TELLING = 2.0
"""Inches that the codes must lie apart both across and down for their distance to tell both scales."""
_SQUARE = 0.03
"""How far a code may seem from square before its pixels aren't taken for square: the error of its corners at 200 dots
an inch; 204 by 196 is 0.04."""


def _edge(code: FoundCode, start: int, end: int) -> Point:
    (x0, y0), (x1, y1) = code.corners[start], code.corners[end]
    return x1 - x0, y1 - y0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _lengths(matrix: Matrix) -> tuple[float, float]:
    """Pixels in one inch across the page and down it."""
    (a, b, _), (d, e, _) = matrix
    return hypot(a, d), hypot(b, e)


def _inside(frame: Frame, picture: Picture) -> float:
    """The share of the page that lies within the picture."""
    import cv2
    import numpy as np

    high, wide = picture.shape
    bounds = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
    page = np.array(frame.corners, np.float32)
    return float(cv2.intersectConvexConvex(page, bounds)[0]) / max(float(cv2.contourArea(page)), 1.0)


def _covers(one: Frame, other: Frame) -> float:
    """The share of the smaller page that both cover."""
    import cv2
    import numpy as np

    first, second = (np.array(frame.corners, np.float32) for frame in (one, other))
    smaller = min(float(cv2.contourArea(first)), float(cv2.contourArea(second)))
    return float(cv2.intersectConvexConvex(first, second)[0]) / max(smaller, 1.0)


def fills(frame: Frame, picture: Picture) -> float:
    """The share of the picture that the page takes."""
    import cv2
    import numpy as np

    return float(cv2.contourArea(np.array(frame.corners, np.float32))) / max(picture.size, 1)

"""Handwriting on a registered page outside its signature boxes: what was added to the print, and lines through it.

A changed plan is no approved plan, so a person is pointed at every place where a pen was. The lines and ticks beside a
signature box are meant to be written on and don't count. What a machine adds doesn't either: a fax's head line, holes,
streaks, staples, specks (shared ``paper.md``, "Marks outside the boxes"; measured by ``benchmarks/paper.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import Place
from cpdocs.scans.ink import MM, MOST_NOISE, PAPER, disc, is_straight, noise_on, paper_and_darkness, thickness
from cpdocs.scans.registration import laid

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture
    from cpdocs.scans.issued import IssuedPage
    from cpdocs.scans.registration import Registration

_PRINT = 0.5
"""Millimetres around print that may be print: as in a box, and a little for what paper does away from the patches."""
_DARKER = 0.72
"""How dark beside the paper a spot of a gray picture must be: what shines through from the back is lighter."""
_SPOT = 0.2
"""Square millimetres: a smaller spot is a speck, a fax's dots or the edge of a letter."""
_TOGETHER = 2.5
"""Millimetres between strokes of one remark."""
_LEAST = 1.6
"""Square millimetres of strokes from which something was written: a tick, a short word."""
_LONG = 4.5
"""Millimetres that it reaches at least in one direction."""
_THICK = 2.0
"""Millimetres: no pen's stroke is wider; holes, logos of fax software and smudges are."""
_HEAD, _EDGE = 11.0, 5.0
"""Millimetres from the paper's upper or lower edge where a fax writes its line, and from every edge where shadows
are."""
_STAPLE = 14.0
"""Millimetres: a longer straight line that lies aslant crosses something out; a staple is 12."""
_WHOLE = 0.9
"""Share of the page's height from which a straight line is a streak of the machine's or a fold: no hand's is as
long."""
_ASLANT = 0.05
"""The least slope of such a line against the paper's edges: machines make theirs along them."""
_RUN = 11.0
"""Millimetres of unbroken dark along a line of print from which it was struck through: no word is printed without
gaps, and no gap of a struck one shows."""
_WAVER = 0.25
"""Millimetres up or down within which a run goes on: a fine pen's width."""
_INK = 160
"""Gray up to which a spot of the page issued is print: gray panels and hairlines are above."""
_LETTER = 0.8
"""Millimetres around print that belong to its line: half the height of the smallest letters, so that a line of them has
no gaps."""
_RULE = 1.2
"""Millimetres around a printed rule where a run is the rule's own: what a fax's rows and the paper do to it."""
_SHARP = 130
"""Dots an inch from which the gaps between letters are seen: below, a scan blurs a word into a line."""
_MOST = 40
"""Places pointed at on one page."""


@dataclass(frozen=True, slots=True)
class _Blob:
    """Spots that belong together: their box in dots, and the spots."""

    left: int
    top: int
    wide: int
    high: int
    spots: Picture


def find_handwriting(
    picture: Picture, issued: IssuedPage, registration: Registration, *, bilevel: bool, dots: float
) -> tuple[Place, ...] | None:
    """The places on the upright page where something was written or struck out, from its upper left; None where the
    page is too poor to tell ink from its own noise. ``dots``: how many an inch the picture came with."""
    import cv2
    import numpy as np

    ours = issued.picture
    high, wide = ours.shape
    page = laid(picture, registration, (0, 0, wide, high))
    _, darkness = paper_and_darkness(page, bilevel=bilevel)
    dark: Picture = (darkness < (0.5 if bilevel else _DARKER)).astype(np.uint8)
    allowed = _allowed(issued)
    printed: Picture = cv2.dilate((ours < PAPER).astype(np.uint8), disc(_PRINT))
    added: Picture = dark & (1 - printed) & (1 - allowed)
    spots = _Spots(added)
    if noise_on(spots.stats, (printed | allowed) == 0) > MOST_NOISE:
        return None
    found = [_place(blob, ours.shape) for blob in spots.blobs() if _is_written(blob, ours.shape)]
    if dots >= _SHARP or bilevel:
        struck = _struck(dark & (1 - allowed), ours)
        if struck.any():
            found += [_place(blob, ours.shape) for blob in _Spots(struck).blobs() if blob.wide > _RUN * MM]
    return tuple(sorted(found, key=lambda place: (round(place.top, 2), place.left))[:_MOST])


def _allowed(issued: IssuedPage) -> Picture:
    """Where a pen is expected: the panels of the signature boxes, with their lines and ticks, and the paper's edges."""
    import numpy as np

    high, wide = issued.picture.shape
    mask = np.zeros((high, wide), np.uint8)
    head, edge = round(_HEAD * MM), round(_EDGE * MM)
    mask[:head] = mask[-head:] = 1
    mask[:, :edge] = mask[:, -edge:] = 1
    for left, top, right, bottom in issued.panels:
        mask[top:bottom, left:right] = 1
    return mask


class _Spots:
    """The connected dark spots of a page."""

    def __init__(self, dark: Picture) -> None:
        import cv2

        self.count, self.labels, self.stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)

    def blobs(self) -> Iterator[_Blob]:
        """The spots that are no specks, those near to each other together."""
        import cv2

        large = self.stats[:, cv2.CC_STAT_AREA] >= _SPOT * MM**2
        large[0] = False
        if large.any() and self.count < _MOST_SPOTS:
            yield from _together(large[self.labels])


def _together(chosen: Picture) -> Iterator[_Blob]:
    import cv2
    import numpy as np

    spots = chosen.astype(np.uint8)
    near = cv2.dilate(_quarter(spots), disc(_TOGETHER / 8))
    _, groups, boxes, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    for number in range(1, len(boxes)):
        x, y, w, h = (int(value) * 4 for value in boxes[number, :4])
        patch = spots[y : y + h, x : x + w]
        mine = (groups[y // 4 : (y + h) // 4, x // 4 : (x + w) // 4] == number).astype(np.uint8)
        size = (patch.shape[1], patch.shape[0])
        patch = patch & cv2.resize(mine, size, interpolation=cv2.INTER_NEAREST)
        rows, columns = np.nonzero(patch)
        if not rows.size:
            continue
        top, left = int(rows.min()), int(columns.min())
        inner = patch[top : int(rows.max()) + 1, left : int(columns.max()) + 1]
        yield _Blob(x + left, y + top, inner.shape[1], inner.shape[0], inner)


_MOST_SPOTS = 60_000
"""Spots on a page beyond which nothing on it is told from its noise."""


def _quarter(spots: Picture) -> Picture:
    """``spots`` at a quarter of the size, none of them lost."""
    import cv2

    high, wide = spots.shape
    return cv2.dilate(spots, disc(0.3))[: high // 4 * 4 : 4, : wide // 4 * 4 : 4]


def _is_written(blob: _Blob, shape: tuple[int, ...]) -> bool:
    """Whether a pen made it: thin strokes, long enough, and not a machine's straight line."""
    import cv2
    import numpy as np

    area = float(blob.spots.sum()) / MM**2
    if area < _LEAST or max(blob.wide, blob.high) < _LONG * MM:
        return False
    if thickness(blob.spots) > _THICK:
        return False
    points = np.argwhere(blob.spots)[:, ::-1].astype(np.float32)
    vx, vy = (float(value[0]) for value in cv2.fitLine(points, cv2.DIST_L1, 0, 0.01, 0.01)[:2])
    if not is_straight(points):
        return True
    long = float(np.hypot(blob.wide, blob.high)) / MM
    return long > _STAPLE and min(abs(vx), abs(vy)) > _ASLANT and max(blob.wide, blob.high) < _WHOLE * max(shape)


def _struck(dark: Any, ours: Any) -> Picture:
    """Lines drawn through print: runs along it that the page as issued hasn't."""
    import cv2
    import numpy as np

    run = np.ones((1, round(_RUN * MM)), np.uint8)
    # A line by hand wavers by a pen's width while it runs along.
    slack = np.ones((round(_WAVER * MM) | 1, 1), np.uint8)
    runs: Picture = cv2.morphologyEx(cv2.dilate(dark, slack), cv2.MORPH_OPEN, run)
    ruled: Picture = cv2.morphologyEx(cv2.dilate((ours < 200).astype(np.uint8), slack), cv2.MORPH_OPEN, run)
    print_: Picture = cv2.dilate((ours < _INK).astype(np.uint8), disc(_LETTER))
    # A square's rows and columns are taken one after the other, a circle's not: a fifth of the work at this size.
    beside = np.ones((2 * round(_RULE * MM) + 1,) * 2, np.uint8)
    struck: Picture = runs & (1 - cv2.dilate(ruled, beside)) & print_
    return struck


def _place(blob: _Blob, shape: tuple[int, ...]) -> Place:
    high, wide = shape[:2]
    return Place(blob.left / wide, blob.top / high, (blob.left + blob.wide) / wide, (blob.top + blob.high) / high)

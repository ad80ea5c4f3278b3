"""A returned page laid exactly on the one issued: begun by its codes, refined on patches of the page's own print.

The codes lie in two corners and leave some millimetres of error at the boxes of a page that was photographed or shrunk
by a printer; some sixty patches of print all over it leave hundredths (shared ``paper.md``, "Registration"). What stays
uncertain is said: ``error`` is the patches' own disagreement, and a page that they can't place isn't registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.scans.issued import DPI

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture
    from cpdocs.scans.issued import IssuedPage

MM = 25.4
HALF = DPI / 2
"""Dots an inch at which patches are compared: their places are found to a tenth of a dot, 0.03 mm."""
_STEPS = ((2, 15, 13), (1, 22, 9), (1, 22, 5))
"""How often and how finely patches are looked for: shrunk so many times, half a patch's side and half the searched
side beyond it, in dots. The first reaches 6.6 mm, which is the codes' worst error on photos; the last settles what the
middle one moved."""
_ALIKE = 0.45
"""The least correlation at which a patch counts as found: of patches of other places 1 in 500 reaches it."""
_AGREE = 0.7
"""Millimetres by which a patch may miss the common map and still bear it out."""
_FEWEST = 10
"""Patches that must bear the map out: a homography has eight unknowns and takes four patches at least."""
_MOST_ERROR = 0.45
"""Millimetres of median error up to which a page counts as registered: a box's frame is 1 mm inside its panel."""
_SMALL = 1.3
"""How much finer than the patches the picture may be before it is shrunk to them."""


@dataclass(frozen=True, slots=True)
class Registration:
    """``matrix`` (3 by 3) maps points of the issued page, in inches, to the picture's pixels. ``error`` is the median
    miss of the ``patches`` that bear it out, in millimetres; ``alike`` their median correlation, 1 for the same
    print."""

    matrix: Picture
    error: float
    patches: int
    alike: float


def register(
    picture: Picture, issued: IssuedPage, lies: tuple[float, float, float, float, float, float]
) -> Registration | None:
    """Lays ``picture``, on which the page ``lies`` by its codes, on the page issued; None where its print doesn't bear
    it out."""
    import cv2
    import numpy as np

    places = issued.places
    if len(places) < _FEWEST:
        return None
    start = _start(lies, picture)
    dots = float(np.sqrt(abs(np.linalg.det(start[:2, :2]))))
    shrink = min(1.0, HALF * _SMALL / dots)
    small = picture if shrink == 1 else cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.8)
    matrix = np.diag([shrink, shrink, 1.0]) @ start @ np.diag([1 / HALF, 1 / HALF, 1.0])
    best: Registration | None = None
    for reduced, half_side, reach in _STEPS:
        found = _refined(small, issued.half, places, matrix, reduced, half_side, reach)
        if found is None:
            break
        matrix, error, count, alike = found
        whole = np.diag([1 / shrink, 1 / shrink, 1.0]) @ matrix @ np.diag([HALF, HALF, 1.0])
        best = Registration(whole, error, count, alike)
    else:
        if best is not None and best.error <= _MOST_ERROR:
            return best
    return None


def dots_of(registration: Registration) -> float:
    """How many of the picture's dots make an inch of the page."""
    import numpy as np

    return float(np.sqrt(abs(np.linalg.det(registration.matrix[:2, :2]))))


def _start(lies: tuple[float, float, float, float, float, float], picture: Picture) -> Picture:
    """The codes' map, from inches on the page to pixels."""
    import numpy as np

    high, wide = picture.shape
    a, b, c, d, e, f = lies
    return np.array(
        [
            [a * wide / 8.5, b * wide / 11, c * wide],
            [d * high / 8.5, e * high / 11, f * high],
            [0, 0, 1],
        ]
    )


def _refined(
    small: Picture, issued: Picture, places: Picture, matrix: Picture, reduced: int, half_side: int, reach: int
) -> tuple[Picture, float, int, float] | None:
    """One step: the map anew, its error in millimetres, how many patches bear it out and how alike they are."""
    import cv2
    import numpy as np

    high, wide = issued.shape
    size = (wide // reduced, high // reduced)
    grow = np.diag([reduced, reduced, 1.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    page = cv2.warpPerspective(small, matrix @ grow, size, flags=flags, borderValue=255)
    ours = issued if reduced == 1 else cv2.resize(issued, size, interpolation=cv2.INTER_AREA)
    ours = cv2.GaussianBlur(ours, (0, 0), 1.0)
    from_, to, alike = [], [], []
    for x, y in places / reduced:
        found = _patch(ours, page, round(float(x)), round(float(y)), half_side, reach)
        if found is not None:
            centre, moved, score = found
            from_.append(centre)
            to.append(moved)
            alike.append(score)
    if len(from_) < _FEWEST:
        return None
    on_page = np.array(from_, float) * reduced
    on_picture = cv2.perspectiveTransform((np.array(to, float) * reduced).reshape(-1, 1, 2), matrix).reshape(-1, 2)
    dots = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    allowed = _AGREE / MM * HALF * dots * reduced
    fitted, held = cv2.findHomography(on_page, on_picture, cv2.RANSAC, allowed, maxIters=500, confidence=0.995)
    if fitted is None:  # which the library's own types don't tell
        return None  # type: ignore[unreachable]
    inside = held.ravel() > 0
    if int(inside.sum()) < max(_FEWEST, len(from_) // 2):
        return None
    again = cv2.perspectiveTransform(on_page.reshape(-1, 1, 2), fitted).reshape(-1, 2)
    misses = np.linalg.norm(again - on_picture, axis=1)[inside] / dots / HALF * MM
    return fitted, float(np.median(misses)), int(inside.sum()), float(np.median(np.array(alike)[inside]))


def _patch(
    ours: Picture, page: Picture, x: int, y: int, half_side: int, reach: int
) -> tuple[tuple[float, float], tuple[float, float], float] | None:
    """Where the patch of ``ours`` around x, y lies on ``page``: its own centre, that on the page, and how alike they
    are; None where it isn't found."""
    import cv2

    high, wide = ours.shape
    left, top = max(x - half_side, 0), max(y - half_side, 0)
    right, bottom = min(x + half_side + 1, wide), min(y + half_side + 1, high)
    patch = ours[top:bottom, left:right]
    x0, y0 = max(left - reach, 0), max(top - reach, 0)
    around = page[y0 : min(bottom + reach, high), x0 : min(right + reach, wide)]
    if patch.std() < 4 or around.std() < 2:
        return None
    scores = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
    _, score, _, (column, row) = cv2.minMaxLoc(scores)
    if score < _ALIKE or not (0 < row < scores.shape[0] - 1 and 0 < column < scores.shape[1] - 1):
        return None
    moved_x = x0 + column + _peak(*scores[row, column - 1 : column + 2]) - left
    moved_y = y0 + row + _peak(*scores[row - 1 : row + 2, column]) - top
    return (x, y), (x + moved_x, y + moved_y), score


def _peak(before: float, middle: float, after: float) -> float:
    """Where between three neighbours the highest point of a parabola through them lies, from -0.5 to 0.5."""
    curve = before - 2 * middle + after
    return 0.0 if curve >= 0 else float(min(max((before - after) / (2 * curve), -0.5), 0.5))

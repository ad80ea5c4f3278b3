"""A returned page laid exactly on the one issued: begun by its codes, refined on patches of the page's own print.

The codes lie in two corners and leave some millimetres of error at the boxes of a page that was photographed or shrunk
by a printer; some sixty patches of print all over it leave hundredths (shared ``paper.md``, "Registration"). What stays
uncertain is said: ``error`` is the patches' own disagreement, and a page that they can't place isn't registered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
_PLAIN = 4.0
"""The scatter of a patch's gray, of 255, below which it shows nothing: bare paper has 0.3 to 1.7 at the median of each
of the benchmark's channels, 7 on a bad fax. The wider part that is searched may show half of it."""
_AGREE = 0.7
"""Millimetres by which a patch may miss the common map and still bear it out."""
_FEWEST = 10
"""Patches that must bear the map out: a homography has eight unknowns and takes four patches at least. Of a page's own
60 are found at the median, 25 at the worst; of another page's of the plan 17 at the median."""
_BORNE_OUT = 0.4
"""Share of the patches found that must agree: of a page's own 0.95 do on 19 pages of 20, and 0.64 on the worst."""
_MOST_ERROR = 0.45
"""Millimetres of median error up to which a page counts as registered: a box's frame is 1 mm inside its panel."""
_COARSE = 0.9
"""How much coarser than the patches the picture may get when it is shrunk: a page that a printer fitted to its margins
has 0.94 of its size."""


_BENT = 6
"""Coefficients of a quadratic surface: by so much a page that lies curved or was drawn out unevenly leaves a plane."""
_BEARS_BEND = 24
"""Patches from which such a surface is told from their own scatter: four for each coefficient."""
_FURTHEST = 3.0
"""Millimetres from the plane beyond which a patch isn't a bend but a mistake."""
_GRID = 16
"""Dots between the points at which the map is worked out; between them it is straight within a hundredth of one."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Where each point of the issued page lies on the picture. ``matrix`` (3 by 3) maps inches on the page to pixels,
    after ``bend`` (6 by 2, inches on 1, x, y, xx, xy, yy) has been added to them. ``error`` is the median miss of the
    ``patches`` that bear it out, in millimetres; ``alike`` their median correlation, 1 for the same print."""

    matrix: Picture
    error: float
    patches: int
    alike: float
    bend: Picture

    def pixels(self, points: Picture) -> Picture:
        """The pixels of points of the page in inches: n by 2."""
        import cv2

        moved = points + _surface(points) @ self.bend
        found: Picture = cv2.perspectiveTransform(moved.reshape(-1, 1, 2), self.matrix).reshape(-1, 2)
        return found


def laid(
    picture: Picture, registration: Registration, region: tuple[float, float, float, float], dpi: float = DPI
) -> Picture:
    """The part ``region`` (left, top, right, bottom in dots of ``dpi``) of the page as it lies on ``picture``."""
    import cv2
    import numpy as np

    left, top, right, bottom = region
    wide, high = round(right - left), round(bottom - top)
    if not registration.bend.any():
        to_inches = np.array([[1 / dpi, 0, left / dpi], [0, 1 / dpi, top / dpi], [0, 0, 1]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(picture, registration.matrix @ to_inches, (wide, high), flags=flags, borderValue=255)
    columns, rows = (np.arange(-1, side // _GRID + 2) * _GRID + (_GRID - 1) / 2 for side in (wide, high))
    grid = np.stack(np.meshgrid(left + columns, top + rows), axis=-1).reshape(-1, 2) / dpi
    found = registration.pixels(grid).astype(np.float32).reshape(len(rows), len(columns), 2)
    # Each point is the middle of a square of so many dots; the outermost squares lie beyond the part.
    size = (len(columns) * _GRID, len(rows) * _GRID)
    full = cv2.resize(found, size, interpolation=cv2.INTER_LINEAR)[_GRID : _GRID + high, _GRID : _GRID + wide]
    across, down = cv2.split(full)
    return cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderValue=255)


def register(
    picture: Picture, issued: IssuedPage, lies: tuple[float, float, float, float, float, float]
) -> Registration | None:
    """Lays ``picture``, on which the page ``lies`` by its codes, on the page issued; None where its print doesn't bear
    it out."""
    import numpy as np

    places = issued.places
    if len(places) < _FEWEST:
        return None
    start = _start(lies, picture)
    dots = float(np.sqrt(abs(np.linalg.det(start[:2, :2]))))
    small, to_small = _shrunk(picture, dots)
    current: Registration | None = Registration(to_small @ start, 0, 0, 0, np.zeros((_BENT, 2)))
    for reduced, half_side, reach in _STEPS:
        if current is None:
            return None
        current = _refined(small, issued.half, places, current, reduced, half_side, reach)
    if current is None or current.error > _MOST_ERROR:
        return None
    return replace(current, matrix=np.linalg.inv(to_small) @ current.matrix)


def _shrunk(picture: Picture, dots: float) -> tuple[Picture, Picture]:
    """``picture`` of so many ``dots`` an inch, softened and about as fine as the patches; and the map from its pixels
    to those."""
    import cv2
    import numpy as np

    times = max(int(dots / (HALF * _COARSE)), 1)
    high, wide = (side // times * times for side in picture.shape)
    small = picture[:high, :wide]
    if times > 1:
        # By a whole number: the mean of so many dots is a twentieth of the work of anything between.
        small = cv2.resize(small, (wide // times, high // times), interpolation=cv2.INTER_AREA)
    # As soft as the mean of two dots by two has made the page issued, and softer where it is finer than that.
    small = cv2.GaussianBlur(small, (0, 0), 0.8 * max(dots / times / HALF, 1) ** 0.5)
    middle = 0.5 / times - 0.5
    return small, np.array([[1 / times, 0, middle], [0, 1 / times, middle], [0, 0, 1]])


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
    small: Picture, issued: Picture, places: Picture, current: Registration, reduced: int, half_side: int, reach: int
) -> Registration | None:
    """One step: the map anew from where the patches lie by the current one."""
    import cv2
    import numpy as np

    high, wide = issued.shape
    size = (wide // reduced, high // reduced)
    # Where the middle of the first dot lies that stands for so many of the page issued.
    first = (DPI / HALF * reduced - 1) / 2 / DPI
    start = first * HALF / reduced
    page = laid(small, current, (start, start, start + size[0], start + size[1]), HALF / reduced)
    ours = issued if reduced == 1 else cv2.resize(issued, size, interpolation=cv2.INTER_AREA)
    ours = cv2.GaussianBlur(ours, (0, 0), 1.0)
    patches = [_patch(ours, page, round(float(x)), round(float(y)), half_side, reach) for x, y in places / reduced]
    found = [patch for patch in patches if patch is not None]
    if len(found) < _FEWEST:
        return None
    on_page = np.array([centre for centre, _, _ in found], float) * reduced / HALF + first
    on_picture = current.pixels(np.array([moved for _, moved, _ in found], float) * reduced / HALF + first)
    return _fitted(on_page, on_picture, np.array([score for _, _, score in found]), dots_of(current))


def _fitted(on_page: Picture, on_picture: Picture, alike: Picture, dots: float) -> Registration | None:
    """The map that most patches bear out: a plane's, and what a bent page leaves of it where enough patches tell."""
    import cv2
    import numpy as np

    plane, held = cv2.findHomography(
        on_page, on_picture, cv2.RANSAC, _AGREE / MM * dots, maxIters=500, confidence=0.995
    )
    if plane is None:  # which the library's own types don't tell
        return None  # type: ignore[unreachable]
    inside = held.ravel() > 0
    if int(inside.sum()) < max(_FEWEST, len(on_page) * _BORNE_OUT):
        return None
    flat = cv2.perspectiveTransform(on_picture.reshape(-1, 1, 2), np.linalg.inv(plane)).reshape(-1, 2) - on_page
    miss = np.linalg.norm(flat, axis=1) * MM
    near = miss < _FURTHEST
    best = Registration(
        plane, float(np.median(miss[inside])), int(inside.sum()), float(np.median(alike[inside])), np.zeros((_BENT, 2))
    )
    for _ in range(2):
        if int(near.sum()) < _BEARS_BEND:
            return best
        bend, *_ = np.linalg.lstsq(_surface(on_page[near]), flat[near], rcond=None)
        miss = np.linalg.norm(flat - _surface(on_page) @ bend, axis=1) * MM
        near &= miss < max(_AGREE, 3 * float(np.median(miss[near])))
    error = float(np.median(miss[near]))
    if int(near.sum()) > best.patches or error < best.error * _BETTER:
        return Registration(plane, error, int(near.sum()), float(np.median(alike[near])), bend)
    return best


_BETTER = 0.8
"""By how much a bend must lessen the error to be one, and no fit to the patches' scatter."""


def _surface(points: Picture) -> Picture:
    """The terms of a quadratic surface over the page."""
    import numpy as np

    x, y = points[:, 0] / 8.5 - 0.5, points[:, 1] / 11 - 0.5
    return np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), axis=1)


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
    if _scatter(patch) < _PLAIN or _scatter(around) < _PLAIN / 2:
        return None
    scores = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
    _, score, _, (column, row) = cv2.minMaxLoc(scores)
    if score < _ALIKE or not (0 < row < scores.shape[0] - 1 and 0 < column < scores.shape[1] - 1):
        return None
    moved_x = x0 + column + _peak(*scores[row, column - 1 : column + 2]) - left
    moved_y = y0 + row + _peak(*scores[row - 1 : row + 2, column]) - top
    return (x, y), (x + moved_x, y + moved_y), score


def _scatter(part: Picture) -> float:
    """The standard deviation of a part's spots."""
    import cv2

    return float(cv2.meanStdDev(part)[1][0, 0])


def _peak(before: float, middle: float, after: float) -> float:
    """Where between three neighbours the highest point of a parabola through them lies, from -0.5 to 0.5."""
    curve = before - 2 * middle + after
    return 0.0 if curve >= 0 else float(min(max((before - after) / (2 * curve), -0.5), 0.5))

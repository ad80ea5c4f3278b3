"""Ink in a signature box of a registered page: signed, empty or unsure, and never more than can be seen.

What is read is ink, not a signature: a date or a stamp in the box reads the same, and a person attests what it is.
*Empty* means that no ink is visible here: a faint pen often leaves none on a black-and-white fax (shared ``paper.md``,
"Ink in the boxes"). A page too poor to tell ink from its own noise never says *signed*.

Every threshold below is measured by ``benchmarks/paper.py``; the README shows what comes of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import BoxReading, Place
from cpdocs.scans.frames import PAGE
from cpdocs.scans.issued import DPI
from cpdocs.scans.registration import laid

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture
    from cpdocs.scans.registration import Registration

MM = DPI / 25.4
"""Dots in a millimetre."""
_AROUND = 8.0
"""Millimetres around a box that are looked at with it: ink that runs over its frame, streaks that pass through it, and
the page's own noise."""
_FRAME = 0.9
"""Millimetres within a box's edge that are left out: its frame, by the worst registration that counts."""
_PRINT = 0.45
"""Millimetres around print that may be print: the registration's error and a fax's coarse dots."""
PAPER = 225
"""Gray from which a spot of the page issued is bare paper: the softened edges of print, and of hairlines of half a dot,
are below."""
_DARKER = 0.80
"""How dark beside the paper around it a spot of a gray picture must be: the palest ballpoint of the benchmark's lies at
0.6, a fold's shadow at 0.85."""
_TABLE = 60
"""The paper's brightness, of 255, up to which it is none: the table beside a photographed page."""
_SPECK = 0.05
"""Square millimetres: a smaller spot is one dot of a fax, and no pen's."""
_NONE = 0.5
"""Square millimetres of visible ink in all up to which a box reads empty: a comma. All wrong *empty* readings of the
first prototype had 1.0 to 1.4."""
_SPECK_OF_NOISE, _LONG_OF_NOISE = 0.45, 1.5
"""On a page too poor to tell, the square millimetres and the length in millimetres of the largest spot up to which it
may be the page's own noise. Of 126 boxes on bad faxes (seeds that the benchmark's count leaves out), the largest spot
in an empty one had 0.29 and 0.9, smears aside. Where 2 square millimetres of a pen arrived, three of 76 had none
larger, and 1.6 more than was to be expected."""
_MORE_THAN_NOISE = 1.5
"""Square millimetres by which such a box may be darker than the bare paper around it lets expect: of those 50 empty
ones none differed by more than 1.0, of the three none by less than 1.6."""
_SMEARS = 2
"""Smeared rows in a box that are the line's: a bad line leaves two or three on a page, and a pen that arrives in pieces
leaves more."""
_SMEARED = 3.0
"""Millimetres that a smear is long at least: in a box that arrives in pieces these are shorter, but for some of 3.2."""
_ROWS = 0.65
"""Millimetres that it is high at most: two rows of a standard fax, 98 to the inch, and what laying it on the page
adds."""
_INK = 3.0
"""Square millimetres of strokes from which a box reads signed: an initial by a fine pen."""
_WIDE, _HIGH = 5.0, 1.8
"""Millimetres that the strokes must reach across and down: less is a dot, a tick or a line's end."""
_THIN = 1.9
"""Millimetres: the mean width of a pen's stroke at most, felt tip and a fax's spread included; wider is a smudge or a
shadow."""
_SHORT = 1.2
"""Millimetres that a spot must reach to be a stroke: the widest pen's dot is 0.9 across."""
_NARROW = 3.0
"""Millimetres within which a mark that passes through the box is a streak: one of the machine's is 0.2 wide, and on a
page fed askew by 1.5° it wanders 1.1 down a box with its surroundings, 3.2 along it."""
_STRAIGHT = 0.12
"""Millimetres by which a stroke's spots must leave a straight bar of its width to be a hand's: staples, streaks and
rules don't."""
_PASSING = 4.0
"""Millimetres beyond the box on both sides from which a straight mark passes through it: a streak of the machine's."""
_PALE = 0.62
"""How dark beside the paper the strokes of a gray picture must be at the median: a cup's ring and a shadow are paler,
and so is pencil, of which a person judges."""
MOST_NOISE = 2.2
"""Specks in a square centimetre of bare paper from which a page is too poor to say *signed* of it: a good fax has
less than one, a bad one ten and more."""
LEAST_ALIKE = 0.80
"""The correlation of print with print below which a page is too poor, whatever its noise."""


@dataclass(frozen=True, slots=True)
class Strokes:
    """What is seen in a box: ``visible`` square millimetres of anything dark, ``ink`` of those that look like a pen's,
    how far these reach, how dark they are (share of the paper's brightness), and whether the page is too ``poor``.
    ``noise_alone``: nothing in it is larger, or darker in all, than the specks on the bare paper around."""

    visible: float
    ink: float
    wide: float
    high: float
    dark: float
    noise: float
    poor: bool
    noise_alone: bool = False

    @property
    def reading(self) -> BoxReading:
        """The reading."""
        if self.visible < _NONE or (self.poor and self.noise_alone):
            return BoxReading.EMPTY
        if self.poor or self.ink < _INK or self.wide < _WIDE or self.high < _HIGH or self.dark > _PALE:
            return BoxReading.UNSURE
        return BoxReading.SIGNED


def read_box(picture: Picture, issued: Picture, box: Place, registration: Registration, *, bilevel: bool) -> Strokes:
    """What is seen in ``box`` on ``picture``, registered to the page ``issued`` (gray at ``DPI``)."""
    import cv2
    import numpy as np

    region = _region(box, issued.shape)
    page = laid(picture, registration, region)
    paper, darkness = paper_and_darkness(page, bilevel=bilevel)
    dark = (darkness < (0.5 if bilevel else _DARKER)) & (paper > _TABLE)
    printed = print_on(issued, region, _PRINT)
    beside = (dark & ~printed).astype(np.uint8)
    inside = _inside(box, issued.shape, region)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(beside, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] / MM**2
    touching = np.bincount(labels[inside], minlength=count)
    noise = noise_on(stats, ~printed & ~inside)
    visible = pen = 0.0
    chosen = np.zeros(count, bool)
    for number in range(1, count):
        if areas[number] < _SPECK or not touching[number]:
            continue
        within = touching[number] / MM**2
        visible += within
        if _is_stroke(labels, stats, number, inside):
            pen += areas[number]
            chosen[number] = True
    strokes = chosen[labels] & (beside > 0)
    wide, high, how_dark = _reach(strokes, darkness)
    poor = noise > MOST_NOISE or registration.alike < LEAST_ALIKE
    alone = poor and _is_noise(labels, stats, inside, ~printed, _rows(box, registration))
    return Strokes(visible, pen, wide, high, 0.0 if bilevel else how_dark, noise, poor, alone)


def print_on(issued: Picture, region: tuple[int, int, int, int], around: float) -> Picture:
    """Where a part of the page issued is printed, or lies within so many millimetres of print: that beyond the part's
    edge too, whose feet would be taken for specks."""
    import cv2
    import numpy as np

    left, top, right, bottom = region
    rim = round(around * MM) + 1
    x, y = max(left - rim, 0), max(top - rim, 0)
    print_ = (issued[y : bottom + rim, x : right + rim] < PAPER).astype(np.uint8)
    printed: Picture = cv2.dilate(print_, disc(around)) > 0
    return printed[top - y : bottom - y, left - x : right - x]


def _is_noise(labels: Picture, stats: Picture, inside: Picture, bare: Picture, rows: Picture) -> bool:
    """Whether the spots in the box are no others than those on the bare paper around it. ``rows`` is the direction, on
    the page, of the rows in which it was sent."""
    import cv2
    import numpy as np

    areas = stats[:, cv2.CC_STAT_AREA] / MM**2
    longest = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) / MM
    spots = areas >= _SPECK
    spots[0] = False
    small = spots & (areas <= _SPECK_OF_NOISE) & (longest <= _LONG_OF_NOISE)
    within = np.bincount(labels[inside], minlength=len(stats)) / MM**2
    large = np.flatnonzero(spots & ~small & (within > 0))
    if len(large) > _SMEARS or not all(_is_smear(labels, stats, int(number), rows) for number in large):
        return False
    expected = _usual(small[labels], bare & ~inside) * float((inside & bare).sum()) / MM**2
    return float(within[small].sum()) - expected < _MORE_THAN_NOISE


def _is_smear(labels: Picture, stats: Picture, number: int, rows: Picture) -> bool:
    """Whether a spot is a row that a bad line smeared: straight along the rows, and no more than two of them high."""
    import numpy as np

    x, y, wide, high = (int(value) for value in stats[number, :4])
    points = np.argwhere(labels[y : y + high, x : x + wide] == number)[:, ::-1].astype(np.float64)
    across, along = points @ np.array([-rows[1], rows[0]]), points @ rows
    return bool(np.ptp(along) >= _SMEARED * MM and np.ptp(across) + 1 <= _ROWS * MM)


def _usual(spots: Picture, ground: Picture) -> float:
    """The share of ``ground`` that ``spots`` take, as the median of its quarters from left to right: where ink runs
    over the box's edge, its crumbs are no measure of the noise."""
    import numpy as np

    quarters = zip(np.array_split(spots, 4, axis=1), np.array_split(ground, 4, axis=1), strict=True)
    return float(np.median([float(np.count_nonzero(each[where])) / max(where.sum(), 1) for each, where in quarters]))


def _rows(box: Place, registration: Registration) -> Picture:
    """The direction of the picture's rows on the page at ``box``, of length 1."""
    import numpy as np

    middle = np.array([(box.left + box.right) / 2 * PAGE[0], (box.top + box.bottom) / 2 * PAGE[1]])
    here, across, down = registration.pixels(middle + np.array([(0, 0), (0.5, 0), (0, 0.5)]))
    rows = np.linalg.solve(np.stack((across - here, down - here), axis=1), np.array([1.0, 0.0]))
    found: Picture = rows / np.linalg.norm(rows)
    return found


def _region(box: Place, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    high, wide = shape[:2]
    around = _AROUND * MM
    return (
        max(round(box.left * wide - around), 0),
        max(round(box.top * high - around), 0),
        min(round(box.right * wide + around), wide),
        min(round(box.bottom * high + around), high),
    )


def _inside(box: Place, shape: tuple[int, ...], region: tuple[int, int, int, int]) -> Picture:
    """The inner of the box as a mask on the region."""
    import numpy as np

    high, wide = shape[:2]
    left, top, right, bottom = region
    mask = np.zeros((bottom - top, right - left), bool)
    frame = round(_FRAME * MM)
    mask[
        round(box.top * high) - top + frame : round(box.bottom * high) - top - frame,
        round(box.left * wide) - left + frame : round(box.right * wide) - left - frame,
    ] = True
    return mask


def paper_and_darkness(page: Picture, *, bilevel: bool) -> tuple[Picture, Picture]:
    """The paper's brightness around each spot, and each spot's share of it."""
    import cv2
    import numpy as np

    if bilevel:
        return np.full(page.shape, 255, np.uint8), page.astype(np.float32) / 255
    # What is brightest within 12 mm is paper: no letter, stroke or line of ours is as wide. Softened, since light
    # changes slowly, and at a quarter of the size, where that costs little.
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    lit = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((23, 23), np.uint8))
    paper = cv2.resize(cv2.GaussianBlur(lit, (0, 0), 5), (page.shape[1], page.shape[0]))
    soft = cv2.GaussianBlur(page, (0, 0), 0.8)
    return paper, soft.astype(np.float32) / np.maximum(paper, 1)


def noise_on(stats: Picture, bare: Picture) -> float:
    """Specks in a square centimetre of ``bare`` paper, of connected spots with these ``stats``."""
    import cv2
    import numpy as np

    ground = float(np.count_nonzero(bare)) / MM**2 / 100
    if ground < 1:
        return 0.0
    # Four dots of a standard fax, which a decoder's repeated row makes of one: larger spots may be a pen's.
    small = stats[1:][stats[1:, cv2.CC_STAT_AREA] < _SPECK * 4 * MM**2]
    across = small[:, cv2.CC_STAT_LEFT] + small[:, cv2.CC_STAT_WIDTH] // 2
    down = small[:, cv2.CC_STAT_TOP] + small[:, cv2.CC_STAT_HEIGHT] // 2
    return float(np.count_nonzero(bare[down, across])) / ground


def _is_stroke(labels: Picture, stats: Picture, number: int, inside: Picture) -> bool:
    """Whether a dark patch looks like a pen's: thin, not straight, and no streak that passes through the box."""
    import numpy as np

    x, y, wide, high = (int(value) for value in stats[number, :4])
    patch = labels[y : y + high, x : x + wide] == number
    if max(wide, high) < _SHORT * MM:
        return False
    points = np.argwhere(patch)[:, ::-1].astype(np.float32)
    if is_straight(points):
        return False
    left, top, right, bottom = _bounds(inside)
    passing = _PASSING * MM
    if y < top - passing and y + high > bottom + passing and wide < _NARROW * MM:
        return False
    if x < left - passing and x + wide > right + passing and high < _NARROW * MM:
        return False
    return thickness(patch) < _THIN


def _bounds(mask: Picture) -> tuple[int, int, int, int]:
    """Where a mask's rectangle begins and ends, across and down."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def is_straight(points: Picture) -> bool:
    """Whether spots (x and y in dots) lie on a straight line, by their spread across it beside that of a bar as
    thick."""
    import numpy as np

    if len(points) < 3:
        return True
    _, spread, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    long, across = (float(value) / len(points) ** 0.5 for value in spread)
    thick = len(points) / max(long * 12**0.5, 1.0)
    return bool(across < thick / 12**0.5 + _STRAIGHT * MM)


def thickness(spots: Picture) -> float:
    """The mean width in millimetres of the strokes that make up ``spots``."""
    import cv2
    import numpy as np

    inner = cv2.distanceTransform(np.pad(spots, 1).astype(np.uint8), cv2.DIST_L2, 3)
    ridge = inner[(inner > 0) & (inner >= cv2.dilate(inner, np.ones((3, 3), np.uint8)) - 0.01)]
    return 2 * float(ridge.mean()) / MM if ridge.size else 0.0


def _reach(strokes: Picture, darkness: Picture) -> tuple[float, float, float]:
    """How far the strokes reach across and down in millimetres, and how dark their darker half is."""
    import numpy as np

    rows, columns = np.nonzero(strokes)
    if not rows.size:
        return 0.0, 0.0, 1.0
    wide, high = float(np.ptp(columns)) / MM, float(np.ptp(rows)) / MM
    return wide, high, float(np.quantile(darkness[strokes], 0.25))


def disc(radius: float) -> Picture:
    """A round kernel of so many millimetres."""
    import cv2

    side = max(3, round(radius * MM) * 2 + 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))

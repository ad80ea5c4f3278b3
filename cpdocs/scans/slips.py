"""A returned reply slip laid on the letter that it was printed with, and what is ticked on it.

The slip may have been cut off its letter, so that the slip's own print alone is what it is laid on by. Its boxes are
found on the letter as printed: three squares in a column, above the bars. A tick reads ``signed`` where a pen was in
the box, ``empty`` where nothing is visible in it or beside it, and anything else ``unsure``: a stroke beside a box, a
dot, a page too poor to tell (shared ``paper.md``, "Ink in the boxes").
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cpdocs.core.marks import PageMark, Paper
from cpdocs.core.page_facts import BoxReading, FilePages, PageFacts, PageKind, Place
from cpdocs.core.reply_slips import TICKS
from cpdocs.scans.codes import find_bars, middle
from cpdocs.scans.frames import PAGE
from cpdocs.scans.handwriting import find_handwriting
from cpdocs.scans.ink import LEAST_ALIKE, MM, MOST_NOISE, noise_on, paper_and_darkness, print_on
from cpdocs.scans.issued import DPI, IssuedPage, telling_places
from cpdocs.scans.pages import Sheet, TooManyPages, UnreadablePages, sheets
from cpdocs.scans.reading import get_ready
from cpdocs.scans.registration import Registration, dots_of, laid, register

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture

__all__ = ["IssuedSlip", "get_ready", "issued_slip", "read_slips", "slip_lies"]

_SIDES = (0.14, 0.3)
"""Inches: how large a tick's box is at least and at most; 0.19 as shipped, 0.22 in large print."""
_TALL = 3.6
"""Inches above the bars in which the boxes stand, large print in any language included."""
_ABOVE = 1.5
"""Inches above the first box that belong to the slip: its heading and what it says."""
_APART = 0.4
"""Inches between places of print: a slip is a quarter of a page and bears some thirty."""

# The numbers below were looked at with the ticks, crosses, rings and dots of benchmarks/_slips.py, in 702 boxes over
# all channels and in seeds that the benchmark's own count leaves out.
_FRAME = 0.45
"""Millimetres within a box's edge that are left out: its line, by the worst registration that counts. Of 445 boxes
without ink, none on a scan, a photo or a fax shows a spot with it."""
_BESIDE = 4.0
"""Millimetres around a box in which a stroke may be meant for it: a box is 4.8 wide, and its answer begins 3 beside
it."""
_PRINT = 0.35
"""Millimetres around print that may be print: less than around a signature box (0.45), since a slip is small and is
laid by print that stands near."""
_DARKER = 0.78
"""How dark beside the paper a spot of a gray picture must be: a pencil's tick is at 0.7."""
_SPECK = 0.06
"""Square millimetres: a smaller spot is a dot of a fax, 0.03 at 204 by 98 an inch, and what softens its edge."""
_NONE = 0.25
"""Square millimetres of ink in a box up to which it is empty: where no pen was there are 0 but for bad faxes, on which
nobody is believed (0.5 at the most); a resting pen's dot has 0.15 to 0.63, a tick that arrived whole 0.7 and more."""
_TICKED = 0.9
"""Square millimetres of strokes from which it is ticked: a fine pen's line of 2.5 mm. Of 127 ticks on scans, photos and
faxes that arrived at all, 2 by pale pens have less (0.74, 0.89) and are left to a person; the median has 3.4. No dot
has as much."""
_LONG = 2.0
"""Millimetres that the strokes reach, across or down: dots reach 0.8 at the most, ticks within their box 3.2 and more
of its 3.9."""


@dataclass(eq=False)
class IssuedSlip(IssuedPage):
    """The page of a letter that bears its reply slip: ``page`` its number from 1; ``ticks`` the boxes from the
    uppermost; ``bars`` the middle of the code, in inches."""

    page: int = 1
    ticks: tuple[Place, ...] = ()
    bars: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def region(self) -> Place:
        """The slip on its page."""
        top = min((tick.top for tick in self.ticks), default=self.bars[1] / PAGE[1]) - _ABOVE / PAGE[1]
        return Place(0, max(top, 0), 1, min((self.bars[1] + 0.3) / PAGE[1], 1))

    @cached_property
    def places(self) -> Picture:
        """The places of the slip's own print that tell most."""
        import numpy as np

        high, wide = self.half.shape
        mask = np.zeros(self.half.shape, np.uint8)
        edge = round(0.3 * DPI / 2)
        mask[round(self.region.top * high) : round(self.region.bottom * high), edge : wide - edge] = 255
        return telling_places(self.half, mask, _APART)

    @cached_property
    def panels(self) -> tuple[tuple[int, int, int, int], ...]:
        """Where a pen is expected, and where nobody looks: all but the slip's words above its last box."""
        high, wide = self.picture.shape
        if not self.ticks:
            return ((0, 0, wide, high),)
        around = round(_BESIDE * MM)
        first, last = self.ticks[0], self.ticks[-1]
        top, bottom = round(self.region.top * high), round(last.top * high) - around // 2
        left, right = round(first.left * wide) - around, round(first.right * wide) + around
        return ((0, 0, wide, top), (0, bottom, wide, high), (max(left, 0), top, right, high))


def issued_slip(letter: bytes, document_id: str) -> IssuedSlip | None:
    """The reply slip in a letter's PDF; None where there is none. Raises what pdfium does for a file that can't be
    read; it is ours."""
    import numpy as np
    import pypdfium2 as pdfium

    code = PageMark.slip_text(document_id)
    with pdfium.PdfDocument(letter) as document:
        # The code is a line of text in a typeface of bars: to look for that takes far less than to draw a page.
        spoken = [code in document[number].get_textpage().get_text_range() for number in range(len(document))]
        for number in sorted(range(len(document)), key=lambda each: not spoken[each]):
            bitmap = document[number].render(scale=DPI / 72, grayscale=True, may_draw_forms=False)
            picture = np.asarray(bitmap.to_pil().convert("L"))
            bars = [
                code
                for code in find_bars(picture, thorough=False)
                if code.mark == PageMark(document_id, 1, 1, Paper.REPLY_SLIP)
            ]
            if bars:
                x, y = middle(bars[0])
                return IssuedSlip(picture, {}, number + 1, _ticks(picture, y), (x / DPI, y / DPI))
    return None


def _ticks(picture: Picture, bars_y: float) -> tuple[Place, ...]:
    """The squares in a column above the bars; none unless there are as many as a slip has answers."""
    import cv2
    import numpy as np

    high, wide = picture.shape
    least, most = (side * DPI for side in _SIDES)
    top = max(round(bars_y - _TALL * DPI), 0)
    strip = picture[top : round(bars_y + most)]
    # A box's line is black and half a dot wide at least; within it the paper is bare, but for the line's soft edge.
    _, _, stats, _ = cv2.connectedComponentsWithStats((strip < 160).astype(np.uint8), connectivity=8)
    columns: dict[int, list[tuple[int, int, int]]] = {}
    for x, y, w, h, area in (map(int, row) for row in stats[1:]):
        square = least <= w <= most and abs(w - h) <= 2 and area < w * h / 2
        if square and 0 < y < bars_y - top and strip[y + 6 : y + h - 6, x + 6 : x + w - 6].min() > 200:
            columns.setdefault(round(x / 4), []).append((y + top, x, w))
    for found in columns.values():
        if len(found) == len(TICKS):
            return tuple(Place(x / wide, y / high, (x + w) / wide, (y + w) / high) for y, x, w in sorted(found))
    return ()


def slip_lies(
    issued: IssuedSlip, lies: tuple[float, float, float, float, float, float]
) -> tuple[float, float, float, float, float, float]:
    """Where the letter's page lies, of which the slip's bars ``lie`` as on a page with them in its middle."""
    a, b, c, d, e, f = lies
    i, j = 0.5 - issued.bars[0] / PAGE[0], 0.5 - issued.bars[1] / PAGE[1]
    return a, b, c + a * i + b * j, d, e, f + d * i + e * j


def read_slips(data: bytes, pages: FilePages, letters: Mapping[str, bytes], *, most_pages: int) -> FilePages:
    """``pages`` of ``data`` with what is ticked on the reply slips of these ``letters``, by document id.

    Only pictures of paper are looked at. Never raises for bad bytes: what can't be laid on its letter has no readings.
    """
    wanted = {page.number for page in pages.pages if _is_slip(page, letters)}
    if not wanted:
        return pages
    slips = {document_id: issued_slip(letter, document_id) for document_id, letter in letters.items()}
    seen: dict[int, PageFacts] = {}
    with suppress(UnreadablePages, TooManyPages):
        for sheet in sheets(data, most_pages=most_pages, only=wanted):
            for place, page in enumerate(pages.pages):
                slip = slips.get(page.document_id or "") if _is_slip(page, letters) else None
                if slip is not None and page.number == sheet.number:
                    seen[place] = _with_ticks(page, sheet, slip)
    return replace(pages, pages=tuple(seen.get(place, page) for place, page in enumerate(pages.pages)))


def _is_slip(page: PageFacts, letters: Mapping[str, bytes]) -> bool:
    return page.scanned and page.kind is PageKind.REPLY_SLIP and page.document_id in letters and page.lies is not None


def _with_ticks(page: PageFacts, sheet: Sheet, slip: IssuedSlip) -> PageFacts:
    import numpy as np

    if sheet.picture is None or page.lies is None or not slip.ticks:
        return page
    picture: Picture = np.asarray(sheet.picture)
    registration = register(picture, slip, slip_lies(slip, page.lies))
    if registration is None:
        return page
    readings = _readings(picture, slip, registration, bilevel=sheet.bilevel)
    if page.incomplete:
        readings = [BoxReading.UNSURE if each is BoxReading.EMPTY else each for each in readings]
    dots = min(sheet.dots, dots_of(registration)) if sheet.dots > 1 else dots_of(registration)
    marks = find_handwriting(picture, slip, registration, bilevel=sheet.bilevel, dots=dots)
    ticks = {answer.value: reading for answer, reading in zip(TICKS, readings, strict=True)}
    return replace(page, ticks=ticks, marks_elsewhere=None if marks is None else bool(marks), marks=marks or ())


def _readings(picture: Picture, slip: IssuedSlip, registration: Registration, *, bilevel: bool) -> list[BoxReading]:
    """What is seen in each box, from the uppermost."""
    import cv2
    import numpy as np

    high, wide = slip.picture.shape
    # All of the slip, since a page's noise isn't told from a few boxes.
    top, bottom = round(slip.region.top * high), round(slip.region.bottom * high)
    page = laid(picture, registration, (0, top, wide, bottom))
    _, darkness = paper_and_darkness(page, bilevel=bilevel)
    printed = print_on(slip.picture, (0, top, wide, bottom), _PRINT)
    added = ((darkness < (0.5 if bilevel else _DARKER)) & ~printed).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(added, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] / MM**2
    poor = registration.alike < LEAST_ALIKE or noise_on(stats, ~printed) > MOST_NOISE
    frame = round(_FRAME * MM)
    local = [
        (
            round(box.left * wide) + frame,
            round(box.top * high) - top + frame,
            round(box.right * wide) - frame,
            round(box.bottom * high) - top - frame,
        )
        for box in slip.ticks
    ]
    within = np.array([_within(labels, box, count) for box in local])
    large = areas >= _SPECK
    large[0] = False
    readings = []
    for number, box in enumerate(local):
        inside = within[number] * large
        # A stroke of another box that reaches over is that box's.
        mine = inside * (inside * 3 >= within.sum(axis=0) - within[number])
        ink = float(inside.sum())
        readings.append(
            _reading(ink, _reach(labels, np.flatnonzero(mine), box), _beside(labels, large, within, box), poor)
        )
    return readings


def _within(labels: Any, box: tuple[int, int, int, int], count: int) -> Any:
    """Square millimetres that each spot has within a box."""
    import numpy as np

    x0, y0, x1, y1 = box
    found = np.bincount(labels[y0:y1, x0:x1].ravel(), minlength=count) / MM**2
    found[0] = 0
    return found


def _reach(labels: Any, spots: Any, box: tuple[int, int, int, int]) -> float:
    """Millimetres that these spots reach in a box, across or down."""
    import numpy as np

    x0, y0, x1, y1 = box
    rows, columns = np.nonzero(np.isin(labels[y0:y1, x0:x1], spots) & (labels[y0:y1, x0:x1] > 0))
    return max(float(np.ptp(rows)), float(np.ptp(columns))) / MM if rows.size else 0.0


def _beside(labels: Any, large: Any, within: Any, box: tuple[int, int, int, int]) -> float:
    """Square millimetres of strokes beside a box that are in none."""
    import numpy as np

    around = round(_BESIDE * MM)
    x0, y0, x1, y1 = box
    near = labels[max(y0 - around // 2, 0) : y1 + around // 2, max(x0 - around, 0) : x1 + around]
    loose = large & (within.sum(axis=0) < _SPECK)
    return float(np.count_nonzero(loose[near])) / MM**2


def _reading(ink: float, reach: float, beside: float, poor: bool) -> BoxReading:
    if ink >= _TICKED and reach >= _LONG and not poor:
        return BoxReading.SIGNED
    if ink < _NONE and beside < _TICKED and not poor:
        return BoxReading.EMPTY
    return BoxReading.UNSURE

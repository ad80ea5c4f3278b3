"""The address on a letter, as a #10 double-window envelope shows it after a C-fold.

Measured from the sheet's upper left corner, in inches (mailroom.md): the address is always visible only in
x 0.625–3.625, y 2.125–2.667, which is room for four lines; anything in x 0–4.625, y 1.667–3.125 may show. So the
address is set as large as its lines allow, never below 8 points, and what doesn't fit is held, not cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

VISIBLE = (0.625, 2.125, 3.625, 2.667)
"""Left, top, right, bottom in inches: always visible through the window, however the letter slides."""
MAY_SHOW = (0.0, 1.667, 4.625, 3.125)
"""Left, top, right, bottom in inches: may be seen through the window."""
UPPER_WINDOW = (0.0, 0.0, 4.625, 1.667)
"""Left, top, right, bottom in inches: the return window is cut here. Only the sender's street address may stand in
it."""

BARCODE_CLEAR = (0.125, 0.028)
"""Inches beside and above or below a barcode in which nothing may stand (USPS-B-3200)."""
BARCODE = (
    VISIBLE[0] + BARCODE_CLEAR[0],
    VISIBLE[1] + BARCODE_CLEAR[1],
    VISIBLE[0] + BARCODE_CLEAR[0] + 2.6875,
    VISIBLE[1] + 0.154,
)
"""Left, top, right, bottom in inches: where the Intelligent Mail barcode stands, above the address, where it has one.
It is 0.126 inch high, the least that is allowed being 0.125: the window leaves no more."""

INSET = 0.125
"""Inches between the visible part's left edge and the text, which so stands in line with the letter's own."""
_WIDTH = (VISIBLE[2] - VISIBLE[0] - INSET) * 72
_SIZES = {1: (11.0, 14.0), 2: (11.0, 14.0), 3: (10.5, 13.0), 4: (8.6, 9.5)}
"""Lines → (largest size, leading) in points that keep accents and descenders inside the visible height."""
_SIZES_UNDER_BARCODE = {1: (10.5, 13.0), 2: (10.5, 12.8), 3: (8.0, 8.5)}
"""The same where a barcode stands above: there is no room for four lines."""
SMALLEST = 8.0
"""Points: the least that the Postal Service reads by machine."""

Measure = Callable[[str], float]
"""The width of a line in ems."""


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """The lines of an address as set: ``size`` and ``leading`` in points, ``top`` in inches from the sheet's top.

    ``barcode``: room is left above for an Intelligent Mail barcode.
    """

    lines: tuple[str, ...]
    size: float
    leading: float
    barcode: bool = False

    @property
    def top(self) -> float:
        """Where the first line's box begins, so that the block stands in the middle of the height that it has."""
        above = BARCODE[3] + BARCODE_CLEAR[1] if self.barcode else VISIBLE[1]
        middle = (above + VISIBLE[3]) / 2
        return round(middle - len(self.lines) * self.leading / 144, 4)

    @property
    def left(self) -> float:
        """Inches from the sheet's left edge."""
        return VISIBLE[0] + INSET


def set_address(
    names: Sequence[str], streets: Sequence[str], city_line: str, measure: Measure, *, barcode: bool = False
) -> AddressBlock | None:
    """The address in the arrangement that can be set largest; None where none fits at 8 points.

    ``names`` is the addressee in one or two lines, ``streets`` one or two (a "c/o" line counts as one). Two street
    lines are joined with a comma where that lets the block be larger, as the Postal Service allows. A name that fits no
    line goes over two where the window has room. With ``barcode``
    room is left for one where an arrangement allows it.
    """
    names, streets = [*filter(None, names)], [*filter(None, streets)]
    for arranged in (names, *_in_two(" ".join(names), measure)):
        arrangements = dict.fromkeys(_arrangements(arranged, streets, city_line))
        for above in (True, False) if barcode else (False,):
            blocks = [block for lines in arrangements if (block := _fit(lines, measure, barcode=above))]
            if blocks:
                return max(blocks, key=lambda block: block.size)
    return None


def _in_two(name: str, measure: Measure) -> list[list[str]]:
    """A name over two lines, broken at the space that leaves the longer of them shortest; nothing where it has none."""
    places = [place for place, char in enumerate(name) if char == " "]
    halves = [[name[:place], name[place + 1 :]] for place in places]
    return [min(halves, key=lambda lines: max(map(measure, lines)))] if halves else []


def _arrangements(names: list[str], streets: list[str], city_line: str) -> Iterable[tuple[str, ...]]:
    for name_lines in (names, [" ".join(names)]):
        for street_lines in (streets, [", ".join(streets)]):
            yield (*name_lines, *street_lines, city_line)


def _fit(lines: tuple[str, ...], measure: Measure, *, barcode: bool) -> AddressBlock | None:
    sizes = _SIZES_UNDER_BARCODE if barcode else _SIZES
    if len(lines) not in sizes:
        return None
    size, leading = sizes[len(lines)]
    widest = max(measure(line) for line in lines)
    while widest * size > _WIDTH:
        # The next smaller half point: steps that are finer tell nobody anything, and each is a layout of its own.
        size = (ceil(size * 2) - 1) / 2
        if size < SMALLEST:
            return None
    return AddressBlock(lines, size, leading, barcode)


def city_line(city: str, state: str, zip_code: str) -> str:
    """``Boston, MA 02126-1234``: the last line, a nine-digit ZIP with its hyphen."""
    digits = zip_code.replace("-", "").replace(" ", "")
    shown = f"{digits[:5]}-{digits[5:]}" if len(digits) == 9 else zip_code
    return f"{city}, {state} {shown}".replace(",  ", ", ")

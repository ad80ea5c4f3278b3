"""The Intelligent Mail barcode above an address, drawn into the print file where the letter left room for it.

Geometry (USPS-B-3200): 65 bars, here 24 to an inch, so that the whole is 2.69 inches wide and fits the window with its
quiet zones; ascender, tracker and descender a third of the height each. ReportLab says which bar is which.
"""

from __future__ import annotations

from cpdocs.documents.envelope import BARCODE

_BARS = 65
_COLUMNS = 2 * _BARS - 1
"""A bar is as wide as the space after it: 1/48 inch."""
_PITCH = 1 / 24
WIDTH = _COLUMNS * _PITCH / 2
"""Inches from the first bar's left edge to the last one's right."""
_ROWS = {"F": (1, 1, 1), "A": (1, 1, 0), "D": (0, 1, 1), "T": (0, 1, 0)}
"""What a bar has: ascender, tracker, descender."""
_PAGE_HEIGHT = 792


def bars(tracking: str, zip_code: str) -> str:
    """The 65 bars of a barcode as letters: ``F`` full, ``A`` ascending, ``D`` descending, ``T`` tracker.

    ``tracking`` are its first twenty digits; of ``zip_code`` five or nine are the rest.
    """
    from reportlab.graphics.barcode.usps4s import USPS_4State

    symbol: str = USPS_4State(tracking, "".join(filter(str.isdigit, zip_code))).barcodes
    return symbol


def barcode(tracking: str, zip_code: str) -> bytes:
    """PDF operators that draw the barcode in the window, in points from the page's lower left."""
    symbol = bars(tracking, zip_code)
    data = bytearray()
    for row in range(3):
        line = 0
        for bar in symbol:
            line = line << 2 | _ROWS[bar][row] << 1
        # One column a bit; the space behind the last bar falls away with the padding.
        data += ((line >> 1) << (-_COLUMNS % 8)).to_bytes((_COLUMNS + 7) // 8, "big")
    left, top, _, bottom = BARCODE
    size = (WIDTH * 72, (bottom - top) * 72)
    place = b"q 0 g %.3f 0 0 %.3f %.3f %.3f cm" % (*size, left * 72, _PAGE_HEIGHT - bottom * 72)
    return place + b"\nBI/W %d/H 3/IM true/D[1 0]/F/AHx ID %b>\nEI Q" % (_COLUMNS, data.hex().encode())

"""What the envelope's windows would show, read from the finished letter itself.

Whatever the template did, only the address may lie where the window may open, and only the sender's street address
where the return window may (mailroom.md, "A run"). Where a barcode is to be printed, its place and its quiet zones are
empty. A letter that fails is held.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pypdfium2
import pypdfium2.raw as pdfium

from cpdocs.documents.envelope import BARCODE, BARCODE_CLEAR, MAY_SHOW, UPPER_WINDOW, VISIBLE, AddressBlock

_TOLERANCE = 0.01
"""Inches: rounding of glyph boxes."""

Region = tuple[float, float, float, float]
"""Left, top, right, bottom in inches from the sheet's upper left corner."""


BARCODE_ZONE: Region = (
    BARCODE[0] - BARCODE_CLEAR[0],
    BARCODE[1] - BARCODE_CLEAR[1],
    BARCODE[2] + BARCODE_CLEAR[0],
    BARCODE[3] + BARCODE_CLEAR[1],
)
"""A barcode with its quiet zones: the letter has nothing here where one is to be printed."""


def window_faults(pdf: bytes, address: AddressBlock, return_lines: Sequence[str]) -> tuple[str, ...]:
    """Why the letter can't go into a window envelope, as codes; empty where it can.

    ``outside_window``: part of the address may be hidden, or something else may show; ``window_text``: the visible text
    isn't the address; ``return_window``: something else than the sender's street address stands where the return window
    opens; ``barcode_zone``: something stands where the barcode goes.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        height = page.get_height()
        faults = []
        boxes = [(kind, box) for kind, box in _boxes(page, height) if overlap(box, MAY_SHOW)]
        if any(kind != pdfium.FPDF_PAGEOBJ_TEXT or not inside(box, VISIBLE) for kind, box in boxes):
            faults.append("outside_window")
        if _text_in(page, MAY_SHOW, height) != bare(address.lines):
            faults.append("window_text")
        if address.barcode and any(overlap(box, BARCODE_ZONE) for _, box in boxes):
            faults.append("barcode_zone")
        upper = [kind for kind, box in _boxes(page, height) if overlap(box, UPPER_WINDOW)]
        if any(kind != pdfium.FPDF_PAGEOBJ_TEXT for kind in upper) or _text_in(page, UPPER_WINDOW, height) != bare(
            return_lines
        ):
            faults.append("return_window")
        return tuple(faults)
    finally:
        document.close()


def _boxes(page: pypdfium2.PdfPage, height: float) -> list[tuple[int, Region]]:
    found = []
    for thing in page.get_objects(max_depth=6):
        if thing.type == pdfium.FPDF_PAGEOBJ_FORM:
            continue
        left, bottom, right, top = thing.get_bounds()
        found.append((thing.type, (left / 72, (height - top) / 72, right / 72, (height - bottom) / 72)))
    return found


def overlap(box: Region, zone: Region) -> bool:
    """Whether the box reaches into the zone by more than rounding."""
    return (
        box[0] < zone[2] - _TOLERANCE
        and box[2] > zone[0] + _TOLERANCE
        and box[1] < zone[3] - _TOLERANCE
        and box[3] > zone[1] + _TOLERANCE
    )


def inside(box: Region, zone: Region) -> bool:
    """Whether the box lies in the zone but for rounding."""
    return (
        box[0] >= zone[0] - _TOLERANCE
        and box[2] <= zone[2] + _TOLERANCE
        and box[1] >= zone[1] - _TOLERANCE
        and box[3] <= zone[3] + _TOLERANCE
    )


def _text_in(page: pypdfium2.PdfPage, zone: Region, height: float) -> str:
    text_page = page.get_textpage()
    try:
        left, top, right, bottom = (inches * 72 for inches in zone)
        return bare([text_page.get_text_bounded(left=left, bottom=height - bottom, right=right, top=height - top)])
    finally:
        text_page.close()


_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+")


def bare(lines: Sequence[str]) -> str:
    """The text without white space, joiners and differences of encoding, and without the order of right-to-left
    letters.

    PDFium reads the letters of a right-to-left ligature backwards (lam-alef, and others by font), so that a name would
    be held or not by its spelling: of such a stretch which letters stand there is compared, and how often.
    """
    text = "".join(char for char in unicodedata.normalize("NFKC", "".join(lines)) if unicodedata.category(char) != "Cf")
    return _RIGHT_TO_LEFT.sub(lambda run: "".join(sorted(run[0])), re.sub(r"\s+", "", text))

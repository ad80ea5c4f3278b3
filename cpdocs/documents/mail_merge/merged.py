"""What a merged letter is: its pages' operators, ready to be written into a print file."""

from __future__ import annotations

from dataclasses import dataclass

TO_PIXELS = b"1 0 0 -1 0 792 cm\n.75 0 0 .75 0 0 cm"
"""From PDF's points, from the lower left of a US Letter page, to CSS pixels from its upper left."""


@dataclass(frozen=True, slots=True)
class SharedPart:
    """The part of a page that is the same in many letters: its operators, deflated, and a PDF of one page with the
    pictures and effects that they name (empty where there are none).

    Operators are in CSS pixels. Where they name pictures they begin in PDF's points instead, and end in CSS pixels:
    readers disagree about the place of a gradient in a drawing that has units of its own.
    """

    operators: bytes
    pictures: bytes = b""


@dataclass(frozen=True, slots=True)
class Side:
    """A page: the digest of its shared part, and its own operators, deflated."""

    shared: bytes
    own: bytes


@dataclass(frozen=True, slots=True)
class MergedLetter:
    """A letter's pages, the SHA-256 of everything that is drawn on them, and whether there is room for a barcode."""

    sides: tuple[Side, ...]
    sha256: str
    barcode: bool

"""What a merged letter is: its pages' operators, ready to be written into a print file."""

from __future__ import annotations

from dataclasses import dataclass


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

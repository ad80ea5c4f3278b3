"""The code on a sheet's front as a few operators, made fast: thousands of codes that differ in a number.

A QR symbol is affine in its data: with version, level and mask fixed, each bit of the data turns over the same modules
whatever the others are. So a pair of letters adds a pattern that can be kept, and a symbol is the sum of its pairs. The
patterns are taken from segno, which is asked for one symbol per bit; the first symbol of every length is compared with
segno's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import segno

from cpdocs.core.letters import SheetMark
from cpdocs.documents.printfile import CODE_LEFT, CODE_SIZE, CODE_TOP
from cpdocs.errors import Defect

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_MASK = 3
_PX = 96


def sheet_code(mark: SheetMark) -> bytes:
    """PDF operators that draw the code of one sheet, in CSS pixels from the page's upper left."""
    text = mark.text
    return _picture(*_symbol(text))


def _symbol(text: str) -> tuple[int, int]:
    """The symbol of ``text`` as one number, a bit for each module, and its modules a side."""
    base, side, pairs, single = _patterns(len(text))
    bits = base
    for place in range(len(text) // 2):
        value = _ALPHABET.index(text[2 * place]) * 45 + _ALPHABET.index(text[2 * place + 1])
        bits ^= _sum(pairs[place], value)
    if single:
        bits ^= _sum(single, _ALPHABET.index(text[-1]))
    return bits, side


def _sum(patterns: Sequence[int], value: int) -> int:
    total = 0
    for pattern in patterns:
        if value & 1:
            total ^= pattern
        value >>= 1
    return total


@lru_cache(maxsize=64)
def _patterns(length: int) -> tuple[int, int, tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """For texts of ``length`` letters: the symbol of zeros, its side, and what each bit of each pair turns over."""
    zeros = "0" * length
    base, side = _asked(zeros)
    pairs = []
    for place in range(length // 2):
        changes = []
        for bit in range(11):
            first, second = divmod(1 << bit, 45)
            text = zeros[: 2 * place] + _ALPHABET[first] + _ALPHABET[second] + zeros[2 * place + 2 :]
            changes.append(_asked(text)[0] ^ base)
        pairs.append(tuple(changes))
    single: tuple[int, ...] = ()
    if length % 2:
        # One letter has six bits, the highest of which no letter has alone with all others: 32 to 44 are enough.
        single = tuple(_asked(zeros[:-1] + _ALPHABET[1 << bit])[0] ^ base for bit in range(6))
    return base, side, tuple(pairs), single


def _asked(text: str) -> tuple[int, int]:
    symbol = segno.make(text, error="m", mode="alphanumeric", micro=False, boost_error=False, mask=_MASK)
    rows = [int("".join("1" if module else "0" for module in row), 2) for row in symbol.matrix]
    side = len(rows)
    bits = 0
    for row in rows:
        bits = bits << side | row
    return bits, side


def check(mark: SheetMark) -> None:
    """Compares the code of ``mark`` with segno's own. Raises Defect where they differ."""
    if _symbol(mark.text) != _asked(mark.text):
        raise Defect(
            "Sheet codes can't be made: segno's symbols aren't what they were.",
            todo="Install the versions in requirements.lock.",
        )


def _picture(bits: int, side: int) -> bytes:
    """The symbol as an inline image mask; pixels run from the upper left, so the page's flipped axis is flipped
    back."""
    width = (side + 7) // 8 * 8
    rows = bytearray()
    for row in range(side):
        line = bits >> (side * (side - 1 - row)) & ((1 << side) - 1)
        rows += (line << (width - side)).to_bytes(width // 8, "big")
    size = CODE_SIZE * _PX
    place = b"q 0 g %.3f 0 0 -%.3f %.3f %.3f cm" % (size, size, CODE_LEFT * _PX, CODE_TOP * _PX + size)
    return place + b"\nBI/W %d/H %d/IM true/D[1 0]/F/AHx ID %b>\nEI Q" % (side, side, rows.hex().encode())

"""Reads an Intelligent Mail barcode, from its 65 bars or from a picture: written from USPS-B-3200 alone, apart from
what draws them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

_GENERATOR = 0xF35
_LAST_CODEWORDS = (1365, 636)

# Appendix D: where each bit of the ten characters stands. Places 1 to 65 are the bars' descenders, 66 to 130 their
# ascenders.
_PLACES = (
    *(67, 6, 78, 16, 86, 95, 34, 40, 45, 113, 117, 121, 62, 87, 18, 104, 41, 76, 57, 119, 115, 72, 97, 2, 127, 26),
    *(105, 35, 122, 52, 114, 7, 24, 82, 68, 63, 94, 44, 77, 112, 70, 100, 39, 30, 107, 15, 125, 85, 10, 65, 54, 88),
    *(20, 106, 46, 66, 8, 116, 29, 61, 99, 80, 90, 37, 123, 51, 25, 84, 129, 56, 4, 109, 96, 28, 36, 47, 11, 71),
    *(33, 102, 21, 9, 17, 49, 124, 79, 64, 91, 42, 69, 53, 60, 14, 1, 27, 103, 126, 75, 89, 50, 120, 19, 32, 110),
    *(92, 111, 130, 59, 31, 12, 81, 43, 55, 5, 74, 22, 101, 128, 58, 118, 48, 108, 38, 98, 93, 23, 83, 13, 73, 3),
)


def decode(bars: str) -> tuple[str, str]:
    """The twenty digits of tracking and the ZIP's digits that 65 bars (F, A, D, T) say. Raises ValueError where they
    say nothing."""
    if len(bars) != 65:
        raise ValueError(f"{len(bars)} bars")
    descends = [bar in "FD" for bar in bars]
    ascends = [bar in "FA" for bar in bars]
    dark = descends + ascends
    bits = [dark[place - 1] for place in _PLACES]
    characters = [sum(bits[13 * index + bit] << bit for bit in range(13)) for index in range(10)]
    table = {pattern: value for value, pattern in enumerate(_patterns(5) + _patterns(2))}
    check = 0
    words = []
    for index, character in enumerate(characters):
        if character not in table:
            character ^= 0x1FFF
            check |= 1 << index
        words.append(table[character])
    if words[0] >= 659:
        words[0] -= 659
        check |= 1 << 10
    if words[9] % 2:
        raise ValueError("upside down")
    words[9] //= 2
    value = 0
    for word in words[:9]:
        value = value * _LAST_CODEWORDS[0] + word
    value = value * _LAST_CODEWORDS[1] + words[9]
    if _check_sequence(value) != check:
        raise ValueError("the check sequence differs")
    return _digits(value)


def _digits(value: int) -> tuple[str, str]:
    tracking = ""
    for _ in range(18):
        value, digit = divmod(value, 10)
        tracking = f"{digit}{tracking}"
    value, digit = divmod(value, 5)
    tracking = f"{digit}{tracking}"
    value, digit = divmod(value, 10)
    tracking = f"{digit}{tracking}"
    for count, offset in ((11, 1_000_100_001), (9, 100_001), (5, 1)):
        if value >= offset:
            return tracking, f"{value - offset:0{count}d}"
    return tracking, ""


def _patterns(ones: int) -> list[int]:
    """The thirteen-bit characters with that many ones, in the order of their values: pairs of mirror images first."""
    low: list[int] = []
    own_mirror: list[int] = []
    for pattern in range(1 << 13):
        if pattern.bit_count() != ones:
            continue
        mirror = int(f"{pattern:013b}"[::-1], 2)
        if mirror > pattern:
            low += [pattern, mirror]
        elif mirror == pattern:
            own_mirror.insert(0, pattern)
    return low + own_mirror


def _check_sequence(value: int) -> int:
    """The eleven-bit frame check sequence over 102 bits."""
    data = value.to_bytes(13, "big")
    check = 0x7FF
    for index, byte in enumerate(data):
        shift, rounds = (byte << 5, 6) if index == 0 else (byte << 3, 8)
        for _ in range(rounds):
            check = (check << 1 ^ _GENERATOR if (check ^ shift) & 0x400 else check << 1) & 0x7FF
            shift <<= 1
    return check


def bars_in(picture: Any) -> str:
    """The 65 bars in a picture (grey, dark on light) of nothing but the barcode and its quiet zones."""
    width, height = picture.size
    pixels = picture.load()
    columns = [[pixels[x, y] < 128 for y in range(height)] for x in range(width)]
    found = []
    for has_ink, places in groupby(range(width), key=lambda x: any(columns[x])):
        if has_ink:
            xs = list(places)
            middle = columns[xs[len(xs) // 2]]
            rows = [y for y, dark in enumerate(middle) if dark]
            found.append((rows[0], rows[-1]))
    top, bottom = min(first for first, _ in found), max(last for _, last in found)
    third = (bottom - top) / 3
    kinds = {(True, True): "F", (True, False): "A", (False, True): "D", (False, False): "T"}
    return "".join(kinds[first < top + third / 2, last > bottom - third / 2] for first, last in found)

"""A BigTIFF with its high byte first, as some scanners' servers write it, as the classic TIFF that Pillow reads.

Pillow reads BigTIFF with the low byte first alone. Strips and tiles stay where they are; the directories are written
anew behind them with offsets of 32 bits, which is enough for any file that is taken in (TIFF 6.0, section 2; BigTIFF
design, 2004).
"""

from __future__ import annotations

import struct

_BIG, _CLASSIC = b"MM\x00+", b"MM\x00*"
_HEADER, _FIRST = 16, 8
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by its type."""
_NARROW = {16: (4, "Q", "I"), 17: (9, "q", "i"), 18: (13, "Q", "I")}
"""The types of 64 bits that are new in BigTIFF, and those of 32 bits that say the same."""
_MOST_DIRECTORIES = 1000
_MOST_ENTRIES = 400
_MOST_VALUES = 4 << 20
"""Bytes of one entry's values: the offsets of half a million strips."""


def is_big_endian(data: bytes) -> bool:
    """Whether ``data`` begins as a BigTIFF with its high byte first."""
    return data.startswith(_BIG)


def as_classic(data: bytes) -> bytes:
    """The same pages as a classic TIFF. Raises ValueError or struct.error for a file whose directories are damaged."""
    if len(data) < _HEADER:
        raise ValueError
    out = bytearray(data)
    out[:_FIRST] = _CLASSIC + bytes(4)
    link = 4
    at = struct.unpack_from(">Q", data, _FIRST)[0]
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) >= _MOST_DIRECTORIES:
            raise ValueError
        seen.add(at)
        directory, at = _directory(data, at, out)
        struct.pack_into(">I", out, link, len(out))
        out += directory
        link = len(out) - 4
    return bytes(out)


def _directory(data: bytes, at: int, out: bytearray) -> tuple[bytes, int]:
    """A directory as the classic form has it, its longer values put behind ``out``; and where the next one lies."""
    count = struct.unpack_from(">Q", data, at)[0]
    if count > _MOST_ENTRIES:
        raise ValueError
    entries = [_entry(data, at + 8 + 20 * number, out) for number in range(count)]
    following = struct.unpack_from(">Q", data, at + 8 + 20 * count)[0]
    if len(out) % 2:
        out += b"\0"
    return struct.pack(">H", count) + b"".join(entries) + bytes(4), following


def _entry(data: bytes, at: int, out: bytearray) -> bytes:
    tag, kind, count = struct.unpack_from(">HHQ", data, at)
    size = _SIZES.get(kind, 1) * count
    if size > _MOST_VALUES:
        raise ValueError
    start = at + 12 if size <= 8 else struct.unpack_from(">Q", data, at + 12)[0]
    values = data[start : start + size]
    if len(values) != size:
        raise ValueError
    if kind in _NARROW:
        kind, wide, narrow = _NARROW[kind]
        values = struct.pack(f">{count}{narrow}", *struct.unpack(f">{count}{wide}", values))
    if len(values) > 4:
        if len(out) % 2:
            out += b"\0"
        values, place = struct.pack(">I", len(out)), values
        out += place
    return struct.pack(">HHI", tag, kind, count) + values.ljust(4, b"\0")

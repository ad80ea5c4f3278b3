"""The line end behind a file's last end mark, which mail systems take away, add to or change.

White space alone is transport, and accuses nobody. Where the last byte range says that a line end was signed there, the
file is read with that line end; that it is the one that was signed, the signature's digest proves. Where the digest
doesn't, the file may have been altered too: nobody can tell, and a person must look (contract §1: unsure is held).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from cpdocs.signing.file_facts import FileFacts

SPACE = b"\r\n\t "
MOST_SPACE = 16
"""Bytes of white space that a mail system may leave behind a file."""
_MARK = b"%%EOF"
_LINE_ENDS = {1: ((b"\n",), (b"\r",)), 2: ((b"\r\n",), (b"\n\n",))}
"""By its size, with what a signing program ends its last line; those behind are rare, and tried where bytes are
missing."""
_RANGE = re.compile(
    rb"/ByteRange\s{0,16}\[\s{0,16}0\s{1,16}[0-9]{1,10}\s{1,16}([0-9]{1,10})\s{1,16}([0-9]{1,10})(?=[\s\]])"
)


class LineEnd(Enum):
    """How the bytes that were signed are had from a file."""

    AS_IT_CAME = auto()
    RESTORED = auto()
    """With another line end than the file's own; the last signature proves it."""
    UNPROVEN = auto()
    """Bytes of it are missing, and with no line end the last signature is sound."""


@dataclass(frozen=True, slots=True)
class AsSigned:
    """A file's bytes as they were signed, what they show, and how they were had."""

    data: bytes
    facts: FileFacts
    line_end: LineEnd


def as_signed(data: bytes, read: Callable[[bytes], FileFacts]) -> AsSigned:
    """``data`` as it was signed. ``read`` gives the facts of such bytes; it is asked again only where the line end at
    the end of the file isn't the one that the last byte range has in it."""
    facts = read(data)
    end, others = _other_ends(data)
    if not others or _sound(facts, end):
        return AsSigned(data, facts, LineEnd.AS_IT_CAME)
    readings = [(each, read(each)) for each in others]
    for each, found in readings:
        if _sound(found, end):
            return AsSigned(each, found, LineEnd.RESTORED)
    if len(data) >= end:
        return AsSigned(data, facts, LineEnd.AS_IT_CAME)
    return AsSigned(*readings[0], LineEnd.UNPROVEN)


def may_differ(data: bytes) -> bool:
    """Whether another line end at its end may be the one that was signed; parses nothing."""
    return bool(_other_ends(data)[1])


def as_issued(data: bytes) -> bytes:
    """``data`` with the line end of a plan that we issued, where only white space stands behind its end mark."""
    end = _end_of_mark(data)
    return data[:end] + b"\n" if end else data


def _other_ends(data: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Where the last byte range ends, and ``data`` with the line ends that may have stood there instead of its own."""
    body = _end_of_mark(data)
    end = max((int(each[1]) + int(each[2]) for each in _RANGE.finditer(data)), default=0)
    likely, others = _LINE_ENDS.get(end - body if body else 0, ((), ()))
    ends = likely if len(data) >= end else (*likely, *others)
    return end, tuple(data[:body] + each for each in ends if not data.startswith(each, body))


def _end_of_mark(data: bytes) -> int:
    """Where the last end mark ends, if nothing but a little white space follows it; 0 else."""
    mark = data.rfind(_MARK, max(0, len(data) - len(_MARK) - MOST_SPACE))
    return mark + len(_MARK) if mark >= 0 and not data[mark + len(_MARK) :].strip(SPACE) else 0


def _sound(facts: FileFacts, end: int) -> bool:
    return any(each.end == end and each.sound for each in facts.signatures)

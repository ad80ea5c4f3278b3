"""Outlook's own wrapper, the ``winmail.dat``: what was attached to the message in it ([MS-OXTNEF], 2.1).

A stream of attributes, each with its level, its identifier, its length and a sum. Only the attachments' contents are
looked at; the message itself is in a packed form of its own, which a mail around it says once more in plain text.
"""

from __future__ import annotations

import struct

_START = struct.Struct("<IH")
_HEAD = struct.Struct("<BII")
_SUM = 2
_BEGINS = 0x00069002
"""attAttachRendData: another attachment begins ([MS-OXTNEF] 2.1.3.3.15)."""
_CONTENT = 0x0006800F
"""attAttachData: what is in it."""


def attached(data: bytes) -> tuple[list[bytes], int]:
    """The attachments' contents in order, and how many have none that could be taken out: a message within the message,
    an object of another program. Raises ValueError where the stream breaks off."""
    at = _START.size
    found: list[bytes] = []
    begun = 0
    while at < len(data):
        if at + _HEAD.size > len(data):
            raise ValueError
        _, kind, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if at + length + _SUM > len(data):
            raise ValueError
        begun += kind == _BEGINS
        if kind == _CONTENT:
            found.append(data[at : at + length])
        at += length + _SUM
    return found, max(begun - len(found), 0)

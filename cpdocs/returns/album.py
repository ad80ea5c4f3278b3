"""The pictures that a reviewer looks at: every page of a returned file upright beside the issued one, boxes enlarged.

A child process drew them with a stranger's file in its hands: what is taken of it are plain pictures, and nothing else.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import PageKind
from cpdocs.core.verdicts import Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpdocs.core.page_facts import BoxReading, PageFacts, Place
    from cpdocs.scans.pictures import Pictures

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 20_000_000
_CHANNELS = {0: 1, 2: 3}
_KINDS = {
    PageKind.COVER: "the cover page",
    PageKind.REPLY_SLIP: "the reply slip",
    PageKind.LETTER: "a letter",
    PageKind.BLANK: "an empty page",
}


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: PNG, and its size in pixels."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page as it came: what it is, its picture and that of the page issued (None: there is none); ``marks`` are
    handwriting on it outside the boxes, or what differs. ``file`` and ``number`` say which page of which file it is,
    from 1; ``unread``, that it bears no code that could be read."""

    title: str
    plan_page: int
    came: Shot
    issued: Shot | None
    marks: Sequence[Place] = ()
    file: int = 1
    number: int = 1
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """One signature box with the lines beside it, enlarged, as it came and as issued; what is seen in it."""

    slot: Slot
    reading: BoxReading | None
    came: Shot
    issued: Shot | None


@dataclass(frozen=True, slots=True)
class Album:
    """All pictures of one file, or of the files of one item. ``cut_short``: there are more pages than are drawn, or a
    file broke off."""

    leaves: Sequence[Leaf] = ()
    boxes: Sequence[Box] = ()
    cut_short: bool = False


def album(made: Pictures | None) -> Album:
    """What a child drew, its pictures held to be nothing but pictures."""
    if made is None:
        return Album()
    leaves = [
        Leaf(
            _title(each.facts),
            each.facts.plan_page or 0,
            came,
            shot(each.issued_png),
            each.marks,
            each.file,
            each.facts.number,
            each.facts.document_id is None and each.facts.kind is PageKind.UNKNOWN,
        )
        for each in made.pages
        if (came := shot(each.png))
    ]
    boxes = [
        Box(each.slot, each.reading, came, shot(each.issued_png)) for each in made.boxes if (came := shot(each.png))
    ]
    return Album(leaves, boxes, made.cut_short or len(leaves) < len(made.pages))


def bound(albums: Sequence[Album], most_pages: int) -> Album:
    """The albums of an item's files, one of each, as one: the plan's pages in their order, the member's box first."""
    leaves = [replace(leaf, file=number) for number, each in enumerate(albums, 1) for leaf in each.leaves]
    boxes = [box for each in albums for box in each.boxes]
    return Album(
        sorted(leaves[:most_pages], key=lambda leaf: leaf.plan_page or 1 << 16),
        sorted(boxes, key=lambda box: box.slot is Slot.PCP),
        len(leaves) > most_pages or any(each.cut_short for each in albums),
    )


def _title(page: PageFacts) -> str:
    if page.kind is PageKind.PLAN and page.plan_page:
        return f"Page {page.plan_page}"
    return _KINDS.get(page.kind, f"page {page.number} of the file, without our codes").capitalize()


def shot(data: bytes) -> Shot | None:
    """A child's PNG as a browser may be given it: gray or colors of 8 bits, of a size that is borne, nothing in it but
    the pixels that its header names. None for anything else: the child had a stranger's file in its hands."""
    if not data.startswith(_SIGNATURE):
        return None
    at, packed, head = len(_SIGNATURE), [], b""
    while at + 12 <= len(data):
        (length,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if len(body) != length or data[at + 8 + length : at + 12 + length] != zlib.crc32(kind + body).to_bytes(4):
            return None
        if (kind == b"IHDR") != (not head) or kind not in (b"IHDR", b"IDAT", b"IEND"):
            return None
        head = head or body
        packed += [body] if kind == b"IDAT" else []
        at += 12 + length
        if kind == b"IEND":
            break
    if at != len(data) or len(head) != 13:
        return None
    width, height, depth, color, *rest = struct.unpack(">IIBBBBB", head)
    if depth != 8 or color not in _CHANNELS or any(rest) or not 0 < width * height <= _MOST_PIXELS:
        return None
    size = height * (width * _CHANNELS[color] + 1)
    unpacking = zlib.decompressobj()
    try:
        pixels = unpacking.decompress(b"".join(packed), size + 1)
    except zlib.error:
        return None
    whole = len(pixels) == size and unpacking.eof and not unpacking.unused_data
    return Shot(data, width, height) if whole else None

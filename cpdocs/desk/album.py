"""The pictures that a reviewer looks at: every page of a returned file upright beside the issued one, boxes enlarged.

Drawn by the use case that ``held show --pictures`` calls, in a confined child, ahead of being asked for where that can
be known; kept in memory for the few items at hand, never on the disk.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.core.page_facts import PageKind
from cpdocs.core.verdicts import Slot
from cpdocs.errors import CpdocsError
from cpdocs.returns.comparing import ToDraw, draw_pictures, named_in, to_draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpdocs.core.page_facts import BoxReading, PageFacts, Place
    from cpdocs.scans.page_pictures import PagePicture
    from cpdocs.scans.pictures import Pictures
    from cpdocs.workspace import Workspace

_KEPT = 12
"""Items whose pictures are kept: a page has some 150 KB with the issued one."""
_Given: TypeAlias = tuple[ToDraw, int]
"""What is drawn, and how many pages at most."""
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
    """All pictures of one item. ``cut_short``: there are more pages than are drawn, or a file broke off."""

    leaves: Sequence[Leaf] = ()
    boxes: Sequence[Box] = ()
    cut_short: bool = False


class Albums:
    """The albums of the items at hand, drawn one after the other beside the answers: by a thread that keeps nobody from
    ending."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[str, ...], Future[Album]] = OrderedDict()
        self._wanted: SimpleQueue[tuple[Future[Album], _Given]] = SimpleQueue()
        self._thread: Thread | None = None

    def begin(self, ws: Workspace, files: Sequence[str], document_id: str) -> Future[Album]:
        """Has these files (by SHA-256) drawn beside the plan (empty: none is known), unless they are already."""
        named = named_in(ws, files)
        key = (document_id, *files, repr(named))
        if key not in self._drawn:
            future = self._drawn[key] = Future()
            try:
                given = to_draw(ws, files, document_id, named), ws.options.max_return_pages
            except CpdocsError as error:  # whoever looks at it is told, and whoever only sees the list is not kept
                future.set_exception(error)
                return self._drawn.pop(key)
            if sum(map(len, given[0].files)) > ws.options.max_return_bytes:
                future.set_result(Album())
            else:
                self._wanted.put((future, given))
                self._work()
        self._drawn.move_to_end(key)
        while len(self._drawn) > _KEPT:
            _, unwanted = self._drawn.popitem(last=False)
            unwanted.cancel()
        return self._drawn[key]

    def _work(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._draw, name="drawing", daemon=True)
            self._thread.start()

    def _draw(self) -> None:
        while True:
            future, given = self._wanted.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(_draw(*given))
                except BaseException as error:  # noqa: BLE001 whoever asks for the pictures is told
                    future.set_exception(error)

    def of(self, ws: Workspace, files: Sequence[str], document_id: str) -> Album:
        """Their album; without pages where none can be drawn within the limits."""
        return self.begin(ws, files, document_id).result()


def _draw(given: ToDraw, most: int) -> Album:
    return album(draw_pictures(given, most_pages=most))


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
    return Album(
        sorted(leaves, key=lambda leaf: leaf.plan_page or 1 << 16),
        sorted(boxes, key=lambda box: box.slot is Slot.PCP),
        made.cut_short or len(leaves) < len(made.pages),
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


def png_of(page: PagePicture) -> Shot:
    """Bare gray pixels from a child as a PNG packed here."""
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("L", (page.width, page.height), page.pixels).save(out, "PNG", compress_level=1)
    return Shot(out.getvalue(), page.width, page.height)

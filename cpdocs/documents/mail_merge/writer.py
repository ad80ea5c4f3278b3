"""A PDF written object by object: what is written is forgotten, but for where it lies.

Memory stays small whatever the number of pages. The same calls give the same bytes. Syntax: ISO 32000-1, 7.5 (object
streams 7.5.7, cross-reference streams 7.5.8).
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable
from hashlib import sha256
from typing import BinaryIO

_PER_OBJECT_STREAM = 200
_KIDS = 128
"""Children of a node of the page tree."""
_FREE, _AT, _PACKED = 0, 1, 2


class PdfWriter:
    """Writes to ``target``, which is at its beginning, and ends with :meth:`finish`."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._digest = sha256()
        self._place = 0
        self._kinds = array("B", [_FREE])
        self._where = array("Q", [0])
        self._within = array("H", [65535])
        self._waiting: list[tuple[int, bytes]] = []
        self._pages = array("Q")
        self._parents: list[int] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def next_number(self) -> int:
        """The number that the next object gets."""
        return len(self._kinds)

    @property
    def pages(self) -> int:
        return len(self._pages)

    def reserve(self, count: int = 1) -> int:
        """The first of ``count`` new object numbers."""
        first = len(self._kinds)
        self._kinds.extend([_FREE] * count)
        self._where.extend([0] * count)
        self._within.extend([0] * count)
        return first

    def put(self, number: int, value: bytes) -> None:
        """Writes a value that isn't a stream as object ``number``."""
        self._waiting.append((number, value))
        if len(self._waiting) >= _PER_OBJECT_STREAM:
            self._pack()

    def put_stream(self, number: int, entries: bytes, data: bytes) -> None:
        """Writes a stream: ``entries`` are those of its dictionary but for Length, ``data`` its bytes as encoded."""
        self._at(number)
        self._write(b"%d 0 obj\n<<%b/Length %d>>stream\n%b\nendstream endobj\n" % (number, entries, len(data), data))

    def put_deflated(self, number: int, entries: bytes, data: bytes) -> None:
        """Writes a stream of ``data`` that zlib has deflated."""
        self.put_stream(number, entries + b"/Filter/FlateDecode", data)

    def put_written(self, number: int, body: bytes) -> None:
        """Writes an object whose whole body, a stream's too, somebody else has serialised."""
        self._at(number)
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def add_page(self, entries: bytes) -> None:
        """Adds a page at the end; ``entries`` are those of its dictionary but for Type and Parent."""
        if len(self._pages) % _KIDS == 0:
            self._parents.append(self.reserve())
        number = self.reserve()
        self.put(number, b"<</Type/Page/Parent %d 0 R%b>>" % (self._parents[-1], entries))
        self._pages.append(number)

    def finish(self, title: bytes) -> str:
        """Writes the page tree, the document's own objects and the cross-reference; gives the file's SHA-256."""
        root = self._page_tree()
        catalog, about = self.reserve(2), self.next_number - 1
        self.put(catalog, b"<</Type/Catalog/Pages %d 0 R>>" % root)
        self.put(about, b"<</Title(%b)/Producer(cpdocs)>>" % title)
        self._pack()
        self._cross_reference(catalog, about)
        return self._digest.hexdigest()

    def _page_tree(self) -> int:
        """Nodes of at most 128 children each, the leaves first; gives the root's number."""
        parts = (self._pages[start : start + _KIDS] for start in range(0, len(self._pages), _KIDS))
        level = [(parent, part, len(part)) for parent, part in zip(self._parents, parts, strict=True)]
        while True:
            groups = [level[start : start + _KIDS] for start in range(0, len(level), _KIDS)]
            uppers = [self.reserve() for _ in groups]
            for upper, group in zip(uppers, groups, strict=True):
                for number, kids, count in group:
                    self.put(
                        number, b"<</Type/Pages/Parent %d 0 R/Kids[%b]/Count %d>>" % (upper, _references(kids), count)
                    )
            level = [
                (upper, array("Q", [number for number, *_ in group]), sum(count for *_, count in group))
                for upper, group in zip(uppers, groups, strict=True)
            ]
            if len(level) == 1:
                root, kids, count = level[0]
                self.put(root, b"<</Type/Pages/Kids[%b]/Count %d>>" % (_references(kids), count))
                return root

    def _pack(self) -> None:
        if not self._waiting:
            return
        holder = self.reserve()
        heads, bodies, offset = [], [], 0
        for index, (number, body) in enumerate(self._waiting):
            self._kinds[number], self._where[number], self._within[number] = _PACKED, holder, index
            heads.append(b"%d %d" % (number, offset))
            bodies.append(body)
            offset += len(body) + 1
        head = b" ".join(heads) + b"\n"
        entries = b"/Type/ObjStm/N %d/First %d" % (len(bodies), len(head))
        self._waiting = []
        self.put_deflated(holder, entries, zlib.compress(head + b"\n".join(bodies)))

    def _cross_reference(self, catalog: int, about: int) -> None:
        number = self.reserve()
        start = self._place
        self._at(number)
        width = (max(self._where).bit_length() + 7) // 8
        rows = bytearray()
        for kind, where, within in zip(self._kinds, self._where, self._within, strict=True):
            rows += b"%c%b%b" % (kind, where.to_bytes(width, "big"), within.to_bytes(2, "big"))
        identifier = self._digest.hexdigest()[:32].encode()
        entries = b"/Type/XRef/Size %d/W[1 %d 2]/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]/Filter/FlateDecode" % (
            len(self._kinds),
            width,
            catalog,
            about,
            identifier,
            identifier,
        )
        data = zlib.compress(rows)
        self._write(b"%d 0 obj\n<<%b/Length %d>>stream\n%b\nendstream endobj\n" % (number, entries, len(data), data))
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)

    def _at(self, number: int) -> None:
        self._kinds[number], self._where[number] = _AT, self._place

    def _write(self, data: bytes) -> None:
        self._target.write(data)
        self._digest.update(data)
        self._place += len(data)


def _references(numbers: Iterable[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)

"""A tagged file put together from objects that were serialised, as ``pydyf.PDF.write`` writes it: pages first, then all
that letters of one layout and one set of fonts share, then the cross-reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from math import ceil, log
from typing import Any

import pydyf

from cpdocs.documents.mail_merge.internals.canvas import NotMergeable

_HEADER = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"


@dataclass(frozen=True, slots=True)
class Written:
    """An object that was serialised."""

    number: int
    data: bytes
    compressible: bool
    free: bool

    @classmethod
    def of(cls, thing: Any) -> Written:
        """``thing`` (pydyf's) as it is now."""
        free = thing.free == "f"
        return cls(thing.number, b"" if free else thing.data, thing.compressible, free)


def _row(kind: int, second: int, third: int, width: int) -> bytes:
    return kind.to_bytes(1, "big") + second.to_bytes(width, "big") + third.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class TaggedAssembly:
    """Everything of a file but its pages' operators and the cross-reference: what is digested before each page and
    after the last, the objects that follow the pages, with their places from there on, and the rows of the
    cross-reference by width."""

    digested: tuple[bytes, ...]
    behind: bytes
    places: tuple[tuple[int, int], ...]
    packed: tuple[int, ...]
    pages: tuple[int, ...]
    holder: int
    rows: dict[int, bytes]

    def rows_for(self, width: int) -> bytearray:
        """The cross-reference with the packed objects filled in; places of ``width`` bytes."""
        if width not in self.rows:
            rows = bytearray((3 + width) * (self.holder + 2))
            for index, number in enumerate(self.packed):
                rows[number * (3 + width) : (number + 1) * (3 + width)] = _row(2, self.holder, index, width)
            rows[: 3 + width] = _row(0, 0, 65535, width)
            self.rows[width] = bytes(rows)
        return bytearray(self.rows[width])

    def file(self, pages: Sequence[bytes], identifier: str, references: Mapping[str, bytes]) -> bytes:
        """The file with these pages, their operators deflated; ``references`` to its root and its information."""
        out = [_HEADER]
        place = len(_HEADER)
        digest = md5(self.digested[0], usedforsecurity=False)
        places: list[tuple[int, int]] = []
        for page, data, after in zip(self.pages, pages, self.digested[1:], strict=True):
            body = b"<</Filter /FlateDecode/Length %d>>\nstream\n%b\nendstream" % (len(data), data)
            digest.update(body)
            digest.update(after)
            places.append((page, place))
            out.append(b"%d 0 obj\n%b\nendobj\n" % (page, body))
            place += len(out[-1])
        places += [(number, place + offset) for number, offset in self.places]
        out.append(self.behind)
        place += len(self.behind)
        width = ceil(log(place + 1, 256))
        rows = self.rows_for(width)
        for number, where in [*places, (self.holder + 1, place)]:
            rows[number * (3 + width) : (number + 1) * (3 + width)] = _row(1, where, 0, width)
        extra = {
            "Type": "/XRef",
            "Index": pydyf.Array((0, self.holder + 2)),
            "W": pydyf.Array((1, width, 2)),
            "Size": self.holder + 2,
            **references,
            "ID": pydyf.Array((pydyf.String(identifier).data, pydyf.String(digest.hexdigest()).data)),
        }
        table = pydyf.Stream([bytes(rows)], extra, compress=True)
        table.number = self.holder + 1
        out += [table.indirect, b"\nstartxref\n%d\n%%%%EOF\n" % place]
        return b"".join(out)


def bind(things: Sequence[Any]) -> TaggedAssembly:
    """Binds a file's objects, each Written but for its pages' streams. Raises NotMergeable where pages don't come
    first."""
    digested: list[list[bytes]] = [[]]
    behind: list[bytes] = []
    places: list[tuple[int, int]] = []
    packed: list[Written] = []
    pages: list[int] = []
    offset = 0
    for thing in things:
        if not isinstance(thing, Written):
            if behind:
                raise NotMergeable
            pages.append(thing.number)
            digested.append([])
            continue
        if thing.free:
            continue
        digested[-1].append(thing.data)
        if thing.compressible:
            packed.append(thing)
        else:
            places.append((thing.number, offset))
            behind.append(b"%d 0 obj\n%b\nendobj\n" % (thing.number, thing.data))
            offset += len(behind[-1])
    heads, position = [], 0
    for thing in packed:
        heads += [thing.number, position]
        position += len(thing.data) + 1
    head = " ".join(map(str, heads))
    extra = {"Type": "/ObjStm", "N": len(packed), "First": len(head) + 1}
    holder = pydyf.Stream([head, *(thing.data for thing in packed)], extra, compress=True)
    holder.number = len(things)
    digested[-1].append(holder.data)
    places.append((holder.number, offset))
    behind.append(holder.indirect + b"\n")
    numbers = tuple(thing.number for thing in packed)
    return TaggedAssembly(
        tuple(map(b"".join, digested)), b"".join(behind), tuple(places), numbers, tuple(pages), holder.number, {}
    )

"""What was appended to an issued plan, byte by byte: a small, strict grammar of revisions.

After the issued bytes, every byte belongs to an object that its revision's one table lists, exactly once and at exactly
that place, or to that table, its trailer and its end; the table lists nothing else, and names the revision before as
the one before it. White space may stand in between. So any two readers that know the format find the same objects under
the same numbers; what else a file might hold (objects that only a search finds, two entries for one number, words
between objects, a second end) isn't explained here but held (contract §1: unsure is held).

What the objects may be is for ``increment_rules``. Object streams and cross-reference streams are read, since Acrobat
writes them; hybrid files are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cpdocs.signing.syntax import Reader, Ref, Stream, Unclear, Value, no_length
from cpdocs.signing.tables import MOST_ENTRIES, Packed, Place, Table, decoded, read_table

MOST_REVISIONS = 24
"""Revisions that may follow the issued plan: two signatures, each with validation material and a time stamp, twice
over."""
_MOST_TAIL = 64
_LONGEST_IDENTITY = 32
_LAST = re.compile(rb"startxref[ \t]*(?:\r\n|\n|\r)[ \t]*([0-9]{1,10})[ \t]*(?:\r\n|\n|\r)%%EOF[ \t\r\n]*\Z")


@dataclass(frozen=True, slots=True)
class Revision:
    """One appended revision: its objects by number, with the generation under which each is written; the numbers of
    the object streams among them, which hold no words of their own."""

    table: Table
    objects: Mapping[int, Value]
    generations: Mapping[int, int]
    holders: frozenset[int]
    lengths: frozenset[int]


@dataclass(slots=True)
class Issued:
    """The plan as we issued it, its objects read when they are asked for. Its bytes are ours; ``Unclear`` where they
    can't be read all the same."""

    data: bytes
    tables: list[Table]
    _read: dict[int, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> Issued:
        last = _LAST.search(data, max(0, len(data) - 256))
        start = int(last[1]) if last else None
        tables: list[Table] = []
        while start is not None:
            if any(each.start == start for each in tables):
                raise Unclear("the issued plan's revisions go round in a circle")
            tables.append(read_table(data, start, ours=True))
            start = tables[-1].previous
        if not tables:
            raise Unclear("the issued plan has no end mark")
        return cls(data, tables)

    @property
    def last(self) -> Table:
        """The table of its last revision."""
        return self.tables[0]

    def value(self, number: int) -> Value:
        """The object of that number; None where there is none."""
        if number not in self._read:
            place = next((each.entries[number] for each in self.tables if number in each.entries), None)
            found = Reader(self.data, place.offset).indirect(self._length) if isinstance(place, Place) else None
            if found is not None and found.number != number:
                raise Unclear("an object of the issued plan stands elsewhere")
            self._read[number] = found.value if found else None
        return self._read[number]

    def _length(self, ref: Ref) -> int:
        found = self.value(ref.number)
        return found if type(found) is int else no_length(ref)


def read_increments(data: bytes, issued: Issued) -> tuple[Revision, ...]:
    """The revisions behind the issued plan with which ``data`` begins, oldest first.

    Raises Unclear with words that say what doesn't follow the grammar; ``RecursionError`` and the like never.
    """
    if len(data) == len(issued.data):
        return ()
    found = []
    begin = len(issued.data)
    for table in _chain(data, issued):
        revision = _revision(data, begin, table)
        _check_trailer(table, issued)
        found.append(revision)
        begin = table.end
    if len(data[begin:]) > _MOST_TAIL or data[begin:].strip(b" \t\r\n"):
        raise Unclear("something stands behind its end")
    return tuple(found)


def _chain(data: bytes, issued: Issued) -> list[Table]:
    """The tables behind the issued plan's, oldest first: from the end of the file back to the issued plan's last."""
    last = _LAST.search(data, max(0, len(data) - 512))
    if last is None:
        raise Unclear("its end isn't written as it should be")
    start = int(last[1])
    tables: list[Table] = []
    while start != issued.last.start:
        if not len(issued.data) <= start < (tables[-1].start if tables else len(data)):
            raise Unclear("its revisions don't follow one another back to the plan that we issued")
        if len(tables) == MOST_REVISIONS:
            raise Unclear("it has more revisions than signing needs")
        tables.append(read_table(data, start))
        previous = tables[-1].previous
        if previous is None:
            raise Unclear("its revisions don't go back to the plan that we issued")
        start = previous
    return tables[::-1]


def _revision(data: bytes, begin: int, table: Table) -> Revision:
    """The revision that ends with ``table``: from ``begin`` on, each byte is accounted for."""
    direct = {number: place for number, place in table.entries.items() if isinstance(place, Place)}
    objects: dict[int, Value] = {}
    reader = Reader(data, begin, table.start)
    lengths: set[int] = set()

    def length_of(ref: Ref) -> int:
        place = direct.get(ref.number)
        if place is None or place.generation != ref.generation or not begin <= place.offset < table.start:
            raise Unclear("a stream's length stands in another revision")
        written = Reader(data, place.offset, table.start).indirect(no_length)
        if type(written.value) is not int:
            raise Unclear("a stream's length is no number")
        lengths.add(ref.number)
        return written.value

    for number, place in sorted(direct.items(), key=lambda each: each[1].offset):
        reader.white()
        if reader.at != place.offset:
            raise Unclear(
                "something stands in it that its table of contents doesn't list"
                if reader.at < place.offset
                else "two objects stand in one place"
            )
        written = reader.indirect(length_of)
        if (written.number, written.generation) != (number, place.generation):
            raise Unclear("its table of contents names another object than the one that stands there")
        objects[number] = written.value
    reader.white()
    if reader.at != table.start:
        raise Unclear("something stands in it that its table of contents doesn't list")
    holders = _unpack(objects, {n: each for n, each in table.entries.items() if isinstance(each, Packed)})
    generations = {number: place.generation for number, place in direct.items()}
    return Revision(table, objects, generations, holders, frozenset(lengths))


def _unpack(objects: dict[int, Value], packed: Mapping[int, Packed]) -> frozenset[int]:
    """Adds the compressed objects to ``objects``; gives the numbers of the streams that hold them."""
    streams = {
        n: each for n, each in objects.items() if isinstance(each, Stream) and each.entries.get("Type") == "ObjStm"
    }
    wanted = {(each.number, each.index): number for number, each in packed.items()}
    if len(wanted) != len(packed) or {each.number for each in packed.values()} - streams.keys():
        raise Unclear("its table of contents names packed objects that aren't there")
    for holder, stream in streams.items():
        for index, (number, value) in enumerate(_packed_in(stream)):
            if wanted.pop((holder, index), None) != number:
                raise Unclear("a packed object in it isn't listed in its table of contents")
            objects[number] = value
    if wanted:
        raise Unclear("its table of contents names packed objects that aren't there")
    return frozenset(streams)


def _packed_in(stream: Stream) -> list[tuple[int, Value]]:
    """An object stream's objects with their numbers; every byte of it belongs to one (ISO 32000-1, 7.5.7)."""
    entries: Mapping[str, Any] = stream.entries
    if not entries.keys() <= {"Type", "N", "First", "Length", "Filter", "DecodeParms"}:
        raise Unclear("a packed part of it says more than which objects it holds")
    count, first = entries.get("N"), entries.get("First")
    data = decoded(stream)
    if type(count) is not int or type(first) is not int or not 0 < count <= MOST_ENTRIES or not 0 < first <= len(data):
        raise Unclear("a packed part of it doesn't say which objects it holds")
    header = Reader(data, 0, first)
    heads = [header.value() for _ in range(2 * count)]
    header.white()
    if header.at != first or any(type(each) is not int for each in heads):
        raise Unclear("a packed part of it doesn't say which objects it holds")
    found: list[tuple[int, Value]] = []
    body = Reader(data, first)
    for number, offset in zip(heads[::2], heads[1::2], strict=True):
        assert isinstance(number, int)
        assert isinstance(offset, int)
        body.white()
        if body.at != first + offset:
            raise Unclear("something stands in a packed part of it that belongs to no object")
        value = body.value()
        if isinstance(value, Ref):
            raise Unclear("a packed part of it holds a kind of object that it may not")
        found.append((number, value))
    body.white()
    if body.at != len(data):
        raise Unclear("something stands in a packed part of it that belongs to no object")
    return found


def _check_trailer(table: Table, issued: Issued) -> None:
    """The catalog and the information dictionary stay ours, and no object that was counted before is lost."""
    ours = issued.last.trailer
    if table.trailer.get("Root") != ours.get("Root") or table.trailer.get("Info") != ours.get("Info"):
        raise Unclear("it names another root than the plan's")
    if not issued.last.size <= table.size <= issued.last.size + MOST_REVISIONS * MOST_ENTRIES:
        raise Unclear("it counts fewer objects than the plan has, or more than there can be")
    mine, theirs = ours.get("ID"), table.trailer.get("ID")
    if not isinstance(mine, list) or not isinstance(theirs, list) or len(theirs) != 2 or theirs[:1] != mine[:1]:
        raise Unclear("it gives the file another identity")
    if not isinstance(theirs[1], bytes) or len(theirs[1]) > _LONGEST_IDENTITY:
        raise Unclear("it gives the file another identity")

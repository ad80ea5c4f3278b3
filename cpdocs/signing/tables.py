"""Cross-reference tables and streams of one revision, read by ourselves (ISO 32000-1, 7.5.4 and 7.5.8).

Only what says one thing to every reader: each number once, in use or in an object stream of the same revision, nothing
set free but the number 0, no entry to a second table (hybrid files). All else raises ``Unclear``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from cpdocs.signing.syntax import Name, Reader, Stream, Unclear, Value, no_length

MOST_ENTRIES = 4_000
"""Objects that one appended revision may list: an appearance with embedded fonts has a few dozen."""
_MOST_DECODED = 4 * 1024 * 1024
_HEAD = re.compile(rb"xref[ \t]*(?:\r\n|\n|\r)")
_SECTION = re.compile(rb"([0-9]{1,10}) ([0-9]{1,6})[ \t]*(?:\r\n|\n|\r)")
_ENTRY = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([nf])(?: \r| \n|\r\n)")
_TRAILER = re.compile(rb"trailer(?=[\s<])")
_PRODUCER = re.compile(rb"%iText(?:-Core)?-[0-9]{1,2}(?:\.[0-9]{1,3}){1,3}(?:-SNAPSHOT)?(?:\r\n|\n|\r)")
"""iText names itself in a comment between trailer and end; no other comment is let stand."""
_START = re.compile(rb"startxref[ \t]*(?:\r\n|\n|\r)[ \t]*([0-9]{1,10})[ \t]*(?:\r\n|\n|\r)")
_END = re.compile(rb"%%EOF(?:\r\n|\n|\r|(?=\Z))")
_CLASSIC_KEYS = frozenset({"Size", "Root", "Info", "ID", "Prev"})
_STREAM_KEYS = _CLASSIC_KEYS | {"Type", "W", "Index", "Length", "Filter", "DecodeParms"}
_FREE_HEADS = (65535, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: at ``offset`` in the file, as that ``generation``; ``entry`` is the offset of the
    twenty bytes that say so (-1 in a cross-reference stream)."""

    offset: int
    generation: int
    entry: int = -1


@dataclass(frozen=True, slots=True)
class Packed:
    """Where a compressed object stands: the ``index``-th in the object stream of that ``number``."""

    number: int
    index: int


@dataclass(frozen=True, slots=True)
class Table:
    """One revision's cross-reference: what it lists, its trailer, where it begins and where the revision ends.

    ``number`` is the object number of a cross-reference stream, 0 for a classic table."""

    start: int
    end: int
    entries: Mapping[int, Place | Packed]
    trailer: Mapping[str, Value]
    number: int = 0

    @property
    def previous(self) -> int | None:
        """Where the table of the revision before stands; None for the first."""
        return _whole_number(self.trailer.get("Prev"), "it doesn't say where the revision before it ends", none=True)

    @property
    def size(self) -> int:
        """One more than the highest object number, as the trailer states."""
        found = _whole_number(self.trailer.get("Size"), "it doesn't say how many objects there are")
        assert found is not None
        return found


def read_table(data: bytes, start: int, *, ours: bool = False) -> Table:
    """The table at offset ``start`` and what follows it up to the revision's end mark.

    ``ours``: of a plan as we issued it, where a table of any size is believed. Raises Unclear.
    """
    reader = Reader(data, start)
    if reader.match(_HEAD):
        entries = _classic(reader, None if ours else MOST_ENTRIES)
        reader.white()
        if reader.match(_TRAILER) is None:
            raise Unclear("its table of contents has no proper end")
        trailer, number = reader.value(), 0
        if not isinstance(trailer, dict) or not trailer.keys() <= _CLASSIC_KEYS:
            raise Unclear("its table of contents says more than where objects stand")
    else:
        entries, trailer, number = _compressed(reader)
    reader.white()
    reader.match(_PRODUCER)
    reader.white()
    said = reader.match(_START)
    if said is None or int(said[1]) != start:
        raise Unclear("its end doesn't name the table of contents that it ends")
    if reader.match(_END) is None:
        raise Unclear("it has no proper end mark")
    table = Table(start, reader.at, entries, trailer, number)
    if any(not 0 < each < table.size for each in entries):
        raise Unclear("its table of contents lists objects beyond those that it counts")
    return table


def _classic(reader: Reader, most: int | None) -> dict[int, Place | Packed]:
    found: dict[int, Place | Packed] = {}
    seen: set[int] = set()
    while section := reader.match(_SECTION):
        first, count = int(section[1]), int(section[2])
        for number in range(first, first + count):
            entry = reader.match(_ENTRY)
            if entry is None:
                raise Unclear("its table of contents isn't written as it should be")
            _add(number, seen, most)
            offset, generation = int(entry[1]), int(entry[2])
            if entry[3] == b"n":
                found[number] = Place(offset, generation, entry.start())
            elif number or generation not in _FREE_HEADS:
                raise Unclear("it takes an object of the plan away")
    return found


def _add(number: int, seen: set[int], most: int | None) -> None:
    if number in seen:
        raise Unclear("its table of contents lists an object twice")
    seen.add(number)
    if most is not None and len(seen) > most:
        raise Unclear("it lists more objects than signing needs")


def _compressed(reader: Reader) -> tuple[dict[int, Place | Packed], dict[str, Value], int]:
    start = reader.at
    written = reader.indirect(no_length)
    if not isinstance(written.value, Stream) or written.generation:
        raise Unclear("no table of contents stands where its end says")
    trailer = written.value.entries
    if trailer.get("Type") != Name("XRef") or not trailer.keys() <= _STREAM_KEYS:
        raise Unclear("its table of contents says more than where objects stand")
    data = decoded(written.value)
    widths, index = _numbers(trailer.get("W")), _numbers(trailer.get("Index", [0, trailer.get("Size")]))
    if len(widths) != 3 or len(index) % 2 or max(widths) > 8 or not widths[1]:
        raise Unclear("its table of contents isn't written as it should be")
    found: dict[int, Place | Packed] = {}
    seen: set[int] = set()
    at = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        for number in range(first, first + count):
            _add(number, seen, MOST_ENTRIES)
            row, at = data[at : at + sum(widths)], at + sum(widths)
            if len(row) != sum(widths):
                raise Unclear("its table of contents is cut off")
            _one(found, number, row, widths)
    if at != len(data):
        raise Unclear("its table of contents is longer than it says")
    itself = found.pop(written.number, Place(start, 0))
    if itself != Place(start, 0):
        raise Unclear("its table of contents says that it stands elsewhere")
    return found, trailer, written.number


def _one(found: dict[int, Place | Packed], number: int, row: bytes, widths: list[int]) -> None:
    kind = int.from_bytes(row[: widths[0]], "big") if widths[0] else 1
    second = int.from_bytes(row[widths[0] : widths[0] + widths[1]], "big")
    third = int.from_bytes(row[widths[0] + widths[1] :], "big")
    if kind == 1:
        found[number] = Place(second, third)
    elif kind == 2:
        found[number] = Packed(second, third)
    elif kind != 0 or number:  # the head of the free list, of whatever generation fits its column
        raise Unclear("it takes an object of the plan away")


def decoded(stream: Stream) -> bytes:
    """The data of a cross-reference or object stream: plain or deflated, with PNG predictors undone. Raises Unclear."""
    filters, parameters = stream.entries.get("Filter"), stream.entries.get("DecodeParms")
    filters = filters[0] if isinstance(filters, list) and len(filters) == 1 else filters
    parameters = parameters[0] if isinstance(parameters, list) and len(parameters) == 1 else parameters
    if filters is None and parameters is None:
        return stream.data
    if filters != Name("FlateDecode"):
        raise Unclear("a part of it is packed in a way that signing programs don't use")
    engine = zlib.decompressobj()
    try:
        data = engine.decompress(stream.data, _MOST_DECODED)
    except zlib.error:
        raise Unclear("a packed part of it is damaged") from None
    if not engine.eof or engine.unconsumed_tail or engine.unused_data.strip(b"\r\n"):
        raise Unclear("a packed part of it is damaged, or larger than any signing program writes")
    return data if parameters is None else _unpredicted(data, parameters)


def _unpredicted(data: bytes, parameters: Value) -> bytes:
    """PNG's filters None, Sub and Up, which are all that tables are packed with (ISO 32000-1, 7.4.4.4)."""
    if not isinstance(parameters, dict) or not parameters.keys() <= {"Predictor", "Columns"}:
        raise Unclear("a part of it is packed in a way that signing programs don't use")
    predictor, columns = parameters.get("Predictor", 1), parameters.get("Columns", 1)
    if predictor == 1:
        return data
    if type(predictor) is not int or type(columns) is not int or not 10 <= predictor <= 15 or not 0 < columns <= 64:
        raise Unclear("a part of it is packed in a way that signing programs don't use")
    out, above = bytearray(), bytes(columns)
    for at in range(0, len(data), columns + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + columns])
        if len(row) != columns or kind > 2:
            raise Unclear("a packed part of it is damaged")
        for place in range(columns):
            before = (0, row[place - 1] if place else 0, above[place])[kind]
            row[place] = (row[place] + before) & 0xFF
        above = bytes(row)
        out += row
    return bytes(out)


def _numbers(value: Value) -> list[int]:
    """``value`` as a list of whole numbers."""
    found = [each for each in value if type(each) is int and each >= 0] if isinstance(value, list) else []
    if not isinstance(value, list) or len(found) != len(value):
        raise Unclear("its table of contents isn't written as it should be")
    return found


def _whole_number(value: Value, otherwise: str, *, none: bool = False) -> int | None:
    if none and value is None:
        return None
    if type(value) is not int or value < 0:
        raise Unclear(otherwise)
    return value

"""Values of a PDF file read by ourselves, strictly: what two readers might read differently isn't read at all.

Narrower than ISO 32000-1, 7.3 wherever the standard leaves room for two opinions: no comment inside an object, no key
twice in a dictionary (in whatever spelling), a stream exactly as long as it says, nothing between an object's value and
its end but white space. What real signing programs write is inside this; all else raises ``Unclear``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

WHITE = b" \t\r\n"
"""White space that we read: neither NUL nor form feed, which some programs take for text."""
_MOST_WHITE = 128
"""White space in one place: some programs keep 80 bytes free for a byte range."""
_DEEPEST = 32
_MOST_VALUES = 200_000
_NUMBER = re.compile(rb"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(?=[\s/<>\[\]()]|\Z)")
_REFERENCE = re.compile(rb"([0-9]{1,10})[ \t\r\n]{1,2}([0-9]{1,5})[ \t\r\n]{1,2}R(?=[\s/<>\[\]()]|\Z)")
_WORD = re.compile(rb"(true|false|null)(?=[\s/<>\[\]()]|\Z)")
_NAME = re.compile(rb"/((?:#[0-9A-Fa-f]{2}|[!-~](?<![#%()<>\[\]{}/]))*)")
_HEX = re.compile(rb"<([0-9A-Fa-f \t\r\n]*)>")
_HEADER = re.compile(rb"([1-9][0-9]{0,9}) ([0-9]{1,5}) obj(?=[\s/<>\[\]()])")
_STREAM = re.compile(rb"stream(\r\n|\n)")
_STREAM_END = re.compile(rb"(?:\r\n|\n|\r)?endstream(?=[\s])")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Unclear(ValueError):
    """Bytes that don't follow the grammar. The message says in plain words what stands there; never any of the
    file's own text."""


class Name(str):
    """A PDF name, decoded, without its slash."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to an indirect object."""

    number: int
    generation: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its dictionary, and its data as it stands in the file, not decoded."""

    entries: dict[str, Value]
    data: bytes


Value: TypeAlias = "bool | int | float | bytes | Name | Ref | list[Value] | dict[str, Value] | Stream | None"
"""Strings are bytes. An integer is never a bool."""
LengthOf: TypeAlias = Callable[[Ref], int]
"""The length that an indirect ``/Length`` names; raises Unclear where it names none."""


@dataclass(frozen=True, slots=True)
class Written:
    """An indirect object as it stands in the file; ``end`` is the offset after its ``endobj``."""

    number: int
    generation: int
    value: Value
    end: int


def names(text: str) -> frozenset[str]:
    """The names in ``text``, which white space divides: for the lists of what is allowed."""
    return frozenset(text.split())


def no_length(_: Ref) -> int:
    """For places where a stream must state its length itself."""
    raise Unclear("a stream doesn't state its own length")


class Reader:
    """Reads values from ``data``, one after the other, beginning at ``at`` and never at or beyond ``end``."""

    def __init__(self, data: bytes, at: int, end: int | None = None) -> None:
        self._data = data if end is None else data[:end]
        self._left = _MOST_VALUES
        self.at = at

    def white(self) -> None:
        """Passes over white space."""
        start, data = self.at, self._data
        while self.at < len(data) and data[self.at] in WHITE:
            self.at += 1
        if self.at - start > _MOST_WHITE:
            raise Unclear("there is more empty room in it than any signing program leaves")

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """What ``pattern`` finds at this very place; passed over if there."""
        found = pattern.match(self._data, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def expect(self, word: bytes) -> None:
        """Passes over ``word`` after white space."""
        self.white()
        if not self._data.startswith(word, self.at):
            raise Unclear("a part of it doesn't end where it says")
        self.at += len(word)

    def value(self, depth: int = 0) -> Value:
        """The next value, white space before it passed over; never a stream."""
        self.white()
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise Unclear("a part of it is larger or deeper than any signing program writes")
        data = self._data
        first = data[self.at : self.at + 1]
        if data.startswith(b"<<", self.at):
            return self._dictionary(depth)
        if first == b"[":
            return self._array(depth)
        if first == b"/":
            return self._name()
        if first == b"(":
            return self._string()
        if first == b"<":
            found = self.match(_HEX)
            if found is None:
                raise Unclear("a text in it isn't written as it should be")
            digits = found[1].translate(None, WHITE)
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
        return self._plain()

    def _plain(self) -> Value:
        reference = self.match(_REFERENCE)
        if reference is not None:
            return Ref(int(reference[1]), int(reference[2]))
        number = self.match(_NUMBER)
        if number is not None:
            return float(number[0]) if b"." in number[0] else int(number[0])
        word = self.match(_WORD)
        if word is not None:
            return {b"true": True, b"false": False, b"null": None}[word[1]]
        raise Unclear("something stands in it that is no value of a PDF file")

    def _name(self) -> Name:
        found = self.match(_NAME)
        assert found is not None
        raw = re.sub(rb"#([0-9A-Fa-f]{2})", lambda each: bytes([int(each[1], 16)]), found[1])
        if b"\0" in raw:
            raise Unclear("a name in it holds a zero byte, which programs read differently")
        return Name(raw.decode("latin-1"))

    def _array(self, depth: int) -> list[Value]:
        self.at += 1
        found: list[Value] = []
        while True:
            self.white()
            if self._data[self.at : self.at + 1] == b"]":
                self.at += 1
                return found
            found.append(self.value(depth + 1))

    def _dictionary(self, depth: int) -> dict[str, Value]:
        self.at += 2
        found: dict[str, Value] = {}
        while True:
            self.white()
            if self._data.startswith(b">>", self.at):
                self.at += 2
                return found
            if self._data[self.at : self.at + 1] != b"/":
                raise Unclear("something stands in it where a name belongs")
            key = str(self._name())
            if key in found:
                raise Unclear("it says the same thing twice, in two ways")
            found[key] = self.value(depth + 1)

    def _string(self) -> bytes:
        data, at, depth = self._data, self.at + 1, 1
        out = bytearray()
        while True:
            one = data[at : at + 1]
            if not one:
                raise Unclear("a text in it has no end")
            at += 1
            if one == b"\\":
                at, piece = _escape(data, at)
                out += piece
                continue
            depth += (one == b"(") - (one == b")")
            if depth == 0:
                self.at = at
                return bytes(out)
            out += one

    def indirect(self, length_of: LengthOf) -> Written:
        """The object whose header stands at this very place, up to its end."""
        header = self.match(_HEADER)
        if header is None:
            raise Unclear("an object doesn't stand where the file says that it does")
        value = self.value()
        self.white()
        if isinstance(value, dict) and self._data.startswith(b"stream", self.at):
            value = self._stream(value, length_of)
        self.expect(b"endobj")
        return Written(int(header[1]), int(header[2]), value, self.at)

    def _stream(self, entries: dict[str, Value], length_of: LengthOf) -> Stream:
        if self.match(_STREAM) is None:
            raise Unclear("a stream doesn't begin as it should")
        stated = entries.get("Length")
        length = length_of(stated) if isinstance(stated, Ref) else stated
        if type(length) is not int or length < 0:
            raise Unclear("a stream doesn't state its length")
        data = self._data[self.at : self.at + length]
        self.at += length
        if len(data) != length or self.match(_STREAM_END) is None:
            raise Unclear("a stream is longer or shorter than it says")
        return Stream(entries, data)


def _escape(data: bytes, at: int) -> tuple[int, bytes]:
    """What the escape after a backslash means, and where it ends (ISO 32000-1, 7.3.4.2)."""
    octal = re.compile(rb"[0-7]{1,3}").match(data, at)
    if octal is not None:
        return octal.end(), bytes([int(octal[0], 8) & 0xFF])
    if data.startswith(b"\r\n", at):
        return at + 2, b""
    one = data[at : at + 1]
    return at + 1, b"" if one in (b"\r", b"\n") else _ESCAPED.get(one, one)

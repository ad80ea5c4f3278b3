"""Counts a print file again from its own bytes, page after page, however long it is.

What is written by ``writer`` is read here from the file alone: cross-reference, page tree, content streams, fonts'
character maps. Only pages' own words and the shared drawings are decoded; nothing of a page is kept but the document
ids on it.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cpdocs.core.ids import parse_document_id

_ID = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{3}")
_SHOWN = re.compile(rb"/([A-Za-z]+) [0-9.]+ Tf|\[([^\]]*)\] ?TJ|(<[0-9a-f]+>) ?Tj")
_HEX = re.compile(rb"<([0-9a-fA-F]*)>")
_REFERENCE = re.compile(rb"(\d+) 0 R")


class _File:
    """The objects of a PDF with a cross-reference stream."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        start = int(data[data.rfind(b"startxref") + 9 :].split()[0])
        entries, rows = self._stream_at(start)
        widths = [int(width) for width in re.search(rb"/W ?\[([^\]]*)\]", entries)[1].split()]  # type: ignore[index]
        self._rows, self._widths, self._row = rows, widths, sum(widths)
        self.root = int(re.search(rb"/Root (\d+)", entries)[1])  # type: ignore[index]
        self._holder: tuple[int, dict[int, bytes]] = (0, {})

    def _entry(self, number: int) -> tuple[int, int, int]:
        row = self._rows[number * self._row : (number + 1) * self._row]
        first, second, _ = self._widths
        return row[0], int.from_bytes(row[first : first + second], "big"), int.from_bytes(row[first + second :], "big")

    def value(self, number: int) -> bytes:
        """Object ``number`` as written, a stream's dictionary without its data."""
        kind, where, _ = self._entry(number)
        if kind == 2:
            return self._packed(where)[number]
        return self._data[where : self._data.find(b"endobj", where)].partition(b"stream\n")[0]

    def let_go(self) -> None:
        """Has the system keep nothing of the file in this process's memory: it is read once, from front to back."""
        self._data.madvise(mmap.MADV_DONTNEED)

    def stream(self, number: int) -> bytes:
        """The data of stream ``number``, inflated."""
        kind, where, _ = self._entry(number)
        if kind != 1:
            raise ValueError(number)
        return self._stream_at(where)[1]

    def _stream_at(self, where: int) -> tuple[bytes, bytes]:
        begin = self._data.find(b"stream\n", where)
        entries = self._data[where:begin]
        length = int(re.search(rb"/Length (\d+)", entries)[1])  # type: ignore[index]
        data = self._data[begin + 7 : begin + 7 + length]
        return entries, zlib.decompress(data) if b"/FlateDecode" in entries else data

    def _packed(self, holder: int) -> dict[int, bytes]:
        if self._holder[0] != holder:
            _, where, _ = self._entry(holder)
            entries, data = self._stream_at(where)
            count = int(re.search(rb"/N (\d+)", entries)[1])  # type: ignore[index]
            first = int(re.search(rb"/First (\d+)", entries)[1])  # type: ignore[index]
            numbers = [int(part) for part in data[:first].split()[: 2 * count]]
            places = [*numbers[1::2], len(data) - first]
            held = {number: data[first + places[i] : first + places[i + 1]] for i, number in enumerate(numbers[0::2])}
            self._holder = (holder, held)
        return self._holder[1]


def document_ids(path: Path) -> Iterator[tuple[str, ...]]:
    """For each page of the print file, in order, the document ids that its text shows. Raises ValueError, LookupError,
    TypeError or zlib.error where the file isn't one that we wrote."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        reader = _Reader(_File(data))
        root = re.search(rb"/Pages (\d+)", reader.file.value(reader.file.root))
        yield from reader.pages(int(root[1]))  # type: ignore[index]


class _Reader:
    def __init__(self, file: _File) -> None:
        self.file = file
        self._of_drawing = lru_cache(maxsize=100_000)(self._ids_of_drawing)
        self._resources = lru_cache(maxsize=100_000)(self._resources_of)
        self._maps: dict[int, dict[bytes, str]] = {}
        self._fonts = lru_cache(maxsize=64)(self._fonts_of)

    def pages(self, node: int) -> Iterator[tuple[str, ...]]:
        kids = re.search(rb"/Kids\[([^\]]*)\]", self.file.value(node))
        for kid in _REFERENCE.findall(kids[1]):  # type: ignore[index]
            value = self.file.value(int(kid))
            if b"/Type/Pages" in value:
                yield from self.pages(int(kid))
            else:
                yield self._ids_of_page(value)
        self.file.let_go()

    def _ids_of_page(self, page: bytes) -> tuple[str, ...]:
        contents = re.search(rb"/Contents ?(?:\[([^\]]*)\]|(\d+ 0 R))", page)
        if contents is None:
            return ()
        found = re.search(rb"/Resources (\d+) 0 R", page)
        fonts, drawings = self._resources(int(found[1])) if found else self._parsed(page)
        operators = b"\n".join(
            self.file.stream(int(number)) for number in _REFERENCE.findall(contents[1] or contents[2])
        )
        ids = self._ids(operators, fonts)
        for drawing in drawings:
            ids += self._of_drawing(drawing)
        return tuple(dict.fromkeys(ids))

    def _resources_of(self, number: int) -> tuple[int, tuple[int, ...]]:
        return self._parsed(self.file.value(number))

    def _parsed(self, resources: bytes) -> tuple[int, tuple[int, ...]]:
        fonts = re.search(rb"/Font (\d+) 0 R", resources)
        drawn = re.search(rb"/XObject ?<<([^>]*)>>", resources)
        return int(fonts[1]) if fonts else 0, tuple(
            int(number) for number in _REFERENCE.findall(drawn[1])
        ) if drawn else ()

    def _ids_of_drawing(self, number: int) -> tuple[str, ...]:
        value = self.file.value(number)
        if b"/Subtype/Form" not in value.replace(b" ", b""):
            return ()
        fonts, _ = self._parsed(value)
        return self._ids(self.file.stream(number), fonts)

    def _ids(self, operators: bytes, fonts: int) -> tuple[str, ...]:
        faces = self._fonts(fonts)
        texts: list[str] = []
        face: dict[bytes, str] = {}
        for name, several, one in _SHOWN.findall(operators):
            if name:
                face = faces.get(name, {})
                continue
            glyphs = b"".join(_HEX.findall(several or one)).lower()
            texts.append("".join([face.get(glyphs[place : place + 4], "?") for place in range(0, len(glyphs), 4)]))
        found = (parse_document_id(match) for match in _ID.findall("\n".join(texts)))
        return tuple(dict.fromkeys(found_id for found_id in found if found_id))

    def _fonts_of(self, number: int) -> dict[bytes, dict[bytes, str]]:
        if not number:
            return {}
        faces = {}
        for name, font in re.findall(rb"/([A-Za-z0-9]+) (\d+) 0 R", self.file.value(number)):
            to_unicode = re.search(rb"/ToUnicode (\d+)", self.file.value(int(font)))
            if to_unicode is not None:  # sheets' own texts, which hold no document id, say what they say without one
                faces[name] = _character_map(self.file.stream(int(to_unicode[1])))
        return faces


def _character_map(data: bytes) -> dict[bytes, str]:
    found = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]*)>", data.partition(b"beginbfchar")[2])
    return {glyph: bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in found}

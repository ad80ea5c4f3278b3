"""What stands in a sheet, counted from its XML and not by who reads its rows: a difference stops the import."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]+)")
_SHARED = "xl/sharedStrings.xml"


@dataclass(slots=True)
class SheetCount:
    """The numbers of the rows that hold something in the first ``width`` columns, in the file's order, and which of
    them nobody sees."""

    width: int
    filled: list[int] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The number of the last row that holds something; 0 where none does."""
        return max(self.filled, default=0)


def count_sheet(package: zipfile.ZipFile, part: str, width: int) -> SheetCount:
    """The rows of the sheet in ``part`` of the workbook.

    Raises ExpatError, KeyError or ValueError where it is damaged."""
    reader = _Reader(width, _blank_strings(package))
    with package.open(part) as file:
        _parse(file, reader)
    return reader.count


def _parse(file: IO[bytes], reader: _Reader | _Strings) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.ParseFile(file)


def _blank_strings(package: zipfile.ZipFile) -> set[int]:
    """The places of the shared strings that hold nothing but white space."""
    if _SHARED not in package.namelist():
        return set()
    reader = _Strings()
    with package.open(_SHARED) as file:
        _parse(file, reader)
    return reader.blank


class _Strings:
    def __init__(self) -> None:
        self.blank: set[int] = set()
        self._place = -1
        self._filled = self._inside = False

    def start(self, name: str, _: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "si":
            self._place += 1
            self._filled = False
        self._inside = name == "t"

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "si" and not self._filled:
            self.blank.add(self._place)
        self._inside = False

    def text(self, data: str) -> None:
        if self._inside and data.strip():
            self._filled = True


class _Reader:
    def __init__(self, width: int, blank: set[int]) -> None:
        self.count = SheetCount(width)
        self._blank = blank
        self._row = self._column = 0
        self._hides = self._hidden = self._filled = self._value = False
        self._kind = ""
        self._said = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self._kind = attributes.get("t", "")
            self._said = ""
            match = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _number(match[1]) if match else self._column + 1
        elif name in ("v", "t"):
            self._value = True
        elif name == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
            self._filled = False
            shown = attributes.get("hidden")
            self._hidden = (
                shown in ("1", "true") or (self._hides and shown is None) or not float(attributes.get("ht", 1))
            )
        elif name == "sheetFormatPr":
            self._hides = attributes.get("zeroHeight") in ("1", "true")

    def text(self, data: str) -> None:
        if self._value:
            self._said += data

    def end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name in ("v", "t"):
            self._value = False
        elif name == "c":
            said = self._said.strip()
            if self._kind == "s" and said:
                self._filled |= self._column <= self.count.width and int(said) not in self._blank
            else:
                self._filled |= self._column <= self.count.width and bool(said)
        elif name == "row" and self._filled:
            self.count.filled.append(self._row)
            if self._hidden:
                self.count.hidden.append(self._row)


def _number(letters: str) -> int:
    """``A`` → 1, ``AA`` → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number

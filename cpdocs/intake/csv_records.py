"""CSV text to records with their line numbers, and the count of lines that proves that none was swallowed.

A stray quotation mark makes a reader take the following lines for one cell: the members on them vanish, and whatever
counts records alone still adds up. So lines are counted apart from the reader, a record over several lines has to be
one that a person can have meant, and a difference refuses the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cpdocs.errors import InputFault, Problem
from cpdocs.intake.limits import MAX_CELL, check_size

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_LINE_ENDS = re.compile(r"\r\n|\n|\r")
_FEWEST_SEPARATORS = 4
_MEND = "Mend that line, or export the file again."


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the lines on which it begins and ends, and its cells."""

    line: int
    last_line: int
    cells: list[str]


def count_lines(text: str) -> int:
    """How many lines stand in ``text``, whatever quotation marks say; an end at the very end begins no other."""
    ends = sum(1 for _ in _LINE_ENDS.finditer(text))
    return ends + (not text.endswith(("\n", "\r")) and bool(text))


def top_records(text: str, separator: str, most: int) -> list[Record]:
    """The first records as they read with this separator, leniently: for finding the header."""
    lines = [match[0] for _, match in zip(range(most), _LINES.finditer(text), strict=False)]
    reader = csv.reader(lines, delimiter=separator)
    found: list[Record] = []
    line = 1
    try:
        for cells in reader:
            found.append(Record(line, reader.line_num, cells))
            line = reader.line_num + 1
    except csv.Error:
        pass  # the damage is told by who reads the whole
    return found


def read_records(text: str, name: str, separator: str) -> Iterator[Record]:
    """Every record of the file, in order. Raises InputFault where a quotation mark is wrong, at its line."""
    csv.field_size_limit(MAX_CELL)
    # Line by line from the text itself: io.StringIO would hold it once more, in four bytes a character.
    reader = csv.reader((match[0] for match in _LINES.finditer(text)), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise InputFault(
                f"{name} can't be read from line {line} on. Nothing was recorded.",
                todo=_MEND,
                problems=[Problem("csv_damaged", _csv_fault(str(error)), f"line {line}")],
            ) from None
        check_size(name, line, len(cells))
        yield Record(line, reader.line_num, cells)
        line = reader.line_num + 1
    if line - 1 != count_lines(text):
        raise InputFault(
            f"{name} has {count_lines(text)} lines, but {line - 1} were read. Nothing was recorded.",
            todo="Export it again; if it happens again, tell whoever looks after cpdocs.",
        )


def check_whole(record: Record, header: Sequence[str], separator: str, name: str) -> None:
    """Raises InputFault where a record over several lines is not one that a person can have meant: a cell with a line
    break that holds as many separators as a line does, or cells out of step with the header."""
    if record.line == record.last_line:
        return
    most = max(len(header) - 1, _FEWEST_SEPARATORS)
    swallowed = any(
        cell.count(separator) >= most for cell in record.cells if "\n" in cell or "\r" in cell
    ) or not _in_step(record.cells, len(header))
    if swallowed:
        where = f"lines {record.line} to {record.last_line}"
        raise InputFault(
            f"{name}: a quotation mark in line {record.line} runs {where} together. Nothing was recorded.",
            todo=_MEND,
            problems=[
                Problem(
                    "lines_swallowed",
                    f"{record.last_line - record.line + 1} lines read as one, since a quotation mark opens in the "
                    "first and closes in the last of them.",
                    where,
                    "Double the mark where it belongs to the text, or take it out.",
                )
            ],
        )


def _in_step(cells: Sequence[str], width: int) -> bool:
    return len(cells) >= width and not any(cell.strip() for cell in cells[width:])


def _csv_fault(error: str) -> str:
    if "unexpected end of data" in error:
        return "a quotation mark opens here and never closes: the file was cut off, or a mark is missing."
    if "field larger" in error:
        return f"a cell has more than {MAX_CELL} characters: a quotation mark is probably missing."
    return "a quotation mark stands where none can: double it, or take it out."

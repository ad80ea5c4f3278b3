"""CSV and XLSX files to rows of named cells with their line numbers (contract §3).

Every cell is text as the person saw it, or as near as a spreadsheet lets us: nothing here judges what it means.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cpdocs.core.cells import tidy
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.encodings import decode
from cpdocs.intake.limits import MAX_BYTES, MAX_CELL, SPLIT, check_size

_SEPARATORS = (",", ";", "\t")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``line`` is where it begins in the file, the header being line 1.

    ``cells`` has every known column, ``""`` where the cell is empty. ``misaligned``: more or fewer cells than the
    header, so that no cell can be trusted to stand under its name. ``blank``: every cell is empty.
    """

    line: int
    cells: Mapping[str, str]
    misaligned: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A read table: rows in order, how it was encoded, and the header names that nobody asked for."""

    rows: tuple[Row, ...]
    encoding: str
    ignored_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenTable:
    """As ``Table``, but the rows are read one by one, and only once; a fault is raised where it stands."""

    rows: Iterator[Row]
    encoding: str
    ignored_columns: tuple[str, ...]


def read_table(
    data: bytes,
    name: str,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> Table:
    """Reads a table that must have every one of ``columns`` and may have the ``optional`` ones.

    ``name`` is the file's name, for messages. ``renamed`` maps a site's own header to ours (``[columns]`` in
    cpdocs.toml). Headers match without regard to case, spaces, hyphens or underscores.

    Raises InputFault: no table, damaged, too large, columns missing or there twice.
    """
    table = open_table(data, name, columns, optional=optional, renamed=renamed)
    return Table(tuple(table.rows), table.encoding, table.ignored_columns)


def open_table(
    data: bytes,
    name: str,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
) -> OpenTable:
    """As ``read_table``, for tables whose rows should not all be held at once; damage further down is raised by
    ``rows``."""
    if len(data) > MAX_BYTES:
        raise InputFault(f"{name} has more than {MAX_BYTES // 1024**2} MB.", todo=SPLIT)
    matcher = _Matcher(columns, optional, renamed or {})
    if data.startswith(b"PK\x03\x04"):
        from cpdocs.intake.workbook import read_sheets

        header, records = _best_sheet(read_sheets(data, name), matcher, name)
        encoding = "xlsx"
    else:
        text, encoding = decode(data, name)
        records = _csv_records(text, name, matcher)
        header = next(records, (1, []))[1]
    known = matcher.match(header, name)
    rows = (_row(line, cells, known, len(header), matcher.names) for line, cells in records)
    ignored = tuple(tidy(title)[:60] for place, title in enumerate(header) if tidy(title) and place not in known)
    return OpenTable(rows, encoding, ignored)


def _folded(title: str) -> str:
    """A header as it is compared: no case, no spaces, hyphens or underscores."""
    return re.sub(r"[\s_\-\u00a0\ufeff]+", "", title).casefold()


class _Matcher:
    """Which header means which column."""

    def __init__(self, columns: Sequence[str], optional: Sequence[str], renamed: Mapping[str, str]) -> None:
        self.required = tuple(columns)
        self.names = (*columns, *optional)
        self._ours = {_folded(column): column for column in self.names}
        self._theirs = {
            _folded(theirs): self._ours[_folded(ours)]
            for theirs, ours in renamed.items()
            if _folded(ours) in self._ours
        }

    def column(self, title: str) -> str | None:
        """The column that ``title`` means, or None. A site's own name wins over ours."""
        folded = _folded(title)
        return self._theirs.get(folded) or self._ours.get(folded)

    def score(self, header: Sequence[str]) -> int:
        """How many different columns these titles name."""
        return len({column for title in header if (column := self.column(title))})

    def match(self, header: Sequence[str], name: str) -> dict[int, str]:
        """Place → column. Raises InputFault naming every missing and every doubled column."""
        known: dict[int, str] = {}
        problems: list[Problem] = []
        for place, title in enumerate(header):
            column = self.column(title)
            if column is None:
                continue
            if column in known.values():
                problems.append(
                    Problem(
                        "column_twice",
                        f"column {place + 1} is {column} a second time.",
                        "line 1",
                        "Take one of them out.",
                    )
                )
            known[place] = column
        if not known:
            raise InputFault(
                f"{name}: line 1 has none of the column names.",
                todo=f"The first line must name the columns: {', '.join(self.required[:6])} …",
            )
        hint = "Is it the right file? Add them to the export, or name the site's own under [columns] in cpdocs.toml."
        missing = [
            Problem("column_missing", f"column {column} is missing.", "line 1")
            for column in self.required
            if column not in known.values()
        ]
        if problems or missing:
            raise InputFault(
                f"{name} can't be read: its columns aren't right. Nothing was recorded.",
                todo=hint if missing else "",
                problems=[*problems, *missing],
            )
        return known


def _row(line: int, cells: Sequence[str], known: Mapping[int, str], width: int, names: Sequence[str]) -> Row:
    values = dict.fromkeys(names, "")
    for place, column in known.items():
        if place < len(cells):
            values[column] = cells[place]
    blank = not any(cell.strip() for cell in cells)
    short = len(cells) < width and not blank
    long = any(cell.strip() for cell in cells[width:])
    return Row(line, values, short or long, blank)


def _csv_records(text: str, name: str, matcher: _Matcher) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each record, header first; the separator is the one whose header names most columns."""
    first = text[: MAX_CELL * 4].splitlines()[0] if text else ""
    separator = max(_SEPARATORS, key=lambda one: matcher.score(_header_cells(first, one)))
    csv.field_size_limit(MAX_CELL)
    # Line by line from the text itself: io.StringIO would hold it once more, in four bytes a character.
    reader = csv.reader((match[0] for match in _LINES.finditer(text)), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputFault(
                f"{name} can't be read from line {line} on. Nothing was recorded.",
                todo="Mend that line, or export the file again.",
                problems=[Problem("csv_damaged", _csv_fault(str(error)), f"line {line}")],
            ) from None
        check_size(name, line, len(cells))
        yield line, cells
        line = reader.line_num + 1


def _header_cells(first: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([first], delimiter=separator), [])
    except csv.Error:
        return []


def _csv_fault(error: str) -> str:
    if "unexpected end of data" in error:
        return "a quotation mark opens here and never closes: the file was cut off, or a mark is missing."
    if "field larger" in error:
        return f"a cell has more than {MAX_CELL} characters: a quotation mark is probably missing."
    return "a quotation mark stands where none can: double it, or take it out."


def _best_sheet(
    sheets: Iterator[Iterator[tuple[int, list[str]]]], matcher: _Matcher, name: str
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The first sheet whose first row names a column of ours: its header and the records after it."""
    for records in sheets:
        header = next(records, (1, []))[1]
        if matcher.score(header):
            return header, records
    raise InputFault(
        f"{name}: no sheet has the column names in its first row.",
        todo=f"The first row must name the columns: {', '.join(matcher.required[:6])} …",
    )

"""CSV and XLSX files to rows of named cells with their line numbers (contract §3).

Every cell is text as the person saw it, or as near as a spreadsheet lets us: nothing here judges what it means. What
stands in the file is counted apart from who reads it; a difference refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cpdocs.core.cells import tidy
from cpdocs.core.ids import is_member_id
from cpdocs.core.plurals import counted, plural
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.csv_records import check_whole, read_records, top_records
from cpdocs.intake.encodings import decode
from cpdocs.intake.limits import HEADER_WITHIN, MAX_BYTES, SPLIT, check_size
from cpdocs.intake.workbook import Sheet, read_sheets

_SEPARATORS = (",", ";", "\t")
HIDDEN_ROWS = ("read", "leave-out")
"""What may be said of hidden rows: they count like all others, or they are left out and accounted for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``line`` is where it begins in the file, the file's first line being line 1.

    ``cells`` has every known column, ``""`` where the cell is empty. ``misaligned``: more or fewer cells than the
    header, so that no cell can be trusted to stand under its name. ``blank``: every cell is empty. ``hidden``: the
    spreadsheet hides it, and it was said to be left out.
    """

    line: int
    cells: Mapping[str, str]
    misaligned: bool = False
    blank: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person says of a workbook that can be read in more ways than one: the sheet's title, and what becomes of
    hidden rows (one of ``HIDDEN_ROWS``); empty where nothing was said."""

    sheet: str = ""
    hidden_rows: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Where in the file the table was found: its encoding, the line of its header, and of a workbook the sheet that was
    read, the titles of the others, and how many of its rows are hidden."""

    encoding: str
    header_line: int = 1
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    hidden_rows: int = 0

    @property
    def remarks(self) -> list[str]:
        """What a person should know of how the table was read."""
        said = []
        if self.header_line > 1:
            said.append(f"The column names stand in line {self.header_line}; what is above them was left aside.")
        if self.other_sheets:
            said.append(f"Sheet {self.sheet!r} was read; not read: {', '.join(self.other_sheets)}.")
        if self.hidden_rows:
            rows = counted(self.hidden_rows, "row of the sheet is", "rows of the sheet are")
            said.append(f"{rows} hidden.")
        return said


@dataclass(frozen=True, slots=True)
class Table:
    """A read table: rows in order, how it was encoded, and the header names that nobody asked for."""

    rows: tuple[Row, ...]
    encoding: str
    ignored_columns: tuple[str, ...]
    found: Found


@dataclass(frozen=True, slots=True)
class OpenTable:
    """As ``Table``, but the rows are read one by one, and only once; a fault is raised where it stands."""

    rows: Iterator[Row]
    encoding: str
    ignored_columns: tuple[str, ...]
    found: Found


def read_table(
    data: bytes,
    name: str,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> Table:
    """Reads a table that must have every one of ``columns`` and may have the ``optional`` ones.

    ``name`` is the file's name, for messages. ``renamed`` maps a site's own header to ours (``[columns]`` in
    cpdocs.toml). Headers match without regard to case, spaces, hyphens or underscores, in the first row that has them
    within the first 20.

    Raises InputFault: no table, damaged, too large, columns missing or there twice, more than one sheet with these
    columns, hidden rows of which nobody said what they are.
    """
    table = open_table(data, name, columns, optional=optional, renamed=renamed, choices=choices)
    return Table(tuple(table.rows), table.encoding, table.ignored_columns, table.found)


def open_table(
    data: bytes,
    name: str,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    renamed: Mapping[str, str] | None = None,
    choices: Choices | None = None,
) -> OpenTable:
    """As ``read_table``, for tables whose rows should not all be held at once; damage further down is raised by
    ``rows``."""
    if len(data) > MAX_BYTES:
        raise InputFault(f"{name} has more than {MAX_BYTES // 1024**2} MB.", todo=SPLIT)
    matcher = _Matcher(columns, optional, renamed or {})
    if data.startswith(b"PK\x03\x04"):
        return _open_workbook(data, name, matcher, choices or Choices())
    return _open_csv(data, name, matcher)


def _open_csv(data: bytes, name: str, matcher: _Matcher) -> OpenTable:
    text, encoding = decode(data, name)
    tops = {separator: top_records(text, separator, HEADER_WITHIN) for separator in _SEPARATORS}
    places = {separator: matcher.header_at([record.cells for record in records]) for separator, records in tops.items()}
    separator = max(_SEPARATORS, key=lambda one: matcher.score(tops[one][places[one]].cells) if tops[one] else 0)
    header = tops[separator][places[separator]] if tops[separator] else None
    at, titles = (header.line, header.cells) if header is not None else (1, [])
    known = matcher.match(titles, name, at)

    def rows() -> Iterator[Row]:
        for record in read_records(text, name, separator):
            if record.line > at:
                check_whole(record, titles, separator, name)
                yield _row(record.line, record.cells, known, len(titles), matcher.names)

    return OpenTable(rows(), encoding, _ignored(titles, known), Found(encoding, at))


def _open_workbook(data: bytes, name: str, matcher: _Matcher, choices: Choices) -> OpenTable:
    sheets = list(read_sheets(data, name, HEADER_WITHIN))
    sheet = _the_sheet(sheets, matcher, name, choices.sheet)
    at, titles = sheet.top[matcher.header_at([cells for _, cells in sheet.top])]
    while titles and not titles[-1].strip():
        titles = titles[:-1]
    check_size(name, at, len(titles))
    known = matcher.match(titles, name, at)
    count = sheet.count(len(titles))
    check_size(name, count.last, len(titles))
    hidden = {line for line in count.hidden if line > at}
    if hidden and choices.hidden_rows not in HIDDEN_ROWS:
        raise InputFault(
            f"{name}: {counted(len(hidden), 'row')} of sheet {_shown(sheet.title)!r} "
            f"{plural(len(hidden), 'is', 'are')} hidden. Nothing was recorded.",
            todo=(
                "Show them all in the spreadsheet (clear its filter) and save it; or say with --hidden-rows read that "
                "they count like the others, or with --hidden-rows leave-out that nobody is to be written to for them."
            ),
            problems=[
                Problem("rows_hidden", "the spreadsheet doesn't show this row.", f"line {line}")
                for line in sorted(hidden)[:20]
            ],
        )
    left_out = hidden if choices.hidden_rows == "leave-out" else set()

    def rows() -> Iterator[Row]:
        read = 0
        for line, cells in sheet.rows(at, len(titles), max(count.last, at)):
            row = _row(line, cells, known, len(titles), matcher.names, hidden=line in left_out)
            read += not row.blank
            yield row
        standing = sum(line > at for line in count.filled)
        if read != standing:
            raise InputFault(
                f"{name}: {standing} rows stand in sheet {_shown(sheet.title)!r}, but {read} were read. Nothing was "
                "recorded.",
                todo="Save the sheet again as CSV UTF-8 and import that.",
            )

    others = tuple(_shown(other.title) for other in sheets if other is not sheet)
    found = Found("xlsx", at, _shown(sheet.title), others, len(hidden))
    return OpenTable(rows(), "xlsx", _ignored(titles, known), found)


def _the_sheet(sheets: Sequence[Sheet], matcher: _Matcher, name: str, wanted: str) -> Sheet:
    """The sheet to read: the one that was asked for, or the only one with our columns."""
    if wanted:
        for sheet in sheets:
            if sheet.title.strip().casefold() == wanted.strip().casefold():
                return sheet
        raise InputFault(
            f"{name} has no sheet of that title.",
            todo=f"Its sheets are: {', '.join(_shown(sheet.title) for sheet in sheets)}.",
        )
    fit = [sheet for sheet in sheets if matcher.is_ours([cells for _, cells in sheet.top])]
    if not fit:
        fit = [sheet for sheet in sheets if matcher.best([cells for _, cells in sheet.top])][:1]
    if not fit:
        raise InputFault(
            f"{name}: no sheet has the column names in one of its first {HEADER_WITHIN} rows.",
            todo=f"One of them must name the columns: {', '.join(matcher.required[:6])} …",
        )
    more = [sheet for sheet in sheets if sheet is not fit[0] and (sheet in fit or _has_members(sheet, matcher))]
    if more:
        titles = ", ".join(
            repr(_shown(sheet.title)) + ("" if sheet.visible else " (hidden)") for sheet in (fit[0], *more)
        )
        raise InputFault(
            f"{name} has more than one sheet with such rows: {titles}. Nothing was recorded.",
            todo="Say with --sheet TITLE which one to read, once for each; or leave one sheet in the file.",
        )
    return fit[0]


def _has_members(sheet: Sheet, matcher: _Matcher) -> bool:
    """Whether a sheet without our columns holds member ids at its top: its members would vanish."""
    return "member_id" in matcher.required and any(
        is_member_id(cell.strip()) for _, cells in sheet.top for cell in cells
    )


def _shown(title: str) -> str:
    return tidy(title)[:60]


def _ignored(titles: Sequence[str], known: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(_shown(title) for place, title in enumerate(titles) if tidy(title) and place not in known)


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

    def header_at(self, rows: Sequence[Sequence[str]]) -> int:
        """Which of these rows is the header: the first that has every required column, else the one that names
        most."""
        for place, row in enumerate(rows):
            if {*self.required} <= {self.column(title) for title in row}:
                return place
        return max(range(len(rows)), key=lambda place: self.score(rows[place]), default=0)

    def best(self, rows: Sequence[Sequence[str]]) -> int:
        """How many columns the best of these rows names."""
        return max(map(self.score, rows), default=0)

    def is_ours(self, rows: Sequence[Sequence[str]]) -> bool:
        """Whether one of these rows names at least half of the required columns."""
        return 2 * self.best(rows) >= len(self.required)

    def match(self, header: Sequence[str], name: str, line: int) -> dict[int, str]:
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
                        f"line {line}",
                        "Take one of them out.",
                    )
                )
            known[place] = column
        if not known:
            raise InputFault(
                f"{name}: none of the first {HEADER_WITHIN} lines has the column names.",
                todo=f"One of them must name the columns: {', '.join(self.required[:6])} …",
            )
        hint = "Is it the right file? Add them to the export, or name the site's own under [columns] in cpdocs.toml."
        missing = [
            Problem("column_missing", f"column {column} is missing.", f"line {line}")
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


def _row(
    line: int, cells: Sequence[str], known: Mapping[int, str], width: int, names: Sequence[str], *, hidden: bool = False
) -> Row:
    values = dict.fromkeys(names, "")
    for place, column in known.items():
        if place < len(cells):
            values[column] = cells[place]
    blank = not any(cell.strip() for cell in cells)
    short = len(cells) < width and not blank
    long = any(cell.strip() for cell in cells[width:])
    return Row(line, values, short or long, blank, hidden)

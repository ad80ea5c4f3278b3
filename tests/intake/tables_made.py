"""Makes tables, good and bad, for the tests: CSV in any encoding and separator, and workbooks with what spreadsheets
do."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook

from cpdocs.core.roster_lines import COLUMNS
from tests.core.rosters_made import GOOD


def cells(**changed: str) -> list[str]:
    """A good roster line's cells in the contract's order, with some of them changed."""
    line = {**GOOD, **changed}
    return [line.get(column, "") for column in COLUMNS]


def csv_bytes(
    rows: Iterable[Sequence[str]],
    header: Sequence[str] = COLUMNS,
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    end: str = "\n",
) -> bytes:
    """A CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def workbook(
    rows: Iterable[Sequence[Any]],
    header: Sequence[str] = COLUMNS,
    *,
    before: Sequence[str] = (),
    titles: Sequence[str] = (),
) -> bytes:
    """An XLSX file; ``before`` are sheets that come first with other contents, ``titles`` rows above the header."""
    book = Workbook()
    sheet = book.active
    for title in before:
        book.create_sheet(title, 0).append(["Notes", "for the reader"])
    for title in titles:
        sheet.append([title])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    return _saved(book)


def two_sheets(*titles: str, hidden: bool = False, header: bool = True) -> bytes:
    """A workbook with a member on each of two sheets, whose first name is the sheet's title; the second hidden, or
    without column names."""
    book = Workbook()
    for place, title in enumerate(titles):
        sheet = book.create_sheet(title, place)
        if header or not place:
            sheet.append(list(COLUMNS))
        sheet.append(spreadsheet_row(member_id=f"90000000000{place}", first_name=title))
    book.remove(book["Sheet"])
    if hidden:
        book[titles[1]].sheet_state = "hidden"
    return _saved(book)


def with_hidden_row(way: str) -> bytes:
    """A workbook of two members, the second of whom is in a row that isn't shown: by the ``row``'s own mark, by the
    ``sheet``'s standard, or by its ``height``."""
    book = Workbook()
    sheet = book.active
    sheet.append(list(COLUMNS))
    sheet.append(spreadsheet_row())
    sheet.append(spreadsheet_row(member_id="900000000002", first_name="Unseen"))
    if way == "row":
        sheet.row_dimensions[3].hidden = True
    data = _saved(book)
    if way == "height":
        return _sheet_changed(data, b'<row r="3"', b'<row r="3" ht="0.0" customHeight="1"')
    return (
        _sheet_changed(data, b"<sheetFormatPr ", b'<sheetFormatPr zeroHeight="1" ', shown=(1, 2))
        if way == "sheet"
        else data
    )


def rows_out_of_order() -> bytes:
    """A workbook with two members, whose second row claims to be the first again."""
    data = workbook([spreadsheet_row(), spreadsheet_row(member_id="900000000002")])
    return _sheet_changed(data, b'<row r="3"', b'<row r="2"')


def _sheet_changed(data: bytes, old: bytes, new: bytes, shown: Sequence[int] = ()) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    assert old in sheet
    sheet = sheet.replace(old, new)
    for row in shown:
        sheet = sheet.replace(b'<row r="%d"' % row, b'<row hidden="0" r="%d"' % row)
    return rezipped(data, replace={"xl/worksheets/sheet1.xml": sheet})


def spreadsheet_row(**changed: Any) -> list[Any]:
    """A good line as a spreadsheet keeps it: ids and ZIP as numbers, dates as dates."""
    row: dict[str, Any] = {
        **GOOD,
        "member_id": 900000000001.0,
        "zip": 2118,
        "dob": datetime(1980, 5, 4),
        "assigned_on": datetime(2026, 11, 1),
        "pcp_npi": 1234567893,
        **changed,
    }
    return [row.get(column) for column in COLUMNS]


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezipped(data: bytes, *, replace: dict[str, bytes] | None = None, add: dict[str, bytes] | None = None) -> bytes:
    """A workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, (replace or {}).get(part.filename, old.read(part.filename)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    """A small workbook that would unpack to 40 MB."""
    return rezipped(workbook([]), add={"xl/media/zeros.bin": b"\0" * 40 * 1024 * 1024})


def entity_bomb() -> bytes:
    """A workbook whose sheet declares an entity that unfolds."""
    data = workbook([spreadsheet_row()])
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    lol = b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>'
    declared = sheet.replace(b"<worksheet", lol + b"<worksheet", 1)
    return rezipped(data, replace={"xl/worksheets/sheet1.xml": declared})


def far_row(number: int, *, empty: bool = False) -> bytes:
    """A workbook whose second row claims to be row ``number``; or whose third does, with a cell that holds nothing."""
    data = workbook([spreadsheet_row()])
    if empty:
        return _sheet_changed(
            data, b"</sheetData>", b'<row r="%d"><c r="C%d" s="0"/></row></sheetData>' % (number, number)
        )
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    return rezipped(data, replace={"xl/worksheets/sheet1.xml": sheet.replace(b'<row r="2"', b'<row r="%d"' % number)})

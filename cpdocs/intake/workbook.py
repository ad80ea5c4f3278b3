"""XLSX workbooks to rows of text, under limits: nothing is executed, nothing is fetched, nothing unpacks without end.

Formulas are not run: the value that the spreadsheet last showed is read, an error value (``#N/A``) too.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers.expat import ExpatError

from cpdocs.core.cells import Converted
from cpdocs.errors import InputFault
from cpdocs.intake.workbook_count import SheetCount, count_sheet

MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 60
"""How much larger than the file its contents may be: real workbooks stay far below."""
MAX_PARTS = 2_000
_AGAIN = "Save the sheet again as CSV UTF-8 and import that."
_EXACT = 10**15
"""Whole numbers below this are kept exactly by a spreadsheet."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its title, whether it is shown, and the rows at its top, as (row number, cells)."""

    title: str
    visible: bool
    top: tuple[tuple[int, list[str]], ...]
    _sheet: Any
    _data: bytes
    _name: str

    def count(self, width: int) -> SheetCount:
        """The rows that hold something in the first ``width`` columns, counted apart from who reads them."""
        try:
            with zipfile.ZipFile(io.BytesIO(self._data)) as package:
                return count_sheet(package, self._sheet._worksheet_path.lstrip("/"), width)
        except (ExpatError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise _damaged(self._name) from error

    def rows(self, header_line: int, width: int, last: int) -> Iterator[tuple[int, list[str]]]:
        """Every row under the header up to row ``last``, cut to the header's width: a spreadsheet's cells can't slip
        sideways. Raises InputFault."""
        try:
            values = self._sheet.iter_rows(min_row=header_line + 1, max_row=last, max_col=width)
            for line, cells in enumerate(values, header_line + 1):
                yield (
                    line,
                    [cell_text(cell) for cell in cells]
                    if any(cell.value is not None for cell in cells)
                    else [""] * width,
                )
        except Exception as error:
            raise _damaged(self._name) from error


def read_sheets(data: bytes, name: str, top: int) -> Iterator[Sheet]:
    """The workbook's sheets in order, each with its first ``top`` rows.

    Raises InputFault: damaged, protected, too large when unpacked, or no workbook at all.
    """
    check_package(data, name)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what the file says of its own size can be wrong
            rows = [
                (line, [cell_text(cell) for cell in cells])
                for line, cells in enumerate(sheet.iter_rows(max_row=top), 1)
            ]
            yield Sheet(sheet.title, sheet.sheet_state == "visible", tuple(rows), sheet, data, name)
    except InputFault:
        raise
    except Exception as error:  # openpyxl raises whatever its XML and zip readers do
        raise _damaged(name) from error


def check_package(data: bytes, name: str) -> None:
    """Limits, before anything is unpacked or parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if "[Content_Types].xml" not in {part.filename for part in parts}:
                raise InputFault(f"{name} is a zip file, not a workbook.", todo="Give a .csv or .xlsx file.")
            if any(part.flag_bits & 1 for part in parts):
                raise InputFault(f"{name} is protected with a password.", todo=_AGAIN)
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * len(data) + 1024**2:
                raise InputFault(f"{name} would unpack to far more than a table needs; it was not opened.", todo=_AGAIN)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_doctype(package, part, name)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        RuntimeError,
    ) as error:
        raise _damaged(name) from error


def _refuse_doctype(package: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """No workbook has a document type; one that does means to make the XML reader unfold or fetch something."""
    with package.open(part) as file:
        if b"<!DOCTYPE" in file.read(4096).replace(b"\x00", b"").upper():
            raise InputFault(f"{name} holds XML that no spreadsheet writes; it was not opened.", todo=_AGAIN)


def cell_text(cell: Any) -> str:
    """A cell as a person reads it; ids and ZIPs kept as numbers lose their decimals, dates are ISO. What isn't text
    says of which kind it is: a name that is a date is no name."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return Converted("TRUE" if value else "FALSE", "boolean")
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return Converted(str(int(value)), "number")
    if isinstance(value, datetime):
        return Converted(value.date().isoformat() if value.time() == time() else value.isoformat(" "), "date")
    if isinstance(value, (date, time, timedelta)):
        return Converted(str(value), "date")
    return Converted(str(value), "number")


def _damaged(name: str) -> InputFault:
    return InputFault(f"{name} is a damaged or cut-off workbook; nothing was recorded.", todo=_AGAIN)

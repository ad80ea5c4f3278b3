"""XLSX workbooks to rows of text, under limits: nothing is executed, nothing is fetched, nothing unpacks without end.

Formulas are not run: the value that the spreadsheet last showed is read. An error value (``#N/A``) is an empty cell.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from operator import attrgetter
from typing import Any

from cpdocs.errors import InputFault
from cpdocs.intake.limits import check_size

MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 60
"""How much larger than the file its contents may be: real workbooks stay far below."""
MAX_PARTS = 2_000
_AGAIN = "Save the sheet again as CSV UTF-8 and import that."
_HELD = attrgetter("value")
_EXACT = 10**15
"""Whole numbers below this are kept exactly by a spreadsheet."""


def read_sheets(data: bytes, name: str) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The workbook's visible sheets in order, each as row number and cells; the first row is the header.

    Blank rows after the last filled one are formatting, not lines, and are left out.

    Raises InputFault: damaged, protected, too large when unpacked, or no workbook at all.
    """
    _check_package(data, name)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever its XML and zip readers do
        raise _damaged(name) from error
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            yield _records(sheet, name)


def _check_package(data: bytes, name: str) -> None:
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


def _records(sheet: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """The header row, then every other row, cut to the header's width: a spreadsheet's cells can't slip sideways."""
    sheet.reset_dimensions()  # what the file says of its own size can be wrong
    pending: list[int] = []
    try:
        header = [_text(cell) for cell in next(sheet.iter_rows(max_row=1), ())]
        while header and not header[-1].strip():
            header.pop()
        check_size(name, 1, len(header))
        yield 1, header
        width = len(header)
        for line, values in enumerate(sheet.iter_rows(min_row=2, max_col=width), 2):
            check_size(name, line, width)
            cells = [_text(cell) for cell in values] if any(map(_HELD, values)) else []
            if not any(cell.strip() for cell in cells):
                pending.append(line)
                continue
            for blank in pending:
                yield blank, [""] * width
            pending.clear()
            yield line, cells
    except InputFault:
        raise
    except Exception as error:
        raise _damaged(name) from error


def _text(cell: Any) -> str:
    """A cell as a person reads it; ids and ZIPs kept as numbers lose their decimals, dates are ISO."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _damaged(name: str) -> InputFault:
    return InputFault(f"{name} is a damaged or cut-off workbook; nothing was recorded.", todo=_AGAIN)

"""A filled-in form as cells, for a child process: nothing is run, nothing is fetched, nothing unpacks without end.

What a cell's formula would give isn't taken: whoever signs must be able to see who wrote it.
"""

from __future__ import annotations

import io
import warnings
import zipfile

from cpdocs.core.plan_form import FormCell, FormRead
from cpdocs.errors import InputFault
from cpdocs.intake.workbook import cell_text, check_package

MAX_BYTES = 4 * 1024 * 1024
MOST_CELLS = 20_000
MOST_SHEETS = 60
_AGAIN = "Fill in a form that `cpdocs plan draft --form` wrote, and save it as .xlsx."


def get_ready() -> None:
    """Imports the reader, while that may still be read from the disk."""
    import openpyxl  # noqa: F401


def read_form(data: bytes, name: str) -> FormRead:
    """The cells of the workbook that hold something. Never raises for any bytes: what can't be read is said."""
    try:
        check_package(data, name)
        fault = _acting(data)
        return FormRead(fault=f"{name} holds {fault}; it was not opened.", todo=_AGAIN) if fault else _cells(data, name)
    except InputFault as error:
        return FormRead(fault=error.message, todo=_AGAIN)


def _acting(data: bytes) -> str:
    """What a workbook holds that acts or reaches outside; empty for a plain one."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        names = [part.filename.casefold() for part in package.infolist()]
    if any("vbaproject" in each or "/macrosheets/" in each or "/activex/" in each for each in names):
        return "macros"
    if any("/externallinks/" in each or each.endswith("connections.xml") for each in names):
        return "links to other files"
    if any("/embeddings/" in each for each in names):
        return "other documents"
    return ""


def _cells(data: bytes, name: str) -> FormRead:
    from openpyxl import load_workbook

    found: list[FormCell] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = tuple(str(sheet.title) for sheet in book.worksheets)
        if len(sheets) > MOST_SHEETS:
            return FormRead(fault=f"{name} has more than {MOST_SHEETS} sheets.", todo=_AGAIN)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what the file says of its own size can be wrong
            for row in sheet.iter_rows():
                for cell in row:
                    text = cell_text(cell) if cell.value is not None else ""
                    if text.strip():
                        found.append(
                            FormCell(
                                sheet.title, cell.row, cell.column, str(text), formula=cell.data_type in ("f", "e")
                            )
                        )
                if len(found) > MOST_CELLS:
                    return FormRead(fault=f"{name} has more than {MOST_CELLS} cells filled in.", todo=_AGAIN)
    except Exception:  # noqa: BLE001 openpyxl raises whatever its XML and zip readers do
        return FormRead(fault=f"{name} is a damaged or cut-off workbook.", todo=_AGAIN)
    return FormRead(sheets, tuple(found))

"""The spreadsheet form of a plan as an XLSX workbook: what is known filled in, lists to choose from, questions beside.

What people wrote is written as text, never as a formula. Everything but the answers is locked, without a password, so
that the keys by which a form is read back stay where they are.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from cpdocs.core.plan_form import (
    FIXED,
    GOAL,
    HOW_TO,
    KEY_LINE,
    LISTS,
    NUMBER,
    FieldKind,
    FormField,
    FormSheet,
    FormValues,
    form_sheets,
)

_FIRST = KEY_LINE + 1
_SPARE_LINES = 15
_INK, _PALE, _GREY, _LINE = "1F3A4D", "E8EEF2", "8A8A8A", "B8C4CC"
_HELP = {
    FieldKind.LINES: "One a line (Alt+Enter begins a new line).",
    FieldKind.DAY: "A date: 2026-11-02.",
    FieldKind.MOMENT: "Date and time: 2026-11-02 15:30.",
    FieldKind.YES_NO: "yes or no",
    FieldKind.WHOLE: "A whole number.",
    FieldKind.NUMBER: "A number.",
}
_WIDTHS = {FieldKind.TEXT: 32, FieldKind.LINES: 40, FieldKind.CHOICE: 18, FieldKind.MOMENT: 22}
_HOW = (
    "1. Fill in the white cells. Grey lines and columns say what is asked; they are locked, so that the form can be "
    "read back.",
    "2. Where an arrow shows, choose from the list. Dates are written like 2026-11-02. Type values, no formulas.",
    "3. A star marks what a plan can't be without. A part that isn't needed stays empty.",
    "4. Steps name their goal by the number that stands before it in the sheet Goals.",
    "5. Save the form as .xlsx and read it back: cpdocs plan draft --from FORM.xlsx -o plan.yaml. Every fault is told "
    "at once, with its sheet and cell.",
    "The form holds the member's data: keep it as you keep the chart, and delete it when the plan is issued.",
)


def write_form(values: FormValues, *, on: datetime) -> bytes:
    """The form as a workbook; ``on`` is when it was made (aware)."""
    from openpyxl import Workbook

    book = Workbook()
    for style in _styles():
        book.add_named_style(style)
    how = book.active
    assert how is not None
    how.title = HOW_TO
    _say_how(how, values)
    lists = _Lists(book)
    for sheet in form_sheets():
        page = book.create_sheet(sheet.title)
        if sheet.items:
            _write_rows(page, sheet, values, lists)
        else:
            _write_answers(page, sheet, values, lists)
        _lock(page)
    lists.finish()
    made = on.replace(tzinfo=None)
    book.properties.creator, book.properties.created, book.properties.modified = "cpdocs", made, made
    return _saved(book)


def _saved(book: Any) -> bytes:
    """The workbook's bytes. openpyxl puts each sheet into a temporary file on its way: these hold the member's data, so
    they are written in memory."""
    from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    class InMemory(ExcelWriter):  # type: ignore[misc]  # untyped
        """Writes the sheets' text straight into the archive."""

        def write_worksheet(self, ws: Any) -> None:
            ws._drawing = SpreadsheetDrawing()
            text = io.BytesIO()
            writer = WorksheetWriter(ws, text)
            writer.write()
            ws._rels = writer._rels
            self._archive.writestr(ws.path[1:], text.getvalue())
            self.manifest.append(ws)

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        InMemory(book, archive).save()
    return out.getvalue()


def _styles() -> Iterator[Any]:
    """How the form's cells look, each under a name: a cell is dressed by one word."""
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

    wrapped = Alignment(wrap_text=True, vertical="top")
    pale = PatternFill("solid", fgColor=_PALE)
    side = Side("thin", color=_LINE)
    box = Border(side, side, side, side)
    free = Protection(locked=False)
    yield NamedStyle("title", Font(size=13, bold=True, color=_INK), alignment=Alignment(vertical="center"))
    yield NamedStyle("asked", Font(color=_INK), alignment=wrapped)
    yield NamedStyle("needed", Font(color=_INK, bold=True), alignment=wrapped)
    yield NamedStyle("heading", Font(bold=True, color=_INK), pale, alignment=wrapped)
    yield NamedStyle("note", Font(size=9, color=_GREY), alignment=wrapped)
    yield NamedStyle("fixed", Font(), pale, box, wrapped, "@")
    yield NamedStyle("text", Font(), border=box, alignment=wrapped, number_format="@", protection=free)
    yield NamedStyle("day", Font(), border=box, alignment=wrapped, number_format="yyyy-mm-dd", protection=free)


class _Lists:
    """The lists to choose from, in a sheet of their own: written into the cells they would be cut off."""

    def __init__(self, book: Any) -> None:
        self._sheet = book.create_sheet(LISTS)
        self._book = book
        self._ranges: dict[tuple[str, ...], str] = {}

    def of(self, choices: Sequence[str]) -> str:
        """Where these choices stand."""
        key = tuple(choices)
        if key not in self._ranges:
            column = len(self._ranges) + 1
            for line, choice in enumerate(key, 1):
                _put(self._sheet.cell(line, column), choice)
            letter = self._sheet.cell(1, column).column_letter
            self._ranges[key] = f"{LISTS}!${letter}$1:${letter}${len(key)}"
        return self._ranges[key]

    def finish(self) -> None:
        """Puts the sheet behind the others, out of sight."""
        self._book.move_sheet(self._sheet, len(self._book.sheetnames))
        self._sheet.sheet_state = "hidden"


def _say_how(page: Any, values: FormValues) -> None:
    page.column_dimensions["A"].width = 100
    _put(page.cell(1, 1), f"{_answer(values, 'plan.program')} plan, version {_answer(values, 'plan.version')}", "title")
    for line, text in enumerate(_HOW, 3):
        _put(page.cell(line, 1), text, "asked")
    _print_well(page, wide=False)


def _answer(values: FormValues, key: str) -> str:
    return values.answers.get(key, "")


def _write_answers(page: Any, sheet: FormSheet, values: FormValues, lists: _Lists) -> None:
    _title(page, sheet.title, values.questions.get(sheet.fields[0].key.partition(".")[0], ""))
    for column, (words, width) in enumerate((("Asked", 34), ("Answer", 60), ("Help", 60), ("Key", 26)), 1):
        heading = page.cell(KEY_LINE, column)
        _put(heading, words, "heading")
        page.column_dimensions[heading.column_letter].width = width
    for line, field in enumerate(sheet.fields, _FIRST):
        locked = field.key in FIXED
        _put(page.cell(line, 1), _label(field), "needed" if field.required else "asked")
        _enter(page.cell(line, 2), field, _answer(values, field.key), locked=locked)
        helps = [values.questions.get(field.key, ""), "" if locked else _HELP.get(field.kind, "")]
        _put(page.cell(line, 3), " ".join(filter(None, helps)), "note")
        _put(page.cell(line, 4), field.key, "note")
        if not locked:
            _restrict(page, field, f"B{line}", lists)
    page.freeze_panes = page.cell(_FIRST, 2)
    _print_well(page, wide=False)


def _write_rows(page: Any, sheet: FormSheet, values: FormValues, lists: _Lists) -> None:
    rows = values.rows.get(sheet.items, ())
    _title(page, sheet.title, values.questions.get(sheet.items, ""))
    last = KEY_LINE + len(rows) + _SPARE_LINES
    for column, field in enumerate(sheet.fields, 1):
        heading = page.cell(KEY_LINE - 1, column)
        _put(heading, _label(field), "heading")
        _put(page.cell(KEY_LINE, column), field.key, "note")
        letter = heading.column_letter
        page.column_dimensions[letter].width = _WIDTHS.get(field.kind, 13)
        for line in range(_FIRST, last + 1):
            place = line - _FIRST
            text = rows[place].get(field.key, "") if place < len(rows) else ""
            text = str(place + 1) if field.key == NUMBER else text
            _enter(page.cell(line, column), field, text, locked=field.key == NUMBER)
        _restrict(page, field, f"{letter}{_FIRST}:{letter}{last}", lists)
    page.freeze_panes = page.cell(_FIRST, 2 if sheet.fields[0].key in (NUMBER, GOAL) else 1)
    _print_well(page, wide=True)


def _title(page: Any, title: str, question: str) -> None:
    _put(page.cell(1, 1), f"{title}. {question}" if question else title, "title")
    page.row_dimensions[1].height = 24


def _label(field: FormField) -> str:
    return f"{field.label} *" if field.required else field.label


def _enter(cell: Any, field: FormField, text: str, *, locked: bool) -> None:
    """A cell to fill in: of its field's kind, with what is known in it."""
    style = "fixed" if locked else "day" if field.kind is FieldKind.DAY else "text"
    if text and field.kind is FieldKind.DAY:
        cell.value = date.fromisoformat(text)
        cell.style = style
    else:
        _put(cell, text, style)


def _restrict(page: Any, field: FormField, cells: str, lists: _Lists) -> None:
    """What may be entered into these cells, where that is one of a list or a date."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if field.choices:
        rule = DataValidation("list", formula1=lists.of(field.choices), errorTitle="Not in the list")
        rule.error = f"Choose one of: {', '.join(field.choices)}."[:250]
    elif field.kind is FieldKind.DAY:
        rule = DataValidation("date", operator="between", formula1="1", formula2="110000", errorTitle="No date")
        rule.error = "Write a date like 2026-11-02."
    else:
        return
    rule.allow_blank, rule.showErrorMessage = True, True
    rule.add(cells)
    page.add_data_validation(rule)


def _put(cell: Any, text: str, style: str = "") -> None:
    """Text as text: what begins with a sign that a spreadsheet calculates with, too."""
    if text:
        cell.value = text
        cell.data_type = "s"
    if style:
        cell.style = style


def _lock(page: Any) -> None:
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = False  # wider and higher may be
    page.protection.sort = False


def _print_well(page: Any, *, wide: bool) -> None:
    page.page_setup.orientation = "landscape" if wide else "portrait"
    page.page_setup.paperSize = page.PAPERSIZE_LETTER
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"1:{KEY_LINE}"

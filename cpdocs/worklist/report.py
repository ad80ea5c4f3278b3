"""The reports on a span of days (contract §10, requirement D16): the same tables for people, CSV, JSON and a page.

What is counted is versions by the day of their issue, and members, each once, by the practice and program that the
version itself names: a roster that is corrected later changes no past month. ``Waiting`` and ``overdue`` are as of the
day of the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.csvsafe import csv_text
from cpdocs.core.events import JSON
from cpdocs.core.findings import FINDINGS
from cpdocs.core.reports import CHOICES
from cpdocs.errors import UsageFault
from cpdocs.index import reporting
from cpdocs.index.queries import practices_of
from cpdocs.index.reporting import Span, TimelinessRow

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report: ``name`` for machines, ``title`` for people. ``plot`` names the column that a bar shows,
    ``of`` the column that is the whole."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    plot: str = ""
    of: str = ""

    def records(self) -> list[dict[str, JSON]]:
        """The rows by column name; shares and medians as text, since events and JSON here hold no floats."""
        return [{name: _plain(value) for name, value in zip(self.columns, row, strict=True)} for row in self.rows]


def tables(ws: Workspace, first: date, last: date, only: str = "") -> list[Table]:
    """The report's tables for what was issued, and came back, from ``first`` to ``last``; that with the name ``only``
    where one is wanted. Raises UsageFault where the days are the wrong way round."""
    if last < first:
        raise UsageFault("--to is before --from.", todo="Give the first day of the span, then the last.")
    on, span = eastern_date(ws.clock.now()), Span(first, last)
    begin, end = (
        datetime.combine(day, time(), EASTERN).astimezone(UTC).isoformat() for day in (first, last + timedelta(days=1))
    )
    made: dict[str, Callable[[], Table]] = {
        "timeliness_by_program": lambda: _timeliness(
            "timeliness_by_program", "Timeliness by program", ws, span, on, by_practice=False
        ),
        "timeliness_by_practice": lambda: _timeliness(
            "timeliness_by_practice", "Timeliness by practice", ws, span, on, by_practice=True
        ),
        "informed_choice": lambda: _choice(ws, span),
        "affiliated_referrals": lambda: _affiliated(ws, span),
        "evidence": lambda: _evidence(ws, span),
        "returns": lambda: _returns(ws, (begin, end)),
        "held_reasons": lambda: _held_reasons(ws, (begin, end)),
    }
    return [make() for name, make in made.items() if only in ("", name)]


def _timeliness(name: str, title: str, ws: Workspace, span: Span, on: date, *, by_practice: bool) -> Table:
    columns = (
        *("program", "members", "issued", "written_late", "sent", "unsent", "median_days_to_send", "member_signed"),
        *("in_time", "late", "waiting", "overdue", "returned", "overdue_share", "median_days"),
    )

    def cells(row: TimelinessRow) -> tuple[Cell, ...]:
        share = f"{100 * (row.late + row.overdue) / row.issued:.1f} %"
        before = (row.members, row.issued, row.written_late, row.sent, row.unsent, row.median_days_to_send)
        signed = (row.member_signed, row.in_time, row.late, row.waiting, row.overdue, row.returned)
        practice = (row.practice_id,) if by_practice else ()
        return (*practice, row.program, *before, *signed, share, row.median_days)

    found = reporting.timeliness(ws.index, span, on, by_practice=by_practice, plan_days=ws.options.plan_days)
    named = ("practice_id", *columns) if by_practice else columns
    return Table(name, title, named, tuple(map(cells, found)), "in_time", "issued")


def _choice(ws: Workspace, span: Span) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (program, plans, *(yes[name] for name in CHOICES), every)
        for program, plans, yes, every in reporting.choices(ws.index, span)
    )
    title = "Evidence of informed choice, in plans that stand"
    return Table("informed_choice", title, ("program", "plans", *CHOICES, "all_yes"), rows, "all_yes", "plans")


def _affiliated(ws: Workspace, span: Span) -> Table:
    title = "Services by providers linked to the Community Partner, in each member's last version, withdrawn or not"
    columns = ("program", "plans", "services", "affiliated", "plans_with_affiliated")
    rows = tuple(reporting.affiliated(ws.index, span))
    return Table("affiliated_referrals", title, columns, rows, "affiliated", "services")


def _evidence(ws: Workspace, span: Span) -> Table:
    columns = ("slot", "evidence", "approvals")
    return Table(
        "evidence", "What the approvals rest on", columns, tuple(reporting.evidence(ws.index, span)), "approvals"
    )


def _returns(ws: Workspace, utc: tuple[str, str]) -> Table:
    parts, looked_at, _ = reporting.held(ws.index, utc)
    rows = (("came back", parts), ("looked at by a person", looked_at))
    return Table("returns", "What came back", ("what", "parts"), rows, "parts")


def _held_reasons(ws: Workspace, utc: tuple[str, str]) -> Table:
    _, _, codes = reporting.held(ws.index, utc)
    return Table("held_reasons", "Why a person had to look", ("code", "parts"), tuple(codes), "parts")


def as_json(found: list[Table], first: date, last: date) -> dict[str, JSON]:
    """The report as one document: each table by its name."""
    head: dict[str, JSON] = {"from": first.isoformat(), "to": last.isoformat()}
    return {**head, **{table.name: [*table.records()] for table in found}}


def as_csv(found: list[Table]) -> str:
    """The report as one CSV: a line for each count, so that every table fits the same columns."""
    rows = [
        {"table": table.name, "row": _row_name(table, record), "measure": name, "value": value}
        for table in found
        for record in table.records()
        for name, value in record.items()
        if name not in _KEYS
    ]
    return csv_text(("table", "row", "measure", "value"), rows)


_KEYS = frozenset({"practice_id", "program", "slot", "evidence", "code", "what"})


def _row_name(table: Table, record: dict[str, JSON]) -> str:
    del table
    return " ".join(str(record[key]) for key in record if key in _KEYS)


def as_page(ws: Workspace, found: list[Table], first: date, last: date) -> str:
    """The report as one page that needs nothing else: tables, each under its plot, readable in print. Raises
    InputFault where a site's own template is broken."""
    from cpdocs.documents.html import fill

    view = {
        "organization": ws.senders.organization.name,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "as_of": eastern_date(ws.clock.now()).isoformat(),
        "sandbox": ws.sandbox,
        "tables": [_whole(shown(ws, table)) for table in found],
    }
    return fill("report/report.html", view, shipped=ws.shipped_templates, site=ws.paths.templates)


def _whole(table: Shown) -> dict[str, object]:
    """A table with its plot in it, for a page that has nothing beside it."""
    from markupsafe import Markup

    drawn = re.sub(r' xmlns(:xlink)?="[^"]*"', "", table.plot.decode())  # a page of HTML knows it without
    return {**asdict(table), "plot": Markup(drawn)}  # noqa: S704 drawn by plots.py, texts escaped there


@dataclass(frozen=True, slots=True)
class Shown:
    """A table as a page shows it: its columns in words, its rows as text, and its plot as SVG (empty: none)."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    plot: bytes = b""
    plotted: bool = False
    """Whether there is something to draw, drawn or not."""
    left_out: int = 0
    """Rows that the table has and the plot leaves out."""
    keys: int = 1
    """Columns at the left that say what a row is about; the others are figures."""


def shown(ws: Workspace, table: Table, *, drawn: bool = True) -> Shown:
    """The table for people: practices by name, the largest bars first. Without ``drawn`` its plot isn't drawn, only
    whether there is one is said."""
    names = practices_of(ws.index, (str(row[0]) for row in table.rows)) if table.columns[0] == "practice_id" else {}
    rows = []
    for row in table.rows:
        cells = [_said(name, value) for name, value in zip(table.columns, row, strict=True)]
        if names:
            cells[0] = names[cells[0]].name if cells[0] in names else cells[0]
        rows.append(tuple(cells))
    columns = tuple(_HEADS.get(name, name.replace("_", " ")).capitalize() for name in table.columns)
    plotted = bool(table.plot and rows)
    plot = _plot(table, columns, rows) if plotted and drawn else b""
    left_out = max(len(rows) - _MOST_BARS, 0) if plotted else 0
    keys = sum(name in _KEYS for name in table.columns)
    return Shown(table.name, table.title, columns, tuple(rows), plot, plotted, left_out, keys)


_HEADS = {"practice_id": "practice", "code": "why", "slot": "whose", "evidence": "rests on"}


def _said(column: str, value: Cell) -> str:
    """A cell in words: codes as what they mean."""
    if value is None:
        return "–"
    text = str(_plain(value))
    if column == "code":
        return FINDINGS[text].message.rstrip(".") if text in FINDINGS else text.replace("_", " ")
    if column == "slot":
        return {"member": "Member", "pcp": "PCP"}.get(text, text)
    return text.replace("_", " ") if column in ("evidence", "what") else text


def _plot(table: Table, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> bytes:
    from cpdocs.worklist.plots import bars

    value = table.columns.index(table.plot)
    whole = table.columns.index(table.of) if table.of else None
    keys = [place for place, name in enumerate(table.columns) if name in _KEYS]
    found = [
        (
            " ".join(rows[place][key] for key in keys),
            int(_number(row[value])),
            int(_number(row[whole])) if whole is not None else 0,
        )
        for place, row in enumerate(table.rows)
    ]
    most = sorted(found, key=lambda each: each[2] or each[1], reverse=True)[:_MOST_BARS]
    title = f"{table.title}: {columns[value].lower()}" + (f" of {columns[whole].lower()}" if whole is not None else "")
    wholes = tuple(each[2] for each in most) if whole is not None else ()
    return bars(title, tuple(each[0] for each in most), tuple(each[1] for each in most), wholes)


_MOST_BARS = 25
"""Bars of one plot; the table beside it has every row."""


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _plain(value: Cell) -> JSON:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return value

"""``letters report``: the month's letters as figures, as CSV, and as one page with plots."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.csvsafe import csv_text
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.core.letter_report import ExpectationRow, OutcomeRow, UnletteredRow, expectation, outcomes, without_letter
from cpdocs.core.letters import ASSIGNMENT, LETTERED_EVENTS, lettered
from cpdocs.errors import UsageFault
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.reports import run_lines
from cpdocs.letters.runs import all_runs
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_COLORS = dict(zip(DISPOSITIONS, ("#1f6f8b", "#e0a030", "#8a6fb0", "#9aa5ad", "#b5483a", "#d5d5d5"), strict=True))
_LEFT, _WIDTH = 190, 460
_STEP = 26
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class MonthReport:
    """One month's figures, or all months' where ``month`` is empty, as of a day."""

    month: str
    as_of: date
    rows: tuple[OutcomeRow, ...]
    unlettered: tuple[UnletteredRow, ...]
    expectation: tuple[ExpectationRow, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, members by their id."""
        return {
            "month": self.month or None,
            "as_of": self.as_of.isoformat(),
            "outcomes": [asdict(row) for row in self.rows],
            "without_letter": [asdict(row) for row in self.unlettered],
            "expectation": {
                "whose_duty": "payers",
                "rows": [{**asdict(row), "share": _percent(row.share)} for row in self.expectation],
            },
        }

    def as_csv(self) -> str:
        """The outcomes as a CSV, a row for each."""
        columns = ("month", "kind", "program", "language", "outcome", "members", "lines")
        return csv_text(columns, [asdict(row) for row in self.rows])


def month_report(ws: Workspace, month: str = "") -> MonthReport:
    """The figures of ``month`` (``2026-11``), or of every month. Raises UsageFault for anything else."""
    if month and not _MONTH.fullmatch(month):
        raise UsageFault(f"{month!r} is no month.", todo="Write it like 2026-11.")
    today = eastern_date(ws.clock.now())
    register = load_register(ws)
    pieces = lettered(ws.ledger.events(types=LETTERED_EVENTS))
    first = [key for kind, key in pieces if kind == ASSIGNMENT]
    items = list(register.assignments.values())
    return MonthReport(
        month,
        today,
        tuple(outcomes(((run, run_lines(ws, run)) for run in all_runs(ws.ledger).values()), month)),
        tuple(without_letter(items, first)),
        tuple(expectation(items, ws.senders, today)),
    )


def report_page(ws: Workspace, report: MonthReport) -> str:
    """The report as one HTML page that needs nothing else: plots are drawn in it, no member is named."""
    from cpdocs.documents.html import fill

    values = {
        "title": report.month or "every month",
        "as_of": report.as_of,
        "sandbox": ws.sandbox,
        "charts": [
            _chart("By program", report.rows, lambda row: row.program or "unreadable"),
            _chart("By language on the roster", report.rows, lambda row: row.language or "not stated"),
            _chart("By month", report.rows, lambda row: row.month),
        ],
        "rows": [asdict(row) for row in report.rows],
        "unlettered": len(report.unlettered),
        "oldest": report.unlettered[0].assigned_on if report.unlettered else None,
        "expectation": [{**asdict(row), "share": _percent(row.share)} for row in report.expectation],
    }
    return fill("letters/report/month.html", values, shipped=ws.shipped_templates, site=ws.paths.templates)


def write_report(path: Path, text: str) -> Path:
    """Writes a report where a person asked for it, over an earlier one of that name."""
    write_durably(path, text.encode(), overwrite=True)
    return path


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"


def _chart(title: str, rows: Sequence[OutcomeRow], label: Any) -> dict[str, Any]:
    """A bar for each label, in parts by outcome; all lengths in the units of the drawing."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(label(row), Counter())[row.outcome] += row.members
    longest = max((sum(parts.values()) for parts in counts.values()), default=0)
    bars = [_bar(place, name, counts[name], longest) for place, name in enumerate(sorted(counts))]
    legend = [{"label": name, "color": color} for name, color in _COLORS.items()]
    return {"title": title, "bars": bars, "height": max(_STEP * len(bars), _STEP), "legend": legend}


def _bar(place: int, name: str, parts: Counter[str], longest: int) -> dict[str, Any]:
    drawn = []
    x = _LEFT
    for outcome in DISPOSITIONS:
        width = round(_WIDTH * parts[outcome] / longest)
        if parts[outcome]:
            drawn.append(
                {"x": x, "width": max(width, 1), "color": _COLORS[outcome], "label": outcome, "members": parts[outcome]}
            )
            x += max(width, 1)
    y = _STEP * place + 3
    return {"label": name[:26], "y": y, "text_y": y + 14, "parts": drawn, "end": x + 6, "members": sum(parts.values())}

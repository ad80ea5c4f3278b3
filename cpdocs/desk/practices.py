"""Practices: how each does, what waits there, and its people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.signers import PLAN_APPROVAL
from cpdocs.desk.pages import ROWS, page, saw, workspace
from cpdocs.desk.work_list import rows as work_rows
from cpdocs.errors import InputFault
from cpdocs.index import reporting
from cpdocs.index.lookups import clinicians_of
from cpdocs.index.lookups import practices as all_practices
from cpdocs.index.queries import Page, PlanFilter, practices_of
from cpdocs.index.reporting import Span
from cpdocs.index.waiting import WorkFilter
from cpdocs.plans.status import counts
from cpdocs.register.load import load_register
from cpdocs.worklist.todo import counts as work_counts
from cpdocs.worklist.todo import todo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

part = Blueprint("practices", __name__)
_LOOKED_BACK = timedelta(days=182)
_LAST_DAY = 11
"""Business days from which on they are counted together."""
_DUE_DAYS = 7
_NOBODY = ""
"""No member: the directory alone is asked for."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How a practice did with what was issued since ``since``: versions, approved in time and late, overdue, what came
    back and how much of it needed a person or another try."""

    since: date
    issued: int
    in_time: int
    late: int
    overdue: int
    median_days: float | None
    came_back: int
    again: int

    @property
    def measured(self) -> int:
        """Versions of which it is known by now whether they were in time."""
        return self.in_time + self.late + self.overdue

    @property
    def share(self) -> str:
        """The share approved in time, in words."""
        return f"{100 * self.in_time / self.measured:.0f} %" if self.measured else "–"


@part.get("/practices")
def practices() -> ResponseReturnValue:
    offset = max(request.args.get("after", 0, int), 0)
    rows = all_practices(workspace().index, Page(ROWS, offset))
    return page("practices.html", here="Practices", rows=rows, offset=offset, rows_at_once=ROWS)


@part.get("/practices/<practice_id>")
def practice(practice_id: str) -> ResponseReturnValue:
    ws = workspace()
    found = practices_of(ws.index, [practice_id]).get(practice_id)
    if found is None:
        raise InputFault("No practice of that id is on record.", todo="Choose one from the list.")
    saw(f"practice {practice_id}", once=True)
    on = eastern_date(ws.clock.now())
    span = _span(on)
    wanted = WorkFilter(practice_id=practice_id)
    by_state, _ = counts(ws, PlanFilter(practice_id=practice_id))
    return page(
        "practice.html",
        here="Practices",
        practice=found,
        card=_scorecard(ws, practice_id, span, on),
        days=_days(ws, practice_id, span),
        months=reporting.months(ws.index, span, practice_id),
        work=work_rows(ws, todo(ws, wanted, Page(ROWS)), on),
        waits=sum(work_counts(ws, wanted).values()),
        by_state=by_state,
        people=clinicians_of(ws.index, practice_id),
        may_sign=_may_sign(ws, practice_id),
    )


@part.get("/practices/<practice_id>/<name>.svg")
def plot(practice_id: str, name: str) -> ResponseReturnValue:
    from cpdocs.worklist.plots import columns, shares

    ws = workspace()
    span = _span(eastern_date(ws.clock.now()))
    if name == "days":
        found = _days(ws, practice_id, span)
        labels, values = [label for label, _ in found], [count for _, count in found]
        drawn = columns("How long approvals take", labels, values, _DUE_DAYS, "business days after receipt")
    elif name == "months":
        rows = reporting.months(ws.index, span, practice_id)
        labels = [f"{date.fromisoformat(month + '-01'):%b %Y}" for month, _, _ in rows]
        drawn = shares("Approved in time, by month", labels, [row[1] for row in rows], [row[2] for row in rows])
    else:
        raise NotFound
    return Response(drawn, mimetype="image/svg+xml")


def _span(on: date) -> Span:
    return Span((on - _LOOKED_BACK).replace(day=1), on)


def _scorecard(ws: Workspace, practice_id: str, span: Span, on: date) -> Scorecard:
    rows = reporting.timeliness(
        ws.index, span, on, by_practice=False, plan_days=ws.options.plan_days, practice_id=practice_id
    )
    begin, end = (
        datetime.combine(day, time(), EASTERN).astimezone(UTC).isoformat()
        for day in (span.first, span.last + timedelta(days=1))
    )
    came, again = reporting.returns_of_practice(ws.index, practice_id, (begin, end))
    days = reporting.approval_days(ws.index, span, practice_id)
    return Scorecard(
        since=span.first,
        issued=sum(row.issued for row in rows),
        in_time=sum(row.in_time for row in rows),
        late=sum(row.late for row in rows),
        overdue=sum(row.overdue for row in rows),
        median_days=_median(days),
        came_back=came,
        again=again,
    )


def _median(days: dict[int, int]) -> float | None:
    each = [day for day, count in days.items() for _ in range(count)]
    if not each:
        return None
    middle = len(each) // 2
    return float(each[middle]) if len(each) % 2 else (each[middle - 1] + each[middle]) / 2


def _days(ws: Workspace, practice_id: str, span: Span) -> Sequence[tuple[str, int]]:
    """How many were approved after so many business days, from the first to those counted together."""
    found = reporting.approval_days(ws.index, span, practice_id)
    first = [(str(day), found.get(day, 0) + (found.get(0, 0) if day == 1 else 0)) for day in range(1, _LAST_DAY)]
    return [*first, (f"{_LAST_DAY}+", sum(count for day, count in found.items() if day >= _LAST_DAY))]


def _may_sign(ws: Workspace, practice_id: str) -> dict[str, str]:
    """For whom each clinician of the practice may approve plans, as the designations on record say it, by NPI."""
    directory = load_register(ws, _NOBODY).directory
    found: dict[str, list[str]] = {}
    for each in directory.designations:
        of_practice = any(row.practice_id == practice_id for row in directory.rows_of(each.designee_npi))
        if of_practice and PLAN_APPROVAL in each.tasks:
            pcp = directory.rows_of(each.pcp_npi)
            found.setdefault(each.designee_npi, []).append(pcp[0].display_name if pcp else each.pcp_npi)
    return {npi: ", ".join(dict.fromkeys(pcps)) for npi, pcps in found.items()}

"""Reports: the tables of ``cpdocs report`` with their plots, and the same as CSV, JSON and one page to keep."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.clock import eastern_date
from cpdocs.desk.forms import perhaps_day
from cpdocs.desk.pages import page, workspace
from cpdocs.errors import UsageFault
from cpdocs.ledger.canonical import canonical
from cpdocs.worklist import report

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

part = Blueprint("reports", __name__)
_KINDS = {"csv": "text/csv", "json": "application/json", "html": "text/html"}


@part.get("/reports")
def reports() -> ResponseReturnValue:
    ws = workspace()
    error = None
    try:
        first, last = _span(ws)
        found = report.tables(ws, first, last)
    except UsageFault as fault:
        error, (first, last) = fault, _last_month(ws)
        found = report.tables(ws, first, last)
    return page(
        "reports.html",
        here="Reports",
        status=200 if error is None else 422,
        error=error,
        first=first,
        last=last,
        tables=[report.shown(ws, table, drawn=False) for table in found],
        issued=sum(int(str(row["issued"])) for row in found[0].records()),
    )


@part.get("/reports/plots/<name>.svg")
def plot(name: str) -> ResponseReturnValue:
    ws = workspace()
    for table in report.tables(ws, *_span(ws), only=name):
        if drawn := report.shown(ws, table).plot:
            return Response(drawn, mimetype="image/svg+xml")
    raise NotFound


@part.get("/reports/report.<kind>")
def saved(kind: str) -> ResponseReturnValue:
    ws = workspace()
    if kind not in _KINDS:
        raise NotFound
    first, last = _span(ws)
    found = report.tables(ws, first, last)
    if kind == "csv":
        body = report.as_csv(found).encode()
    elif kind == "json":
        body = canonical(report.as_json(found, first, last))
    else:
        body = report.as_page(ws, found, first, last).encode()
    name = f"report-{first.isoformat()}-{last.isoformat()}.{kind}"
    return Response(body, mimetype=_KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _span(ws: Workspace) -> tuple[date, date]:
    """The days asked for; the month before this one where none are. Raises UsageFault."""
    first, last = _last_month(ws)
    asked = request.args
    return perhaps_day(asked, "from", "From") or first, perhaps_day(asked, "to", "To") or last


def _last_month(ws: Workspace) -> tuple[date, date]:
    today = eastern_date(ws.clock.now())
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last

"""Today: what waits for somebody, by urgency, filtered by whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request
from werkzeug.exceptions import NotFound

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import Program
from cpdocs.core.worklist import Kind
from cpdocs.desk.pages import ROWS, page, saw, session, workspace
from cpdocs.desk.work_list import TO_DO, group, groups, groups_of, tallies_of
from cpdocs.index.lookups import coordinators, practice_names
from cpdocs.index.queries import Page
from cpdocs.index.waiting import WorkFilter
from cpdocs.returns.recovery import finish_all

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

part = Blueprint("today", __name__)
EACH = 8
"""Rows of a group on the first page."""
_NAMES = ("coordinator", "practice", "program", "kind")


@part.get("/")
def today() -> ResponseReturnValue:
    ws = workspace()
    finish_all(ws)
    saw("today", once=True)
    people = coordinators(ws.index)
    chosen = {name: request.args.get(name, "").strip() for name in _NAMES}
    if not any(name in request.args for name in _NAMES) and session().person in people:
        chosen["coordinator"] = session().person
    wanted = WorkFilter(
        kinds=(Kind(chosen["kind"]),) if chosen["kind"] in {kind.value for kind in Kind} else (),
        coordinator=chosen["coordinator"],
        practice_id=chosen["practice"],
        program=chosen["program"],
    )
    on, name = eastern_date(ws.clock.now()), request.args.get("group", "")
    if name and name not in groups_of(on, wanted):
        raise NotFound
    offset = max(request.args.get("after", 0, int), 0)
    counted = tallies_of(ws, _without_kind(wanted))
    mine = {kind: each for kind, each in counted.items() if not wanted.kinds or kind in wanted.kinds}
    shown = [group(ws, name, wanted, mine, Page(ROWS, offset))] if name else groups(ws, wanted, mine, EACH)
    return page(
        "today.html",
        here="Today",
        on=on,
        groups=shown,
        alone=name,
        offset=offset,
        rows_at_once=ROWS,
        chosen=chosen,
        narrowed=any(chosen.values()),
        coordinators=people,
        practices=practice_names(ws.index),
        programs=[each.value for each in Program],
        kinds=[(kind.value, TO_DO[kind], count.total) for kind, count in counted.items()],
        total=sum(each.total for each in shown),
    )


def _without_kind(wanted: WorkFilter) -> WorkFilter:
    return WorkFilter(coordinator=wanted.coordinator, practice_id=wanted.practice_id, program=wanted.program)

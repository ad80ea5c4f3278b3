"""Plans: every version, by where it stands and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import Program
from cpdocs.core.plan_record import PlanState
from cpdocs.desk.pages import ROWS, page, saw, workspace
from cpdocs.index.lookups import coordinators, member_names, practice_names
from cpdocs.index.queries import Page, PlanFilter, practices_of
from cpdocs.plans.status import counts, standings

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

part = Blueprint("plans", __name__)


@part.get("/plans")
def plans() -> ResponseReturnValue:
    ws = workspace()
    saw("plans", once=True)
    asked = request.args
    chosen = {name: asked.get(name, "").strip() for name in ("state", "practice", "program", "coordinator", "overdue")}
    wanted = PlanFilter(
        state=chosen["state"] if chosen["state"] in {each.value for each in PlanState} else "",
        practice_id=chosen["practice"],
        program=chosen["program"],
        coordinator=chosen["coordinator"],
        overdue_on=eastern_date(ws.clock.now()) if chosen["overdue"] else None,
    )
    offset = max(asked.get("after", 0, int), 0)
    rows = standings(ws, wanted, Page(ROWS, offset))
    by_state, late = counts(ws, wanted)
    return page(
        "plans.html",
        here="Plans",
        rows=rows,
        names=member_names(ws.index, [each.record.member_id for each in rows]),
        practices=practices_of(ws.index, [each.record.practice_id for each in rows]),
        all_practices=practice_names(ws.index),
        coordinators=coordinators(ws.index),
        on=eastern_date(ws.clock.now()),
        chosen=chosen,
        states=[each.value for each in PlanState],
        programs=[each.value for each in Program],
        total=sum(by_state.values()),
        late=late,
        offset=offset,
        rows_at_once=ROWS,
    )

"""Plans: the list with its filters, and one plan's story with the waits between its steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType, document_subject
from cpdocs.core.ids import parse_document_id
from cpdocs.core.members import Program
from cpdocs.core.plan_record import PlanState
from cpdocs.core.verdicts import Slot
from cpdocs.desk.pages import ROWS, page, saw, workspace
from cpdocs.errors import InputFault
from cpdocs.filing.trail import sentence
from cpdocs.index.lookups import member_names
from cpdocs.index.queries import Page, PlanFilter, practices_of
from cpdocs.plans.records import the_plan
from cpdocs.plans.status import counts, slot_json, standing_of, standings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask.typing import ResponseReturnValue

part = Blueprint("plans", __name__)
_NOT_A_STEP = frozenset({EventType.RECORD_ACCESSED})
_A_WAIT = timedelta(hours=1)
"""Less between two steps is no wait."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan's road: when, in words, by whom, and the wait since the step before (None: at once)."""

    seq: int
    at: datetime
    text: str
    by: str
    waited: timedelta | None


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
        chosen=chosen,
        states=[each.value for each in PlanState],
        programs=[each.value for each in Program],
        total=sum(by_state.values()),
        late=late,
        offset=offset,
        rows_at_once=ROWS,
    )


@part.get("/plans/<which>")
def story(which: str) -> ResponseReturnValue:
    ws = workspace()
    document_id = parse_document_id(which)
    if document_id is None:
        raise InputFault("That is no document id.", todo="Read it again from the foot of the plan.")
    plan = the_plan(ws.ledger, document_id)
    saw("plan", document_subject(document_id))
    return page(
        "story.html",
        here="Plans",
        plan=plan,
        standing=standing_of(ws, plan),
        name=member_names(ws.index, [plan.member_id]).get(plan.member_id, ""),
        practice=practices_of(ws.index, [plan.practice_id]).get(plan.practice_id),
        slots=[(slot.value, slot_json(plan, slot)) for slot in Slot],
        steps=steps(ws.ledger.events(subject=document_subject(document_id))),
        looks=sum(1 for _ in ws.ledger.events(subject=document_subject(document_id), types=_NOT_A_STEP)),
    )


def steps(events: Iterable[Event]) -> list[Step]:
    """The road of a document, each step with the wait before it; looks at it are no steps."""
    found: list[Step] = []
    for event in events:
        if event.type in _NOT_A_STEP:
            continue
        waited = event.at - found[-1].at if found else timedelta()
        shown = waited if waited >= _A_WAIT else None
        found.append(Step(event.seq, event.at, sentence(event), event.recorded_by, shown))
    return found

"""Practices: what waits at each, and its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.core.clock import eastern_date
from cpdocs.desk.pages import ROWS, page, saw, workspace
from cpdocs.errors import InputFault
from cpdocs.index.lookups import clinicians_of, member_names
from cpdocs.index.lookups import practices as all_practices
from cpdocs.index.queries import Page, PlanFilter, practices_of
from cpdocs.plans.status import counts, what_is_due

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

part = Blueprint("practices", __name__)


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
    wanted = PlanFilter(practice_id=practice_id)
    due = what_is_due(ws, eastern_date(ws.clock.now()), wanted, Page(ROWS))
    by_state, late = counts(ws, wanted)
    return page(
        "practice.html",
        here="Practices",
        practice=found,
        due=due,
        names=member_names(ws.index, [each.standing.record.member_id for each in due]),
        by_state=by_state,
        late=late,
        people=clinicians_of(ws.index, practice_id),
    )

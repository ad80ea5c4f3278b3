"""One plan's story: where it stands, its road from issue to chart with the waits, its documents, and what can be
recorded about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.events import Event, EventType, document_subject, return_subject
from cpdocs.core.ids import parse_document_id
from cpdocs.core.plan_record import PlanRecord, PlanState
from cpdocs.core.verdicts import Slot
from cpdocs.desk.pages import done, page, saw, session, workspace
from cpdocs.desk.plan_acts import act, open_acts, taken_back
from cpdocs.desk.review import PAPER, albums, picture_of
from cpdocs.errors import CpdocsError, InputFault
from cpdocs.filing.trail import sentence
from cpdocs.index.lookups import clinician_names, member_names, notices_of_plan, returns_of_plan
from cpdocs.index.outgoing import DeliveryFilter, deliveries
from cpdocs.index.queries import Page, practices_of
from cpdocs.plans.records import member_plans, the_plan
from cpdocs.plans.status import slot_json, standing_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

part = Blueprint("story", __name__)
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


@part.get("/plans/<which>")
def story(which: str) -> ResponseReturnValue:
    return _show(_plan(which), {}, None)


@part.post("/plans/<which>")
def record(which: str) -> ResponseReturnValue:
    ws, plan = workspace(), _plan(which)
    try:
        told = act(ws, plan.document_id, request.form.get("do", ""), request.form)
    except CpdocsError as error:
        return _show(the_plan(ws.ledger, plan.document_id), request.form, error)
    return done(told, f"/plans/{plan.document_id}")


@part.get("/plans/<which>/issued.pdf")
def issued(which: str) -> ResponseReturnValue:
    plan = _plan(which)
    return _download(plan, "issued", plan.sha256)


@part.get("/plans/<which>/cover.pdf")
def cover(which: str) -> ResponseReturnValue:
    plan = _plan(which)
    return _download(plan, "cover", plan.cover_sha256)


@part.get("/plans/<which>/returned/<digits>")
def returned(which: str, digits: str) -> ResponseReturnValue:
    ws, plan = workspace(), _plan(which)
    row = _return(ws, plan, digits)
    saw("plan return", document_subject(plan.document_id), return_subject(row["sha256"]))
    return page(
        "returned.html",
        here="Plans",
        plan=plan,
        row=row,
        name=_name(ws, plan),
        drawn=albums.of(ws, [row["sha256"]], plan.document_id),
        on_paper=row["lane"] in PAPER,
        base=f"/plans/{plan.document_id}/returned/{row['sha256'][:12]}",
    )


@part.get("/plans/<which>/returned/<digits>/<kind>-<int:number>-<version>.png")
def returned_picture(which: str, digits: str, kind: str, number: int, version: str) -> ResponseReturnValue:
    ws, plan = workspace(), _plan(which)
    row = _return(ws, plan, digits)
    mark = f"plan return {row['sha256']}"
    if mark not in session().looked:
        saw("plan return", document_subject(plan.document_id), return_subject(row["sha256"]))
        session().looked.add(mark)
    chosen = picture_of(albums.of(ws, [row["sha256"]], plan.document_id), kind, number, version)
    return Response(chosen.png, mimetype="image/png")


def _plan(which: str) -> PlanRecord:
    document_id = parse_document_id(which)
    if document_id is None:
        raise InputFault("That is no document id.", todo="Read it again from the foot of the plan.")
    return the_plan(workspace().ledger, document_id)


def _return(ws: Workspace, plan: PlanRecord, digits: str) -> Mapping[str, str]:
    for row in returns_of_plan(ws.index, plan.document_id):
        if row["sha256"][:12] == digits:
            return dict(row)
    raise NotFound


def _download(plan: PlanRecord, what: str, sha256: str) -> ResponseReturnValue:
    """A document of ours as a file to be saved, never shown in the desk's own frame."""
    ws = workspace()
    saw(f"plan {what} file", document_subject(plan.document_id))
    headers = {"Content-Disposition": f'attachment; filename="{plan.document_id}-{what}.pdf"'}
    return Response(ws.blobs.get(sha256), mimetype="application/pdf", headers=headers)


def _name(ws: Workspace, plan: PlanRecord) -> str:
    return member_names(ws.index, [plan.member_id]).get(plan.member_id, "")


def _show(plan: PlanRecord, form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws, about = workspace(), document_subject(plan.document_id)
    saw("plan", about)
    standing = standing_of(ws, plan)
    events = list(ws.ledger.events(subject=about))
    practice = practices_of(ws.index, [plan.practice_id]).get(plan.practice_id)
    now = ws.clock.now().astimezone(EASTERN)
    fresh = {
        "to": practice.key_contact if practice else "",
        "channel": practice.return_channel if practice else "",
        "at": f"{now:%Y-%m-%dT%H:%M}",
        "on": f"{now:%Y-%m-%d}",
        "by": session().person,
        "npi": plan.pcp_npi,
    }
    return page(
        "story.html",
        here="Plans",
        status=200 if error is None else 422,
        error=error,
        doing=form.get("do", ""),
        form={**fresh, **form},
        acts=open_acts(plan),
        next=_next_step(plan, waits=bool(standing.waiting)),
        taken_back=taken_back(plan),
        plan=plan,
        standing=standing,
        left=(standing.clock.due_on - eastern_date(ws.clock.now())).days,
        name=_name(ws, plan),
        member_address=session().address_of(plan.member_id),
        pcp=clinician_names(ws.index, [plan.pcp_npi]).get(plan.pcp_npi, ""),
        practice=practice,
        slots=[(slot.value, slot_json(plan, slot)) for slot in Slot],
        steps=steps(event for event in events if event.type not in _NOT_A_STEP),
        looks=sum(event.type in _NOT_A_STEP for event in events),
        returns=returns_of_plan(ws.index, plan.document_id),
        notices=notices_of_plan(ws.index, plan.document_id),
        deliveries=deliveries(ws.index, DeliveryFilter(document_id=plan.document_id), Page()),
        versions=[each for each in member_plans(ws.ledger, plan.member_id) if each.program == plan.program],
        on_paper={lane.value for lane in PAPER},
    )


def _next_step(plan: PlanRecord, *, waits: bool) -> str:
    """What is to be done next about a version, in a sentence; empty where nothing is, or it is said above."""
    if waits:
        return "Review what came back."
    if plan.state is PlanState.RETURNED:
        return f"Answer the comments with version {plan.version + 1}, which supersedes this one."
    if plan.state is PlanState.REFUSED:
        return "Offer it to the member again. Who signs later has approved."
    if plan.state is PlanState.FILED:
        return "Confirm it once somebody has seen it in the chart."
    if plan.state is PlanState.COMPLETE:
        return "Pack it for the chart, once what keeps it from there is mended."
    if plan.state not in (PlanState.ISSUED, PlanState.PARTLY_SIGNED):
        return ""
    if not plan.sent_at:
        return "Send it to the practice."
    open_slots = [
        name for slot, name in ((Slot.MEMBER, "the member's"), (Slot.PCP, "the PCP's")) if slot not in plan.fills
    ]
    return f"Get {' and '.join(open_slots)} approval."


def steps(events: Iterable[Event]) -> list[Step]:
    """The road of a document, each step with the wait before it."""
    found: list[Step] = []
    for event in events:
        waited = event.at - found[-1].at if found else timedelta()
        shown = waited if waited >= _A_WAIT else None
        found.append(Step(event.seq, event.at, _told(event), event.recorded_by, shown))
    return found


def _told(event: Event) -> str:
    if event.type is EventType.CALL_LOGGED:
        return f"{sentence(event)}: {event.data['note']}"
    return sentence(event)

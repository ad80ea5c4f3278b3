"""Review: what a person must decide. The page calls the use cases that ``cpdocs held`` calls, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.held_words import what_to_decide
from cpdocs.core.ids import parse_document_id
from cpdocs.core.review_queue import Item
from cpdocs.core.verdicts import Lane, Slot
from cpdocs.desk import words
from cpdocs.desk.pages import ROWS, done, page, saw, session, workspace
from cpdocs.desk.review_form import attestations, signers
from cpdocs.desk.review_pages import Leaves, side_by_side
from cpdocs.desk.today import KIND
from cpdocs.errors import CpdocsError, UsageFault
from cpdocs.index.lookups import member_names
from cpdocs.index.queries import Page, practices_of
from cpdocs.people.access import about_return
from cpdocs.plans.records import find_plan
from cpdocs.returns import comments, held, review_queue

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.workspace import Workspace

part = Blueprint("review", __name__)
_leaves = Leaves()
_PAPER = frozenset({Lane.INK, Lane.ESIGN_SERVICE, Lane.UNMATCHED})


@part.get("/review")
def items() -> ResponseReturnValue:
    ws = workspace()
    saw("review list", once=True)
    offset = max(request.args.get("after", 0, int), 0)
    rows = [_line(ws, item) for item in review_queue.queue(ws, Page(ROWS, offset))]
    return page("review_list.html", here="Review", rows=rows, offset=offset, rows_at_once=ROWS)


@part.get("/review/<which>")
def item(which: str) -> ResponseReturnValue:
    return _show(review_queue.find_held(workspace(), which), {}, None)


@part.post("/review/<which>")
def decide(which: str) -> ResponseReturnValue:
    ws, form = workspace(), request.form
    try:
        told = _decide(ws, which, form)
    except CpdocsError as error:
        return _show(review_queue.find_held(ws, which), form, error)
    return done(told, "/review")


@part.get("/review/<which>/<sha256>/<int:place>.png")
def picture(which: str, sha256: str, place: int) -> ResponseReturnValue:
    ws = workspace()
    found = review_queue.find_held(ws, which)
    plan = _plan(ws, found)
    if sha256 not in found.files and not (plan and sha256 == plan.sha256):
        raise NotFound
    if _mark(found) not in session().looked:
        _record_look(found)
    leaves = _leaves.of(ws, sha256)
    if not 1 <= place <= len(leaves):
        raise NotFound
    return Response(leaves[place - 1].png, mimetype="image/png")


def _decide(ws: Workspace, which: str, form: Mapping[str, str]) -> str:
    """Does what the pressed button says, and gives what to tell."""
    reason, what = form.get("reason", "").strip(), form.get("do", "")
    if what == "recheck":
        left = sum(each.waiting for each in held.recheck(ws, [which]))
        return "Judged again: it is still held." if left else "Judged again: it is not held any more."
    if not reason:
        raise UsageFault("A decision needs its reason.", todo="Say why; it stays on the record. No names of members.")
    if what == "accept":
        return _accept(ws, which, form, reason)
    said: dict[str, Any] = {"reason": reason, "secret": _secret}
    if what == "reject":
        held.reject(ws, which, **said)
        return "Rejected. The practice is told why."
    if what == "close":
        held.close(ws, which, **said)
        return "Closed. Nobody is asked anything."
    if what == "return":
        comments.return_with_comments(ws, which, **said)
        return "Recorded as returned with comments: its clock has stopped."
    raise UsageFault("What shall be done with it?", todo="Choose one of the decisions.")


def _accept(ws: Workspace, which: str, form: Mapping[str, str], reason: str) -> str:
    waiting = review_queue.find_held(ws, which)
    on_paper = waiting.decisions[0].lane in _PAPER
    named = form.get("document", "").strip()
    if named and parse_document_id(named) is None:
        raise UsageFault("That is no document id.", todo="Read it again from the foot of the page.")
    accepted = held.accept(
        ws,
        which,
        reason=reason,
        secret=_secret,
        attestations=attestations(form) if on_paper else (),
        document_id=parse_document_id(named) or "",
        emergency=form.get("emergency", ""),
    )
    filled = dict.fromkeys(slot for each in accepted.parts for slot in each.slots_filled)
    if not filled:
        return "The first reading is recorded. It counts once a second person has attested the same."
    told = " and ".join("the member's" if slot is Slot.MEMBER else "the PCP's" for slot in filled)
    return f"Accepted: {told} signature counts."


def _secret() -> bytes:
    return session().pin


def _plan(ws: Workspace, item: Item) -> PlanRecord | None:
    return find_plan(ws.ledger, item.document_id) if item.document_id else None


def _mark(item: Item) -> str:
    return f"review {item.first.sha256}"


def _record_look(item: Item) -> None:
    saw("review", *dict.fromkeys(subject for each in item.parts for subject in about_return(each)))
    session().looked.add(_mark(item))


def _line(ws: Workspace, item: Item) -> dict[str, Any]:
    """One item as the list shows it."""
    plan = _plan(ws, item)
    names = member_names(ws.index, [plan.member_id]) if plan else {}
    practice = practices_of(ws.index, [plan.practice_id]).get(plan.practice_id) if plan else None
    return {
        "id": review_queue.item_id(item.first),
        "item": item,
        "plan": plan,
        "member": names.get(plan.member_id, "") if plan else "",
        "practice": practice.name if practice else "",
        "what": KIND.get(item.decisions[0].lane, "what came back"),
    }


def _show(item: Item, form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    _record_look(item)
    plan = _plan(ws, item)
    issued = _leaves.of(ws, plan.sha256) if plan else ()
    came = [(sha256, _leaves.of(ws, sha256)) for sha256 in item.files]
    line = _line(ws, item)
    order = [review_queue.item_id(each.first) for each in review_queue.queue(ws)]
    place = order.index(line["id"]) if line["id"] in order else -1
    boxes = {slot: item.boxes.get(slot) for slot in Slot}
    return page(
        "review_item.html",
        here="Review",
        status=200 if error is None else 422,
        **line,
        error=error,
        form=form or {"by": session().person, "reason": "Read from the returned page"},
        fresh=not form,
        pages=side_by_side(issued, came),
        issued_sha256=plan.sha256 if plan else "",
        drawn=any(leaves for _, leaves in came),
        boxes=[(slot.value, words.seen(seen), seen.value if seen else "") for slot, seen in boxes.items()],
        signers=signers(ws, item),
        filled={slot.value for slot in plan.fills} if plan else set(),
        decide=what_to_decide(item.decisions[0]),
        on_paper=item.decisions[0].lane in _PAPER,
        place=place + 1,
        of=len(order),
        before=order[place - 1] if place > 0 else "",
        after=order[place + 1] if 0 <= place < len(order) - 1 else "",
    )

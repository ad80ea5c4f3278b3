"""Review: what a person must decide. The pages call the use cases that ``cpdocs held`` calls, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.clock import eastern_date
from cpdocs.core.held_words import what_to_decide
from cpdocs.core.plan_clock import plan_clock
from cpdocs.core.reply_slips import IN_WORDS
from cpdocs.core.review_queue import Item
from cpdocs.core.verdicts import Lane, Slot
from cpdocs.desk import words
from cpdocs.desk.album import Albums
from cpdocs.desk.pages import ROWS, done, page, saw, session, workspace
from cpdocs.desk.review_acts import decide as decide_on
from cpdocs.desk.review_form import signers
from cpdocs.errors import CpdocsError, InputFault, WorkspaceFault
from cpdocs.index.lookups import member_names
from cpdocs.index.queries import Page, practices_of
from cpdocs.people.access import about_return
from cpdocs.plans.records import find_plan
from cpdocs.returns import review_queue
from cpdocs.returns.album import Album, Box, Leaf, Shot
from cpdocs.returns.comments import comments_in
from cpdocs.returns.drawn_albums import drop_decided

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.workspace import Workspace

part = Blueprint("review", __name__)
albums = Albums()
"""The pictures of the items at hand, of whatever page asks for them."""
_AHEAD = 2
"""Items that are drawn before somebody asks for them."""
PAPER = frozenset({Lane.INK, Lane.ESIGN_SERVICE, Lane.UNMATCHED})

KIND: Mapping[Lane, str] = {
    Lane.INK: "the paper that came back",
    Lane.DIGITAL: "the signed file",
    Lane.ESIGN_SERVICE: "the file from a signing service",
    Lane.UNMATCHED: "a page without a plan",
}
"""What a returned file is called, by how it came."""


@part.get("/review")
def items() -> ResponseReturnValue:
    ws = workspace()
    saw("review list", once=True)
    offset = max(request.args.get("after", 0, int), 0)
    shown = review_queue.queue(ws, Page(ROWS, offset))
    for each in shown[:_AHEAD]:
        albums.begin(ws, each.files, each.document_id, keep=True)
    rows = [_line(ws, item) for item in shown]
    return page("review_list.html", here="Review", rows=rows, offset=offset, rows_at_once=ROWS)


@part.get("/review/<which>")
def item(which: str) -> ResponseReturnValue:
    return _show(_held(workspace(), which), {}, None)


@part.post("/review/<which>")
def decide(which: str) -> ResponseReturnValue:
    ws, form = workspace(), request.form
    waiting = _held(ws, which)
    after = review_queue.around(ws, waiting).after
    try:
        told = decide_on(ws, which, form, on_paper=waiting.decisions[0].lane in PAPER)
    except CpdocsError as error:
        return _show(_held(ws, which), form, error)
    with suppress(WorkspaceFault):  # it is decided; what can't be deleted now is, when something is taken in
        drop_decided(ws)
    return done(told, f"/review/{after}" if after else "/review")


@part.get("/review/<which>/<kind>-<int:number>-<version>.png")
def picture(which: str, kind: str, number: int, version: str) -> ResponseReturnValue:
    ws = workspace()
    found = _held(ws, which)
    if _mark(found) not in session().looked:
        _record_look(found)
    chosen = picture_of(albums.of(ws, found.files, found.document_id, keep=True), kind, number, version)
    return Response(chosen.png, mimetype="image/png")


def picture_of(drawn: Album, kind: str, number: int, version: str) -> Shot:
    """One picture of an album: page or box ``number`` (from 1), as it came or as issued. Raises NotFound."""
    shots: Sequence[Leaf | Box] = drawn.leaves if kind == "page" else drawn.boxes if kind == "box" else ()
    if not 1 <= number <= len(shots):
        raise NotFound
    chosen: Shot | None = {"came": shots[number - 1].came, "issued": shots[number - 1].issued}.get(version)
    if chosen is None:
        raise NotFound
    return chosen


def _held(ws: Workspace, which: str) -> Item:
    """The item of that name. Raises InputFault where it doesn't wait."""
    try:
        return review_queue.find_held(ws, which)
    except InputFault as error:
        raise InputFault(
            "That doesn't wait for review any more: it was decided, closed by itself, or never was.",
            todo="Go on with the queue. What became of paper that came back stands on its plan's page.",
        ) from error


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
    member_id = plan.member_id if plan else item.decisions[0].member_id
    names = member_names(ws.index, [member_id]) if member_id else {}
    practice = practices_of(ws.index, [plan.practice_id]).get(plan.practice_id) if plan else None
    return {
        "id": review_queue.item_id(item.first),
        "item": item,
        "plan": plan,
        "member": names.get(member_id, ""),
        "practice": practice,
        "what": "the reply slip" if item.answer else KIND.get(item.decisions[0].lane, "what came back"),
        "boxes": [(slot.value, item.boxes.get(slot)) for slot in Slot],
        "on_paper": item.decisions[0].lane in PAPER,
    }


def _suggested(item: Item) -> dict[str, str]:
    """What a page without a code looks like, for the form that gives it to its plan."""
    found = next((each for decision in item.decisions for each in decision.suggested.values()), None)
    if found is None:
        return {"split_document": item.document_id}
    return {"split_document": found.document_id, "plan_page": str(found.plan_page)}


def _show(item: Item, form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    _record_look(item)
    plan = _plan(ws, item)
    drawn = albums.of(ws, item.files, item.document_id, keep=True)
    line = _line(ws, item)
    place = review_queue.around(ws, item)
    if place.after:
        following = review_queue.find_held(ws, place.after)
        albums.begin(ws, following.files, following.document_id, keep=True)
    clock = plan_clock(plan) if plan else None
    names = practices_of(ws.index, [each for each in item.first.practices if each])
    return page(
        "review_item.html",
        here="Review",
        status=200 if error is None else 422,
        **line,
        error=error,
        form=form or {"by": session().person, "reason": "Read from the returned page", **_suggested(item)},
        unread=[leaf for leaf in drawn.leaves if leaf.unread],
        fresh=not form,
        drawn=drawn,
        seen={slot.value: item.boxes[slot].value if slot in item.boxes else "" for slot in Slot},
        marked=sorted({number for each in item.decisions for number in each.marks_elsewhere}),
        answers=IN_WORDS,
        comments=comments_in(ws, item),
        came_by=[names[each].name if each in names else each for each in item.first.practices],
        signers=signers(ws, item),
        filled={slot.value for slot in plan.fills} if plan else set(),
        decide=what_to_decide(item.decisions[0]),
        place=place,
        due=words.day(clock.due_on) if clock and clock.running else "",
        left=(clock.due_on - eastern_date(ws.clock.now())).days if clock and clock.running else None,
    )

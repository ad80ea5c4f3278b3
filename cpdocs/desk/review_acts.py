"""What the buttons of the review page do: each is one use case of ``cpdocs held``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from cpdocs.core.ids import parse_document_id
from cpdocs.core.reply_slips import TICKS, Answer
from cpdocs.core.verdicts import Slot
from cpdocs.desk.forms import FieldFault
from cpdocs.desk.pages import secret
from cpdocs.desk.review_form import attestations
from cpdocs.errors import UsageFault
from cpdocs.returns import comments, held, reply_slips
from cpdocs.returns.review_queue import find_held, item_id
from cpdocs.returns.split import split

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def decide(ws: Workspace, which: str, form: Mapping[str, str], *, on_paper: bool) -> str:
    """Does what the pressed button says with the item ``which``, and gives what to tell. ``on_paper``: a person can
    read a signature from it. Raises as the use case does."""
    reason, what = form.get("reason", "").strip(), form.get("do", "")
    if what == "recheck":
        left = sum(each.waiting for each in held.recheck(ws, [which]))
        return "Judged again: it is still held." if left else "Judged again: it is not held any more."
    if not reason:
        raise FieldFault(
            "A decision needs its reason.", field="reason", todo="Say why; it stays on the record. No names of members."
        )
    if what == "accept":
        return _accept(ws, which, form, reason, on_paper=on_paper)
    said: dict[str, Any] = {"reason": reason, "secret": secret}
    if what == "slip":
        return _read_slip(ws, which, form, reason)
    if what == "reject":
        held.reject(ws, which, **said)
        return "Rejected. The practice is told why."
    if what == "close":
        held.close(ws, which, **said)
        return "Closed. Nobody is asked anything."
    if what == "split":
        return _split(ws, which, form, reason)
    if what == "return":
        comments.return_with_comments(ws, which, **said)
        return "Recorded as returned with comments: its clock has stopped."
    raise UsageFault("What shall be done with it?", todo="Choose one of the decisions.")


def _split(ws: Workspace, which: str, form: Mapping[str, str], reason: str) -> str:
    """The ticked pages, whose codes can't be read, given to the plan that they are of."""
    item = find_held(ws, which)
    ticked = sorted(pair for pair in map(_page_ticked, form) if pair)
    if not ticked or len({file for file, _ in ticked}) > 1 or ticked[0][0] > len(item.files):
        raise UsageFault("Which pages are meant?", todo="Tick pages of one file; of the next file after that.")
    document_id = parse_document_id(form.get("split_document", ""))
    if document_id is None:
        raise FieldFault(
            "That is no document id.", field="split_document", todo="Read it from the foot of another page of the plan."
        )
    first = form.get("plan_page", "").strip()
    if not first.isdigit():
        raise FieldFault(
            "Which page of the plan is it?", field="plan_page", todo="Give the number of the first that is ticked."
        )
    sha256 = item.files[ticked[0][0] - 1]
    part = next(each for each in item.parts if each.sha256 == sha256)
    pages = [number for _, number in ticked]
    split(ws, item_id(part), pages=pages, document_id=document_id, first=int(first), reason=reason, secret=secret)
    return f"Given to {document_id}, and judged anew: it waits with that plan."


def _page_ticked(name: str) -> tuple[int, int] | None:
    """The file and the page in it that a form's field ``page-1-2`` stands for."""
    kind, _, place = name.partition("-")
    file, _, number = place.partition("-")
    return (int(file), int(number)) if kind == "page" and file.isdigit() and number.isdigit() else None


def _read_slip(ws: Workspace, which: str, form: Mapping[str, str], reason: str) -> str:
    """What a letter's reply slip says, recorded."""
    said = form.get("answer", "")
    if said not in TICKS:
        raise FieldFault(
            "What does the slip say?",
            field="answer",
            todo="Choose one; if nobody can tell, ask the member and close it.",
        )
    day = form.get("slip_on", "").strip()
    try:
        said_on = date.fromisoformat(day) if day else None
    except ValueError:
        raise FieldFault("The slip's date can't be read.", field="slip_on", todo="Write it like 2026-11-03.") from None
    by = form.get("by", "").strip()
    reply_slips.record_answer(ws, which, Answer(said), by=by, reason=reason, secret=secret, said_on=said_on)
    return {
        Answer.DECLINE: "Recorded: the member declines. Letters and plans stop; the health plan's notice is written.",
        Answer.CHANGE_CP: "Recorded: the member wants another partner. The notice to the health plan is written.",
        Answer.CALL: "Recorded: the member asks for a call. It waits on the work list until somebody tried.",
    }[Answer(said)]


def _accept(ws: Workspace, which: str, form: Mapping[str, str], reason: str, *, on_paper: bool) -> str:
    named = form.get("document", "").strip()
    if named and parse_document_id(named) is None:
        raise FieldFault("That is no document id.", field="document", todo="Read it again from the foot of the page.")
    accepted = held.accept(
        ws,
        which,
        reason=reason,
        secret=secret,
        attestations=attestations(form) if on_paper else (),
        document_id=parse_document_id(named) or "",
        emergency=form.get("emergency", ""),
    )
    filled = dict.fromkeys(slot for each in accepted.parts for slot in each.slots_filled)
    if not filled:
        return "The first reading is recorded. It counts once a second person has attested the same."
    told = " and ".join("the member's" if slot is Slot.MEMBER else "the PCP's" for slot in filled)
    return f"Accepted: {told} signature counts."

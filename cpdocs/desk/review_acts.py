"""What the buttons of the review page do: each is one use case of ``cpdocs held``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from cpdocs.core.ids import parse_document_id
from cpdocs.core.reply_slips import TICKS, Answer
from cpdocs.core.verdicts import Slot
from cpdocs.desk.pages import secret
from cpdocs.desk.review_form import attestations
from cpdocs.errors import UsageFault
from cpdocs.returns import comments, held, reply_slips

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
        raise UsageFault("A decision needs its reason.", todo="Say why; it stays on the record. No names of members.")
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
    if what == "return":
        comments.return_with_comments(ws, which, **said)
        return "Recorded as returned with comments: its clock has stopped."
    raise UsageFault("What shall be done with it?", todo="Choose one of the decisions.")


def _read_slip(ws: Workspace, which: str, form: Mapping[str, str], reason: str) -> str:
    """What a letter's reply slip says, recorded."""
    said = form.get("answer", "")
    if said not in TICKS:
        raise UsageFault("What does the slip say?", todo="Choose one; if nobody can tell, ask the member and close it.")
    day = form.get("slip_on", "").strip()
    try:
        said_on = date.fromisoformat(day) if day else None
    except ValueError:
        raise UsageFault("The slip's date can't be read.", todo="Write it like 2026-11-03.") from None
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
        raise UsageFault("That is no document id.", todo="Read it again from the foot of the page.")
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

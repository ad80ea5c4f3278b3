"""What can be recorded about one plan version on its page: each act is one use case of ``cpdocs plan``, ``call``,
``file`` or ``plan send``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cpdocs.chart.file import file_if_complete, file_plans
from cpdocs.core.ids import is_npi
from cpdocs.core.plan_clock import plan_clock
from cpdocs.core.plan_record import PlanRecord, PlanState
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.desk import words
from cpdocs.desk.forms import FieldFault, Form, day, given, moment, needed, perhaps_day
from cpdocs.desk.pages import secret
from cpdocs.errors import UsageFault
from cpdocs.plans import approvals, log
from cpdocs.plans.records import the_plan
from cpdocs.sending.acknowledgements import confirm_seen
from cpdocs.sending.packets import send_packets

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_LOGGED = frozenset({PlanState.ISSUED, PlanState.PARTLY_SIGNED, PlanState.REFUSED, PlanState.RETURNED})
_NOT_TAKEN_BACK = frozenset({Evidence.DIGITAL_SIGNATURE, Evidence.WITNESSED_SIGNATURE})


def act(ws: Workspace, document_id: str, what: str, form: Form) -> str:
    """Records ``what`` about a version and gives what to tell. Raises UsageFault for an act that is none, and as the
    use case does."""
    if what not in _ACTS:
        raise UsageFault("What shall be recorded?", todo="Choose one of the acts on the page.")
    return _ACTS[what](ws, document_id, form)


def open_acts(record: PlanRecord) -> list[str]:
    """The acts that make sense for a version as it stands, in the order of the work; whether one may be done is decided
    when it is done."""
    if record.state is PlanState.SUPERSEDED or record.state is PlanState.WITHDRAWN:
        return []
    waits = record.state in _LOGGED
    acts = [("call", not record.uploaded), ("send", waits and not record.sent_at), ("sent", waits)]
    acts += [("received", waits and not record.received_at), ("corrected", bool(record.received_at))]
    acts += [
        ("approve", waits and Slot.MEMBER not in record.fills),
        ("refuse", waits and Slot.MEMBER not in record.fills),
    ]
    acts += [("note", waits and Slot.PCP not in record.fills), ("return", waits and Slot.PCP not in record.fills)]
    acts += [("file", record.complete and record.filing is None), ("confirm", record.state is PlanState.FILED)]
    acts += [("unapprove", bool(taken_back(record))), ("withdraw", not record.uploaded)]
    return [name for name, fits in acts if fits]


def taken_back(record: PlanRecord) -> list[str]:
    """The slots whose approval can be taken back."""
    return [slot.value for slot in Slot if slot in record.fills and record.fills[slot].evidence not in _NOT_TAKEN_BACK]


def _send(ws: Workspace, document_id: str, _: Form) -> str:
    (sent,) = send_packets(ws, [document_id])[-1:]
    return f"The packet for the practice is {sent.state.value}. {sent.words}".strip()


def _sent(ws: Workspace, document_id: str, form: Form) -> str:
    to, channel = needed(form, "to", "Who it went to"), needed(form, "channel", "How it went")
    log.log_sent(ws, document_id, to=to, channel=channel, at=moment(form, "at", "When it went"))
    return "Logged as sent."


def _received(ws: Workspace, document_id: str, form: Form) -> str:
    at = moment(form, "at", "When they had it")
    record = log.log_received(ws, document_id, at=at, how=given(form, "how"))
    return f"Logged as received: due {words.day(plan_clock(record).due_on)}."


def _corrected(ws: Workspace, document_id: str, form: Form) -> str:
    at = None if given(form, "never") else moment(form, "at", "When they had it")
    reason = needed(form, "reason", "Why the logged time was wrong")
    record = log.correct_receipt(ws, document_id, at=at, how=given(form, "how"), reason=reason)
    return f"Corrected: due {words.day(plan_clock(record).due_on)}. What was logged stays on record."


def _call(ws: Workspace, document_id: str, form: Form) -> str:
    to, note = needed(form, "to", "Who was spoken to"), needed(form, "note", "What was said")
    log.log_call(ws, document_id, to=to, note=note)
    return "The call is logged."


def _approve(ws: Workspace, document_id: str, form: Form) -> str:
    name, relation = given(form, "representative"), given(form, "relation")
    if bool(name) != bool(relation):
        raise FieldFault(
            "A representative needs a name and a relation to the member.",
            field="relation" if name else "representative",
            todo="Fill in both, or neither.",
        )
    approvals.record_approval(
        ws,
        document_id,
        how=needed(form, "how", "How the member conveyed it"),
        on=day(form, "on", "The day of the approval"),
        by=needed(form, "by", "Who took it down"),
        secret=secret,
        representative=name,
        relation=relation,
    )
    return _filed(ws, document_id, "The member's approval is recorded.")


def _note(ws: Workspace, document_id: str, form: Form) -> str:
    npi = needed(form, "npi", "The NPI of who wrote the note")
    if not is_npi(npi):
        raise FieldFault("That is no NPI.", field="npi", todo="Ten digits with a check digit.")
    note, on = needed(form, "note", "The note"), day(form, "on", "The day of the note")
    by = needed(form, "by", "Who saw it in the chart")
    approvals.record_chart_note(ws, document_id, note=note, npi=npi, on=on, by=by, secret=secret)
    return _filed(ws, document_id, "The PCP's approval by chart note is recorded.")


def _filed(ws: Workspace, document_id: str, told: str) -> str:
    filed = file_if_complete(ws, document_id)
    if filed is None:
        return told
    why = "" if filed.package else " " + " ".join(f"{each.message} {each.todo}".strip() for each in filed.reasons)
    return f"{told} {'It is packed for its chart.' if filed.package else 'It is not filed yet.'}{why}"


def _refuse(ws: Workspace, document_id: str, form: Form) -> str:
    approvals.record_refusal(
        ws,
        document_id,
        offered=needed(form, "offered", "What was offered"),
        by=needed(form, "by", "Who offered it"),
        language=needed(form, "language", "In which language"),
        reason=needed(form, "reason", "The reason that they stated"),
        on=day(form, "on", "The day"),
        verbal_consent=given(form, "verbal_consent"),
        next_try=perhaps_day(form, "next_try", "When it will be offered again"),
    )
    return "The member's refusal is recorded. Who signs later has approved."


def _return(ws: Workspace, document_id: str, form: Form) -> str:
    reason, at = needed(form, "reason", "The comments"), moment(form, "at", "When it came back")
    record = log.log_returned(ws, document_id, reason=reason, at=at, by=given(form, "by"))
    return f"Returned with comments: its clock has stopped. Next: issue version {record.version + 1}."


def _withdraw(ws: Workspace, document_id: str, form: Form) -> str:
    record = log.withdraw(ws, document_id, reason=needed(form, "reason", "Why it is withdrawn"))
    package = (
        f" Its package was built already: see that nobody uploads {record.filing.package}." if record.filing else ""
    )
    return f"Withdrawn. Whatever comes back for it is held.{package}"


def _unapprove(ws: Workspace, document_id: str, form: Form) -> str:
    slot = given(form, "slot")
    if slot not in taken_back(the_plan(ws.ledger, document_id)):
        raise FieldFault("Whose approval is taken back?", field="slot", todo="Choose the member's or the PCP's.")
    reason = needed(form, "reason", "What was wrong")
    approvals.unapprove(ws, document_id, slot=Slot(slot), reason=reason, secret=secret)
    return "The approval is taken back; its place is open again."


def _file(ws: Workspace, document_id: str, _: Form) -> str:
    (filed,) = file_plans(ws, [document_id])
    if filed.package:
        return "It is packed for its chart."
    return "Not filed yet. " + " ".join(f"{each.message} {each.todo}".strip() for each in filed.reasons)


def _confirm(ws: Workspace, document_id: str, form: Form) -> str:
    by, at = needed(form, "by", "Who saw it in the chart"), moment(form, "at", "When they saw it")
    confirm_seen(ws, document_id, by=by, at=at)
    return "Confirmed in the chart."


_ACTS: Mapping[str, Callable[[Workspace, str, Form], str]] = {
    "call": _call,
    "send": _send,
    "sent": _sent,
    "received": _received,
    "corrected": _corrected,
    "approve": _approve,
    "refuse": _refuse,
    "note": _note,
    "return": _return,
    "file": _file,
    "confirm": _confirm,
    "unapprove": _unapprove,
    "withdraw": _withdraw,
}

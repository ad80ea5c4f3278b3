"""The road of one issued version: sent, received, returned, withdrawn (contract §4). Each decides under the write
lock."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.events import JSON, Event, EventType, NewEvent, document_subject, member_subject
from cpdocs.core.plan_record import PlanRecord
from cpdocs.errors import UsageFault
from cpdocs.plans.notice_files import discarding, put_out_papers
from cpdocs.plans.records import the_plan
from cpdocs.plans.stop_notices import same_sending, stop_event, stop_paper

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def plan_event(kind: EventType, record: PlanRecord, /, *subjects: str, **data: JSON) -> NewEvent:
    """An event about one version: the document and the member are its subjects, the document id is in its data."""
    about = (document_subject(record.document_id), member_subject(record.member_id), *subjects)
    return NewEvent(kind, about, {"document_id": record.document_id, **data})


def log_sent(ws: Workspace, document_id: str, *, to: str, channel: str, at: datetime) -> PlanRecord:
    """Logs that a version was sent to ``to`` by ``channel``. Raises InputFault where that can't be."""
    to, channel = _filled(to, "--to"), _filled(channel, "--channel")
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_send(record, to=to, channel=channel, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.PLAN_SENT, record, to=to, channel=channel, at=at.isoformat()))
        return the_plan(tx, document_id)


def log_received(ws: Workspace, document_id: str, *, at: datetime, how: str = "") -> PlanRecord:
    """Logs when the practice received a version, which starts its clock (contract §5)."""
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_receive(record, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.PLAN_RECEIVED, record, at=at.isoformat(), how=how.strip()))
        return the_plan(tx, document_id)


def correct_receipt(ws: Workspace, document_id: str, *, at: datetime | None, reason: str, how: str = "") -> PlanRecord:
    """Says that the receipt on record was wrong, and what is right (None: it was never received); the clock follows.

    What was logged stays in the ledger, and the record shows both.
    """
    reason = _filled(reason, "--reason")
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_correct_receipt(record, at=at, now=ws.clock.now())
        assert record.received_at is not None
        said: dict[str, JSON] = {"at": at.isoformat() if at else None, "how": how.strip(), "reason": reason}
        tx.append(plan_event(EventType.PLAN_RECEIPT_CORRECTED, record, was=record.received_at.isoformat(), **said))
        return the_plan(tx, document_id)


def log_returned(ws: Workspace, document_id: str, *, reason: str, at: datetime, by: str = "") -> PlanRecord:
    """Logs that the practice returned a version with comments, which stops its clock (documents.md §7)."""
    reason = _filled(reason, "--reason")
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_return(record, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.PLAN_RETURNED, record, at=at.isoformat(), reason=reason, by=by.strip()))
        return the_plan(tx, document_id)


def log_call(ws: Workspace, document_id: str, *, to: str, note: str) -> PlanRecord:
    """Logs a telephone call about a version, with whom and what was said. Raises UsageFault where one is empty."""
    to, note = _filled(to, "--to"), _filled(note, "--note")
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        tx.append(plan_event(EventType.CALL_LOGGED, record, to=to, note=note))
        return record


def log_copy_given(
    ws: Workspace, document_id: str, *, on: date, form: str, language: str, by: str, interpreter: str = ""
) -> PlanRecord:
    """Records that the member was given a copy of a version, by whom, in which form and language (requirements X1).
    Raises InputFault where that can't be."""
    form, language, by = _filled(form, "--format"), _filled(language, "--language"), _filled(by, "--by")
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_give_copy(record, on=on, now=ws.clock.now())
        said: dict[str, JSON] = {"format": form, "language": language, "interpreter": interpreter.strip(), "by": by}
        tx.append(plan_event(EventType.PLAN_COPY_GIVEN, record, on=on.isoformat(), **said))
        return the_plan(tx, document_id)


def calls(ws: Workspace, document_id: str) -> list[Event]:
    """The calls that were logged about a version, oldest first."""
    return list(ws.ledger.events(subject=document_subject(document_id), types=(EventType.CALL_LOGGED,)))


def withdraw(ws: Workspace, document_id: str, *, reason: str) -> PlanRecord:
    """Withdraws a version: whatever comes back for it is held, and a practice that was sent it is told."""
    reason = _filled(reason, "--reason")
    before = the_plan(ws.ledger, document_id)
    transitions.may_withdraw(before)
    paper = stop_paper(ws, before, f"It was withdrawn: {reason.rstrip('.')}.")
    papers = [paper] if paper else []
    with discarding(ws, papers), ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_withdraw(record)
        same_sending(before, record)
        (withdrawn,) = tx.append(plan_event(EventType.PLAN_WITHDRAWN, record, reason=reason))
        tx.append(*(stop_event(each, record, withdrawn.seq) for each in papers))
    put_out_papers(ws, papers)
    return the_plan(ws.ledger, document_id)


def _filled(text: str, option: str) -> str:
    if not text.strip():
        raise UsageFault(f"{option} is empty.", todo=f"Say it: {option} TEXT.")
    return text.strip()

"""A practice that was sent a version is told at once when it stops: withdrawn, replaced, or an approval taken back.

The notice is recorded in the transaction that stops the version, and waits in the work list until somebody logs that it
left. It says which version, why, and to destroy it; it names no member.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, NewEvent, document_subject, practice_subject
from cpdocs.core.ids import derive_document_id
from cpdocs.core.moments import moment_text
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.plans.notice_files import NoticePaper, channel_name, make_paper, practice_address, written_event

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.documents.notices import NoticeKind
    from cpdocs.workspace import Workspace

_APPROVALS = {Slot.MEMBER: "the member's approval", Slot.PCP: "the PCP's approval"}


def was_sent(record: PlanRecord) -> bool:
    """Whether the practice has it, as far as is on record."""
    return bool(record.sendings) or record.received_at is not None


def stop_paper(ws: Workspace, record: PlanRecord, why: str, *, replaced_by: str = "") -> NoticePaper | None:
    """The notice that a version must not be used any more, staged; None where it was never sent, or is closed and was
    told before. ``replaced_by`` names the version that takes its place."""
    from cpdocs.documents.notices import NoticeKind

    if record.closed or not was_sent(record):
        return None
    last = (
        (("Replaced by", replaced_by),)
        if replaced_by
        else (("Replaced by", "nothing: this version was withdrawn, and no other takes its place"),)
    )
    return _paper(ws, record, NoticeKind.WITHDRAWN, (why,), last)


def taken_back_paper(ws: Workspace, record: PlanRecord, slot: Slot, why: str) -> NoticePaper | None:
    """The notice that an approval which was on record counts no more, staged; None where the practice never had the
    version: it was neither sent, nor did the approval come back with it."""
    from cpdocs.documents.notices import NoticeKind

    came_back = slot in record.fills and record.fills[slot].return_sha256
    if not (was_sent(record) or came_back):
        return None
    return _paper(ws, record, NoticeKind.TAKEN_BACK, (why,), (("Open again", _APPROVALS[slot]),))


def _paper(
    ws: Workspace, record: PlanRecord, kind: NoticeKind, findings: tuple[str, ...], last: tuple[tuple[str, str], ...]
) -> NoticePaper:
    from cpdocs.documents.notices import Notice

    now = ws.clock.now()
    reference = derive_document_id(ws.id_secret, "stop notice", record.document_id, kind.value, now.isoformat())
    sent = [("Sent", f"{moment_text(each.at)} by {each.channel}, to {each.to}") for each in record.sendings]
    notice = Notice(
        kind=kind,
        to=practice_address(ws.ledger, record.practice_id),
        sender=ws.senders.organization,
        at=now,
        reference=reference,
        facts=(
            ("Plan", record.document_id),
            ("Version", str(record.version)),
            ("Issued", moment_text(record.issued_at)),
            *sent,
            *last,
        ),
        findings=findings,
        document_id=record.document_id,
        sandbox=ws.sandbox,
    )
    return replace(make_paper(ws, notice, record.practice_id), channel=channel_name(ws, record.practice_id))


def stop_event(paper: NoticePaper, record: PlanRecord, stopped: int) -> NewEvent:
    """The event that records the notice, among the plan's own. ``stopped`` is the number of the event that it tells of;
    what it says of the sending rests on ``plan.sent``."""
    about = (document_subject(record.document_id), practice_subject(record.practice_id))
    rests_on: list[JSON] = [record.seq, *(each.seq for each in record.sendings), stopped]
    return written_event(
        paper, about, document_id=record.document_id, practice_id=record.practice_id, rests_on=rests_on
    )


def same_sending(before: PlanRecord, now: PlanRecord) -> None:
    """Raises InputFault where the version was sent between the look at it and the lock."""
    if was_sent(before) != was_sent(now):
        raise InputFault(f"{now.document_id} was sent meanwhile; nothing was changed.", todo="Run the command again.")

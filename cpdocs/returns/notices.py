"""What we answer: a notice to the plan's own practice about each return that belongs to a plan, and its reminders.

To anybody else nothing is answered: even a file that we don't know gets no word, or its absence would tell a dropper
that the file was somebody's plan (contract §2). A notice names a plan by its id and version, never the member.

The file is written first, durably and under a name that follows from what it answers; then ``NOTICE_WRITTEN`` is
recorded. A kill between the two writes the same file again under the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, practice_subject, return_subject
from cpdocs.core.moments import eastern_text
from cpdocs.core.notice_words import nothing_wanted, open_slots, sentences
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.return_record import RETURN_EVENTS, ReturnRecord, fold_returns
from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.ledger.reads import Reads
from cpdocs.plans.notice_files import channel_name, practice_address
from cpdocs.plans.records import find_plan
from cpdocs.sending.notices import opaque
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from datetime import datetime

    from cpdocs.documents.notices import Notice, NoticeKind
    from cpdocs.workspace import Workspace

_APPROVAL = {Slot.MEMBER: "the member's approval", Slot.PCP: "the PCP's approval"}


def answer(ws: Workspace, record: ReturnRecord) -> None:
    """Writes the notice on how ``record`` stands, if there is a plan to answer for and it wasn't written before."""
    decision, seq = record.decision, record.to_answer
    if decision is None or not seq:
        return
    plan = find_plan(ws.ledger, record.document_id)
    if plan is None:
        return
    from cpdocs.documents.notices import Notice, NoticeKind  # only with something to say: it brings the whole renderer

    about = (document_subject(plan.document_id), practice_subject(plan.practice_id), return_subject(record.sha256))
    data: dict[str, JSON] = {"return_sha256": record.sha256, "answers": seq}

    def unanswered(source: Reads) -> bool:
        found = fold_returns(source.events(subject=return_subject(record.sha256), types=RETURN_EVENTS))
        return all(seq not in part.answered for part in found[record.sha256])

    kind = _kind(record, plan)
    if kind is NoticeKind.HELD and _told_today(ws, plan, about, data, unanswered):
        return
    settled = nothing_wanted(plan) if kind is NoticeKind.NOTHING_WANTED else ""
    notice = Notice(
        kind=kind,
        to=practice_address(ws.ledger, plan.practice_id),
        sender=ws.senders.organization,
        at=_answered_at(record),
        reference=f"{plan.document_id}-{opaque(ws, record.sha256, str(seq))}",
        facts=_facts(plan, record),
        findings=(settled,) if settled else sentences(record, plan),
        document_id=plan.document_id,
        sandbox=ws.sandbox,
    )
    _write(ws, plan, notice, about, data, unanswered)


def _kind(record: ReturnRecord, plan: PlanRecord) -> NoticeKind:
    """Which letter is true: an office is asked to send again only what is still open."""
    from cpdocs.documents.notices import NoticeKind

    if record.verdict is Verdict.ACCEPTED:
        return NoticeKind.ACCEPTED
    if nothing_wanted(plan):
        return NoticeKind.NOTHING_WANTED
    return NoticeKind.RESEND if record.verdict is Verdict.REJECTED else NoticeKind.HELD


def _told_today(
    ws: Workspace,
    plan: PlanRecord,
    about: tuple[str, ...],
    data: dict[str, JSON],
    unanswered: Callable[[Reads], bool],
) -> bool:
    """Whether the practice was told today that something about this plan is being looked at: then that letter answers
    for this file too (contract §8: one for all files of one day about one plan)."""
    today = eastern_date(ws.clock.now())
    written = ws.ledger.events(subject=document_subject(plan.document_id), types=(EventType.NOTICE_WRITTEN,))
    earlier = [
        event.data
        for event in written
        if event.data["kind"] == "held" and event.data.get("return_sha256") and eastern_date(event.at) == today
    ]
    if not earlier:
        return False
    kept = {key: earlier[-1][key] for key in ("document_id", "practice_id", "kind", "file", "sha256")}
    with ws.ledger.write() as tx:
        if unanswered(tx):
            tx.append(NewEvent(EventType.NOTICE_WRITTEN, about, {**kept, **data}))
    return True


def _write(
    ws: Workspace,
    plan: PlanRecord,
    notice: Notice,
    about: tuple[str, ...],
    data: dict[str, JSON],
    wanted: Callable[[Reads], bool],
) -> bool:
    """The file, then its event; False where another worker had recorded it by then (with the same name and content)."""
    from cpdocs.documents.notices import render_notice

    pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
    digest = ws.blobs.put(pdf)
    name = f"{notice.reference}.pdf"
    write_durably(ws.paths.notices / plan.practice_id / name, pdf, overwrite=True)
    kind: NoticeKind = notice.kind
    said: dict[str, JSON] = {
        "document_id": plan.document_id,
        "practice_id": plan.practice_id,
        "kind": kind.value,
        "file": f"notices/{plan.practice_id}/{name}",
        "sha256": digest,
        "channel": channel_name(ws, plan.practice_id),
        **data,
    }
    with ws.ledger.write() as tx:
        if not wanted(tx):
            return False
        tx.append(NewEvent(EventType.NOTICE_WRITTEN, about, said))
    return True


def _answered_at(record: ReturnRecord) -> datetime:
    """The moment of what is answered: the same notice has the same bytes however late it is written."""
    at = record.resolution.at if record.resolution else record.decision.at if record.decision else None
    return at or record.received_at


def _plan_facts(plan: PlanRecord) -> tuple[tuple[str, str], ...]:
    return (("Plan", plan.document_id), ("Version", str(plan.version)))


def _facts(plan: PlanRecord, record: ReturnRecord) -> tuple[tuple[str, str], ...]:
    facts = [
        *_plan_facts(plan),
        ("Received", eastern_text(record.received_at)),
        ("File (SHA-256)", f"{record.sha256[:16]}…"),
    ]
    if record.slots_filled:
        facts.append(("It brought", " and ".join(_APPROVAL[slot] for slot in record.slots_filled)))
    if record.verdict is Verdict.ACCEPTED or open_slots(plan):
        wanted = [_APPROVAL[slot] for slot in open_slots(plan)]
        facts.append(("Still open", " and ".join(wanted) or "nothing: the plan is complete"))
    return tuple(facts)

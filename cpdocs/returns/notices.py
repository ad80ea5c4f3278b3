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
from cpdocs.core.members import Program
from cpdocs.core.moments import eastern_text
from cpdocs.core.notice_words import nothing_wanted, open_slots, sentences, still_open
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.return_record import RETURN_EVENTS, ReturnRecord, fold_returns
from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.ledger.reads import Reads
from cpdocs.plans.notice_files import channel_name, practice_address
from cpdocs.plans.records import find_plan
from cpdocs.register.load import load_register
from cpdocs.sending.notices import opaque
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from datetime import datetime

    from cpdocs.documents.notices import Notice, NoticeKind
    from cpdocs.workspace import Workspace

_CAME = {
    Lane.INK: "a fax or scan",
    Lane.DIGITAL: "a PDF with a digital signature",
    Lane.ESIGN_SERVICE: "a file from a signing service",
}
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
    data: dict[str, JSON] = {"return_sha256": record.sha256, "answers": seq, "rests_on": [plan.seq, seq]}

    def unanswered(source: Reads) -> bool:
        found = fold_returns(source.events(subject=return_subject(record.sha256), types=RETURN_EVENTS))
        return all(seq not in part.answered for part in found[record.sha256])

    kind = _kind(record, plan)
    settled = nothing_wanted(plan) if kind is NoticeKind.NOTHING_WANTED else ""
    findings = (settled,) if settled else sentences(record, plan)
    data["says"] = "" if kind is NoticeKind.HELD else opaque(ws, *findings, still_open(plan))
    if kind is not NoticeKind.ACCEPTED and _told_today(ws, plan, kind, about, data, unanswered):
        return
    notice = Notice(
        kind=kind,
        to=practice_address(ws.ledger, plan.practice_id),
        sender=ws.senders.organization,
        at=_answered_at(record),
        reference=f"{plan.document_id}-{opaque(ws, record.sha256, str(seq))}",
        facts=_facts(ws, plan, record),
        findings=findings,
        still_open=still_open(plan) if kind is NoticeKind.ACCEPTED else "",
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
    kind: NoticeKind,
    about: tuple[str, ...],
    data: dict[str, JSON],
    unanswered: Callable[[Reads], bool],
) -> bool:
    """Whether the practice was told today what this file comes to: that it is being looked at, or that it can't count
    for the same reasons. Then that letter answers for this file too (contract §8: one for all files of one day about
    one plan); what is another answer is told at once."""
    today = eastern_date(ws.clock.now())
    written = ws.ledger.events(subject=document_subject(plan.document_id), types=(EventType.NOTICE_WRITTEN,))
    earlier = [
        event.data
        for event in written
        if (event.data["kind"], event.data.get("says", "")) == (kind.value, data["says"])
        and event.data.get("return_sha256")
        and eastern_date(event.at) == today
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


def _what_came(record: ReturnRecord) -> str:
    """What kind of file it was, as the office knows it."""
    decision = record.decision
    assert decision is not None
    came = _CAME.get(decision.lane, "a file")
    seen = len(decision.pages.seen)
    return f"{came}, {seen} of {decision.pages.of} pages" if decision.lane is Lane.INK and decision.pages.of else came


def _plan_facts(plan: PlanRecord) -> tuple[tuple[str, str], ...]:
    return (("Plan", plan.document_id), ("Version", str(plan.version)))


def _facts(ws: Workspace, plan: PlanRecord, record: ReturnRecord) -> tuple[tuple[str, str], ...]:
    """What a front desk finds the chart by, and which of its files this is about: no member's name."""
    from cpdocs.documents.cover_views import initials

    register = load_register(ws, plan.member_id)
    member = register.latest(plan.member_id, Program(plan.program))
    pcp = next(iter(register.directory.clinicians.get(plan.pcp_npi, ())), None)
    facts = [
        *((("Patient", initials(member)),) if member else ()),
        *((("PCP", pcp.display_name),) if pcp else ()),
        *_plan_facts(plan),
        ("Received", f"{eastern_text(record.received_at)}: {_what_came(record)}"),
    ]
    if record.slots_filled:
        facts.append(("It brought", " and ".join(_APPROVAL[slot] for slot in record.slots_filled)))
    if record.verdict is Verdict.ACCEPTED or open_slots(plan):
        wanted = [_APPROVAL[slot] for slot in open_slots(plan)]
        facts.append(("Still open", " and ".join(wanted) or "nothing: the plan is complete"))
    return tuple(facts)

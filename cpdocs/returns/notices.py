"""What we answer: one letter a day and plan to the plan's own practice about whatever of it came back (contract §8).

While the letter waits, each further file of the day writes it anew, so that it says what is true of them all; once it
left, the next answer is another letter.

To anybody else nothing is answered: even a file that we don't know gets no word, or its absence would tell a dropper
that the file was somebody's plan (contract §2). A notice names a plan by its id and version, never the member.

The file is written first, durably and under a name that follows from plan and day; then ``NOTICE_WRITTEN`` is
recorded. A kill between the two writes the same file again under the same name.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, Event, EventType, NewEvent, document_subject, practice_subject, return_subject
from cpdocs.core.moments import moment_text
from cpdocs.core.notice_words import day_kind, day_sentences, open_slots, still_open
from cpdocs.core.notices import NOTICE_EVENTS, fold_notices, notice_reference
from cpdocs.core.page_facts import PageKind
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.plurals import counted
from cpdocs.core.return_record import CLOSED, ReturnRecord
from cpdocs.core.verdicts import Lane, Slot
from cpdocs.ledger.reads import Reads
from cpdocs.plans.notice_files import channel_name, chart_facts, practice_address
from cpdocs.plans.records import find_plan
from cpdocs.register.load import load_register
from cpdocs.returns.records import find_return
from cpdocs.sending.notices import opaque
from cpdocs.sending.record import deliveries_of
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from datetime import datetime

    from cpdocs.workspace import Workspace

_CAME = {
    Lane.INK: "a fax or scan",
    Lane.DIGITAL: "a PDF with a digital signature",
    Lane.ESIGN_SERVICE: "a file from a signing service",
}
_MOST_ROWS = 8
"""Files of one day that a letter names."""
_APPROVAL = {Slot.MEMBER: "the member's approval", Slot.PCP: "the PCP's approval"}


def answer(ws: Workspace, record: ReturnRecord) -> None:
    """Writes how ``record`` stands into its day's letter about the plan, if there is a plan to answer for and it wasn't
    written before."""
    decision, seq = record.decision, record.to_answer
    if decision is None or not seq:
        return
    plan = find_plan(ws.ledger, record.document_id)
    if plan is None:
        return
    about = (document_subject(plan.document_id), practice_subject(plan.practice_id), return_subject(record.sha256))
    while True:
        letter = _letter_of_day(ws, plan, record)
        rests_on: list[JSON] = [plan.seq, *dict.fromkeys(map(_last_seq, letter.parts))]
        said = {
            **_write(ws, plan, letter, record),
            "return_sha256": record.sha256,
            "answers": seq,
            "rests_on": rests_on,
        }
        with ws.ledger.write() as tx:
            last = _of_letter(tx, plan, letter.reference)
            if not _is_answered(tx, record.sha256, seq):
                if len(last) != len(letter.written):
                    continue  # another worker put another file into this letter meanwhile
                tx.append(NewEvent(EventType.NOTICE_WRITTEN, about, said))
                return
        # Another worker has answered meanwhile: what it recorded is what lies there.
        if last:
            _put(ws, str(last[-1].data["file"]), ws.blobs.get(str(last[-1].data["sha256"])))
        return


@dataclass(frozen=True, slots=True)
class _Letter:
    """One day's letter about a plan: its reference, the events that wrote it so far, and the ``parts`` of returned
    files that it answers for, as they stand now. ``left`` is what the letter before it, which has left, said last."""

    reference: str
    written: tuple[Event, ...]
    parts: tuple[ReturnRecord, ...]
    left: Event | None = None


def _letter_of_day(ws: Workspace, plan: PlanRecord, record: ReturnRecord) -> _Letter:
    """The letter in which ``record`` is answered: that of its day, while it waits. What left, or was taken from the
    outbox, is true of its moment, and another answer of that day is another letter."""
    day = eastern_date(_answered_at(record)).isoformat()
    queued = {each.details.get("notice") for each in deliveries_of(ws.ledger, plan.document_id)}
    notices = fold_notices(ws.ledger.events(subject=document_subject(plan.document_id), types=NOTICE_EVENTS))
    left = None
    for number in itertools.count(1):
        reference = f"{plan.document_id}-{opaque(ws, 'answers', plan.document_id, day, str(number))}"
        written = tuple(_of_letter(ws.ledger, plan, reference))
        known = notices.get(reference)
        if known is None or (
            known.waits
            and (ws.paths.outbox / known.file).is_file()
            and not any(event.seq in queued for event in written)
        ):
            break
        left = written[-1]
    files = dict.fromkeys([*(str(event.data["return_sha256"]) for event in written), record.sha256])
    parts = [part for sha256 in files for part in find_return(ws.ledger, sha256) if _belongs(part, plan)]
    return _Letter(reference, written, tuple(parts), left)


def _of_letter(source: Reads, plan: PlanRecord, reference: str) -> list[Event]:
    """The events that wrote this letter, in order."""
    events = source.events(subject=document_subject(plan.document_id), types=(EventType.NOTICE_WRITTEN,))
    return [event for event in events if notice_reference(dict(event.data)) == reference]


def _belongs(part: ReturnRecord, plan: PlanRecord) -> bool:
    closed = part.resolution is not None and part.resolution.decision == CLOSED
    slip = part.decision is not None and part.decision.kind is PageKind.REPLY_SLIP
    return part.document_id == plan.document_id and part.decision is not None and not closed and not slip


def _is_answered(source: Reads, sha256: str, seq: int) -> bool:
    return any(seq in part.answered for part in find_return(source, sha256))


def _write(ws: Workspace, plan: PlanRecord, letter: _Letter, record: ReturnRecord) -> dict[str, JSON]:
    """The letter's file, unless it, or the one that left before it, says that already; and the data of the event that
    records it."""
    from cpdocs.documents.notices import Notice, NoticeKind, render_notice  # it brings the whole renderer

    kind = NoticeKind(day_kind(letter.parts, plan))
    findings = day_sentences(letter.parts, plan)
    says = opaque(ws, kind.value, *findings, still_open(plan))
    before = letter.written[-1] if letter.written else letter.left
    last = before.data if before else {}
    if last.get("says") == says:
        return {**{key: last[key] for key in ("document_id", "practice_id", "kind", "file", "sha256")}, "says": says}
    notice = Notice(
        kind=kind,
        to=practice_address(ws.ledger, plan.practice_id),
        sender=ws.senders.organization,
        at=_answered_at(record),
        reference=letter.reference,
        facts=_facts(ws, plan, letter.parts),
        findings=findings,
        still_open=still_open(plan) if kind is NoticeKind.ACCEPTED else "",
        document_id=plan.document_id,
        sandbox=ws.sandbox,
    )
    pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
    digest = ws.blobs.put(pdf)
    file = f"notices/{plan.practice_id}/{letter.reference}.pdf"
    _put(ws, file, pdf)
    return {
        "document_id": plan.document_id,
        "practice_id": plan.practice_id,
        "kind": kind.value,
        "file": file,
        "sha256": digest,
        "channel": channel_name(ws, plan.practice_id),
        "says": says,
    }


def _last_seq(part: ReturnRecord) -> int:
    """The number of the event that says how a part stands."""
    last = part.resolution or part.decision
    return last.seq if last else 0


def _put(ws: Workspace, file: str, pdf: bytes) -> None:
    write_durably(ws.paths.outbox / file, pdf, overwrite=True)


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
    return (
        f"{came}, {seen} of {counted(decision.pages.of, 'page')}"
        if decision.lane is Lane.INK and decision.pages.of
        else came
    )


def _plan_facts(plan: PlanRecord) -> tuple[tuple[str, str], ...]:
    return (("Plan", plan.document_id), ("Version", str(plan.version)))


def _facts(ws: Workspace, plan: PlanRecord, parts: Sequence[ReturnRecord]) -> tuple[tuple[str, str], ...]:
    """What a front desk finds the chart by, and which of its files this is about: no member's name."""
    came = dict.fromkeys(
        f"{moment_text(part.received_at)}: {_what_came(part)}"
        for part in sorted(parts, key=lambda part: part.received_at)
    )
    more = [f"and {len(came) - _MOST_ROWS} more"] if len(came) > _MOST_ROWS else []
    facts = [
        *chart_facts(load_register(ws, plan.member_id), plan),
        *_plan_facts(plan),
        *(("Received", each) for each in (*list(came)[:_MOST_ROWS], *more)),
    ]
    brought = [slot for slot in Slot if any(slot in part.slots_filled for part in parts)]
    if brought:
        facts.append(("It brought", " and ".join(_APPROVAL[slot] for slot in brought)))
    if brought or open_slots(plan):
        wanted = [_APPROVAL[slot] for slot in open_slots(plan)]
        done = "nothing: the plan is complete" if plan.complete else "nothing until you hear from us"
        facts.append(("Still open", " and ".join(wanted) or done))
    return tuple(facts)

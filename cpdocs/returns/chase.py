"""Asking for what nobody answered: one letter a practice and day that lists its plans, then the health plan (contract
§10).

A letter is written first, durably and under a name that follows from what it says; then one ``NOTICE_WRITTEN`` records
what was said of each plan. Under the write lock it is looked once more whether that wasn't said already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.chasing import HEALTH_PLAN, STAGES, Asked, Letter, Terms, letters_of_the_day, stage_of
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, practice_subject
from cpdocs.core.moments import day_text
from cpdocs.core.notices import payer_folder
from cpdocs.core.plan_clock import OVERDUE, plan_clock
from cpdocs.index.queries import PracticeContact, member_name, practices_of, to_chase
from cpdocs.plans.notice_files import channel_name, chart_facts, payer_channel, practice_address
from cpdocs.plans.records import the_plan
from cpdocs.register.load import load_register
from cpdocs.sending.notices import opaque
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.register import Register
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Written:
    """One letter, whom it goes to and by which channel, and the path of its file below outbox/ (empty: a dry run)."""

    letter: Letter
    practice: PracticeContact | None
    file: str = ""

    @property
    def channel(self) -> str:
        """How it goes: the way that the practice wants its answers."""
        return self.practice.return_channel if self.practice else ""


def chase(ws: Workspace, *, record: bool = True) -> list[Written]:
    """Writes today's letters, or with ``record`` False only says which they would be."""
    on = eastern_date(ws.clock.now())
    terms = Terms(ws.options.contact_day, ws.options.health_plan_day)
    asked = []
    for document_id in to_chase(ws.index, on, terms.last):
        plan = the_plan(ws.ledger, document_id)
        stage = stage_of(plan, _said(ws.ledger, document_id), on, terms)
        if stage:
            asked.append(Asked(plan, plan_clock(plan), stage))
    letters = letters_of_the_day(asked)
    practices = practices_of(ws.index, (each.practice_id for each in letters))
    written = []
    for letter in letters:
        practice = practices.get(letter.practice_id)
        file = _write(ws, letter) if record else ""
        if file or not record:
            written.append(Written(letter, practice, file))
    return written


def _said(source: Reads, document_id: str) -> set[str]:
    """What was said of a plan before."""
    said = set()
    for event in source.events(subject=document_subject(document_id), types=(EventType.NOTICE_WRITTEN,)):
        for each in event.data.get("plans") or [event.data]:
            if each.get("document_id") == document_id and each.get("stage"):
                said.add(str(each["stage"]))
    return said


def _write(ws: Workspace, letter: Letter) -> str:
    """The file, then its event; gives where the file is, or nothing where somebody else had said it by then."""
    from cpdocs.documents.notices import Notice, NoticeKind, render_notice  # brings the whole renderer

    ids = [each.record.document_id for each in letter.asked]
    key = opaque(ws, *ids, *(each.stage for each in letter.asked), eastern_date(ws.clock.now()).isoformat())
    reference = f"{ids[0]}-{key}"
    register = load_register(ws, *dict.fromkeys(each.record.member_id for each in letter.asked))
    notice = Notice(
        kind=NoticeKind.REMINDER,
        to=practice_address(ws.ledger, letter.practice_id) if letter.practice_id else (letter.payer or "Health plan",),
        sender=ws.senders.organization,
        at=ws.clock.now(),
        reference=reference,
        facts=tuple(fact for each in letter.asked for fact in _facts(ws, register, each)),
        document_id=ids[0],
        due_on=min(each.clock.due_on for each in letter.asked),
        overdue=letter.stage in STAGES[STAGES.index(OVERDUE) :],
        several=len(letter.asked) > 1,
        sandbox=ws.sandbox,
    )
    pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
    folder = letter.practice_id or payer_folder(letter.payer)
    file = f"{folder}/{reference}.pdf"
    digest = ws.blobs.put(pdf)
    write_durably(ws.paths.notices / file, pdf, overwrite=True)
    data: dict[str, JSON] = {
        "document_id": ids[0],
        "practice_id": letter.practice_id,
        "kind": notice.kind.value,
        "file": f"notices/{file}",
        "sha256": digest,
        **(
            {"channel": channel_name(ws, letter.practice_id)} if letter.practice_id else payer_channel(ws, letter.payer)
        ),
        "plans": [{"document_id": each.record.document_id, "stage": each.stage} for each in letter.asked],
        "rests_on": [seq for each in letter.asked for seq in _road(ws.ledger, each.record)],
    }
    about = [document_subject(each) for each in ids]
    if letter.practice_id:
        about.append(practice_subject(letter.practice_id))
    with ws.ledger.write() as tx:
        if any(each.stage in _said(tx, each.record.document_id) for each in letter.asked):
            return ""
        tx.append(NewEvent(EventType.NOTICE_WRITTEN, tuple(about), data))
    return f"notices/{file}"


_CLOCK = (
    EventType.PLAN_ISSUED,
    EventType.PLAN_SENT,
    EventType.PLAN_RECEIVED,
    EventType.PLAN_RECEIPT_CORRECTED,
)


def _road(source: Reads, record: PlanRecord) -> list[int]:
    """The events by which the version's days are counted."""
    events = source.events(subject=document_subject(record.document_id), types=_CLOCK)
    return [each.seq for each in events if each.data["document_id"] == record.document_id]


def _facts(ws: Workspace, register: Register, asked: Asked) -> list[tuple[str, str]]:
    """The letter's rows about one plan: which, until when, and what the practice finds the chart by. The health plan
    must know whom it is about."""
    record, due = asked.record, day_text(asked.clock.due_on)
    overdue = asked.stage in STAGES[STAGES.index(OVERDUE) :]
    rows = [(f"Plan, {'overdue since' if overdue else 'due'} {due}", f"{record.document_id}, version {record.version}")]
    if asked.stage == HEALTH_PLAN:
        name = member_name(ws.index, record.member_id, record.program)
        rows.append(("Member", f"{name}, MassHealth ID {record.member_id}"))
        rows.append(("Practice", ", ".join(practice_address(ws.ledger, record.practice_id))))
        return rows
    return [*rows, *chart_facts(register, record)]


def as_json(written: Sequence[Written]) -> list[dict[str, JSON]]:
    """The letters as ``chase --json`` shows them."""
    return [
        {
            "to": each.letter.practice_id or each.letter.payer,
            "kind": "practice" if each.letter.practice_id else "health_plan",
            "name": each.practice.name if each.practice else each.letter.payer,
            "key_contact": each.practice.key_contact if each.practice else None,
            "channel": each.channel or None,
            "stage": each.letter.stage,
            "file": each.file or None,
            "plans": [
                {
                    "document_id": asked.record.document_id,
                    "stage": asked.stage,
                    "due_on": asked.clock.due_on.isoformat(),
                }
                for asked in each.letter.asked
            ],
        }
        for each in written
    ]

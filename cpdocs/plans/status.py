"""Where every plan stands, what is due and for whom, and the care coordination note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, member_subject
from cpdocs.core.ids import last_four
from cpdocs.core.members import Program
from cpdocs.core.plan_clock import PlanClock, plan_clock
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.index.queries import (
    Page,
    PlanFilter,
    PracticeContact,
    not_asked,
    overdue_count,
    plan_counts,
    plan_ids,
    practices_of,
    waiting_for,
)
from cpdocs.plans.records import all_plans, member_plans, the_plan, the_plans

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


REVIEW_WORDS = "returned, waiting for review"
"""What is said of a version of which something came back that nobody has decided on yet."""

CONSENT_WORDS = "consent ended, waits for a new version"
"""What is said of a version on which nothing further happens since the consent behind its Part 2 records ended."""

_BY_ITSELF = 500
"""Up to so many versions are folded from their own events alone; more are read in one pass over all of them."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What came back for a version and waits for review: the file's SHA-256, its part, when it came, and why it is
    held (codes of findings)."""

    sha256: str
    part: int
    received_at: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One version and its clock as of ``on``, with what came back for it and isn't decided."""

    record: PlanRecord
    clock: PlanClock
    on: date
    waiting: tuple[Waiting, ...] = ()

    @property
    def words(self) -> str:
        """Where it stands, for people."""
        state = self.record.state.value.replace("_", " ")
        hold = f"; {CONSENT_WORDS}" if self.record.on_hold == "consent_ended" else ""
        return f"{state}{hold}; {REVIEW_WORDS}" if self.waiting else f"{state}{hold}"

    @property
    def overdue(self) -> bool:
        return self.clock.overdue(self.on)


@dataclass(frozen=True, slots=True)
class Due:
    """A version whose clock runs, and whom to ask. ``reminder`` is 3 or 6 on the business day of that reminder;
    ``aside`` says why nobody is asked all the same: the member, the PCP or the practice isn't theirs any more."""

    standing: Standing
    practice: PracticeContact | None
    reminder: int | None
    aside: str = ""

    @property
    def action(self) -> str:
        """What to do on the day: ``review`` what came back, what ``aside`` says, ``overdue``, ``due_today``,
        ``reminder``, or ``wait``."""
        if self.standing.waiting:
            return "review"
        if self.aside:
            return self.aside
        if self.standing.overdue:
            return "overdue"
        if self.standing.clock.due_on == self.standing.on:
            return "due_today"
        return "reminder" if self.reminder else "wait"


def standing_of(ws: Workspace, record: PlanRecord) -> Standing:
    """One version's standing today."""
    return _standings(ws, [record], eastern_date(ws.clock.now()))[0]


def standings(ws: Workspace, wanted: PlanFilter | None = None, page: Page | None = None) -> list[Standing]:
    """The standing today of the versions wanted (all of them where None), in order of issue."""
    ids = plan_ids(ws.index, wanted or PlanFilter(), page or Page())
    return _standings(ws, _records(ws, ids), eastern_date(ws.clock.now()))


def counts(ws: Workspace, wanted: PlanFilter) -> tuple[dict[str, int], int]:
    """How many of the versions wanted are in each state, and how many of them are overdue today."""
    return plan_counts(ws.index, wanted), overdue_count(ws.index, eastern_date(ws.clock.now()), wanted)


def what_is_due(
    ws: Workspace, on: date | None = None, wanted: PlanFilter | None = None, page: Page | None = None
) -> list[Due]:
    """Every running clock as of ``on`` (today where None) of the versions wanted, the most pressing first, with the
    practice to ask."""
    day = on or eastern_date(ws.clock.now())
    running = replace(wanted or PlanFilter(), running=True, issued_by=day)
    found = _standings(ws, _records(ws, plan_ids(ws.index, running, page or Page(), by_due=True)), day)
    practices = practices_of(ws.index, (each.record.practice_id for each in found))
    aside = not_asked(ws.index, day, (each.record.document_id for each in found))
    return [
        Due(
            each,
            practices.get(each.record.practice_id),
            each.clock.reminder(day),
            aside.get(each.record.document_id, ""),
        )
        for each in found
    ]


def due_counts(ws: Workspace, on: date | None = None, wanted: PlanFilter | None = None) -> tuple[int, int]:
    """How many clocks run as of ``on``, and how many of them are overdue."""
    day = on or eastern_date(ws.clock.now())
    running = replace(wanted or PlanFilter(), running=True, issued_by=day)
    return sum(plan_counts(ws.index, running).values()), overdue_count(ws.index, day, running)


def _records(ws: Workspace, ids: Sequence[str]) -> list[PlanRecord]:
    if len(ids) <= _BY_ITSELF:
        return the_plans(ws, ids)
    records = all_plans(ws)
    return [records[document_id] for document_id in ids]


def _standings(ws: Workspace, records: Sequence[PlanRecord], on: date) -> list[Standing]:
    waiting = waiting_for(ws.index, [record.document_id for record in records])
    return [
        Standing(
            record,
            plan_clock(record),
            on,
            tuple(
                Waiting(row["sha256"], row["part"], row["received_at"], tuple(row["codes"].split()))
                for row in waiting.get(record.document_id, ())
            ),
        )
        for record in records
    ]


def status_json(standing: Standing) -> dict[str, JSON]:
    """One version as the contract's ``status`` object (§4); times are UTC, ISO 8601."""
    record, clock = standing.record, standing.clock
    return {
        "document_id": record.document_id,
        "member_id": record.member_id,
        "program": record.program,
        "version": record.version,
        "state": record.state.value,
        "slots": {slot.value: slot_json(record, slot) for slot in Slot},
        "sent_at": _iso(record.sent_at),
        "received_at": _iso(record.received_at),
        "due_on": clock.due_on.isoformat(),
        "overdue": standing.overdue,
        "waiting_for_review": waiting_json(standing),
        "filed_at": _iso(record.filing.at if record.filing else None),
        "practice_id": record.practice_id,
        "payer": record.payer,
        "issued_at": _iso(record.issued_at),
        "receipt": clock.basis,
        "receipt_corrections": [
            {"was": _iso(each.was), "reason": each.reason, "by": each.by, "at": _iso(each.at)}
            for each in record.receipt_corrections
        ],
        "clock_stopped_by": clock.stopped_by or None,
        "on_hold": record.on_hold or None,
        "uploaded_at": _iso(record.uploaded.at if record.uploaded else None),
        "superseded_by": record.superseded_by or None,
        "filing_held": [dict(reason) for reason in record.filing_held],
        "proof": proof_json(record),
    }


def waiting_json(standing: Standing) -> list[JSON]:
    """What came back and isn't decided."""
    return [
        {"sha256": each.sha256, "part": each.part, "received_at": each.received_at, "codes": [*each.codes]}
        for each in standing.waiting
    ]


def proof_json(record: PlanRecord) -> JSON:
    """How far the proof of a filed version's signatures reaches, and until when; None where none is digital, or it
    isn't filed."""
    filing = record.filing
    if filing is None or filing.level is None:
        return None
    return {
        "level": filing.level.value,
        "until": _iso(filing.proven_until),
        "files": [
            {"sha256": each.sha256, "level": each.level.value, "until": _iso(each.until), "renewed": each.renewed}
            for each in filing.kept
        ],
    }


def slot_json(record: PlanRecord, slot: Slot) -> dict[str, JSON]:
    """What stands in one slot: ``state`` is open, filled or refused."""
    fill = record.fills.get(slot)
    if fill is None:
        refused = record.refusal is not None and record.refusal.slot is slot
        return {"state": "refused" if refused else "open", "evidence": None}
    return {
        "state": "filled",
        "evidence": fill.evidence.value,
        "signer": fill.signer,
        "npi": fill.npi or None,
        "credential": fill.credential or None,
        "role": fill.role,
        "on_behalf_of": fill.on_behalf_of or None,
        "signed_at": _iso(fill.signed_at),
        "on": fill.on.isoformat() if fill.on else None,
        "received_at": _iso(fill.received_at),
        "attested_by": fill.attested_by or None,
        "how": fill.how or None,
        "return_sha256": fill.return_sha256 or None,
    }


def due_json(item: Due) -> dict[str, JSON]:
    """One running clock as ``due --json`` shows it."""
    record, clock, practice = item.standing.record, item.standing.clock, item.practice
    return {
        "document_id": record.document_id,
        "member_id": record.member_id,
        "program": record.program,
        "version": record.version,
        "state": record.state.value,
        "receipt_at": _iso(clock.receipt),
        "receipt": clock.basis,
        "due_on": clock.due_on.isoformat(),
        "days_left": (clock.due_on - item.standing.on).days,
        "overdue": item.standing.overdue,
        "action": item.action,
        "reminder": item.reminder,
        "waiting_for_review": waiting_json(item.standing),
        "practice_id": record.practice_id,
        "practice": practice.name if practice else None,
        "for": practice.key_contact if practice else None,
        "phone": practice.phone if practice else None,
        "fax": practice.fax if practice else None,
        "payer": record.payer,
    }


def note_for_plan(ws: Workspace, document_id: str) -> str:
    """The care coordination note for the member of this plan version."""
    return note_for_member(ws, the_plan(ws.ledger, document_id).member_id)


def note_for_member(ws: Workspace, member_id: str) -> str:
    """The care coordination note for this member: every program that the roster knows. Raises InputFault for a
    stranger."""
    # The whole register: whoever only lists plans starts without it.
    from cpdocs.core.care_note import ProgramFacts, care_note
    from cpdocs.core.guardianship import signs_in_words
    from cpdocs.people.access import record_access
    from cpdocs.register.load import load_register

    register = load_register(ws, member_id)
    plans = member_plans(ws.ledger, member_id)
    facts = []
    for program in Program:
        assignment = register.latest(member_id, program)
        if assignment is None:
            continue
        plan = _latest([each for each in plans if each.program == program.value])
        facts.append(
            ProgramFacts(
                assignment=assignment,
                statement=register.enrollment.statement(member_id, program.value),
                stopped=register.enrollment.stops(assignment),
                sender=ws.senders.for_cp(assignment.cp_org),
                coordinator_phone=ws.senders.phone_of(assignment.coordinator, assignment.cp_org),
                plan=plan,
                back=plan is not None and bool(waiting_for(ws.index, [plan.document_id])),
                signs=signs_in_words(assignment.dob, register.guardians_of(member_id), eastern_date(ws.clock.now())),
            )
        )
    if not facts:
        raise InputFault(
            f"No member {last_four(member_id)} is on record.", todo="Check the id, or import the roster that has it."
        )
    record_access(ws, "note", member_subject(member_id))
    return care_note(facts, as_of=ws.clock.now(), organization=ws.senders.organization, sandbox=ws.sandbox)


def _latest(plans: Sequence[PlanRecord]) -> PlanRecord | None:
    """The highest version; a withdrawn one only where there is no other."""
    return max(plans, key=lambda plan: (plan.withdrawn is None, plan.version), default=None)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

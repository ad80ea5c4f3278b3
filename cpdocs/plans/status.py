"""Where every plan stands, what is due and for whom, and the care coordination note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from cpdocs.core.care_note import ProgramFacts, care_note
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, member_subject
from cpdocs.core.ids import last_four
from cpdocs.core.members import Program
from cpdocs.core.plan_clock import PlanClock, plan_clock
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.providers import Practice
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.people.access import record_access
from cpdocs.plans.records import all_plans, member_plans, the_plan
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Standing:
    """One version and its clock as of ``on``."""

    record: PlanRecord
    clock: PlanClock
    on: date

    @property
    def overdue(self) -> bool:
        return self.clock.overdue(self.on)


@dataclass(frozen=True, slots=True)
class Due:
    """A version whose clock runs, and whom to ask. ``reminder`` is 3 or 6 on the business day of that reminder."""

    standing: Standing
    practice: Practice | None
    reminder: int | None

    @property
    def action(self) -> str:
        """What to do on the day: ``overdue``, ``due_today``, ``reminder``, or ``wait``."""
        if self.standing.overdue:
            return "overdue"
        if self.standing.clock.due_on == self.standing.on:
            return "due_today"
        return "reminder" if self.reminder else "wait"


def standing_of(ws: Workspace, record: PlanRecord) -> Standing:
    """One version's standing today."""
    return Standing(record, plan_clock(record), eastern_date(ws.clock.now()))


def every_standing(ws: Workspace) -> list[Standing]:
    """Every version's standing today, in order of issue."""
    on = eastern_date(ws.clock.now())
    return [Standing(record, plan_clock(record), on) for record in all_plans(ws).values()]


def what_is_due(ws: Workspace, on: date | None = None) -> list[Due]:
    """Every running clock as of ``on`` (today where None), the most pressing first, with the practice to ask."""
    day = on or eastern_date(ws.clock.now())
    running = [
        Standing(record, clock, day)
        for record in all_plans(ws).values()
        if (clock := plan_clock(record)).running and eastern_date(record.issued_at) <= day
    ]
    if not running:
        return []
    practices = load_register(ws, running[0].record.member_id).directory.practices
    due = [
        Due(standing, practices.get(standing.record.practice_id), standing.clock.reminder(day)) for standing in running
    ]
    return sorted(due, key=lambda item: (item.standing.clock.due_on, item.standing.record.seq))


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
        "uploaded_at": _iso(record.uploaded.at if record.uploaded else None),
        "superseded_by": record.superseded_by or None,
        "filing_held": [dict(reason) for reason in record.filing_held],
        "proof": proof_json(record),
    }


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
    register = load_register(ws, member_id)
    plans = member_plans(ws.ledger, member_id)
    facts = []
    for program in Program:
        assignment = register.latest(member_id, program)
        if assignment is None:
            continue
        facts.append(
            ProgramFacts(
                assignment=assignment,
                statement=register.enrollment.statement(member_id, program.value),
                stopped=register.enrollment.stops(assignment),
                sender=ws.senders.for_cp(assignment.cp_org),
                coordinator_phone=ws.senders.phone_of(assignment.coordinator, assignment.cp_org),
                plan=_latest([plan for plan in plans if plan.program == program.value]),
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

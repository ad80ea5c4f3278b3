"""What MassHealth watches, counted: timeliness, informed choice, affiliated referrals (requirement D16); and members
with no plan (D1), with the day by which they are to be met face to face (X2).

The day counts for timeliness are the payer's obligation as each version's terms state it (requirements B1, B2).
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median

from cpdocs.core.deadlines import business_days_between, receipt_day
from cpdocs.core.members import Assignment
from cpdocs.core.outreach import Outreach
from cpdocs.core.plan_clock import PlanClock, plan_clock
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.register import Register

CHOICES = (
    "service_options_given",
    "took_part_in_selection",
    "agrees_with_plan",
    "provider_options_given",
    "informed_provider_choice",
)
"""The evidence of choice that a plan states (documents.md §2)."""

CONTACT_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Timeliness:
    """One payer's plans: how many were approved in time or late, wait, are overdue, came back, or stopped otherwise.

    ``unsent`` were never sent nor received: the practice isn't late with them, so they are neither waiting nor overdue.
    ``median_days`` is of the business days from receipt to approval, None where nothing is approved yet.
    """

    payer: str
    issued: int
    in_time: int
    late: int
    unsent: int
    waiting: int
    overdue: int
    returned: int
    stopped: int
    receipt_assumed: int
    median_days: float | None


@dataclass(frozen=True, slots=True)
class Choices:
    """One program's latest versions: how many there are, and in how many each answer on choice is yes."""

    program: str
    plans: int
    yes: Mapping[str, int]
    all_yes: int


@dataclass(frozen=True, slots=True)
class Affiliation:
    """One program's latest versions: services named, those by a provider linked to the CP, and plans that name one."""

    program: str
    plans: int
    services: int
    affiliated: int
    plans_with_affiliated: int


@dataclass(frozen=True, slots=True)
class WithoutPlan:
    """A live assignment for which no plan stands. ``contact_by`` is the last day for a first attempt to meet the member
    face to face, ``tried_on`` the day of that attempt, None where none is on record (X2)."""

    assignment: Assignment
    days: int
    contact_by: date
    tried_on: date | None = None


def timeliness(records: Iterable[PlanRecord], on: date) -> list[Timeliness]:
    """Every payer's timeliness as of ``on``, by name."""
    by_payer: dict[str, list[tuple[PlanRecord, PlanClock]]] = {}
    for record in records:
        by_payer.setdefault(record.payer, []).append((record, plan_clock(record)))
    return [_timeliness(payer, plans, on) for payer, plans in sorted(by_payer.items())]


def _timeliness(payer: str, plans: list[tuple[PlanRecord, PlanClock]], on: date) -> Timeliness:
    approved = [(record, clock) for record, clock in plans if clock.stopped_by == "approved"]
    days = [
        business_days_between(
            receipt_day(clock.receipt, suffolk=record.suffolk), clock.stopped_on, suffolk=record.suffolk
        )
        for record, clock in approved
        if clock.stopped_on
    ]
    return Timeliness(
        payer=payer,
        issued=len(plans),
        in_time=sum(clock.in_time is True for _, clock in approved),
        late=sum(clock.in_time is False for _, clock in approved),
        unsent=sum(clock.running and not _out(record) for record, clock in plans),
        waiting=sum(clock.running and _out(record) and not clock.overdue(on) for record, clock in plans),
        overdue=sum(_out(record) and clock.overdue(on) for record, clock in plans),
        returned=sum(clock.stopped_by == "returned" for _, clock in plans),
        stopped=sum(clock.stopped_by in {"refused", "consent_ended", "withdrawn", "superseded"} for _, clock in plans),
        receipt_assumed=sum(record.received_at is None for record, _ in plans),
        median_days=float(median(days)) if days else None,
    )


def _out(record: PlanRecord) -> bool:
    """Whether the practice has it, as far as is on record."""
    return record.sent_at is not None or record.received_at is not None


def informed_choice(records: Iterable[PlanRecord]) -> list[Choices]:
    """The evidence of choice in each program's standing versions."""
    found = []
    for program, plans in _standing(records):
        counted = Counter(name for plan in plans for name in CHOICES if name in plan.choices)
        complete = sum(plan.choices >= frozenset(CHOICES) for plan in plans)
        found.append(Choices(program, len(plans), {name: counted[name] for name in CHOICES}, complete))
    return found


def affiliated_referrals(records: Iterable[PlanRecord]) -> list[Affiliation]:
    """Services by providers linked to the CP in each program's latest versions, of every member one. A version that was
    withdrawn counts too: the referral was made."""
    return [
        Affiliation(
            program=program,
            plans=len(plans),
            services=sum(plan.services for plan in plans),
            affiliated=sum(plan.affiliated for plan in plans),
            plans_with_affiliated=sum(plan.affiliated > 0 for plan in plans),
        )
        for program, plans in _latest(records)
    ]


def _latest(records: Iterable[PlanRecord]) -> list[tuple[str, list[PlanRecord]]]:
    last: dict[tuple[str, str], PlanRecord] = {}
    for record in records:
        line = (record.program, record.member_id)
        if line not in last or record.version > last[line].version:
            last[line] = record
    by_program: dict[str, list[PlanRecord]] = {}
    for record in last.values():
        by_program.setdefault(record.program, []).append(record)
    return sorted(by_program.items())


def _standing(records: Iterable[PlanRecord]) -> list[tuple[str, list[PlanRecord]]]:
    by_program: dict[str, list[PlanRecord]] = {}
    for record in records:
        if not record.closed:
            by_program.setdefault(record.program, []).append(record)
    return sorted(by_program.items())


def without_plan(register: Register, records: Iterable[PlanRecord], on: date, outreach: Outreach) -> list[WithoutPlan]:
    """Every live assignment for which no version stands, the longest-standing first."""
    planned = {(record.member_id, record.program) for record in records if not record.closed}
    seen: set[tuple[str, str]] = set()
    found = []
    for assignment in register.assignments.values():
        pair = (assignment.member_id, assignment.program.value)
        live = register.enrolled(assignment.member_id, assignment.program, on)
        if pair in planned or pair in seen or live is None:
            continue
        seen.add(pair)
        tried = outreach.first_visit(live.member_id, live.program.value, live.assigned_on)
        found.append(WithoutPlan(live, max(0, (on - live.assigned_on).days), contact_by(live.assigned_on), tried))
    return sorted(found, key=lambda item: (item.assignment.assigned_on, item.assignment.key))


def contact_by(assigned_on: date) -> date:
    """The last day for a face-to-face attempt: the end of the third calendar month, that of the assignment counted
    (X2)."""
    month = assigned_on.month + CONTACT_MONTHS - 1
    year, month = assigned_on.year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, monthrange(year, month)[1])

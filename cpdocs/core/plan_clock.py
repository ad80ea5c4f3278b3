"""The seven-business-day clock of one plan version: since when, until when, and what stopped it (contract §5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from cpdocs.core.clock import eastern_date
from cpdocs.core.deadlines import add_business_days, receipt_day
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.verdicts import Slot

REMINDER_DAYS = (3, 6)
"""Business days after receipt on which the key contact is reminded (documents.md §7)."""

OVERDUE = "overdue"
"""What a reminder is called that says a plan is overdue; the others are ``day 3`` and ``day 6``."""

LOGGED = "logged"
ASSUMED = "assumed_from_issue"


@dataclass(frozen=True, slots=True)
class PlanClock:
    """One version's clock. ``basis`` says whether ``receipt`` was logged or assumed from issue.

    ``stopped_on`` is the Massachusetts date on which the clock stopped, None while it runs; ``stopped_by`` is
    ``approved``, ``returned``, ``refused``, ``consent_ended``, ``withdrawn`` or ``superseded``.
    """

    receipt: datetime
    basis: str
    due_on: date
    reminders: tuple[date, ...]
    stopped_on: date | None = None
    stopped_by: str = ""

    @property
    def stopped_words(self) -> str:
        """What stopped it, for people; empty while it runs."""
        return self.stopped_by.replace("_", " ")

    @property
    def running(self) -> bool:
        return not self.stopped_by

    def overdue(self, on: date) -> bool:
        """Still running after the end of its last day."""
        return self.running and on > self.due_on

    @property
    def in_time(self) -> bool | None:
        """Whether the approval came in time; None where there is none."""
        return self.stopped_on <= self.due_on if self.stopped_by == "approved" and self.stopped_on else None

    def reminder(self, on: date) -> int | None:
        """Which business day's reminder falls on ``on``, None where none does or the clock has stopped."""
        if not self.running:
            return None
        return next((number for number, day in zip(REMINDER_DAYS, self.reminders, strict=True) if day == on), None)


def plan_clock(record: PlanRecord) -> PlanClock:
    """The clock of ``record``, on the terms that stood at its issue.

    The PCP's approval counts on the day it was received, since the signer's own date may be absent (requirements X8).
    """
    receipt = record.received_at or record.issued_at
    start = receipt_day(receipt, suffolk=record.suffolk)
    stopped_on, stopped_by = _stop(record)
    return PlanClock(
        receipt=receipt,
        basis=LOGGED if record.received_at else ASSUMED,
        due_on=_days_after(start, record.due_days, record.suffolk),
        reminders=tuple(_days_after(start, number, record.suffolk) for number in REMINDER_DAYS),
        stopped_on=stopped_on,
        stopped_by=stopped_by,
    )


def review_due(record: PlanRecord) -> date | None:
    """When an approved plan is to be reviewed: on the day that it names itself, and twelve months after its issue at
    the latest (requirements X1). None while nobody approved it, and once another version, or nothing, stands in its
    place."""
    if record.closed or not record.complete:
        return None
    issued = eastern_date(record.issued_at)
    year, leap = issued.year + 1, (issued.month, issued.day) == (2, 29)
    latest = issued.replace(year=year, day=28) if leap else issued.replace(year=year)
    return min(latest, record.next_review or latest)


@lru_cache(maxsize=4096)
def _days_after(start: date, number: int, suffolk: bool) -> date:
    """Kept, since most plans that wait were received on the same few days."""
    return add_business_days(start, number, suffolk=suffolk)


def _stop(record: PlanRecord) -> tuple[date | None, str]:
    approval = record.fills.get(Slot.PCP)
    if approval:
        return eastern_date(approval.received_at), "approved"
    if record.returned:
        return eastern_date(record.returned.at), "returned"
    if record.refusal:
        return record.refusal.on, "refused"
    if record.consent_ended and not record.closed:
        return record.consent_ended.on, "consent_ended"
    return None, record.closed

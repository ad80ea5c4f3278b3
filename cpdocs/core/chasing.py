"""Who is asked for a plan that nobody answered, and when (documents.md §7, contract §10). Pure: what was asked is told.

Days count from the receipt day, day 0: reminders on business days 3 and 6, the word that it is overdue once its last
day is past, then the key contact by name, then the health plan. What came later than its day is said when the next
word is; nothing is said twice, and nothing earlier than what was said already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from cpdocs.core.deadlines import add_business_days, receipt_day
from cpdocs.core.plan_clock import OVERDUE, PlanClock, plan_clock
from cpdocs.core.plan_record import PlanRecord

DAY_3, DAY_6 = "day 3", "day 6"
CONTACT, HEALTH_PLAN = "key contact", "health plan"
STAGES = (DAY_3, DAY_6, OVERDUE, CONTACT, HEALTH_PLAN)
"""What is said of a plan, in order."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The business days after receipt on which the key contact is asked and the health plan is told; 0: never."""

    contact_day: int = 10
    health_plan_day: int = 15

    @property
    def last(self) -> str:
        """The last thing that is ever said."""
        return HEALTH_PLAN if self.health_plan_day else CONTACT if self.contact_day else OVERDUE


@dataclass(frozen=True, slots=True)
class Asked:
    """One plan that somebody is to be asked for today, and what is said: ``stage`` of ``STAGES``."""

    record: PlanRecord
    clock: PlanClock
    stage: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of a day: to a practice, or to a health plan, about all the plans that it is to be told of."""

    practice_id: str
    payer: str
    asked: tuple[Asked, ...]

    @property
    def stage(self) -> str:
        """The gravest of what is said in it."""
        return max((each.stage for each in self.asked), key=STAGES.index)


def stage_of(record: PlanRecord, said: Collection[str], on: date, terms: Terms) -> str:
    """What is to be said of a plan on that day, ``said`` being what was said before; empty: nothing."""
    clock = plan_clock(record)
    if not clock.running:
        return ""
    reached = ""
    for stage, day in _days(record, clock, terms):
        if day <= on:
            reached = stage
    before = max((STAGES.index(stage) for stage in said if stage in STAGES), default=-1)
    return reached if reached and STAGES.index(reached) > before else ""


def _days(record: PlanRecord, clock: PlanClock, terms: Terms) -> list[tuple[str, date]]:
    """Each stage with the first day on which it may be said, in order."""
    start = receipt_day(clock.receipt, suffolk=record.suffolk)
    days = [(DAY_3, clock.reminders[0]), (DAY_6, clock.reminders[1])]
    # A payer may give less than six days: nobody is reminded of what is overdue.
    days = [(stage, day) for stage, day in days if day <= clock.due_on]
    days.append((OVERDUE, date.fromordinal(clock.due_on.toordinal() + 1)))
    for stage, number in ((CONTACT, terms.contact_day), (HEALTH_PLAN, terms.health_plan_day)):
        if number:
            days.append((stage, max(days[-1][1], add_business_days(start, number, suffolk=record.suffolk))))
    return days


def letters_of_the_day(asked: Iterable[Asked]) -> list[Letter]:
    """One letter to each practice, and to each health plan that is told, about all their plans."""
    practices: dict[str, list[Asked]] = {}
    payers: dict[str, list[Asked]] = {}
    for each in asked:
        record = each.record
        group = payers.setdefault(record.payer, []) if each.stage == HEALTH_PLAN else None
        (practices.setdefault(record.practice_id, []) if group is None else group).append(each)
    return [Letter(practice_id, "", tuple(some)) for practice_id, some in practices.items()] + [
        Letter("", payer, tuple(some)) for payer, some in payers.items()
    ]

"""Business days, receipt and due dates in Massachusetts (contract §5, documents.md §7), and the 72-hour home visit.

Holidays are those of MGL c.4 s.7 cl.18: one that falls on a Sunday moves to Monday, one on a Saturday stays there. The
two that are Suffolk County's alone count only where a practice keeps them.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from cpdocs.core.clock import EASTERN

_MONDAY = 0
_THURSDAY = 3
_SATURDAY = 5
_DAY = timedelta(days=1)
CLOSING_TIME = time(17, 0)
"""What comes after this, Eastern, counts as the next business day."""

HOME_VISIT_HOURS = 72
"""Clock hours from discharge within which the home visit is to be scheduled (requirement B3)."""


@cache
def holidays(year: int, *, suffolk: bool = False) -> frozenset[date]:
    """The legal holidays of ``year`` as observed; with ``suffolk`` Evacuation Day and Bunker Hill Day too."""
    fixed = [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
    if suffolk:
        fixed += [(3, 17), (6, 17)]
    days = {_observed(date(year, month, day)) for month, day in fixed}
    days |= {
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 4, _MONDAY, 3),
        _last_monday_of_may(year),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 10, _MONDAY, 2),
        _nth(year, 11, _THURSDAY, 4),
    }
    return frozenset(days)


def _observed(day: date) -> date:
    return day + _DAY if day.isoweekday() == 7 else day


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def is_business_day(day: date, *, suffolk: bool = False) -> bool:
    """Neither a weekend nor a legal holiday."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year, suffolk=suffolk)


def next_business_day(day: date, *, suffolk: bool = False) -> date:
    """The first business day after ``day``."""
    day += _DAY
    while not is_business_day(day, suffolk=suffolk):
        day += _DAY
    return day


def add_business_days(day: date, number: int, *, suffolk: bool = False) -> date:
    """The ``number``-th business day after ``day``, which itself is day 0; ``number`` 0 gives ``day``."""
    for _ in range(number):
        day = next_business_day(day, suffolk=suffolk)
    return day


def business_days_between(start: date, end: date, *, suffolk: bool = False) -> int:
    """How many business days lie after ``start`` up to and with ``end``: which business day ``end`` is, ``start`` being
    day 0.

    0 where ``end`` isn't later than ``start``.
    """
    return sum(
        is_business_day(start + timedelta(days=number), suffolk=suffolk) for number in range(1, (end - start).days + 1)
    )


def receipt_day(received: datetime, *, suffolk: bool = False) -> date:
    """The business day that a receipt at ``received`` (aware) counts as.

    After 17:00 Eastern, or on a closed day, it is the next business day.
    """
    local = received.astimezone(EASTERN)
    day = local.date()
    if is_business_day(day, suffolk=suffolk) and local.time() <= CLOSING_TIME:
        return day
    return next_business_day(day, suffolk=suffolk)


def due_on(received: datetime, *, suffolk: bool = False, days: int = 7) -> date:
    """The date at whose end ``days`` business days after the receipt at ``received`` (aware) are over."""
    return add_business_days(receipt_day(received, suffolk=suffolk), days, suffolk=suffolk)


def home_visit_due(discharged: datetime) -> datetime:
    """The moment (aware UTC) by which the home visit after a discharge at ``discharged`` (aware) is to be: 72 clock
    hours.

    Clock hours, so a change to or from summer time between them doesn't lengthen or shorten the wait.
    """
    return discharged.astimezone(UTC) + timedelta(hours=HOME_VISIT_HOURS)

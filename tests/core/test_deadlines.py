"""Business days, receipt and due dates: the contract's vectors, the law's holidays, and what must hold on any day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.clock import EASTERN
from cpdocs.core.deadlines import (
    add_business_days,
    business_days_between,
    due_on,
    holidays,
    home_visit_due,
    is_business_day,
    next_business_day,
    receipt_day,
)

DAYS = st.dates(date(2018, 1, 1), date(2040, 12, 31))
MOMENTS = st.datetimes(datetime(2018, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC))


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment in Massachusetts."""
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), EASTERN)


@pytest.mark.parametrize(
    ("received", "suffolk", "due"),
    [
        ("2025-04-14", False, "2025-04-24"),
        ("2025-06-11", False, "2025-06-23"),
        ("2025-06-11", True, "2025-06-24"),
        ("2025-12-22", False, "2026-01-02"),
        ("2026-07-01", False, "2026-07-10"),
        ("2026-11-19", False, "2026-12-01"),
        ("2026-12-23", False, "2027-01-05"),
    ],
)
def test_the_contracts_vectors_fall_due_as_computed(received: str, suffolk: bool, due: str) -> None:
    assert due_on(at(received), suffolk=suffolk) == date.fromisoformat(due)


def test_a_receipt_counts_on_its_own_day_until_five_in_the_afternoon() -> None:
    assert receipt_day(at("2026-11-19", "17:00:00")) == date(2026, 11, 19)
    assert receipt_day(at("2026-11-19", "17:00:01")) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("received", "counts_as"),
    [
        (at("2026-11-21"), "2026-11-23"),  # a Saturday
        (at("2026-11-20", "18:00"), "2026-11-23"),  # Friday evening
        (at("2026-11-26"), "2026-11-27"),  # Thanksgiving
        (at("2026-12-24", "23:30"), "2026-12-28"),  # the eve of a Friday Christmas
        (datetime(2026, 1, 15, 21, 59, tzinfo=UTC), "2026-01-15"),  # 16:59 in winter
        (datetime(2026, 1, 15, 22, 1, tzinfo=UTC), "2026-01-16"),  # 17:01 in winter
        (datetime(2026, 7, 15, 20, 59, tzinfo=UTC), "2026-07-15"),  # 16:59 in summer
        (datetime(2026, 7, 15, 21, 1, tzinfo=UTC), "2026-07-16"),  # 17:01 in summer
        (datetime(2026, 7, 16, 2, 0, tzinfo=UTC), "2026-07-16"),  # already the 16th in London, the 15th's evening here
    ],
)
def test_a_late_or_closed_receipt_counts_as_the_next_business_day(received: datetime, counts_as: str) -> None:
    assert receipt_day(received) == date.fromisoformat(counts_as)


def test_a_receipt_on_a_suffolk_holiday_waits_only_where_the_practice_keeps_it() -> None:
    assert receipt_day(at("2026-03-17")) == date(2026, 3, 17)
    assert receipt_day(at("2026-03-17"), suffolk=True) == date(2026, 3, 18)


def test_sunday_holidays_move_to_monday_and_saturday_ones_stay() -> None:
    assert date(2027, 7, 5) in holidays(2027)  # 4 July 2027 is a Sunday
    assert date(2027, 7, 4) not in holidays(2027)
    assert is_business_day(date(2026, 7, 3))  # 4 July 2026 is a Saturday
    assert is_business_day(date(2027, 12, 24))  # Christmas 2027 is a Saturday


def test_the_holidays_of_2026_are_the_statutes() -> None:
    expected = "01-01 01-19 02-16 04-20 05-25 06-19 07-04 09-07 10-12 11-11 11-26 12-25"
    assert sorted(day.strftime("%m-%d") for day in holidays(2026)) == expected.split()
    assert holidays(2026, suffolk=True) - holidays(2026) == {date(2026, 3, 17), date(2026, 6, 17)}


def test_business_days_between_count_the_end_and_not_the_start() -> None:
    assert business_days_between(date(2026, 11, 25), date(2026, 11, 25)) == 0
    assert business_days_between(date(2026, 11, 25), date(2026, 11, 26)) == 0
    assert business_days_between(date(2026, 11, 25), date(2026, 11, 30)) == 2
    assert business_days_between(date(2026, 11, 30), date(2026, 11, 25)) == 0


def test_the_home_visit_is_due_after_seventy_two_clock_hours_even_when_the_clocks_change() -> None:
    assert home_visit_due(at("2026-10-30", "15:30")) == at("2026-11-02", "14:30")  # summer time ends on 1 November
    assert home_visit_due(at("2026-10-12", "15:30")) == at("2026-10-15", "15:30")


@given(MOMENTS, st.booleans(), st.integers(1, 30))
def test_a_due_date_is_always_a_business_day_and_that_many_of_them_away(
    received: datetime, suffolk: bool, days: int
) -> None:
    start, due = receipt_day(received, suffolk=suffolk), due_on(received, suffolk=suffolk, days=days)
    assert is_business_day(start, suffolk=suffolk)
    assert is_business_day(due, suffolk=suffolk)
    assert business_days_between(start, due, suffolk=suffolk) == days
    assert start >= received.astimezone(EASTERN).date()


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_arrives_later_is_never_due_earlier(received: datetime, later: timedelta) -> None:
    assert due_on(received + later) >= due_on(received)


@given(DAYS, st.integers(0, 20))
def test_suffolk_never_shortens_a_wait(day: date, number: int) -> None:
    assert add_business_days(day, number, suffolk=True) >= add_business_days(day, number)


@given(DAYS)
def test_no_stretch_of_closed_days_is_longer_than_four(day: date) -> None:
    assert (next_business_day(day, suffolk=True) - day).days <= 5


@given(st.integers(2018, 2060))
def test_every_year_has_twelve_holidays_on_twelve_days(year: int) -> None:
    assert len(holidays(year)) == 12
    assert all(day.isoweekday() != 7 for day in holidays(year))


def test_where_nothing_is_said_of_suffolks_holidays_they_count_as_business_days() -> None:
    received = datetime(2025, 6, 11, 12, tzinfo=UTC)
    assert due_on(received) == date(2025, 6, 23)
    assert add_business_days(date(2025, 6, 16), 1) == date(2025, 6, 17)

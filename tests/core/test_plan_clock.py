"""The clock of one version: from a logged receipt or the issue, until an approval or whatever else stops it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cpdocs.core.events import EventType
from cpdocs.core.lifecycle import fold
from cpdocs.core.plan_clock import PlanClock, plan_clock, review_due
from tests.core.events_builder import FIRST, SECOND, START, History


def clock_of(history: History) -> PlanClock:
    record = fold(history.events, FIRST)
    assert record is not None
    return plan_clock(record)


@pytest.fixture
def history() -> History:
    made = History()
    made.issue()
    return made


def test_without_a_logged_receipt_it_runs_from_the_issue_and_says_so(history: History) -> None:
    clock = clock_of(history)
    assert (clock.basis, clock.receipt, clock.due_on) == ("assumed_from_issue", START, date(2026, 11, 12))


def test_a_logged_receipt_moves_it_and_says_so(history: History) -> None:
    history.received(datetime(2026, 11, 19, 16, 0, tzinfo=UTC))
    clock = clock_of(history)
    assert (clock.basis, clock.due_on) == ("logged", date(2026, 12, 1))


def test_it_follows_a_corrected_receipt_and_keeps_what_was_logged(history: History) -> None:
    first, second = datetime(2026, 11, 19, 16, 0, tzinfo=UTC), datetime(2026, 11, 4, 16, 0, tzinfo=UTC)
    history.received(first)
    for was, now in ((first, second), (second, None)):
        said = {
            "at": now.isoformat() if now else None,
            "how": "",
            "reason": "another plan's fax",
            "was": was.isoformat(),
        }
        history.add(EventType.PLAN_RECEIPT_CORRECTED, FIRST, **said)
        clock = clock_of(history)
        assert (clock.basis, clock.receipt) == (("logged", now) if now else ("assumed_from_issue", START))
    record = fold(history.events, FIRST)
    assert record is not None
    assert [each.was for each in record.receipt_corrections] == [first, second]


def test_the_terms_at_issue_rule(history: History) -> None:
    other = History()
    other.issue(due_days=5)
    assert clock_of(other).due_on < clock_of(history).due_on


def test_reminders_fall_on_business_days_three_and_six(history: History) -> None:
    clock = clock_of(history)
    assert clock.reminders == (date(2026, 11, 5), date(2026, 11, 10))
    assert clock.reminder(date(2026, 11, 5)) == 3
    assert clock.reminder(date(2026, 11, 10)) == 6
    assert clock.reminder(date(2026, 11, 6)) is None


def test_it_is_overdue_only_after_the_end_of_the_last_day(history: History) -> None:
    clock = clock_of(history)
    assert not clock.overdue(date(2026, 11, 12))
    assert clock.overdue(date(2026, 11, 13))


def test_the_pcps_approval_stops_it_and_shows_whether_it_came_in_time(history: History) -> None:
    history.fill("pcp", received_at=datetime(2026, 11, 13, 15, 0, tzinfo=UTC).isoformat())
    clock = clock_of(history)
    assert (clock.stopped_by, clock.in_time, clock.overdue(date(2026, 12, 1))) == ("approved", False, False)
    assert clock.reminder(date(2026, 11, 5)) is None


def test_the_members_approval_alone_doesnt_stop_it(history: History) -> None:
    history.fill("member")
    assert clock_of(history).running


@pytest.mark.parametrize(
    ("kind", "data", "stopped_by"),
    [
        (EventType.PLAN_RETURNED, {"at": START.isoformat(), "reason": "comments"}, "returned"),
        (EventType.PLAN_WITHDRAWN, {"reason": "mistake"}, "withdrawn"),
        (EventType.SLOT_REFUSED, {"slot": "member", "on": "2026-11-03"}, "refused"),
    ],
)
def test_a_return_a_withdrawal_and_a_refusal_stop_it(
    history: History, kind: EventType, data: dict[str, str], stopped_by: str
) -> None:
    history.add(kind, **data)
    assert clock_of(history).stopped_by == stopped_by


def test_a_new_version_stops_the_old_ones_clock(history: History) -> None:
    history.issue(SECOND, version=2, supersedes=FIRST)
    assert clock_of(history).stopped_by == "superseded"


@pytest.mark.parametrize(
    ("named", "due_on"),
    [("2027-05-02", date(2027, 5, 2)), ("2028-01-01", date(2027, 11, 2)), (None, date(2027, 11, 2))],
)
def test_a_review_is_due_on_the_plans_own_day_and_within_twelve_months(named: str | None, due_on: date) -> None:
    history = History()
    history.issue(next_review=named)
    for slot in ("pcp", "member"):
        record = fold(history.events, FIRST)
        assert record is not None
        assert review_due(record) is None, "nobody approved it yet"
        history.fill(slot)
    record = fold(history.events, FIRST)
    assert record is not None
    assert review_due(record) == due_on

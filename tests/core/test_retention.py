"""Holds and retention as folds over events."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from cpdocs.core.events import Event, EventType
from cpdocs.core.retention import Kept, fold_holds, fold_kept, holding, keep_until


def event(seq: int, kind: EventType, *subjects: str, on: str = "2026-11-02", **data: Any) -> Event:
    at = datetime.fromisoformat(f"{on}T15:00:00").replace(tzinfo=UTC)
    return Event(seq, kind, subjects, at, at, "sam", "desk", data)


def kept(last_on: str, subject: str = "document:A", member: str = "member:1") -> Kept:
    return Kept(subject, member, "plan", date(2020, 1, 1), date.fromisoformat(last_on))


def test_a_hold_is_in_force_until_the_release_that_names_it() -> None:
    first = event(1, EventType.ARCHIVE_HELD, "document:A", reason="one", by="Sam")
    second = event(2, EventType.ARCHIVE_HELD, "document:A", reason="two", by="Sam")
    release = event(3, EventType.ARCHIVE_RELEASED, "document:A", hold=1, reason="over", by="Sam")
    assert list(fold_holds([first, second])) == [1, 2]
    assert list(fold_holds([first, second, release])) == [2]


def test_a_hold_on_a_member_holds_every_document_about_them() -> None:
    holds = fold_holds([event(1, EventType.ARCHIVE_HELD, "member:1", reason="one", by="Sam")]).values()
    assert holding(kept("2020-01-01"), holds)
    assert not holding(kept("2020-01-01", member="member:2"), holds)
    assert not holding(kept("2020-01-01", member=""), holds)


def test_time_is_counted_from_the_last_event_about_a_document() -> None:
    events = [
        event(1, EventType.PLAN_ISSUED, "document:A", "member:1", on="2026-01-05"),
        event(2, EventType.PLAN_FILED, "document:A", on="2026-03-09"),
        event(3, EventType.LETTER_STAGED, "document:B", "member:1", on="2026-02-02"),
    ]
    found = fold_kept(events)
    assert [(each.kind, each.last_on, each.member) for each in found.values()] == [
        ("plan", date(2026, 3, 9), "member:1"),
        ("letter", date(2026, 2, 2), "member:1"),
    ]


def test_a_hold_makes_nothing_younger() -> None:
    events = [
        event(1, EventType.PLAN_ISSUED, "document:A", on="2026-01-05"),
        event(2, EventType.ARCHIVE_HELD, "document:A", on="2030-01-05"),
    ]
    assert fold_kept(events)["document:A"].last_on == date(2026, 1, 5)


def test_a_return_counts_by_itself_only_while_it_belongs_to_no_document() -> None:
    received = event(1, EventType.RETURN_RECEIVED, "return:ff")
    assert list(fold_kept([received])) == ["return:ff"]
    assert list(fold_kept([received, event(2, EventType.RETURN_DECIDED, "return:ff", "document:A")])) == ["document:A"]


def test_years_end_on_the_same_day_and_a_leap_day_on_the_first_of_march() -> None:
    assert keep_until(kept("2026-11-02"), 7) == date(2033, 11, 2)
    assert keep_until(kept("2028-02-29"), 6) == date(2034, 3, 1)
    assert keep_until(kept("2028-02-29"), 8) == date(2036, 2, 29)

"""Nothing is recorded by a clock that is well behind the record; an administrator's word begins the count anew."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from cpdocs.core.clock_steps import SLACK
from cpdocs.core.events import EventType
from cpdocs.ledger.clock_guard import ClockBehind, behind, latest, refuse_if_behind, told

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CORRECTED = EventType.CLOCK_CORRECTED.value
OTHER = EventType.LETTER_STAGED.value


def record(*minutes: int, corrected: int | None = None) -> sqlite3.Connection:
    """A ledger's events recorded so many minutes after noon, in that order; the one at place ``corrected`` is the word
    that the clock is right."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, type TEXT, body TEXT)")
    for place, each in enumerate(minutes):
        kind = CORRECTED if place == corrected else OTHER
        said = (NOON + timedelta(minutes=each)).isoformat()
        body = f'{{"data":{{}},"recorded_at":"{said}","salt":"00"}}'
        connection.execute("INSERT INTO events (type, body) VALUES (?, ?)", (kind, body))
    return connection


def test_the_latest_of_the_last_twenty_counts_not_the_last() -> None:
    assert latest(record()) is None
    assert latest(record(0, 30, 10)) == NOON + timedelta(minutes=30)
    assert latest(record(500, *range(20))) == NOON + timedelta(minutes=19)
    assert latest(record(500, *range(19))) == NOON + timedelta(minutes=500)


def test_what_came_before_the_word_that_the_clock_is_right_counts_no_more() -> None:
    assert latest(record(500, 5, 6, corrected=1)) == NOON + timedelta(minutes=6)
    assert latest(record(500, 6, 5, corrected=2)) == NOON + timedelta(minutes=5)


def test_how_far_a_clock_is_behind_and_never_less_than_not_at_all() -> None:
    assert behind(record(), NOON) == timedelta(0)
    assert behind(record(0), NOON) == timedelta(0)
    assert behind(record(0), NOON + timedelta(minutes=1)) == timedelta(0)
    assert behind(record(7), NOON) == timedelta(minutes=7)


def test_a_clock_is_refused_once_it_is_further_behind_than_two_clocks_may_be_apart() -> None:
    slack = int(SLACK.total_seconds() // 60)
    for fine in (record(), record(0), record(slack - 1), record(slack)):
        refuse_if_behind(fine, NOON)
    refuse_if_behind(record(0), NOON + timedelta(days=400))
    with pytest.raises(ClockBehind, match=f"{slack + 1} minutes later") as refused:
        refuse_if_behind(record(slack + 1), NOON)
    assert "2026-11-02 12:00 UTC" in refused.value.message


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (timedelta(minutes=6, seconds=59), "6 minutes"),
        (timedelta(seconds=7199), "119 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(days=400), "400 days"),
    ],
)
def test_a_span_is_told_in_its_largest_unit_of_which_there_are_two(late: timedelta, words: str) -> None:
    assert told(late) == words

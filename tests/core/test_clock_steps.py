"""Where the clock went back between events, and what was decided around it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.clock_steps import SLACK, ClockWatch

START = datetime(2026, 11, 2, 15, tzinfo=UTC)


def watched(*minutes: int, kinds: dict[int, str] | None = None) -> ClockWatch:
    watch = ClockWatch()
    for seq, minute in enumerate(minutes, 1):
        kind = (kinds or {}).get(seq, "plan.issued")
        watch.see(seq, kind, START + timedelta(minutes=minute), (f"D{seq}",))
    return watch


def test_a_clock_set_back_is_one_step_with_what_was_decided_until_it_caught_up() -> None:
    (step,) = watched(0, 100, 10, 20, 30, 101).steps
    assert (step.seq, step.behind, step.latest, step.until) == (3, timedelta(minutes=90), 2, 6)
    assert [each.seq for each in step.since] == [3, 4, 5]
    assert [each.seq for each in step.before] == [2]


def test_a_clock_that_was_ahead_lists_what_was_decided_ahead() -> None:
    (step,) = watched(0, 1000, 1010, 10).steps
    assert [each.documents for each in step.before] == [("D2",), ("D3",)]


def test_small_differences_are_no_step() -> None:
    assert watched(0, 4, 1, 5, 2).steps == []


def test_little_steps_add_up_to_one() -> None:
    (step,) = watched(20, 16, 12, 8).steps
    assert (step.seq, step.behind) == (3, timedelta(minutes=8))


def test_an_administrators_word_marks_the_steps_and_time_counts_from_there() -> None:
    watch = watched(0, 1000, 10, 11, 12, kinds={4: "clock.corrected"})
    (step,) = watch.steps
    assert (step.accepted, step.until) == (4, 4)
    assert len(watched(0, 1000, 10, 11, 2, kinds={4: "clock.corrected"}).steps) == 2


@given(st.lists(st.integers(0, 5000), max_size=40))
def test_there_is_a_step_exactly_where_an_event_is_well_behind_an_earlier_one(minutes: list[int]) -> None:
    late = [seq for seq, minute in enumerate(minutes, 1) if timedelta(minutes=max(minutes[:seq]) - minute) > SLACK]
    steps = watched(*minutes).steps
    assert bool(steps) == bool(late)
    assert {step.seq for step in steps} <= set(late)
    covered = {each.seq for step in steps for each in step.since}
    assert covered == set(late)

"""What the ticks on a reply slip come to: an answer only where nothing else can be meant."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.page_facts import BoxReading
from cpdocs.core.reply_slips import TICKS, Answer, answer_of, together

TICKED, EMPTY, UNSURE = BoxReading.SIGNED, BoxReading.EMPTY, BoxReading.UNSURE


@given(st.fixed_dictionaries({each.value: st.sampled_from(BoxReading) for each in TICKS}))
def test_an_answer_needs_one_ticked_box_and_all_others_empty(ticks: dict[str, BoxReading]) -> None:
    sure = sorted(ticks.values()) == sorted([TICKED, EMPTY, EMPTY])
    expected = next((each for each in TICKS if ticks[each] is TICKED), Answer.UNSURE) if sure else Answer.UNSURE
    assert answer_of(ticks) is expected


def test_a_slip_that_nobody_looked_into_is_unsure() -> None:
    assert answer_of({}) is Answer.UNSURE
    assert answer_of({Answer.DECLINE: TICKED}) is Answer.UNSURE


def test_copies_that_say_different_things_are_unsure() -> None:
    assert together([Answer.CALL, Answer.CALL]) is Answer.CALL
    assert together([Answer.CALL, Answer.DECLINE]) is Answer.UNSURE

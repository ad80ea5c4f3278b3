"""Who is asked for a plan that nobody answered: each word once, and never an earlier one after a later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.chasing import STAGES, Asked, Terms, letters_of_the_day, stage_of
from cpdocs.core.plan_clock import plan_clock
from cpdocs.core.plan_record import PlanRecord, Remark

TERMS = Terms()
RECEIVED = datetime(2026, 11, 2, 15, tzinfo=UTC)


def plan(**changes: object) -> PlanRecord:
    record = PlanRecord(
        *("7K3M-9QXW-2RC", "900000000001", "BH", 1, "S01", "1234567893", "Payer", "a", 1, 1, "b", "c", "d", "e", "f"),
        *(False, "", "", 7, False, RECEIVED, "clerk", 1),
    )
    return replace(record, received_at=RECEIVED, **changes)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("day", "stage"),
    [
        ("2026-11-04", ""),
        ("2026-11-05", "day 3"),
        ("2026-11-10", "day 6"),
        ("2026-11-12", "day 6"),
        ("2026-11-13", "overdue"),
        ("2026-11-17", "key contact"),
        ("2026-11-24", "health plan"),
    ],
)
def test_each_word_has_its_day(day: str, stage: str) -> None:
    assert stage_of(plan(), (), date.fromisoformat(day), TERMS) == stage


def test_what_was_said_is_not_said_again() -> None:
    on = date(2026, 11, 13)
    assert stage_of(plan(), ("overdue",), on, TERMS) == ""
    assert stage_of(plan(), ("day 3", "day 6"), on, TERMS) == "overdue"


def test_whose_clock_stopped_is_not_asked() -> None:
    assert stage_of(plan(returned=Remark(RECEIVED, "dose")), (), date(2026, 12, 1), TERMS) == ""


def test_settings_can_leave_the_last_words_out() -> None:
    assert stage_of(plan(), ("overdue",), date(2026, 12, 24), Terms(0, 0)) == ""
    assert Terms(0, 0).last == "overdue"


@given(st.lists(st.integers(min_value=0, max_value=60), max_size=12))
def test_however_often_it_is_asked_every_word_comes_once_and_in_order(days: list[int]) -> None:
    said: list[str] = []
    for day in sorted(days):
        stage = stage_of(plan(), said, RECEIVED.date() + timedelta(days=day), TERMS)
        if stage:
            said.append(stage)
    assert said == sorted(set(said), key=STAGES.index)


def test_one_letter_lists_a_practices_plans_and_another_tells_the_health_plan() -> None:
    one, two = plan(), plan(document_id="other")
    asked = [Asked(each, plan_clock(each), "overdue") for each in (one, two)]
    asked.append(Asked(one, plan_clock(one), "health plan"))
    found = letters_of_the_day(asked)
    assert [(each.practice_id, each.payer, len(each.asked)) for each in found] == [("S01", "", 2), ("", "Payer", 1)]

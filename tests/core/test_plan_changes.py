"""What changed between two versions is told whole, in words, and medicines come first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpdocs.core.plan_changes import changes
from cpdocs.core.plans import Goal, Medication
from tests.core.plans_made import plan as made_plan

OLD = replace(made_plan(), medications=(Medication("Sertraline", "50 mg daily"), Medication("Metformin", "500 mg")))


def test_the_same_plan_under_another_version_has_no_changes() -> None:
    assert changes(OLD, replace(OLD, plan=replace(OLD.plan, version=2))) == ()


def test_an_item_that_only_moved_is_no_change() -> None:
    assert changes(OLD, replace(OLD, medications=OLD.medications[::-1])) == ()


def test_a_medicine_added_changed_and_taken_out_stands_before_everything_else() -> None:
    new = replace(
        OLD,
        medications=(Medication("Sertraline", "100 mg daily"), Medication("Lisinopril", "10 mg")),
        goals=(*OLD.goals, Goal("I want to swim again.")),
        crisis_plan="Call the crisis line.",
    )
    told = [each.text for each in changes(OLD, new)]
    assert told[:3] == [
        "Medicine changed: Sertraline: directions was “50 mg daily”, now “100 mg daily”",
        "Medicine added: Lisinopril, 10 mg",
        "Medicine taken out: Metformin, 500 mg",
    ]
    assert "Goal added: I want to swim again." in told
    assert any(text.startswith("Crisis plan: ") for text in told)


@pytest.mark.parametrize("field", ["needs", "goals", "services", "risks", "care_team", "medications"])
def test_whatever_list_loses_an_item_says_so(field: str) -> None:
    whole = made_plan()
    if getattr(whole, field):
        fewer = changes(whole, replace(whole, **{field: getattr(whole, field)[1:]}))
        assert len([each for each in fewer if "taken out" in each.text]) == 1

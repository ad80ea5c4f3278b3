"""What comes again, and what is done with: nothing is decided twice, and nothing that is finished is gone back to."""

from __future__ import annotations

import json

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def remembered(desk: Desk) -> dict[str, object]:
    desk.intake()
    found: dict[str, object] = json.loads((desk.root / "state" / "derived" / "intake.json").read_text("utf-8"))
    return found


def test_a_held_file_that_comes_again_is_judged_again_and_the_same_answer_isnt_recorded_twice(desk: Desk) -> None:
    first = desk.take(desk.issued_file())
    assert first["verdict"] == "held"
    again = desk.take(desk.issued_file(), name="again.pdf")
    assert (again["verdict"], again["repeated"]) == ("held", True)
    assert len(desk.events("return.received")) == 1
    assert len(desk.events("return.decided")) == 1
    desk.office.cli("plan", "withdraw", desk.office.documents["bh"], "--reason", "a new one follows")
    desk.take(desk.issued_file(), name="later.pdf")
    assert len(desk.events("return.decided")) == 2


def test_a_plan_that_was_filed_is_no_open_work_and_neither_is_one_that_waits_for_its_other_signature(
    desk: Desk,
) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.take(signed)
    assert remembered(desk)["plans"] == []
    desk.take(desk.sign_member(signed))
    found = remembered(desk)
    assert (found["plans"], found["open_returns"]) == ([], {})

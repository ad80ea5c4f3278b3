"""What comes again, and what is done with: nothing is decided twice, and nothing that is finished is gone back to."""

from __future__ import annotations

import json

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.returns import receiving
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


def test_where_something_new_is_recorded_at_every_look_the_return_is_decided_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    monkeypatch.setattr(DecisionContext, "outdated", lambda *_: True)
    assert desk.take(signed)["verdict"] == "accepted"


def test_a_plan_that_could_not_be_filed_is_tried_again_at_each_start_until_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = desk.office.documents["bh"]
    signed = desk.sign_member(desk.sign_pcp(desk.issued_file()))

    def refuse(*_: object) -> None:
        raise WorkspaceFault("The chart's folder can't be written to.")

    with monkeypatch.context() as failing:
        failing.setattr(receiving, "file_if_complete", refuse)
        desk.drop(signed)
        told = desk.office.cli("intake", now="2026-11-04T15:00:00Z", status=None)
        assert "can't be written to" in told.err
        again = desk.office.cli("intake", now="2026-11-04T16:00:00Z", status=None)
        assert "can't be written to" in again.err
    assert desk.office.status(document_id)["state"] == "complete"
    found = remembered(desk)
    assert desk.office.status(document_id)["state"] == "filed"
    assert (found["plans"], found["open_returns"]) == ([], {})


def test_a_return_that_nobody_decided_is_open_until_it_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.root.parent / "named.pdf"
    file.write_bytes(desk.issued_file().read_bytes())
    with monkeypatch.context() as dying:
        dying.setattr(receiving, "decide", lambda *_, **__: 1 / 0)
        desk.office.cli("intake", file, status=None)
    assert len(desk.events("return.received")) == 1
    assert desk.events("return.decided") == []
    assert remembered(desk)["open_returns"] == {}
    assert len(desk.events("return.decided")) == 1

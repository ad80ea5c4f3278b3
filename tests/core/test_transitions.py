"""What may follow what: every refusal says why and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from cpdocs.core import transitions as moves
from cpdocs.core.events import EventType
from cpdocs.core.lifecycle import PlanRecord, fold
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from tests.core.events_builder import FIRST, SECOND, History

NOW = datetime(2026, 11, 6, 15, 0, tzinfo=UTC)
AT = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 4)


def plan(*steps: Callable[[History], object]) -> PlanRecord:
    history = History()
    history.issue()
    for step in steps:
        step(history)
    record = fold(history.events, FIRST)
    assert record is not None
    return record


def withdrawn(history: History) -> object:
    return history.add(EventType.PLAN_WITHDRAWN, reason="mistake")


def superseded(history: History) -> object:
    return history.issue(SECOND, version=2, supersedes=FIRST)


def returned(history: History) -> object:
    return history.add(EventType.PLAN_RETURNED, at=AT.isoformat(), reason="comments", by="")


def received(history: History) -> object:
    return history.received(AT)


def sent_later(history: History) -> object:
    return history.add(EventType.PLAN_SENT, to="Office", channel="fax", at=(AT + timedelta(days=1)).isoformat())


def signed(history: History) -> object:
    return history.fill("pcp")


def member_signed(history: History) -> object:
    return history.fill("member")


def filed(history: History) -> object:
    signed(history), member_signed(history)
    return history.filed()


def uploaded(history: History) -> object:
    filed(history)
    return history.add(EventType.UPLOAD_CONFIRMED, by="Clerk", at=AT.isoformat())


def test_the_first_version_is_one_and_each_next_is_one_more() -> None:
    moves.may_issue(1, None)
    moves.may_issue(2, plan())
    for version, last in ((2, None), (0, None), (1, plan()), (3, plan())):
        with pytest.raises(InputFault) as refused:
            moves.may_issue(version, last)
        assert "plan.version" in refused.value.message
        assert refused.value.todo


def test_a_version_may_be_withdrawn_though_it_is_in_the_chart() -> None:
    moves.may_withdraw(plan(uploaded))


def test_an_open_version_goes_its_road() -> None:
    record = plan()
    moves.may_send(record, to="Office", channel="fax", at=AT, now=NOW)
    moves.may_receive(record, at=AT, now=NOW)
    moves.may_return(record, at=AT, now=NOW)
    moves.may_withdraw(record)
    moves.may_fill(record, Slot.MEMBER, on=DAY, now=NOW)
    moves.may_refuse(record, Slot.MEMBER, on=DAY, now=NOW)
    moves.may_confirm(plan(filed), at=AT, now=NOW)


@pytest.mark.parametrize("closed", [withdrawn, superseded])
@pytest.mark.parametrize(
    "step",
    [
        lambda record: moves.may_send(record, to="Office", channel="fax", at=AT, now=NOW),
        lambda record: moves.may_receive(record, at=AT, now=NOW),
        lambda record: moves.may_return(record, at=AT, now=NOW),
        lambda record: moves.may_withdraw(record),
        lambda record: moves.may_fill(record, Slot.MEMBER, on=DAY, now=NOW),
        lambda record: moves.may_refuse(record, Slot.MEMBER, on=DAY, now=NOW),
    ],
)
def test_nothing_happens_to_a_closed_version(
    closed: Callable[[History], object], step: Callable[[PlanRecord], None]
) -> None:
    with pytest.raises(InputFault, match=r"withdrawn|superseded"):
        step(plan(closed))


@pytest.mark.parametrize(
    ("record", "step", "says"),
    [
        (plan(received), lambda r: moves.may_receive(r, at=AT, now=NOW), "already logged"),
        (plan(), lambda r: moves.may_correct_receipt(r, at=AT, now=NOW), "none to correct"),
        (plan(received), lambda r: moves.may_correct_receipt(r, at=AT, now=NOW), "that is the receipt"),
        (plan(received), lambda r: moves.may_correct_receipt(r, at=NOW + timedelta(days=2), now=NOW), "future"),
        (plan(sent_later), lambda r: moves.may_receive(r, at=AT, now=NOW), "before it was sent"),
        (plan(returned), lambda r: moves.may_receive(r, at=AT, now=NOW), "returned"),
        (plan(returned), lambda r: moves.may_return(r, at=AT, now=NOW), "already returned"),
        (plan(signed), lambda r: moves.may_return(r, at=AT, now=NOW), "approval is in"),
        (plan(received), lambda r: moves.may_return(r, at=AT - timedelta(days=1), now=NOW), "before it was received"),
        (plan(returned), lambda r: moves.may_fill(r, Slot.PCP, on=DAY, now=NOW), "returned"),
        (plan(member_signed), lambda r: moves.may_fill(r, Slot.MEMBER, on=DAY, now=NOW), "already filled"),
        (plan(member_signed), lambda r: moves.may_refuse(r, Slot.MEMBER, on=DAY, now=NOW), "already filled"),
        (plan(), lambda r: moves.may_confirm(r, at=AT, now=NOW), "isn't filed"),
        (plan(uploaded), lambda r: moves.may_confirm(r, at=AT, now=NOW), "already confirmed"),
        (plan(filed), lambda r: moves.may_confirm(r, at=AT - timedelta(days=9), now=NOW), "before its package"),
    ],
)
def test_what_comes_twice_or_too_late_is_refused(
    record: PlanRecord, step: Callable[[PlanRecord], None], says: str
) -> None:
    with pytest.raises(InputFault, match=says):
        step(record)


@pytest.mark.parametrize("days", [-10, 3])
def test_days_before_the_issue_or_after_today_are_refused(days: int) -> None:
    at, day = AT + timedelta(days=days), DAY + timedelta(days=days)
    for step in (
        lambda: moves.may_send(plan(), to="Office", channel="fax", at=at, now=NOW),
        lambda: moves.may_receive(plan(), at=at, now=NOW),
        lambda: moves.may_return(plan(), at=at, now=NOW),
        lambda: moves.may_fill(plan(), Slot.MEMBER, on=day, now=NOW),
        lambda: moves.may_refuse(plan(), Slot.MEMBER, on=day, now=NOW),
    ):
        with pytest.raises(InputFault, match=r"before it was issued|in the future"):
            step()


def test_an_office_whose_clock_is_ahead_isnt_refused_for_a_few_hours() -> None:
    moves.may_receive(plan(), at=NOW + timedelta(hours=2), now=NOW)


def test_the_same_sending_is_logged_once_and_another_as_often_as_needed() -> None:
    record = plan(lambda history: history.add(EventType.PLAN_SENT, to="Office", channel="fax", at=AT.isoformat()))
    with pytest.raises(InputFault, match="already logged"):
        moves.may_send(record, to="Office", channel="fax", at=AT, now=NOW)
    moves.may_send(record, to="Office", channel="mail", at=AT, now=NOW)

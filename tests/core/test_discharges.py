"""The home visit waits for 72 clock hours after the last discharge that is known, until something says when it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.discharges import fold_discharges, fold_lists
from cpdocs.core.events import Event, EventType
from cpdocs.core.worklist import Kind, Waiting

MEMBER = "900000000001"
KEY = (MEMBER, "BH")


def event(seq: int, kind: EventType, **data: object) -> Event:
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=seq)
    known = {"member_id": MEMBER, "program": "BH", **data}
    return Event(seq, kind, (f"member:{MEMBER}",), at, at, "t", "h", known)


def home(seq: int, at: str) -> Event:
    return event(seq, EventType.MEMBER_DISCHARGED, at=at, facility="Sample Hospital", how="alert", by="A")


def told(seq: int, at: str, visited: str | None, kind: EventType = EventType.MEDICATIONS_ISSUED) -> Event:
    discharge = {"at": at, "facility": "Sample Hospital", "visited": visited}
    return event(seq, kind, discharge=discharge, document_id=f"L{seq}", practice_id="S01", sha256="0")


def test_it_is_due_72_clock_hours_later_over_the_end_of_summer_time() -> None:
    found = fold_discharges([home(1, "2026-10-30T14:00:00-04:00")])[KEY]
    assert found.due == datetime(2026, 11, 2, 18, tzinfo=UTC)  # 13:00 by a Massachusetts clock
    assert found.visited is None


def test_a_list_of_the_same_day_says_when_the_visit_was_and_an_older_one_says_nothing() -> None:
    began = home(1, "2026-10-30T14:00:00-04:00")
    older = told(2, "2026-10-01T14:00:00-04:00", "2026-10-02T10:00:00-04:00")
    without = told(3, "2026-10-30T14:20:00-04:00", None)
    done = told(4, "2026-10-30T14:20:00-04:00", "2026-11-01T10:00:00-05:00")
    assert fold_discharges([began, older])[KEY].visited is None
    assert fold_discharges([began, without])[KEY].visited is None
    assert fold_discharges([began, done])[KEY].visited == datetime(2026, 11, 1, 15, tzinfo=UTC)
    assert fold_discharges([began, done, home(5, "2026-10-30T15:00:00-04:00")])[KEY].visited is not None


def test_a_newer_discharge_begins_anew_and_one_that_never_was_is_gone() -> None:
    first, second = home(1, "2026-10-01T14:00:00-04:00"), home(2, "2026-10-30T14:00:00-04:00")
    wrong = event(3, EventType.DISCHARGE_CORRECTED, at="2026-10-30T14:00:00-04:00", reason="another member", by="A")
    assert fold_discharges([first, second])[KEY].at.day == 30
    assert fold_discharges([first, second, wrong]) == {}
    stale = event(3, EventType.DISCHARGE_CORRECTED, at="2026-10-01T14:00:00-04:00", reason="x", by="A")
    assert fold_discharges([first, second, stale])[KEY].at.day == 30


def test_a_plan_tells_of_a_discharge_only_where_it_states_one() -> None:
    nothing = event(1, EventType.PLAN_ISSUED, document_id="P1")
    stated = told(2, "2026-10-30T14:00:00-04:00", None, EventType.PLAN_ISSUED)
    assert fold_discharges([nothing]) == {}
    assert fold_discharges([nothing, stated])[KEY].facility == "Sample Hospital"


@given(st.permutations(range(1, 29)))
def test_the_last_discharge_is_known_in_whatever_order_they_are_told(days: list[int]) -> None:
    events = [home(seq, f"2026-10-{day:02}T14:00:00-04:00") for seq, day in enumerate(days, 1)]
    assert fold_discharges(events)[KEY].at.day == 28


def test_a_list_is_sent_once_and_put_out_before_that_was_recorded_it_has_no_hour() -> None:
    old = event(1, EventType.MEDICATIONS_ISSUED, document_id="L1", practice_id="S01", sha256="0")
    sent = [
        event(seq, EventType.MEDICATIONS_SENT, document_id="L1", to=to, at=f"2026-11-0{seq}T10:00:00+00:00")
        for seq, to in ((2, "Kim"), (3, "Sam"))
    ]
    record = fold_lists([old, *sent])["L1"]
    assert (record.due, record.sent_to, record.sent_at) == (None, "Kim", datetime(2026, 11, 2, 10, tzinfo=UTC))


def test_a_home_visit_is_late_to_the_hour_and_anything_else_to_the_day() -> None:
    visit = Waiting(Kind.HOME_VISIT_DUE, "2026-10-30", "2026-11-02", about="2026-11-02T18:00:00+00:00")
    assert not visit.is_late(datetime(2026, 11, 2, 18, tzinfo=UTC))
    assert visit.is_late(datetime(2026, 11, 2, 18, 0, 1, tzinfo=UTC))
    assert "by 2026-11-02 13:00 EST, 72 hours after" in visit.what_to_do
    plan = Waiting(Kind.PCP_SIGNATURE, "2026-10-30", "2026-11-02")
    assert not plan.is_late(datetime(2026, 11, 3, 4, 59, tzinfo=UTC))
    assert plan.is_late(datetime(2026, 11, 3, 5, 0, tzinfo=UTC))

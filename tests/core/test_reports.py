"""The counts that MassHealth watches, and who has no plan yet."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core import reports
from cpdocs.core.events import EventType
from cpdocs.core.lifecycle import PlanRecord, fold_all
from tests.core.events_builder import SECOND, START, History

ON = date(2026, 11, 20)


def records(history: History) -> list[PlanRecord]:
    return list(fold_all(history.events).values())


def test_timeliness_counts_every_plan_once() -> None:
    history = History()
    for number in range(6):
        history.issue(f"DOC-{number}", payer="Plan A")
    history.issue("DOC-B", payer="Plan B")
    history.fill("pcp", document_id="DOC-0", received_at=datetime(2026, 11, 4, 15, 0, tzinfo=UTC).isoformat())
    history.fill("pcp", document_id="DOC-1", received_at=datetime(2026, 11, 16, 15, 0, tzinfo=UTC).isoformat())
    history.add(EventType.PLAN_RETURNED, "DOC-2", at=START.isoformat(), reason="comments", by="")
    history.add(EventType.PLAN_WITHDRAWN, "DOC-3", reason="mistake")
    history.add(EventType.PLAN_RECEIVED, "DOC-4", at=datetime(2026, 11, 18, 15, 0, tzinfo=UTC).isoformat(), how="")
    first, second = reports.timeliness(records(history), ON)
    assert (first.payer, first.issued, second.payer, second.issued) == ("Plan A", 6, "Plan B", 1)
    assert (first.in_time, first.late, first.returned, first.stopped, first.waiting) == (1, 1, 1, 1, 1)
    assert (first.unsent, first.overdue) == (1, 0)  # what was never sent is nobody's delay
    history.add(EventType.PLAN_SENT, "DOC-5", to="K", channel="fax", at=START.isoformat())
    sent = reports.timeliness(records(history), ON)[0]
    assert (sent.unsent, sent.overdue) == (0, 1)
    assert first.median_days == 5.5
    assert first.receipt_assumed == 5
    assert second.median_days is None


def test_choice_and_affiliation_are_those_of_the_standing_versions() -> None:
    history = History()
    history.issue(program="LTSS", choices=["agrees_with_plan"], services=3, affiliated=2)
    history.issue(
        SECOND,
        version=2,
        supersedes="AAAA-AAAA-AAB",
        program="LTSS",
        choices=[*reports.CHOICES],
        services=4,
        affiliated=1,
    )
    history.issue("CCCC", program="BH", choices=[], services=1, affiliated=0)
    bh, ltss = reports.informed_choice(records(history))
    assert (bh.program, bh.plans, bh.all_yes) == ("BH", 1, 0)
    assert (ltss.plans, ltss.all_yes, ltss.yes["agrees_with_plan"]) == (1, 1, 1)
    _, referrals = reports.affiliated_referrals(records(history))
    assert (referrals.services, referrals.affiliated, referrals.plans_with_affiliated) == (4, 1, 1)
    history.add(EventType.PLAN_WITHDRAWN, SECOND, reason="the member declined")
    assert reports.affiliated_referrals(records(history))[1] == referrals  # the referral was made


@pytest.mark.parametrize(
    ("assigned", "until"),
    [
        ("2026-11-01", "2027-01-31"),
        ("2026-11-30", "2027-01-31"),
        ("2026-12-15", "2027-02-28"),
        ("2027-12-01", "2028-02-29"),
    ],
)
def test_a_member_is_to_be_met_within_three_calendar_months(assigned: str, until: str) -> None:
    assert reports.contact_by(date.fromisoformat(assigned)) == date.fromisoformat(until)


ROAD = st.fixed_dictionaries(
    {
        "sent": st.booleans(),
        "received": st.booleans(),
        "approved": st.sampled_from(["", "2026-11-04", "2026-11-16"]),
        "ends": st.sampled_from(["", "withdrawn", "returned"]),
    }
)


@given(st.lists(ROAD, min_size=1, max_size=6))
def test_whatever_became_of_them_each_plan_is_counted_once_and_none_unsent_is_late(
    roads: list[dict[str, object]],
) -> None:
    history = History()
    for number, road in enumerate(roads):
        name = f"DOC-{number}"
        history.issue(name, payer="Plan A", program="LTSS", services=3, affiliated=number % 2)
        if road["sent"]:
            history.add(EventType.PLAN_SENT, name, to="K", channel="fax", at=START.isoformat())
        if road["received"]:
            history.add(EventType.PLAN_RECEIVED, name, at=START.isoformat(), how="")
    before = reports.affiliated_referrals(records(history))
    for number, road in enumerate(roads):
        name = f"DOC-{number}"
        if road["approved"]:
            history.fill("pcp", document_id=name, received_at=f"{road['approved']}T15:00:00+00:00")
        if road["ends"] == "withdrawn":
            history.add(EventType.PLAN_WITHDRAWN, name, reason="the member declined")
        elif road["ends"] == "returned":
            history.add(EventType.PLAN_RETURNED, name, at=START.isoformat(), reason="comments", by="")
    (row,) = reports.timeliness(records(history), ON)
    assert row.issued == len(roads)
    counted = (row.in_time, row.late, row.returned, row.stopped, row.waiting, row.unsent, row.overdue)
    assert sum(counted) == len(roads)
    left = sum(bool(road["sent"] or road["received"]) for road in roads)
    assert row.overdue <= left, "what was never sent isn't the practice's delay"
    assert row.unsent <= len(roads) - left
    assert reports.affiliated_referrals(records(history)) == before, "a referral that was made stays made"

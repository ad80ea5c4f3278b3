"""A plan version's state is a fold over its events, whatever they are and in whatever order they may come."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cpdocs.core import transitions as moves
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import EventType
from cpdocs.core.lifecycle import PlanRecord, PlanState, fold, fold_all, issued_plan
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from tests.core.events_builder import FIRST, MEMBER, SECOND, History


def record_of(history: History, document_id: str = FIRST) -> PlanRecord:
    record = fold(history.events, document_id)
    assert record is not None
    return record


@pytest.fixture
def history() -> History:
    made = History()
    made.issue()
    return made


def test_a_plan_that_was_never_issued_has_no_record() -> None:
    assert fold([]) is None


def test_an_issued_plan_waits_for_both(history: History) -> None:
    record = record_of(history)
    assert record.state is PlanState.ISSUED
    assert not record.complete
    assert record.member_id == MEMBER


def test_one_approval_is_partly_signed_and_both_are_complete(history: History) -> None:
    history.fill("pcp")
    assert record_of(history).state is PlanState.PARTLY_SIGNED
    history.fill("member")
    assert record_of(history).state is PlanState.COMPLETE


def test_filing_and_its_confirmation_follow_in_turn(history: History) -> None:
    history.fill("pcp")
    history.fill("member")
    history.add(EventType.FILING_HELD, target="chart", reasons=[{"code": "mrn_missing", "message": "no MRN"}])
    held = record_of(history)
    assert held.state is PlanState.COMPLETE
    assert held.filing_held[0]["code"] == "mrn_missing"
    history.filed()
    filed = record_of(history)
    assert filed.state is PlanState.FILED
    assert filed.filing_held == ()
    history.add(EventType.UPLOAD_CONFIRMED, by="Test Clerk", at=history.now.isoformat())
    assert record_of(history).state is PlanState.UPLOADED


def test_a_new_version_supersedes_the_last_and_takes_none_of_its_approvals(history: History) -> None:
    history.fill("pcp")
    history.issue(SECOND, version=2, supersedes=FIRST)
    records = fold_all(history.events)
    assert records[FIRST].state is PlanState.SUPERSEDED
    assert records[FIRST].superseded_by == SECOND
    assert records[SECOND].state is PlanState.ISSUED
    assert not records[SECOND].fills
    assert issued_plan(records[FIRST]).closed == "superseded"
    assert issued_plan(records[SECOND]).closed == ""


def test_the_events_of_one_documents_subject_alone_tell_that_it_is_superseded(history: History) -> None:
    history.issue(SECOND, version=2, supersedes=FIRST)
    record = fold(history.events)
    assert record is not None
    assert (record.document_id, record.closed) == (FIRST, "superseded")


def test_a_withdrawn_version_stays_withdrawn_when_the_next_one_comes(history: History) -> None:
    history.add(EventType.PLAN_WITHDRAWN, reason="wrong practice")
    history.issue(SECOND, version=2, supersedes=FIRST)
    assert record_of(history).state is PlanState.WITHDRAWN


def test_the_first_evidence_in_a_slot_stays(history: History) -> None:
    history.fill("member", "recorded_approval", signer="First Word", return_sha256=None)
    history.fill("member", "digital_signature", signer="Second Word")
    assert record_of(history).fills[Slot.MEMBER].signer == "First Word"


def test_a_member_who_signs_after_refusing_has_approved(history: History) -> None:
    history.add(
        EventType.SLOT_REFUSED,
        slot="member",
        on="2026-11-03",
        offered="read aloud",
        language="Spanish",
        by="Test Coordinator",
        reason="wants to think",
        verbal_consent="",
        next_try="2026-11-10",
    )
    refused = record_of(history)
    assert refused.state is PlanState.REFUSED
    assert refused.refusal is not None
    assert refused.refusal.next_try == date(2026, 11, 10)
    history.fill("member")
    assert record_of(history).state is PlanState.PARTLY_SIGNED
    assert record_of(history).refusal is None


def test_a_returned_version_says_so(history: History) -> None:
    history.add(EventType.PLAN_RETURNED, at=history.now.isoformat(), reason="wrong pharmacy", by="")
    assert record_of(history).state is PlanState.RETURNED


def test_events_of_other_documents_and_kinds_change_nothing(history: History) -> None:
    before = record_of(history)
    history.add(EventType.RETURN_RECEIVED)
    history.fill("pcp", document_id=SECOND)
    assert record_of(history) == before


class OnTheRoad(RuleBasedStateMachine):
    """Tries every step at any time; what the rules let through must leave a record that makes sense."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.ids: list[str] = []

    @initialize()
    def first(self) -> None:
        self._issue()

    def _issue(self) -> None:
        number = len(self.ids) + 1
        document_id = f"DOC-{number}"
        self.history.issue(document_id, version=number, supersedes=self.ids[-1] if self.ids else None)
        self.ids.append(document_id)

    @property
    def records(self) -> dict[str, PlanRecord]:
        return fold_all(self.history.events)

    @rule(version=st.integers(0, 6))
    def issue_next(self, version: int) -> None:
        last = self.records[self.ids[-1]]
        try:
            moves.may_issue(version, last)
        except InputFault:
            assert version != last.version + 1
            return
        assert version == last.version + 1
        self._issue()

    @precondition(lambda self: self.ids)
    @rule(
        pick=st.integers(0, 5),
        step=st.sampled_from(
            ["send", "receive", "correct", "return", "withdraw", "member", "pcp", "refuse", "file", "confirm"]
        ),
        days=st.integers(-2, 2),
    )
    def walk(self, pick: int, step: str, days: int) -> None:
        record = self.records[self.ids[pick % len(self.ids)]]
        now = self.history.now
        at = now + timedelta(days=days)
        day = eastern_date(at)
        add, document_id = self.history.add, record.document_id
        try:
            if step == "send":
                moves.may_send(record, to="Office", channel="fax", at=at, now=now)
                add(EventType.PLAN_SENT, document_id, to="Office", channel="fax", at=at.isoformat())
            elif step == "receive":
                moves.may_receive(record, at=at, now=now)
                add(EventType.PLAN_RECEIVED, document_id, at=at.isoformat(), how="")
            elif step == "correct":
                new = at if days else None
                moves.may_correct_receipt(record, at=new, now=now)
                was = record.received_at.isoformat() if record.received_at else ""
                said = {"at": new.isoformat() if new else None, "how": "", "reason": "mistake", "was": was}
                add(EventType.PLAN_RECEIPT_CORRECTED, document_id, **said)
            elif step == "return":
                moves.may_return(record, at=at, now=now)
                add(EventType.PLAN_RETURNED, document_id, at=at.isoformat(), reason="comments", by="")
            elif step == "withdraw":
                moves.may_withdraw(record)
                add(EventType.PLAN_WITHDRAWN, document_id, reason="mistake")
            elif step in {"member", "pcp"}:
                moves.may_fill(record, Slot(step), on=day, now=now)
                self.history.fill(step, "recorded_approval", document_id, on=day.isoformat())
            elif step == "refuse":
                moves.may_refuse(record, Slot.MEMBER, on=day, now=now)
                add(
                    EventType.SLOT_REFUSED,
                    document_id,
                    slot="member",
                    on=day.isoformat(),
                    offered="",
                    language="",
                    by="",
                    reason="",
                )
            elif step == "file":
                if record.complete and not record.closed and not record.filing:
                    self.history.filed(document_id)
            else:
                moves.may_confirm(record, at=at, now=now)
                add(EventType.UPLOAD_CONFIRMED, document_id, at=at.isoformat(), by="Clerk")
        except InputFault:
            assert self.records[document_id] == record

    @invariant()
    def at_most_one_version_is_open(self) -> None:
        assert sum(not record.closed for record in self.records.values()) <= 1

    @invariant()
    def states_tell_the_truth(self) -> None:
        for record in self.records.values():
            today = eastern_date(self.history.now)
            if record.state in {PlanState.COMPLETE, PlanState.FILED, PlanState.UPLOADED}:
                assert record.complete
                assert not record.closed
            if record.uploaded:
                assert record.filing
            if record.received_at:
                assert eastern_date(record.issued_at) <= eastern_date(record.received_at) <= today
            if record.received_at and record.returned:
                assert eastern_date(record.received_at) <= eastern_date(record.returned.at)
            if record.returned:
                assert Slot.PCP not in record.fills


OnTheRoad.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestOnTheRoad = OnTheRoad.TestCase

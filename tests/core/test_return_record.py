from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.events import Event, EventType, return_subject
from cpdocs.core.findings import FINDINGS
from cpdocs.core.held_words import what_to_decide
from cpdocs.core.return_record import Decision, ReturnRecord, fold_returns, perhaps_unfinished
from cpdocs.core.verdicts import Lane, Slot, Verdict, recorded_finding

SHA = "ab" * 32
START = datetime(2026, 11, 2, 15, tzinfo=UTC)


def event(seq: int, kind: EventType, **data: Any) -> Event:
    at = START + timedelta(minutes=seq)
    return Event(seq, kind, (return_subject(SHA),), at, at, "clerk", "host", {"sha256": SHA, **data})


def received(seq: int = 1, practice_id: str = "S01") -> Event:
    return event(seq, EventType.RETURN_RECEIVED, size=10, practice_id=practice_id)


def decided(
    seq: int, verdict: str, document_id: str | None = "7K3M-9QXW-2RC", slots: tuple[str, ...] = (), **more: Any
) -> Event:
    said = {
        "lane": "digital",
        "practice_id": "S01",
        "plan_practice_id": "S01",
        "findings": [],
        "signatures": [],
        **more,
    }
    return event(
        seq, EventType.RETURN_DECIDED, verdict=verdict, document_id=document_id, slots_filled=list(slots), **said
    )


def resolved(seq: int, decision: str, slots: tuple[str, ...] = (), document_id: str | None = "7K3M-9QXW-2RC") -> Event:
    return event(
        seq,
        EventType.HELD_RESOLVED,
        decision=decision,
        document_id=document_id,
        reason="seen",
        slots_filled=list(slots),
    )


def answered(seq: int, answers: int) -> Event:
    return event(seq, EventType.NOTICE_WRITTEN, return_sha256=SHA, answers=answers)


def fold(*events: Event) -> ReturnRecord:
    (part,) = fold_returns(events)[SHA]
    return part


def test_what_was_received_is_not_decided_yet() -> None:
    record = fold(received())
    assert (record.verdict, record.waiting, record.final, record.to_answer) == (None, False, False, 0)
    assert record.received_at == START + timedelta(minutes=1)


def test_the_first_arrival_is_the_time_of_receipt_and_each_folder_is_kept() -> None:
    record = fold(received(1, "S03"), received(2, "S01"), received(3, "S03"))
    assert record.received_at == START + timedelta(minutes=1)
    assert record.practices == ("S03", "S01")


def test_a_held_return_waits_and_is_to_be_answered_until_it_was() -> None:
    assert fold(received(), decided(2, "held")).waiting
    assert fold(received(), decided(2, "held")).to_answer == 2
    assert fold(received(), decided(2, "held"), answered(3, 2)).to_answer == 0
    assert fold(received(), decided(2, "held"), answered(3, 2), decided(4, "accepted", slots=("pcp",))).to_answer == 4


def test_what_belongs_to_no_plan_is_answered_to_nobody() -> None:
    assert fold(received(), decided(2, "held", None)).to_answer == 0


@pytest.mark.parametrize(("decision", "verdict"), [("accepted", Verdict.ACCEPTED), ("rejected", Verdict.REJECTED)])
def test_a_persons_word_is_final(decision: str, verdict: Verdict) -> None:
    record = fold(received(), decided(2, "held"), resolved(3, decision))
    assert (record.verdict, record.final, record.waiting, record.to_answer) == (verdict, True, False, 3)


def test_what_a_person_read_from_the_page_says_which_plan_it_is() -> None:
    record = fold(received(), decided(2, "held", None), resolved(3, "accepted", ("member",)))
    assert record.document_id == "7K3M-9QXW-2RC"
    assert record.slots_filled == (Slot.MEMBER,)
    assert record.to_answer == 3


def test_a_rejection_by_rule_may_be_judged_again_and_an_acceptance_not() -> None:
    assert not fold(received(), decided(2, "rejected")).final
    assert fold(received(), decided(2, "accepted", slots=("pcp",))).final


def test_notices_about_other_things_are_passed_over() -> None:
    other = Event(
        3, EventType.NOTICE_WRITTEN, ("key:1",), START, START, "clerk", "host", {"sha256": SHA, "kind": "key_issued"}
    )
    assert fold(received(), decided(2, "held"), other).to_answer == 2


@pytest.mark.parametrize("code", sorted(code for code, kind in FINDINGS.items() if kind.severity is Verdict.HELD))
@pytest.mark.parametrize("lane", list(Lane))
def test_every_doubt_says_what_a_person_must_decide(code: str, lane: Lane) -> None:
    decision = Decision(Verdict.HELD, lane, findings=(recorded_finding(code, "", Verdict.HELD),))
    words = what_to_decide(decision)
    assert words.endswith(".")
    assert len(words.split()) > 5


steps = st.lists(st.sampled_from(["received", "elsewhere", "decided", "unmatched", "resolved", "answered"]), max_size=8)


@given(steps)
def test_whatever_is_unfinished_is_among_those_that_perhaps_are(course: list[str]) -> None:
    events = [received()]
    for seq, step in enumerate(course, start=2):
        last = max(
            (each.seq for each in events if each.type in (EventType.RETURN_DECIDED, EventType.HELD_RESOLVED)), default=0
        )
        made = {
            "received": received(seq),
            "elsewhere": received(seq, "S03"),
            "decided": decided(seq, "held"),
            "unmatched": decided(seq, "held", None),
            "resolved": resolved(seq, "rejected") if last else received(seq),
            "answered": answered(seq, last),
        }
        events.append(made[step])
    record = fold(*events)
    if record.decision is None or record.to_answer:
        assert perhaps_unfinished(events) == [SHA]


def test_what_was_answered_is_finished_and_so_are_notices_that_answer_no_file() -> None:
    reminder = replace(answered(4, 0), data={"stage": "overdue"})
    assert perhaps_unfinished([received(), decided(2, "held"), answered(3, 2), reminder]) == []

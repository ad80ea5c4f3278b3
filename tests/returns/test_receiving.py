"""How a returned file is taken in: at which size it is no longer read, what is recorded of its parts, when it is judged
under the lock, and which plans are filed at a start. What stands around these decisions is in tests/flows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cpdocs.core.return_record import Decision, Resolution, ReturnRecord
from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.errors import WorkspaceFault
from cpdocs.returns import receiving

SHA256 = "ab" * 32
AT = datetime(2026, 11, 2, 15, tzinfo=UTC)


def decision(verdict: Verdict, document_id: str = "", **fields: Any) -> Decision:
    return Decision(verdict, Lane.INK, document_id, **fields)


def on_record(found: Decision | None = None, *, size: int = 10, **fields: Any) -> ReturnRecord:
    return ReturnRecord(SHA256, size, AT, ("P1", "P2"), part=found.part if found else 1, decision=found, **fields)


class House:
    """A ledger that only says when it was locked, and a store with one file; ``said`` is what was done, in order."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.ledger = self
        self.blobs = SimpleNamespace(get=lambda sha256: b"bytes" if sha256 == SHA256 else b"")
        self.options = SimpleNamespace(max_return_bytes=10)

    @contextmanager
    def write(self) -> Iterator[House]:
        self.said.append("locked")
        yield self

    def append(self, *events: object) -> None:
        self.said += events


@pytest.fixture
def house() -> Any:
    return House()


@pytest.mark.parametrize(("size", "how"), [(9, "read"), (10, "read"), (11, "not read")])
def test_a_file_of_exactly_the_size_allowed_is_read_and_one_byte_more_is_not(
    house: Any, monkeypatch: pytest.MonkeyPatch, size: int, how: str
) -> None:
    given: list[object] = []
    monkeypatch.setattr(receiving, "judge", lambda ws, data, **named: given.append(named) or "read")
    monkeypatch.setattr(receiving, "judge_oversized", lambda ws, size, **named: given.append(named) or "not read")
    assert receiving._judge(house, None, (on_record(size=size),)) == how  # type: ignore[arg-type]
    assert given[0]["practice_id"] == "P2", "the folder it came by last is whose it is judged as"  # type: ignore[index]


def test_a_part_of_one_is_the_first_of_one() -> None:
    (only,) = receiving._numbered((decision(Verdict.HELD),), (on_record(),))
    assert (only.part, only.of) == (1, 1)
    assert receiving._numbered((), (on_record(),)) == []


def test_what_is_final_keeps_its_number_and_the_others_are_counted_around_it() -> None:
    final = on_record(decision(Verdict.ACCEPTED, "D1", part=2))
    parts = (decision(Verdict.HELD, "D3"), decision(Verdict.ACCEPTED, "D1"), decision(Verdict.HELD, "D2"))
    numbered = receiving._numbered(parts, (on_record(decision(Verdict.HELD)), final))
    assert [(each.document_id, each.part, each.of) for each in numbered] == [("D3", 1, 3), ("D1", 2, 3), ("D2", 3, 3)]
    (other,) = receiving._numbered((decision(Verdict.HELD, "D3"),), (final,))
    assert (other.part, other.of) == (1, 2), "a final part counts, also where today's look doesn't find it"


def recorded(house: Any, monkeypatch: pytest.MonkeyPatch, known: tuple[ReturnRecord, ...], *parts: Decision) -> Any:
    monkeypatch.setattr(receiving, "the_return", lambda reads, sha256: known)
    judgement = SimpleNamespace(parts=parts, events=lambda decision, before: [(decision.part, before.part)])
    receiving._record(house, SHA256, judgement)  # type: ignore[arg-type]
    return house.said


def test_a_new_part_is_recorded_after_one_that_says_nothing_new(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    same, new = decision(Verdict.HELD, "D1"), decision(Verdict.HELD, "D2")
    assert recorded(house, monkeypatch, (on_record(same),), same, new) == [(2, 1)]


def test_a_part_is_recorded_again_only_where_it_says_something_new_and_is_not_final(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, rejected = decision(Verdict.HELD, "D1"), decision(Verdict.REJECTED, "D1")
    assert recorded(house, monkeypatch, (on_record(held),), held) == []
    assert recorded(house, monkeypatch, (on_record(decision(Verdict.ACCEPTED, "D1")),), held) == []
    closed = Resolution("closed", "D1", "", "clerk", (), 7, AT)
    assert recorded(house, monkeypatch, (on_record(held, resolution=closed),), rejected) == []
    assert recorded(house, monkeypatch, (on_record(held),), rejected) == [(1, 1)]


def test_it_is_judged_twice_beside_the_lock_and_then_under_it(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    judgement = SimpleNamespace(as_of=1, rests_on=())
    context: Any = SimpleNamespace(outdated=lambda tx, as_of, rests_on: True)
    monkeypatch.setattr(receiving, "the_return", lambda reads, sha256: (on_record(),))
    monkeypatch.setattr(receiving, "_judge", lambda *given: house.said.append("judged") or judgement)
    monkeypatch.setattr(receiving, "_record", lambda *given: "recorded")
    assert receiving.decide(house, context, SHA256) == "recorded"  # type: ignore[comparison-overlap]
    assert house.said == ["judged", "locked", "judged", "locked", "locked", "judged"]


@pytest.mark.parametrize(
    ("plan", "filed", "settled", "left_open"),
    [
        (None, False, False, False),
        ({"complete": False}, False, False, False),
        ({"complete": False, "filing": "F1"}, False, False, False),
        ({"complete": False, "closed": "C1"}, False, False, False),
        ({"complete": True, "filing": "F1"}, False, True, False),
        ({"complete": True, "closed": "C1"}, False, True, False),
        ({"complete": True}, True, True, True),
    ],
)
def test_a_start_files_what_is_complete_and_neither_filed_nor_closed_and_leaves_only_that_open(
    house: Any, monkeypatch: pytest.MonkeyPatch, plan: Any, filed: bool, settled: bool, left_open: bool
) -> None:
    known = plan and SimpleNamespace(**{"filing": None, "closed": None, **plan})
    monkeypatch.setattr(receiving, "find_plan", lambda ledger, document_id: known)
    monkeypatch.setattr(receiving, "_file", lambda ws, document_id: house.said.append("filed"))
    monkeypatch.setattr(receiving, "close_what_is_settled", lambda ws, document_id: house.said.append("settled"))
    work: Any = SimpleNamespace(open_returns={}, plans=["D1"])
    assert list(receiving.finish_returns(house, None, work)) == []  # type: ignore[arg-type]
    assert house.said == ["filed"] * filed + ["settled"] * settled
    assert work.plans == ["D1"] * left_open


def test_what_kept_a_plan_from_being_filed_is_told_once_every_other_was_tried(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = SimpleNamespace(complete=True, filing=None, closed=None)
    full = WorkspaceFault("The disk is full.", todo="Free some space.")
    monkeypatch.setattr(receiving, "find_plan", lambda ledger, document_id: known)
    monkeypatch.setattr(
        receiving,
        "_file",
        lambda ws, document_id: house.said.append(document_id) or (full if document_id == "D1" else None),
    )
    monkeypatch.setattr(receiving, "close_what_is_settled", lambda ws, document_id: None)
    work: Any = SimpleNamespace(open_returns={}, plans=["D1", "D2"])
    with pytest.raises(WorkspaceFault, match="disk is full"):
        list(receiving.finish_returns(house, None, work))  # type: ignore[arg-type]
    assert house.said == ["D1", "D2"]


@pytest.mark.parametrize(
    ("found", "settled"),
    [
        (decision(Verdict.HELD), False),
        (decision(Verdict.HELD, "D1"), True),
        (decision(Verdict.REJECTED, "D1"), False),
        (decision(Verdict.ACCEPTED, "D1", filled=(Slot.MEMBER,)), True),
    ],
)
def test_a_part_settles_its_plan_where_it_fills_a_slot_or_waits_and_only_then(
    house: Any, monkeypatch: pytest.MonkeyPatch, found: Decision, settled: bool
) -> None:
    monkeypatch.setattr(receiving, "close_what_is_settled", lambda ws, document_id: house.said.append(document_id))
    monkeypatch.setattr(receiving, "the_part", lambda ledger, record: record)
    monkeypatch.setattr(receiving, "comparing", SimpleNamespace(compare=lambda ws, record: None))
    monkeypatch.setattr(receiving, "notices", SimpleNamespace(answer=lambda ws, record: None))
    monkeypatch.setattr(receiving, "_file", lambda ws, document_id: None)
    record = on_record(found)
    assert receiving.finish(house, record) == (record, None)
    assert house.said == ["D1"] * settled


@pytest.mark.parametrize("open_", [False, True])
def test_a_return_stays_open_work_until_it_is_decided_and_answered(
    house: Any, monkeypatch: pytest.MonkeyPatch, open_: bool
) -> None:
    part = on_record(None if open_ else decision(Verdict.HELD))

    @contextmanager
    def in_hand(ws: Any, sha256: str, *, wait: bool) -> Iterator[bool]:
        yield True

    monkeypatch.setattr(receiving, "in_hand", in_hand)
    monkeypatch.setattr(receiving, "the_return", lambda ledger, sha256: (part,))
    monkeypatch.setattr(receiving, "decide", lambda ws, context, sha256: (part,))
    monkeypatch.setattr(receiving, "finish", lambda ws, part: (part, None))
    work: Any = SimpleNamespace(open_returns={SHA256: {}}, plans=[])
    assert list(receiving.finish_returns(house, None, work)) == [part] * open_  # type: ignore[arg-type]
    assert list(work.open_returns) == [SHA256] * open_


@pytest.mark.parametrize(
    ("plan", "told"),
    [(None, True), (SimpleNamespace(filing=None), True), (SimpleNamespace(filing="F1"), False)],
)
def test_what_kept_a_plan_from_being_filed_is_no_fault_once_another_worker_filed_it(
    house: Any, monkeypatch: pytest.MonkeyPatch, plan: Any, told: bool
) -> None:
    full = WorkspaceFault("The disk is full.", todo="Free some space.")

    def refuse(ws: Any, document_id: str) -> None:
        raise full

    monkeypatch.setattr(receiving, "file_if_complete", refuse)
    monkeypatch.setattr(receiving, "find_plan", lambda ledger, document_id: plan)
    assert receiving._file(house, "D1") is (full if told else None)

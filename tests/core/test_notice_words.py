"""What a notice says is true when it is written, and can work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cpdocs.core.findings import FINDINGS, finding
from cpdocs.core.notice_words import PRINT_SIGN_FAX, nothing_wanted, open_slots, sentences
from cpdocs.core.plan_record import PlanRecord, Remark
from cpdocs.core.return_record import Decision, ReturnRecord
from cpdocs.core.verdicts import Evidence, Lane, Slot, Verdict
from tests.documents.papers import certificate_paper, fill

AT = datetime(2026, 11, 4, 15, tzinfo=UTC)


def record(lane: Lane, *codes: str, detail: str = "") -> ReturnRecord:
    findings = tuple(finding(code, detail) for code in codes)
    verdict = Verdict.REJECTED if any(each.severity is Verdict.REJECTED for each in findings) else Verdict.HELD
    return ReturnRecord("ab" * 32, 10, AT, ("S01",), decision=Decision(verdict, lane, "X", findings))


def plan(**changes: object) -> PlanRecord:
    return replace(certificate_paper().record, **{"fills": {}, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("lane", [Lane.DIGITAL, Lane.DAMAGED, Lane.ESIGN_SERVICE])
def test_paper_is_offered_wherever_a_digital_way_failed(lane: Lane) -> None:
    assert sentences(record(lane, "unverifiable"), plan())[-1] == PRINT_SIGN_FAX


def test_paper_is_not_offered_to_who_sent_paper_nor_for_comments() -> None:
    assert PRINT_SIGN_FAX not in sentences(record(Lane.INK, "ink_scan"), plan())
    assert PRINT_SIGN_FAX not in sentences(record(Lane.DIGITAL, "comments"), plan())


def test_no_parsers_word_and_no_fields_name_reaches_an_office() -> None:
    found = record(Lane.DIGITAL, "unverifiable", "signature_broken", detail="PCPSig: KeyError")
    told = " ".join(sentences(found, plan()))
    assert "KeyError" not in told
    assert "PCPSig" not in told


def test_pages_that_are_missing_are_named() -> None:
    assert "not seen: 3" in sentences(record(Lane.INK, "pages_missing", detail="not seen: 3 of 5"), plan())[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"superseded_by": "7K3M-9QXW-2RC"}, "newer version"),
        ({"withdrawn": Remark(AT, "wrong goal")}, "withdrawn"),
        ({"returned": Remark(AT, "goal 2")}, "comments"),
    ],
)
def test_nothing_is_asked_for_where_nothing_is_open(changes: dict[str, object], words: str) -> None:
    assert words in nothing_wanted(plan(**changes))
    assert open_slots(plan(**changes)) == ()
    assert PRINT_SIGN_FAX not in sentences(record(Lane.DIGITAL, "unverifiable"), plan(**changes))


def test_a_complete_plan_wants_nothing_and_an_open_one_says_what() -> None:
    fills = {slot: fill(slot, Evidence.INK_SCAN) for slot in Slot}
    assert "every approval" in nothing_wanted(plan(fills=fills))
    assert nothing_wanted(plan(fills={Slot.PCP: fills[Slot.PCP]})) == ""
    assert open_slots(plan(fills={Slot.PCP: fills[Slot.PCP]})) == (Slot.MEMBER,)


@pytest.mark.parametrize("code", FINDINGS)
def test_no_finding_accuses_anybody(code: str) -> None:
    assert not any(word in FINDINGS[code].message.casefold() for word in ("forged", "forgery", "fraud", "tamper"))

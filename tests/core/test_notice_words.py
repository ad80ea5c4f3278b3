"""What a notice says is true when it is written, and can work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cpdocs.core.findings import FINDINGS, finding
from cpdocs.core.notice_words import PRINT_SIGN_FAX, day_kind, day_sentences, nothing_wanted, open_slots, sentences
from cpdocs.core.page_facts import BoxReading
from cpdocs.core.parts import PartPages
from cpdocs.core.plan_record import PlanRecord, Remark
from cpdocs.core.return_record import Decision, ReturnRecord
from cpdocs.core.review_queue import Item
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


@pytest.mark.parametrize("code", ["drawn_on", "picture_added", "cover_alone", "unsearchable"])
def test_paper_is_offered_once(code: str) -> None:
    told = " ".join(sentences(record(Lane.DAMAGED, code), plan()))
    assert told.lower().count("print") == 1


@pytest.mark.parametrize("code", sorted(set(FINDINGS) - {"reply_slip"}))
def test_an_office_reads_nothing_that_is_meant_for_our_reviewers(code: str) -> None:
    told = " ".join(sentences(record(Lane.INK, code), plan()))
    ours = ("attests them", "Record the ", "Ask who", "Ask the s", "Compare the", "Read it for", "ask the sender")
    assert [each for each in ours if each in told] == []


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


def paper(*seen: int, pcp: BoxReading | None = None) -> ReturnRecord:
    """A scan of these of five pages."""
    missing = tuple(sorted({1, 2, 3, 4, 5} - {*seen}))
    codes = [finding("pages_missing", f"not seen: {', '.join(map(str, missing))} of 5")] if missing else []
    codes += [finding("box_empty", "the PCP's")] if pcp is BoxReading.EMPTY else []
    boxes = {Slot.PCP: pcp} if pcp else {}
    held = Decision(
        Verdict.HELD, Lane.INK, "X", (finding("ink_scan"), *codes), pages=PartPages(5, seen, missing), boxes=boxes
    )
    return ReturnRecord(f"{sum(seen):064}", 10, AT, ("S01",), decision=held)


def test_pages_that_came_in_several_files_of_a_day_are_missed_together() -> None:
    told = " ".join(day_sentences([paper(1), paper(2, 4)], plan()))
    assert "not seen: 3, 5 of 5" in told
    assert "not seen" not in " ".join(day_sentences([paper(1), paper(2, 4), paper(3), paper(5)], plan()))


def test_a_box_that_a_later_file_shows_signed_is_not_said_to_be_empty() -> None:
    empty, signed = paper(1, 2, 3, 4, 5, pcp=BoxReading.EMPTY), paper(5, pcp=BoxReading.SIGNED)
    assert "box_empty" in {each.code for each in Item((empty,)).findings}
    assert "box_empty" in {each.code for each in Item((empty, empty)).findings}
    assert {each.code for each in Item((empty, signed)).findings} == {"ink_scan"}


def test_a_days_letter_asks_for_another_signature_only_while_nothing_is_looked_at() -> None:
    bad, good = record(Lane.DIGITAL, "credential_not_eligible"), paper(1, 2, 3, 4, 5, pcp=BoxReading.SIGNED)
    assert [day_kind(parts, plan()) for parts in ([bad], [bad, good])] == ["resend", "held"]
    fills = {slot: fill(slot, Evidence.INK_SCAN) for slot in Slot}
    assert day_kind([bad, good], plan(fills=fills)) == "nothing_wanted"
    assert day_sentences([bad, good], plan(fills=fills)) == (nothing_wanted(plan(fills=fills)),)

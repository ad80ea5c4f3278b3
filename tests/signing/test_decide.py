"""The decision, from facts alone: parts, lanes and findings of files that nobody has to make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.page_facts import BoxReading, FilePages, PageFacts, PageKind
from cpdocs.core.parts import PartPages
from cpdocs.core.return_record import Decision, paper_json
from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.signing.file_facts import Beside, GateFacts, Note, ReturnFacts
from cpdocs.signing.record import Record
from cpdocs.signing.verify import decide
from tests.signing import builder as b

OTHER, OLD, UNKNOWN = "2222-2222-222", "3333-3333-333", "4444-4444-444"
PICTURE = GateFacts(False, False, False, noted=(("not_a_pdf", ""),))


def record(document_id: str = b.DOCUMENT_ID, **changes: Any) -> Record:
    plan = replace(b.issued().plan, document_id=document_id, pages=3, **changes)
    return Record(plan=plan, directory=b.directory(), received_at=b.office().now)


def page(number: int, document_id: str | None = b.DOCUMENT_ID, plan_page: int | None = None, **more: Any) -> PageFacts:
    kind = PageKind.PLAN if document_id else PageKind.UNKNOWN
    given = {"kind": kind, "document_id": document_id, "plan_page": plan_page or number, "scanned": True, **more}
    return PageFacts(number, **given)


def scan(*pages: PageFacts, gate: GateFacts = PICTURE, **more: Any) -> ReturnFacts:
    return ReturnFacts(gate, pages=FilePages(pages), **more)


def parts(facts: ReturnFacts, *records: Record, **how: Any) -> tuple[Decision, ...]:
    return decide(facts, records, b.trust(), **how)


def only(facts: ReturnFacts, *records: Record, **how: Any) -> Decision:
    (part,) = parts(facts, *records, **how)
    return part


WHOLE = tuple(page(number) for number in (1, 2, 3))


def test_each_document_in_a_file_is_a_part_and_foreign_pages_are_one_that_belongs_to_none() -> None:
    found = parts(
        scan(*WHOLE, page(4, OTHER, 1), page(5, UNKNOWN, 1), page(6, None)), record(), record(OTHER, practice_id="P2")
    )
    assert [(part.part, part.of, part.document_id, part.lane) for part in found] == [
        (1, 3, b.DOCUMENT_ID, Lane.INK),
        (2, 3, OTHER, Lane.INK),
        (3, 3, "", Lane.UNMATCHED),
    ]
    assert [part.pages for part in found] == [
        PartPages(3, (1, 2, 3), (), 1),
        PartPages(3, (1,), (2, 3), 1),
        PartPages(0, (1,), (), 0),
    ]
    assert found[1].codes == ("ink_scan", "pages_missing")


def test_a_superseded_version_in_the_same_fax_is_held_by_itself() -> None:
    new, old = parts(scan(*WHOLE, page(4, OLD, 1)), record(), record(OLD, closed="superseded"))
    assert "superseded_version" not in new.codes
    assert "superseded_version" in old.codes


def test_what_came_by_another_practices_folder_is_held_part_by_part() -> None:
    mine, theirs = parts(scan(*WHOLE, page(4, OTHER, 1)), record(), record(OTHER, practice_id="P2"), practice_id="P1")
    assert ("wrong_return_folder" in mine.codes, "wrong_return_folder" in theirs.codes) == (False, True)


@pytest.mark.parametrize("kind", ["tif", "pdf"])
def test_no_scan_is_rejected_and_a_picture_isnt_blamed_for_being_no_pdf(kind: str) -> None:
    gate = PICTURE if kind == "tif" else GateFacts(True, True, True, 3)
    part = only(scan(*WHOLE, gate=gate), record())
    assert (part.verdict, part.lane, part.codes) == (Verdict.HELD, Lane.INK, ("ink_scan",))


def test_one_scanned_page_among_digital_ones_makes_it_ink() -> None:
    pages = (*(replace(each, scanned=False) for each in WHOLE[:2]), WHOLE[2])
    part = only(scan(*pages, gate=GateFacts(True, True, True, 3), beside={b.DOCUMENT_ID: Beside()}), record())
    assert (part.verdict, part.lane) == (Verdict.HELD, Lane.INK)


def test_what_is_read_in_the_boxes_is_told_and_decides_nothing() -> None:
    last = page(3, boxes={Slot.MEMBER: BoxReading.EMPTY, Slot.PCP: BoxReading.SIGNED}, marks_elsewhere=True)
    part = only(scan(*WHOLE[:2], last), record())
    assert (part.verdict, part.codes) == (Verdict.HELD, ("ink_scan", "box_empty", "marks_elsewhere"))
    assert paper_json(part)["boxes"] == {"member": "empty", "pcp": "signed"}
    assert paper_json(part)["marks_elsewhere"] == [3]
    assert "the member's" in part.findings[1].message
    assert paper_json(only(scan(*WHOLE[:2]), record()))["boxes"] == {"member": None, "pcp": None}


def test_ink_that_was_seen_once_is_there_however_often_the_page_came() -> None:
    twice = (page(3, boxes={Slot.PCP: BoxReading.EMPTY}), page(4, plan_page=3, boxes={Slot.PCP: BoxReading.SIGNED}))
    assert only(scan(*twice), record()).boxes == {Slot.PCP: BoxReading.SIGNED}


@pytest.mark.parametrize(("written", "code"), [(True, "comments"), (False, "cover_alone"), (None, "cover_alone")])
def test_a_cover_alone_is_held_and_is_no_signed_plan(written: bool | None, code: str) -> None:
    cover = PageFacts(1, PageKind.COVER, b.DOCUMENT_ID, scanned=True, marks_elsewhere=written)
    part = only(scan(cover), record())
    assert (part.verdict, part.kind, part.pages.seen, part.codes) == (Verdict.HELD, PageKind.COVER, (), (code,))


@pytest.mark.parametrize(
    ("member", "found"),
    [(BoxReading.EMPTY, ("comments", "ink_scan", "box_empty")), (BoxReading.SIGNED, ("ink_scan", "marks_elsewhere"))],
)
def test_words_on_a_cover_beside_the_plan_are_comments_unless_it_came_back_signed(
    member: BoxReading, found: tuple[str, ...]
) -> None:
    cover = PageFacts(1, PageKind.COVER, b.DOCUMENT_ID, scanned=True, marks_elsewhere=True)
    pages = [page(number + 1, plan_page=number) for number in (1, 2)]
    part = only(scan(cover, *pages, page(4, plan_page=3, boxes={Slot.MEMBER: member})), record())
    assert part.codes == found
    assert part.marks_elsewhere == ()  # page 1 of the file is no page of the plan
    assert any("on the cover sheet" in each.message for each in part.findings)


def test_a_note_on_a_scanned_page_is_a_comment_of_the_part_whose_page_it_is() -> None:
    gate = GateFacts(True, True, True, 4)
    notes = (Note(2, "Text", "Please change the pharmacy."), Note(4, "FreeText", "no"))
    facts = scan(*WHOLE, page(4, OTHER, 1), gate=gate, notes=notes)
    mine, theirs = parts(facts, record(), record(OTHER))
    assert (mine.verdict, mine.lane, mine.codes) == (Verdict.HELD, Lane.INK, ("comments", "ink_scan"))
    assert "on page 2" in mine.findings[0].message
    assert "on page 1" in theirs.findings[0].message
    (quiet, _) = parts(replace(facts, notes=notes[1:]), record(), record(OTHER))
    assert "comments" not in quiet.codes


def test_a_note_on_a_page_without_a_code_is_for_whoever_reads_any_part() -> None:
    gate = GateFacts(True, True, True, 5)
    facts = scan(*WHOLE, page(4, OTHER, 1), page(5, None), gate=gate, notes=(Note(5, "Text", "Call us."),))
    assert ["comments" in part.codes for part in parts(facts, record(), record(OTHER))] == [True, True]


@pytest.mark.parametrize(("written", "commented"), [(False, False), (True, True), (None, True)])
def test_a_signature_drawn_into_its_box_on_a_scan_is_no_comment(written: bool | None, commented: bool) -> None:
    last = page(3, boxes={Slot.PCP: BoxReading.SIGNED}, marks_elsewhere=written)
    facts = scan(*WHOLE[:2], last, gate=GateFacts(True, True, True, 3), notes=(Note(3, "Ink"),))
    assert ("comments" in only(facts, record()).codes) is commented


def test_a_note_on_a_scanned_cover_is_a_comment() -> None:
    cover = PageFacts(1, PageKind.COVER, b.DOCUMENT_ID, scanned=True, marks_elsewhere=False)
    part = only(scan(cover, gate=GateFacts(True, True, True, 1), notes=(Note(1, "Text", "Call us."),)), record())
    assert part.codes == ("comments",)


def test_a_plan_drawn_on_in_a_viewer_is_held_for_a_person_with_a_remedy_that_can_work() -> None:
    facts = ReturnFacts(
        GateFacts(True, True, True, 3),
        named=(b.DOCUMENT_ID,),
        beside={b.DOCUMENT_ID: Beside(same_text=True, drawn_on=(3,))},
    )
    part = only(facts, record())
    assert (part.verdict, part.lane, part.codes) == (Verdict.HELD, Lane.DAMAGED, ("drawn_on",))
    assert "fax" in part.findings[0].message


def test_comments_in_the_issued_file_are_held_never_rejected_and_ask_nobody_to_sign() -> None:
    issued = b.issued()
    read = b.facts(issued.data, plan=issued, trust=b.trust(), received_at=b.office().now)
    part = only(replace(read, notes=(Note(1, "Text", "Please change the pharmacy."),)), record())
    assert (part.verdict, part.lane, part.codes) == (Verdict.HELD, Lane.DIGITAL, ("comments",))
    assert "pharmacy" not in part.findings[0].message
    assert "once more" not in part.findings[0].message


def test_a_file_whose_metadata_name_two_plans_belongs_to_neither() -> None:
    part = only(ReturnFacts(GateFacts(True, True, True, 1), named=(b.DOCUMENT_ID, OTHER)), record(), record(OTHER))
    assert (part.document_id, part.codes) == ("", ("unmatched", "several_plans"))


@pytest.mark.parametrize(
    ("stopped", "begins", "lane", "code"),
    [
        ("limit", b.DOCUMENT_ID, Lane.DIGITAL, "resource_limit"),
        ("limit", "", Lane.UNMATCHED, "resource_limit"),
        ("answer", "", Lane.UNMATCHED, "unverifiable"),
    ],
)
def test_a_child_that_gave_no_answer_holds_the_file(stopped: str, begins: str, lane: Lane, code: str) -> None:
    facts = ReturnFacts(GateFacts(False, False, False), begins_with=begins, stopped=stopped)
    part = only(facts, *([record()] if begins else []))
    assert (part.verdict, part.lane, part.codes) == (Verdict.HELD, lane, (code,))


def test_a_changed_directory_changes_the_decision_from_the_same_facts() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician(b.DESIGNEE))
    read = b.facts(data, plan=b.issued(), trust=b.trust(), received_at=b.office().now + timedelta(minutes=5))
    base = Record(plan=b.issued().plan, directory=b.directory(), received_at=b.office().now + timedelta(minutes=5))
    assert only(read, base).verdict is Verdict.ACCEPTED
    without = replace(base, directory=b.directory(designations=False))
    assert only(read, without).codes == ("not_designated",)
    assert only(read, base).verdict is Verdict.ACCEPTED


boxes: st.SearchStrategy[Mapping[Slot, BoxReading]] = st.dictionaries(
    st.sampled_from(Slot), st.sampled_from(BoxReading)
)
any_page = st.builds(
    PageFacts,
    number=st.integers(1, 9),
    kind=st.sampled_from(PageKind),
    document_id=st.sampled_from([None, b.DOCUMENT_ID, OTHER, UNKNOWN]),
    plan_page=st.one_of(st.none(), st.integers(1, 4)),
    of=st.one_of(st.none(), st.integers(1, 4)),
    codes_disagree=st.booleans(),
    scanned=st.booleans(),
    boxes=boxes,
    marks_elsewhere=st.one_of(st.none(), st.booleans()),
)


@given(st.lists(any_page, max_size=8), st.sampled_from([PICTURE, GateFacts(True, True, True, 3)]))
def test_whatever_the_pages_are_nothing_is_accepted_and_every_document_is_one_part(
    pages: list[PageFacts], gate: GateFacts
) -> None:
    found = parts(scan(*pages, gate=gate), record(), record(OTHER))
    assert found
    assert all(part.verdict is not Verdict.ACCEPTED and not part.fills for part in found)
    ids = [part.document_id for part in found]
    assert len(ids) == len(set(ids))
    assert {each for each in ids if each} == {each.document_id for each in pages} & {b.DOCUMENT_ID, OTHER}
    assert all(set(part.pages.seen).isdisjoint(part.pages.missing) for part in found)
    assert not any(part.verdict is Verdict.REJECTED for part in found if part.lane is Lane.INK)

"""What a notice is about, what it says, and whether it left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cpdocs.core.events import EventType
from cpdocs.core.notices import SAYS, TRACKED, NoticeRecord, fold_notices, typed_reference
from cpdocs.documents.notices import NoticeKind
from tests.core.events_builder import FIRST, SECOND, History


def written(kind: str, reference: str = "AAAA-AAAA-AAB-0a1b", **data: object) -> tuple[History, NoticeRecord]:
    history = History()
    said = {"document_id": FIRST, "kind": kind, "file": f"notices/P0001/{reference}.pdf", "sha256": "a" * 64, **data}
    event = history.add(EventType.NOTICE_WRITTEN)
    history.events[-1] = replace(event, data=said)
    return history, fold_notices(history.events)[reference]


def test_every_kind_of_notice_has_its_few_words() -> None:
    assert SAYS.keys() == {kind.value for kind in NoticeKind}
    assert TRACKED.issubset(SAYS)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_notice_waits_until_it_left_and_those_that_must_leave_are_work(kind: NoticeKind) -> None:
    history, before = written(kind.value)
    assert before.waits
    assert before.in_worklist == (kind.value in TRACKED)
    said = {"file": before.file, "to": "Kim Contact", "channel": "fax", "at": "2026-11-03T15:00:00+00:00"}
    history.add(EventType.NOTICE_SENT, **said)
    after = fold_notices(history.events)[before.reference]
    assert (after.waits, after.in_worklist, after.told_on) == (False, False, date(2026, 11, 3))


def test_a_letter_about_several_plans_names_each_and_a_paper_with_an_id_of_its_own_none() -> None:
    several = [{"document_id": FIRST, "stage": "overdue"}, {"document_id": SECOND, "stage": "day_3"}]
    assert written("reminder", plans=several)[1].plans == (FIRST, SECOND)
    assert written("accepted")[1].plans == (FIRST,)
    assert written("member_declined", reference=FIRST)[1].plans == ()


@pytest.mark.parametrize("typed", ["AAAA-AAAA-AAB-0A1B", " aaaa-aaaa-aab-0a1b.pdf ", "AAAA-AAAA-AAB-0a1b"])
def test_a_notice_is_named_by_its_reference_with_or_without_the_ending_of_its_file(typed: str) -> None:
    assert typed_reference(typed).casefold() == "aaaa-aaaa-aab-0a1b"


def test_a_notice_says_by_which_channel_it_leaves() -> None:
    assert written("held", channel="folder")[1].leaves_by == "folder"

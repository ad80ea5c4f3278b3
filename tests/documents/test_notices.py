"""Notices: one page, plain words, nothing of a member but what the caller put in."""

from __future__ import annotations

from datetime import date

import pytest

from cpdocs.documents.notices import Notice, NoticeKind, render_notice
from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, SENDER, SHIPPED, text_of

FINDING = (
    "The file was changed after it was signed. Open the plan as we sent it, sign it once more, and send that file."
)


def notice(kind: NoticeKind, **changes) -> Notice:
    values = {"findings": (FINDING,), "facts": (("Plan", f"{DOCUMENT_ID}, version 1"),), "document_id": DOCUMENT_ID}
    return Notice(
        kind, ("Sampleville Family Practice", "Kim Keyholder"), SENDER, ISSUED_AT, "notice-1", **{**values, **changes}
    )


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_is_one_page_to_its_addressee_with_a_way_to_answer(kind):
    rendered = render_notice(notice(kind, due_on=date(2026, 11, 12)), shipped=SHIPPED)
    text = text_of(rendered.pdf)
    assert rendered.pages == 1
    for words in ("Sampleville Family Practice", "Kim Keyholder", "November 2, 2026", "(617) 555-0100"):
        assert words in text


@pytest.mark.parametrize("kind", [NoticeKind.RESEND, NoticeKind.HELD])
def test_a_notice_gives_the_reasons_in_the_findings_own_words(kind):
    assert FINDING in text_of(render_notice(notice(kind), shipped=SHIPPED).pdf)


def test_a_reminder_names_the_day_and_says_when_it_is_past():
    day = date(2026, 11, 12)
    assert "by the end of November 12, 2026" in text_of(
        render_notice(notice(NoticeKind.REMINDER, due_on=day), shipped=SHIPPED).pdf
    )
    late = text_of(render_notice(notice(NoticeKind.REMINDER, due_on=day, overdue=True), shipped=SHIPPED).pdf)
    assert "A plan is overdue for approval" in late
    assert "ended on November 12, 2026" in late


def test_a_notice_about_an_unmatched_file_reveals_nothing():
    text = text_of(
        render_notice(notice(NoticeKind.UNMATCHED, facts=(), findings=(), document_id=""), shipped=SHIPPED).pdf
    )
    assert DOCUMENT_ID not in text
    assert "could not match" in text


def test_the_same_notice_gives_the_same_bytes():
    assert (
        render_notice(notice(NoticeKind.HELD), shipped=SHIPPED).pdf
        == render_notice(notice(NoticeKind.HELD), shipped=SHIPPED).pdf
    )

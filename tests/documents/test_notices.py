"""Notices: one page, plain words, nothing of a member but what the caller put in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cpdocs.documents.notices import Notice, NoticeKind, render_notice
from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, SENDER, SHIPPED, text_of

FINDING = (
    "The file was changed after it was signed. Open the plan as we sent it, sign it once more, and send that file."
)


def notice(kind: NoticeKind, **changes) -> Notice:
    values = {"findings": (FINDING,), "facts": (("Plan", f"{DOCUMENT_ID}, version 1"),), "document_id": DOCUMENT_ID}
    sender = changes.pop("sender", SENDER)
    return Notice(
        kind, ("Sampleville Family Practice", "Kim Keyholder"), sender, ISSUED_AT, "notice-1", **{**values, **changes}
    )


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_is_one_page_to_its_addressee_with_a_way_to_answer(kind):
    rendered = render_notice(notice(kind, due_on=date(2026, 11, 12)), shipped=SHIPPED)
    text = text_of(rendered.pdf)
    assert rendered.pages == 1
    for words in ("Sampleville Family Practice", "Kim Keyholder", "November 2, 2026", "(617) 555-0100"):
        assert words in text


@pytest.mark.parametrize("kind", [NoticeKind.WITHDRAWN, NoticeKind.TAKEN_BACK])
def test_a_page_to_be_sent_back_is_one_page_however_much_it_tells_and_goes_to_no_telephone(kind):
    facts = tuple(
        (f"Fact {number}", "2026-11-02 12:00 EST by fax, to Kim Contact of the front desk") for number in range(6)
    )
    full = notice(kind, facts=facts, sandbox=True, findings=(f"It was withdrawn: {FINDING}",))
    rendered = render_notice(full, shipped=SHIPPED)
    assert rendered.pages == 1
    text = " ".join(text_of(rendered.pdf).split())
    assert "Telephone" not in text.partition("Send this page to:")[2]


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


def test_mail_is_called_secure_only_where_the_settings_say_that_it_is():
    bare = replace(SENDER, email="plans@cp.example.org", email_secure=False)
    for sender, said in ((bare, "E-mail plans@cp.example.org (encrypt it)"), (replace(bare, email_secure=True), "")):
        text = " ".join(text_of(render_notice(notice(NoticeKind.HELD, sender=sender), shipped=SHIPPED).pdf).split())
        assert ("Secure e-mail" in text) is not bool(said)
        assert said in text


def test_a_return_that_fills_one_of_two_says_what_is_open_and_never_that_nothing_is_to_be_done():
    half = notice(NoticeKind.ACCEPTED, findings=(), still_open="The member's approval is still open: we ask for it.")
    text = " ".join(text_of(render_notice(half, shipped=SHIPPED).pdf).split())
    assert "The member's approval is still open" in text
    assert "need not do anything" not in text
    whole = " ".join(text_of(render_notice(notice(NoticeKind.ACCEPTED, findings=()), shipped=SHIPPED).pdf).split())
    assert "need not do anything" in whole

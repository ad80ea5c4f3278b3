"""The blank consent to share substance use records: what 42 CFR 2.31 asks for, on a page, in the member's size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpdocs.core.plans import Consent, Part2
from cpdocs.documents.consent_form import render_consent
from tests.documents.papers import SHIPPED, paper, text_of

ELEMENTS = ("Patient", "Who may share", "What may be shared", "With whom", "What for", "Until when", "I agree", "Date")


@pytest.mark.parametrize(("large", "pages"), [(False, 1), (True, 2)])
def test_it_asks_for_every_element_and_says_what_our_own_words_say(large: bool, pages: int) -> None:
    made = render_consent(replace(paper(), large_print=large), clauses={}, shipped=SHIPPED)
    text = text_of(made.pdf)
    assert made.pages == pages
    for words in (*ELEMENTS, "I may take this consent back", "pass them on", "I don't have to sign"):
        assert words in text


def test_the_organizations_own_clauses_and_the_last_consents_words_stand_in_it() -> None:
    said = Consent(discloser="Example Program", recipients="My treating providers", purpose="Treatment")
    plan = replace(paper().plan, part2=Part2(applies=True, consent=said))
    clauses = {"revocation": "Write to the privacy officer.", "refusal": ""}
    text = text_of(render_consent(replace(paper(), plan=plan), clauses=clauses, shipped=SHIPPED).pdf)
    for words in ("Example Program", "My treating providers", "Write to the privacy officer.", "I don't have to sign"):
        assert words in text
    assert "I may take this consent back" not in text

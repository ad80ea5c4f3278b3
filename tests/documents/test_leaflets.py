"""What goes with a plan on paper has the number of pages that whoever packs and faxes it counts on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpdocs.documents.consent_form import render_consent
from cpdocs.documents.leaflets import render_guide, render_summary
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.plans import render_cover
from tests.documents.papers import SHIPPED, full_paper, page_texts, paper, plan


def test_the_practices_guide_is_two_pages_with_the_pen_on_the_second() -> None:
    first, second = page_texts(render_guide(paper(), shipped=SHIPPED).pdf)
    assert "1. In Acrobat Reader" in first
    assert "3. In ink, by fax or scan" in second


def test_a_summary_in_two_languages_is_one_page() -> None:
    both = replace(full_paper(), catalogue=load_catalogue((SHIPPED,), "es"))
    assert render_summary(both, shipped=SHIPPED).pages == 1


def test_a_cover_of_a_sandbox_that_asks_two_things_is_one_page() -> None:
    asks = ("Review the medication list", "Refer to specialty care where medically necessary")
    asked = replace(full_paper(), plan=replace(plan(), pcp_actions=asks))
    assert render_cover(asked, pages=7, shipped=SHIPPED).pages == 1


def test_what_changed_takes_one_page_behind_the_covers_first_whatever_the_office_is_called() -> None:
    office = replace(full_paper().practice, name="Sample Memorial Health Alliance Hospital of Example Inc")
    asked = replace(full_paper(), plan=replace(plan(), pcp_actions=("Refer to the foot clinic",)))
    changed = replace(asked, practice=replace(office, return_channel="sftp"), changes=("Medicine added: Naproxen",))
    assert render_cover(changed, pages=5, shipped=SHIPPED).pages == 2


@pytest.mark.parametrize(("large", "pages"), [(False, 1), (True, 2)])
def test_a_sandboxs_consent_form_with_the_last_consents_words_is_as_long_as_a_blank_one(
    large: bool, pages: int
) -> None:
    asked = replace(full_paper(), large_print=large)
    assert asked.sandbox
    assert asked.plan.part2.consent
    assert render_consent(asked, clauses={}, shipped=SHIPPED).pages == pages

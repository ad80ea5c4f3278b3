"""A plan in the member's language and size is one document: our words in both languages, the member's as they are."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pypdfium2
import pytest

from cpdocs.core.plans import Part2
from cpdocs.documents.leaflets import envelope_html, summary_html
from cpdocs.documents.letter_languages import Catalogue, load_catalogues
from cpdocs.documents.phrases import Phrases
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plans import render_plan, write_plan
from cpdocs.errors import InputFault
from cpdocs.signing.field_names import MEANING
from tests.documents.papers import ARABIC, CONSENT, SHIPPED, full_paper, html_text, member, page_texts, paper, plan

PLAN_LANGUAGES = ("ar", "es", "fr", "ht", "kea", "km", "pt-BR", "ru", "vi", "zh-Hans", "zh-Hant")


@cache
def catalogues() -> dict[str, Catalogue]:
    return load_catalogues((SHIPPED,))


def in_language(tag: str, base: PlanPaper | None = None, **changes: object) -> PlanPaper:
    return replace(base or paper(), catalogue=catalogues()[tag], **changes)


def said(made: PlanPaper) -> str:
    return html_text(write_plan(made, shipped=SHIPPED).html)


@pytest.mark.parametrize("tag", PLAN_LANGUAGES)
def test_what_signatures_mean_is_translated_as_the_fields_carry_it(tag: str) -> None:
    assert set(MEANING.values()) <= set(catalogues()[tag].messages)


@pytest.mark.parametrize("tag", PLAN_LANGUAGES)
def test_every_text_of_the_fullest_plan_has_a_translation(tag: str) -> None:
    for base in (full_paper(), paper(plan(part2=Part2(applies=True, consent=CONSENT), choice=None))):
        assert write_plan(in_language(tag, base), shipped=SHIPPED).missing == set()


@pytest.mark.parametrize("tag", PLAN_LANGUAGES)
def test_the_papers_of_a_visit_are_in_the_members_language(tag: str) -> None:
    made = in_language(tag)
    for html in (summary_html, envelope_html):
        say = Phrases(made.catalogue)
        assert f'lang="{tag}"' in html(made, say, shipped=SHIPPED)
        assert say.missing == set()


def test_labels_rights_and_the_meaning_of_signatures_stand_in_both_languages() -> None:
    text = said(in_language("es"))
    for spanish, english in (
        ("Mis metas", "My goals"),
        ("Fecha de nacimiento", "Date of birth"),
        ("Un Socio Comunitario no autoriza servicios.", "A Community Partner does not authorize services."),
        ("“Participé en la elaboración de este plan y lo apruebo.”", "“I took part in making this plan and I approve"),
        ("“He revisado este plan y lo apruebo como PCP", "“I have reviewed this plan and I approve it as the PCP"),
        ("Este es mi plan.", "This is my plan."),
        ("programada para el 4 oct 2026", "scheduled Oct 4, 2026, 10:00 AM"),
    ):
        assert spanish in text
        assert english in text
        assert text.index(spanish) < text.index(english, text.index(spanish))


def test_what_people_wrote_stays_as_they_wrote_it_and_once() -> None:
    text = said(in_language("es"))
    assert text.count("I want to walk to the library twice a week.") == 1
    assert text.count("Call the crisis line, then the coordinator.") == 1


def test_a_draft_translation_says_so_on_every_page() -> None:
    made = in_language("ht")
    pages = page_texts(render_plan(made, shipped=SHIPPED).pdf)
    assert all("DRAFT TRANSLATION." in page for page in pages)
    assert "Draft translation: nobody has checked yet" in pages[0]
    reviewed = replace(made, catalogue=replace(made.catalogue, reviewed=True))
    assert "raft translation" not in said(reviewed)


def test_english_alone_repeats_nothing() -> None:
    html = write_plan(paper(), shipped=SHIPPED).html
    assert 'class="en"' not in html
    assert 'class="ours"' not in html


def test_a_plan_isnt_made_in_a_language_that_lacks_one_of_its_texts() -> None:
    lacking = Catalogue(
        "es", True, {key: text for key, text in catalogues()["es"].messages.items() if "goals" not in key}
    )
    made = replace(paper(), catalogue=lacking)
    assert "My goals" in write_plan(made, shipped=SHIPPED).missing
    with pytest.raises(InputFault, match="have no translation"):
        render_plan(made, shipped=SHIPPED)


def test_a_sites_own_title_for_its_plans_needs_no_translation() -> None:
    made = in_language("es", paper(titles={"BH": "B", "LTSS": "Person-Centered Plan"}))
    assert write_plan(made, shipped=SHIPPED).missing == set()


def test_right_to_left_the_page_flows_so_and_english_within_it_does_not() -> None:
    html = write_plan(in_language("ar", full_paper()), shipped=SHIPPED).html
    assert '<html lang="en-US" dir="rtl">' in html
    assert f'<span class="own" lang="ar" dir="rtl">{ARABIC}</span>' in html
    assert '<td dir="ltr">Sampleville Family Practice, (617)\u00a0555-0177</td>' in html
    assert '<section class="signatures" dir="ltr">' in html


def test_values_within_right_to_left_text_keep_their_own_direction() -> None:
    say = Phrases(catalogues()["ar"])
    told = say("The ombudsman helps me free of charge: %(who)s.", who="(855) 781-9898")
    assert "\u2068(855)\u00a0781-9898\u2069" in told.text
    assert told.in_english == "The ombudsman helps me free of charge: (855) 781-9898."


LINE_OF_18 = 24.4
"""Points from the lowest to the highest reach of a line of Noto Sans in 18 points (1.362 em)."""


def characters(pdf: bytes) -> list[tuple[int, float, str]]:
    """Page, height of its line and character of everything drawn between the head and the foot of each page."""
    found = []
    with pypdfium2.PdfDocument(pdf) as opened:
        for number, page in enumerate(opened):
            words = page.get_textpage()
            for index in range(words.count_chars()):
                _left, bottom, _right, top = words.get_charbox(index, loose=True)
                text = words.get_text_range(index, 1)
                if text.strip() and bottom > 1.35 * 72 and top < page.get_height() - 1.3 * 72:
                    found.append((number, top - bottom, text))
    return found


@pytest.fixture(scope="module")
def large():  # type: ignore[no-untyped-def]
    return render_plan(replace(paper(), large_print=True), shipped=SHIPPED)


def test_large_print_sets_all_that_the_member_reads_in_18_points(large) -> None:  # type: ignore[no-untyped-def]
    last = large.boxes["PCPSig"].page
    small = {char[2] for char in characters(large.pdf) if char[0] < last and char[1] < LINE_OF_18}
    assert small == set()


def test_large_print_has_one_column_and_no_table(large) -> None:  # type: ignore[no-untyped-def]
    assert "<table" not in write_plan(replace(paper(), large_print=True), shipped=SHIPPED).html
    texts = " ".join(page_texts(large.pdf))
    for words in ("Medicine", "Examplol 10 mg", "Provider and contact: Sampleville Home Care", "One in the morning"):
        assert words in texts


@pytest.mark.parametrize("tag", [None, *PLAN_LANGUAGES])
@pytest.mark.parametrize("large_print", [False, True])
def test_both_boxes_and_the_three_squares_stand_on_one_page(tag: str | None, large_print: bool) -> None:
    acts = member(guardian_name="Gerda Guardianton", guardian_relation="parent")
    made = replace(paper(member=acts), catalogue=catalogues()[tag] if tag else None, large_print=large_print)
    rendered = render_plan(made, shipped=SHIPPED)
    boxes = [rendered.boxes[name] for name in ("MemberSig", "PCPSig", "RegisterA", "RegisterB", "RegisterC")]
    assert {box.page for box in boxes} == {rendered.pages - 1}
    assert boxes[0].y0 > boxes[1].y1
    assert min(box.y0 for box in boxes) > 1.2 * 72, "nothing reaches the code in the corner"


def test_the_site_may_review_a_catalogue_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "letters" / "locale"
    folder.mkdir(parents=True)
    text = (SHIPPED / "letters/locale/es.po").read_text("utf-8").replace("Mis metas", "Mis objetivos")
    (folder / "es.po").write_text(text, "utf-8")
    own = load_catalogues((tmp_path, SHIPPED))["es"]
    assert "Mis objetivos" in said(replace(paper(), catalogue=own))

"""The plan on paper: everything its readers need, nothing that the CP may not say, boxes where the signers sign."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from cpdocs.core.marks import PageMark, Paper, parse_mark
from cpdocs.core.plans import (
    AboutMe,
    Goal,
    Medication,
    Part2,
    Reconciliation,
    Representative,
    Transition,
    TransitionKind,
)
from cpdocs.documents import service_views
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.pdf import Rendered
from cpdocs.documents.phrases import Phrases
from cpdocs.documents.plans import content_stub, render_cover, render_plan, undrawable, write_plan
from cpdocs.errors import InputFault
from tests.documents.papers import (
    CHINESE,
    CONSENT,
    DOCUMENT_ID,
    GEEZ,
    SHIPPED,
    bh_paper,
    full_paper,
    html_text,
    member,
    page_texts,
    paper,
    plan,
    quantity,
    service,
    text_of,
)

ENGLISH = Phrases()


@pytest.fixture(scope="module")
def ltss():
    return render_plan(paper(), shipped=SHIPPED)


@pytest.fixture(scope="module")
def ltss_text(ltss):
    return text_of(ltss.pdf)


def fullness(made: Rendered) -> list[float]:
    """How far down each page before the signatures is written, as a share of the height between head and foot."""
    shares = []
    with pypdfium2.PdfDocument(made.pdf) as opened:
        for page in list(opened)[: made.boxes["MemberSig"].page]:
            picture = page.render(scale=0.5, grayscale=True).to_numpy()
            body = picture[int(len(picture) * 1.38 / 11) : int(len(picture) * 9.7 / 11)]
            shares.append(((body < 140).any(axis=1).nonzero()[0].max() + 1) / len(body))
    return shares


@pytest.mark.parametrize("tag", ["", "es", "ar", "ru"])
def test_no_page_holds_the_end_of_a_section_alone(ltss: Rendered, tag: str) -> None:
    made = ltss
    if tag:
        made = render_plan(replace(paper(), catalogue=load_catalogue((SHIPPED,), tag)), shipped=SHIPPED)
    assert min(fullness(made)) > 0.4
    (rights,) = [text for text in page_texts(made.pdf) if "I may have a copy" in text]
    assert "This is my plan." in rights
    assert "MassHealth Customer Service" in rights


def printed(**changes: object) -> str:
    """What the plan says, without laying it out."""
    return html_text(write_plan(paper(plan(**changes)), shipped=SHIPPED).html)


def test_the_sections_come_in_the_order_of_the_work(ltss_text):
    headings = [
        "Care Plan",
        "A Community Partner does not authorize services.",
        "Dates and reason for this version",
        "Care team",
        "About me",
        "What the assessment found",
        "My goals",
        "Services and supports",
        "The member's choice",
        "Medicines, as reported",
        "Risks and safety",
        "Moves between settings of care",
        "Staying well, and help in the community",
        "Who else coordinates, and who does what",
        "My rights",
        "Signatures",
    ]
    places = [ltss_text.find(heading) for heading in headings]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(
    "fact",
    [
        "Testina Samplewick",
        "May 17, 1970",
        "100000000001",
        "E0000001",
        "Example Health Plan",
        "Ada Mockworth, MD (NPI 1234567893)",
        "Sampleville Family Practice, (617) 555-0177",
        "Olga Examplesen, (617) 555-0122",
        "A move between settings of care Back home after a stay in hospital",
        "September 27, 2026",
        "October 5, 2027",
        "Norbert Demonstratus",
        "I want to walk to the library twice a week.",
        "Try the new walker at home",
        "told by the member",
        "14 hours per week, authorized by Example Third Party Administrator (Prior authorization notice)",
        "Pat Placeholder (friend)",
        "Examplol 10 mg",
        "Member report at home visit",
        "Missed doses",
        "Call the crisis line",
        "If the aide does not come",
        "within 72 hours of discharge",
        "Oct 9, 2026",
        "Walking group: Tuesdays",
        "Food pantry: groceries",
        "Done on Oct 6, 2026. Outcome: not eligible.",
        "ACCS plan of March",
        "My Ombudsman",
        "file a grievance",
        "800-841-2900",
        "Own apartment",
        "use a dark pen",
        "A copy was given to the member on November 2, 2026 (paper, English).",
    ],
)
def test_the_plan_says(ltss_text, fact):
    assert fact in ltss_text


def test_every_page_carries_its_number_the_plans_id_version_and_digest(ltss):
    texts = page_texts(ltss.pdf)
    assert len(texts) == ltss.pages >= 4
    stubs = set()
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {ltss.pages}" in text
        assert f"Plan {DOCUMENT_ID} · version 1 · content " in text
        stubs.add(text.split("content ")[1][:9])
    assert len(stubs) == 1


def test_the_digest_on_the_pages_changes_with_the_words():
    assert content_stub({"goal": "walk"}) != content_stub({"goal": "talk"})


def test_the_same_plan_gives_the_same_bytes(ltss):
    assert render_plan(paper(), shipped=SHIPPED).pdf == ltss.pdf


def test_the_signature_boxes_stand_on_the_signature_page_and_apart(ltss):
    texts = page_texts(ltss.pdf)
    mine, theirs = ltss.boxes["MemberSig"], ltss.boxes["PCPSig"]
    assert (
        mine.page
        == theirs.page
        == next(index for index, text in enumerate(texts) if "Signatures Sign on a screen" in text)
    )
    assert mine.y0 > theirs.y1
    for box in (mine, theirs):
        assert box.width > 200
        assert box.height > 50
        assert 0 < box.x0 < box.x1 < 612
        assert 0 < box.y0 < box.y1 < 792


def test_there_are_three_squares_to_line_a_scan_up_by_and_not_in_line(ltss):
    first, second, third = (ltss.boxes[f"Register{letter}"] for letter in "ABC")
    assert first.page == second.page == third.page == ltss.boxes["MemberSig"].page
    assert (first.y0, second.x0) == (second.y0, third.x0)
    assert first.x0 < second.x0
    assert second.y0 - third.y0 > 400


def test_the_signature_page_says_what_each_signature_means_and_what_a_designee_attests(ltss, ltss_text):
    page = page_texts(ltss.pdf)[ltss.boxes["PCPSig"].page]
    assert "“I took part in making this plan and I approve it.”" in page
    assert (
        "“I have reviewed this plan and I approve it as the PCP, or as the PCP's designee: designated by the PCP"
        in page
    )
    for line in (
        "Name in print",
        "Credential",
        "NPI",
        "Date",
        "on the member's care team",
        "face-to-face contact with the PCP",
    ):
        assert line in page


def test_the_behavioral_health_plan_has_its_own_title_and_no_empty_choice_section():
    text = html_text(write_plan(bh_paper(), shipped=SHIPPED).html)
    assert "Treatment Plan" in text
    assert "Behavioral Health Community Partner (BH CP)" in text
    assert "The member's choice" not in text


def test_a_site_may_call_its_plans_otherwise():
    text = html_text(write_plan(paper(titles={"BH": "B", "LTSS": "Person-Centered Plan"}), shipped=SHIPPED).html)
    assert "Person-Centered Plan" in text


def test_an_ltss_plan_without_evidence_of_choice_says_so():
    assert "Choice of services and providers Not recorded" in printed(choice=None)


@pytest.mark.parametrize("authorizer", ["", "  "])
def test_an_amount_without_an_authorizer_is_never_shown(authorizer):
    text = printed(services=(service(quantity=quantity(authorizer)),))
    assert "Personal care attendant" in text
    assert "14" not in text.split("Services and supports")[1].split("The member's choice")[0]


def test_an_unpaid_helpers_amount_follows_the_same_rule():
    text = printed(services=(service(paid=False, quantity=quantity("")),))
    assert "14 hours" not in text


def test_affiliation_is_shown_with_the_day_it_was_disclosed():
    assert "Yes; told on Oct 1, 2026" in printed(
        services=(service(affiliated=True, affiliation_disclosed_on=date(2026, 10, 1)),)
    )
    assert "Yes; not disclosed" in printed(services=(service(affiliated=True),))
    assert "Not stated" in printed(services=(service(affiliated=None),))


def test_medicines_are_never_called_reconciled_without_a_named_clinician(ltss_text):
    assert "Not reconciled. This list is what was reported." in ltss_text
    assert "Reconciled by" not in ltss_text


def test_a_named_clinician_reconciles():
    text = printed(medications_reconciled_by=Reconciliation("Ana Fictitia", "RN", date(2026, 10, 9), "1558598797"))
    assert "Reconciled by Ana Fictitia, RN, NPI 1558598797, on October 9, 2026." in text
    assert "Not reconciled" not in text


def test_what_holds_nothing_is_named_once_and_takes_no_page_of_its_own():
    text = printed(
        goals=(), services=(), medications=(), risks=(), crisis_plan="", backup_plan="", emergency_contacts=(),
        transitions=(),
        coordination=(), care_team=(), needs=(), about_me=AboutMe(), health_and_wellness=(), community_resources=(),
        flexible_services_screen=None,
    )  # fmt: skip
    assert (
        "Nothing is recorded under: Care team; About me; What the assessment found; My goals; Moves between settings "
        "of care; Staying well, and help in the community; Who else coordinates, and who does what; Services and "
        "supports; Risks and safety My rights"
    ) in text
    assert "No medicine was reported." in text
    assert "Not recorded" not in text
    partly = printed(crisis_plan="", risks=())
    assert "Nothing is recorded under: Risk; In a crisis My rights" in partly


def test_facts_are_said_in_words_and_moments_in_one_way():
    told = plan().member
    text = printed(
        member=replace(told, interpreter="yes"),
        transitions=(
            Transition(
                TransitionKind.ADMISSION,
                "Sampleville Hospital",
                admitted=datetime(2026, 10, 21, 13, tzinfo=UTC),
                discharged=datetime(2026, 10, 23, 18, tzinfo=UTC),
            ),
        ),
    )
    assert "Interpreter Needed" in text
    assert "Admitted Oct 21, 2026, 9:00 AM" in text
    assert "Discharged Oct 23, 2026, 2:00 PM" in text


def test_a_column_that_holds_nothing_is_left_out():
    assert "Directions" not in printed(medications=(Medication("Examplol"),))
    assert "Directions" in printed(medications=(Medication("Examplol", "One a day"),))


@pytest.mark.parametrize(
    ("hours", "words"),
    [(72, "(within 72 hours of discharge)"), (73, "(LATE by 1 hour: due by"), (96, "(LATE by 24 hours: due by")],
)
def test_the_home_visit_is_held_against_72_clock_hours(hours, words):
    left = datetime(2026, 10, 2, 19, 30, tzinfo=UTC)
    item = Transition(
        TransitionKind.DISCHARGE, "X", discharged=left, home_visit_scheduled=left + timedelta(hours=hours)
    )
    assert words in service_views.home_visit_text(item, ENGLISH).text


def test_a_home_visit_that_nobody_scheduled_is_flagged():
    item = Transition(TransitionKind.DISCHARGE, "X", discharged=datetime(2026, 10, 2, 19, 30, tzinfo=UTC))
    assert (
        service_views.home_visit_text(item, ENGLISH).text
        == "NOT SCHEDULED; due by Oct 5, 2026, 3:30 PM (72 hours after discharge)"
    )


def test_a_minor_is_signed_for_by_the_guardian_of_the_roster():
    child = member(dob=date(2014, 1, 1), guardian_name="Gerda Guardianton", guardian_relation="parent")
    rendered = render_plan(paper(member=child), shipped=SHIPPED)
    page = page_texts(rendered.pdf)[rendered.boxes["MemberSig"].page]
    assert "Signature for Testina Samplewick: Gerda Guardianton (parent)" in page


def test_the_plans_own_representative_comes_first():
    text = printed(representative=Representative("Rita Proxymann", "sister", "health care proxy"))
    assert "Rita Proxymann, sister, health care proxy" in text
    assert "Signature for Testina Samplewick: Rita Proxymann (sister, health care proxy)" in text


def test_part_2_records_bring_the_statement_word_for_word_and_the_consents_scope():
    text = printed(part2=Part2(applies=True, consent=CONSENT))
    assert (
        "This record which has been disclosed to you is protected by Federal confidentiality rules (42 CFR part 2)."
        in text
    )
    assert (
        "is NOT sufficient to meet the required elements of written consent to further use or redisclose the "
        "record (see 42 CFR 2.31)."
    ) in text
    assert "My care plan, with substance use items" in text
    assert "Ends on October 6, 2027" in text
    assert "Holds records protected by 42 CFR part 2" in text


def test_part_2_records_without_consent_are_not_rendered():
    with pytest.raises(InputFault, match="no consent"):
        render_plan(paper(plan(part2=Part2(applies=True))), shipped=SHIPPED)


def test_one_flagged_item_is_enough_for_the_statement():
    goals = (Goal("I want to stay well.", part2=True),)
    assert "42 CFR 2.32(a)(1)" in printed(goals=goals, part2=Part2(applies=False, consent=CONSENT))


def test_a_plan_without_part_2_records_says_nothing_of_them(ltss_text):
    assert "42 CFR" not in ltss_text


def test_members_words_in_any_script_are_drawn_with_their_language():
    rendered = render_plan(full_paper(), shipped=SHIPPED)
    text = text_of(rendered.pdf)
    for words in (CHINESE, GEEZ):
        assert words in text
    with pikepdf.open(io.BytesIO(rendered.pdf)) as opened:
        languages = {
            str(item.Lang)
            for item in opened.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Lang") is not None
        }
    assert {"km", "ar", "zh-Hans", "am"} <= languages


def test_markup_in_a_members_words_is_printed_and_not_obeyed():
    text = printed(goals=(Goal("<b>walk</b> & <script>x</script>"),))
    assert "<b>walk</b> & <script>x</script>" in text


def test_long_words_break_and_stay_on_the_page():
    long = "Wolfeschlegelsteinhausenbergerdorff" * 6
    rendered = render_plan(
        paper(plan(services=(service(name=long, provider=long, funding_source=long),), goals=(Goal(long),))),
        shipped=SHIPPED,
    )
    with pikepdf.open(io.BytesIO(rendered.pdf)) as opened:
        assert len(opened.pages) == rendered.pages
    assert "".join(text_of(rendered.pdf).split()).count(long) == 4


def test_what_no_font_can_draw_is_refused_by_field_without_its_words():
    bad = plan(goals=(Goal("walk \ue000 home"),), about_me=AboutMe(what_works="\U000f0000"))
    assert [problem.where for problem in undrawable(bad, (SHIPPED,))] == ["about_me.what_works", "goals[0].goal"]
    with pytest.raises(InputFault) as caught:
        render_plan(paper(bad), shipped=SHIPPED)
    shown = " ".join(str(problem) for problem in caught.value.problems)
    assert "U+E000" in shown
    assert "walk" not in shown


def test_a_name_from_the_roster_that_cannot_be_drawn_is_refused_too():
    with pytest.raises(InputFault) as caught:
        render_plan(paper(member=member(last_name="Sample\ue000")), shipped=SHIPPED)
    assert caught.value.problems[0].where == "roster, directory or settings"


def test_a_sites_template_without_signature_boxes_is_refused(tmp_path):
    site = tmp_path / "plan"
    site.mkdir()
    text = (SHIPPED / "plan" / "signatures.html").read_text("utf-8").replace('id="PCPSig"', "")
    (site / "signatures.html").write_text(text, "utf-8")
    with pytest.raises(InputFault, match="PCPSig"):
        render_plan(paper(), shipped=SHIPPED, site=tmp_path)


def test_the_plan_has_no_form_and_no_object_streams(ltss):
    with pikepdf.open(io.BytesIO(ltss.pdf)) as opened:
        assert "/AcroForm" not in opened.Root
    assert b"/ObjStm" not in ltss.pdf


def test_the_title_names_no_member(ltss):
    with pikepdf.open(io.BytesIO(ltss.pdf)) as opened:
        assert str(opened.docinfo.Title) == f"Care Plan, version 1, {DOCUMENT_ID}"


def test_a_sandbox_plan_says_so_on_every_page():
    texts = page_texts(render_plan(paper(sandbox=True), shipped=SHIPPED).pdf)
    assert all("PRACTICE MATERIAL, NOT A REAL PLAN." in text for text in texts)


@pytest.fixture(scope="module")
def cover():
    return render_cover(paper(), pages=7, shipped=SHIPPED)


def test_the_cover_is_one_page_and_says_what_is_asked_by_when_and_whose_rule_it_is(cover):
    assert cover.pages == 1
    text = text_of(cover.pdf)
    for words in (
        "Kim Keyholder",
        "Please approve or return within seven business days of receipt.",
        "the day of receipt is day 0",
        "The period is Example Health Plan's, not a rule of the state.",
        "Signing is no order and authorizes no service.",
        "Review the medication list",
        "face-to-face contact with the PCP",
        "(617) 555-0101",
        "plans@cp.example.org",
        "send all 7 pages",
        "Confidential.",
    ):
        assert words in text


def test_the_cover_shows_initials_and_year_of_birth_and_no_more_of_the_member(cover):
    text = text_of(cover.pdf)
    assert "T.S., born 1970" in text
    for hidden in ("Testina", "Samplewick", "May 17", "100000000001", "Behavioral", "LTSS", "E0000001", "42 CFR"):
        assert hidden not in text


def test_the_cover_states_the_payers_own_number_of_days():
    from cpdocs.core.senders import Payer, Senders
    from tests.documents.papers import SENDER

    senders = Senders(SENDER, payers={"Example Health Plan": Payer("Example Health Plan", due_days=12)})
    assert "within 12 business days of receipt" in text_of(
        render_cover(paper(senders=senders), pages=3, shipped=SHIPPED).pdf
    )


def test_the_cover_counts_suffolks_holidays_where_the_practice_keeps_them():
    base = paper()
    suffolk = replace(base, practice=replace(base.practice, suffolk_holidays=True))
    assert "March 17 and June 17" in text_of(render_cover(suffolk, pages=3, shipped=SHIPPED).pdf)


def test_the_practices_own_way_back_comes_first():
    base = paper()
    mail = replace(base, practice=replace(base.practice, return_channel="secure_email"))
    text = text_of(render_cover(mail, pages=3, shipped=SHIPPED).pdf)
    assert text.index("(encrypt it)") < text.index("Fax (617) 555-0101")


def test_the_covers_codes_say_that_it_is_one_and_no_page_of_the_plan(cover):
    import pypdfium2
    import zxingcpp

    with pypdfium2.PdfDocument(cover.pdf) as opened:
        found = zxingcpp.read_barcodes(opened[0].render(scale=2).to_pil().convert("L"))
    marks = [parse_mark(code.text) for code in found]
    assert marks == [PageMark(paper().document_id, 1, 1, Paper.COVER)] * 2


SHARED = Path(__file__).parents[3] / "shared" / "data" / "synthea-ma" / "plans"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample plans aren't beside this repository")
def test_every_shared_sample_plan_can_be_put_on_paper():
    from cpdocs.intake.plan_file import read_plan

    for file in sorted(SHARED.glob("*.yaml")):
        text = html_text(write_plan(paper(read_plan(file.read_bytes(), file.name)), shipped=SHIPPED).html)
        assert "My rights" in text
        assert "None" not in text


def test_the_period_is_the_payers_only_where_its_settings_say_so():
    from cpdocs.core.senders import Senders
    from tests.documents.papers import SENDER

    text = text_of(render_cover(paper(senders=Senders(SENDER)), pages=3, shipped=SHIPPED).pdf)
    assert f"The period is {SENDER.name}'s own, not a rule of the state or of the health plan." in text


def test_an_ltss_plan_says_that_it_is_one_part_of_the_health_plans(ltss_text):
    assert "This plan is one part of the care plan that your ACO or MCO holds." in ltss_text

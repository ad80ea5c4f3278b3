"""What a plan's words may not say is found wherever it stands, and compared with the record, not with bare words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cpdocs.core.plan_lint import in_member_words
from cpdocs.core.plan_rules import check_plan
from cpdocs.core.plans import Goal, Medication, Part2, Plan, Reason, Representative, Transition, TransitionKind
from tests.core.plans_made import CONSENT, ON, header, ltss, plan, quantity, register, service


def codes(found: Plan, kind: str, **record: str) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in getattr(check_plan(found, register(**record), ON), kind)]


@pytest.mark.parametrize(
    "words",
    ["PCA 14 hours a week", "Adult day health, 3 days", "Nursing twice a week", "two visits per month", "PT 2x/week"],
)
@pytest.mark.parametrize("field", ["name", "comment"])
def test_an_amount_in_words_needs_its_authorizer_too(words: str, field: str) -> None:
    found = ("quantity_without_authorizer", f"services[0].{field}")
    assert found in codes(ltss(services=(service(**{field: words}),)), "errors")
    authorized = service(**{field: words}, quantity=quantity())
    assert found not in codes(ltss(services=(authorized,)), "errors")


@pytest.mark.parametrize("words", ["Personal care attendant", "Helps since 2 years ago", "Ages 3 and up", "24/7 line"])
def test_numbers_that_are_no_amount_are_let_be(words: str) -> None:
    assert codes(ltss(services=(service(comment=words),)), "errors") == []


@pytest.mark.parametrize("name", ["SAMPLE CP", "Sample CP, Inc.", "sample-cp", "Hedgerow Specimen"])
def test_the_cp_never_authorizes_however_its_name_is_written(name: str) -> None:
    found = codes(ltss(services=(service(quantity=quantity(authorized_by=name)),)), "errors")
    assert ("quantity_without_authorizer", "services[0].quantity.authorized_by") in found


def test_the_rosters_name_of_the_cp_counts_as_its_own() -> None:
    found = ltss(services=(service(quantity=quantity(authorized_by="Bay Colony LTSS Partners Inc.")),))
    assert ("quantity_without_authorizer", "services[0].quantity.authorized_by") in codes(
        found, "errors", cp_org="BAY COLONY LTSS PARTNERS"
    )
    assert codes(found, "errors") == []


@pytest.mark.parametrize("provider", ["Sample CP LLC", "SAMPLE  CP"])
@pytest.mark.parametrize("stated", [False, None])
def test_a_provider_that_bears_the_cps_name_is_affiliated_whatever_the_plan_says(
    provider: str, stated: bool | None
) -> None:
    found = ltss(services=(service(provider=provider, affiliated=stated),))
    assert ("affiliation_undisclosed", "services[0].affiliated") in codes(found, "errors")


@pytest.mark.parametrize("words", ["The member is entitled to rides", "Hours granted", "Covered up to the limit"])
def test_what_reads_as_if_the_cp_granted_it_is_told(words: str) -> None:
    found = codes(ltss(services=(service(comment=words),)), "errors")
    assert ("authorization_wording", "services[0].comment") in found


@pytest.mark.parametrize("words", ["A covered service", "Not granted yet", "Asks the ACO whether it is covered"])
def test_saying_what_kind_it_is_or_that_it_was_not_granted_is_none(words: str) -> None:
    assert codes(ltss(services=(service(comment=words),)), "errors") == []


def test_an_update_says_why_in_words() -> None:
    later = plan(plan=header(version=2, reason=Reason.CHANGE))
    assert ("update_reason_missing", "plan.reason_text") in codes(later, "warnings")
    told = replace(later, plan=replace(later.plan, reason_text="After the discharge."))
    assert codes(told, "warnings") == []


def test_the_representative_is_held_against_the_rosters_guardian() -> None:
    acts = Representative("Rowan Sample", "sister", "Guardianship decree of 2025-02-03")
    assert codes(plan(representative=acts), "warnings", guardian_name="Sample, Rowan") == []
    assert ("representative_differs", "representative.name") in codes(
        plan(representative=acts), "warnings", guardian_name="Juniper Example"
    )
    assert ("representative_differs", "representative") in codes(plan(), "warnings", guardian_name="Juniper Example")
    bare = plan(representative=Representative("Rowan Sample", "sister"))
    assert ("representative_authority_missing", "representative.authority") in codes(bare, "warnings")


@pytest.mark.parametrize("words", [("mother", "Decree"), ("guardian", "Parent of a minor")])
def test_who_acts_for_a_grown_member_as_for_a_minor_is_doubted(words: tuple[str, str]) -> None:
    found = codes(plan(representative=Representative("Rowan Sample", *words)), "warnings")
    assert ("representative_of_adult", "representative") in found


def test_a_consent_names_its_patient_and_its_signer() -> None:
    named = replace(CONSENT, patient="Somebody Else")
    found = plan(part2=Part2(applies=True, consent=named))
    assert ("part2_consent_incomplete", "part2.consent.patient") in codes(found, "errors")
    acts = Representative("Rowan Sample", "sister", "Guardianship decree", since=date(2025, 2, 3))
    found = plan(part2=Part2(applies=True, consent=CONSENT), representative=acts)
    assert ("part2_consent_incomplete", "part2.consent.signed_by") in codes(found, "errors")


def test_after_a_discharge_each_medicine_says_where_it_was_learned_and_when() -> None:
    home = Transition(TransitionKind.DISCHARGE, "Sample Hospital")
    found = plan(transitions=(home,), medications=(Medication("Naproxen", source="Home visit"),))
    assert ("medication_source_missing", "medications[0]") in codes(found, "warnings")
    dated = replace(found, medications=(replace(found.medications[0], as_of=date(2026, 10, 28)),))
    assert ("medication_source_missing", "medications[0]") not in codes(dated, "warnings")


@pytest.mark.parametrize("words", ["A known addict.", "Is non-compliant with visits", "suffers from asthma"])
def test_a_label_is_named_with_what_says_it_instead(words: str) -> None:
    (one,) = check_plan(plan(crisis_plan=words), register(), ON).warnings
    assert (one.code, one.where) == ("person_first_language", "crisis_plan")
    assert one.todo.startswith("Say: ")


@pytest.mark.parametrize(
    "words",
    [
        "Quiero caminar sin dolor",
        "Eu quero voltar a trabalhar",
        "Je veux dormir mieux",
        "Mwen vle lekòl",
        "Tôi muốn đi bộ",
    ],
)
def test_the_member_speaks_in_many_languages(words: str) -> None:
    assert in_member_words(Goal(words))
    assert not in_member_words(Goal("Reduce hospital use"))


@pytest.mark.parametrize(
    "words",
    [
        "Is non\u2011compliant",
        "An ADDICT",
        "ａｄｄｉｃｔ",
        "ad\u00addict",
        "misused pills",
        "drug\u00a0abuser",
        "alcoholics",
    ],
)
def test_a_label_is_found_however_it_is_typed(words: str) -> None:
    assert ("person_first_language", "crisis_plan") in codes(plan(crisis_plan=words), "warnings")


@pytest.mark.parametrize("words", ["14\u00a0hours a week", "１４ hours", "two\u2011visits", "3\nsessions"])
def test_an_amount_is_found_however_it_is_typed(words: str) -> None:
    found = codes(ltss(services=(service(comment=words),)), "errors")
    assert ("quantity_without_authorizer", "services[0].comment") in found


def test_a_site_adds_words_of_its_own() -> None:
    checked = check_plan(plan(crisis_plan="Hard to serve"), register(), ON, avoided=[("hard to serve", "what we lack")])
    assert [(one.code, one.todo) for one in checked.warnings] == [("person_first_language", "Say: what we lack.")]
    asked = plan(pcp_actions=("Tell the addict to come",))
    assert ("person_first_language", "pcp_actions[0]") in codes(asked, "warnings")


@pytest.mark.parametrize("words", ["Я хочу ходить", "أريد أن أمشي", "我想自己走路", "ខ្ញុំចង់ដើរ", "N ta kre anda"])
def test_other_scripts_are_the_members_own(words: str) -> None:
    assert in_member_words(Goal(words))


def test_what_reads_as_a_grant_is_told_in_every_field_that_the_cp_owns() -> None:
    found = codes(plan(crisis_plan="Rides are granted by us", backup_plan="Entitled to 2 rides"), "errors")
    assert ("authorization_wording", "crisis_plan") in found
    assert ("authorization_wording", "backup_plan") in found

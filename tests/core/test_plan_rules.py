"""What plan check says: every error and every warning, each by the field that it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from cpdocs.core.enrollment import Choice as Word
from cpdocs.core.enrollment import Enrollment, Statement
from cpdocs.core.members import Program
from cpdocs.core.part2_rules import part2_problems
from cpdocs.core.plan_rules import check_plan
from cpdocs.core.plans import (
    Choice,
    CopyGiven,
    Goal,
    Medication,
    MemberDetails,
    Need,
    NeedDomain,
    Part2,
    Plan,
    PlanStatus,
    Representative,
    Resource,
    Risk,
    Step,
    Transition,
    TransitionKind,
)
from cpdocs.core.providers import Clinician, Directory
from cpdocs.core.register import Register
from tests.core.plans_made import CONSENT, ON, PCP, header, ltss, plan, quantity, register, service
from tests.core.rosters_made import GOOD


def errors(found: Plan, record: Register | None = None) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in check_plan(found, record or register(), ON).errors]


def warnings(found: Plan, record: Register | None = None) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in check_plan(found, record or register(), ON).warnings]


@pytest.mark.parametrize("sound", [plan(), ltss()])
def test_a_sound_plan_has_nothing_said_of_it(sound: Plan) -> None:
    checked = check_plan(sound, register(), ON)
    assert (checked.errors, checked.warnings) == ((), ())
    assert checked.assignment is not None
    assert checked.assignment.program == sound.program


@pytest.mark.parametrize(
    ("faulty", "code", "where"),
    [
        (plan(member_id="900000000009"), "member_unknown", "member_id"),
        (plan(plan=header(assessment_date=date(2026, 10, 29))), "assessment_after_plan", "plan.assessment_date"),
        (plan(plan=header(next_review=date(2027, 10, 29))), "review_over_12_months", "plan.next_review"),
        (
            plan(plan=header(plan_date=date(2028, 2, 29), next_review=date(2029, 3, 1))),
            "review_over_12_months",
            "plan.next_review",
        ),
        (plan(plan=header(status=PlanStatus.DRAFT)), "plan_is_draft", "plan.status"),
        (plan(practice_id="S09"), "practice_unknown", "practice_id"),
        (plan(pcp_npi="1558598797"), "pcp_unknown", "pcp_npi"),
        (plan(pcp_npi="1234567890"), "pcp_unknown", "pcp_npi"),
        (
            plan(services=(service(quantity=quantity(authorized_by="")),)),
            "quantity_without_authorizer",
            "services[0].quantity.authorized_by",
        ),
        (
            plan(services=(service(quantity=quantity(authorized_by="SAMPLE CP")),)),
            "quantity_without_authorizer",
            "services[0].quantity.authorized_by",
        ),
        (ltss(choice=None), "choice_not_offered", "choice"),
        (ltss(choice=Choice(True, True, True, False, True)), "choice_not_offered", "choice.provider_options_given"),
        (ltss(services=(service(), service(choice_offered=None))), "choice_not_offered", "services[1].choice_offered"),
        (ltss(services=(service(choice_offered=False),)), "choice_not_offered", "services[0].choice_offered"),
        (plan(services=(service(affiliated=True),)), "affiliation_undisclosed", "services[0].affiliation_disclosed_on"),
        (
            plan(services=(service(affiliated=True, affiliation_disclosed_on=date(2026, 10, 29)),)),
            "affiliation_undisclosed",
            "services[0].affiliation_disclosed_on",
        ),
        (plan(services=(service(provider="Sample CP"),)), "affiliation_undisclosed", "services[0].affiliated"),
        (plan(services=(service(comment="the hours are approved"),)), "authorization_wording", "services[0].comment"),
        (plan(services=(service(name="Authorized PCA hours"),)), "authorization_wording", "services[0].name"),
        (
            plan(services=(service(funding_source="Pre-authorised by the CP"),)),
            "authorization_wording",
            "services[0].funding_source",
        ),
        (
            plan(goals=(Goal("I want help", (Step("We authorize ten hours", "CP"),)),)),
            "authorization_wording",
            "goals[0].steps[0].step",
        ),
        (plan(risks=(Risk("Falls", "Rails are approved"),)), "authorization_wording", "risks[0].measure"),
        (
            plan(community_resources=(Resource("Rides", "Authorized weekly"),)),
            "authorization_wording",
            "community_resources[0].purpose",
        ),
        (plan(part2=Part2(applies=True)), "part2_consent_missing", "part2.consent"),
        (
            plan(needs=(Need(NeedDomain.SUBSTANCE_USE, "Recovery", part2=True),)),
            "part2_consent_missing",
            "part2.consent",
        ),
    ],
)
def test_each_fault_is_an_error_at_its_field(faulty: Plan, code: str, where: str) -> None:
    assert errors(faulty) == [(code, where)]


def test_bh_plans_need_no_evidence_of_choice() -> None:
    assert errors(plan(choice=None, services=(service(choice_offered=None),))) == []


def test_unpaid_supports_need_no_choice_evidence() -> None:
    assert errors(ltss(services=(service(paid=False, choice_offered=None),))) == []


@pytest.mark.parametrize(
    "harmless",
    [
        "Ask MassHealth to authorize more hours",
        "Not authorized by the Community Partner",
        "Request prior authorization through the TPA",
        "Wait for approval from the plan",
    ],
)
def test_asking_for_an_authorization_is_no_claim_of_one(harmless: str) -> None:
    assert errors(plan(services=(service(comment=harmless),))) == []


def test_the_members_own_words_and_others_authorizations_are_theirs() -> None:
    assert (
        errors(
            plan(
                goals=(Goal("I want my hours approved"),),
                services=(service(quantity=quantity(source="Approved by MassHealth")),),
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"status": "declined"}, "is declined"),
        ({"status": "disenrolled"}, "is disenrolled"),
        ({"status": "deceased"}, "is deceased"),
        ({"end_on": "2026-11-01"}, "has ended"),
        ({"program": "LTSS"}, "isn't assigned to BH"),
    ],
)
def test_a_plan_needs_a_live_assignment_to_its_program(changed: dict[str, str], reason: str) -> None:
    checked = check_plan(plan(), register(**changed), ON)
    assert [one.code for one in checked.errors] == ["member_not_enrolled"]
    assert reason in checked.errors[0].message
    assert checked.assignment is None


@pytest.mark.parametrize(
    ("word", "reason"), [(Word.DECLINED, "has declined"), (Word.CHANGED_CP, "asked for another CP")]
)
def test_a_members_own_word_ends_enrollment(word: Word, reason: str) -> None:
    record = register()
    said = Statement(word, date(2026, 11, 1), "telephone", "Larkspur Modelski", frozenset(record.assignments))
    checked = check_plan(plan(), replace(record, enrollment=Enrollment({(GOOD["member_id"], "BH"): said})), ON)
    assert [one.code for one in checked.errors] == ["member_not_enrolled"]
    assert reason in checked.errors[0].message


def test_a_clinician_who_is_no_pcp_of_the_practice_is_not_its_pcp() -> None:
    for row in (
        Clinician(PCP, "Testwell", "Alpha", "MD", "S02", "pcp", True),
        Clinician(PCP, "Testwell", "Alpha", "MD", "S01", "staff", True),
    ):
        directory = Directory(register().directory.practices, {PCP: (row,)})
        assert errors(plan(), replace(register(), directory=directory)) == [("pcp_unknown", "pcp_npi")]


def test_a_minor_needs_somebody_who_signs_for_them() -> None:
    record = register(dob="2015-01-01", guardian_name="Marrow Testwell")
    assert errors(ltss(), record) == [("minor_without_representative", "representative")]
    assert errors(ltss(representative=Representative("Marrow Testwell", "parent")), record) == []
    assert errors(ltss(), register(dob="2008-11-02")) == []


@pytest.mark.parametrize(
    "element",
    [
        *("discloser", "scope", "recipients", "purpose", "signed_on", "expires_on"),
        *("revocation", "redisclosure", "refusal"),
    ],
)
def test_a_consent_lacks_each_element_by_name(element: str) -> None:
    consent = replace(CONSENT, **{element: None if element.endswith("_on") else ""})
    assert errors(plan(part2=Part2(True, consent))) == [("part2_consent_incomplete", f"part2.consent.{element}")]


def test_a_consent_holds_through_its_last_day_and_not_after() -> None:
    found = plan(part2=Part2(True, replace(CONSENT, expires_on=ON)))
    assert part2_problems(found, ON) == ()
    assert [one.code for one in part2_problems(found, ON + timedelta(days=1))] == ["part2_consent_expired"]


def test_a_consent_may_expire_by_an_event() -> None:
    assert part2_problems(plan(part2=Part2(True, replace(CONSENT, expires_on=None, expires_when="none"))), ON) == ()


def test_a_revoked_or_unsigned_consent_is_none() -> None:
    assert [one.code for one in part2_problems(plan(part2=Part2(True, replace(CONSENT, revoked_on=ON))), ON)] == [
        "part2_consent_revoked"
    ]
    ahead = part2_problems(plan(part2=Part2(True, replace(CONSENT, signed_on=ON + timedelta(days=1)))), ON)
    assert [(one.code, one.where) for one in ahead] == [("part2_consent_incomplete", "part2.consent.signed_on")]


def test_a_consent_matters_only_where_part2_records_are_carried() -> None:
    assert part2_problems(plan(part2=Part2(False, replace(CONSENT, revoked_on=ON))), ON) == ()
    flagged = plan(medications=(Medication("Buprenorphine", part2=True),), part2=Part2(False, CONSENT))
    assert part2_problems(flagged, ON) == ()


@pytest.mark.parametrize(
    ("doubtful", "code", "where"),
    [
        (plan(needs=(Need(NeedDomain.SUBSTANCE_USE, "Support"),)), "part2_item_unflagged", "needs[0].part2"),
        (
            plan(needs=(Need(NeedDomain.SOCIAL, "Rides"), Need(NeedDomain.MENTAL_HEALTH, "Alcohol use"))),
            "part2_item_unflagged",
            "needs[1].part2",
        ),
        (plan(medications=(Medication("Methadone 10 mg"),)), "part2_item_unflagged", "medications[0].part2"),
        (plan(services=(service(name="Substance use counseling"),)), "part2_item_unflagged", "services[0].part2"),
        (plan(goals=(Goal("I want to stay sober"),)), "part2_item_unflagged", "goals[0].part2"),
        (plan(goals=()), "no_goal_in_member_words", "goals"),
        (plan(goals=(Goal("Patient will comply with treatment"),)), "no_goal_in_member_words", "goals"),
        (plan(goals=(Goal("I want a home", in_member_words=False),)), "no_goal_in_member_words", "goals"),
        (plan(backup_plan=""), "backup_plan_missing", "backup_plan"),
        (plan(crisis_plan=""), "crisis_plan_missing", "crisis_plan"),
        (plan(copy_given=CopyGiven(ON, "paper", "Khmer")), "language_differs", "copy_given.language"),
        (plan(member=MemberDetails(language="Khmer")), "language_differs", "member.language"),
        (plan(plan=header(version=2)), "reason_is_initial", "plan.reason"),
        (plan(plan=header(next_review=ON)), "review_already_due", "plan.next_review"),
        (plan(plan=header(plan_date=date(2026, 11, 3))), "plan_date_in_future", "plan.plan_date"),
        (
            plan(services=(service(quantity=quantity(source="")),)),
            "quantity_without_source",
            "services[0].quantity.source",
        ),
        (ltss(services=(service(affiliated=None),)), "affiliation_not_stated", "services[0].affiliated"),
        (ltss(choice=Choice(True, True, False, True, True)), "member_does_not_agree", "choice.agrees_with_plan"),
    ],
)
def test_each_doubt_is_a_warning_at_its_field(doubtful: Plan, code: str, where: str) -> None:
    assert warnings(doubtful) == [(code, where)]
    assert errors(doubtful) == []


@pytest.mark.parametrize("words", ["My own home", "ខ្ញុំចង់រស់នៅផ្ទះរបស់ខ្ញុំ។", "أريد أن أعيش في بيتي."])
def test_first_person_and_other_scripts_read_as_the_members_words(words: str) -> None:
    assert warnings(plan(goals=(Goal(words),))) == []


def test_an_author_may_say_that_words_in_another_language_are_the_members() -> None:
    words = "Quiero vivir en mi propia casa."
    assert warnings(plan(goals=(Goal(words, in_member_words=True),))) == []


def test_another_pcp_on_the_roster_and_an_inactive_pcp_are_doubts() -> None:
    assert warnings(plan(), register(pcp_npi="1558598797")) == [("pcp_differs", "pcp_npi")]
    gone = Clinician(PCP, "Testwell", "Alpha", "MD", "S01", "pcp", False)
    directory = Directory(register().directory.practices, {PCP: (gone,)})
    assert warnings(plan(), replace(register(), directory=directory)) == [("pcp_inactive", "pcp_npi")]


def _discharge(hours: int | None) -> Plan:
    discharged = datetime(2026, 10, 30, 15, 0, tzinfo=UTC)
    visit = None if hours is None else discharged + timedelta(hours=hours)
    return plan(
        transitions=(
            Transition(TransitionKind.DISCHARGE, "Mockup General", discharged=discharged, home_visit_scheduled=visit),
        )
    )


def test_a_home_visit_is_due_within_seventy_two_hours_of_discharge() -> None:
    where = "transitions[0].home_visit_scheduled"
    assert warnings(_discharge(72)) == []
    assert warnings(_discharge(73)) == [("home_visit_late", where)]
    assert warnings(_discharge(None)) == [("home_visit_not_scheduled", where)]


def test_all_faults_are_told_at_once() -> None:
    faulty = ltss(
        plan=header(program=Program.LTSS, assessment_date=ON),
        pcp_npi="1",
        practice_id="x",
        choice=None,
        part2=Part2(True),
    )
    assert [code for code, _ in errors(faulty, Register())] == [
        "assessment_after_plan",
        "member_unknown",
        "practice_unknown",
        "pcp_unknown",
        "choice_not_offered",
        "part2_consent_missing",
    ]


def test_no_message_names_the_member() -> None:
    checked = check_plan(ltss(plan=header(program=Program.LTSS), choice=None), register(status="deceased"), ON)
    told = str([*checked.errors, *checked.warnings])
    assert not any(name in told for name in (GOOD["member_id"], GOOD["last_name"], GOOD["first_name"]))

"""Who may approve: the truth table of contract §6, then properties over every combination."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.providers import Clinician, Designation, Directory
from cpdocs.core.signers import Standing, may_approve
from cpdocs.core.verdicts import Verdict, worst

PCP, NURSE = "1234567893", "1558598797"
SIGNED = datetime(2026, 11, 2, 15, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 4, 15, tzinfo=UTC)
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)

PCP_ROW = Clinician(PCP, "Examplesen", "Olga", "MD", "P1", "pcp", True)
NURSE_ROW = Clinician(NURSE, "Samplewick", "Ned", "RN", "P1", "staff", True)
DESIGNATION = Designation(
    NURSE, PCP, frozenset({"plan_approval"}), True, True, date(2026, 1, 1), None, "Olga Examplesen, MD", RECORDED
)


def directory(
    *designations: Designation, pcp: tuple[Clinician, ...] = (PCP_ROW,), nurse: tuple[Clinician, ...] = (NURSE_ROW,)
) -> Directory:
    rows = {npi: rows for npi, rows in ((PCP, pcp), (NURSE, nurse)) if rows}
    return Directory({}, rows, designations)


def judge(
    on_record: Directory,
    *,
    signer: str = NURSE,
    signed: datetime = SIGNED,
    received: datetime = RECEIVED,
    then: Directory | None = None,
    current_pcp: str | None = PCP,
    member: str = "100000000001",
) -> Standing:
    return may_approve(
        signer_npi=signer,
        pcp_npi=PCP,
        practice_id="P1",
        member_id=member,
        directory=on_record,
        signed_at=signed,
        received_at=received,
        directory_then=then,
        current_pcp_npi=current_pcp,
    )


def codes(standing: Standing) -> list[str]:
    return [each.code for each in standing.findings]


def test_the_plans_pcp_may_approve_without_any_designation() -> None:
    standing = judge(directory(), signer=PCP)
    assert standing.may_approve
    assert (standing.role, standing.on_behalf_of, standing.clinician) == ("pcp", "", PCP_ROW)


def test_a_designee_in_good_standing_may_approve_on_the_pcps_behalf() -> None:
    standing = judge(directory(DESIGNATION))
    assert standing.may_approve
    assert (standing.role, standing.on_behalf_of, standing.clinician) == ("pcp_designee", PCP, NURSE_ROW)


@pytest.mark.parametrize("credential", ["RN", "MD", "DO", "NP", "PA", "rn"])
def test_each_eligible_credential_may_be_designated(credential: str) -> None:
    assert judge(directory(DESIGNATION, nurse=(replace(NURSE_ROW, credential=credential),))).may_approve


@pytest.mark.parametrize("credential", ["LPN", "MA", "LICSW", "PHARMD", "CHW", ""])
def test_other_credentials_are_rejected_even_when_designated(credential: str) -> None:
    standing = judge(directory(DESIGNATION, nurse=(replace(NURSE_ROW, credential=credential),)))
    assert codes(standing) == ["credential_not_eligible"]
    assert worst(standing.findings) is Verdict.REJECTED


def test_the_pcps_own_credential_is_not_asked_for() -> None:
    assert judge(directory(pcp=(replace(PCP_ROW, credential="ND"),)), signer=PCP).may_approve


def test_a_stranger_is_held_and_nothing_else_is_said_of_them() -> None:
    standing = judge(directory(DESIGNATION, nurse=()))
    assert codes(standing) == ["signer_unknown"]
    assert worst(standing.findings) is Verdict.HELD


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tasks": frozenset({"care_team"})}, "task_not_delegated"),
        ({"on_care_team": False}, "not_on_care_team"),
        ({"member_ids": frozenset({"100000000002"})}, "not_on_care_team"),
        ({"face_to_face_with_pcp": False}, "no_face_to_face"),
        ({"valid_to": date(2026, 6, 30)}, "designation_expired"),
        ({"valid_from": date(2026, 12, 1)}, "designation_expired"),
        ({"attested_by": " "}, "designation_not_attested"),
        ({"attested_by": "Samplewick, Ned RN"}, "designation_not_attested"),
        ({"attested_by": "Ned R. Samplewick, BSN, RN"}, "designation_not_attested"),
        ({"attested_by": f"NPI {NURSE}"}, "designation_not_attested"),
        ({"attested_by": "N. Samplewick"}, "designation_not_attested"),
        ({"attested_by": "Ned Sampl\N{CYRILLIC SMALL LETTER IE}wick"}, "designation_not_attested"),
        ({"attested_by": "self"}, "designation_not_attested"),
        ({"attested_by": "x"}, "designation_not_attested"),
        ({"attested_by": "1234567890"}, "designation_not_attested"),
        ({"attested_by": "Somebody Stranger, MD"}, "designation_not_attested"),
        ({"recorded_at": SIGNED + timedelta(hours=1)}, "designation_recorded_late"),
    ],
)
def test_each_fault_of_a_designation_is_held_under_its_own_code(change: dict[str, object], code: str) -> None:
    standing = judge(directory(replace(DESIGNATION, **change)))  # type: ignore[arg-type]
    assert codes(standing) == [code]
    assert worst(standing.findings) is Verdict.HELD


def test_where_designee_and_pcp_bear_one_name_it_attests_nothing() -> None:
    """Nobody can tell whose name stands there: the tie is the designee's, and it is held."""
    nurse = replace(NURSE_ROW, last_name="Lee", first_name="Ann")
    pcp = replace(PCP_ROW, last_name="Lee", first_name="Ann")
    for attested_by in ("Ann Lee", "Ann Lee, RN"):
        on_record = directory(replace(DESIGNATION, attested_by=attested_by), pcp=(pcp,), nurse=(nurse,))
        assert codes(judge(on_record)) == ["designation_not_attested"]
    longer = replace(pcp, last_name="Lee Wong")
    named = directory(replace(DESIGNATION, attested_by="Ann Lee Wong"), pcp=(longer,), nurse=(nurse,))
    assert codes(judge(named)) == []


def test_a_designation_narrowed_to_this_member_counts() -> None:
    assert judge(directory(replace(DESIGNATION, member_ids=frozenset({"100000000001"})))).may_approve


def test_every_failing_reason_is_reported_not_the_first_alone() -> None:
    bad = replace(
        DESIGNATION, tasks=frozenset(), on_care_team=False, face_to_face_with_pcp=False, valid_to=date(2026, 2, 1)
    )
    standing = judge(directory(bad, nurse=(replace(NURSE_ROW, credential="LPN", active=False, practice_id="P2"),)))
    assert set(codes(standing)) == {
        "wrong_practice",
        "clinician_inactive",
        "credential_not_eligible",
        "task_not_delegated",
        "not_on_care_team",
        "no_face_to_face",
        "designation_expired",
    }


def test_without_a_designation_from_that_pcp_no_other_designation_code_is_given() -> None:
    elsewhere = replace(DESIGNATION, pcp_npi="1999999992", tasks=frozenset(), on_care_team=False)
    standing = judge(directory(elsewhere, nurse=(replace(NURSE_ROW, credential="LPN"),)))
    assert codes(standing) == ["credential_not_eligible", "not_designated"]


def test_one_designation_must_satisfy_all_rules_by_itself() -> None:
    half = replace(DESIGNATION, on_care_team=False)
    other_half = replace(DESIGNATION, face_to_face_with_pcp=False, tasks=frozenset())
    assert codes(judge(directory(other_half, half))) == ["not_on_care_team"]
    assert judge(directory(other_half, half, DESIGNATION)).may_approve


def test_the_row_at_the_plans_practice_decides_whether_a_clinician_is_active() -> None:
    left = (replace(NURSE_ROW, active=False), replace(NURSE_ROW, practice_id="P2"))
    assert codes(judge(directory(DESIGNATION, nurse=left))) == ["clinician_inactive"]
    moved = (replace(NURSE_ROW, practice_id="P2", active=False), NURSE_ROW)
    assert judge(directory(DESIGNATION, nurse=moved)).may_approve


def test_a_pcp_without_a_row_at_the_plans_practice_is_held() -> None:
    standing = judge(directory(pcp=(replace(PCP_ROW, practice_id="P2"),)), signer=PCP)
    assert codes(standing) == ["wrong_practice"]
    assert worst(standing.findings) is Verdict.HELD


def test_a_pcp_who_has_changed_since_is_held() -> None:
    assert codes(judge(directory(), signer=PCP, current_pcp="1999999992")) == ["pcp_changed"]


def test_a_designation_that_ran_out_between_signing_and_receipt_is_held() -> None:
    standing = judge(directory(replace(DESIGNATION, valid_to=date(2026, 11, 3))))
    assert codes(standing) == ["designation_expired"]
    assert "at receipt" in standing.findings[0].message


def test_the_days_are_massachusetts_days() -> None:
    last_day = replace(DESIGNATION, valid_to=date(2026, 11, 3))
    evening = datetime(2026, 11, 4, 4, 30, tzinfo=UTC)
    assert judge(directory(last_day), received=evening).may_approve


def test_a_clinician_who_left_between_signing_and_receipt_is_held_not_rejected() -> None:
    gone = directory(DESIGNATION, nurse=(replace(NURSE_ROW, active=False),))
    standing = judge(gone, then=directory(DESIGNATION))
    assert codes(standing) == ["clinician_inactive"]
    assert worst(standing.findings) is Verdict.HELD
    assert worst(judge(gone, then=gone).findings) is Verdict.REJECTED


def test_a_clinician_recorded_only_after_signing_is_judged_by_the_record_at_receipt() -> None:
    assert judge(directory(DESIGNATION), then=Directory()).may_approve


FLAG = st.booleans()


@given(
    active=FLAG,
    here=FLAG,
    credential=st.sampled_from(["RN", "LPN", "MD"]),
    designated=FLAG,
    task=FLAG,
    team=FLAG,
    face=FLAG,
    to=st.sampled_from([None, date(2026, 11, 1), date(2026, 11, 3), date(2027, 1, 1)]),
    attested=FLAG,
    late=FLAG,
)
def test_approval_needs_every_rule_and_the_verdict_follows_the_codes(
    active: bool,
    here: bool,
    credential: str,
    designated: bool,
    task: bool,
    team: bool,
    face: bool,
    to: date | None,
    attested: bool,
    late: bool,
) -> None:
    row = replace(NURSE_ROW, active=active, practice_id="P1" if here else "P2", credential=credential)
    designation = replace(
        DESIGNATION,
        tasks=frozenset({"plan_approval"} if task else ()),
        on_care_team=team,
        face_to_face_with_pcp=face,
        valid_to=to,
        attested_by="Olga Examplesen, MD" if attested else "",
        recorded_at=SIGNED + timedelta(days=1) if late else RECORDED,
    )
    standing = judge(directory(*([designation] if designated else []), nurse=(row,)))
    in_force = to is None or to >= date(2026, 11, 4)
    good = all((active, here, credential != "LPN", designated, task, team, face, in_force, attested, not late))
    assert standing.may_approve == good
    found = set(codes(standing))
    assert ("not_designated" in found) == (not designated)
    if not designated:
        assert found <= {"not_designated", "wrong_practice", "clinician_inactive", "credential_not_eligible"}
    rejected = bool(found & {"clinician_inactive", "credential_not_eligible"})
    expected = Verdict.REJECTED if rejected else Verdict.ACCEPTED if good else Verdict.HELD
    assert worst(standing.findings) is expected


@pytest.mark.parametrize(
    "attested_by",
    [
        PCP,
        f"NPI {PCP}",
        "examplesen, OLGA",
        "Dr. Olga M. Examplesen",
        "Jay Desk-Person",
        "jdoe",
    ],
)
def test_a_designation_is_attested_by_a_person_on_record_named_in_full_or_by_npi(attested_by: str) -> None:
    here = replace(
        directory(replace(DESIGNATION, attested_by=attested_by)), people=frozenset({"jdoe", "Jay Desk-Person"})
    )
    assert judge(here).may_approve


@pytest.mark.parametrize("enrolled", ["N. Samplewick", "Samplewick", "Ned Sampl\N{CYRILLIC SMALL LETTER IE}wick"])
def test_the_designee_enrolled_under_another_spelling_attests_nothing(enrolled: str) -> None:
    here = replace(directory(replace(DESIGNATION, attested_by=enrolled)), people=frozenset({enrolled}))
    assert codes(judge(here)) == ["designation_not_attested"]


@pytest.mark.parametrize("npi", ["1000000004", "1999999992"])
def test_a_designation_is_its_own_designees_whoevers_number_is_higher(npi: str) -> None:
    row = replace(NURSE_ROW, npi=npi, last_name="Otherby")
    undesignated = Directory({}, {PCP: (PCP_ROW,), NURSE: (NURSE_ROW,), npi: (row,)}, (DESIGNATION,))
    assert codes(judge(undesignated, signer=npi)) == ["not_designated"]
    standing = judge(replace(undesignated, designations=(replace(DESIGNATION, designee_npi=npi),)), signer=npi)
    assert (standing.may_approve, standing.role) == (True, "pcp_designee")


@pytest.mark.parametrize("now", ["1000000004", "1999999992"])
def test_another_pcp_on_record_is_another_whoevers_number_is_higher(now: str) -> None:
    assert codes(judge(directory(), signer=PCP, current_pcp=now)) == ["pcp_changed"]


def test_the_row_at_the_plans_practice_names_the_signer_and_else_the_first_one() -> None:
    rows = tuple(
        replace(NURSE_ROW, practice_id=practice, first_name=f"At {practice}") for practice in ("P0", "P1", "P2")
    )
    here = judge(directory(DESIGNATION, nurse=rows)).clinician
    elsewhere = judge(directory(DESIGNATION, nurse=(rows[0], rows[2]))).clinician
    assert [row.first_name if row else "" for row in (here, elsewhere)] == ["At P1", "At P0"]


def test_the_first_and_the_last_day_of_a_designation_belong_to_it() -> None:
    day = SIGNED.date()
    one_day = replace(DESIGNATION, valid_from=day, valid_to=day)
    assert codes(judge(directory(one_day), received=SIGNED)) == []


@pytest.mark.parametrize(("later", "late"), [(timedelta(milliseconds=900), False), (timedelta(seconds=1), True)])
def test_a_designation_recorded_in_the_second_of_signing_was_there_in_time(later: timedelta, late: bool) -> None:
    standing = judge(directory(replace(DESIGNATION, recorded_at=SIGNED + later)))
    assert codes(standing) == (["designation_recorded_late"] if late else [])


@pytest.mark.parametrize("npi", ["1000000004", "1999999992"])
@pytest.mark.parametrize(("last_name", "attested"), [("Thirdby", True), ("Samplewick", False)])
def test_a_third_person_on_record_attests_unless_they_may_be_the_designee(
    npi: str, last_name: str, attested: bool
) -> None:
    third = replace(PCP_ROW, npi=npi, first_name="Ned", last_name=last_name)
    here = directory(replace(DESIGNATION, attested_by=f"Ned {last_name}, MD"))
    standing = judge(replace(here, clinicians=dict(here.clinicians) | {npi: (third,)}))
    assert codes(standing) == ([] if attested else ["designation_not_attested"])


@pytest.mark.parametrize(
    ("attested_by", "attested"), [("Rosa Enrolled, RN", True), ("Rosa Marie Enrolled", True), ("Rosa", False)]
)
def test_an_enrolled_person_attests_by_the_whole_of_their_name(attested_by: str, attested: bool) -> None:
    here = replace(directory(replace(DESIGNATION, attested_by=attested_by)), people=frozenset({"Rosa Enrolled"}))
    assert codes(judge(here)) == ([] if attested else ["designation_not_attested"])


@pytest.mark.parametrize("other_pcp", ["1000000004", "1999999992"])
def test_a_designation_from_another_pcp_is_none_from_the_plans(other_pcp: str) -> None:
    assert codes(judge(directory(replace(DESIGNATION, pcp_npi=other_pcp)))) == ["not_designated"]


@pytest.mark.parametrize("practice", ["P0", "P2"])
def test_a_row_at_any_other_practice_is_no_row_here(practice: str) -> None:
    nurse = replace(NURSE_ROW, practice_id=practice)
    assert codes(judge(directory(DESIGNATION, nurse=(nurse,)))) == ["wrong_practice"]


@pytest.mark.parametrize("npi", ["1000000004", "1999999992"])
def test_a_designees_credential_is_asked_for_whoevers_number_is_higher(npi: str) -> None:
    row = replace(NURSE_ROW, npi=npi, credential="LPN")
    here = Directory({}, {PCP: (PCP_ROW,), npi: (row,)}, (replace(DESIGNATION, designee_npi=npi),))
    assert codes(judge(here, signer=npi)) == ["credential_not_eligible"]
    assert judge(here, signer=npi).on_behalf_of == PCP

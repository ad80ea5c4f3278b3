"""Practices, clinicians and designations: all or nothing, and every fault by line."""

from __future__ import annotations

from datetime import date

import pytest

from cpdocs.core.providers import Clinician, Directory, Practice
from cpdocs.errors import InputFault
from cpdocs.intake.directories import (
    CLINICIAN_COLUMNS,
    DESIGNATION_COLUMNS,
    PRACTICE_COLUMNS,
    read_clinicians,
    read_designations,
    read_practices,
)
from tests.intake.tables_made import csv_bytes

PCP, NURSE = "1234567893", "1558598797"
PRACTICE = {
    **dict.fromkeys(PRACTICE_COLUMNS, ""),
    "practice_id": "S01",
    "name": "Testwell Family Medicine",
    "address1": "1 Specimen Street",
    "city": "Boston",
    "state": "MA",
    "zip": "2118",
    "fax": "(617) 555-0100 x12",
    "return_channel": "Fax",
    "suffolk_holidays": "y",
}
CLINICIAN = dict(zip(CLINICIAN_COLUMNS, (NURSE, "Mockford", "Bravo", "R.N.", "S01", "Staff", "Y"), strict=True))
DESIGNATION = dict(
    zip(
        DESIGNATION_COLUMNS,
        (NURSE, PCP, "plan_approval; Care_Team", "Y", "N", "2026-01-01", "", "Alpha Testwell, MD"),
        strict=True,
    )
)

ON_RECORD = Directory(
    {"S01": Practice("S01", "Testwell", "", "", "", "", "", "", "", "", "", "fax", "", False)},
    {
        PCP: (Clinician(PCP, "Testwell", "Alpha", "MD", "S01", "pcp", True),),
        NURSE: (Clinician(NURSE, "Mockford", "Bravo", "RN", "S01", "staff", True),),
    },
)


def practices(*rows: dict[str, str], directory: Directory = ON_RECORD):
    return read_practices(csv_bytes([list(row.values()) for row in rows], PRACTICE_COLUMNS), "p.csv", {}, directory)


def clinicians(*rows: dict[str, str], directory: Directory = ON_RECORD):
    return read_clinicians(csv_bytes([list(row.values()) for row in rows], CLINICIAN_COLUMNS), "c.csv", {}, directory)


def designations(*rows: dict[str, str], directory: Directory = ON_RECORD):
    header = list(max(rows, key=len))
    return read_designations(
        csv_bytes([[row.get(name, "") for name in header] for row in rows], header), "d.csv", {}, directory
    )


def problems(read, *rows: dict[str, str]) -> list[tuple[str, str]]:
    with pytest.raises(InputFault) as caught:
        read(*rows)
    return [(one.where, one.code) for one in caught.value.problems]


def test_a_practice_reads_with_its_codes_and_its_zip_mended() -> None:
    (read,) = practices(PRACTICE)
    assert (read.practice_id, read.return_channel, read.zip, read.suffolk_holidays) == ("S01", "fax", "02118", True)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"practice_id": ""}, "practice_id_missing"),
        ({"practice_id": "../etc"}, "practice_id_invalid"),
        ({"practice_id": "a/b"}, "practice_id_invalid"),
        ({"practice_id": "."}, "practice_id_invalid"),
        ({"practice_id": "S..1"}, "practice_id_invalid"),
        ({"practice_id": "S01 "}, ""),
        ({"practice_id": "s01"}, "practice_id_differs"),
        ({"practice_id": "X" * 41}, "practice_id_invalid"),
        ({"name": ""}, "name_missing"),
        ({"name": "=cmd|'/c calc'!A0"}, "name_has_forbidden_characters"),
        ({"key_contact": "Front\x07 Desk"}, "key_contact_has_forbidden_characters"),
        ({"zip": "00000"}, "zip_invalid"),
        ({"zip": ""}, "zip_missing"),
        ({"return_channel": "pigeon"}, "return_channel_unknown"),
        ({"fax": ""}, "fax_missing"),
        ({"return_channel": "secure_email"}, "key_contact_email_missing"),
        ({"key_contact_email": "a@b@c"}, "key_contact_email_invalid"),
        ({"suffolk_holidays": "maybe"}, "suffolk_holidays_invalid"),
        ({"city": "x" * 201}, "city_too_long"),
    ],
)
def test_each_fault_of_a_practice_is_told_with_its_line(changed: dict[str, str], code: str) -> None:
    if code:
        assert problems(practices, {**PRACTICE, "practice_id": "S00"}, {**PRACTICE, **changed}) == [("line 3", code)]
    else:
        assert practices({**PRACTICE, **changed})[0].practice_id == "S01"


def test_any_credential_is_taken_and_written_in_one_way() -> None:
    read = clinicians(CLINICIAN, {**CLINICIAN, "npi": PCP, "credential": "lpn"})
    assert [row.credential for row in read] == ["RN", "LPN"]
    assert read[0].role == "staff"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"npi": "1234567890"}, "npi_invalid"),
        ({"npi": ""}, "npi_missing"),
        ({"last_name": ""}, "last_name_missing"),
        ({"first_name": "@x"}, "first_name_has_forbidden_characters"),
        ({"credential": ""}, "credential_missing"),
        ({"practice_id": "S09"}, "practice_unknown"),
        ({"role": "boss"}, "role_unknown"),
        ({"active": ""}, "active_invalid"),
    ],
)
def test_each_fault_of_a_clinician_is_told_with_its_line(changed: dict[str, str], code: str) -> None:
    assert problems(clinicians, {**CLINICIAN, "npi": PCP}, {**CLINICIAN, **changed}) == [("line 3", code)]


def test_a_clinician_may_have_a_row_for_each_practice_and_only_one() -> None:
    assert problems(clinicians, CLINICIAN, {**CLINICIAN, "active": "N"}) == [("line 3", "row_twice")]


def test_a_designation_reads_its_tasks_its_dates_and_its_members() -> None:
    (read,) = designations({**DESIGNATION, "valid_to": "12/31/2026", "member_ids": "900000000001;900000000002"})
    assert read.tasks == {"plan_approval", "care_team"}
    assert (read.on_care_team, read.face_to_face_with_pcp, read.valid_to) == (True, False, date(2026, 12, 31))
    assert read.member_ids == {"900000000001", "900000000002"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"designee_npi": "1999999984"}, "clinician_unknown"),
        ({"pcp_npi": "1234567890"}, "npi_invalid"),
        ({"designee_npi": PCP}, "designee_is_pcp"),
        ({"designee_npi": PCP, "pcp_npi": NURSE}, "pcp_has_another_role"),
        ({"tasks": ""}, "tasks_unknown"),
        ({"tasks": "plan_approval;referrals"}, "tasks_unknown"),
        ({"on_care_team": ""}, "on_care_team_invalid"),
        ({"face_to_face_with_pcp": "often"}, "face_to_face_with_pcp_invalid"),
        ({"valid_from": ""}, "valid_from_missing"),
        ({"valid_from": "1/1/26"}, "date_invalid"),
        ({"valid_to": "2025-12-31"}, "dates_out_of_order"),
        ({"attested_by": " "}, "attested_by_missing"),
        ({"member_ids": "12345"}, "member_ids_invalid"),
    ],
)
def test_each_fault_of_a_designation_is_told_with_its_line(changed: dict[str, str], code: str) -> None:
    row = {**DESIGNATION, "member_ids": "", **changed}
    found = problems(designations, {**DESIGNATION, "member_ids": "", "tasks": "care_team"}, row)
    assert ("line 3", code) in found
    assert {where for where, _ in found} == {"line 3"}


def test_a_pair_may_have_several_designations_but_not_the_same_one_twice() -> None:
    assert len(designations(DESIGNATION, {**DESIGNATION, "tasks": "care_team"})) == 2
    assert problems(designations, DESIGNATION, DESIGNATION) == [("line 3", "row_twice")]


def test_a_designee_who_attested_for_themselves_is_recorded_for_the_rules_to_judge() -> None:
    assert designations({**DESIGNATION, "attested_by": "Bravo Mockford, RN"})[0].attested_by == "Bravo Mockford, RN"


def test_all_faults_of_a_file_are_told_at_once() -> None:
    faulty = {**CLINICIAN, "npi": "1", "role": "x", "active": "?"}
    assert problems(clinicians, faulty, faulty) == [
        (where, code) for where in ("line 2", "line 3") for code in ("npi_invalid", "role_unknown", "active_invalid")
    ]


def test_blank_lines_are_passed_over_and_lines_out_of_step_are_faults() -> None:
    header = ",".join(CLINICIAN_COLUMNS).encode()
    good = ",".join(CLINICIAN.values()).encode()
    assert len(read_clinicians(header + b"\n\n" + good + b"\n,,,,,,\n", "c.csv", {}, ON_RECORD)) == 1
    with pytest.raises(InputFault) as caught:
        read_clinicians(header + b"\n" + good + b",more\n", "c.csv", {}, ON_RECORD)
    assert [(one.where, one.code) for one in caught.value.problems] == [("line 2", "cells_misaligned")]


def test_a_file_with_nothing_under_its_header_is_refused() -> None:
    with pytest.raises(InputFault, match="no rows under its header"):
        practices()


@pytest.mark.parametrize("practice_id", ["CON", "nul", "LPT1", "aux.1"])
def test_a_practice_id_that_no_share_can_store_is_refused(practice_id: str) -> None:
    with pytest.raises(InputFault) as caught:
        practices({**PRACTICE, "practice_id": practice_id})
    assert [problem.code for problem in caught.value.problems] == ["practice_id_reserved"]

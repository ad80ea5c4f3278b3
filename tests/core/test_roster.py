"""What a roster line becomes: every code, the order of the rules, and what one line means for the next."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpdocs.core.cells import Converted
from cpdocs.core.enrollment import Choice, Enrollment, Statement
from cpdocs.core.register import Register
from cpdocs.core.roster import Disposition, Known, dispose, dispose_recorded, known_from
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.intake.tables import read_table
from tests.core.rosters_made import GOOD, TODAY, Roster, assignment, outcome

BLANK = dict.fromkeys(GOOD, "")


@pytest.mark.parametrize(
    ("changed", "disposition", "code"),
    [
        (BLANK, "ignored", "blank_line"),
        ({"member_id": " "}, "rejected", "member_id_missing"),
        ({"member_id": "1.00E+11"}, "rejected", "member_id_damaged_by_spreadsheet"),
        ({"member_id": "1,00235e+11"}, "rejected", "member_id_damaged_by_spreadsheet"),
        ({"member_id": "12345"}, "rejected", "member_id_invalid"),
        ({"member_id": "9000000000011"}, "rejected", "member_id_invalid"),
        ({"member_id": "90000000000१"}, "rejected", "member_id_invalid"),
        ({**BLANK, "member_id": "TOTAL", "last_name": "27"}, "rejected", "member_id_invalid"),
        ({"last_name": ""}, "rejected", "name_missing"),
        ({"first_name": " \u00a0"}, "rejected", "name_missing"),
        ({"first_name": '=HYPERLINK("http://x","y")'}, "rejected", "name_has_forbidden_characters"),
        ({"last_name": "@name"}, "rejected", "name_has_forbidden_characters"),
        ({"last_name": "  +1"}, "rejected", "name_has_forbidden_characters"),
        ({"suffix": "-2"}, "rejected", "name_has_forbidden_characters"),
        ({"last_name": "＝cmd"}, "rejected", "name_has_forbidden_characters"),
        ({"first_name": "Aco\trn"}, "rejected", "name_has_forbidden_characters"),
        ({"first_name": "Aco\nrn"}, "rejected", "name_has_forbidden_characters"),
        ({"first_name": "Aco\u202ern"}, "rejected", "name_has_forbidden_characters"),
        ({"first_name": "Aco\u200brn"}, "rejected", "name_has_forbidden_characters"),
        ({"first_name": "Aco\ufffdrn"}, "held", "name_damaged"),
        ({"guardian_name": "=1+1"}, "rejected", "name_has_forbidden_characters"),
        ({"program": "XYZ"}, "rejected", "program_unknown"),
        ({"program": ""}, "rejected", "program_unknown"),
        ({"dob": "13/45/1980"}, "rejected", "date_invalid"),
        ({"dob": "5/4/80"}, "rejected", "date_invalid"),
        ({"dob": "80-05-04"}, "rejected", "date_invalid"),
        ({"dob": ""}, "rejected", "date_invalid"),
        ({"dob": "2026-02-29"}, "rejected", "date_invalid"),
        ({"assigned_on": ""}, "rejected", "date_invalid"),
        ({"end_on": "soon"}, "rejected", "date_invalid"),
        ({"dob": "2026-11-03"}, "rejected", "date_in_future"),
        ({"end_on": "2026-10-31"}, "rejected", "dates_out_of_order"),
        ({"status": "deceased"}, "suppressed", "deceased"),
        ({"status": "DECLINED"}, "suppressed", "declined"),
        ({"status": "disenrolled"}, "suppressed", "disenrolled"),
        ({"safe_contact": "Phone Only"}, "suppressed", "no_mail"),
        ({"plan_type": "PCC"}, "held", "plan_not_eligible"),
        ({"plan_type": "ffs"}, "held", "plan_not_eligible"),
        ({"exclusion_flags": "HCBS_WAIVER;CCM"}, "held", "excluded_from_auto_assignment"),
        ({"exclusion_flags": "CBHI", "assignment_source": ""}, "held", "excluded_from_auto_assignment"),
        ({"format_need": "braille"}, "held", "format_not_printable"),
        ({"format_need": "Audio"}, "held", "format_not_printable"),
        ({"address1": "", "address2": "Apt 1"}, "held", "undeliverable_address"),
        ({"city": ""}, "held", "undeliverable_address"),
        ({"zip": ""}, "held", "undeliverable_address"),
        ({"zip": "00000"}, "held", "undeliverable_address"),
        ({"zip": "0000"}, "held", "undeliverable_address"),
        ({"zip": "00000-1234"}, "held", "undeliverable_address"),
        ({"zip": "211"}, "held", "undeliverable_address"),
        ({"zip": "9021", "state": "CA"}, "held", "undeliverable_address"),
        ({"dob": "2008-11-03", "guardian_name": ""}, "held", "minor_without_guardian"),
        ({"status": "pending"}, "held", "status_unknown"),
        ({"status": ""}, "held", "status_unknown"),
        ({"safe_contact": "no letters please"}, "held", "safe_contact_unknown"),
        ({}, "mailed", ""),
        ({"plan_type": "FFS", "dmh_accs": "y"}, "mailed", ""),
        ({"exclusion_flags": "DDS_247", "assignment_source": "Referral"}, "mailed", ""),
        ({"program": "ltss", "status": "Engaged", "format_need": "Large Print"}, "mailed", ""),
        ({"dob": "2008-11-02"}, "mailed", ""),
        ({"dob": "2010-01-01", "guardian_name": "Marrow Testwell"}, "mailed", ""),
        ({"end_on": "2026-11-02", "assigned_on": "2026-10-01"}, "mailed", ""),
        ({"end_on": "2026-11-01", "assigned_on": "2026-10-01"}, "suppressed", "span_ended"),
        ({"end_on": "2026-11-01"}, "suppressed", "span_ended"),  # void: it ends as it begins
        ({"assigned_on": "2026-12-01", "end_on": "2026-12-01"}, "suppressed", "span_ended"),
        ({"end_on": "12/31/9999"}, "mailed", ""),
        ({"end_on": "22991231"}, "mailed", ""),
        ({"dob": "4/5/1980 0:00", "assigned_on": "2026-11-01 00:00:00.000"}, "mailed", ""),
        ({"dob": "19800405"}, "mailed", ""),
        ({"dob": "1980-04-05 09:30:00"}, "rejected", "date_invalid"),
        ({"last_name": "Núñez–O’Testwell", "first_name": "José  María"}, "mailed", ""),
        ({"safe_contact": ""}, "mailed", ""),
    ],
)
def test_each_fault_has_its_exact_code(changed: dict[str, str], disposition: str, code: str) -> None:
    told = outcome(**changed)
    assert (told.disposition.value, told.code) == (disposition, code)
    assert (told.assignment is None) == (disposition in ("rejected", "ignored"))


@pytest.mark.parametrize(
    ("changed", "warning"),
    [
        ({"zip": "2118"}, "zip_repadded"),
        ({"zip": "21181234"}, "zip_repadded"),
        ({"zip": "2118-1234", "state": ""}, "zip_repadded"),
        ({"pcp_npi": "1234567890"}, "pcp_npi_invalid"),
        ({"pcp_npi": ""}, "pcp_npi_missing"),
        ({"dob": "1926-01-01"}, "age_outside_program"),
        ({"dob": "2024-01-01", "program": "LTSS", "guardian_name": "Marrow Testwell"}, "age_outside_program"),
        ({"language_written": "Khmer"}, "language_fallback"),
        ({"language_written": "", "language_spoken": "Khmer"}, "language_fallback"),
        ({"zip": "90210"}, "zip_of_another_state"),
        ({"zip": "926", "state": "PR"}, "zip_repadded"),
        ({"zip": "9012", "state": "AE"}, "zip_repadded"),
        ({"zip": "2118", "state": "Massachusetts"}, "zip_repadded"),
        ({"last_name": "Test\u00adwell"}, "invisible_characters_dropped"),
        ({"first_name": "\ufeffAcorn"}, "invisible_characters_dropped"),
    ],
)
def test_a_mailed_line_may_carry_a_warning(changed: dict[str, str], warning: str) -> None:
    told = outcome(**changed)
    assert told.disposition is Disposition.MAILED
    assert warning in told.warnings


def test_a_good_line_carries_no_warning() -> None:
    assert outcome().warnings == ()


def test_a_lost_zero_is_put_back() -> None:
    assert assignment(zip="2118").zip == "02118"
    assert assignment(zip="21181234").zip == "02118-1234"


def test_reviewed_languages_need_no_fallback() -> None:
    known = Known(reviewed=frozenset({"english", "khmer"}))
    assert outcome(known, language_written="KHMER").warnings == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"member_id": "", "first_name": "", "program": "", "dob": ""}, "member_id_missing"),
        ({"first_name": "", "last_name": "=x", "program": ""}, "name_missing"),
        ({"last_name": "=x", "program": "", "dob": ""}, "name_has_forbidden_characters"),
        ({"program": "", "dob": "x"}, "program_unknown"),
        ({"dob": "x", "end_on": "2020-01-01"}, "date_invalid"),
        ({"dob": "2031-01-01", "end_on": "2020-01-01"}, "date_in_future"),
        ({"status": "deceased", "safe_contact": "phone_only", "plan_type": "FFS"}, "deceased"),
        ({"status": "declined", "safe_contact": "phone_only"}, "declined"),
        ({"safe_contact": "phone_only", "plan_type": "FFS"}, "no_mail"),
        ({"plan_type": "FFS", "exclusion_flags": "CCM", "format_need": "braille"}, "plan_not_eligible"),
        ({"exclusion_flags": "CCM", "format_need": "braille", "zip": ""}, "excluded_from_auto_assignment"),
        ({"format_need": "braille", "zip": "", "dob": "2015-01-01"}, "format_not_printable"),
        ({"zip": "", "dob": "2015-01-01"}, "undeliverable_address"),
        ({"dob": "2015-01-01", "status": "pending"}, "minor_without_guardian"),
    ],
)
def test_of_several_faults_the_first_rule_that_fits_is_told(changed: dict[str, str], code: str) -> None:
    assert outcome(**changed).code == code


def test_a_line_out_of_step_with_its_header_is_rejected_unless_a_named_rule_fits_first() -> None:
    assert outcome(misaligned=True).code == "cells_misaligned"
    assert outcome(misaligned=True, program="Boston").code == "program_unknown"


def test_a_cell_longer_than_any_letter_is_rejected() -> None:
    assert outcome(address1="x" * 401).code == "cell_too_long"


def test_the_same_assignment_is_mailed_once_per_file() -> None:
    told = Roster().add().add().add(program="LTSS").add(assigned_on="2026-10-01", end_on="2026-11-01").outcomes()
    assert [one.code for one in told] == ["", "same_assignment", "", "span_ended"]


def test_a_line_that_is_held_does_not_make_a_later_good_one_a_duplicate() -> None:
    told = Roster().add(zip="").add().add().outcomes()
    assert [one.code for one in told] == ["undeliverable_address", "", "same_assignment"]


def test_what_was_lettered_in_an_earlier_run_is_a_duplicate_whatever_else_is_wrong() -> None:
    known = Known(lettered={assignment().key})
    assert outcome(known).code == "same_assignment"
    assert outcome(known, status="deceased").code == "same_assignment"
    assert outcome(known, assigned_on="2026-10-01").disposition is Disposition.MAILED


def test_the_later_of_two_ids_for_one_person_is_held() -> None:
    told = (
        Roster()
        .add()
        .add(member_id="900000000002", last_name="TESTWÉLL")
        .add(member_id="900000000003", dob="1980-05-05")
        .outcomes()
    )
    assert [one.code for one in told] == ["", "possible_same_person", ""]


def test_a_person_on_record_under_another_id_holds_the_new_one_and_never_the_first() -> None:
    register = Register(assignments={item.key: item for item in (assignment(), assignment(member_id="900000000002"))})
    known = known_from(register, frozenset())
    told = Roster().add(member_id="900000000002").add().outcomes(known)
    assert [one.code for one in told] == ["possible_same_person", ""]


@pytest.mark.parametrize(
    ("choice", "left", "code"),
    [
        (Choice.DECLINED, "", "declined"),
        (Choice.CHANGED_CP, "2026-11-01", "disenrolled"),
        (Choice.CHANGED_CP, "2026-10-01", ""),  # they left an earlier assignment: this one is the new CP's
        (Choice.REINSTATED, "", ""),
    ],
)
def test_the_members_own_word_outlives_the_roster(choice: Choice, left: str, code: str) -> None:
    ended = frozenset({assignment(assigned_on=left).key} if left else ())
    said = Statement(choice, date(2026, 10, 15), "telephone", "Larkspur Modelski", ended)
    known = Known(enrollment=Enrollment({(GOOD["member_id"], "BH"): said}))
    assert outcome(known).code == code


def test_assignments_on_record_are_judged_by_the_same_rules() -> None:
    items = [assignment(), assignment(member_id="900000000004", last_name="Mockford", status="declined")]
    assert [(one.line, one.code) for one in dispose_recorded(items, Known(), TODAY)] == [(1, ""), (2, "declined")]


CELL = st.one_of(st.sampled_from(["", *GOOD.values(), "Y", "FFS", "1/2/1990", "2031-01-01"]), st.text(max_size=8))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, CELL)), max_size=8))
def test_every_line_gets_exactly_one_disposition_in_order(lines: list[dict[str, str]]) -> None:
    roster = Roster()
    for changed in lines:
        roster.add(**changed)
    told = roster.outcomes()
    assert [one.line for one in told] == [line.line for line in roster.lines]
    assert sum(Counter(one.disposition for one in told).values()) == len(lines)
    mailed = [one.assignment.key for one in told if one.disposition is Disposition.MAILED and one.assignment]
    assert len(mailed) == len(set(mailed))


def _outcomes(path: Path):
    return list(dispose(read_table(path.read_bytes(), path.name, COLUMNS).rows, Known(), TODAY))


def test_the_shared_roster_gives_the_expected_totals_and_reasons(shared_data: Path) -> None:
    expected = json.loads((shared_data / "roster.expected.json").read_text())
    told = _outcomes(shared_data / "roster.csv")
    assert len(told) == expected["records_in"]
    assert Counter(one.disposition.value for one in told) == expected["totals"]
    for disposition, reasons in expected["reasons"].items():
        assert Counter(one.code for one in told if one.disposition.value == disposition) == reasons


def test_the_shared_messy_roster_gives_the_expected_outcome_of_each_line(shared_data: Path) -> None:
    expected = json.loads((shared_data / "roster-messy.expected.json").read_text())
    told = _outcomes(shared_data / "roster-messy.csv")
    assert Counter(one.disposition.value for one in told) == expected["totals"]
    for one, line in zip(told, expected["lines"], strict=True):
        assert (one.line, one.disposition.value) == (line["line"], line["disposition"])
        assert line["code"] == one.code or line["code"] in one.warnings


def test_the_shared_windows_roster_reads_as_the_utf8_one(shared_data: Path) -> None:
    told = _outcomes(shared_data / "roster-cp1252-semicolon.csv")
    assert {one.disposition for one in told} == {Disposition.MAILED}
    rows = csv.DictReader(io.StringIO((shared_data / "roster.csv").read_text("utf-8")))
    names = {(row["member_id"], row["program"]): row["last_name"] for row in rows}
    assert all(
        one.assignment and one.assignment.last_name == names[(one.member_id, one.assignment.program)] for one in told
    )


@pytest.mark.parametrize("member_id", ["'900000000001", '="900000000001"', " 900000000001\u00a0"])
def test_what_keeps_an_id_text_in_a_spreadsheet_isnt_the_id(member_id: str) -> None:
    (told,) = Roster().add(member_id=member_id, pcp_npi="'1234567893").outcomes()
    assert (told.disposition.value, told.warnings) == ("mailed", ())
    assert told.assignment is not None
    assert told.assignment.member_id == "900000000001"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Đặng", "Dang"),
        ("Łukasz", "Lukasz"),
        ("O’Specimen", "O'Specimen"),
        ("De La Muestra", "Delamuestra"),
        ("Øst", "OST"),
        ("Müller", "Mueller"),
    ],
)
def test_letters_that_are_written_in_two_ways_name_one_person(one: str, other: str) -> None:
    told = Roster().add(last_name=one).add(last_name=other, member_id="900000000002").outcomes()
    assert [each.code for each in told] == ["", "possible_same_person"]


def test_names_that_differ_in_a_vowel_sign_name_two() -> None:
    told = Roster().add(last_name="កា").add(last_name="កុ", member_id="900000000002").outcomes()
    assert [each.code for each in told] == ["", ""]


@pytest.mark.parametrize("cell", ["address1", "address2", "city", "plan_name", "cp_org", "coordinator"])
@pytest.mark.parametrize("hidden", ["\u0007", "\u202e", "\u200b"])
def test_a_hidden_character_in_any_printed_cell_is_held_now_and_from_the_record(cell: str, hidden: str) -> None:
    told = outcome(**{cell: f"Elm{hidden}dale"})
    assert told.code == "name_damaged"
    assert told.assignment is not None
    assert [one.code for one in dispose_recorded([told.assignment], Known(), TODAY)] == ["name_damaged"]


@pytest.mark.parametrize(
    ("cell", "kind", "code"),
    [
        ("last_name", "boolean", "name_damaged"),
        ("first_name", "date", "name_damaged"),
        ("guardian_name", "number", "name_damaged"),
        ("address2", "date", "name_damaged"),
        ("address1", "boolean", "name_damaged"),
        ("address2", "number", ""),
        ("dmh_accs", "boolean", ""),
    ],
)
def test_what_a_spreadsheet_made_of_a_cell_is_no_name_and_no_street(cell: str, kind: str, code: str) -> None:
    shown = {"boolean": "TRUE", "date": "2026-06-01", "number": "12"}[kind]
    told = outcome(**{cell: Converted(shown, kind)})
    assert told.code == code
    assert told.assignment is not None
    assert [one.code for one in dispose_recorded([told.assignment], Known(), TODAY)] == [code]


def test_a_street_on_two_lines_of_one_cell_is_one_line() -> None:
    assert assignment(address1="1 Elm Street\nApt 5").address1 == "1 Elm Street Apt 5"


@pytest.mark.parametrize(
    "changed",
    [{"address1": "UNKNOWN"}, {"address1": "Homeless"}, {"city": "N/A"}, {"address2": "DO NOT MAIL"}],
)
def test_a_placeholder_for_an_address_is_held(changed: dict[str, str]) -> None:
    assert outcome(**changed).code == "undeliverable_address"


def test_of_two_spans_for_the_same_days_the_later_begun_is_mailed_whatever_their_order() -> None:
    told = Roster().add(assigned_on="2026-09-01").add(assigned_on="2026-10-15").outcomes()
    assert [one.code for one in told] == ["assignments_overlap", ""]
    told = Roster().add(assigned_on="2026-10-15").add(assigned_on="2026-09-01").outcomes()
    assert [one.code for one in told] == ["", "assignments_overlap"]


def test_two_partners_from_the_same_day_are_both_held_and_one_after_the_other_neither() -> None:
    told = Roster().add().add(cp_org="Other CP").outcomes()
    assert [one.code for one in told] == ["assignments_overlap", "assignments_overlap"]
    told = Roster().add(end_on="2026-12-01").add(cp_org="Other CP", assigned_on="2026-12-01").outcomes()
    assert [one.code for one in told] == ["", ""]


def test_a_span_on_record_overtakes_an_older_one_that_comes_alone() -> None:
    register = Register(assignments={assignment().key: assignment()})
    told = Roster().add(assigned_on="2026-09-01").outcomes(known_from(register, frozenset()))
    assert told[0].code == "assignments_overlap"


def test_a_partner_written_in_another_way_is_the_same_assignment() -> None:
    known = Known(lettered={assignment().key})
    assert outcome(known, cp_org="SAMPLE CP, Inc.").code == "same_assignment"


def test_a_partner_that_the_settings_do_not_name_is_warned_of() -> None:
    known = Known(cp_orgs={"othercp"})
    assert outcome(known).warnings == ("cp_org_unknown",)
    assert outcome(known, cp_org="Other CP, LLC").warnings == ()


def test_a_hidden_row_that_is_left_out_is_accounted_for() -> None:
    line = Roster().add().lines[0]
    told = list(dispose([replace(line, hidden=True)], Known(), TODAY))
    assert [(one.disposition.value, one.code) for one in told] == [("ignored", "hidden_row")]

"""The next version of a plan is begun from the record, and what changed is told in words and on its cover."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml
from openpyxl import load_workbook

from cpdocs.core.plan_draft import plan_text
from cpdocs.core.plan_people import TeamMember, with_pcp
from cpdocs.intake.plan_file import read_plan
from tests.flows.conftest import Office
from tests.flows.returning import Desk
from tests.intake.fhir_made import bundle, resources


def _member_and_program(office: Office, name: str) -> tuple[str, str]:
    plan = yaml.safe_load(office.sample.plans[name].read_text("utf-8"))
    return plan["member_id"], plan["plan"]["program"]


def _text(pdf: Path, *pages: str) -> str:
    """The words on these pages, white space folded."""
    made = subprocess.run(["pdftotext", *pages, pdf, "-"], capture_output=True, text=True, check=True)
    return " ".join(made.stdout.split())


def test_a_first_draft_holds_what_is_known_and_asks_for_the_rest(office: Office) -> None:
    member_id, program = _member_and_program(office, "bh")
    text = office.cli("plan", "draft", "--program", program, stdin=member_id).out
    draft = yaml.safe_load(text)
    assert (draft["member_id"], draft["plan"]["version"], draft["plan"]["reason"]) == (member_id, 1, "initial")
    assert draft["pcp_npi"]
    assert draft["plan"]["assessment_date"] is None
    assert "ASK the day of the assessment" in text


def test_a_draft_never_passes_the_check_by_having_said_nothing(office: Office, tmp_path: Path) -> None:
    member_id, program = _member_and_program(office, "bh")
    file = tmp_path / "draft.yaml"
    office.cli("plan", "draft", "--program", program, "-o", file, stdin=member_id)
    faults = office.cli("plan", "check", file, "--json", status=1).json[0]["errors"]
    assert {"plan.assessment_date", "plan.next_review", "part2.applies"} <= {fault["field"] for fault in faults}
    assert file.stat().st_mode & 0o077 == 0


def test_a_draft_after_a_version_carries_it_over_and_can_be_issued_once_it_is_answered(
    issued: Office, tmp_path: Path
) -> None:
    member_id, program = _member_and_program(issued, "bh")
    text = issued.cli("plan", "draft", "--program", program, stdin=member_id).out
    draft = yaml.safe_load(text)
    before = yaml.safe_load(issued.sample.plans["bh"].read_text("utf-8"))
    assert draft["plan"]["version"] == 2
    assert [each["goal"] for each in draft["goals"]] == [each["goal"] for each in before["goals"]]
    assert draft["medications_reconciled_by"] is None
    draft["plan"] |= {
        "reason": "change",
        "reason_text": "After the discharge.",
        **{key: before["plan"][key] for key in ("assessment_date", "plan_date", "next_review", "effective_from")},
    }
    draft["part2"] = before["part2"]
    draft["medications"] = [{"name": "Naproxen", "directions": "250 mg as needed"}]
    file = tmp_path / "next.yaml"
    file.write_text(yaml.safe_dump(draft), "utf-8")
    second = issued.cli("plan", "issue", file, "--json").json[0]
    told = [
        each["text"]
        for each in issued.cli("plan", "diff", issued.documents["bh"], second["document_id"], "--json").json
    ]
    assert told[0].startswith("Medicine")
    assert "Medicine added: Naproxen, 250 mg as needed" in told
    cover = Path(second["file"]).with_name(f"{second['document_id']}-cover.pdf")
    assert "Medicine added: Naproxen" in _text(cover, "-f", "2")
    assert "Naproxen" not in _text(cover, "-l", "1")


def test_the_first_versions_cover_speaks_of_no_change(issued: Office) -> None:
    cover = next((issued.cli.root / "outbox" / "plans").rglob(f"{issued.documents['bh']}-cover.pdf"))
    assert "What changed" not in _text(cover)


def test_plans_of_two_members_are_not_compared(issued: Office) -> None:
    two = list(issued.documents.values())[:2]
    answer = issued.cli("plan", "diff", *two, status=3)
    assert "versions of one plan" in answer.err


def test_nobody_is_drafted_for_a_program_they_are_not_in(office: Office) -> None:
    member_id, program = _member_and_program(office, "bh")
    other = {"BH": "LTSS", "LTSS": "BH"}[program]
    answer = office.cli("plan", "draft", "--program", other, stdin=member_id, status=3)
    assert member_id not in answer.err
    assert f"no live {other} assignment" in answer.err


def test_a_plan_goes_to_a_new_pcp_under_no_approval_of_the_old_one(issued: Office) -> None:
    first = issued.documents["bh"]
    before = issued.status(first)
    new = next(
        npi for name, npi in issued.sample.npis.items() if name.startswith("pcp") and npi != _pcp_of(issued, "bh")
    )
    moved = issued.cli("plan", "transfer", first, "--to-npi", new, "--reason", "A new PCP", "--json").json
    now = issued.status(moved["document_id"])
    assert (now["version"], now["state"]) == (before["version"] + 1, "issued")
    assert {slot["state"] for slot in now["slots"].values()} == {"open"}
    assert issued.status(first)["state"] == "superseded"
    told = [each["text"] for each in issued.cli("plan", "diff", first, moved["document_id"], "--json").json]
    (pcp,) = (text for text in told if text.startswith("PCP (NPI): was"))
    assert re.search(rf"now “\w[^”\d]+, {new}”", pcp), "by name, not by number alone"
    waits = {each["kind"] for each in issued.cli("todo", "--json").json if each["document_id"] == moved["document_id"]}
    assert waits == {"member_signature", "unsent"}, "the roster still names the old one, and is behind"
    label = next(name for name, npi in issued.sample.npis.items() if npi == new)
    issued.documents["moved"] = moved["document_id"]
    desk = Desk(issued)
    row = desk.take(desk.sign_pcp(desk.issued_file("moved"), label), plan="moved")
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["pcp"])


def test_a_new_pcp_takes_the_old_ones_place_in_the_care_team_and_nobody_elses() -> None:
    old = TeamMember(
        "Pat Former, MD", "PCP", "Former Practice", "(508) 555-0101", chosen_by_member=True, gets_copy=True
    )
    aunt = TeamMember("Ann Sample", "Aunt", chosen_by_member=True)
    moved = with_pcp((old, aunt), {"Pat Former, MD"}, "Kim New, NP", "New Practice")
    assert moved == (TeamMember("Kim New, NP", "PCP", "New Practice", gets_copy=True), aunt)


def test_a_plan_isnt_moved_to_somebody_who_is_no_pcp(issued: Office) -> None:
    nurse = next(npi for name, npi in issued.sample.npis.items() if name.startswith("rn"))
    answer = issued.cli("plan", "transfer", issued.documents["bh"], "--to-npi", nurse, "--reason", "x", status=3)
    assert "No active PCP" in answer.err


def test_what_is_written_of_a_plan_reads_back_as_the_same_plan(sample: Any) -> None:
    for file in sample.plans.values():
        plan = read_plan(file.read_bytes(), file.name)
        assert read_plan(plan_text(plan).encode(), file.name) == plan


def _pcp_of(office: Office, name: str) -> str:
    return str(yaml.safe_load(office.sample.plans[name].read_text("utf-8"))["pcp_npi"])


def test_a_form_is_filled_in_and_read_back_as_a_plan_that_passes_the_check(office: Office, tmp_path: Path) -> None:
    member_id, program = _member_and_program(office, "bh")
    form, file = tmp_path / "form.xlsx", tmp_path / "plan.yaml"
    office.cli("plan", "draft", "--program", program, "--form", "-o", form, stdin=member_id)
    assert form.stat().st_mode & 0o077 == 0
    faulty = office.cli("plan", "draft", "--from", form, "-o", file, status=3)
    assert "Plan!B7 (plan.assessment_date): is missing." in faulty.err
    assert member_id not in faulty.err
    assert not file.exists()
    book = load_workbook(form)
    page = book["Plan"]
    asked = {page.cell(line, 4).value: line for line in range(4, page.max_row + 1)}
    assert page.cell(asked["plan.assessment_date"], 3).value == (
        "The day of the assessment (YYYY-MM-DD), not after plan_date. A date: 2026-11-02."
    )
    assert page.cell(asked["pcp_npi"], 2).value
    assert "Part 2!B4 (part2.applies): is missing." in faulty.err  # "no" is an answer that somebody has to give
    book["Part 2"]["B4"] = "no"
    for key, value in {"assessment_date": "2026-10-20", "next_review": "2027-10-20"}.items():
        page.cell(asked[f"plan.{key}"], 2).value = value
    book["Goals"]["B4"] = "I want to see my sister more often"
    book.save(form)
    office.cli("plan", "draft", "--from", form, "-o", file)
    checked = office.cli("plan", "check", file, "--json").json[0]
    assert checked["errors"] == []
    assert yaml.safe_load(file.read_text("utf-8"))["goals"][0]["goal"] == "I want to see my sister more often"


def test_a_draft_needs_a_program_and_a_form_a_file(office: Office, tmp_path: Path) -> None:
    member_id, program = _member_and_program(office, "bh")
    assert "--program" in office.cli("plan", "draft", stdin=member_id, status=2).err
    assert "-o" in office.cli("plan", "draft", "--program", program, "--form", stdin=member_id, status=2).err
    missing = office.cli("plan", "draft", "--from", tmp_path / "none.xlsx", status=3)
    assert "none.xlsx isn't there" in missing.err


def test_a_bundle_of_the_member_begins_a_draft_and_one_of_somebody_else_is_refused(
    office: Office, tmp_path: Path
) -> None:
    member_id, program = _member_and_program(office, "bh")
    row = next(row for row in _roster(office) if row["member_id"] == member_id)
    every = resources()
    every["p1"] |= {
        "birthDate": row["dob"],
        "name": [{"family": row["last_name"], "given": [row["first_name"]]}],
        "identifier": [{"value": member_id}],
    }
    source, file = tmp_path / "bundle.json", tmp_path / "draft.yaml"
    source.write_bytes(bundle(every))
    made = office.cli("plan", "draft", "--program", program, "--from", source, "-o", file, stdin=member_id)
    assert "not taken: Claim: entry[18]" in made.err
    assert row["last_name"] not in made.err
    text = file.read_text("utf-8")
    draft = yaml.safe_load(text)
    assert draft["goals"][0]["steps"][0] == {"step": "Call about the ride", "who": "Hedgerow Specimen"}
    assert draft["plan"]["effective_to"] == "2027-09-30"
    assert draft["care_team"][-1]["name"] == "Ana Fictitia"
    assert "#   Claim: entry[18]" in text
    assert "authorized_by:   # ASK who authorized it; never the Community Partner" in text
    errors = {each["field"] for each in office.cli("plan", "check", file, "--json", status=1).json[0]["errors"]}
    assert {"plan.assessment_date", "plan.next_review"} <= errors
    form = tmp_path / "form.xlsx"
    office.cli("plan", "draft", "--program", program, "--from", source, "--form", "-o", form, stdin=member_id)
    page = load_workbook(form)["Services"]
    assert page.cell(1, 1).value == "Services. From the bundle. Ask whether it holds."
    assert page.cell(4, 1).value == "Transportation"
    every["p1"]["birthDate"] = "1930-01-01"
    source.write_bytes(bundle(every))
    refused = office.cli("plan", "draft", "--program", program, "--from", source, stdin=member_id, status=3)
    assert "Patient.birthDate: has another date of birth" in refused.err
    assert row["last_name"] not in refused.err
    source.write_bytes(b"{}")
    assert (
        "no FHIR bundle"
        in office.cli("plan", "draft", "--program", program, "--from", source, stdin=member_id, status=3).err
    )


def _roster(office: Office) -> list[dict[str, str]]:
    with office.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))

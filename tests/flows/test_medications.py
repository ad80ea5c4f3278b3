"""The medication list after a discharge: a report with its source, never called reconciled unless somebody did that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents.papers import text_of
from tests.flows.conftest import Office

DISCHARGE = {
    "kind": "discharge",
    "facility": "Sample Hospital",
    "discharged": "2026-10-28T14:00:00-04:00",
    "home_visit_done": "2026-10-30T10:00:00-04:00",
}


def _file(office: Office, tmp_path: Path, **changes: Any) -> Path:
    held = yaml.safe_load(office.sample.plans["bh"].read_text("utf-8"))
    listed = {
        "schema": "cpdocs.medications/1",
        "member_id": held["member_id"],
        "program": held["plan"]["program"],
        "source": "The member, at the home visit",
        "as_of": "2026-10-30",
        "discharge": DISCHARGE,
        "medications": [{"name": "Naproxen 250 mg", "directions": "One in the morning", "source": "Bottle"}],
        **changes,
    }
    file = tmp_path / "list.yaml"
    file.write_text(yaml.safe_dump(listed), "utf-8")
    return file


def test_the_list_says_who_told_when_and_that_nobody_reconciled_it(office: Office, tmp_path: Path) -> None:
    file = _file(office, tmp_path)
    made = office.cli("medications", file, "--json").json
    assert made["home_visit_in_time"] is True
    text = text_of(Path(made["file"]).read_bytes())
    for words in (
        "Naproxen 250 mg",
        "The member, at the home visit",
        "As of October 30, 2026",
        "(within 72 hours of discharge)",
        "Not reconciled.",
        made["document_id"],
    ):
        assert words in text
    assert "Reconciled by" not in text
    again = office.cli("medications", file, "--json").json
    assert (again["document_id"], again["sha256"]) == (made["document_id"], made["sha256"])


@pytest.mark.parametrize(
    ("visit", "words", "in_time"),
    [
        ({"home_visit_done": "2026-10-31T16:00:00-04:00"}, "LATE by 2 hours", False),
        ({"home_visit_done": None}, "NOT SCHEDULED; due by Oct 31, 2026, 2:00 PM", None),
    ],
)
def test_the_home_visit_is_held_against_72_clock_hours(
    office: Office, tmp_path: Path, visit: dict[str, Any], words: str, in_time: bool | None
) -> None:
    made = office.cli("medications", _file(office, tmp_path, discharge={**DISCHARGE, **visit}), "--json").json
    assert made["home_visit_in_time"] is in_time
    assert words in text_of(Path(made["file"]).read_bytes())


def test_a_named_clinician_reconciles_and_nobody_else(office: Office, tmp_path: Path) -> None:
    by = {"name": "Ana Fictitia", "credential": "RN", "on": "2026-10-31"}
    made = office.cli("medications", _file(office, tmp_path, reconciled_by=by), "--json").json
    assert "Reconciled by Ana Fictitia, RN, on October 31, 2026." in text_of(Path(made["file"]).read_bytes())
    aide = office.cli("medications", _file(office, tmp_path, reconciled_by={**by, "credential": "MA"}), status=3)
    assert "reconciled_by" in aide.err


def test_every_fault_of_the_file_is_told_at_once(office: Office, tmp_path: Path) -> None:
    by = {"name": "Ana Fictitia", "credential": "LPN", "on": "2026-12-31"}
    answer = office.cli(
        "medications", _file(office, tmp_path, reconciled_by=by, as_of="2026-10-01", program="XYZ"), status=3
    )
    for field in ("program", "as_of", "reconciled_by.credential", "reconciled_by.on"):
        assert f"{field}:" in answer.err
    assert "Naproxen" not in answer.err


def test_a_discharge_waits_for_the_home_visit_to_the_hour_and_the_list_ends_it(office: Office, tmp_path: Path) -> None:
    member = yaml.safe_load(office.sample.plans["bh"].read_text("utf-8"))["member_id"]
    home = ("member", "discharged", "--facility", "Sample Hospital", "--how", "alert", "--by", "Test Coordinator")
    made = office.cli(*home, "--at", "2026-10-30T14:00", "--json", stdin=member)
    assert made.json["home_visit_due"] == "2026-11-02T18:00:00+00:00"
    assert member not in made.out + made.err
    draft = ("plan", "draft", "--program", "BH")
    begun = office.cli(*draft, stdin=member).out
    assert '    discharged: "2026-10-30T14:00:00-04:00"' in begun
    assert "home_visit_done:   # ASK when the home visit was; it is due by 2026-11-02 13:00" in begun
    (item,) = office.cli("todo", "--kind", "home_visit_due", "--json").json
    assert (item["due_at"], item["overdue"]) == ("2026-11-02T18:00:00+00:00", False)
    assert "cpdocs medications FILE" in item["what_to_do"]
    (late,) = office.cli("todo", "--kind", "home_visit_due", "--json", now="2026-11-02T18:00:01Z").json
    assert late["overdue"] is True
    listed = office.cli("todo", "--kind", "home_visit_due", now="2026-11-02T18:00:01Z").out
    assert "2026-11-02 LATE" in listed
    assert "T18:00" not in listed
    again = office.cli(*home, "--at", "2026-10-30T15:00", stdin=member, status=3)
    assert "on record" in again.err
    move = {**DISCHARGE, "discharged": "2026-10-30T14:00:00-04:00", "home_visit_done": "2026-11-02T09:00:00-05:00"}
    office.cli("medications", _file(office, tmp_path, discharge=move, as_of="2026-11-02"))
    assert office.cli("todo", "--kind", "home_visit_due", "--json").json == []
    assert '    home_visit_done: "2026-11-02T09:00:00-05:00"' in office.cli(*draft, stdin=member).out


def test_a_discharge_that_never_was_is_taken_back(office: Office) -> None:
    member = yaml.safe_load(office.sample.plans["bh"].read_text("utf-8"))["member_id"]
    by = ("--by", "Test Coordinator")
    office.cli(
        *("member", "discharged", "--at", "2026-10-30T14:00", "--facility", "H", "--how", "alert", *by), stdin=member
    )
    office.cli("member", "discharged", "--never", *by, stdin=member, status=2)
    office.cli("member", "discharged", "--never", "--reason", "another member", *by, stdin=member)
    assert office.cli("todo", "--kind", "home_visit_due", "--json").json == []
    office.cli("member", "discharged", "--never", "--reason", "x", *by, stdin=member, status=3)
    office.cli("member", "discharged", *by, stdin=member, status=2)


def test_a_list_waits_until_it_left_and_goes_to_the_pcp_by_the_road_of_the_plans(
    office: Office, tmp_path: Path
) -> None:
    settings = office.cli.root / "cpdocs.toml"
    out = tmp_path / "out"
    out.mkdir()
    channels = "".join(f'\n[channel.{name}]\nkind = "folder"\nfolder = "{out}"\n' for name in ("fax", "secure_email"))
    settings.write_text(settings.read_text("utf-8") + channels, "utf-8")
    made = office.cli("medications", _file(office, tmp_path), "--json").json
    document = made["document_id"]
    (item,) = office.cli("todo", "--kind", "medications_unsent", "--json").json
    assert (item["document_id"], item["due_on"]) == (document, "2026-10-31")
    assert f"cpdocs plan send {document}" in item["what_to_do"]
    (row,) = office.cli("plan", "send", document, "--json").json
    assert (row["document_id"], row["kind"]) == (document, "folder")
    (sent,) = out.rglob(f"{document}.pdf")
    assert sent.read_bytes() == Path(made["file"]).read_bytes()
    (cover,) = out.rglob(f"{document}-cover.pdf")
    said = " ".join(text_of(cover.read_bytes()).split())
    for words in (
        "Medication list for the PCP",
        "Nothing needs to be signed or returned.",
        "due by Oct 31, 2026, 2:00 PM, 72 clock hours; done Oct 30, 2026, 10:00 AM, in time.",
        "Not reconciled.",
        document,
    ):
        assert words in said
    assert "Naproxen" not in said
    assert "Sample Hospital" not in said
    assert office.cli("todo", "--kind", "medications_unsent", "--json").json == []
    assert office.cli("plan", "send", document, "--json").json[0]["attempts"] == row["attempts"], "sent once"
    assert office.cli("audit", "verify", "--json").json["ok"]


def test_a_list_that_was_carried_is_logged_and_a_newer_one_takes_its_place_on_the_work_list(
    office: Office, tmp_path: Path
) -> None:
    first = office.cli("medications", _file(office, tmp_path), "--json").json["document_id"]
    second = office.cli("medications", _file(office, tmp_path, comment="Read again"), "--json").json["document_id"]
    (item,) = office.cli("todo", "--kind", "medications_unsent", "--json").json
    assert item["document_id"] == second
    how = ("--to", "Kim Contact", "--channel", "fax", "--at", "2026-11-02T09:30")
    office.cli("plan", "sent", second, *how)
    assert office.cli("todo", "--kind", "medications_unsent", "--json").json == []
    ahead = office.cli("plan", "sent", first, *how[:4], "--at", "2027-01-01T09:30", status=3)
    assert "--at" in ahead.err


def test_who_reconciled_is_held_against_the_directory_and_part_2_records_need_a_plan(
    office: Office, tmp_path: Path
) -> None:
    nurse = office.sample.npis["rn1"]
    by = {"name": "Somebody Else", "credential": "RN", "on": "2026-10-31", "npi": nurse}
    medicines = [{"name": "Naproxen", "part2": True}]
    answer = office.cli("medications", _file(office, tmp_path, reconciled_by=by, medications=medicines), status=3)
    assert "reconciled_by.npi: the record has another clinician" in answer.err
    assert "medications[0].part2" in answer.err
    assert "Naproxen" not in answer.err

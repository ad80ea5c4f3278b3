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
    answer = office.cli("medications", _file(office, tmp_path, reconciled_by=by, as_of="2026-10-01"), status=3)
    for field in ("as_of", "reconciled_by", "reconciled_by.on"):
        assert f"{field}:" in answer.err
    assert "Naproxen" not in answer.err

"""Imports as a user does them: files in, counts and problems out, and what is on record afterwards."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from cpdocs.core.roster_lines import COLUMNS
from cpdocs.demo.files import Sample, write_roster, write_sample
from tests.conftest import CommandLine
from tests.intake.tables_made import cells, csv_bytes, spreadsheet_row, workbook

AS_OF = date(2026, 11, 2)
DISPOSITIONS = ("mailed", "held", "suppressed", "duplicate", "rejected", "ignored")


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return write_sample(tmp_path / "sample", AS_OF)


def events(cli: CommandLine) -> int:
    return int(cli("audit", "verify", "--json").json["events"])


def put(cli: CommandLine, data: bytes, name: str = "roster.csv") -> Path:
    path = cli.root.parent / name
    path.write_bytes(data)
    return path


def test_directories_and_rosters_are_recorded_and_counted(cli: CommandLine, sample: Sample) -> None:
    for table, rows in (("practices", 4), ("clinicians", 13), ("designations", 8)):
        told = cli("import", table, getattr(sample, table), "--json").json
        assert (told["ok"], told["rows"], told["new"], told["problems"]) == (True, rows, rows, [])
        again = cli("import", table, getattr(sample, table), "--json").json
        assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, rows)
    told = cli("import", "roster", sample.roster, "--json").json
    assert told["records_in"] == sum(told[name] for name in DISPOSITIONS) == 28
    assert told["recorded"] == 21
    assert cli("import", "roster", sample.roster, "--json").json["recorded"] == 0
    assert cli("plan", "check", *sample.plans.values(), "--json").json[0]["ok"] is True


def test_people_are_told_the_lines_that_need_them(cli: CommandLine, sample: Sample) -> None:
    told = cli("import", "roster", sample.roster)
    assert told.out == ""
    assert "28 lines: 12 mailed" in told.err
    assert "line 26: rejected. The line couldn't be read: a date is missing or is none (date_invalid)." in told.err
    assert re.search(r"put back \(zip_repadded\): line \d+\.", told.err)


@pytest.mark.parametrize("name", ["roster", "roster-messy", "roster-cp1252-semicolon"])
def test_shared_rosters_give_exactly_what_they_expect(cli: CommandLine, shared_data: Path, name: str) -> None:
    told = cli("import", "roster", shared_data / f"{name}.csv", "--json").json
    expected_file = shared_data / f"{name}.expected.json"
    expected = json.loads(expected_file.read_text()) if expected_file.exists() else {"totals": {"mailed": 40}}
    assert {key: told[key] for key in DISPOSITIONS if told[key]} == expected["totals"]
    assert told["records_in"] == sum(told[key] for key in DISPOSITIONS)


def test_every_shared_table_and_plan_is_taken(cli: CommandLine, shared_data: Path) -> None:
    for table, rows in (("practices", 60), ("clinicians", 180), ("designations", 120)):
        assert cli("import", table, shared_data / f"{table}.csv", "--json").json["new"] == rows
    cli("import", "roster", shared_data / "roster.csv")
    reports = cli("plan", "check", *sorted((shared_data / "plans").glob("*.yaml")), "--json").json
    assert [one for one in reports if one["errors"]] == []
    assert len(reports) == 30


def test_a_workbook_is_read_as_the_same_roster(cli: CommandLine) -> None:
    path = put(
        cli,
        workbook([spreadsheet_row(), spreadsheet_row(member_id=900000000002.0, first_name="Bramble")]),
        "roster.xlsx",
    )
    told = cli("import", "roster", path, "--json").json
    assert (told["encoding"], told["records_in"], told["mailed"], told["recorded"]) == ("xlsx", 2, 2, 2)
    assert [one["warnings"] for one in told["lines"]] == [["zip_repadded"], ["zip_repadded"]]


def test_a_sites_own_column_names_come_from_its_settings(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(
        settings.read_text().replace('# "MassHealth ID" = "member_id"', '"MassHealth ID" = "member_id"')
    )
    header = ["MASSHEALTH  id", *COLUMNS[1:]]
    assert cli("import", "roster", put(cli, csv_bytes([cells()], header)), "--json").json["mailed"] == 1


def test_only_an_unreadable_file_or_a_missing_column_refuses_a_roster(cli: CommandLine) -> None:
    before = events(cli)
    short = [column for column in COLUMNS if column not in ("zip", "status")]
    told = cli("import", "roster", put(cli, csv_bytes([], short)), "--json", status=3)
    assert [one["code"] for one in told.json["problems"]] == ["column_missing", "column_missing"]
    assert told.json["ok"] is False
    assert "column zip is missing" in told.err
    for data in (b"", b"%PDF-1.7", csv_bytes([cells()]).decode().encode("utf-16"), csv_bytes([cells()]) + b'"cut off'):
        assert cli("import", "roster", put(cli, data), "--json", status=3).json["ok"] is False
    cli("import", "roster", cli.root / "nowhere.csv", status=3)
    cli("import", "roster", cli.root, status=3)
    assert events(cli) == before


def test_one_fault_refuses_a_whole_directory_and_names_its_line(cli: CommandLine, sample: Sample) -> None:
    before = events(cli)
    text = sample.practices.read_text().replace("S03,", "../S03,").replace(",Epic,N", ",Epic,perhaps", 1)
    told = cli("import", "practices", put(cli, text.encode(), "practices.csv"), "--json", status=3).json
    assert [(one["where"], one["code"]) for one in told["problems"]] == [
        ("line 2", "suffolk_holidays_invalid"),
        ("line 4", "practice_id_invalid"),
    ]
    assert events(cli) == before


def test_clinicians_before_their_practices_are_told_what_to_import_first(cli: CommandLine, sample: Sample) -> None:
    told = cli("import", "clinicians", sample.clinicians, status=3)
    assert "Import the practices first." in told.err


def test_a_later_roster_brings_news_of_an_assignment_and_its_absence_none(cli: CommandLine, sample: Sample) -> None:
    for table in ("practices", "clinicians", "roster"):
        cli("import", table, getattr(sample, table))
    plan = sample.plans["bh"]
    others = [line for line in sample.roster.read_text().splitlines() if sample.member_ids["bh"] not in line]
    cli("import", "roster", put(cli, "\n".join(others).encode()))
    assert cli("plan", "check", plan, "--json").json[0]["ok"] is True
    cli("import", "roster", put(cli, sample.roster.read_text().replace(",assigned,", ",declined,").encode()))
    told = cli("plan", "check", plan, "--json", status=1).json[0]
    assert [one["code"] for one in told["errors"]] == ["member_not_enrolled"]


def test_nothing_that_is_printed_names_a_member(cli: CommandLine, sample: Sample) -> None:
    told = cli("import", "roster", sample.roster, "--json")
    rows = sample.roster.read_text().splitlines()[1:20]
    for row in rows:
        member_id, last_name = row.split(",")[:2]
        assert member_id not in told.out + told.err
        assert last_name not in told.out + told.err


def test_a_roster_of_any_size_can_be_made_and_is_all_good(cli: CommandLine, tmp_path: Path) -> None:
    write_roster(tmp_path / "big.csv", 1_000, AS_OF)
    assert cli("import", "roster", tmp_path / "big.csv", "--json").json["mailed"] == 1_000

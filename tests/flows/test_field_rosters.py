"""Rosters as payers and spreadsheets really send them, from the file to the letters: who gets none, and what is told
before the letters go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.intake import tables_made as made
from tests.letters.letter_rosters import line, write_roster

LTSS = {"program": "LTSS", "cp_org": "Sample LTSS Partners"}


@pytest.fixture
def cli(short_notice: CommandLine) -> CommandLine:
    return short_notice


def run(cli: CommandLine, roster: Path, *more: str) -> dict[str, Any]:
    result: dict[str, Any] = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1", *more).json
    return result


@pytest.mark.parametrize(
    ("stated", "code"), [({"status": "deceased"}, "deceased"), ({"safe_contact": "phone_only"}, "no_mail")]
)
def test_a_roster_that_comes_between_staging_and_release_pulls_the_other_programs_letter(
    cli: CommandLine, tmp_path: Path, stated: dict[str, str], code: str
) -> None:
    staged = run(cli, write_roster(tmp_path / "one.csv", line(1), line(2)))
    cli("import", "roster", write_roster(tmp_path / "two.csv", line(1, **LTSS, **stated)))
    released = cli("letters", "release", staged["run_id"], "--json").json
    assert [(item["code"], item["piece"]) for item in released["pull"]] == [(code, 1)]
    assert released["changed"] == []
    again = run(
        cli, write_roster(tmp_path / "three.csv", line(1, assigned_on="2026-11-02", safe_contact="")), "--dry-run"
    )
    assert again["codes"]["suppressed"] == {code: 1}


def test_a_death_on_a_rejected_line_is_on_record_until_a_person_takes_it_back(cli: CommandLine, tmp_path: Path) -> None:
    cli("import", "roster", write_roster(tmp_path / "one.csv", line(1, status="deceased", dob="?"), line(2)))
    later = write_roster(tmp_path / "two.csv", line(1))
    assert run(cli, later, "--dry-run")["codes"]["suppressed"] == {"deceased": 1}
    said = ["--on", "2026-11-02", "--how", "telephone", "--by", "Casey Sample"]
    cli("member", "correct", "deceased", *said, stdin="100000000001\n")
    assert run(cli, later, "--dry-run")["mailed"] == 1
    none = cli("member", "correct", "no_mail", *said, stdin="100000000001\n", status=3)
    assert "doesn't stand" in none.err


def test_whatever_changed_between_staging_and_release_is_named(cli: CommandLine, tmp_path: Path) -> None:
    minor = {"dob": "2008-11-03", "guardian_name": "Gale Testperson", "guardian_relation": "parent"}
    changes: list[dict[str, str]] = [
        {"address1": "99 Other Sample Road"},
        {"last_name": "Othername"},
        {"language_written": "Spanish"},
        {"format_need": "large_print"},
        {"end_on": "2027-01-31"},
        {"format_need": "braille"},
        {},
    ]
    lines = [line(number, zip=f"0211{number}") for number in range(1, 8)]
    staged = run(cli, write_roster(tmp_path / "one.csv", *lines, line(8, zip="02118", **minor)))
    later = [one | changed for one, changed in zip(lines, changes, strict=True)]
    cli("import", "roster", write_roster(tmp_path / "two.csv", *later))
    released = cli("letters", "release", staged["run_id"], "--json", now="2026-11-04T15:00:00Z").json
    assert released["pull"] == []
    assert [item["what"] for item in sorted(released["changed"], key=lambda item: item["piece"])] == [
        ["address"],
        ["name"],
        ["language"],
        ["format"],
        ["end"],
        ["format", "held:format_not_printable"],
        ["eighteenth_birthday"],
    ]


def test_a_partner_in_capitals_letters_nobody_again(cli: CommandLine, tmp_path: Path) -> None:
    run(cli, write_roster(tmp_path / "one.csv", line(1)))
    again = run(cli, write_roster(tmp_path / "two.csv", line(1, cp_org="SAMPLE BH PARTNERS, Inc.")))
    assert (again["mailed"], again["codes"]["duplicate"]) == (0, {"same_assignment": 1})


def test_a_workbook_says_what_it_needs_and_how_it_was_read(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(made.two_sheets("BH", "LTSS"))
    assert "--sheet" in cli("import", "roster", path, status=3).err
    read = cli("import", "roster", path, "--sheet", "LTSS", "--json").json
    assert (read["records_in"], read["sheet"], read["other_sheets"]) == (1, "LTSS", ["BH"])
    path.write_bytes(made.with_hidden_row("row"))
    assert "--hidden-rows" in cli("letters", "run", "--roster", path, status=3).err
    left_out = cli("import", "roster", path, "--hidden-rows", "leave-out", "--json").json
    assert (left_out["records_in"], left_out["ignored"], left_out["hidden_rows"]) == (2, 1, 1)
    path.write_bytes(made.workbook([made.spreadsheet_row()], titles=["Assignments", ""]))
    told = cli("import", "roster", path)
    assert "line 3" in told.err


def test_names_from_right_to_left_are_mailed_alone_as_in_a_crowd(cli: CommandLine, tmp_path: Path) -> None:
    named = [
        {"first_name": "ليلى"},
        {"last_name": "الاختراع"},
        {"first_name": "علی\u200cرضا", "last_name": "محمدی"},
        {"last_name": "MARIA APARECIDA DA SPECIMEN DOS SANTOS INVENTADOS"},
    ]
    lines = [line(number, **names) for number, names in enumerate(named, 1)]
    for number, one in enumerate(lines):
        assert run(cli, write_roster(tmp_path / f"{number}.csv", one), "--dry-run")["mailed"] == 1
    crowd = [line(number, last_name="ليلى", first_name="Noor") for number in range(10, 14)]
    assert run(cli, write_roster(tmp_path / "all.csv", *crowd, *lines), "--dry-run")["mailed"] == 5


def test_a_rehearsal_says_in_words_what_the_roster_brings(cli: CommandLine, tmp_path: Path) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(
        settings.read_text("utf-8") + '\n[cp_org."Sample BH Partners"]\nphone = "6175550100"\n', "utf-8"
    )
    roster = write_roster(
        tmp_path / "one.csv", line(1), line(2, cp_org="Sampel BH Partner Inc"), line(3, language_written="Khmer")
    )
    told = cli("letters", "run", "--roster", roster, "--dry-run", "--jobs", "1").out
    assert "did the roster mean 'Sample BH Partners'?" in told
    assert "1 letter: members who asked for a language whose text nobody has reviewed" in told
    found = run(cli, roster, "--dry-run")["roster"]
    assert found["unknown_cp_orgs"] == [{"name": "Sampel BH Partner Inc", "lines": 1, "nearest": "Sample BH Partners"}]

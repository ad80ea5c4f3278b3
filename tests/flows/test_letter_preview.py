"""Before anything is printed: who gets no letter and why, and what one line's letter looks like."""

from __future__ import annotations

import csv
from pathlib import Path

import pypdfium2
import pytest

from tests.conftest import CommandLine
from tests.letters.letter_rosters import line, write_roster


@pytest.fixture
def cli(short_notice: CommandLine) -> CommandLine:
    return short_notice


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return write_roster(
        tmp_path / "roster.csv",
        line(1, language_written="Khmer"),
        line(2, zip="00000", phone="(617) 555-0102"),
        line(3, dob="13.13.13"),
        line(4, safe_contact="phone_only"),
        line(5, address1="A street of a name far too long for any window " * 3),
    )


def _files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in (root / "outbox").rglob("*") if path.is_file())


def test_a_rehearsal_says_who_gets_no_letter_and_why(cli: CommandLine, roster: Path) -> None:
    rehearsal = ("letters", "run", "--roster", roster, "--dry-run", "--jobs", "1")
    told = cli(*rehearsal).out
    assert "line 3, member …0002: held. The address is none that mail reaches. Find the address." in told
    assert "1: The address is none that mail reaches (undeliverable_address)" in told
    assert "Namec" not in told
    named = cli(*rehearsal, "--json").json["not_mailed"]
    assert [(item["line"], item["disposition"], item["code"], item["member"]) for item in named] == [
        (3, "held", "undeliverable_address", "Namec Testperson"),
        (4, "rejected", "date_invalid", "Named Testperson"),
        (5, "suppressed", "no_mail", "Namee Testperson"),
        (6, "held", "address_does_not_fit", "Namef Testperson"),
    ]
    assert all(item["why"].endswith(".") for item in named)
    assert _files(cli.root) == []


def test_names_are_shown_at_a_terminal(cli: CommandLine, roster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpdocs.cli.letter_words.at_terminal", lambda: True)
    assert "line 3, Namec Testperson: held." in cli("letters", "run", "--roster", roster, "--dry-run").out
    cli("import", "roster", roster)
    assert "Namec Testperson  1 Sample Street, Boston, MA 00000" in cli("letters", "hold", "list").out


def test_a_run_leaves_a_list_of_whom_to_look_at_with_names_and_addresses(cli: CommandLine, roster: Path) -> None:
    run = cli("letters", "run", "--roster", roster, "--jobs", "1", "--json").json
    with Path(run["held_file"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["disposition"], row["code"], row["name"]) for row in rows] == [
        ("3", "held", "undeliverable_address", "Namec Testperson"),
        ("4", "rejected", "date_invalid", "Named Testperson"),
        ("6", "held", "address_does_not_fit", "Namef Testperson"),
    ]
    assert (rows[0]["address1"], rows[0]["phone"], rows[0]["release"]) == ("1 Sample Street", "(617) 555-0102", "yes")
    held = cli("letters", "hold", "list", "--json").json
    assert [(item["document_id"], item["name"], item["address"]) for item in held] == [
        (rows[0]["document_id"], "Namec Testperson", "1 Sample Street, Boston, MA 00000")
    ]
    target = cli.root / "held-today.csv"
    cli("letters", "hold", "list", "--csv", target)
    assert "Namec Testperson" in target.read_text("utf-8")
    good = write_roster(roster.with_name("good.csv"), line(9))
    assert cli("letters", "run", "--roster", good, "--jobs", "1", "--json").json["held_file"] is None


def test_a_preview_is_the_letter_of_one_line_and_records_nothing(cli: CommandLine, roster: Path) -> None:
    before = cli("audit", "verify", "--json").json["events"]
    one = ("letters", "preview", "--roster", roster, "--line")
    target = cli.root / "letter.pdf"
    found = cli(*one, "2", "-o", target, "--json").json
    assert (found["disposition"], found["language"], found["warnings"]) == ("mailed", "en", ["language_fallback"])
    document = pypdfium2.PdfDocument(target.read_bytes())
    assert len(document) == found["pages"]
    text = document[0].get_textpage().get_text_range()
    assert all(words in text for words in ("Nameb Testperson", found["document_id"], "PROOF"))
    none = cli(*one, "3", "--json").json
    assert (none["disposition"], none["code"], none["file"]) == ("held", "undeliverable_address", None)
    assert cli(*one, "6", "--json").json["code"] == "address_does_not_fit"
    assert cli(*one, "4").out.startswith("line 4, member …0003: no letter, rejected (date_invalid).")
    assert "lines are 2 to 6" in cli(*one, "9", status=3).err
    assert cli("audit", "verify", "--json").json["events"] == before


def test_a_line_is_previewed_as_it_stands_among_the_others(cli: CommandLine, tmp_path: Path) -> None:
    twins = [line(number, first_name="Robin", last_name="Twin") for number in (1, 2)]
    roster = write_roster(tmp_path / "twins.csv", *twins, line(1, program="LTSS", status="deceased"))
    found = [
        cli("letters", "preview", "--roster", roster, "--line", str(number), "--json").json["code"] for number in (2, 3)
    ]
    assert found == ["deceased", "possible_same_person"]

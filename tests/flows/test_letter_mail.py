"""After the run: pieces printed again, letters that come back, members never written to, addresses checked by a
service."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from cpdocs.documents.printfile import recount
from tests.conftest import CommandLine, brought_along
from tests.letters.letter_rosters import line, write_roster

LATER = "2026-12-01T15:00:00Z"


@pytest.fixture(scope="module")
def _mailed(tmp_path_factory: pytest.TempPathFactory, _short_notice: Path) -> tuple[Path, dict[str, Any]]:
    root = Path(shutil.copytree(_short_notice, tmp_path_factory.mktemp("mailed") / "ws"))
    cli = CommandLine(root)
    lines = (line(1), line(2, address1="2 Elm Street"), line(3, address1="2 Elm Street"))
    roster = write_roster(root.parent / "roster.csv", *lines)
    result: dict[str, Any] = cli("letters", "run", "--roster", roster, "--jobs", "1", "--json").json
    cli("letters", "release", result["run_id"])
    cli("letters", "mailed", result["run_id"], "--on", "2026-11-02")
    with Path(result["manifest"]).open(encoding="utf-8", newline="") as file:
        result["rows"] = {row["line"]: row for row in csv.DictReader(file)}
    return root, result


@pytest.fixture
def mailed(cli: CommandLine, _mailed: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """A run of three letters that were mailed, with its manifest rows by line."""
    shutil.rmtree(cli.root)
    shutil.copytree(_mailed[0], cli.root)
    result: dict[str, Any] = brought_along(_mailed[1], _mailed[0], cli.root)
    return result


def later(cli: CommandLine, *argv: str | Path, status: int = 0, stdin: str = "") -> Any:
    outcome = cli(*argv, "--json", now=LATER, status=status, stdin=stdin)
    return outcome.json if outcome.out else {"err": outcome.err}


def moved_roster(tmp_path: Path, **cells: str) -> Path:
    return write_roster(
        tmp_path / "moved.csv", line(1, **cells), line(2, address1="2 Elm Street"), line(3, address1="2 Elm Street")
    )


def test_pieces_are_printed_again_with_their_own_pages_and_a_reason(cli: CommandLine, mailed: dict[str, Any]) -> None:
    again = later(cli, "letters", "reprint", mailed["run_id"], "--pieces", "1,3", "--reason", "jam in the folder")
    pages = recount(Path(again["file"]).read_bytes()).pages
    by_piece = {row["piece"]: row["document_id"] for row in mailed["rows"].values()}
    assert list(dict.fromkeys(ids[0] for ids in pages if ids)) == [by_piece["1"], by_piece["3"]]
    assert (again["reprint"], again["pieces"], len(pages)) == (1, [1, 3], 2 * again["sheets"])
    assert later(cli, "letters", "reprint", mailed["run_id"], "--pieces", "2", "--reason", "stain")["reprint"] == 2
    torn = ("letters", "reprint", mailed["run_id"], "--reason", "torn", "--documents")
    both = later(cli, *torn, f"{by_piece['3']}, {by_piece['1'].lower()}", "--pieces", "2")
    assert both["pieces"] == [1, 2, 3]
    said = pypdfium2.PdfDocument(both["file"])[0].get_textpage().get_text_range()
    assert f"Run {mailed['run_id']}, piece 1, sheet 1 of" in said
    assert "no letter of run" in later(cli, *torn, "7K3M-9QXW-2RR", status=3)["err"]


@pytest.mark.parametrize(("pieces", "status"), [("4", 3), ("0", 2), ("3-1", 2), ("a", 2), ("", 2)])
def test_pieces_that_are_not_there_are_refused(
    cli: CommandLine, mailed: dict[str, Any], pieces: str, status: int
) -> None:
    later(cli, "letters", "reprint", mailed["run_id"], "--pieces", pieces, "--reason", "x", status=status)


def test_who_moved_gets_no_letter_there_until_another_address_is_on_record(
    cli: CommandLine, mailed: dict[str, Any], tmp_path: Path
) -> None:
    first = mailed["rows"]["2"]
    code = f"L261102-01/{first['piece']}/1/{first['sheets']}"
    recorded = later(cli, "letters", "returned", code, "--reason", "moved")["recorded"]
    assert [entry["document_id"] for entry in recorded] == [first["document_id"]]
    assert later(cli, "letters", "run", "--returned", "--jobs", "1")["records_in"] == 0
    held = later(
        cli, "letters", "run", "--kind", "reminder", "--roster", moved_roster(tmp_path), "--dry-run", "--jobs", "1"
    )
    assert held["codes"]["held"] == {"address_returned": 1}
    later(cli, "import", "roster", moved_roster(tmp_path, address1="7 Oak Street"))
    again = later(cli, "letters", "run", "--returned", "--jobs", "1")
    assert (again["records_in"], again["mailed"]) == (1, 1)
    with Path(again["manifest"]).open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["document_id"] == first["document_id"]
    assert later(cli, "letters", "run", "--returned", "--jobs", "1")["records_in"] == 0


def test_a_vacant_house_is_held_for_everybody_in_it(cli: CommandLine, mailed: dict[str, Any], tmp_path: Path) -> None:
    later(cli, "letters", "returned", mailed["rows"]["3"]["document_id"], "--reason", "vacant", "--on", "2026-11-20")
    held = later(
        cli, "letters", "run", "--kind", "reminder", "--roster", moved_roster(tmp_path), "--dry-run", "--jobs", "1"
    )
    assert (held["mailed"], held["codes"]["held"]) == (1, {"address_returned": 2})


def test_a_scanner_s_good_codes_are_recorded_and_its_bad_ones_named(cli: CommandLine, mailed: dict[str, Any]) -> None:
    good = mailed["rows"]["2"]["document_id"]
    outcome = cli(
        "letters",
        "returned",
        "-",
        "--reason",
        "unknown",
        "--json",
        now=LATER,
        status=3,
        stdin=f"{good}\nL261102-01/99/1/2\nnonsense\n",
    )
    assert "code 2" in outcome.err
    assert "code 3" in outcome.err
    told = outcome.json
    assert [entry["document_id"] for entry in told["recorded"]] == [good]
    assert [entry["code"] for entry in told["problems"]] == ["code_unknown", "code_unknown"]
    assert later(cli, "letters", "returned", good, "--reason", "unknown")["recorded"] == []


def test_a_letter_that_was_never_mailed_cannot_come_back(cli: CommandLine, tmp_path: Path) -> None:
    result = cli("letters", "run", "--roster", write_roster(tmp_path / "r.csv", line(1)), "--jobs", "1", "--json").json
    outcome = cli("letters", "returned", "L261102-01/1/1/2", "--reason", "moved", status=3)
    assert "staged" in outcome.err
    assert cli("letters", "returned", "L261102-01/1/1/2", "--reason", "moved", "--on", "2027-01-01", status=3).err
    assert result["mailed"] == 1


def test_suppressed_members_are_never_written_to(cli: CommandLine, mailed: dict[str, Any], tmp_path: Path) -> None:
    ids = "100000000001\n100000000002\n"
    assert (
        later(cli, "letters", "suppress", "--reason", "safety plan", "--by", "Casey Sample", stdin=ids)["changed"] == 2
    )
    assert (
        later(cli, "letters", "suppress", "--reason", "safety plan", "--by", "Casey Sample", stdin=ids)["changed"] == 0
    )
    rehearsal = ("letters", "run", "--kind", "reminder", "--roster", moved_roster(tmp_path), "--dry-run", "--jobs", "1")
    assert later(cli, *rehearsal)["codes"]["suppressed"] == {"suppression_list": 2}
    later(
        cli, "letters", "suppress", "--lift", "--reason", "plan ended", "--by", "Casey Sample", stdin="100000000001\n"
    )
    assert later(cli, *rehearsal)["suppressed"] == 1
    cli("letters", "suppress", "--reason", "x", "--by", "y", status=3, stdin="123\n")


def test_an_address_service_gets_no_names_and_its_answer_mends_addresses(
    cli: CommandLine, mailed: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "addresses.csv"
    cli("letters", "addresses", "export", out)
    text = out.read_text("utf-8")
    assert "Testperson" not in text
    assert "10000000000" not in text
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2  # two live at one address
    for row in rows:
        row["dpv"] = "N" if row["address1"].startswith("1 ") else "Y"
        row["address1"], row["zip"] = row["address1"].upper(), "02118-1234"
    answer = tmp_path / "checked.csv"
    with answer.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert later(cli, "letters", "addresses", "import", answer) == {"rows": 2, "confirmed": 1, "unconfirmed": 1}
    told = later(
        cli, "letters", "run", "--kind", "reminder", "--roster", moved_roster(tmp_path), "--dry-run", "--jobs", "1"
    )
    assert told["warnings"] == {"address_not_confirmed": 1, "address_standardized": 2}


def test_an_answer_that_is_not_about_our_addresses_is_refused_whole(
    cli: CommandLine, mailed: dict[str, Any], tmp_path: Path
) -> None:
    answer = tmp_path / "checked.csv"
    answer.write_text("record_id,address1,address2,city,state,zip,dpv\nabc,1 X ST,,BOSTON,MA,02118,Y\n", "utf-8")
    assert "line 2" in cli("letters", "addresses", "import", answer, status=3).err


def test_the_month_is_reported_as_a_table_a_csv_and_a_page_that_names_nobody(
    cli: CommandLine, mailed: dict[str, Any], tmp_path: Path
) -> None:
    later(cli, "import", "roster", write_roster(tmp_path / "new.csv", line(9, program="LTSS", plan_name="Other Plan")))
    figures = later(
        cli, "letters", "report", "--month", "2026-11", "--csv", tmp_path / "m.csv", "--html", tmp_path / "m.html"
    )
    assert figures["outcomes"] == [
        {
            "month": "2026-11",
            "kind": "assignment",
            "program": "BH",
            "language": "English",
            "outcome": "mailed",
            "members": 3,
            "lines": 3,
        }
    ]
    assert [row["member_id"] for row in figures["without_letter"]] == ["100000000009"]
    assert figures["expectation"]["whose_duty"] == "payers"
    rows = list(csv.DictReader((tmp_path / "m.csv").read_text("utf-8").splitlines()))
    assert [(row["program"], row["outcome"], row["lines"]) for row in rows] == [("BH", "mailed", "3")]
    page = (tmp_path / "m.html").read_text("utf-8")
    assert "<svg" in page
    assert "payers’ duty" in page
    assert "enrollees not stated" in page
    table = cli("letters", "report", now=LATER).out
    for secret in ("Testperson", "100000000009"):
        assert secret not in page + table
    later(cli, "letters", "report", "--month", "November", status=2)


def test_a_proof_shows_every_language_and_counts_nowhere(cli: CommandLine, mailed: dict[str, Any]) -> None:
    before = later(cli, "letters", "list")
    proof = later(cli, "letters", "proof", "--kind", "reminder")
    shown = {(entry["language"], entry["format"]) for entry in proof["letters"]}
    assert {("en", "standard"), ("en", "large_print"), ("ar", "standard"), ("zh-Hant", "large_print")} <= shown
    assert len(proof["unreviewed"]) == 11
    document = pypdfium2.PdfDocument(proof["file"])
    assert len(document) == sum(entry["pages"] for entry in proof["letters"])
    assert "PROOF" in document[0].get_textpage().get_text_range()
    assert later(cli, "letters", "list") == before

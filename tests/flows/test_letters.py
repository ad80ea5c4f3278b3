"""A letter run as an operator sees it: from the roster to the print file, twice, killed, in pairs, and with faults."""

from __future__ import annotations

import csv
import errno
import fcntl
import json
import os
import shutil
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from cpdocs.core.ids import parse_document_id
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.documents.printfile import read_sheet_code, recount
from tests.conftest import SHARED_DATA, CommandLine, brought_along
from tests.letters.letter_rosters import line, write_roster

BASE = "letters/common/base.html"
SHIPPED = Path(__file__).parent.parent.parent / "templates"


def run(cli: CommandLine, roster: Path | None = None, *more: str, status: int = 0) -> dict[str, Any]:
    argv = ["letters", "run", *(["--roster", str(roster)] if roster else []), "--json", "--jobs", "1", *more]
    outcome = cli(*argv, status=status)
    return outcome.json if status == 0 else {"err": outcome.err}


def manifest_rows(result: dict[str, Any]) -> list[dict[str, str]]:
    with Path(result["manifest"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def site_template(cli: CommandLine, name: str, old: str, new: str) -> None:
    """The site's own version of a template, with ``old`` replaced."""
    text = (SHIPPED / name).read_text("utf-8")
    assert old in text
    path = cli.root / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def cli(short_notice: CommandLine) -> CommandLine:
    return short_notice


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four to be mailed (one in large print, one a minor's), one held, one suppressed, one blank line."""
    return write_roster(
        tmp_path_factory.mktemp("small") / "roster.csv",
        line(1, zip="02139"),
        line(2, zip="01002", program="LTSS", cp_org="Sample LTSS Partners"),
        line(3, format_need="large_print"),
        line(4, dob="2015-03-02", guardian_name="Gale Testperson", guardian_relation="parent", zip="01001"),
        line(5, address1=""),
        line(6, status="declined"),
        {},
    )


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, _short_notice: Path, small: Path
) -> tuple[Path, dict[str, Any]]:
    """A workspace in which ``small`` was run, to be copied, and what the run said."""
    root = Path(shutil.copytree(_short_notice, tmp_path_factory.mktemp("ran") / "ws"))
    return root, run(CommandLine(root), small)


@pytest.fixture
def first(tmp_path: Path, cli: CommandLine, undisturbed: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """What the first run of ``small`` in the workspace said."""
    shutil.rmtree(cli.root)
    shutil.copytree(undisturbed[0], cli.root)
    result: dict[str, Any] = brought_along(undisturbed[1], undisturbed[0], cli.root)
    return result


def test_a_run_accounts_for_every_line_and_every_sheet(first: dict[str, Any]) -> None:
    result = first
    assert result["run_id"] == "2026-11-02-01"
    assert (result["records_in"], result["mailed"], result["held"], result["suppressed"], result["ignored"]) == (
        7,
        4,
        1,
        1,
        1,
    )
    rows = manifest_rows(result)
    assert [row["line"] for row in rows] == ["2", "3", "4", "5", "6", "7", "8"]
    assert Counter(row["disposition"] for row in rows) == {"mailed": 4, "held": 1, "suppressed": 1, "ignored": 1}
    sent = [row for row in rows if row["disposition"] == "mailed"]
    assert sum(int(row["pages"]) for row in sent) == result["pages"]
    assert sum(int(row["sheets"]) for row in sent) == result["sheets"]
    assert all(parse_document_id(row["document_id"]) == row["document_id"] for row in sent)
    assert {row["format"] for row in sent} == {"standard", "large_print"}


def test_letters_lie_by_sheets_then_zip_and_never_share_a_sheet(first: dict[str, Any]) -> None:
    pages = recount(Path(first["print_file"]).read_bytes()).pages
    assert len(pages) % 2 == 0
    for front, back in zip(pages[::2], pages[1::2], strict=True):
        assert len({*front, *back}) <= 1
    sent = sorted((row for row in manifest_rows(first) if row["piece"]), key=lambda row: int(row["piece"]))
    assert [int(row["sheets"]) for row in sent] == sorted(int(row["sheets"]) for row in sent)
    by_line = {"2": "02139", "3": "01002", "4": "02118", "5": "01001"}
    assert [by_line[row["line"]] for row in sent] == ["01001", "01002", "02139", "02118"]
    in_file = list(dict.fromkeys(ids[0] for ids in pages if ids))
    assert in_file == [row["document_id"] for row in sent]
    assert pages[0] == ()  # the first separator


def test_every_sheet_says_its_run_piece_and_place(first: dict[str, Any]) -> None:
    document = pypdfium2.PdfDocument(first["print_file"])
    marks = [read_sheet_code(document[index].render(scale=200 / 72).to_pil()) for index in range(0, len(document), 2)]
    read = [(mark.run_id, mark.piece, mark.sheet, mark.sheets) for mark in marks if mark is not None]
    sent = sorted((row for row in manifest_rows(first) if row["piece"]), key=lambda row: int(row["piece"]))
    sheets = [
        (int(row["piece"]), sheet, int(row["sheets"])) for row in sent for sheet in range(1, int(row["sheets"]) + 1)
    ]
    assert read == [("2026-11-02-01", piece, sheet, of) for piece, sheet, of in sheets]


@pytest.mark.usefixtures("first")
def test_the_same_roster_again_mails_nobody_twice(cli: CommandLine, small: Path) -> None:
    again = run(cli, small)
    assert (again["run_id"], again["mailed"], again["duplicate"], again["print_file"]) == ("2026-11-02-02", 0, 4, None)
    assert again["records_in"] == 7
    codes = {row["code"] for row in manifest_rows(again) if row["disposition"] == "duplicate"}
    assert codes == {"same_assignment"}


def test_a_run_without_a_roster_letters_what_is_on_record(cli: CommandLine, small: Path) -> None:
    cli("import", "roster", small)
    result = run(cli)
    assert (result["mailed"], result["held"], result["suppressed"]) == (4, 1, 1)
    assert run(cli)["mailed"] == 0


@pytest.mark.ledger_file
def _kept(root: Path) -> dict[Path, int]:
    """Every file but the ledger's own, locks, and what may be thrown away at any time."""
    return {
        path: path.stat().st_size
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".lock" and "ledger.db" not in path.name and path.parent.name != "derived"
    }


def test_a_rehearsal_says_the_same_and_writes_nothing(
    cli: CommandLine, small: Path, undisturbed: tuple[Path, dict[str, Any]]
) -> None:
    before = _kept(cli.root)
    rehearsed = run(cli, small, "--dry-run")
    assert _kept(cli.root) == before
    assert cli("letters", "list", "--json").json == []
    assert rehearsed["print_file"] is None
    real = undisturbed[1]
    same = (
        "run_id",
        "records_in",
        "mailed",
        "held",
        "suppressed",
        "duplicate",
        "rejected",
        "ignored",
        "pages",
        "sheets",
    )
    assert [rehearsed[name] for name in same] == [real[name] for name in same]


@pytest.mark.ledger_file
def test_the_same_run_in_two_copies_of_a_workspace_has_the_same_bytes(
    cli: CommandLine, small: Path, tmp_path: Path
) -> None:
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(cli.root, twin.root)
    lines = [line(number) for number in range(10, 22)]
    roster = write_roster(tmp_path / "more.csv", *lines)
    one = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    two = twin("letters", "run", "--roster", roster, "--json", "--jobs", "2").json
    assert Path(one["print_file"]).read_bytes() == Path(two["print_file"]).read_bytes()
    assert Path(one["manifest"]).read_bytes() == Path(two["manifest"]).read_bytes()
    assert [row["sha256"] for row in manifest_rows(one)] == [row["sha256"] for row in manifest_rows(two)]


def test_a_run_is_staged_then_released_then_mailed(cli: CommandLine, first: dict[str, Any]) -> None:
    run_id = first["run_id"]
    assert [entry["state"] for entry in cli("letters", "list", "--json").json] == ["staged"]
    early = cli("letters", "mailed", run_id, "--on", "2026-11-02", status=3)
    assert "staged" in early.err
    assert cli("letters", "release", run_id, "--json").json["state"] == "released"
    cli("letters", "mailed", run_id, "--on", "2026-10-30", status=3)
    assert cli("letters", "mailed", run_id, "--on", "2026-11-02", "--json").json["mailed_on"] == "2026-11-02"
    cli("letters", "cancel", run_id, status=3)
    later = "2026-11-04T15:00:00Z"
    again = cli("letters", "mailed", run_id, "--on", "2026-11-04", "--correct", "--json", now=later).json
    assert again["mailed_on"] == "2026-11-04"
    shown = cli("letters", "show", run_id, "--json").json
    assert (shown["state"], len(shown["pieces"])) == ("mailed", 4)


def test_release_names_the_pieces_of_members_who_said_no_meanwhile(cli: CommandLine, first: dict[str, Any]) -> None:
    piece = next(row for row in manifest_rows(first) if row["line"] == "2")
    cli("member", "decline", "--on", "2026-11-02", "--how", "telephone", "--by", "Casey Sample", stdin="100000000001\n")
    pull = cli("letters", "release", first["run_id"], "--json").json["pull"]
    assert pull == [{"piece": int(piece["piece"]), "document_id": piece["document_id"], "code": "declined"}]


def test_a_cancelled_run_is_lettered_again_under_the_same_document_ids(
    cli: CommandLine, small: Path, first: dict[str, Any]
) -> None:
    before = {row["member_id"]: row["document_id"] for row in manifest_rows(first) if row["piece"]}
    cli("letters", "cancel", first["run_id"], "--reason", "wrong paper")
    assert not Path(first["print_file"]).exists()
    second = run(cli, small)
    assert second["mailed"] == 4
    assert {row["member_id"]: row["document_id"] for row in manifest_rows(second) if row["piece"]} == before


def test_a_reminder_goes_a_month_after_the_first_letter_was_mailed(cli: CommandLine, first: dict[str, Any]) -> None:
    cli("letters", "release", first["run_id"])
    cli("letters", "mailed", first["run_id"], "--on", "2026-11-02")
    assert run(cli, None, "--kind", "reminder")["records_in"] == 0
    later = "2026-12-03T15:00:00Z"
    assert cli("letters", "run", "--kind", "reminder", "--json", "--jobs", "1", now=later).json["mailed"] == 4
    assert cli("letters", "run", "--kind", "reminder", "--json", "--jobs", "1", now=later).json["records_in"] == 0


def test_who_said_no_gets_a_confirmation_and_nothing_else(cli: CommandLine, small: Path) -> None:
    cli("import", "roster", small)
    cli("member", "decline", "--on", "2026-11-02", "--how", "telephone", "--by", "Casey Sample", stdin="100000000001\n")
    confirmed = run(cli, None, "--kind", "decline-confirmation")
    assert confirmed["mailed"] == 1
    assert cli("letters", "release", confirmed["run_id"], "--json").json["pull"] == []
    usual = run(cli)
    assert (usual["mailed"], usual["codes"]["suppressed"]) == (3, {"declined": 2})


def test_a_site_s_own_kind_needs_its_folder_and_its_line_in_the_settings(cli: CommandLine, small: Path) -> None:
    folder = cli.root / "templates" / "letters" / "hello"
    folder.mkdir()
    (folder / "kind.toml").write_text('title = "Hello"\n', "utf-8")
    (folder / "letter.html").write_text('{% extends "letters/assignment/letter.html" %}', "utf-8")
    assert "[letters]" in run(cli, small, "--kind", "hello", status=3)["err"]
    settings = cli.root / "cpdocs.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("[letters]", '[letters]\nkinds = ["assignment", "hello"]'), "utf-8"
    )
    assert run(cli, small, "--kind", "hello")["mailed"] == 4
    assert run(cli, small)["mailed"] == 4


def test_a_language_is_printed_only_once_somebody_has_reviewed_it(cli: CommandLine, tmp_path: Path) -> None:
    roster = write_roster(
        tmp_path / "roster.csv", line(1, language_written="Spanish"), line(2), line(3, language_written="Klingon")
    )
    in_english = run(cli, roster, "--dry-run")
    assert (in_english["languages"], in_english["warnings"]) == ({"en": 3}, {"language_fallback": 2})
    in_draft = run(cli, roster, "--dry-run", "--allow-draft-translations")
    assert (in_draft["languages"], in_draft["warnings"]) == (
        {"en": 2, "es": 1},
        {"draft_translation": 1, "language_fallback": 1},
    )
    catalogue = cli.root / "templates" / "letters" / "locale" / "es.po"
    catalogue.parent.mkdir(parents=True)
    text = (SHIPPED / "letters" / "locale" / "es.po").read_text("utf-8")
    said = (
        ("X-Status: draft", "X-Status: reviewed"),
        ("X-Reviewed-By: ", "X-Reviewed-By: A. Reader"),
        ("X-Reviewed-On: ", "X-Reviewed-On: 2026-10-01"),
    )
    for old, new in said:
        text = text.replace(old, new, 1)
    catalogue.write_text(text, "utf-8")
    reviewed = run(cli, roster)
    assert (reviewed["languages"], reviewed["warnings"]) == ({"en": 2, "es": 1}, {"language_fallback": 1})
    assert {row["language"] for row in manifest_rows(reviewed)} == {"en", "es"}


def test_an_unknown_run_is_named_as_such(cli: CommandLine) -> None:
    for command in (["release"], ["cancel"], ["show"], ["mailed", "--on", "2026-11-02"]):
        assert "no letter run" in cli("letters", command[0], "2026-11-02-77", *command[1:], status=3).err


def print_hash(root: Path, run_id: str = "2026-11-02-01") -> str:
    return sha256((root / "outbox" / "letters" / run_id / "print.pdf").read_bytes()).hexdigest()


@pytest.mark.parametrize("place", ["assemble", "report_files", "staged_events", "publish"])
def test_a_run_that_dies_anywhere_is_finished_with_the_same_pieces_and_bytes(
    cli: CommandLine, small: Path, undisturbed: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    whole = undisturbed[1]

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"cpdocs.letters.run.{place}", die)
        cli("letters", "run", "--roster", small, "--jobs", "1", status=130)
    finished = run(cli, small)
    same = ("run_id", "mailed", "held", "suppressed", "duplicate", "pages", "sheets")
    assert [finished[name] for name in same] == [whole[name] for name in same]
    assert print_hash(cli.root) == print_hash(undisturbed[0])
    assert [entry["run_id"] for entry in cli("letters", "list", "--json").json] == ["2026-11-02-01"]


def test_a_run_begun_for_another_roster_is_given_up(
    cli: CommandLine, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.letters.run.assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        cli("letters", "run", "--roster", small, "--jobs", "1", status=130)
    other = run(cli, write_roster(tmp_path / "other.csv", line(40)))
    assert (other["run_id"], other["mailed"]) == ("2026-11-02-02", 1)
    states = {entry["run_id"]: entry["state"] for entry in cli("letters", "list", "--json").json}
    assert states == {"2026-11-02-01": "cancelled", "2026-11-02-02": "staged"}
    assert run(cli, small)["mailed"] == 4


def test_a_second_operator_is_told_that_a_run_is_under_way(cli: CommandLine, small: Path) -> None:
    descriptor = os.open(cli.root / "state" / "letters.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        outcome = cli("letters", "run", "--roster", small, status=5)
    finally:
        os.close(descriptor)
    assert "Another process" in outcome.err
    assert cli("letters", "list", "--json").json == []


def test_a_template_with_an_undefined_name_stops_the_run_and_loses_nothing(cli: CommandLine, small: Path) -> None:
    site_template(cli, BASE, "{{ sender_name }}", "{{ sender_nme }}")
    failed = run(cli, small, status=3)
    assert "base.html, line" in failed["err"]
    assert "sender_nme" in failed["err"]
    assert cli("letters", "list", "--json").json == []
    (cli.root / "templates" / BASE).unlink()
    assert run(cli, small)["run_id"] == "2026-11-02-01"


def test_a_kind_that_hides_the_choice_is_refused(cli: CommandLine, small: Path) -> None:
    site_template(cli, "letters/common/choice.html", "You can say no to a Community Partner at any time.", "")
    failed = run(cli, small, status=3)
    assert "data-says='decline'" in failed["err"]
    assert cli("letters", "list", "--json").json == []


def test_a_page_without_its_document_id_stops_the_run(cli: CommandLine, small: Path) -> None:
    site_template(
        cli, BASE, '<span class="foot-id">{% trans %}Reference number{% endtrans %} {{ document_id }}</span>', ""
    )
    failed = run(cli, small, status=1)
    assert "no document id" in failed["err"]
    assert [entry["state"] for entry in cli("letters", "list", "--json").json] == ["begun"]
    assert not (cli.root / "outbox" / "letters" / "2026-11-02-01").exists()


def test_a_letter_that_would_show_more_than_the_address_is_held_and_counted(cli: CommandLine, small: Path) -> None:
    site_template(
        cli,
        BASE,
        '<p id="return-address"',
        '<p style="position: absolute; top: 1.9in; left: 0">{{ cp_org }}</p><p id="return-address"',
    )
    result = run(cli, small)
    assert (result["mailed"], result["held"], result["print_file"]) == (0, 5, None)
    assert result["codes"]["held"] == {"undeliverable_address": 1, "window_preflight": 4}


def test_an_address_too_long_for_the_window_and_text_no_font_has_are_held(cli: CommandLine, tmp_path: Path) -> None:
    roster = write_roster(
        tmp_path / "roster.csv",
        line(1, address1="1 " + "Very " * 12 + "Long Road"),
        line(2, last_name="Test\u0860"),
        line(3),
    )
    result = run(cli, roster)
    assert result["mailed"] == 1
    assert result["codes"]["held"] == {"address_does_not_fit": 1, "text_not_drawable": 1}


def test_a_full_disk_stages_nothing_and_the_same_command_finishes(
    cli: CommandLine, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    left = [100_000]

    def full(descriptor: int, data: bytes) -> int:
        left[0] -= len(data)
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.system.durable.os.write", full)
        failed = run(cli, small, status=4)
    assert "disk is full" in failed["err"]
    assert run(cli, small)["mailed"] == 4


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (b"member_id,last_name\n1,2\n", "column")])
def test_a_roster_that_cannot_be_used_begins_no_run(
    cli: CommandLine, tmp_path: Path, content: bytes, word: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert word in run(cli, path, status=3)["err"]
    assert "no-such" in run(cli, tmp_path / "no-such.csv", status=3)["err"]
    assert cli("letters", "list", "--json").json == []


def test_no_name_or_id_is_told_on_the_terminal(cli: CommandLine, small: Path) -> None:
    told = cli("-v", "letters", "run", "--roster", small, "--jobs", "1")
    for secret in ("Testperson", "Name", "10000000000", "Sample Street"):
        assert secret not in told.out + told.err
    assert "letters made" in told.err


@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the shared sample data is not beside this repository")
@pytest.mark.parametrize("name", ["roster", "roster-messy"])
def test_sample_rosters_have_their_expected_outcome(cli: CommandLine, name: str) -> None:
    expected = json.loads((SHARED_DATA / f"{name}.expected.json").read_text("utf-8"))
    result = cli("letters", "run", "--roster", SHARED_DATA / f"{name}.csv", "--json").json
    for disposition, number in expected["totals"].items():
        assert result[disposition] == number
    assert result["records_in"] == sum(expected["totals"].values())
    rows = {int(row["line"]): row for row in manifest_rows(result)}
    assert len(rows) == result["records_in"]
    for entry in expected.get("lines", []):
        row = rows[entry["line"]]
        assert row["disposition"] == entry["disposition"]
        assert entry["code"] in ([row["code"], *row["warnings"].split(";")])


def test_a_released_run_can_be_cancelled_until_it_is_mailed(
    cli: CommandLine, small: Path, first: dict[str, Any]
) -> None:
    run_id = first["run_id"]
    cli("letters", "release", run_id)
    assert cli("letters", "cancel", run_id, "--json").json["state"] == "cancelled"
    assert run(cli, small)["mailed"] == 4


def test_a_pulled_piece_is_lettered_by_the_next_run_under_the_same_document_id(
    cli: CommandLine, small: Path, first: dict[str, Any]
) -> None:
    by_piece = {row["piece"]: row["document_id"] for row in manifest_rows(first) if row["piece"]}
    why = ["--reason", "another address", "--json"]
    done = cli("letters", "pull", first["run_id"], "--pieces", "1", "--documents", by_piece["3"], *why).json
    assert [item["document_id"] for item in done] == [by_piece["1"], by_piece["3"]]
    assert "pulled before" in cli("letters", "pull", first["run_id"], "--pieces", "1,2", *why, status=3).err
    released = cli("letters", "release", first["run_id"], "--json").json
    assert (released["pulled"], released["pull"]) == (2, [])
    assert "2 letters mailed" in cli("letters", "mailed", first["run_id"], "--on", "2026-11-02").err
    assert "mailed" in cli("letters", "pull", first["run_id"], "--pieces", "2", *why, status=3).err
    shown = cli("letters", "show", first["run_id"], "--json").json
    assert [shown[name] for name in ("mailed", "suppressed", "pulled")] == [2, first["suppressed"] + 2, 2]
    assert sum(shown[name] for name in DISPOSITIONS) == first["records_in"]
    assert [piece["piece"] for piece in shown["pieces"] if piece.get("pulled") == "another address"] == [1, 3]
    assert cli("letters", "show", first["run_id"]).out.count(" pulled") == 3
    again = cli("letters", "reprint", first["run_id"], "--pieces", "1,2", "--reason", "jam", status=3)
    assert "Piece 1 was pulled" in again.err
    sheet = f"L261102-{first['run_id'][-2:]}/1/1/1"
    for code in (by_piece["3"], sheet):
        back = cli("letters", "returned", code, "--reason", "moved", status=3)
        assert "never went out" in back.err
    mailed = [row for row in cli("letters", "report", "--json").json["outcomes"] if row["outcome"] == "mailed"]
    assert sum(row["lines"] for row in mailed) == 2
    second = run(cli, small)
    assert (second["mailed"], second["duplicate"]) == (2, 2)
    ids = {row["document_id"] for row in manifest_rows(second) if row["piece"]}
    assert ids == {by_piece["1"], by_piece["3"]}


@pytest.mark.usefixtures("first")
def test_a_run_of_no_letter_leaves_no_staged_run_behind(cli: CommandLine, small: Path) -> None:
    nothing = run(cli, small)
    states = {entry["run_id"]: entry["state"] for entry in cli("letters", "list", "--json").json}
    assert states == {"2026-11-02-01": "staged", nothing["run_id"]: "cancelled"}
    assert Path(nothing["manifest"]).is_file()

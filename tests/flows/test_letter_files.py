"""A run for a printer that takes files of a certain size: several print files, each whole by itself, all accounted
for."""

from __future__ import annotations

import csv
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from cpdocs.documents.printfile import read_sheet_code, recount
from tests.conftest import CommandLine, brought_along
from tests.letters.letter_rosters import line, write_roster


@pytest.fixture(scope="module")
def _ready(tmp_path_factory: pytest.TempPathFactory, _short_notice: Path) -> Path:
    root = Path(shutil.copytree(_short_notice, tmp_path_factory.mktemp("ready") / "ws"))
    settings = root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("# file_pieces = 0", "file_pieces = 4"), "utf-8")
    return root


@pytest.fixture
def cli(tmp_path: Path, _ready: Path) -> CommandLine:
    """The command line in a workspace whose print files have at most four pieces."""
    return CommandLine(Path(shutil.copytree(_ready, tmp_path / "ws")))


@pytest.fixture(scope="module")
def roster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine in the ordinary size and two in large print, whose letters have more sheets."""
    ordinary = [line(number, zip=f"01{number:03d}") for number in range(1, 10)]
    large = [line(number, format_need="large_print") for number in (20, 21)]
    return write_roster(tmp_path_factory.mktemp("roster") / "roster.csv", *ordinary, *large)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, _ready: Path, roster: Path) -> tuple[Path, dict[str, Any]]:
    """A workspace in which the roster was run, to be copied, and what the run said."""
    root = Path(shutil.copytree(_ready, tmp_path_factory.mktemp("ran") / "ws"))
    return root, letter(CommandLine(root), roster)


@pytest.fixture
def result(cli: CommandLine, undisturbed: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    """What the first run of that roster in the workspace said."""
    shutil.rmtree(cli.root)
    shutil.copytree(undisturbed[0], cli.root)
    said: dict[str, Any] = brought_along(undisturbed[1], undisturbed[0], cli.root)
    return said


def letter(cli: CommandLine, roster: Path, *more: str) -> dict[str, Any]:
    result: dict[str, Any] = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1", *more).json
    return result


def rows_of(result: dict[str, Any]) -> list[dict[str, str]]:
    with Path(result["manifest"]).open(encoding="utf-8", newline="") as file:
        return sorted(csv.DictReader(file), key=lambda row: int(row["piece"]))


def test_every_piece_lies_whole_in_the_file_that_the_manifest_names(result: dict[str, Any]) -> None:
    files = [Path(name) for name in result["print_files"]]
    assert [file.name for file in files] == ["print-01.pdf", "print-02.pdf", "print-03.pdf"]
    assert result["print_file"] == str(files[0])
    rows = rows_of(result)
    sheets = 0
    for file, said in zip(files, result["print"]["files"], strict=True):
        pages = recount(file.read_bytes()).pages
        own = [row for row in rows if row["print_file"] == file.name]
        assert list(dict.fromkeys(ids[0] for ids in pages if ids)) == [row["document_id"] for row in own]
        assert all(pages[int(row["first_page"]) - 1] == (row["document_id"],) for row in own)
        assert pages[0] == ()  # each begins with a separator
        assert len(own) <= 4
        assert (said["sha256"], said["pages"]) == (sha256(file.read_bytes()).hexdigest(), len(pages))
        sheets += len(pages) // 2
    assert sheets == result["print"]["sheets"] == result["sheets"] + len(result["groups"])
    assert [group["file"] for group in result["groups"]] == [1, 2, 3, 3]
    front = pypdfium2.PdfDocument(files[1])[int(rows[4]["first_page"]) - 1]
    mark = read_sheet_code(front.render(scale=200 / 72).to_pil())
    assert mark is not None
    assert (mark.piece, mark.sheet) == (5, 1)


def test_a_rehearsal_says_into_how_many_files(
    cli: CommandLine, roster: Path, undisturbed: tuple[Path, dict[str, Any]]
) -> None:
    rehearsed = letter(cli, roster, "--dry-run")
    real = undisturbed[1]
    assert rehearsed["print_files"] == []
    assert [{**file, "sha256": ""} for file in real["print"]["files"]] == rehearsed["print"]["files"]


def test_the_limit_may_be_in_sheets(cli: CommandLine, roster: Path) -> None:
    settings = cli.root / "cpdocs.toml"
    text = settings.read_text("utf-8").replace("file_pieces = 4", "").replace("# file_sheets = 0", "file_sheets = 11")
    settings.write_text(text, "utf-8")
    result = letter(cli, roster, "--dry-run")
    assert all(file["sheets"] <= 11 for file in result["print"]["files"])
    assert sum(file["sheets"] for file in result["print"]["files"]) == result["print"]["sheets"]


def test_pieces_of_several_files_are_printed_again_in_one(cli: CommandLine, result: dict[str, Any]) -> None:
    again = cli("letters", "reprint", result["run_id"], "--pieces", "3-5,11", "--reason", "jam", "--json").json
    pages = recount(Path(again["file"]).read_bytes()).pages
    wanted = [row["document_id"] for row in rows_of(result) if row["piece"] in ("3", "4", "5", "11")]
    assert list(dict.fromkeys(ids[0] for ids in pages if ids)) == wanted


@pytest.mark.parametrize("place", ["assemble", "report_files", "publish"])
def test_a_run_that_dies_is_finished_with_the_same_files(
    cli: CommandLine,
    roster: Path,
    undisturbed: tuple[Path, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    whole = undisturbed[1]
    with monkeypatch.context() as patch:
        patch.setattr(f"cpdocs.letters.run.{place}", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        cli("letters", "run", "--roster", roster, "--jobs", "1", status=130)
    finished = letter(cli, roster)
    assert finished["print"] == whole["print"]
    assert [Path(name).read_bytes() for name in finished["print_files"]] == [
        Path(name).read_bytes() for name in whole["print_files"]
    ]


def test_a_cancelled_run_leaves_no_print_file_in_the_outbox(cli: CommandLine, result: dict[str, Any]) -> None:
    cli("letters", "cancel", result["run_id"], "--reason", "wrong paper")
    assert not [name for name in result["print_files"] if Path(name).exists()]
    assert json.loads(Path(result["reconciliation"]).read_text("utf-8"))["mailed"] == 11


def test_a_file_that_reads_back_wrong_stops_the_run(
    cli: CommandLine, roster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "cpdocs.letters.printing._Written.finish",
        lambda *_: ["Page 3 shows no document id, not another."],
        raising=True,
    )
    failed = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1", status=1)
    assert "print-01.pdf: Page 3" in failed.err
    assert [entry["state"] for entry in cli("letters", "list", "--json").json] == ["begun"]

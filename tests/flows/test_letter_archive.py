"""What was mailed, from the record: printed pages by document and member, and accessible copies that are proven equal
to them."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from cpdocs.documents.printfile import recount
from tests.conftest import CommandLine, shorten_notice
from tests.letters.letter_rosters import line, write_roster

NAMES = ("Wilhelmina", "Ñandú", "Chi")


@pytest.fixture(scope="module")
def _mailed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("mailed")
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    shorten_notice(cli.root)
    people = [line(number, first_name=name) for number, name in enumerate(NAMES, start=1)]
    people.append(line(4, format_need="large_print", language_written="Khmer"))
    roster = write_roster(folder / "roster.csv", *people)
    result = cli("letters", "run", "--roster", roster, "--allow-draft-translations", "--json", "--jobs", "1").json
    return cli.root, result


@pytest.fixture
def mailed(tmp_path: Path, _mailed: tuple[Path, dict[str, Any]]) -> CommandLine:
    shutil.copytree(_mailed[0], tmp_path / "ws")
    return CommandLine(tmp_path / "ws")


def pieces(cli: CommandLine) -> list[dict[str, Any]]:
    shown = cli("letters", "show", "2026-11-02-01", "--json").json["pieces"]
    assert isinstance(shown, list)
    return shown


def test_the_printed_pages_of_a_letter_are_found_by_its_id(mailed: CommandLine, tmp_path: Path) -> None:
    item = pieces(mailed)[1]
    out = tmp_path / "printed.pdf"
    (found,) = mailed("letters", "pages", item["document_id"], "-o", out, "--json").json
    assert (found["piece"], found["first_page"], found["run_id"]) == (
        item["piece"],
        item["first_page"],
        "2026-11-02-01",
    )
    assert recount(out.read_bytes()).pages == ((item["document_id"],),) * item["pages"]


def test_a_member_s_letters_are_found_by_the_id_on_standard_input(mailed: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "printed.pdf"
    (found,) = mailed("letters", "pages", "-", "-o", out, "--json", stdin="100000000002\n").json
    assert {ids for page in recount(out.read_bytes()).pages for ids in page} == {found["document_id"]}
    assert mailed("letters", "pages", "-", "--json", stdin="100000000099\n").json == []


def test_every_letter_has_an_accessible_copy_equal_to_what_was_printed(mailed: CommandLine, tmp_path: Path) -> None:
    for item in pieces(mailed):
        out = tmp_path / f"{item['document_id']}.pdf"
        made = mailed("letters", "copy", item["document_id"], "-o", out, "--json").json
        assert made["file"] == str(out)
        with pikepdf.open(io.BytesIO(out.read_bytes())) as pdf:
            assert pdf.Root.MarkInfo.Marked
            assert len(pdf.pages) == item["pages"]


def test_a_changed_template_changes_no_copy(mailed: CommandLine, tmp_path: Path) -> None:
    document_id = pieces(mailed)[0]["document_id"]
    before = mailed("letters", "copy", document_id, "-o", tmp_path / "before.pdf", "--json").json["sha256"]
    greeting = mailed.root / "templates" / "letters" / "common" / "greeting.html"
    greeting.write_text("<p>Good day to you:</p>", "utf-8")
    settings = mailed.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("Example Community", "Another Community"), "utf-8")
    assert mailed("letters", "copy", document_id, "-o", tmp_path / "after.pdf", "--json").json["sha256"] == before


def test_a_copy_that_is_not_what_was_printed_is_refused(
    mailed: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = pieces(mailed)[0]["document_id"]
    monkeypatch.setattr("cpdocs.core.members.Assignment.full_name", property(lambda _: "Somebody Else"))
    refused = mailed("letters", "copy", document_id, "-o", tmp_path / "copy.pdf", status=1)
    assert "isn't what was printed" in refused.err
    assert "page 1" in refused.err
    assert not (tmp_path / "copy.pdf").exists()


def test_a_copy_that_looks_like_what_was_printed_and_reads_otherwise_is_refused(
    mailed: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a large-print letter read aloud is told what it says, not what it shows."""
    for item in pieces(mailed):
        if item["format"] == "large_print":
            break
    else:
        pytest.fail("no letter in large print")
    whole = tmp_path / "whole.pdf"
    mailed("letters", "copy", item["document_id"], "-o", whole)
    with pikepdf.open(whole) as pdf:
        sheet = pdf.pages[0]
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        name = sheet.add_resource(font, pikepdf.Name.Font)
        sheet.contents_add(f"BT 3 Tr {name} 12 Tf 72 300 Td (You need not answer.) Tj ET".encode())
        altered = io.BytesIO()
        pdf.save(altered)
    monkeypatch.setattr("cpdocs.letters.copies._made_again", lambda *_: altered.getvalue())
    refused = mailed("letters", "copy", item["document_id"], "-o", tmp_path / "copy.pdf", status=1)
    assert "isn't what was printed (page 1: the text)" in refused.err
    assert not (tmp_path / "copy.pdf").exists()


def test_every_copy_and_every_look_is_an_event(mailed: CommandLine, tmp_path: Path) -> None:
    document_id = pieces(mailed)[0]["document_id"]
    mailed("letters", "copy", document_id, "-o", tmp_path / "copy.pdf")
    mailed("letters", "pages", document_id)
    history = mailed("audit", "show", document_id, "--json").json
    assert [event["data"]["how"] for event in history if event["type"] == "record.accessed"][:2] == [
        "letters copy",
        "letters pages",
    ]


def test_an_unknown_letter_is_said_to_be_unknown(mailed: CommandLine) -> None:
    assert "no letter" in mailed("letters", "copy", "7K3M-9QXW-2RR", status=3).err
    assert "100000000002" not in mailed("letters", "pages", "100000000002", status=2).err


def test_a_cancelled_run_s_letters_are_not_what_was_mailed(mailed: CommandLine) -> None:
    document_id = pieces(mailed)[0]["document_id"]
    mailed("letters", "cancel", "2026-11-02-01")
    mailed("letters", "copy", document_id, status=3)


def test_a_run_that_archives_each_letter_keeps_what_its_full_layout_writes(mailed: CommandLine, tmp_path: Path) -> None:
    roster = write_roster(
        tmp_path / "more.csv",
        *(line(number, first_name=name, dob="1971-05-04") for number, name in enumerate(NAMES, start=21)),
    )
    result = mailed("letters", "run", "--roster", roster, "--archive", "each", "--json", "--jobs", "1").json
    with Path(result["manifest"]).open(encoding="utf-8", newline="") as file:
        archived = {row["document_id"]: row["archive_sha256"] for row in csv.DictReader(file)}
    assert len(archived) == len(NAMES)
    for document_id, sha in archived.items():
        made = mailed("letters", "copy", document_id, "-o", tmp_path / f"{document_id}.pdf", "--json").json
        assert made["archived_sha256"] == made["sha256"] == sha
    history = mailed("audit", "show", document_id, "--json").json
    assert next(event["data"]["archive_sha256"] for event in history if event["type"] == "letter.staged") == sha
    (mailed.root / "state" / "store" / sha[:2] / sha).unlink()
    again = mailed("letters", "copy", document_id, "-o", tmp_path / "again.pdf", "--json").json
    assert (again["archived_sha256"], again["sha256"]) == (None, sha)

"""Seed pieces to our own people and Intelligent Mail barcodes: in the print file, in no line of the roster, and all
accounted for."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from cpdocs.documents.preflight import BARCODE_ZONE
from cpdocs.documents.printfile import recount
from tests.conftest import CommandLine
from tests.documents.imb_decoder import bars_in, decode
from tests.letters.letter_rosters import add_second_kind, line, write_roster

BARCODE = '[letters.barcode]\nmailer_id = "123456"\nservice = "300"\n'
SEEDS = """
[[letters.seed]]
name = "Sample Watcher"
address1 = "9 Specimen Road"
city = "Springfield"
state = "MA"
zip = "01103"

[[letters.seed]]
name = "Specimen Watcher"
address1 = "8 Specimen Road"
city = "Boston"
state = "MA"
zip = "02130"
large_print = true
program = "LTSS"
"""


def with_settings(cli: CommandLine, more: str) -> CommandLine:
    path = cli.root / "cpdocs.toml"
    path.write_text(path.read_text("utf-8").replace("\n[backup]\n", f"\n{more}\n[backup]\n", 1), "utf-8")
    return cli


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    long = {"address1": "c/o Sample Family Shelter of the Valley", "address2": "444 Example Avenue North, Apartment 12"}
    return write_roster(
        tmp_path / "roster.csv",
        line(1, zip="01001"),
        line(2, zip="02118-1234"),
        line(3, **long),
        line(4, zip="0"),
        line(5, status="declined"),
    )


def letter(cli: CommandLine, roster: Path | None, *more: str) -> dict[str, Any]:
    source = ["--roster", str(roster)] if roster else []
    result: dict[str, Any] = cli("letters", "run", *source, "--json", "--jobs", "1", *more).json
    return result


def rows_of(result: dict[str, Any]) -> list[dict[str, str]]:
    with Path(result["manifest"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_seed_pieces_lie_among_the_others_and_answer_no_line(short_notice: CommandLine, roster: Path) -> None:
    cli = with_settings(short_notice, SEEDS)
    result = letter(cli, roster)
    assert (result["records_in"], result["mailed"], result["held"], result["suppressed"]) == (5, 3, 1, 1)
    assert [(seed["name"], seed["piece"]) for seed in result["seeds"]] == [
        ("Sample Watcher", 2),
        ("Specimen Watcher", 5),
    ]
    rows = rows_of(result)
    assert len(rows) == 5
    assert sorted(int(row["piece"]) for row in rows if row["piece"]) == [1, 3, 4]
    assert sum(int(row["sheets"]) for row in rows if row["sheets"]) == result["sheets"]
    seeds = sum(seed["sheets"] for seed in result["seeds"])
    assert result["print"]["sheets"] == result["sheets"] + seeds + len(result["groups"])
    pages = recount(Path(result["print_file"]).read_bytes()).pages
    assert all(pages[seed["first_page"] - 1] == (seed["document_id"],) for seed in result["seeds"])
    assert len(pages) == result["print"]["pages"]
    text = cli("letters", "run", "--kind", add_second_kind(cli), "--roster", roster, "--jobs", "1").out
    assert "2 seed pieces" in text


def test_a_seed_piece_holds_nobody_s_data_and_letters_nobody(short_notice: CommandLine, roster: Path) -> None:
    cli = with_settings(short_notice, SEEDS)
    result = letter(cli, roster)
    seed = result["seeds"][0]
    document = pypdfium2.PdfDocument(result["print_file"])
    text = "\n".join(
        document[seed["first_page"] - 1 + page].get_textpage().get_text_range() for page in range(seed["pages"])
    )
    assert "Sample Watcher" in text
    for word in ("Testperson", "1000000000", "Casey Sample", "Sample Health Plan"):
        assert word not in text
    assert letter(cli, None)["records_in"] == 2  # the held and the suppressed one, in a run that closes at once
    report = cli("letters", "report", "--json").json
    assert sum(row["members"] for row in report["outcomes"]) == 5
    assert sum(row["lines"] for row in report["outcomes"]) == 7  # two of them in both runs
    shown = cli("letters", "show", result["run_id"], "--json").json["pieces"]
    assert [piece.get("seed", "") for piece in shown] == ["", "Sample Watcher", "", "", "Specimen Watcher"]
    assert cli("letters", "release", result["run_id"], "--json").json["pull"] == []
    again = cli("letters", "reprint", result["run_id"], "--pieces", "2", "--reason", "stain", "--json").json
    assert recount(Path(again["file"]).read_bytes()).pages[0] == (seed["document_id"],)


def test_a_run_that_mails_nobody_has_no_seed_pieces_and_one_that_cannot_be_made_stops_nothing(
    short_notice: CommandLine, tmp_path: Path
) -> None:
    cli = with_settings(short_notice, SEEDS.replace("8 Specimen Road", "8 " + "Very " * 15 + "Long Road"))
    nobody = letter(cli, write_roster(tmp_path / "nobody.csv", line(5, status="declined")))
    assert (nobody["print_file"], nobody["seeds"]) == (None, [])
    result = letter(cli, write_roster(tmp_path / "one.csv", line(1)))
    assert (result["mailed"], len(result["seeds"])) == (1, 1)
    assert result["seeds_not_made"] == [{"name": "Specimen Watcher", "code": "address_does_not_fit"}]


def test_every_piece_has_a_barcode_of_its_own_where_the_address_leaves_room(
    short_notice: CommandLine, roster: Path
) -> None:
    cli = with_settings(short_notice, BARCODE + SEEDS)
    result = letter(cli, roster)
    assert result["barcodes"] == 4
    warned = [row["line"] for row in rows_of(result) if "barcode_no_room" in row["warnings"]]
    assert warned == ["4"]
    shown = {piece["piece"]: piece for piece in cli("letters", "show", result["run_id"], "--json").json["pieces"]}
    zips = {1: "01001", 2: "01103", 4: "021181234", 5: "02130"}
    document = pypdfium2.PdfDocument(result["print_file"])
    for number, zip_code in zips.items():
        piece = shown[number]
        assert piece["barcode"] == f"00300123456{number:09d}"
        picture = document[piece["first_page"] - 1].render(scale=300 / 72, grayscale=True).to_pil()
        zone = picture.crop(tuple(round(inches * 300) for inches in BARCODE_ZONE))
        assert decode(bars_in(zone)) == (piece["barcode"], zip_code)
    assert "barcode" not in shown[3]
    following = letter(cli, roster, "--kind", add_second_kind(cli))
    first = cli("letters", "show", following["run_id"], "--json").json["pieces"][0]
    assert first["barcode"] == "00300123456000000006"


def test_a_run_that_dies_is_finished_with_the_same_seeds_and_barcodes(
    short_notice: CommandLine, roster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = with_settings(short_notice, BARCODE + SEEDS)
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(cli.root, twin.root)
    whole = letter(twin, roster)
    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.letters.run.staged_events", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        cli("letters", "run", "--roster", roster, "--jobs", "1", status=130)
    finished = letter(cli, roster)
    assert (finished["print"], finished["seeds"]) == (whole["print"], whole["seeds"])


def test_letters_that_are_not_stamped_have_their_barcodes_too(short_notice: CommandLine, roster: Path) -> None:
    cli = with_settings(short_notice, BARCODE)
    sheet = cli.root / "templates" / "letters" / "common" / "letter.css"
    shipped = Path(__file__).parent.parent.parent / "templates" / "letters" / "common" / "letter.css"
    sheet.write_text(shipped.read_text("utf-8") + "\nh1 { string-set: title content() }\n", "utf-8")
    result = letter(cli, roster)
    assert (result["mailed"], result["barcodes"]) == (3, 2)
    picture = pypdfium2.PdfDocument(result["print_file"])[2].render(scale=300 / 72, grayscale=True).to_pil()
    zone = picture.crop(tuple(round(inches * 300) for inches in BARCODE_ZONE))
    assert decode(bars_in(zone)) == ("00300123456000000001", "01001")


@pytest.mark.parametrize(
    "wrong",
    [
        '[letters.barcode]\nmailer_id = "12345"\nservice = "300"',
        '[letters.barcode]\nmailer_id = "123456"',
        '[[letters.seed]]\nname = "A"',
    ],
)
@pytest.mark.ledger_file
def test_settings_that_cannot_be_used_are_named(short_notice: CommandLine, wrong: str) -> None:
    cli = with_settings(short_notice, wrong)
    failed = cli("letters", "list", status=4)
    assert "letters." in failed.err


def test_the_reconciliation_is_one_page_that_says_why_in_words(short_notice: CommandLine, tmp_path: Path) -> None:
    lines = [
        line(1, language_written="Khmer"),
        line(2, zip="00000"),
        line(3, dob="x"),
        line(4, status="declined"),
        line(5, format_need="braille"),
        line(6, first_name="NULL?"),
        line(1, language_written="Khmer"),
    ]
    result = letter(short_notice, write_roster(tmp_path / "words.csv", *lines))
    document = pypdfium2.PdfDocument(result["reconciliation_pdf"])
    text = " ".join(document[0].get_textpage().get_text_range().split())
    assert len(document) == 1
    for words in ("The address is none that mail reaches.", "undeliverable_address", "The member said no.", "held.csv"):
        assert words in text
    assert "asked for a language whose text nobody has reviewed" in text


def test_the_reconciliation_says_who_got_a_seed_piece(short_notice: CommandLine, roster: Path) -> None:
    cli = with_settings(short_notice, SEEDS)
    result = letter(cli, roster)
    page = pypdfium2.PdfDocument(result["reconciliation_pdf"])[0].get_textpage().get_text_range()
    assert "Specimen Watcher" in page
    values = json.loads(Path(result["reconciliation"]).read_text("utf-8"))
    assert values["pieces"] == values["mailed"] + len(values["seeds"])

"""Held letters that a reviewer lets go: by reference number, with a reason, and never what is suppressed or
rejected."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.letters import ASSIGNMENT
from cpdocs.core.roster import Disposition
from cpdocs.documents.html import template_folders
from cpdocs.documents.letter_kinds import load_kind
from cpdocs.index import store
from cpdocs.letters.holds import held_lines
from cpdocs.letters.recipients import recipients
from cpdocs.wiring import open_workspace
from tests.conftest import CommandLine
from tests.letters.letter_rosters import line, write_roster

TWIN = {"first_name": "Robin", "last_name": "Twin"}


@pytest.fixture
def cli(short_notice: CommandLine) -> CommandLine:
    return short_notice


def held(cli: CommandLine) -> dict[str, dict[str, Any]]:
    """Held letters by the last four digits of the member."""
    return {item["member"][-4:]: item for item in cli("letters", "hold", "list", "--json").json}


def release(cli: CommandLine, *references: str, status: int = 0, reason: str = "called both") -> Any:
    return cli("letters", "hold", "release", *references, "--reason", reason, "--json", status=status)


def rehearse(cli: CommandLine, roster: Path | None = None) -> dict[str, Any]:
    source = ["--roster", str(roster)] if roster else []
    result: dict[str, Any] = cli("letters", "run", *source, "--dry-run", "--json", "--jobs", "1").json
    return result


def test_a_possible_twin_is_lettered_once_a_reviewer_says_that_they_are_two(cli: CommandLine, tmp_path: Path) -> None:
    roster = write_roster(tmp_path / "roster.csv", line(1, **TWIN), line(2, **TWIN), line(3, status="declined"))
    first = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    assert (first["mailed"], first["codes"]["held"]) == (1, {"possible_same_person": 1})
    waiting = held(cli)
    assert {member: (item["code"], item["releasable"]) for member, item in waiting.items()} == {
        "0002": ("possible_same_person", True)
    }
    assert release(cli, waiting["0002"]["document_id"]).json == [
        {"document_id": waiting["0002"]["document_id"], "code": "possible_same_person"}
    ]
    assert held(cli) == {}
    second = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    assert (second["mailed"], second["duplicate"], second["suppressed"], second["held"]) == (1, 1, 1, 0)
    with Path(second["manifest"]).open(encoding="utf-8", newline="") as file:
        ids = {row["member_id"][-4:]: row["document_id"] for row in csv.DictReader(file)}
    assert ids["0002"] == waiting["0002"]["document_id"]


def test_a_release_holds_only_while_what_was_looked_at_is_the_same(cli: CommandLine, tmp_path: Path) -> None:
    cli("import", "roster", write_roster(tmp_path / "one.csv", line(1, zip="00000", phone="1")))
    release(cli, held(cli)["0001"]["document_id"])
    assert rehearse(cli)["mailed"] == 1
    other_phone = write_roster(tmp_path / "two.csv", line(1, zip="00000", phone="2"))
    assert rehearse(cli, other_phone)["mailed"] == 1
    other_address = write_roster(tmp_path / "three.csv", line(1, zip="00000", address1="7 Oak Street"))
    assert rehearse(cli, other_address)["codes"]["held"] == {"undeliverable_address": 1}


def test_a_release_answers_one_reason_and_the_next_still_holds(cli: CommandLine, tmp_path: Path) -> None:
    cli(
        "import",
        "roster",
        write_roster(tmp_path / "r.csv", line(1, plan_type="FFS", zip="00000"), line(2, exclusion_flags="CCM")),
    )
    release(cli, *(item["document_id"] for item in held(cli).values()))
    assert {member: item["code"] for member, item in held(cli).items()} == {"0001": "undeliverable_address"}


def test_what_nobody_may_set_aside_stays_held_and_all_or_nothing_is_released(cli: CommandLine, tmp_path: Path) -> None:
    lines = [
        line(1, format_need="braille"),
        line(2, zip="00000"),
        line(3, status="??"),
        line(4, safe_contact="phone_only"),
        line(5, status="deceased"),
    ]
    cli("import", "roster", write_roster(tmp_path / "roster.csv", *lines))
    waiting = held(cli)
    assert {member: item["releasable"] for member, item in waiting.items()} == {
        "0001": False,
        "0002": True,
        "0003": False,
    }
    refused = release(cli, waiting["0002"]["document_id"], waiting["0001"]["document_id"], status=1)
    assert "format_not_printable" in refused.err
    assert held(cli) == waiting
    assert "hold list" in release(cli, "7K3M-9QXW-2RR", status=3).err
    assert "reason" in release(cli, waiting["0002"]["document_id"], status=2, reason=" ").err


def test_a_release_does_not_stand_against_a_later_word(cli: CommandLine, tmp_path: Path) -> None:
    cli("import", "roster", write_roster(tmp_path / "roster.csv", line(1, zip="00000")))
    release(cli, held(cli)["0001"]["document_id"])
    cli("member", "decline", "--on", "2026-11-02", "--how", "telephone", "--by", "Casey Sample", stdin="100000000001\n")
    assert (rehearse(cli)["mailed"], rehearse(cli)["suppressed"]) == (0, 1)


def test_letters_may_go_again_to_an_address_that_one_came_back_from(cli: CommandLine, tmp_path: Path) -> None:
    roster = write_roster(tmp_path / "roster.csv", line(1))
    run = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    cli("letters", "release", run["run_id"])
    cli("letters", "mailed", run["run_id"], "--on", "2026-11-02")
    cli("letters", "returned", "L261102-01/1/1/2", "--reason", "unknown")
    cli("import", "roster", write_roster(tmp_path / "new.csv", line(1, assigned_on="2026-11-02")))
    assert held(cli)["0001"]["code"] == "address_returned"
    release(cli, held(cli)["0001"]["document_id"], reason="it is their address, they say")
    assert rehearse(cli)["mailed"] == 1


def test_a_release_asks_for_a_reviewer_with_a_pin_where_it_is_no_sandbox(tmp_path: Path) -> None:
    real = CommandLine(tmp_path / "real", now="")
    real("init", real.root, workspace=False)
    real("import", "roster", write_roster(tmp_path / "roster.csv", line(1, zip="00000")))
    reference = held(real)["0001"]["document_id"]
    assert "reviewer" in release(real, reference, status=4).err
    assert held(real) != {}


def test_the_list_names_nobody(cli: CommandLine, tmp_path: Path) -> None:
    cli("import", "roster", write_roster(tmp_path / "roster.csv", line(1, zip="00000")))
    told = cli("letters", "hold", "list").out
    assert "undeliverable_address" in told
    for secret in ("Testperson", "10000000000", "Sample Street"):
        assert secret not in told


def test_what_is_held_is_read_from_few_and_is_what_the_whole_record_says(cli: CommandLine, tmp_path: Path) -> None:
    def run(*lines: dict[str, str]) -> dict[str, Any]:
        roster = write_roster(tmp_path / f"{len(lines)}.csv", *lines)
        result: dict[str, Any] = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
        assert_the_same(cli)
        return result

    first = run(line(1, **TWIN), line(2), line(3, zip="00000"))
    assert set(held(cli)) == {"0003"}
    # One who may be another that was lettered long ago, however the name is written; and two that are held anyway.
    cli("import", "roster", write_roster(tmp_path / "x.csv", line(4, first_name="RÓBIN", last_name="Twin"), line(5)))
    assert_the_same(cli)
    assert set(held(cli)) == {"0003", "0004"}
    cli("letters", "pull", first["run_id"], "--pieces", "2", "--reason", "torn")
    assert_the_same(cli)
    second = run(line(2, status="unheard of"), line(5), line(6), line(7, plan_type="FFS"))
    assert set(held(cli)) == {"0002", "0003", "0004", "0007"}
    cli("letters", "cancel", second["run_id"], "--reason", "wrong day")
    assert_the_same(cli)
    release(cli, held(cli)["0003"]["document_id"])
    assert_the_same(cli)
    cli("letters", "run", "--json", "--jobs", "1")
    assert_the_same(cli)


def assert_the_same(cli: CommandLine) -> None:
    """What the index leads to is what a run over everybody on record would hold, and its rows are what they'd be when
    made anew."""
    ws = open_workspace(cli.root)
    try:
        kind = load_kind(ASSIGNMENT, template_folders(ws.shipped_templates, ws.paths.templates))
        found = recipients(ws, kind, None, again=False, reviewed=("english",), record=False).outcomes
        expected = [(one.assignment, one.code) for one in found if one.disposition is Disposition.HELD]
        assert [(each.assignment, each.code) for each in held_lines(ws, ASSIGNMENT)] == expected
        assert store.differing(ws.paths.index, ws.ledger) == []
    finally:
        ws.close()

"""A letter says that we tried to reach somebody only where somebody did, and it is on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flows.conftest import Office

BY = ("--by", "Test Coordinator")


def _member(office: Office) -> str:
    return str(office.cli("status", "--json").json[0]["member_id"])


@pytest.fixture
def mailed(issued: Office) -> Office:
    """Everybody on record got the first letter, a month ago."""
    run = issued.cli("letters", "run", "--json").json["run_id"]
    issued.cli("letters", "release", run)
    issued.cli("letters", "mailed", run, "--on", issued.cli.now[:10])
    issued.cli.now = "2026-12-20T15:00:00Z"
    return issued


def _lettered(office: Office) -> int:
    return int(office.cli("letters", "run", "--kind", "cannot-reach", "--dry-run", "--json").json["mailed"])


def test_the_cannot_reach_letter_goes_to_nobody_whom_nobody_tried_to_reach(mailed: Office) -> None:
    assert _lettered(mailed) == 0
    member_id = _member(mailed)
    mailed.cli(
        *("member", "attempt", "--on", "2026-12-01", "--kind", "telephone", "--outcome", "not_reached"),
        *BY,
        stdin=member_id,
    )
    assert _lettered(mailed) >= 1


def test_who_was_reached_since_gets_no_such_letter(mailed: Office) -> None:
    member_id = _member(mailed)
    for day, outcome in (("2026-12-01", "not_reached"), ("2026-12-05", "reached")):
        mailed.cli(
            *("member", "attempt", "--on", day, "--kind", "face_to_face", "--outcome", outcome), *BY, stdin=member_id
        )
    assert _lettered(mailed) == 0


def test_it_takes_no_roster_since_a_roster_knows_of_no_attempt(office: Office, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("member_id\n", "utf-8")
    answer = office.cli("letters", "run", "--kind", "cannot-reach", "--roster", roster, status=2)
    assert "cpdocs member attempt" in answer.err


def test_an_attempt_of_tomorrow_or_about_nobody_is_refused(issued: Office) -> None:
    attempt = ("member", "attempt", "--kind", "telephone", "--outcome", "reached", *BY)
    assert "in the future" in issued.cli(*attempt, "--on", "2027-01-01", stdin=_member(issued), status=3).err
    answer = issued.cli(*attempt, "--on", "2026-11-02", stdin="100000000009", status=3)
    assert "100000000009" not in answer.err


def test_an_agreement_says_how_the_use_of_information_was_explained(issued: Office) -> None:
    member_id = _member(issued)
    said = ("member", "agreement", "--on", "2026-11-02", "--how", "verbal", *BY)
    issued.cli(*said, "--explained", " ", stdin=member_id, status=2)
    found = issued.cli(*said, "--explained", "leaflet read aloud", "--json", stdin=member_id)
    assert json.loads(found.out)["how"] == "verbal"

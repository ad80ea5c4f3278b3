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


def test_a_first_visit_is_due_until_somebody_tried_to_meet_the_member(issued: Office) -> None:
    near = "2027-01-20T15:00:00Z"

    def due() -> set[str]:
        rows = issued.cli("todo", "--kind", "first_visit_due", "--json", now=near).json
        return {row["member_id"] for row in rows}

    before = due()
    member_id = min(before)
    attempt = ("member", "attempt", *BY, "--on", "2026-12-01", "--outcome", "not_reached")
    issued.cli(*attempt, "--kind", "telephone", stdin=member_id, now=near)
    assert due() == before
    issued.cli(*attempt, "--kind", "face_to_face", stdin=member_id, now=near)
    assert due() == before - {member_id}
    rows = issued.cli("status", "--report", "no-plan", "--json", now=near).json
    told = {(row["tried_on"], row["tried_in_time"]) for row in rows if row["member_id"] == member_id}
    assert told == {("2026-12-01", True)}


def test_a_notice_to_the_health_plan_waits_until_somebody_logs_that_it_left(issued: Office) -> None:
    member_id = _member(issued)
    issued.cli("member", "decline", "--on", "2026-11-02", "--how", "phone", *BY, stdin=member_id)
    waiting = issued.cli("todo", "--kind", "notice_to_send", "--json").json
    assert waiting
    assert {item["member_id"] for item in waiting} == {member_id}
    listed = issued.cli("notices", "list", "--json").json
    assert all((issued.cli.root / "outbox" / row["file"]).is_file() for row in listed)
    for row in listed:
        assert f"cpdocs notices sent {row['reference']}" in str(waiting)
        said = ("notices", "sent", row["reference"], "--to", "Sample Health Plan", "--channel", "fax", "--at")
        issued.cli(*said, "2026-11-01T10:00", status=3)
        issued.cli(*said, "2027-11-01T10:00", status=3)
        issued.cli(*said, "2026-11-02T11:00")
        assert "already logged" in issued.cli(*said, "2026-11-02T11:00", status=3).err
    assert issued.cli("todo", "--kind", "notice_to_send", "--json").json == []
    assert issued.cli("notices", "list", "--json").json == []
    assert issued.cli("audit", "verify", "--json").json["ok"]


def test_a_site_may_say_that_the_health_plan_was_told_only_to_those_whose_notice_left(issued: Office) -> None:
    folder = issued.cli.root / "templates" / "letters" / "told"
    folder.mkdir(parents=True)
    facts = (
        '[[fact]]\ntext = "You said no to a Community Partner"\nsource = "choice"\n'
        '[[fact]]\ntext = "We have told your health plan."\nsource = "notice_sent"\n'
    )
    toml = f'title = "Told"\nto = "declined"\nrests_on = "notice_sent"\n{facts}'
    body = "<h1>You said no to a Community Partner</h1><p>We have told your health plan.</p>"
    parts = '{% include "letters/common/contact.html" %}{% include "letters/common/choice.html" %}'
    (folder / "kind.toml").write_text(toml, "utf-8")
    (folder / "letter.html").write_text(
        '{% extends "letters/common/base.html" %}{% block body %}' + body + parts + "{% endblock %}", "utf-8"
    )
    settings = issued.cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[letters]", '[letters]\nkinds = ["told"]'), "utf-8")
    issued.cli("member", "decline", "--on", "2026-11-02", "--how", "phone", *BY, stdin=_member(issued))

    def mailed() -> int:
        return int(issued.cli("letters", "run", "--kind", "told", "--dry-run", "--json").json["mailed"])

    assert mailed() == 0
    for row in issued.cli("notices", "list", "--json").json:
        issued.cli("notices", "sent", row["reference"], "--to", "Plan", "--channel", "fax", "--at", "2026-11-02T11:00")
    assert mailed() >= 1
    (folder / "kind.toml").write_text(toml.replace('rests_on = "notice_sent"\n', ""), "utf-8")
    assert "stands behind no letter" in issued.cli("letters", "run", "--kind", "told", "--dry-run", status=3).err


def test_a_copy_of_a_version_is_given_neither_before_its_issue_nor_ahead_of_time(issued: Office) -> None:
    given = ("plan", "copy", issued.documents["bh"], "--format", "paper", "--language", "English", *BY, "--on")
    assert "before it was issued" in issued.cli(*given, "2026-11-01", status=3).err
    assert "in the future" in issued.cli(*given, "2026-11-03", status=3).err
    issued.cli(*given, "2026-11-02")
    assert "2026-11-02" in issued.cli("plan", "show", issued.documents["bh"]).out

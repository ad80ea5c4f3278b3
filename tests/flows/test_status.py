"""Where every plan stands, what is due and for whom, and the note for the chart."""

from __future__ import annotations

import pytest

from tests.flows.conftest import Office

CONTRACT = {
    "document_id", "member_id", "program", "version", "state", "slots", "sent_at", "received_at", "due_on", "overdue",
    "filed_at",
}  # fmt: skip


def test_status_has_every_key_of_the_contract_for_every_plan(issued: Office) -> None:
    rows = issued.cli("status", "--json").json
    assert {row["document_id"] for row in rows} == set(issued.documents.values())
    for row in rows:
        assert row.keys() >= CONTRACT
        assert row["slots"].keys() == {"member", "pcp"}
        assert (row["state"], row["overdue"], row["filed_at"], row["received_at"]) == ("issued", False, None, None)


def test_an_empty_workspace_says_so(office: Office) -> None:
    assert office.cli("status", "--json").json == []
    assert office.cli("due", "--json").json == []
    assert "no plan" in office.cli("status").err


def test_the_table_says_whether_receipt_was_logged(issued: Office) -> None:
    assert "(2026-11-02)" in issued.cli("status").out
    issued.cli("plan", "received", issued.documents["bh"], "--at", "2026-11-02T10:30", now="2026-11-03T15:00:00Z")
    line = next(line for line in issued.cli("status").out.splitlines() if line.startswith(issued.documents["bh"]))
    assert "2026-11-02" in line
    assert "(2026-11-02)" not in line


@pytest.mark.parametrize(
    ("on", "action", "days_left"),
    [
        ("2026-11-04", "wait", 8),
        ("2026-11-05", "reminder", 7),
        ("2026-11-10", "reminder", 2),
        ("2026-11-12", "due_today", 0),
        ("2026-11-13", "overdue", -1),
    ],
)
def test_due_tells_what_to_do_on_the_day_and_whom_to_ask(issued: Office, on: str, action: str, days_left: int) -> None:
    row = next(
        row for row in issued.cli("due", "--on", on, "--json").json if row["document_id"] == issued.documents["bh"]
    )
    assert (row["action"], row["days_left"], row["due_on"]) == (action, days_left, "2026-11-12")
    assert row["receipt"] == "assumed_from_issue"
    assert row["for"].startswith("Front Desk")
    assert "not sent yet" in issued.cli("due", "--on", on).out, "no practice is asked for what it never got"


def test_an_approved_a_returned_and_a_withdrawn_plan_wait_for_nobody(issued: Office) -> None:
    bh, ltss = issued.documents["bh"], issued.documents["ltss"]
    issued.cli("plan", "return", bh, "--reason", "Wrong pharmacy", "--at", "2026-11-02")
    issued.cli("plan", "withdraw", ltss, "--reason", "Wrong practice")
    assert issued.cli("due", "--on", "2026-12-24", "--json").json == []


def test_the_terms_agreed_at_issue_stand_whatever_is_set_later(office: Office) -> None:
    settings = office.cli.root / "cpdocs.toml"
    document = office.cli("plan", "issue", office.sample.plans["bh"], "--json").json[0]["document_id"]
    payer = office.status(document)["payer"]
    settings.write_text(settings.read_text("utf-8") + f'\n[payer."{payer}"]\ndue_days = 3\n', "utf-8")
    assert office.status(document)["due_on"] == "2026-11-12"


def test_the_note_says_the_three_facts_as_of_when_and_whom_to_tell(issued: Office) -> None:
    by_document = issued.cli("note", issued.documents["bh"]).out
    assert by_document == issued.cli("note", "-", stdin=issued.sample.member_ids["bh"]).out
    for words in (
        "Enrolled",
        "Coordinator:",
        "Organization:",
        "As of 2026-11-02 10:00 EST",
        "corrections@cp.example.org",
    ):
        assert words in by_document
    assert issued.documents["bh"] in by_document
    assert issued.sample.member_ids["bh"] not in by_document
    assert max(map(len, by_document.splitlines())) <= 140


def test_the_note_of_a_stranger_is_refused_without_naming_the_id(issued: Office) -> None:
    result = issued.cli("note", "-", stdin="999999999998", status=3)
    assert "999999999998" not in result.err
    issued.cli("note", issued.sample.member_ids["bh"], status=2)


def test_plan_list_can_be_narrowed(issued: Office) -> None:
    issued.cli("plan", "withdraw", issued.documents["ltss"], "--reason", "Wrong practice")
    names = {row["document_id"] for row in issued.cli("plan", "list", "--state", "issued", "--json").json}
    assert names == {issued.documents["bh"]}
    assert issued.cli("plan", "list", "--practice", "NONE", "--json").json == []


def test_members_without_a_plan_are_reported_until_they_have_one(issued: Office) -> None:
    rows = issued.cli("status", "--report", "no-plan", "--json").json
    members = {(row["member_id"], row["program"]) for row in rows}
    assert (issued.sample.member_ids["bh"], "BH") not in members
    assert (issued.sample.member_ids["minor"], "LTSS") in members
    assert all(row["contact_by"] > row["assigned_on"] for row in rows)
    printed = issued.cli("status", "--report", "no-plan").out
    assert not any(member in printed for member, _ in members)


@pytest.mark.parametrize("kind", ["timeliness", "choice", "affiliated"])
def test_the_watched_counts_cover_every_plan(issued: Office, kind: str) -> None:
    rows = issued.cli("status", "--report", kind, "--json").json
    assert sum(row["issued" if kind == "timeliness" else "plans"] for row in rows) == 2

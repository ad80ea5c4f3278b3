"""Every letter, plan and notice names the events behind what it states, by number; each is what it is said to be."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.conftest import Office
from tests.flows.returning import Desk

BY = ("--by", "Test Coordinator")
LATER = "2026-12-20T15:00:00Z"


def events(office: Office, tmp_path: Path) -> dict[int, dict[str, Any]]:
    """Every event by number."""
    out = tmp_path / f"trail-{len(list(tmp_path.iterdir()))}"
    office.cli("audit", "export", out, now=LATER)
    import json

    found = {}
    for line in (out / "events.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        event = row.get("event", row)
        found[int(event["seq"])] = event
    return found


def sources(office: Office, kind: str, now: str = LATER) -> dict[str, dict[str, list[int]]]:
    """Of a run's letters the named events, by member."""
    made = office.cli("letters", "run", "--kind", kind, "--json", "--jobs", "1", now=now).json
    with Path(made["manifest"]).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["piece"]]
    return {
        row["member_id"]: {
            name: [int(seq) for seq in seqs.split("+")]
            for name, _, seqs in (part.partition("=") for part in row["sources"].split())
        }
        for row in rows
    }


def types(known: dict[int, dict[str, Any]], seqs: list[int]) -> set[str]:
    return {known[seq]["type"] for seq in seqs}


def test_each_letter_names_the_records_behind_it(issued: Office, tmp_path: Path) -> None:
    run = issued.cli("letters", "run", "--json", "--jobs", "1").json
    issued.cli("letters", "release", run["run_id"])
    issued.cli("letters", "mailed", run["run_id"], "--on", "2026-11-02")
    (first, second) = sorted({row["member_id"] for row in issued.cli("status", "--json").json})
    for day in ("2026-12-01", "2026-12-03"):
        told = ("--on", day, "--kind", "telephone", "--outcome", "not_reached", *BY)
        issued.cli("member", "attempt", *told, stdin=first, now=LATER)
    issued.cli("member", "decline", "--on", "2026-12-02", "--how", "phone", *BY, stdin=second, now=LATER)
    found = {kind: sources(issued, kind) for kind in ("reminder", "cannot-reach", "decline-confirmation")}
    known = events(issued, tmp_path)
    assert found["reminder"]
    assert set(found["cannot-reach"]) == {first}
    assert set(found["decline-confirmation"]) == {second}
    wanted = {
        "reminder": {"assignment", "settings", "mailed"},
        "cannot-reach": {"assignment", "settings", "mailed", "attempt"},
        "decline-confirmation": {"assignment", "settings", "choice"},
    }
    meant = {
        "assignment": {"assignment.recorded"},
        "settings": {"settings.seen"},
        "mailed": {"run.mailed"},
        "attempt": {"member.attempted"},
        "choice": {"member.declined"},
    }
    for kind, members in found.items():
        for member_id, named in members.items():
            assert set(named) == wanted[kind]
            for name, seqs in named.items():
                assert types(known, seqs) == meant[name], (kind, name)
            assert all(known[seq]["data"]["assignment"]["member_id"] == member_id for seq in named["assignment"])
    assert len(found["cannot-reach"][first]["attempt"]) == 2


def test_a_reminder_takes_no_roster_since_a_roster_knows_of_no_earlier_letter(office: Office) -> None:
    refused = office.cli("letters", "run", "--kind", "reminder", "--roster", office.sample.roster, status=2)
    assert "Leave out --roster" in refused.err


@pytest.fixture
def sent(issued: Office) -> Office:
    for document_id in issued.documents.values():
        said = ("--to", "Kim Contact", "--channel", "fax", "--at", "2026-11-02T12:00")
        issued.cli("plan", "sent", document_id, *said)
    return issued


def test_a_plan_names_what_its_pages_were_made_from(sent: Office, tmp_path: Path) -> None:
    plan = yaml.safe_load(sent.sample.plans["bh"].read_text("utf-8"))
    plan["plan"] |= {"version": 2, "reason": "change", "reason_text": "After the discharge."}
    file = tmp_path / "second.yaml"
    file.write_text(yaml.safe_dump(plan), "utf-8")
    (second,) = sent.cli("plan", "issue", file, "--json").json
    known = events(sent, tmp_path)
    issued = {each["data"]["document_id"]: each for each in known.values() if each["type"] == "plan.issued"}
    named = issued[second["document_id"]]["data"]["sources"]
    assert {name: known[seq]["type"] for name, seq in named.items()} == {
        "assignment": "assignment.recorded",
        "practice": "practices.imported",
        "clinician": "clinicians.imported",
        "settings": "settings.seen",
        "version_before": "plan.issued",
    }
    assert known[named["assignment"]]["data"]["assignment"]["member_id"] == plan["member_id"]
    assert known[named["version_before"]]["data"]["document_id"] == sent.documents["bh"]
    (notice,) = [each for each in known.values() if each["type"] == "notice.written"]
    assert [known[seq]["type"] for seq in notice["data"]["rests_on"]] == ["plan.issued", "plan.sent", "plan.issued"]


def test_each_notice_names_the_events_that_it_tells_of(sent: Office, tmp_path: Path) -> None:
    desk = Desk(sent)
    assert desk.take(desk.sign_pcp(desk.issued_file("bh"), "pcp1"), plan="bh")["verdict"] == "accepted"
    member = next(row["member_id"] for row in sent.cli("status", "--json").json if row["program"] == "LTSS")
    sent.cli("member", "decline", "--on", "2026-11-04", "--how", "phone", *BY, stdin=member, now="2026-11-04T16:00:00Z")
    approved = ("--slot", "member", "--how", "phone", "--on", "2026-11-04", *BY)
    sent.cli("plan", "approve", sent.documents["bh"], *approved, now="2026-11-04T17:00:00Z")
    sent.cli(
        "plan", "unapprove", sent.documents["bh"], "--slot", "member", "--reason", "Wrong", now="2026-11-05T15:00:00Z"
    )
    sent.cli("plan", "withdraw", sent.documents["bh"], "--reason", "Wrong", now="2026-11-06T15:00:00Z")
    sent.cli("deliver", now="2026-11-06T16:00:00Z")
    known = events(sent, tmp_path)
    said = {
        each["data"]["kind"]: types(known, each["data"]["rests_on"])
        for each in known.values()
        if each["type"] == "notice.written"
    }
    assert said["key_issued"] == {"key.issued"}
    assert said["accepted"] == {"plan.issued", "return.decided"}
    assert said["member_declined"] == {"member.declined"}
    assert said["taken_back"] == {"plan.issued", "plan.sent", "slot.emptied"}
    assert said["withdrawn"] == {"plan.issued", "plan.sent", "plan.withdrawn"}
    assert said["recalled"] == {"delivery.queued"}

"""A consent to disclose Part 2 records that ends after its plan was issued stops filing, raises an item and recalls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk

BY = ("--by", "Test Coordinator")
HANDOFF = '\n[[filing.target]]\nname = "hand"\nkind = "handoff"\nehrs = []\ndocument_type = "Plan"\n'


@pytest.fixture
def carrying(office: Office) -> Office:
    """A plan with Part 2 records is out."""
    settings = office.cli.root / "cpdocs.toml"
    text = settings.read_text("utf-8")
    start = text.index("[[filing.target]]")
    settings.write_text(text[:start] + HANDOFF, "utf-8")
    (row,) = office.cli("plan", "issue", office.sample.plans["part2"], "--json").json
    office.documents["part2"] = row["document_id"]
    return office


def complete(office: Office) -> None:
    desk = Desk(office)
    assert desk.take(desk.sign_pcp(desk.issued_file("part2"), "pcp2"), plan="part2")["verdict"] == "accepted"
    office.cli(
        *("plan", "approve", office.documents["part2"], "--slot", "member", "--how", "phone", "--on", "2026-11-04"),
        *BY,
        now="2026-11-04T16:00:00Z",
    )


def end(office: Office, how: str = "revoke", status: int = 0, now: str = "2026-11-05T15:00:00Z") -> Any:
    said = ("--on", now[:10], "--how", "letter of the member", *BY)
    return office.cli("consent", how, office.documents["part2"], *said, "--json", now=now, status=status)


def items(office: Office, now: str = "2026-11-05T15:00:00Z") -> list[str]:
    rows = office.cli("todo", "--json", now=now).json
    return [row["kind"] for row in rows if row["document_id"] == office.documents["part2"]]


def test_a_revoked_consent_stops_filing_and_raises_an_item(carrying: Office) -> None:
    assert "consent_ending" not in items(carrying)
    assert end(carrying, now="2026-11-03T15:00:00Z").json["versions"] == [carrying.documents["part2"]]
    assert "consent_ending" in items(carrying)
    complete(carrying)
    (row,) = carrying.cli("status", "--json").json
    assert row["state"] == "complete"
    assert "was revoked" in carrying.cli("plan", "show", carrying.documents["part2"]).out
    assert "part2_consent_revoked" in carrying.cli("file", carrying.documents["part2"], "--json", status=1).out


def test_what_lies_in_the_chart_is_recalled(carrying: Office) -> None:
    complete(carrying)
    carrying.cli("deliver", now="2026-11-04T17:00:00Z", status=None)
    done = end(carrying).json
    assert done["recalled"] == [{"document_id": carrying.documents["part2"], "target": "hand"}]
    carrying.cli("deliver", now="2026-11-05T16:00:00Z", status=None)
    rows = carrying.cli("deliver", "list", "--json").json
    assert any("recall" in str(row).lower() for row in rows)
    assert list((carrying.cli.root / "outbox" / "ehr" / "hand").rglob("RECALL-*"))
    assert carrying.cli("audit", "verify", "--json").json["ok"]


def test_it_ends_once_and_only_where_there_is_one(carrying: Office) -> None:
    end(carrying, "expire")
    assert "on record already" in end(carrying, status=3).err
    (row,) = carrying.cli("plan", "issue", carrying.sample.plans["bh"], "--json").json
    carrying.documents["part2"] = row["document_id"]
    assert "no Part 2 records" in end(carrying, status=3).err


def test_a_consent_that_runs_out_is_on_the_list_a_month_before(carrying: Office) -> None:
    assert "consent_ending" not in items(carrying, now="2027-09-10T15:00:00Z")
    assert "consent_ending" in items(carrying, now="2027-09-25T15:00:00Z")

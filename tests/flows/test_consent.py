"""A consent to disclose Part 2 records that ends after its plan was issued stops filing, raises an item and recalls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cpdocs.returns.watcher import Watcher
from cpdocs.wiring import open_workspace
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
    document = carrying.documents["part2"]
    carrying.cli("plan", "sent", document, "--to", "Office", "--channel", "fax", "--at", "2026-11-02T15:00")
    assert {"member_signature", "pcp_signature"} <= {*items(carrying)}
    assert "consent_ending" not in items(carrying)
    assert end(carrying, now="2026-11-03T15:00:00Z").json["versions"] == [document]
    late = "2026-12-15T15:00:00Z"
    assert items(carrying) == items(carrying, now=late) == ["consent_ending"]
    assert document not in {row["document_id"] for row in carrying.cli("due", "--json", now=late).json}
    assert carrying.cli("chase", "--dry-run", "--json", now=late).json == []
    row = carrying.status(document, now=late)
    assert (row["state"], row["overdue"], row["clock_stopped_by"]) == ("issued", False, "consent_ended")
    assert "consent ended, waits for a new version" in carrying.cli("status").out
    assert "nobody is asked to sign it" in " ".join(carrying.cli("plan", "show", document).out.split())
    assert carrying.cli("plan", "code", document).out == "on hold\n"
    assert ", on hold; issued" in carrying.cli("note", document).out
    complete(carrying)
    (row,) = carrying.cli("status", "--json").json
    assert row["state"] == "complete"
    assert "was revoked" in carrying.cli("plan", "show", carrying.documents["part2"]).out
    assert "part2_consent_revoked" in carrying.cli("file", carrying.documents["part2"], "--json", status=1).out


def test_what_may_no_longer_be_disclosed_is_neither_to_be_sent_nor_printed_for_the_pcp(
    carrying: Office, tmp_path: Path
) -> None:
    document, now = carrying.documents["part2"], "2026-11-05T15:00:00Z"
    assert "unsent" in items(carrying)
    end(carrying)
    assert "unsent" not in items(carrying)
    for reader, status in (("pcp", 3), ("visit", 0), ("member", 0)):
        out = tmp_path / f"{reader}.pdf"
        carrying.cli("plan", "print", document, "--for", reader, "-o", out, now=now, status=status)
        assert out.exists() == (status == 0)


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


LAST_MINUTE, NEXT_DAY = "2027-10-19T03:59:00Z", "2027-10-19T04:00:00Z"
"""The consent's last day is October 18, 2027: its last minute and the next day's first in Massachusetts."""


def test_once_its_last_day_is_over_it_isnt_printed_for_the_pcp_nor_sent_before_any_pass_has_said_so(
    carrying: Office, tmp_path: Path
) -> None:
    document = carrying.documents["part2"]
    printed = ("plan", "print", document, "--for", "pcp", "-o")
    carrying.cli(*printed, tmp_path / "in-time.pdf", now=LAST_MINUTE)
    late = carrying.cli(*printed, tmp_path / "late.pdf", now=NEXT_DAY, status=3)
    assert "has expired; it isn't printed for the PCP" in late.err
    assert "has expired; it isn't sent" in carrying.cli("plan", "send", document, now=NEXT_DAY, status=3).err
    assert ends(carrying) == []


def ends(office: Office) -> list[dict[str, Any]]:
    events = office.cli("audit", "show", office.documents["part2"], "--json").json
    return [each["data"] for each in events if each["type"] == "consent.ended"]


def recalls(office: Office) -> list[Any]:
    return list((office.cli.root / "outbox" / "ehr" / "hand").rglob("RECALL-*"))


@pytest.mark.parametrize("command", ["deliver", "intake"])
def test_a_consent_that_ends_on_a_day_recalls_by_itself_on_the_day_after_and_once(
    carrying: Office, command: str
) -> None:
    complete(carrying)
    carrying.cli("deliver", now="2026-11-04T17:00:00Z", status=None)
    carrying.cli(command, now=LAST_MINUTE)
    assert (ends(carrying), recalls(carrying)) == ([], []), "it holds through its last day"
    for _ in range(2):
        carrying.cli(command, now=NEXT_DAY)
        carrying.cli("deliver", now=NEXT_DAY)
    (end_,) = ends(carrying)
    assert (end_["why"], end_["on"]) == ("expired", "2027-10-18")
    assert recalls(carrying)
    rows = [row for row in carrying.cli("deliver", "list", "--json").json if row["kind"] == "handoff"]
    assert len(rows) == 2, "the package and one recall"
    assert "consent_ending" in items(carrying, now=NEXT_DAY)
    assert "has expired" in carrying.cli("plan", "show", carrying.documents["part2"], now=NEXT_DAY).out
    assert "on record already" in end(carrying, "expire", status=3, now="2027-10-20T15:00:00Z").err
    assert carrying.cli("audit", "verify", "--json").json["ok"]


def test_the_watcher_recalls_from_a_folder_that_a_person_carries_from(
    carrying: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = carrying.cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace('kind = "handoff"', 'kind = "folder"'), "utf-8")
    complete(carrying)
    carrying.cli("deliver", now="2026-11-04T17:00:00Z")
    monkeypatch.setenv("CPDOCS_NOW", NEXT_DAY)
    said: list[str] = []
    watcher = Watcher(open_workspace(carrying.cli.root), report=lambda _: None, say=said.append)
    monkeypatch.setattr(Watcher, "_rest", lambda self, _worker: self.stop() if recalls(carrying) else None)
    watcher.run()
    assert len(ends(carrying)) == 1
    assert len(recalls(carrying)) == 1
    assert any("recall" in each or carrying.documents["part2"] in each for each in said)


def test_a_complete_plan_isnt_filed_nor_sent_once_its_consent_has_run_out(carrying: Office) -> None:
    carrying.cli("deliver", now=NEXT_DAY)
    complete_late = ("--how", "phone", "--on", "2027-10-19", *BY)
    carrying.cli("plan", "approve", carrying.documents["part2"], "--slot", "member", *complete_late, now=NEXT_DAY)
    assert not list((carrying.cli.root / "outbox" / "ehr").rglob("*.pdf"))
    assert carrying.status(carrying.documents["part2"], now=NEXT_DAY)["filed_at"] is None
    assert (
        "has expired; it isn't sent"
        in carrying.cli("plan", "send", carrying.documents["part2"], now=NEXT_DAY, status=3).err
    )

"""Asking for what nobody answered, logging calls, and due days in a calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.documents.papers import says_iso_date
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.flows.test_held import faxed

OVERDUE = "2026-11-13T15:00:00Z"
LATE = "2026-11-24T15:00:00Z"


@pytest.fixture
def sent(issued: Office) -> Office:
    for document_id in issued.documents.values():
        issued.cli("plan", "sent", document_id, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    return issued


def chased(office: Office, now: str, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.cli("chase", "--json", *more, now=now).json
    return found


def words(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return " ".join(page.get_textpage().get_text_bounded() for page in document)


def test_a_practice_gets_one_letter_that_lists_its_plans(sent: Office) -> None:
    letters = chased(sent, OVERDUE)
    assert sorted(plan["document_id"] for letter in letters for plan in letter["plans"]) == sorted(
        sent.documents.values()
    )
    assert len(letters) == len({letter["to"] for letter in letters})
    for letter in letters:
        text = words(sent.cli.root / "outbox" / letter["file"])
        assert all(plan["document_id"] in text for plan in letter["plans"])
        assert letter["stage"] == "overdue"
        assert text.count("Patient") == len(letter["plans"]), "what the front desk finds the chart by"
        assert "overdue since November " in " ".join(text.split())
        assert "those that are overdue now" in " ".join(text.split()), "their day is over"
        assert not says_iso_date(text)


def test_nothing_is_said_twice(sent: Office) -> None:
    assert chased(sent, OVERDUE)
    assert chased(sent, OVERDUE) == []
    sent.cli("intake", now=OVERDUE)
    assert len(list((sent.cli.root / "outbox" / "notices").rglob("*.pdf"))) == len({"S01"})


def test_a_dry_run_writes_and_records_nothing(sent: Office) -> None:
    first = chased(sent, OVERDUE, "--dry-run")
    assert first
    assert all(letter["file"] is None for letter in first)
    assert not list((sent.cli.root / "outbox" / "notices").rglob("*.pdf"))
    assert len(chased(sent, OVERDUE)) == len(first)


def test_nobody_is_asked_for_what_has_come_back(sent: Office) -> None:
    desk = Desk(sent)
    desk.take(faxed(desk.issued_file(), standard=True), name="fax.tif", now=RETURN)
    asked = [plan["document_id"] for letter in chased(sent, OVERDUE) for plan in letter["plans"]]
    assert asked == [sent.documents["ltss"]]


def test_nobody_is_asked_for_what_was_never_sent(issued: Office) -> None:
    assert chased(issued, OVERDUE) == []


def test_at_last_the_health_plan_is_told_whom_it_is_about(sent: Office) -> None:
    letters = chased(sent, LATE)
    assert {letter["kind"] for letter in letters} == {"health_plan"}
    path = sent.cli.root / "outbox" / letters[0]["file"]
    member = sent.status(letters[0]["plans"][0]["document_id"])["member_id"]
    assert "health-plans" in str(path)
    assert member in words(path)


def test_a_call_is_logged_and_shown(issued: Office) -> None:
    bh = issued.documents["bh"]
    issued.cli("call", bh, "--to", "Kim Contact", "--note", "back by Friday")
    assert "with Kim Contact: back by Friday" in issued.cli("plan", "show", bh).out
    assert issued.cli("call", bh, "--to", " ", "--note", "x", status=2)


def test_due_days_are_written_as_a_calendar_that_names_no_member(issued: Office, tmp_path: Path) -> None:
    file = tmp_path / "due.ics"
    issued.cli("due", "--ics", file)
    text = file.read_text("utf-8")
    assert text.count("BEGIN:VEVENT") == len(issued.documents)
    members = {issued.status(document_id)["member_id"] for document_id in issued.documents.values()}
    assert not any(member in text for member in members)

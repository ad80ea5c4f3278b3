"""``cpdocs notices``: everything that waits to be sent is listed with names, shown, and logged for many at once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk

AT = ("--at", "2026-11-25T11:00")
NOW = "2026-11-25T17:00:00Z"


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def listed(desk: Desk, *more: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = desk.office.cli("notices", "list", "--json", *more, now=NOW).json
    return rows


def answered(desk: Desk) -> dict[str, Any]:
    """An answer to a practice, as it is listed."""
    desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    (row,) = (row for row in listed(desk) if row["kind"] == "resend")
    return row


def test_an_answer_to_a_practice_waits_with_the_practices_name_and_its_plan_until_it_is_logged(desk: Desk) -> None:
    row = answered(desk)
    assert row["waits"]
    assert row["plans"] == [desk.office.documents["bh"]]
    assert row["says"] == "sign and send again"
    table = desk.office.cli("notices", "list", now=NOW).out
    for said in (row["name"], row["says"], row["plans"][0], row["file"], "2026-11-04"):
        assert said in table
    assert row["name"] != row["practice_id"]
    on_the_list = desk.office.cli("todo", "--kind", "notice_to_send", "--json", now=NOW).json
    assert row["reference"] not in str(on_the_list), "the office learns of it at its next look; nobody goes wrong"
    desk.office.cli("notices", "sent", row["reference"], *AT, now=NOW)
    assert row["reference"] not in {each["reference"] for each in listed(desk)}
    (after,) = (each for each in listed(desk, "--all") if each["reference"] == row["reference"])
    assert (after["waits"], after["to"]) == (False, row["send_to"])
    assert after["channel"] == row["send_by"]


def test_reminders_stop_notices_and_letters_to_health_plans_wait_each_with_its_addressee(desk: Desk) -> None:
    office = desk.office
    document_id = office.documents["bh"]
    office.cli("plan", "sent", document_id, "--to", "Kim Contact", "--channel", "fax", "--at", "2026-11-02T12:00")
    office.cli("chase", now=NOW)
    status = office.cli("status", "--json").json
    member_id = next(row["member_id"] for row in status if row["document_id"] == document_id)
    said = ("--on", "2026-11-02", "--how", "phone", "--by", "Test Coordinator")
    office.cli("member", "decline", *said, stdin=member_id, now=NOW)
    rows = {row["kind"]: row for row in listed(desk)}
    assert rows.keys() >= {"reminder", "withdrawn", "member_declined"}
    assert document_id in rows["reminder"]["plans"]
    assert rows["withdrawn"]["plans"] == [document_id]
    told = rows["member_declined"]
    assert (told["plans"], told["practice_id"]) == ([], None)
    folder = "".join(letter if letter.isalnum() else "-" for letter in told["name"])
    assert f"/{folder}/" in told["file"]
    assert member_id not in office.cli("notices", "list", "--all", "--json", now=NOW).out
    practice = rows["withdrawn"]["practice_id"]
    assert {row["practice_id"] for row in listed(desk, "--practice", practice)} == {practice}
    assert listed(desk, "--practice", "S99") == []
    refused = office.cli("notices", "sent", told["reference"], *AT, now=NOW, status=2)
    assert "--channel" in refused.err
    done = office.cli("notices", "sent", told["reference"], "--channel", "fax", *AT, "--json", now=NOW).json
    assert done[0]["to"] == told["name"]


def test_many_are_logged_at_once_or_none(desk: Desk) -> None:
    first = answered(desk)["reference"]
    desk.take(desk.sign_pcp(desk.issued_file("ltss"), "lpn1"), plan="ltss", name="second.pdf")
    both = [row["reference"] for row in listed(desk) if row["kind"] == "resend"]
    assert len(both) > len([first])
    before = len(desk.events())
    desk.office.cli("notices", "sent", *both, "no-such", *AT, now=NOW, status=3)
    assert len(desk.events()) == before
    desk.office.cli("notices", "sent", *(each.upper() for each in both), both[0], *AT, now=NOW)
    assert sorted(event.data["reference"] for event in desk.events("notice.sent")) == sorted(both)
    assert "already logged" in desk.office.cli("notices", "sent", both[0], *AT, now=NOW, status=3).err


def test_what_was_typed_of_a_notice_is_not_repeated(desk: Desk) -> None:
    row = answered(desk)
    said = desk.office.cli("notices", "sent", row["reference"], "--to", "Pat Member", "--channel", "hand", *AT, now=NOW)
    assert "Pat Member" not in said.err


def test_a_long_list_is_read_page_by_page_and_says_how_many_there_are(desk: Desk) -> None:
    answered(desk)
    desk.take(desk.sign_pcp(desk.issued_file("ltss"), "lpn1"), plan="ltss", name="second.pdf")
    every = [row["reference"] for row in listed(desk)]
    assert len(every) > 1
    paged = [listed(desk, "--limit", "1", "--page", str(number + 1)) for number in range(len(every))]
    assert [row["reference"] for page in paged for row in page] == every
    said = desk.office.cli("notices", "list", "--limit", "1", now=NOW).err
    assert f"{len(every)} to send." in said
    assert f"Shown: 1 to 1 of {len(every)}." in said


def test_one_notice_is_shown_and_written_again_where_it_was_taken_from_the_outbox(desk: Desk, tmp_path: Path) -> None:
    row = answered(desk)
    file = desk.root / "outbox" / row["file"]
    shown = desk.office.cli("notices", "show", row["reference"], now=NOW).out
    for said in (str(file), row["says"], row["name"], row["plans"][0], "waits"):
        assert said in shown
    file.unlink()
    out = tmp_path / "again.pdf"
    shown = desk.office.cli("notices", "show", row["reference"], "-o", out, now=NOW).out
    assert "not there any more" in shown
    (event,) = (each for each in desk.events("notice.written") if each.data["file"] == row["file"])
    assert sha256(out.read_bytes()).hexdigest() == event.data["sha256"]
    assert "no notice of this workspace" in desk.office.cli("notices", "show", "no-such", now=NOW, status=3).err

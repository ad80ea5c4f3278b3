"""A later roster that says that somebody died or left: their open plans are held, not approved and filed in silence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cpdocs.core.csvsafe import csv_text
from tests.flows.conftest import Office
from tests.flows.returning import Desk, codes


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def import_roster(desk: Desk, status: str, *, without: bool = False) -> None:
    """Imports the sample's roster with that status for the member of the BH plan, or without them."""
    member = desk.office.status(desk.office.documents["bh"])["member_id"]
    with desk.office.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert any(row["member_id"] == member for row in rows)
    changed = [{**row, "status": status} if row["member_id"] == member else row for row in rows]
    path = desk.root.parent / "later.csv"
    path.write_text(
        csv_text(list(rows[0]), [row for row in changed if not (without and row["member_id"] == member)]), "utf-8"
    )
    desk.office.cli("import", "roster", path)


@pytest.mark.parametrize("status", ["deceased", "declined", "disenrolled"])
def test_what_comes_back_afterwards_is_held_and_counts_once_the_roster_is_mended(desk: Desk, status: str) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    import_roster(desk, status)
    row = desk.take(signed)
    assert (row["verdict"], row["slots_filled"], codes(row)) == ("held", [], ["member_not_enrolled"])
    (waiting,) = desk.office.cli("held", "list", "--json").json
    assert "roster" in desk.office.cli("held", "show", waiting["sha256"][:12]).out
    import_roster(desk, "assigned")
    desk.office.cli("held", "recheck")
    assert desk.office.cli("held", "list", "--json").json == []
    assert desk.office.status(row["document_id"])["state"] == "partly_signed"


def test_absence_from_a_later_roster_changes_nothing(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    import_roster(desk, "assigned", without=True)
    assert desk.take(signed)["verdict"] == "accepted"


def test_no_approval_is_recorded_for_them_by_hand_and_nobody_signs_at_a_visit(desk: Desk, tmp_path: Path) -> None:
    import_roster(desk, "deceased")
    document = desk.office.documents["bh"]
    approve = (
        "plan",
        "approve",
        document,
        "--slot",
        "member",
        "--how",
        "telephone",
        "--on",
        "2026-11-02",
        "--by",
        "Sam Sample",
    )
    refused = desk.office.cli(*approve, status=1)
    assert "member_not_enrolled" in refused.err or "no longer takes part" in refused.err
    at_visit = (
        "sign",
        desk.issued_file(),
        "--slot",
        "member",
        "--in-person",
        "--witness",
        "Sam Sample",
        "-o",
        tmp_path / "signed.pdf",
    )
    assert "no longer takes part" in desk.office.cli(*at_visit, status=1).err
    assert desk.events("slot.filled") == []


def test_a_complete_plan_waits_with_the_reason_instead_of_going_into_the_chart(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file()))
    document = desk.office.documents["bh"]
    # The chart can't be reached while both approvals come in; then the roster says that the member died.
    settings = desk.root / "cpdocs.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("ehrs = []", 'ehrs = ["None of ours"]'), "utf-8")
    approve = (
        "plan",
        "approve",
        document,
        "--slot",
        "member",
        "--how",
        "telephone",
        "--on",
        "2026-11-03",
        "--by",
        "Sam Sample",
    )
    desk.office.cli(*approve, now="2026-11-03T18:00:00Z")
    assert desk.office.status(document, now="2026-11-03T18:00:00Z")["state"] == "complete"
    settings.write_text(text, "utf-8")
    import_roster(desk, "deceased")
    (filed,) = desk.office.cli("file", document, "--json", now="2026-11-03T19:00:00Z", status=1).json
    assert [reason["code"] for reason in filed["reasons"]] == ["member_not_enrolled"]
    assert desk.office.status(document, now="2026-11-03T19:00:00Z")["state"] == "complete"


@pytest.mark.parametrize(("status", "reminders"), [("assigned", 1), ("deceased", 0)])
def test_no_practice_is_reminded_of_a_plan_whose_member_died(desk: Desk, status: str, reminders: int) -> None:
    desk.office.cli(
        "plan",
        "sent",
        desk.office.documents["bh"],
        "--to",
        "key contact",
        "--channel",
        "fax",
        "--at",
        "2026-11-02T11:00",
    )
    import_roster(desk, status)
    desk.office.cli("intake", now="2026-11-05T15:00:00Z")
    assert len(desk.events("notice.written")) == reminders


def test_a_plan_that_its_pcp_signed_waits_for_somebody_to_withdraw_it(desk: Desk) -> None:
    bh = desk.office.documents["bh"]
    assert desk.take(desk.sign_pcp(desk.issued_file()))["slots_filled"] == ["pcp"]
    import_roster(desk, "deceased")
    kinds = {item["kind"] for item in desk.office.cli("todo", "--json").json if item["document_id"] == bh}
    assert kinds == {"member_ended"}, "no clock runs, and nobody is asked; it is still open"


def test_nobody_is_asked_for_a_member_who_left_and_every_list_says_so(desk: Desk) -> None:
    bh = desk.office.documents["bh"]
    desk.office.cli("plan", "sent", bh, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    import_roster(desk, "disenrolled")
    late = "2026-11-13T15:00:00Z"
    (row,) = [each for each in desk.office.cli("due", "--json", now=late).json if each["document_id"] == bh]
    assert (row["action"], row["overdue"]) == ("member_ended", True)
    assert "nobody is asked: the member left" in desk.office.cli("due", now=late).out
    desk.office.cli("due", "--ics", desk.root.parent / "due.ics", now=late)
    assert bh not in (desk.root.parent / "due.ics").read_text("utf-8")
    asked = desk.office.cli("chase", "--dry-run", "--json", now=late).json
    assert bh not in [plan["document_id"] for letter in asked for plan in letter["plans"]]

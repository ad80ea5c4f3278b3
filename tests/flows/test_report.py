"""The reports on a span of days, in each of their forms."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.flows.conftest import Office

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")
OCTOBER = ("--from", "2026-10-01", "--to", "2026-10-31")
LATER = "2026-11-20T15:00:00Z"


SENT = ("plan", "sent", "--to", "K", "--channel", "fax")


def counted(office: Office, *span: str, now: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = office.cli("report", *span, "--json", now=now).json
    return found


def test_what_was_issued_is_counted_by_program_and_practice(issued: Office) -> None:
    issued.cli(*SENT, "--at", "2026-11-02T12:00", issued.documents["bh"])
    found = counted(issued, *NOVEMBER, now=LATER)
    by_program = {row["program"]: row for row in found["timeliness_by_program"]}
    assert {name: (row["issued"], row["members"], row["overdue"]) for name, row in by_program.items()} == {
        "BH": (1, 1, 1),
        "LTSS": (1, 1, 0),  # never sent: nobody is late with it
    }
    assert {name: (row["sent"], row["unsent"]) for name, row in by_program.items()} == {"BH": (1, 0), "LTSS": (0, 1)}
    assert by_program["BH"]["median_days_to_send"] == "0"
    assert by_program["BH"]["written_late"] == 0
    assert sum(row["issued"] for row in found["timeliness_by_practice"]) == len(issued.documents)
    assert {row["program"] for row in found["informed_choice"]} == {"BH", "LTSS"}


def test_another_month_is_empty(issued: Office) -> None:
    found = counted(issued, *OCTOBER)
    assert found["timeliness_by_program"] == []


def test_approvals_are_counted_by_what_they_rest_on(issued: Office) -> None:
    bh = issued.documents["bh"]
    issued.cli("plan", "approve", bh, "--slot", "member", "--how", "phone", "--on", "2026-11-02", "--by", "D. Sample")
    assert counted(issued, *NOVEMBER)["evidence"] == [
        {"slot": "member", "evidence": "recorded_approval", "approvals": 1}
    ]


def test_a_corrected_roster_changes_no_past_month(issued: Office, tmp_path: Path) -> None:
    before = counted(issued, *NOVEMBER, now=LATER)
    text = Path(issued.sample.roster).read_text("utf-8").replace(",assigned,", ",disenrolled,")
    roster = tmp_path / "roster.csv"
    roster.write_text(text, "utf-8")
    issued.cli("import", "roster", roster, now=LATER)
    assert counted(issued, *NOVEMBER, now=LATER) == before


def test_the_csv_has_a_line_for_each_count(issued: Office) -> None:
    rows = list(csv.DictReader(io.StringIO(issued.cli("report", *NOVEMBER, "--csv").out)))
    assert {"table": "timeliness_by_program", "row": "BH", "measure": "issued", "value": "1"} in rows


def test_the_page_needs_nothing_else_and_has_a_plot_above_each_table(issued: Office, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    issued.cli("report", *NOVEMBER, "--html", file)
    text = file.read_text("utf-8")
    assert "<script" not in text
    assert "http" not in text
    root = ElementTree.fromstring(re.sub(r"<!DOCTYPE html>|<meta [^>]*>", "", text))
    sections = root.findall(".//section")
    assert len(sections) == 7
    for section in sections:
        rows = section.findall(".//tbody/tr")
        plots = section.findall("svg")
        assert len(plots) == (1 if rows else 0)
        assert all(plot.get("role") == "img" and plot.get("aria-label") for plot in plots)
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    assert "Testwell Family Medicine" in text


def test_no_member_is_named_in_any_of_them(issued: Office) -> None:
    member = issued.status(issued.documents["bh"])["member_id"]
    assert member not in issued.cli("report", *NOVEMBER).out
    assert member not in issued.cli("report", *NOVEMBER, "--csv").out


def test_a_span_that_ends_before_it_begins_is_a_fault_of_usage(issued: Office) -> None:
    assert issued.cli("report", "--from", "2026-11-30", "--to", "2026-11-01", status=2)


def test_a_plan_written_too_long_after_the_assignment_is_counted_and_a_referral_stays_after_withdrawal(
    office: Office,
) -> None:
    settings = office.cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[work]", "[work]\nplan_days = 1", 1), "utf-8")
    (row,) = office.cli("plan", "issue", office.sample.plans["affiliated"], "--json", now="2026-11-09T15:00:00Z").json
    found = counted(office, *NOVEMBER, now=LATER)
    assert [each["written_late"] for each in found["timeliness_by_program"]] == [1]
    (before,) = found["affiliated_referrals"]
    assert before["affiliated"] == 1
    office.cli("plan", "withdraw", row["document_id"], "--reason", "The member declined", now=LATER)
    assert counted(office, *NOVEMBER, now=LATER)["affiliated_referrals"] == [before]

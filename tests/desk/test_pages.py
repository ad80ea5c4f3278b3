"""What the desk shows, and what comes of what is decided there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.desk.conftest import Browser, at_the_desk
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, recorded
from tests.flows.test_held import faxed

ATTESTED = {
    "do": "accept",
    "slot_member": "1",
    "member_on": "2026-11-03",
    "slot_pcp": "1",
    "pcp_on": "2026-11-03",
    "by": "Sam Sample",
    "reason": "read from the fax",
    "seen_by_eye": "the print is blank in this test",
}


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


@pytest.fixture
def browser(desk: Desk) -> Iterator[Browser]:
    """At the desk of an office that has a fax to review."""
    row = desk.take(faxed(desk.issued_file(), standard=True), name="fax.tif")
    assert row["verdict"] == "held"
    with at_the_desk(desk.root, RETURN) as found:
        found.log_in()
        yield found


def held_item(desk: Desk) -> str:
    (item,) = desk.office.cli("held", "list", "--json").json
    return str(item["id"])


def name_of(desk: Desk, plan: str = "bh") -> str:
    shown = desk.office.cli("status", "--json").json
    member = next(row["member_id"] for row in shown if row["document_id"] == desk.office.documents[plan])
    line = next(line for line in desk.office.sample.roster.read_text("utf-8").splitlines() if member in line)
    return next(part for part in line.split(",")[1:] if part.isalpha())


def test_today_shows_what_waits_with_names_and_the_way_to_it(desk: Desk, browser: Browser) -> None:
    text = browser.get("/").text
    assert "Came back, to decide" in text
    assert f'href="/review/{held_item(desk)}"' in text
    assert name_of(desk) in text
    assert [event.data["how"] for event in desk.events("record.accessed")] == ["desk today"]


def test_a_review_shows_each_page_beside_the_issued_one_with_its_boxes_and_records_the_look(
    desk: Desk, browser: Browser
) -> None:
    address = f"/review/{held_item(desk)}"
    text = browser.get(address).text
    assert "as it came back" in text
    assert desk.office.sample.npis["pcp1"] in text
    pictures = re.findall(r'src="(/review/[^"]+\.png)"', text)
    assert len({each.rsplit("/", 1)[1].split("-")[0] for each in pictures}) == 2
    assert {each.rsplit("-", 1)[1] for each in pictures} == {"came.png", "issued.png"}
    for picture in (pictures[0], pictures[-1]):
        answer = browser.get(picture)
        assert answer.mimetype == "image/png"
        assert answer.data.startswith(b"\x89PNG")
    assert desk.events("record.accessed")[-1].data["how"] == "desk review"
    for wrong in ("page-99-came.png", "page-0-came.png", "box-1-other.png", "file-1-came.png"):
        assert browser.get(f"{address}/{wrong}").status_code == 404


def test_what_is_accepted_at_the_desk_is_what_the_command_records(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    item, npi = held_item(desk), desk.office.sample.npis["pcp1"]
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(desk.root, twin.root)
    command = ("held", "accept", item, "--slot", "both", "--npi", npi, "--signed-on", "2026-11-03")
    seen = ("--seen-by-eye", "the print is blank in this test")
    twin("--as", "rita", *command, *seen, "--by", "Sam Sample", "--reason", "read from the fax", now=RETURN)
    answer = browser.post(f"/review/{item}", **ATTESTED, npi=npi)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/review")
    assert "Accepted: the PCP&#39;s and the member&#39;s signature counts." in browser.get("/review").text
    kinds = ("held.resolved", "slot.filled")
    mine, theirs = (
        sorted(repr((event.type, sorted(event.data.items()))) for event in recorded(root, *kinds))
        for root in (desk.root, twin.root)
    )
    assert len(mine) == 3
    assert mine == theirs
    assert desk.office.status(desk.office.documents["bh"])["state"] == "filed"


def test_what_cannot_be_accepted_comes_back_with_what_was_typed(desk: Desk, browser: Browser) -> None:
    address, npi = f"/review/{held_item(desk)}", desk.office.sample.npis["np2"]
    answer = browser.post(address, **ATTESTED, npi="other", npi_other=npi)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'value="{npi}"' in answer.text
    for changed, told in (
        ({"pcp_on": ""}, "On which day is the PCP&#39;s signature dated?"),
        ({"reason": " "}, "A decision needs its reason."),
        ({"slot_pcp": "", "slot_member": ""}, "Nobody&#39;s signature is ticked."),
    ):
        assert told in browser.post(address, **{**ATTESTED, "npi": npi, **changed}).text
    assert desk.events("held.resolved", "slot.filled") == []


@pytest.mark.parametrize(("what", "decision"), [("reject", "rejected"), ("close", "closed"), ("return", "returned")])
def test_it_can_be_rejected_closed_or_returned(desk: Desk, browser: Browser, what: str, decision: str) -> None:
    answer = browser.post(f"/review/{held_item(desk)}", do=what, reason="asks for another pharmacy")
    assert answer.status_code == 303
    assert [event.data["decision"] for event in desk.events("held.resolved")] == [decision]
    assert "Nothing is held." in browser.get("/review").text


def test_plans_story_practice_and_search_show_the_plan(desk: Desk, browser: Browser) -> None:
    document_id, practice = desk.office.documents["bh"], desk.practice()
    assert document_id in browser.get("/plans?program=BH").text
    assert document_id not in browser.get("/plans?program=LTSS").text
    story = browser.get(f"/plans/{document_id}").text
    assert "From issue to chart" in story
    assert "waited" in story
    assert "waits: <a href" in story
    assert name_of(desk) in browser.get(f"/practices/{practice}").text
    assert practice in browser.get("/practices").text
    assert browser.post("/search", seen_at="/", q=document_id).headers["Location"] == f"/plans/{document_id}"
    assert document_id in browser.post("/search", seen_at="/", q=name_of(desk)).text
    assert "called that" in browser.post("/search", seen_at="/", q="Nobody Such").text


def test_what_strangers_wrote_is_shown_as_text(desk: Desk, browser: Browser) -> None:
    text = browser.post("/search", seen_at="/", q="<script>alert(1)</script>").text
    assert "<script" not in text
    assert "style=" not in browser.get("/").text

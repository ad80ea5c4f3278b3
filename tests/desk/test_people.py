"""Members and notices at the desk: found, looked at, and what is recorded about them."""

from __future__ import annotations

import re

import pytest

from cpdocs.core.worklist import Kind
from cpdocs.desk.work_list import CAME, CHANGED, DATED, TO_DO
from tests.desk.conftest import Browser
from tests.flows.returning import Desk

ON = "2026-11-03"
SAID = {"how": "telephone", "on": ON, "by": "Sam Sample"}
ACTS: dict[str, tuple[dict[str, str], str]] = {
    "attempt": ({"kind": "telephone", "outcome": "not_reached", "on": ON, "by": "Sam Sample"}, "member.attempted"),
    "agreement": ({"how": "verbal", "explained": "leaflet read", "on": ON, "by": "Sam Sample"}, "member.agreed"),
    "decline": (SAID, "member.declined"),
    "change-cp": (SAID, "member.changed_cp"),
}


@pytest.fixture
def member(desk: Desk, browser: Browser) -> str:
    """The address of the page of a member with an open plan."""
    answer = browser.post("/search", seen_at="/", q=desk.office.sample.member_ids["bh"])
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_every_kind_of_work_has_its_words_and_its_group() -> None:
    assert TO_DO.keys() == set(Kind)
    assert {*CAME, *CHANGED, *DATED} == set(Kind)


def test_a_member_is_found_by_name_and_no_address_holds_their_id(desk: Desk, browser: Browser, member: str) -> None:
    member_id = desk.office.sample.member_ids["bh"]
    page = browser.get(member).text
    name = re.search(r"<h1><bdi>(.*?)</bdi></h1>", page)
    assert name
    found = browser.post("/search", seen_at="/", q=name[1].rpartition(" ")[2]).text
    assert f'href="{member}"' in found
    assert member_id not in member
    assert member_id not in page
    assert desk.office.documents["bh"] in page
    assert f'href="{member}"' in browser.get(f"/plans/{desk.office.documents['bh']}").text
    assert "desk member" in {event.data["how"] for event in desk.events("record.accessed")}
    assert browser.get("/members/AAAAAAAAAAAA").status_code == 404


@pytest.mark.parametrize("what", ACTS)
def test_what_is_recorded_of_a_member_is_the_event_of_the_command(
    desk: Desk, browser: Browser, member: str, what: str
) -> None:
    form, kind = ACTS[what]
    answer = browser.post(member, do=what, **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, member)
    (event,) = desk.events(kind)
    assert event.data["member_id"] == desk.office.sample.member_ids["bh"]
    assert 'role="status"' in browser.get(member).text
    wrong = browser.post(member, do=what, **dict.fromkeys(form, ""))
    assert wrong.status_code == 422
    assert len(desk.events(kind)) == 1


def test_a_decline_withdraws_the_open_plan_and_the_member_can_come_back(
    desk: Desk, browser: Browser, member: str
) -> None:
    browser.post(member, do="decline", **SAID)
    page = browser.get(member).text
    assert f"Withdrawn: {desk.office.documents['bh']}" in page
    assert "The member takes part again" in page
    assert browser.post(member, do="reinstate", **{**SAID, "on": "2026-11-04"}).status_code == 303
    assert len(desk.events("member.reinstated")) == 1


def test_what_is_no_act_about_a_member_is_refused(browser: Browser, member: str) -> None:
    assert browser.post(member, do="shred").status_code == 422
    assert browser.post(member, do="correct", fact="deceased", **SAID).status_code == 422


def test_the_next_plan_is_begun_from_the_record(desk: Desk, browser: Browser, member: str) -> None:
    page = browser.post(member, do="draft", program="BH")
    assert page.status_code == 200
    assert "version: 2" in page.text
    assert "ASK" in page.text
    assert [event.data["how"] for event in desk.events("record.accessed")][-1] == "plan draft"


def test_notices_are_listed_with_names_read_and_logged_as_sent_for_many(desk: Desk, browser: Browser) -> None:
    desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    desk.take(desk.sign_pcp(desk.issued_file("ltss"), "lpn1"), plan="ltss", name="second.pdf")
    page = browser.get("/notices").text
    assert "Sign and send again" in page
    chosen = re.findall(r'name="notice" value="([^"]+)"', page)
    assert len(chosen) >= 2
    letter = browser.get(f"/notices/{chosen[0]}.pdf")
    assert letter.data.startswith(b"%PDF")
    assert desk.events("record.accessed")[-1].data["how"] == "desk notice file"
    assert browser.get("/notices/no-such.pdf").status_code == 404
    assert browser.post("/notices", at="2026-11-04T09:00").status_code == 422
    assert browser.post("/notices", notice=chosen[0], at="2030-01-01T09:00").status_code == 422
    form = {"csrf": browser.csrf("/notices"), "notice": chosen[:2], "at": "2026-11-04T09:00"}
    answer = browser.client.post("/notices", base_url="http://127.0.0.1:8137", data=form)
    assert answer.status_code == 303
    assert sorted(event.data["reference"] for event in desk.events("notice.sent")) == sorted(chosen[:2])
    left = browser.get("/notices").text
    assert f'value="{chosen[0]}"' not in left
    assert "sent Nov 4, 2026" in browser.get("/notices?all=1").text
    assert "No notice waits" in browser.get("/notices?practice=S03").text


def test_settings_say_what_is_set_and_what_each_key_means(browser: Browser) -> None:
    page = browser.get("/settings").text
    assert "organization.name" in page
    assert "settle_seconds" in page

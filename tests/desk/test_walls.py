"""Whom the desk answers, and what a browser may do with an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.desk.sessions import IDLE_SECONDS, MOST, Sessions
from cpdocs.people.pins import TRIES
from tests.conftest import NOW, CommandLine
from tests.desk.conftest import AT, Browser, at_the_desk
from tests.flows.conftest import Office
from tests.flows.returning import recorded

PAGES = ("/", "/review", "/plans", "/practices", "/letters", "/letters/held", "/deliveries", "/reports")


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def browser(issued: Office) -> Iterator[Browser]:
    with at_the_desk(issued.cli.root, NOW) as found:
        yield found


@pytest.fixture
def administered(tmp_path: Path) -> Path:
    cli = CommandLine(tmp_path / "real", now="")
    cli.init_administered(tmp_path / "pin")
    (name,) = [each["user"] for each in cli("user", "list", "--json").json]
    (tmp_path / "name").write_text(name, "utf-8")
    return cli.root


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8137"])
def test_a_strangers_host_is_refused_before_anything_else(browser: Browser, host: str) -> None:
    for address in (*PAGES, "/log-in", "/static/desk.css"):
        answer = browser.client.get(address, base_url=f"http://{host}")
        assert answer.status_code == 400
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", [*PAGES, "/plans/7K3M-9QXW-2RC", "/review/0123456789ab"])
def test_without_a_log_in_every_page_leads_to_it(browser: Browser, address: str) -> None:
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/log-in")


def test_every_answer_bears_the_same_walls(browser: Browser) -> None:
    browser.log_in()
    for address in (*PAGES, "/log-in", "/static/desk.css", "/fonts/NotoSans-Regular.ttf", "/nothing", "/fonts/x"):
        headers = browser.get(address).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_the_cookie_is_opaque_and_another_one_after_the_log_in(browser: Browser) -> None:
    cookie = browser.get("/log-in").headers["Set-Cookie"]
    assert re.fullmatch(r"cpdocs_desk=[\w-]{43}; HttpOnly; Path=/; SameSite=Strict", cookie)
    after = browser.log_in().headers["Set-Cookie"]
    assert after.split(";")[0] != cookie.split(";")[0]
    assert "rita" not in after


def test_a_form_without_its_token_is_refused(browser: Browser) -> None:
    for form in ({"name": "rita"}, {"name": "rita", "csrf": "x"}):
        assert browser.client.post("/log-in", base_url=AT, data=form).status_code == 400
    browser.log_in()
    assert browser.client.post("/search", base_url=AT, data={"q": "x"}).status_code == 400


def test_a_form_from_another_site_is_refused(browser: Browser) -> None:
    token = browser.csrf("/log-in")
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        form = {"name": "rita", "csrf": token}
        assert browser.client.post("/log-in", base_url=AT, data=form, headers=headers).status_code == 400


def test_a_session_ends_when_it_is_idle_and_when_one_logs_out(issued: Office) -> None:
    seconds = Seconds()
    with at_the_desk(issued.cli.root, NOW, Sessions(seconds)) as browser:
        browser.log_in()
        seconds.now += IDLE_SECONDS - 1
        assert browser.get("/").status_code == 200
        form = {"csrf": browser.csrf("/letters/held"), "reason": "called both <b>", "letter": "7K3M-9QXW-2RR"}
        seconds.now += IDLE_SECONDS + 1
        over = browser.client.post("/letters/held", base_url=AT, data=form)
        assert over.status_code == 403
        assert "nothing of this form was recorded" in over.text
        assert "called both &lt;b&gt;" in over.text
        assert form["csrf"] not in over.text
        browser.log_in()
        seconds.now += IDLE_SECONDS + 1
        assert browser.get("/plans?overdue=1").headers["Location"] == "/log-in"
        assert "logged out after 15 minutes" in browser.get("/log-in").text
        assert browser.log_in().headers["Location"] == "/plans?overdue=1"
        seconds.now += IDLE_SECONDS + 1
        assert browser.get("/").status_code == 303
        browser.log_in()
        browser.post("/log-out", seen_at="/plans")
        assert browser.get("/").status_code == 303


def test_there_are_never_more_sessions_than_so_many() -> None:
    seconds = Seconds()
    sessions = Sessions(seconds)
    first, _ = sessions.begin()
    for _ in range(MOST):
        seconds.now += 1
        sessions.begin()
    assert sessions.find(first) is None


def test_outside_a_sandbox_a_wrong_pin_and_a_stranger_stay_outside(administered: Path, tmp_path: Path) -> None:
    name = (tmp_path / "name").read_text("utf-8")
    with at_the_desk(administered, "") as browser:
        for who, pin in ((name, "000000"), (name, ""), ("nobody", "739 114")):
            assert browser.log_in(who, pin).status_code == 403
            assert browser.get("/").status_code == 303
        assert len(recorded(administered, "pin.refused")) == 2
        assert browser.log_in(name, "739 114").status_code == 303
        assert browser.get("/").status_code == 200
    looks = recorded(administered, "record.accessed")
    assert [(look.data["how"], look.user) for look in looks] == [("desk today", name)]


def test_after_five_wrong_pins_the_right_one_waits_too(administered: Path, tmp_path: Path) -> None:
    name = (tmp_path / "name").read_text("utf-8")
    with at_the_desk(administered, "") as browser:
        for _ in range(TRIES):
            assert "That is not the PIN" in browser.log_in(name, "000000").text
        answer = browser.log_in(name, "739 114")
        assert (answer.status_code, browser.get("/").status_code) == (403, 303)
        assert f"Too many wrong PINs for {name}." in answer.text
    assert len(recorded(administered, "pin.refused")) == TRIES


def test_who_lacks_the_role_cannot_decide_and_is_told_so(administered: Path, tmp_path: Path) -> None:
    name = (tmp_path / "name").read_text("utf-8")
    with at_the_desk(administered, "") as browser:
        browser.log_in(name, "739 114")
        answer = browser.post("/letters/held", seen_at="/", letter="7K3M-9QXW-2RR", reason="called both")
    assert answer.status_code == 422
    assert "reviewer" in answer.text


def test_no_answer_is_kept_by_a_browser_pictures_and_files_included(issued: Office) -> None:
    document_id = issued.documents["bh"]
    with at_the_desk(issued.cli.root, NOW) as browser:
        browser.log_in()
        for address in (f"/plans/{document_id}/issued.pdf", "/reports/report.csv", "/practices/S01/days.svg"):
            answer = browser.get(address)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_page_that_is_not_there_says_so_in_words(browser: Browser) -> None:
    browser.log_in()
    for address, told in (
        ("/nothing", "There is no such page."),
        ("/review/0123456789ab", "wait for review any more"),
    ):
        answer = browser.get(address)
        assert answer.status_code == 404
        assert told in answer.text
        assert 'href="/review"' in answer.text, "the way on"


def test_a_defect_shows_no_text_of_the_error(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("Acorn Samplewood")

    browser.log_in()
    monkeypatch.setattr("cpdocs.desk.plans.standings", fails)
    answer = browser.get("/plans")
    assert answer.status_code == 500
    assert "A defect of ours (RuntimeError)" in answer.text
    assert "Acorn" not in answer.text

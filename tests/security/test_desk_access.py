"""The desk outside a sandbox: each by their own PIN, and each allowed there what the commands allow them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cpdocs.core.clock import eastern_date
from tests.conftest import CommandLine
from tests.desk.conftest import at_the_desk
from tests.desk.test_brought import JOB, bring, on
from tests.security.conftest import events, real_now

pytestmark = pytest.mark.ledger_file
PIN = "739 114"
PAGES = (
    *("/", "/review", "/plans", "/plans/write", "/practices", "/letters", "/letters/held", "/deliveries", "/imports"),
    *("/notices", "/reminders", "/reports", "/settings"),
)


@pytest.fixture
def enrolled(real: CommandLine, ready: dict[str, Any]) -> dict[str, Any]:
    """Wim may witness, Rea keeps the directory."""
    for name, role in (("wim", "witness"), ("rea", "registrar")):
        real("user", "add", name, "--role", role, "--pin-file", ready["pin"], "--new-pin-file", ready["pin"])
    return ready


@pytest.mark.parametrize("table", ["clinicians", "designations"])
def test_on_whom_approval_rests_is_recorded_at_the_desk_by_a_registrar_alone(
    real: CommandLine, enrolled: dict[str, Any], table: str
) -> None:
    def imported() -> list[str]:
        return [event.person for event in events(real.root) if event.type.value == f"{table}.imported"]

    data, before = enrolled[table].read_bytes(), imported()
    with at_the_desk(real.root, "") as browser:
        assert browser.log_in("wim", PIN).status_code == 303
        refused = bring(browser, "/imports/look", "/imports", data, "table.csv", table=table)
        assert "wim is not enrolled as registrar or administrator" in refused.text
        assert JOB.search(refused.text) is None
    with at_the_desk(real.root, "") as browser:
        assert browser.log_in("rea", "000000").status_code == 403
        assert browser.log_in("rea", PIN).status_code == 303
        looked = bring(browser, "/imports/look", "/imports", data, "table.csv", table=table)
        assert "every one can be recorded" in looked.text
        assert imported() == before
        assert on(browser, "/imports/record", looked).status_code == 200
    assert imported() == [*before, "rea"]


def test_every_page_asks_who_is_there_and_what_is_recorded_bears_their_name(
    real: CommandLine, enrolled: dict[str, Any]
) -> None:
    plan = f"/plans/{enrolled['plan']}"
    with at_the_desk(real.root, "") as browser:
        for address in (*PAGES, plan):
            answer = browser.get(address)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/log-in"), address
        browser.log_in("wim", PIN)
        before = len(events(real.root))
        for address in (*PAGES, plan):
            assert browser.get(address).status_code == 200, address
        member = re.search(r'href="(/members/[^"]+)"', browser.get(plan).text)
        assert member
        today = eastern_date(real_now()).isoformat()
        said = {"kind": "telephone", "outcome": "not_reached", "on": today, "by": "Sam Sample"}
        assert browser.post(member[1], do="attempt", **said).status_code == 303
        new = events(real.root)[before:]
    assert {event.person for event in new} == {"wim"}
    assert {"record.accessed", "member.attempted"} <= {event.type.value for event in new}

"""The desk outside a sandbox: each by their own PIN, and each allowed there what the commands allow them.

All that can be done at the desk is tried in one workspace, in the order of the work, first by somebody who may not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.test import TestResponse

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.desk import members, plan_acts
from tests.conftest import CommandLine
from tests.desk.conftest import Browser, at_the_desk
from tests.desk.test_brought import after, bring
from tests.security.conftest import events, real_now

pytestmark = pytest.mark.ledger_file
PIN = "739 114"
WIM, RITA, REA = "wim", "rita", "rea"
TODAY = eastern_date(real_now()).isoformat()
NOW = f"{real_now().astimezone(EASTERN):%Y-%m-%dT%H:%M}"
SAID = {"on": TODAY, "by": "Sam Sample"}
WHY = {"reason": "seen by eye"}
READ = {"slot_member": "1", "member_on": TODAY, "seen_by_eye": "a faint pen", "by": "Sam Sample", **WHY}
PAGES = (
    *("/", "/review", "/plans", "/plans/write", "/practices", "/letters", "/letters/held", "/deliveries", "/imports"),
    *("/notices", "/reminders", "/reports", "/settings"),
)


@pytest.fixture
def enrolled(real: CommandLine, ready: dict[str, Any]) -> dict[str, Any]:
    """Wim may witness, Rita reviews, Rea keeps the directory."""
    for name, role in ((WIM, "witness"), (RITA, "reviewer"), (REA, "registrar")):
        real("user", "add", name, "--role", role, "--pin-file", ready["pin"], "--new-pin-file", ready["pin"])
    return ready


@dataclass
class Tried:
    """Who sits at which browser, and what was tried of the desk: by endpoint, and which of its acts."""

    root: Any
    at: dict[str, Browser]
    acts: set[tuple[str, str]] = field(default_factory=set)

    def post(self, endpoint: str, by: str, address: str, /, seen_at: str = "", **form: str) -> TestResponse:
        self.acts.add((endpoint, form.get("do", "")))
        browser = self.at[by]
        return after(browser, browser.post(address, seen_at=seen_at or "/", **form))

    def recorded(self) -> list[tuple[str, str]]:
        """What is on record, looks apart, and who did it."""
        looks = ("record.accessed", "settings.seen")
        return [(each.type.value, each.person) for each in events(self.root) if each.type.value not in looks]

    def anybody(self, endpoint: str, event: str, address: str, /, **form: str) -> TestResponse:
        """Tried by somebody enrolled, whatever their role: recorded in their name."""
        before = len(self.recorded())
        answer = self.post(endpoint, WIM, address, **form)
        new = self.recorded()[before:]
        assert not event or event in {kind for kind, _ in new}, (endpoint, form, answer.status_code, said(answer))
        assert {person for _, person in new} <= {WIM}
        return answer

    def only(self, role: str, endpoint: str, address: str, event: str = "", /, **form: str) -> TestResponse:
        """Tried by somebody without the role, then by who has it: refused by its name and nothing recorded; then done
        (``event``), or refused for another reason."""
        may, may_not = {"reviewer": (RITA, WIM), "witness": (WIM, RITA), "registrar": (REA, WIM)}[role]
        before = len(self.recorded())
        refused = self.post(endpoint, may_not, address, **form)
        assert re.search(rf"{may_not} is not enrolled as [a-z ]*{role}", refused.text), (form, said(refused))
        assert len(self.recorded()) == before, form
        answer = self.post(endpoint, may, address, **form)
        new = self.recorded()[before:]
        assert "not enrolled as" not in answer.text, form
        assert not event or (event, may) in new, (form, said(answer))
        return answer


def said(answer: TestResponse) -> str:
    """What a page says of what was done, or why it wasn't."""
    found = re.search(r'role="(?:alert|status)".*?</(?:div|p)>', answer.text, re.DOTALL)
    return found[0] if found else answer.text[:500]


def routes_of(tried: Tried) -> set[str]:
    rules = tried.at[WIM].client.application.url_map.iter_rules()
    return {rule.endpoint for rule in rules if "POST" in (rule.methods or ())}


@pytest.fixture
def tried(real: CommandLine, enrolled: dict[str, Any]) -> Iterator[Tried]:
    settings = real.root / "cpdocs.toml"
    channels = "".join(f'\n[channel.{name}]\nkind = "folder"\nfolder = "{real.root / "outbox" / "sent"}"\n'
                       for name in ("fax", "sftp", "secure_email"))  # fmt: skip
    chart = 'name = "chart"\nkind = "folder"'
    text = settings.read_text("utf-8").replace(chart, chart.replace("folder", "handoff"))
    settings.write_text(text + channels, "utf-8")
    with ExitStack() as stack:
        at = {name: stack.enter_context(at_the_desk(real.root, "")) for name in (WIM, RITA, REA)}
        tried = Tried(real.root, at)
        for name, browser in at.items():
            assert browser.log_in(name, "000000").status_code == 403
            assert browser.get("/").status_code == 303
            assert browser.log_in(name, PIN).status_code == 303
            tried.acts |= {("entered", "")}
        yield tried


def test_each_act_of_the_desk_is_for_who_may_and_recorded_in_their_name(
    real: CommandLine, enrolled: dict[str, Any], tried: Tried
) -> None:
    tables_are_brought(tried, enrolled)
    what_came_back_is_decided(real, tried, enrolled)
    a_plan_goes_its_way(tried, enrolled)
    what_leaves_is_sent(tried, enrolled)
    a_member_is_spoken_to(tried, enrolled)
    letters_are_made(tried, enrolled)
    tried.post("leave", REA, "/log-out")
    assert tried.at[REA].get("/").status_code == 303
    assert {endpoint for endpoint, _ in tried.acts} == routes_of(tried), "a form that no test sends"
    done = {endpoint: {do for each, do in tried.acts if each == endpoint} for endpoint, _ in tried.acts}
    assert done["story.record"] == set(plan_acts._ACTS)
    assert done["members.record"] - {"draft"} == set(members._ACTS)
    assert done["review.decide"] == buttons("review_item.html")
    assert done["letters.decide"] == {"release", "mailed", "pull", "reprint", "cancel"}
    assert done["deliveries.decide"] == buttons("deliveries.html")


def buttons(template: str) -> set[str]:
    """What the buttons of a page are called, as its template has them."""
    from importlib.resources import files

    text = files("cpdocs.desk").joinpath("templates", template).read_text("utf-8")
    return set(re.findall(r'name="do" value="([a-z-]+)"', text))


def letters_are_made(tried: Tried, ready: dict[str, Any]) -> None:
    few = b"\n".join(ready["roster"].read_bytes().splitlines()[:4])
    job = job_of(bring(tried.at[WIM], "/letters/rehearse", "/letters", few, "few.csv"))
    tried.acts.add(("letter_runs.rehearse", ""))
    assert "run.staged" not in {kind for kind, _ in tried.recorded()}
    tried.anybody("letter_runs.look", "", "/letters/preview", job=job, line="3")
    made = tried.anybody("letter_runs.make", "run.staged", "/letters/make", job=job)
    run = re.search(r'action="(/letters/[^"]+)"', made.text)
    assert run
    tried.anybody("letters.decide", "run.released", run[1], do="release")
    tried.anybody("letters.decide", "letter.pulled", run[1], do="pull", pieces="1", **WHY)
    tried.anybody("letters.decide", "run.reprinted", run[1], do="reprint", pieces="2", **WHY)
    tried.anybody("letters.decide", "run.mailed", run[1], do="mailed", on=TODAY)
    tried.anybody("letters.decide", "", run[1], do="cancel", **WHY)
    held = re.findall(r'name="letter" value="([^"]+)"', tried.at[WIM].get("/letters/held").text)
    tried.only("reviewer", "letters.release", "/letters/held", "hold.released", letter=held[0], **WHY)


def job_of(answer: TestResponse) -> str:
    found = re.search(r'name="job" value="([^"]+)"', answer.text)
    assert found, said(answer)
    return found[1]


def tables_are_brought(tried: Tried, ready: dict[str, Any]) -> None:
    """A directory on which approvals rest: looked at and recorded by a registrar alone."""
    before = tried.recorded()
    for table in ("clinicians", "designations"):
        data = ready[table].read_bytes()
        refused = bring(tried.at[WIM], "/imports/look", "/imports", data, "table.csv", table=table)
        assert re.search("wim is not enrolled as [a-z ]*registrar", refused.text), said(refused)
        assert 'name="job"' not in refused.text
        looked = bring(tried.at[REA], "/imports/look", "/imports", data, "table.csv", table=table)
        assert "every one can be recorded" in looked.text
        assert tried.recorded() == before
        tried.post("imports.record", REA, "/imports/record", job=job_of(looked))
        before = [*before, (f"{table}.imported", REA)]
        assert tried.recorded() == before
    tried.acts.add(("imports.look", ""))


def what_came_back_is_decided(real: CommandLine, tried: Tried, ready: dict[str, Any]) -> None:
    folder = real.root.parent
    strays = [stray(folder / f"{number}.png", number) for number in range(3)]
    first, second, third = (row["sha256"][:12] for row in real("intake", *strays, "--json").json)
    item = f"/review/{ready['item']}"
    tried.anybody("review.decide", "", item, do="recheck")
    tried.only("reviewer", "review.decide", f"/review/{first}", "held.resolved", do="reject", **WHY)
    tried.only("reviewer", "review.decide", f"/review/{second}", "held.resolved", do="close", **WHY)
    tried.only("reviewer", "review.decide", f"/review/{third}", do="return", **WHY)
    named = {"page-1-1": "1", "split_document": ready["plan"], "plan_page": "1"}
    tried.only("reviewer", "review.decide", f"/review/{third}", "held.split", do="split", **named, **WHY)
    tried.only("reviewer", "review.decide", item, do="slip", answer="decline", by="Sam Sample", **WHY)
    tried.only("reviewer", "review.decide", item, "slot.filled", do="accept", **READ)


def stray(path: Any, number: int) -> Any:
    from PIL import Image

    page = Image.new("L", (300, 400), 255)
    page.paste(0, (50, 50, 150, 60 + number))
    page.save(path)
    return path


def a_plan_goes_its_way(tried: Tried, ready: dict[str, Any]) -> None:
    page = f"/plans/{ready['plan']}"

    def anybody(event: str, do: str, **form: str) -> None:
        tried.anybody("story.record", event, page, do=do, **form)

    def only(role: str, event: str, do: str, **form: str) -> None:
        tried.only(role, "story.record", page, event, do=do, **form)

    only("reviewer", "slot.emptied", "unapprove", slot="member", **WHY)
    anybody("call.logged", "call", to="Front Desk", note="back by Friday")
    anybody("plan.sent", "send")
    anybody("", "sent", to="Front Desk", channel="fax", at=NOW)
    anybody("plan.received", "received", at=NOW, how="telephone")
    anybody("plan.receipt_corrected", "corrected", never="1", **WHY)
    refusal = {"offered": "read aloud", "language": "Spanish", **SAID, **WHY}
    anybody("slot.refused", "refuse", **refusal)
    only("witness", "slot.filled", "approve", how="telephone", **SAID)
    only("reviewer", "slot.filled", "note", note="Reviewed and agreed", npi=ready["npi"], **SAID)
    anybody("", "file")
    anybody("", "return", at=NOW, **WHY)
    assert "plan.filed" in {kind for kind, _ in tried.recorded()}


def what_leaves_is_sent(tried: Tried, ready: dict[str, Any]) -> None:
    about = {"document": ready["plan"], "target": "chart"}
    tried.anybody("deliveries.decide", "delivery.attempted", "/deliveries", do="deliver")
    tried.anybody("deliveries.decide", "", "/deliveries", do="retry", **about)
    tried.anybody("deliveries.decide", "", "/deliveries", do="give-up", **about, **WHY)
    tried.anybody("deliveries.decide", "", "/deliveries", do="recall", **about, **WHY)
    tried.anybody("story.record", "", f"/plans/{ready['plan']}", do="confirm", by="Sam Sample", at=NOW)
    tried.anybody("story.record", "", f"/plans/{ready['plan']}", do="withdraw", **WHY)
    tried.anybody("chasing.ask", "", "/reminders", do="look")
    waits = re.findall(r'name="notice" value="([^"]+)"', tried.at[WIM].get("/notices").text)
    tried.anybody("notices.sent", "notice.sent", "/notices", notice=waits[0], at=NOW, to="Front Desk", channel="fax")
    text = tried.at[WIM]
    answer = bring(text, "/plans/write", "/plans/write", b"schema: cpdocs.plan/1\n", "plan.yaml", do="check")
    assert "can't be" in answer.text
    tried.acts.add(("plan_writing.written", ""))


def a_member_is_spoken_to(tried: Tried, ready: dict[str, Any]) -> None:
    tried.post("search.search", WIM, "/search", q="nobody of that name")
    member = re.search(r'href="(/members/[^"]+)"', tried.at[WIM].get(f"/plans/{ready['plan']}").text)
    assert member
    how = {"how": "telephone", **SAID}
    wanted: dict[str, tuple[str, dict[str, str]]] = {
        "attempt": ("member.attempted", {"kind": "telephone", "outcome": "not_reached", **SAID}),
        "agreement": ("member.agreed", {"how": "verbal", "explained": "leaflet read", **SAID}),
        "decline": ("member.declined", how),
        "reinstate": ("member.reinstated", how),
        "change-cp": ("member.changed_cp", how),
        "correct": ("", {"fact": "deceased", **how}),
    }
    for do, (event, form) in wanted.items():
        tried.anybody("members.record", event, member[1], do=do, **form)


def test_without_a_log_in_no_form_does_anything(real: CommandLine, enrolled: dict[str, Any], tried: Tried) -> None:
    before = tried.recorded()
    with at_the_desk(real.root, "") as browser:
        for rule in browser.client.application.url_map.iter_rules():
            if "POST" in (rule.methods or ()) and rule.endpoint not in ("entered", "leave"):
                address = re.sub(r"<[^>]+>", enrolled["item"], rule.rule)
                answer = browser.post(address, seen_at="/log-in", do="accept", **WHY)
                assert (answer.status_code, answer.headers["Location"]) == (303, "/log-in"), rule.endpoint
    assert tried.recorded() == before


def test_every_page_asks_who_is_there(real: CommandLine, enrolled: dict[str, Any]) -> None:
    plan = f"/plans/{enrolled['plan']}"
    with at_the_desk(real.root, "") as browser:
        for address in (*PAGES, plan):
            answer = browser.get(address)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/log-in"), address
        browser.log_in(WIM, PIN)
        before = len(events(real.root))
        for address in (*PAGES, plan):
            assert browser.get(address).status_code == 200, address
        new = events(real.root)[before:]
    assert {event.person for event in new} == {WIM}
    assert "record.accessed" in {event.type.value for event in new}

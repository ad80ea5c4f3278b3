"""The desk's pages in a real browser: seen by axe at two widths, worked by keyboard, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cpdocs.demo.files import Sample
from tests import peers
from tests.conftest import NOW, CommandLine
from tests.desk.chromium import Chromium, chromium
from tests.desk.conftest import at_the_desk
from tests.desk.furnished import LATE, MARKUP, Served, copied, furnish, log_in, served
from tests.flows.conftest import Office
from tests.flows.returning import recorded

WIDTHS = (1280, 820)
AXE_SAYS = (
    "axe.run().then(found => found.violations.map("
    "each => each.id + ': ' + each.nodes.map(node => node.html.slice(0, 120)).join(' | ')))"
)
ADDRESSES = (
    "[...document.querySelectorAll('[href], [src], [action]')].map(each => "
    "each.getAttribute('href') || each.getAttribute('src') || each.getAttribute('action'))"
)
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Sample) -> Office:
    root, documents = _issued
    return copied(Office(CommandLine(root, now=NOW), sample, documents), tmp_path_factory.mktemp("desk") / "ws")


@pytest.fixture(scope="module")
def desk(office: Office) -> Iterator[Served]:
    stands = furnish(office)
    with served(office.cli.root, LATE) as address:
        yield Served(address, office, stands)


@pytest.fixture(scope="module")
def browser(desk: Served) -> Iterator[Chromium]:
    """Logged in, by keyboard."""
    with chromium() as found:
        found.size(1280)
        log_in(found, desk.address)
        yield found


@pytest.fixture(scope="module")
def worked(desk: Served, browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages that somebody's work leads to, by what they are: their addresses mean something in this session."""
    sample, folder = desk.office.sample, tmp_path_factory.mktemp("brought")
    roster, plan = folder / "a roster.csv", folder / "next.yaml"
    roster.write_bytes(brought_roster(sample))
    plan.write_text(sample.plans["bh"].read_text("utf-8").replace("version: 1", "version: 7"), "utf-8")

    def send(page: str, form: str, *files: Path, button: str = "") -> str:
        browser.go(desk.address + page)
        if files:
            browser.choose("input[type=file]", *files)
        chosen = f"form.querySelector('button[value=\"{button}\"]')" if button else "null"
        with browser.another_page():
            browser.run(f"(() => {{ const form = document.querySelector('form[action=\"{form}\"]');"
                        f"form.requestSubmit({chosen}) }})()")  # fmt: skip
        while browser.run("!!document.querySelector('main > [role=status]') && document.title.startsWith('At work')"):
            browser.go(browser.run("location.href"))
        return str(browser.run("location.pathname"))

    found = {
        "lines of a roster": send("/imports", "/imports/look", roster),
        "a rehearsal": send("/letters", "/letters/rehearse", roster),
        "a plan with faults": send("/plans/write", "/plans/write", plan, button="check"),
        "who is reminded": send("/reminders", "/reminders", button="look"),
    }
    browser.go(desk.address + found["a rehearsal"])
    browser.run("document.querySelector('#line').value = '2'")
    with browser.another_page():
        browser.run("document.querySelector('form[action=\"/letters/preview\"]').requestSubmit()")
    while browser.run("document.title.startsWith('At work')"):
        browser.go(browser.run("location.href"))
    found["a letter to come"] = str(browser.run("location.pathname"))
    browser.go(f"{desk.address}/plans/{desk.office.documents['bh']}")
    found["a member"] = str(browser.run("document.querySelector('a[href^=\"/members/\"]').getAttribute('href')"))
    return found


def brought_roster(sample: Sample) -> bytes:
    """A roster with what is hard to show: a name of forty letters, one from right to left, lines that nobody can
    read."""
    lines = sample.roster.read_text("utf-8").splitlines()
    head, row = lines[0].split(","), lines[1].split(",")

    def changed(**cells: str) -> str:
        new = list(row)
        for name, value in cells.items():
            new[head.index(name)] = value
        return ",".join(new)

    more = (
        changed(member_id="100000099901", last_name="Vandersampletonhausen-Testpersonovichskaya", first_name="Maria"),
        changed(member_id="100000099902", last_name="بن نموذج", first_name="أحمد", language_written="Arabic"),
        changed(member_id="1.00E+11", last_name="Spoilt"),
        changed(member_id="100000099903", last_name="Nowhere", address1="UNKNOWN"),
    )
    return "\n".join([*lines, *more]).encode()


@pytest.fixture(scope="module")
def pages(desk: Served, worked: dict[str, str]) -> dict[str, str]:
    """Every page by what it is."""
    documents = desk.office.documents
    return {
        **worked,
        "imports": "/imports",
        "notices": "/notices?all=1",
        "no notices": "/notices?practice=S03",
        "reminders": "/reminders",
        "a plan to write": "/plans/write",
        "settings": "/settings",
        "today": "/",
        "one group of today": "/?group=overdue&kind=",
        "review": "/review",
        "a fax": f"/review/{desk.stands['fax']}",
        "a page without a plan": f"/review/{desk.stands['stray']}",
        "plans": "/plans",
        "no plans": "/plans?state=withdrawn",
        "an open plan": f"/plans/{documents['bh']}",
        "a filed plan": f"/plans/{documents['ltss']}",
        "practices": "/practices",
        "a practice": "/practices/S01",
        "a practice of nothing": "/practices/S03",
        "what came back": desk.stands["returned"],
        "letters": "/letters",
        "a run": f"/letters/{desk.stands['run']}",
        "a letter": desk.stands["letter"],
        "held letters": "/letters/held",
        "deliveries": "/deliveries",
        "deliveries of every state": "/deliveries?state=",
        "reports": "/reports?from=2026-11-01&to=2026-11-30",
        "a report of nothing": "/reports?from=2020-01-01&to=2020-01-31",
        "an error": "/nothing",
    }


@dataclass(frozen=True)
class Visit:
    """What one page showed in one visit: what axe and the widths say by width, the browser's own complaints, the
    addresses on it, and those that it asked."""

    wrong: dict[int, tuple[list[str], int]]
    complaints: list[str]
    addresses: set[str]
    requests: list[str]


@pytest.fixture(scope="module")
def visits(desk: Served, browser: Chromium, pages: dict[str, str]) -> dict[str, Visit]:
    """Every page, looked at once at both widths; and a form that came back with a fault."""
    axe = (peers.package("axe-core") / "axe.min.js").read_text("utf-8")

    def look() -> Visit:
        browser.run("Promise.all([...document.images].map(each => (each.loading = 'eager', each.decode())))")
        complaints, requests = [*browser.complaints], [*browser.requests]
        addresses = set(browser.run(ADDRESSES))
        browser.run(f"{axe};0")
        wrong = {}
        for width in WIDTHS:
            browser.size(width)
            wrong[width] = (browser.run(AXE_SAYS), browser.run(TOO_WIDE))
        browser.size(1280)
        return Visit(wrong, complaints, addresses, requests)

    found = {}
    for what, address in pages.items():
        browser.requests.clear()
        browser.complaints.clear()
        browser.go(desk.address + address)
        found[what] = look()
    browser.go(f"{desk.address}/plans/{desk.office.documents['bh']}")
    with browser.another_page():
        browser.run("document.querySelector('button[value=call]').click()")
    browser.until("document.activeElement.id === 'call-note'")
    found["a form with a fault"] = look()
    return found


def test_every_page_fits_both_widths_and_axe_finds_nothing(visits: dict[str, Visit]) -> None:
    found = {what: visit.wrong for what, visit in visits.items()}
    assert {what: wrong for what, wrong in found.items() if any(map(any, wrong.values()))} == {}


def test_a_field_with_a_fault_has_the_focus_and_says_what_is_wrong(browser: Chromium, visits: dict[str, Visit]) -> None:
    assert "a form with a fault" in visits, "the page that was looked at last"
    said = browser.run(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby').split(' ')[0]).textContent"
    )
    assert said == "What was said is empty. Fill it in."
    assert browser.run("document.activeElement.matches(':focus-visible')")


def test_no_page_asks_anybody_else_nor_breaks_its_own_policy(
    desk: Served, browser: Chromium, visits: dict[str, Visit]
) -> None:
    asked = {each for visit in visits.values() for each in visit.requests}
    # The calendar sign of a date field is the browser's own.
    assert {each for each in asked if not each.startswith((desk.address + "/", "data:image/svg+xml"))} == set()
    told = {what: visit.complaints for what, visit in visits.items() if what not in ("an error", "a form with a fault")}
    assert {what: each for what, each in told.items() if [one for one in each if "favicon" not in one]} == {}
    assert browser.run("document.cookie") == ""


def test_no_address_on_any_page_names_a_member(desk: Served, visits: dict[str, Visit]) -> None:
    roster = desk.office.sample.roster.read_text("utf-8").splitlines()[1:]
    names = {cell.casefold() for line in roster for cell in line.split(",")[:3] if len(cell) > 2}
    addresses = {address for visit in visits.values() for address in visit.addresses}
    parts = {part.casefold() for address in addresses for part in re.split(r"[/?&=+]", address)}
    assert len(addresses) > 50
    assert parts & names == set()


def test_the_pictures_of_what_waits_are_drawn_when_it_is_taken_in(
    desk: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks first waits for no child process."""
    kept = list((desk.root / "state" / "derived" / "pictures").iterdir())
    assert {each.name[:12] for each in kept} == {desk.stands["fax"], desk.stands["stray"]}
    assert all(re.fullmatch(r"[0-9a-f]{64}-[0-9a-f]{16}\.zip", each.name) for each in kept)
    assert {each.stat().st_mode & 0o777 for each in kept} == {0o600}
    monkeypatch.setattr("cpdocs.returns.comparing.run_sandboxed", lambda *_, **__: pytest.fail("a child was asked"))
    with at_the_desk(desk.root, LATE) as client:
        client.log_in()
        page = client.get(f"/review/{desk.stands['fax']}").text
        pictures = re.findall(r'src="(/review/[^"]+\.png)"', page)
        assert len(pictures) > 8
        assert all(client.get(each).data.startswith(b"\x89PNG") for each in pictures)


def test_what_strangers_wrote_stays_text(desk: Served, browser: Chromium) -> None:
    browser.go(f"{desk.address}/plans/{desk.office.documents['bh']}")
    assert MARKUP in browser.run("document.querySelector('.road').textContent")
    assert browser.run("document.querySelectorAll('.road img, script').length") == 0


def test_the_focus_can_be_seen_on_all_that_the_tab_key_reaches(desk: Served, browser: Chromium) -> None:
    browser.go(f"{desk.address}/review/{desk.stands['fax']}")
    reached = []
    for _ in range(60):
        browser.press("Tab")
        seen = browser.run(
            f"(() => {{ const it = {FOCUSED}; if (it === document.body) return null; const at = getComputedStyle(it);"
            "return [it.tagName, it.textContent.trim() || it.name || it.type, at.outlineStyle + at.outlineWidth] })()"
        )
        if seen is None:
            break
        reached.append(seen)
    assert reached[0][1] == "Skip to the content"
    assert [each for each in reached if each[2] != "solid3px"] == []
    names = [each[1] for each in reached]
    assert names.index("slot_member") < names.index("pcp_on") < names.index("Accept what is ticked")
    assert names.index("Accept what is ticked") < names.index("Reject, and tell the practice")


def test_a_page_can_be_printed_without_what_only_a_screen_needs(desk: Served, browser: Chromium) -> None:
    import pypdfium2 as pdfium

    browser.go(f"{desk.address}/plans/{desk.office.documents['bh']}")
    with pdfium.PdfDocument(browser.paper()) as paper:
        text = "".join(page.get_textpage().get_text_bounded() for page in paper)
    assert desk.office.documents["bh"] in text
    assert "Log out" not in text
    assert "Practices" not in text


def test_a_fax_is_accepted_for_both_by_keyboard_without_javascript(
    tmp_path: Path, desk: Served, browser: Chromium
) -> None:
    """Nothing but the two dates is typed; no id is."""
    mine = copied(desk.office, tmp_path / "ws")
    with served(mine.cli.root, LATE) as address:
        browser.scripts(False)
        try:
            log_in(browser, address)
            open_link(browser, "Review what came back")
            for field in ("member_on", "pcp_on"):
                tab_to(browser, "name", field)
                for key in "11032026":
                    browser.key(key)
            tab_to(browser, "value", "accept")
            with browser.another_page():
                browser.press("Enter")
            assert "signature counts." in browser.run("document.body.textContent")
        finally:
            browser.scripts(True)
    left = [each.name[:12] for each in (mine.cli.root / "state" / "derived" / "pictures").iterdir()]
    assert left == [desk.stands["stray"]]
    filled = {event.data["slot"]: event.data["on"] for event in recorded(mine.cli.root, "slot.filled")[2:]}
    assert filled == {"member": "2026-11-03", "pcp": "2026-11-03"}


def tab_to(browser: Chromium, attribute: str, value: str) -> None:
    for _ in range(120):
        if browser.run(f"{FOCUSED}.getAttribute('{attribute}')") == value:
            return
        browser.press("Tab")
    raise AssertionError(f"the Tab key never reaches {value}")


def open_link(browser: Chromium, text: str) -> None:
    for _ in range(120):
        browser.press("Tab")
        if re.match(re.escape(text), str(browser.run(f"{FOCUSED}.textContent")).strip()):
            with browser.another_page():
                browser.press("Enter")
            return
    raise AssertionError(f"the Tab key never reaches {text}")

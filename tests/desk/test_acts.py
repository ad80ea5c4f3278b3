"""What is recorded at the desk is what the commands record: about plans and letters; and what each page shows."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from html.parser import HTMLParser

import pytest
from PIL import Image

from cpdocs.core.events import EventType
from tests.conftest import shorten_notice
from tests.desk.conftest import Browser, at_the_desk
from tests.desk.furnish import signed_fax
from tests.flows.returning import RETURN, Desk, recorded

ON = "2026-11-03"
ACTS: dict[str, tuple[dict[str, str], str]] = {
    "call": ({"to": "Front Desk", "note": "back by Friday"}, "call.logged"),
    "sent": ({"to": "Front Desk", "channel": "fax", "at": "2026-11-03T10:00"}, "plan.sent"),
    "received": ({"at": "2026-11-03T10:05", "how": "fax confirmation"}, "plan.received"),
    "approve": ({"how": "telephone", "on": ON, "by": "Sam Sample"}, "slot.filled"),
    "refuse": (
        {"offered": "read aloud", "by": "Sam", "language": "Spanish", "reason": "family", "on": ON},
        "slot.refused",
    ),
    "return": ({"reason": "another pharmacy", "at": "2026-11-04T09:00"}, "plan.returned"),
    "withdraw": ({"reason": "wrong practice"}, "plan.withdrawn"),
}


@pytest.mark.parametrize("what", ACTS)
def test_each_act_on_a_plan_is_the_event_of_its_command(desk: Desk, browser: Browser, what: str) -> None:
    form, kind = ACTS[what]
    document_id = desk.office.documents["bh"]
    address = f"/plans/{document_id}"
    answer = browser.post(address, do=what, **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    (event,) = desk.events(kind)
    assert event.data["document_id"] == document_id
    assert 'role="status"' in browser.get(address).text


@pytest.mark.parametrize("what", ["call", "sent", "approve", "refuse", "return", "withdraw"])
def test_what_is_missing_is_said_in_the_forms_own_words_and_nothing_is_recorded(
    desk: Desk, browser: Browser, what: str
) -> None:
    before = len(desk.events("plan.sent", "slot.filled", "slot.refused", "plan.returned", "plan.withdrawn"))
    form = dict.fromkeys(ACTS[what][0], "")
    answer = browser.post(f"/plans/{desk.office.documents['bh']}", do=what, **form)
    assert answer.status_code == 422
    assert "is empty." in answer.text
    assert "--" not in re.search(r'role="alert".*?</div>', answer.text, re.DOTALL)[0]  # type: ignore[index]
    assert len(desk.events("plan.sent", "slot.filled", "slot.refused", "plan.returned", "plan.withdrawn")) == before


def test_an_approval_recorded_by_mistake_is_taken_back(desk: Desk, browser: Browser) -> None:
    address = f"/plans/{desk.office.documents['bh']}"
    browser.post(address, do="approve", **ACTS["approve"][0])
    assert "Take an approval back" in browser.get(address).text
    assert browser.post(address, do="unapprove", slot="pcp", reason="x").status_code == 422
    assert browser.post(address, do="unapprove", slot="member", reason="another member's call").status_code == 303
    (event,) = desk.events("slot.emptied")
    assert event.data["slot"] == "member"


def test_a_receipt_is_corrected_and_the_page_says_when_it_is_due(desk: Desk, browser: Browser) -> None:
    address = f"/plans/{desk.office.documents['bh']}"
    browser.post(address, do="received", **ACTS["received"][0])
    answer = browser.post(address, do="corrected", at="2026-11-04T09:00", reason="another plan's confirmation")
    assert answer.status_code == 303
    assert "due Nov 16, 2026" in browser.get(address).text
    assert len(desk.events("plan.receipt_corrected")) == 1


def test_an_act_that_is_none_is_refused(desk: Desk, browser: Browser) -> None:
    assert browser.post(f"/plans/{desk.office.documents['bh']}", do="shred").status_code == 422


def test_the_plan_and_its_cover_are_saved_as_files_and_each_is_on_record(desk: Desk, browser: Browser) -> None:
    document_id = desk.office.documents["bh"]
    for what in ("issued", "cover"):
        answer = browser.get(f"/plans/{document_id}/{what}.pdf")
        assert answer.data.startswith(b"%PDF-")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{document_id}-{what}.pdf"'
    looks = [event.data["how"] for event in desk.events("record.accessed")]
    assert looks[-2:] == ["desk plan issued file", "desk plan cover file"]


def test_what_came_back_can_be_looked_at_after_it_was_decided(desk: Desk, browser: Browser) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file()))
    assert row["verdict"] == "accepted"
    address = f"/plans/{desk.office.documents['bh']}"
    found = re.search(r'href="(/plans/[^"]+/returned/[^"]+)"', browser.get(address).text)
    assert found
    text = browser.get(found[1]).text
    picture = re.search(r'src="([^"]+came.png)"', text)
    assert picture
    assert browser.get(picture[1]).data.startswith(b"\x89PNG")
    assert browser.get(f"{address}/returned/000000000000").status_code == 404
    other = desk.office.documents["ltss"]
    assert browser.get(found[1].replace(desk.office.documents["bh"], other)).status_code == 404


def test_a_run_is_looked_at_released_pulled_from_and_mailed(desk: Desk, browser: Browser) -> None:
    shorten_notice(desk.root)
    run = str(desk.office.cli("letters", "run", "--jobs", "1", "--json", now=RETURN).json["run_id"])
    assert run in browser.get("/letters").text
    text = browser.get(f"/letters/{run}").text
    assert "adds up" in text
    letter = re.search(rf'href="(/letters/{run}/[^"]+)"', text)
    assert letter
    assert "as printed" in browser.get(letter[1]).text
    assert browser.get(f"{letter[1]}/page-1.png").data.startswith(b"\x89PNG")
    with Image.open(io.BytesIO(browser.get(f"{letter[1]}/page-3.png").data)) as slip_page:
        wide, high = slip_page.size
        heading = slip_page.convert("L").crop((wide // 12, high // 20, wide // 4, high // 11))
        assert min(heading.getdata()) < 100, "the page with the slip stands upright and whole"
    assert browser.get(f"{letter[1]}/page-99.png").status_code == 404
    assert browser.post(f"/letters/{run}", do="mailed", on="2026-11-04").status_code == 422
    for form in (
        {"do": "release"},
        {"do": "pull", "pieces": "1", "reason": "moved"},
        {"do": "mailed", "on": "2026-11-04"},
    ):
        assert browser.post(f"/letters/{run}", **form).status_code == 303
    assert [event.data["piece"] for event in desk.events(EventType.LETTER_PULLED.value)] == [1]
    text = browser.get(f"/letters/{run}").text
    assert "1 pulled" in text
    assert "adds up" in text
    assert "as printed" in browser.get(letter[1]).text
    assert [event.data["on"] for event in desk.events(EventType.RUN_MAILED.value)] == ["2026-11-04"]


def test_held_letters_have_names_and_a_reviewer_lets_them_go(desk: Desk, browser: Browser) -> None:
    text = browser.get("/letters/held").text
    chosen = re.findall(r'name="letter" value="([^"]+)"', text)
    assert chosen
    assert "The address is none that mail reaches." in text
    assert browser.post("/letters/held", reason="called both").status_code == 422
    assert browser.post("/letters/held", letter=chosen[0], reason="").status_code == 422
    assert browser.post("/letters/held", letter=chosen[0], reason="called both").status_code == 303
    (event,) = desk.events("hold.released")
    assert event.data["reason"] == "called both"
    assert f'value="{chosen[0]}"' not in browser.get("/letters/held").text


def test_a_report_is_shown_with_plots_and_saved_in_three_forms(desk: Desk, browser: Browser) -> None:
    span = "from=2026-11-01&to=2026-11-30"
    text = browser.get(f"/reports?{span}").text
    assert "Timeliness by program" in text
    plots = re.findall(r'src="(/reports/plots/[^"]+)"', text.replace("&amp;", "&"))
    assert plots
    for address in plots:
        answer = browser.get(address)
        assert answer.mimetype == "image/svg+xml"
        assert b"<script" not in answer.data
    for kind, begins in (("csv", b"table,row,measure,value"), ("json", b"{"), ("html", b"<!DOCTYPE html>")):
        answer = browser.get(f"/reports/report.{kind}?{span}")
        assert answer.data.startswith(begins)
        assert f"report-2026-11-01-2026-11-30.{kind}" in answer.headers["Content-Disposition"]
    assert browser.get("/reports?from=2026-11-30&to=2026-11-01").status_code == 422
    assert browser.get("/reports?from=yesterday").status_code == 422
    assert browser.get("/reports/plots/nothing.svg").status_code == 404
    assert browser.get("/reports/report.exe").status_code == 404


def test_a_practice_has_its_scorecard_and_says_who_may_sign(desk: Desk, browser: Browser) -> None:
    text = browser.get("/practices/S01").text
    assert "approved in time" in text
    assert "designated by Alpha Testwell, MD" in text
    for name in ("days", "months"):
        assert browser.get(f"/practices/S01/{name}.svg").mimetype == "image/svg+xml"
    assert browser.get("/practices/S01/other.svg").status_code == 404
    assert browser.get("/practices/S99").status_code == 404


def test_today_is_narrowed_to_a_coordinator_a_practice_a_program_and_a_kind(desk: Desk, browser: Browser) -> None:
    document_id = desk.office.documents["bh"]
    everything = browser.get("/").text
    assert document_id in everything
    rows = desk.office.cli("todo", "--json", now=RETURN).json
    assert f"{len(rows)} things wait" in everything
    coordinator = next(row["coordinator"] for row in rows if row["document_id"] == document_id)
    assert document_id in browser.get(f"/?coordinator={coordinator.replace(' ', '+')}").text
    for narrowed in ("practice=S02", "program=LTSS", "kind=comments", "coordinator=Nobody"):
        assert document_id not in browser.get(f"/?{narrowed}").text
    assert browser.get("/?group=nothing").status_code == 404
    assert "of them" not in browser.get("/?group=later&kind=").text


def test_who_is_a_coordinator_sees_their_own_first_and_everybodys_when_asked(desk: Desk) -> None:
    rows = desk.office.cli("todo", "--json", now=RETURN).json
    mine = next(row["coordinator"] for row in rows if row["coordinator"])
    with at_the_desk(desk.root, RETURN) as browser:
        browser.log_in(mine)
        own, everybodys = (browser.get(each).text for each in ("/", "/?kind="))
    assert f"for {mine}" in own
    count = re.compile(r"(\d+) things? wait")
    assert int(count.search(own)[1]) < int(count.search(everybodys)[1])  # type: ignore[index]


def test_every_look_at_a_plan_is_recorded_before_it_is_shown(desk: Desk, browser: Browser) -> None:
    browser.get(f"/plans/{desk.office.documents['bh']}")
    last = recorded(desk.root, "record.accessed")[-1]
    assert last.data["how"] == "desk plan"
    assert last.at.date() == date(2026, 11, 4)


class Form(HTMLParser):
    """What a browser would send of the form whose button is ``do``, as the page filled it."""

    def __init__(self, text: str, do: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        (self._wanted,) = [form for form in re.findall(r"<form.*?</form>", text, re.DOTALL) if f'value="{do}"' in form]
        self.feed(self._wanted)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        about = dict(attrs)
        name = about.get("name")
        if tag == "input" and name and (about.get("type") not in ("checkbox", "radio") or "checked" in about):
            self.values[name] = about.get("value") or ""


def test_a_plan_on_paper_takes_four_acts_and_no_id_is_typed(desk: Desk) -> None:
    """Sent, received, both signatures, in the chart: all that is typed is the two dates that stand on the paper."""
    address = f"/plans/{desk.office.documents['bh']}"
    with at_the_desk(desk.root, "2026-11-02T16:00:00Z") as browser:
        browser.log_in()
        assert "<dt>Next</dt><dd>Send it to the practice.</dd>" in browser.get(address).text
        for act in ("sent", "received"):
            filled = Form(browser.get(address).text, act).values
            assert browser.post(address, **{**filled, "do": act}).status_code == 303
    desk.take(signed_fax(desk.issued_file("bh"), "MemberSig", "PCPSig"), name="fax.tif")
    with at_the_desk(desk.root, RETURN) as browser:
        browser.log_in()
        assert "<dt>Next</dt><dd>Review what came back.</dd>" in browser.get(address).text
        (review,) = re.findall(r'href="(/review/[^"]+)"', browser.get(address).text)[:1]
        filled = Form(browser.get(review).text, "accept").values
        typed = {"member_on": ON, "pcp_on": ON}
        assert browser.post(review, **{**filled, **typed, "do": "accept"}).status_code == 303
        filled = Form(browser.get(address).text, "confirm").values
        assert browser.post(address, **{**filled, "do": "confirm"}).status_code == 303
        assert "<dt>Next</dt>" not in browser.get(address).text
    assert desk.office.status(desk.office.documents["bh"])["state"] == "uploaded"
    filled_by = {event.data["slot"]: event.data["npi"] for event in desk.events("slot.filled")}
    assert filled_by["pcp"] == desk.office.sample.npis["pcp1"]


def test_one_box_is_signed_by_a_designee_then_taken_back_refused_and_returned_with_comments(desk: Desk) -> None:
    """What else becomes of a plan on paper: of it all, only what the paper and the people say is typed, and no id."""
    address = f"/plans/{desk.office.documents['bh']}"
    desk.take(signed_fax(desk.issued_file("bh"), "PCPSig"), name="fax.tif")
    npis = desk.office.sample.npis
    with at_the_desk(desk.root, RETURN) as browser:
        browser.log_in()

        def do(page: str, act: str, **said: str) -> str:
            answer = browser.post(page, **{**Form(browser.get(page).text, act).values, **said, "do": act})
            assert answer.status_code == 303, answer.text
            return html.unescape(browser.get(answer.headers["Location"]).text)

        (review,) = re.findall(r'href="(/review/[^"]+)"', browser.get(address).text)[:1]
        shown = browser.get(review).text
        assert ("slot_member" in Form(shown, "accept").values, "slot_pcp" in Form(shown, "accept").values) == (
            False,
            True,
        )
        assert f'value="{npis["rn1"]}"' in shown
        assert "the PCP's signature counts" in do(review, "accept", npi=npis["rn1"], pcp_on=ON)
        assert desk.office.status(desk.office.documents["bh"])["state"] == "partly_signed"
        assert "its place is open again" in do(address, "unapprove", reason="read from another member's page")
        said = {"offered": "read aloud", "reason": "wants to ask the family", "language": "Spanish"}
        assert "The member's refusal is recorded." in do(address, "refuse", **said)
        assert "its clock has stopped" in do(address, "return", reason="asks for another pharmacy")
    kinds = [event.type.value for event in desk.events("slot.filled", "slot.emptied", "slot.refused", "plan.returned")]
    assert kinds == ["slot.filled", "slot.emptied", "slot.refused", "plan.returned"]

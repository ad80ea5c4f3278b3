"""What is brought to the desk as a file: tables looked at before they are recorded, runs rehearsed, plans checked."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from cpdocs.desk.app import MOST_UPLOADED
from tests.conftest import shorten_notice
from tests.desk.conftest import AT, Browser, at_the_desk
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

JOB = re.compile(r'name="job" value="([^"]+)"')


def bring(browser: Browser, address: str, seen_at: str, data: bytes, name: str, **form: str) -> TestResponse:
    """Sends a form with a file, and follows to what came of it."""
    fields = {"csrf": browser.csrf(seen_at), **form, "file": (io.BytesIO(data), name)}
    return after(browser, browser.client.post(address, base_url=AT, data=fields))


def after(browser: Browser, answer: TestResponse) -> TestResponse:
    """The page that an answer leads to, once the work behind it is over; what it says of jobs can be used."""
    while True:
        if answer.status_code == 303:
            where = answer.headers["Location"]
        elif "Refresh" not in answer.headers:
            return answer
        answer = browser.get(where)


def on(browser: Browser, address: str, seen: TestResponse, **form: str) -> TestResponse:
    """Posts what a page that was shown offers, by the job that it names."""
    found = JOB.search(seen.text)
    assert found
    return after(browser, browser.post(address, seen_at="/", job=found[1], **form))


def with_one_moved(desk: Desk) -> bytes:
    """The roster with one member moved, one more member, and a line that nobody can read."""
    lines = desk.office.sample.roster.read_text("utf-8").splitlines()
    head = lines[0].split(",")
    moved = lines[1].split(",")
    moved[head.index("address1")] = "77 Elm St"
    fresh = list(moved)
    fresh[head.index("member_id")], fresh[head.index("last_name")] = "100000099901", "Newperson"
    broken = list(fresh)
    broken[head.index("member_id")] = "1.00E+11"
    return "\n".join([lines[0], *(",".join(row) for row in (moved, fresh, broken))]).encode()


def test_a_roster_is_looked_at_line_by_line_and_recorded_only_when_somebody_says_so(
    desk: Desk, browser: Browser
) -> None:
    before = len(desk.events("assignment.recorded"))
    looked = bring(browser, "/imports/look", "/imports", with_one_moved(desk), "november.csv", table="roster")
    assert "looked at, not recorded" in looked.text
    assert "a spreadsheet made a number of the member id" in looked.text
    assert "address1" in looked.text
    assert "Newperson" in looked.text
    assert len(desk.events("assignment.recorded")) == before
    done = on(browser, "/imports/record", looked)
    assert ">recorded<" in done.text
    assert len(desk.events("assignment.recorded")) == before + 2
    again = bring(browser, "/imports/look", "/imports", with_one_moved(desk), "november.csv", table="roster")
    assert "all of it is on record already" in again.text
    looks = [event.data["how"] for event in desk.events("record.accessed")]
    assert "desk import roster" in looks


def test_a_directory_is_looked_at_and_recorded(desk: Desk, browser: Browser) -> None:
    table = desk.office.sample.practices.read_bytes()
    looked = bring(browser, "/imports/look", "/imports", table, "p.csv", table="practices")
    assert "every one can be recorded" in looked.text
    assert len(desk.events("practices.imported")) == 1
    assert "recorded" in on(browser, "/imports/record", looked).text
    assert len(desk.events("practices.imported")) == 2


@pytest.mark.parametrize(
    ("table", "data", "name", "told"),
    [
        ("roster", b"\x00\x01", "r.csv", "r.csv"),
        ("roster", b"PK\x03\x04 nothing", "r.xlsx", "r.xlsx"),
        ("practices", b"practice_id\nS01\n", "p.csv", "column"),
        ("nonsense", b"x", "p.csv", "What kind of table is it?"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_recorded(
    desk: Desk, browser: Browser, table: str, data: bytes, name: str, told: str
) -> None:
    before = len(desk.events())
    answer = bring(browser, "/imports/look", "/imports", data, name, table=table)
    assert answer.status_code == 422
    assert told in html.unescape(answer.text)
    assert len(desk.events()) == before


def test_without_a_file_the_form_says_so(browser: Browser) -> None:
    answer = browser.post("/imports/look", seen_at="/imports", table="roster")
    assert answer.status_code == 422
    assert "No file was chosen." in answer.text


def test_a_name_that_leads_elsewhere_is_only_a_name(desk: Desk, browser: Browser) -> None:
    looked = bring(
        browser, "/imports/look", "/imports", with_one_moved(desk), "../../../etc/<b>x</b>.csv", table="roster"
    )
    assert looked.status_code == 200
    assert "<b>x" not in looked.text


def test_more_than_the_desk_takes_is_refused_and_only_where_files_are_brought(desk: Desk, browser: Browser) -> None:
    fields = {"csrf": browser.csrf("/imports"), "table": "roster"}
    many = {**fields, "file": (io.BytesIO(b"x" * (MOST_UPLOADED + 200_000)), "r.csv")}
    answer = browser.client.post("/imports/look", base_url=AT, data=many)
    assert answer.status_code == 413
    assert "32 MB" in answer.text
    some = {**fields, "file": (io.BytesIO(b"x" * 100_000), "r.csv")}
    assert browser.client.post("/search", base_url=AT, data=some).status_code == 413


def test_a_file_needs_a_log_in_before_more_than_a_forms_worth_is_read(issued: Office) -> None:
    with at_the_desk(issued.cli.root, RETURN) as stranger:
        fields = {"csrf": stranger.csrf("/log-in"), "file": (io.BytesIO(b"x" * 100_000), "r.csv")}
        assert stranger.client.post("/imports/look", base_url=AT, data=fields).status_code == 413


def test_no_table_is_parsed_in_the_process_of_the_desk(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(*_: object, **__: object) -> None:
        raise AssertionError("parsed here")

    for name in ("cpdocs.intake.tables.open_table", "cpdocs.intake.plan_file.read_plan"):
        monkeypatch.setattr(name, parsed)
    looked = bring(browser, "/imports/look", "/imports", with_one_moved(desk), "r.csv", table="roster")
    assert "looked at, not recorded" in looked.text


def test_a_run_is_rehearsed_a_letter_looked_at_and_the_run_made(desk: Desk, browser: Browser) -> None:
    shorten_notice(desk.root)
    seen = bring(browser, "/letters/rehearse", "/letters", with_one_moved(desk), "november.csv", kind="assignment")
    assert "nothing is recorded" in seen.text
    assert "Who gets no letter" in seen.text
    assert desk.events("run.begun") == []
    letter = on(browser, "/letters/preview", seen, line="3")
    assert "marked as no mail" in letter.text
    picture = re.search(r'src="(/work/[^"]+\.png)"', letter.text)
    assert picture
    assert browser.get(picture[1]).data.startswith(b"\x89PNG")
    assert browser.get(picture[1].replace("page-1", "page-99")).status_code == 404
    none = on(browser, "/letters/preview", seen, line="4")
    assert "No letter: rejected." in none.text
    assert "Which line?" in on(browser, "/letters/preview", seen, line="x").text
    made = on(browser, "/letters/make", seen)
    assert "Made: " in made.text
    assert "Release for mailing" in made.text
    assert len(desk.events("run.staged")) == 1


def test_pieces_are_printed_again_and_it_is_said_where_they_lie(desk: Desk, browser: Browser) -> None:
    shorten_notice(desk.root)
    run = str(desk.office.cli("letters", "run", "--jobs", "1", "--json", now=RETURN).json["run_id"])
    address = f"/letters/{run}"
    told = after(browser, browser.post(address, do="reprint", pieces="1", reason="torn"))
    assert f"outbox/letters/{run}/reprint-01.pdf" in told.text
    assert (desk.root / "outbox" / "letters" / run / "reprint-01.pdf").is_file()
    assert [event.data["reason"] for event in desk.events("run.reprinted")] == ["torn"]
    assert "is empty" in after(browser, browser.post(address, do="reprint", pieces="1", reason="")).text


def test_a_plan_is_brought_checked_and_issued(desk: Desk, browser: Browser, tmp_path: Path) -> None:
    text = desk.office.sample.plans["bh"].read_text("utf-8").replace("version: 1", "version: 2")
    broken = text.replace("assessment_date:", "assessment_day:")
    found = bring(browser, "/plans/write", "/plans/write", broken.encode(), "next.yaml", do="check")
    assert "be issued yet" in found.text
    assert 'class="code"' in found.text
    right = after(browser, browser.post("/plans/write", do="check", text=text))
    assert "It can be issued" in right.text
    issued = after(browser, browser.post("/plans/write", do="issue", text=text))
    assert "Issued: version 2" in issued.text
    assert len(desk.events("plan.issued")) == 3
    assert "There is no plan yet." in browser.post("/plans/write", do="check", text=" ").text


def test_what_the_next_version_of_a_plan_lacks_is_told_beside_its_text(desk: Desk, browser: Browser) -> None:
    text = desk.office.sample.plans["bh"].read_text("utf-8")
    refused = after(browser, browser.post("/plans/write", do="issue", text=text))
    assert refused.status_code == 422
    assert "version" in refused.text
    assert html.escape("schema: cpdocs.plan/1") in refused.text
    assert len(desk.events("plan.issued")) == 2


def test_reminders_are_looked_at_first_and_then_written_once(desk: Desk) -> None:
    document_id = desk.office.documents["bh"]
    sent = ("--to", "Front Desk", "--channel", "fax", "--at", "2026-11-02T10:30")
    desk.office.cli("plan", "sent", document_id, *sent)
    with at_the_desk(desk.root, "2026-11-13T15:00:00Z") as browser:
        browser.log_in()
        before = len(desk.events("notice.written"))
        seen = after(browser, browser.post("/reminders", do="look"))
        assert document_id in seen.text
        assert len(desk.events("notice.written")) == before
        written = after(browser, browser.post("/reminders", do="write"))
        assert document_id in written.text
        assert len(desk.events("notice.written")) == before + 1
        assert "Nobody has to be asked today" in after(browser, browser.post("/reminders", do="look")).text


def test_what_a_session_asked_for_is_no_other_sessions(desk: Desk, browser: Browser) -> None:
    fields = {"csrf": browser.csrf("/imports"), "table": "roster"}
    answer = browser.client.post(
        "/imports/look", base_url=AT, data={**fields, "file": (io.BytesIO(with_one_moved(desk)), "r.csv")}
    )
    where = answer.headers["Location"]
    after(browser, answer)
    with at_the_desk(desk.root, RETURN) as other:
        other.log_in("otto")
        assert other.get(where).status_code == 404
        forged = other.post("/imports/record", seen_at="/", job=where.rpartition("/")[2])
        assert forged.status_code == 404


def test_work_that_breaks_off_is_told_without_its_text(desk: Desk, browser: Browser) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CPDOCS_NOW", "nonsense")
        answer = bring(browser, "/imports/look", "/imports", with_one_moved(desk), "r.csv", table="roster")
    assert answer.status_code == 422
    assert "no ISO 8601 time" in answer.text

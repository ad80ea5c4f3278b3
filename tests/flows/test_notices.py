from __future__ import annotations

import csv
from hashlib import sha256
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from tests.flows.conftest import Office
from tests.flows.returning import Desk, codes


def pdf_text(path: Path) -> str:
    with pdfium.PdfDocument(path) as document:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def test_an_accepted_return_is_answered_with_what_is_still_open(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file()))
    (notice,) = desk.notices(desk.practice())
    text = pdf_text(notice)
    assert "this approval counts" in text
    assert "need not do anything" not in text
    assert desk.office.documents["bh"] in text
    assert "the PCP's approval" in text
    assert "Still open the member's approval" in text


def test_a_notice_lets_the_front_desk_find_the_chart_and_shows_no_digest(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file()))
    text = pdf_text(desk.notices(desk.practice())[0])
    (said,) = [event.data for event in desk.events("plan.issued") if event.data["document_id"] in text]
    with desk.office.sample.roster.open(encoding="utf-8", newline="") as roster:
        member = next(row for row in csv.DictReader(roster) if row["member_id"] == said["member_id"])
    assert f"Patient {member['first_name'][0]}.{member['last_name'][0]}. PCP " in text
    assert "a PDF with a digital signature" in text
    assert "SHA-256" not in text


def test_an_approval_that_completes_the_plan_says_that_nothing_more_is_wanted(desk: Desk) -> None:
    member = desk.sign_member(desk.issued_file())
    desk.take(desk.sign_pcp(member))
    text = pdf_text(desk.notices(desk.practice())[-1])
    assert "need not do anything more" in text
    assert "Still open nothing" in text


def test_files_of_one_day_that_fail_alike_get_one_letter(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file(), "lpn1")
    desk.take(signed)
    desk.take(signed.read_bytes() + b"\n", name="again.pdf")
    again = [event.data for event in desk.events("notice.written") if event.data["kind"] == "resend"]
    assert len({data["return_sha256"] for data in again}) == len(again)
    assert len(again) >= 2
    assert {data["says"] for data in again} == {again[0]["says"]}
    (letter,) = desk.notices(desk.practice())
    assert {data["file"] for data in again} == {f"notices/{desk.practice()}/{letter.name}"}
    assert sha256(letter.read_bytes()).hexdigest() == again[0]["sha256"]
    assert "credential can't approve" in pdf_text(letter)


def test_a_rejection_says_why_and_what_to_do(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    (notice,) = desk.notices(desk.practice())
    text = pdf_text(notice)
    assert "Please sign and send it again" in text
    assert "credential can't approve" in text


def test_no_notice_names_the_member(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file()))
    desk.take(desk.sign_pcp(desk.issued_file("ltss"), "lpn1"), plan="ltss", name="second.pdf")
    with desk.office.sample.roster.open(encoding="utf-8", newline="") as roster:
        members = list(csv.DictReader(roster))
    shown = " ".join(pdf_text(notice) for notice in desk.notices(desk.practice()))
    assert len(members) > 10
    assert [row for row in members if row["member_id"] and row["member_id"] in shown] == []
    assert [row for row in members if row["last_name"] and f"{row['first_name']} {row['last_name']}" in shown] == []


def test_what_is_recorded_of_a_notice_is_the_file_that_was_put_out(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file()))
    (event,) = (event for event in desk.events("notice.written") if event.data["kind"] == "accepted")
    assert sha256((desk.root / "outbox" / event.data["file"]).read_bytes()).hexdigest() == event.data["sha256"]


def test_a_notice_that_was_taken_away_is_not_written_again(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    desk.take(signed)
    desk.notices(desk.practice())[0].unlink()
    assert desk.take(signed)["repeated"]
    assert desk.notices(desk.practice()) == []


def test_a_plan_that_was_sent_is_reminded_of_once_on_each_day_and_when_overdue(desk: Desk) -> None:
    document_id = desk.office.documents["bh"]
    desk.office.cli("plan", "sent", document_id, "--to", "key contact", "--channel", "fax", "--at", "2026-11-02T11:00")
    counts = []
    for day in ("03", "05", "05", "06", "10", "12", "13", "16"):
        desk.intake(now=f"2026-11-{day}T15:00:00Z")
        counts.append(len(desk.notices(desk.practice())))
    assert counts == [0, 1, 1, 1, 2, 2, 3, 3]


def test_a_plan_that_was_never_sent_is_not_reminded_of(desk: Desk) -> None:
    desk.intake(now="2026-11-25T15:00:00Z")
    assert desk.notices(desk.practice()) == []


def test_unknown_files_are_answered_to_nobody(desk: Desk) -> None:
    row = desk.take(b"nothing of ours", practice="S03")
    assert "not_a_pdf" in codes(row)
    assert list((desk.root / "outbox" / "notices").glob("S*/*")) == []

from __future__ import annotations

import csv
from hashlib import sha256
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest

from tests.documents.papers import says_iso_date
from tests.flows import papers
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes


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
    assert "2026, 10:00 AM EST: a PDF with a digital signature" in text
    assert not says_iso_date(text)


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


def waiting(desk: Desk) -> list[dict[str, Any]]:
    """The answers about returns that wait to be sent."""
    rows = desk.office.cli("notices", "list", "--json", now=RETURN).json
    return [row for row in rows if row["kind"] not in ("key_issued", "taken_back")]


def test_what_came_of_a_file_later_that_day_stands_in_the_letter_that_waits(desk: Desk) -> None:
    row = desk.take(papers.fax(papers.signed(desk.issued_file().read_bytes(), "PCPSig")), name="fax.tif")
    (before,) = waiting(desk)
    how = ("--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "none", "--by", "Sam Sample")
    desk.office.cli("held", "accept", row["sha256"][:12], *how, "--reason", "read", now=RETURN)
    (after,) = waiting(desk)
    assert (before["kind"], after["kind"]) == ("held", "accepted")
    assert after["reference"] == before["reference"]
    (letter,) = desk.notices(desk.practice())
    text = pdf_text(letter)
    assert "this approval counts" in text
    assert "must look at it" not in text
    desk.office.cli("notices", "sent", after["reference"], "--at", "2026-11-04T10:05", now=RETURN)
    desk.take(desk.sign_member(desk.issued_file()), name="member.pdf")
    (second,) = waiting(desk)
    assert second["reference"] != after["reference"]
    assert "need not do anything more" in pdf_text(desk.root / "outbox" / second["file"])


def test_a_file_that_cant_count_beside_one_that_is_looked_at_asks_for_no_new_signature(desk: Desk) -> None:
    desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    desk.take(papers.fax(papers.signed(desk.issued_file().read_bytes(), "PCPSig")), name="fax.tif")
    (letter,) = desk.notices(desk.practice())
    text = pdf_text(letter)
    assert "We are looking at your return" in text
    assert "can't be counted. The signer's credential" in text
    assert "Please sign and send it again" not in text


def test_a_letter_that_somebody_took_along_isnt_written_over_nor_said_twice(desk: Desk) -> None:
    pages = papers.signed(desk.issued_file().read_bytes(), "PCPSig")
    desk.take(papers.fax(pages), name="fax.tif")
    desk.notices(desk.practice())[0].unlink()
    desk.take(papers.scanned(pages), name="scan.pdf")
    assert desk.notices(desk.practice()) == []
    desk.take(desk.sign_member(desk.issued_file()), name="member.pdf")
    (letter,) = desk.notices(desk.practice())
    assert "this approval counts" in pdf_text(letter)


def test_an_approval_that_is_taken_back_takes_its_letter_along(desk: Desk) -> None:
    row = desk.take(papers.fax(papers.signed(desk.issued_file().read_bytes(), "MemberSig")), name="fax.tif")
    how = ("--slot", "member", "--signed-on", "none", "--by", "Sam Sample", "--reason", "read")
    desk.office.cli("held", "accept", row["sha256"][:12], *how, now=RETURN)
    (letter,) = desk.notices(desk.practice())
    back = ("plan", "unapprove", row["document_id"], "--slot", "member", "--reason", "read from the wrong page")
    desk.office.cli(*back, now=RETURN)
    (left,) = desk.notices(desk.practice())
    assert left != letter
    assert "What we told you of it before holds no more" in pdf_text(left)
    assert waiting(desk) == []
    rows = desk.office.cli("notices", "list", "--all", "--json", now=RETURN).json
    (gone,) = (each for each in rows if each["reference"] == letter.stem)
    assert (gone["waits"], gone["replaced_by"]) == (False, left.stem)


def test_by_a_channel_the_letter_leaves_once_as_it_is_then_and_what_comes_after_it_is_another(
    desk: Desk, tmp_path: Path
) -> None:
    settings = desk.root / "cpdocs.toml"
    ways = (
        f'[channel.{name}]\nkind = "folder"\nfolder = "{tmp_path / name}"\n' for name in ("fax", "sftp", "secure_email")
    )
    settings.write_text(settings.read_text("utf-8") + "\n" + "\n".join(ways), "utf-8")
    desk.take(desk.sign_pcp(desk.issued_file(), "lpn1"))
    desk.take(papers.fax(papers.signed(desk.issued_file().read_bytes(), "PCPSig")), name="fax.tif")
    desk.office.cli("deliver", now=RETURN)
    desk.take(desk.sign_member(desk.issued_file()), name="member.pdf")
    desk.office.cli("deliver", now=RETURN)
    sent = [
        path
        for name in ("fax", "sftp", "secure_email")
        for path in (tmp_path / name).rglob(f"{desk.office.documents['bh']}*.pdf")
    ]
    left = [pdf_text(path) for path in sorted(sent, key=lambda path: path.stat().st_mtime_ns)]
    assert ["We are looking at your return" in each for each in left] == [True, False]
    assert "this approval counts" in left[1]


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

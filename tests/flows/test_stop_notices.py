"""Whoever was sent a version is told at once when it must not be used any more, and anybody may ask for one word."""

from __future__ import annotations

from typing import Any

import pikepdf
import pytest
import yaml

from tests.documents.papers import says_iso_date
from tests.flows.conftest import Office
from tests.flows.returning import Desk

BY = ("--by", "Test Coordinator")


def send(office: Office, name: str = "bh") -> str:
    document_id = office.documents[name]
    office.cli("plan", "sent", document_id, "--to", "Kim Contact", "--channel", "fax", "--at", "2026-11-02T12:00")
    return document_id


def told(office: Office, document_id: str) -> list[dict[str, Any]]:
    rows = office.cli("notices", "list", "--json").json
    return [row for row in rows if row["document_id"] == document_id]


def text_of(office: Office, row: dict[str, Any]) -> str:
    from pypdfium2 import PdfDocument

    file = office.cli.root / "outbox" / row["file"]
    with PdfDocument(file) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def test_a_withdrawn_version_that_was_sent_is_stopped_at_its_practice(issued: Office) -> None:
    document_id = send(issued)
    issued.cli("plan", "withdraw", document_id, "--reason", "Issued for the wrong practice")
    (row,) = told(issued, document_id)
    assert (row["kind"], row["waits"]) == ("withdrawn", True)
    text = text_of(issued, row)
    for said in ("Do not use this version", document_id, "Issued for the wrong practice", "Destroy", "Destroyed on"):
        assert said in text
    assert not says_iso_date(text)
    member = issued.cli("status", "--json").json[0]["member_id"]
    assert member not in text
    (item,) = issued.cli("todo", "--kind", "notice_to_send", "--json").json
    assert item["practice_id"] == row["practice_id"]


def test_what_was_never_sent_stops_in_silence(issued: Office) -> None:
    document_id = issued.documents["bh"]
    issued.cli("plan", "withdraw", document_id, "--reason", "A mistake")
    assert told(issued, document_id) == []


def test_a_member_who_declines_stops_what_the_practice_has(issued: Office) -> None:
    document_id = send(issued)
    member_id = next(
        row["member_id"] for row in issued.cli("status", "--json").json if row["document_id"] == document_id
    )
    issued.cli("member", "decline", "--on", "2026-11-02", "--how", "phone", *BY, stdin=member_id)
    (row,) = told(issued, document_id)
    assert "the member declined" in text_of(issued, row)


def test_a_new_version_stops_the_one_before_and_names_itself(issued: Office) -> None:
    document_id = send(issued)
    plan = yaml.safe_load(issued.sample.plans["bh"].read_text("utf-8"))
    plan["plan"] |= {"version": 2, "reason": "change", "reason_text": "After the discharge."}
    later = issued.cli.root / "later.yaml"
    later.write_text(yaml.safe_dump(plan), "utf-8")
    (second,) = issued.cli("plan", "issue", later, "--json").json
    (row,) = told(issued, document_id)
    text = text_of(issued, row)
    assert "After the discharge." in text
    assert second["document_id"] in text
    words = {each: issued.cli("plan", "code", each).out.strip() for each in (document_id, second["document_id"])}
    assert list(words.values()) == ["replaced", "open"]
    issued.cli("plan", "withdraw", second["document_id"], "--reason", "A mistake")
    assert issued.cli("plan", "code", second["document_id"], "--json").json["word"] == "withdrawn"


def test_an_approval_that_is_taken_back_is_told_too(issued: Office) -> None:
    document_id = send(issued)
    issued.cli("plan", "approve", document_id, "--slot", "member", "--how", "phone", "--on", "2026-11-02", *BY)
    issued.cli("plan", "unapprove", document_id, "--slot", "member", "--reason", "Another member's call")
    (row,) = told(issued, document_id)
    assert row["kind"] == "taken_back"
    assert "Another member's call" in text_of(issued, row)
    assert issued.cli("plan", "code", document_id).out.strip() == "open"


def test_a_notice_that_a_kill_left_unnamed_is_put_out_by_the_next_command(
    issued: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = send(issued)
    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.plans.log.put_out_papers", lambda *_: None)
        issued.cli("plan", "withdraw", document_id, "--reason", "A mistake")
    (row,) = told(issued, document_id)
    assert (issued.cli.root / "outbox" / row["file"]).is_file()


def test_a_designee_attests_in_the_signature_and_the_certificate_says_who_designated_them(issued: Office) -> None:
    desk = Desk(issued)
    signed = desk.sign_pcp(desk.issued_file(), "rn1")
    with pikepdf.open(signed) as pdf:
        fields = {str(each.T): each for each in pdf.Root.AcroForm.Fields}
        assert "face-to-face contact with the PCP" in str(fields["PCPSig"].V.Reason)
    assert desk.take(signed)["verdict"] == "accepted"
    issued.cli(
        *("plan", "approve", issued.documents["bh"], "--slot", "member", "--how", "phone", "--on", "2026-11-04", *BY),
        now="2026-11-04T16:00:00Z",
    )
    package = next((issued.cli.root / "outbox" / "ehr").glob(f"*/{issued.documents['bh']}"))
    from pypdfium2 import PdfDocument

    upload = next(package.glob("*.pdf"))
    with PdfDocument(upload) as pdf:
        text = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    for said in (
        "Designated by",
        "On the member's care team",
        "Face-to-face with the PCP",
        "badge seen",
        "from January 1, 2026",
    ):
        assert said in text
    assert not says_iso_date(text)

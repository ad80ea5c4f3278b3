"""A plan that comes in a mail or an archive is found and judged; the message itself is kept and accounted for."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def zipped(*files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.pdf", data)
    return out.getvalue()


def mail(data: bytes, text: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "front.desk@practice.example.org", "plans@cp.example.org"
    message.set_content(text)
    message.add_attachment(data, maintype="application", subtype="pdf", filename="plan.pdf")
    return message.as_bytes()


def test_the_signed_plan_in_an_archive_fills_its_slot_and_the_archive_is_closed_by_itself(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file()).read_bytes()
    desk.drop(zipped(signed), name="plan.zip")
    inner, outer = desk.intake()
    assert (inner["verdict"], inner["slots_filled"]) == ("accepted", ["pcp"])
    assert (outer["verdict"], outer["document_id"], codes(outer)) == ("held", None, ["wrapped_file"])
    assert desk.office.cli("held", "list", "--json", now=RETURN).json == []
    assert len(desk.events("return.received")) == 2


def test_a_mail_that_says_something_waits_for_a_reader(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file()).read_bytes()
    desk.drop(mail(signed, "Please change the pharmacy to the one on Main Street before you file this."), name="m.eml")
    inner, _ = desk.intake()
    assert inner["slots_filled"] == ["pcp"]
    (waiting,) = desk.office.cli("held", "list", "--json", now=RETURN).json
    assert "Read the message" in desk.office.cli("held", "show", waiting["sha256"][:12], now=RETURN).out
    assert len(desk.notices(desk.practice())) == 1


def test_a_letter_in_another_form_beside_the_plan_waits_for_a_reader(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file()).read_bytes()
    desk.drop(zipped(signed, zipped(b"<w:document>Not before the visit</w:document>")), name="plan.zip")
    inner, outer = desk.intake()
    assert (inner["slots_filled"], codes(outer)) == (["pcp"], ["wrapped_file"])
    assert [each["sha256"] for each in desk.office.cli("held", "list", "--json", now=RETURN).json] == [outer["sha256"]]


def test_verify_says_what_the_plan_inside_would_come_to_and_records_nothing(desk: Desk) -> None:
    file = desk.root.parent / "mail.eml"
    file.write_bytes(mail(desk.sign_pcp(desk.issued_file()).read_bytes(), "Attached."))
    before = len(desk.events())
    found = desk.office.cli("verify", file, "--json", now=RETURN).json
    assert (found["verdict"], found["slots_filled"]) == ("accepted", ["pcp"])
    assert len(desk.events()) == before


def test_an_archive_with_no_plan_in_it_is_named_for_what_it_is(desk: Desk) -> None:
    row = desk.take(zipped(b"just words"), name="x.zip")
    assert (row["verdict"], codes(row)) == ("held", ["wrapped_file"])
    assert "ZIP archive" in row["findings"][0]["message"]

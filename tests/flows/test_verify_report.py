"""``verify --report``: what an auditor is given on one returned file, as data and on paper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def test_the_report_as_data_tells_of_each_signature_and_of_what_was_not_checked(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    report = desk.office.cli("verify", signed, "--report", "json", now=RETURN).json
    assert (report["format"], report["verdict"], report["lane"], report["sandbox"]) == (
        "cpdocs.verdict/1",
        "accepted",
        "digital",
        True,
    )
    seal, pcp = report["signatures"]
    assert (seal["slot"], seal["changes_after"], pcp["slot"], pcp["changes_after"]) == (
        "seal",
        "signatures",
        "pcp",
        "none",
    )
    assert pcp["issuer"].endswith("Issuing Authority")
    assert pcp["valid_from"] < pcp["judged_at"] < pcp["valid_until"]
    assert (pcp["timestamped"], pcp["revoked_at"], pcp["covers"]) == (None, None, "whole_file")
    assert [each.rpartition(" (")[0].rsplit(" ", 2)[-2:] for each in pcp["chain"]] == [
        ["Issuing", "Authority"],
        ["Root", "Authority"],
    ]
    assert [each.rpartition(" (")[0].rsplit(" ", 2)[-2:] for each in seal["chain"]] == [["Root", "Authority"]]
    assert (seal["covers_bytes"] < pcp["covers_bytes"], pcp["covers_bytes"]) == (True, signed.stat().st_size)
    assert (pcp["level"], pcp["serial"], pcp["revocation_source"]) == (
        "B-B",
        desk.office.cli("keys", "list", "--json").json[0]["serial"],
        "ledger",
    )
    grew = [each["what"] for each in report["revisions"]]
    assert grew[0] == "The plan as it was rendered."
    assert grew[-1].startswith("The PCP's or designee's signature, over the first")
    assert grew[-1].endswith("nothing came after it.")
    assert len(report["checked"]) == 12
    assert any("keyboard" in each for each in report["not_checked"])


def test_the_report_on_paper_holds_the_same_and_is_tagged(desk: Desk, tmp_path: Path) -> None:
    signed, out = desk.sign_pcp(desk.issued_file()), tmp_path / "report.pdf"
    desk.office.cli("verify", signed, "--report", "pdf", "-o", out, now=RETURN)
    reader = PdfReader(out)
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for words in (
        "accepted",
        "Signed (claimed)",
        "by no time stamp that we trust",
        "What was not checked",
        "How the file came about",
        desk.office.documents["bh"],
    ):
        assert words in text
    assert "/StructTreeRoot" in reader.trailer["/Root"]


def test_a_revoked_certificate_shows_when_and_why(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    serial = desk.office.cli("keys", "list", "--json").json[0]["serial"]
    desk.office.cli("keys", "revoke", serial, "--reason", "keyCompromise", now=RETURN)
    report = desk.office.cli("verify", signed, "--report", "json", now=RETURN, status=1).json
    assert report["verdict"] == "rejected"
    assert report["signatures"][-1]["revoked_because"] == "keyCompromise"
    assert not report["signatures"][-1]["trusted"]


def test_a_report_on_a_file_that_is_nothing_of_ours_says_how_little_was_looked_at(desk: Desk, tmp_path: Path) -> None:
    file, out = tmp_path / "note.pdf", tmp_path / "report.json"
    file.write_text("hello", "utf-8")
    desk.office.cli("verify", file, "--report", "json", "-o", out, status=1)
    report = json.loads(out.read_text("utf-8"))
    assert (report["lane"], report["document_id"], report["signatures"]) == ("unmatched", None, [])
    assert "does not" in report["checked"][1]


def test_a_report_replaces_no_file_and_needs_a_place_on_paper(desk: Desk, tmp_path: Path) -> None:
    signed = desk.sign_pcp(desk.issued_file())
    before = signed.read_bytes()
    desk.office.cli("verify", signed, "--report", "pdf", "-o", signed, now=RETURN, status=None)
    assert signed.read_bytes() == before
    for wrong in (("--report", "pdf"), ("-o", tmp_path / "x"), ("--report", "json", "--json")):
        desk.office.cli("verify", signed, *wrong, status=2)

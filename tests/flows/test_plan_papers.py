"""A version on paper for each who reads it: for a visit, for the member, for the PCP, and outside a consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pikepdf
import yaml
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel

from cpdocs.core.ids import parse_document_id
from cpdocs.core.part2_rules import PRACTICE_FORM
from tests.documents.papers import page_texts, text_of
from tests.flows import papers
from tests.flows.conftest import Office

CONSENT = {
    "discloser": "Example Program",
    "scope": "My plan",
    "recipients": "My treating providers",
    "purpose": "Treatment",
    "signed_on": "2026-10-01",
    "expires_on": "2027-10-01",
}


def _print(office: Office, document: str, reader: str, tmp_path: Path) -> list[str]:
    out = tmp_path / f"{reader}.pdf"
    office.cli("plan", "print", document, "--for", reader, "-o", out)
    assert out.stat().st_mode & 0o077 == 0
    return page_texts(out.read_bytes())


def test_for_a_visit_the_summary_the_signature_page_and_the_return_page_go_along(
    issued: Office, tmp_path: Path
) -> None:
    pages = _print(issued, issued.documents["ltss"], "visit", tmp_path)
    text = " ".join(pages)
    assert "My plan in short" in pages[0]
    for words in ("What happens next", "The member's choice", "My rights", "Signatures"):
        assert words in text
    assert "For the reply envelope" in pages[-1]
    goal = yaml.safe_load(issued.sample.plans["ltss"].read_text("utf-8"))["goals"][0]["goal"]
    assert goal in pages[0]
    where = ("-o", tmp_path / "visit.pdf")
    issued.cli("plan", "print", issued.documents["ltss"], "--for", "visit", *where)
    other = issued.cli("plan", "print", issued.documents["ltss"], "--for", "member", *where, status=4)
    assert f"There is a file {tmp_path / 'visit.pdf'} already" in other.err
    assert "name another file" in other.err


def test_for_the_pcp_cover_plan_and_guide(issued: Office, tmp_path: Path) -> None:
    pages = _print(issued, issued.documents["bh"], "pcp", tmp_path)
    assert "Plan for review and approval" in pages[0]
    assert "How to sign a plan" in pages[-2]
    assert "In ink, by fax or scan" in pages[-1]


def test_the_members_copy_has_the_summary_and_is_recorded_when_given(issued: Office, tmp_path: Path) -> None:
    document, out = issued.documents["bh"], tmp_path / "copy.pdf"
    given = ("--on", "2026-11-02", "--format", "paper", "--language", "English", "--by", "Sample Coordinator")
    issued.cli("plan", "copy", document, *given, "-o", out)
    assert "My plan in short" in text_of(out.read_bytes())
    assert issued.cli("plan", "show", document, "--json").json["copies"]


def test_a_withdrawn_version_isnt_printed(issued: Office, tmp_path: Path) -> None:
    document = issued.documents["bh"]
    issued.cli("plan", "withdraw", document, "--reason", "x")
    issued.cli("plan", "print", document, "--for", "visit", "-o", tmp_path / "x.pdf", status=3)


def test_a_consent_form_goes_with_a_visit_alone(issued: Office, tmp_path: Path) -> None:
    wanted = ("--for", "pcp", "--consent-form", "-o", tmp_path / "x.pdf")
    assert "--for visit" in issued.cli("plan", "print", issued.documents["bh"], *wanted, status=2).err


def test_where_no_plan_could_be_sent_nobody_is_told_that_none_waits(issued: Office) -> None:
    said = issued.cli("plan", "send", "--all-new").err
    assert f"{issued.documents['bh']}: not sent." in said
    assert "No plan waits" not in said


def _with_part2(office: Office, tmp_path: Path, **changes: Any) -> str:
    held = yaml.safe_load(office.sample.plans["bh"].read_text("utf-8"))
    held["part2"] = {"applies": True, "consent": CONSENT}
    held["needs"] = [
        {"domain": "physical_health", "need": "Help with the stairs"},
        {"domain": "substance_use", "need": "Support with alcohol use", "part2": True},
    ]
    held["goals"] = [
        {"goal": "I want to walk again."},
        {"goal": "I want to stay sober.", "part2": True},
    ]
    held["medications"], held["risks"], held["services"] = [], [], []
    held["crisis_plan"] = "Call the coordinator."
    held.update(changes)
    file = tmp_path / "part2.yaml"
    file.write_text(yaml.safe_dump(held), "utf-8")
    return str(office.cli("plan", "issue", file, "--json").json[0]["document_id"])


def test_outside_the_consent_the_copy_lacks_what_is_marked_and_doesnt_say_so(office: Office, tmp_path: Path) -> None:
    document, out = _with_part2(office, tmp_path), tmp_path / "copy.pdf"
    made = office.cli("plan", "audience", document, "--without-part2", "--to", "Day Program", "-o", out, "--json").json
    assert made["left_out"] == 2
    assert made["variant_id"] != document
    assert parse_document_id(made["variant_id"]) == made["variant_id"]
    text = text_of(out.read_bytes())
    assert "Help with the stairs" in text
    assert made["variant_id"] in text
    for hidden in ("alcohol", "sober", "42 CFR", "Part 2", "Signatures", "Substance"):
        assert hidden not in text


def test_words_that_nobody_marked_stop_the_copy(office: Office, tmp_path: Path) -> None:
    document = _with_part2(office, tmp_path, crisis_plan="Call the detox unit.")
    answer = office.cli("plan", "audience", document, "--without-part2", "-o", tmp_path / "x.pdf", status=1)
    assert "crisis_plan" in answer.err
    assert "detox" not in answer.err
    assert not (tmp_path / "x.pdf").exists()


def test_the_guide_goes_with_the_first_packet_to_a_practice_alone(issued: Office, tmp_path: Path) -> None:
    settings, folder = issued.cli.root / "cpdocs.toml", tmp_path / "out"
    folder.mkdir()
    ways = "".join(
        f'\n[channel.{name}]\nkind = "folder"\nfolder = "{folder}"\n' for name in ("fax", "sftp", "secure_email")
    )
    settings.write_text(settings.read_text("utf-8") + ways, "utf-8")

    def guides() -> int:
        return sum("how-to-sign" in path.name for path in folder.rglob("*.pdf"))

    issued.cli("plan", "send", issued.documents["bh"])
    assert guides() == 1
    held = yaml.safe_load(issued.sample.plans["bh"].read_text("utf-8"))
    held["plan"] |= {"version": 2, "reason": "change", "reason_text": "A new goal."}
    file = tmp_path / "next.yaml"
    file.write_text(yaml.safe_dump(held), "utf-8")
    second = issued.cli("plan", "issue", file, "--json").json[0]["document_id"]
    for path in folder.rglob("*how-to-sign*"):
        path.unlink()
    issued.cli("plan", "send", second)
    assert any(second in path.name for path in folder.rglob("*.pdf"))
    assert guides() == 0


def test_the_copy_is_sealed_so_that_nothing_may_change_made_once_and_known_again(
    office: Office, tmp_path: Path
) -> None:
    document, first, second = _with_part2(office, tmp_path), tmp_path / "one.pdf", tmp_path / "two.pdf"
    audience = ("plan", "audience", document, "--without-part2", "--json")
    one = office.cli(*audience, "--to", "Day Program", "-o", first).json
    two = office.cli(*audience, "--to", "Housing", "-o", second, now="2026-11-03T15:00:00Z").json
    assert first.read_bytes() == second.read_bytes()
    assert (one["variant_id"], one["sha256"]) == (two["variant_id"], two["sha256"])
    with pikepdf.open(first) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert str(field.T) == "OrganizationSeal"
        assert int(field.V.Reference[0].TransformParams.P) == 1
        assert one["variant_id"] in str(field.V.Reason)
    with first.open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        signature.compute_integrity_info()
        assert signature.evaluate_signature_coverage() is SignatureCoverageLevel.ENTIRE_FILE
    shown = office.cli("plan", "show", document, "--json").json["copies_without_part2"]
    assert [each["to"] for each in shown] == ["Day Program", "Housing"]
    assert "For others:" in office.cli("plan", "show", document).out
    answer = office.cli("verify", first, status=1)
    assert (
        f"copy for information, exactly as we made it: it approves nothing. (copy {one['variant_id']} of" in answer.out
    )
    assert "which plan this file belongs to" not in answer.out
    (taken,) = office.cli("intake", first, "--json").json
    assert (taken["verdict"], [each["code"] for each in taken["findings"]]) == ("held", ["information_copy"])
    altered = tmp_path / "altered.pdf"
    altered.write_bytes(first.read_bytes() + b"\n% more\n")
    changed = office.cli("verify", altered, status=1)
    assert "exactly as we made it" not in changed.out + changed.err
    assert f"copy {one['variant_id']} of plan {document}" in changed.out
    faxed = tmp_path / "faxed.tif"
    faxed.write_bytes(papers.fax(papers.printed(first.read_bytes())))
    (held,) = office.cli("intake", faxed, "--json").json
    assert (held["verdict"], [each["code"] for each in held["findings"]]) == ("held", ["copy_not_plan"])
    assert f"copy {one['variant_id']} of plan {document}" in held["findings"][0]["message"]
    (item,) = [each for each in office.cli("held", "list", "--json").json if "copy_not_plan" in str(each)]
    told = office.cli("held", "show", item["id"]).out
    assert "send the plan itself to be signed" in " ".join(told.split())
    assert office.cli("audit", "show", one["variant_id"]).out.count("Plan variant made") == 2
    assert office.cli("plan", "code", one["variant_id"]).out == "open\n"
    office.cli("plan", "withdraw", document, "--reason", "x")
    assert office.cli("plan", "code", one["variant_id"]).out == "withdrawn\n"
    assert office.cli("audit", "verify", "--json").json["ok"]


def test_a_visit_brings_a_blank_consent_where_the_old_one_ends_and_when_asked_for(
    office: Office, tmp_path: Path
) -> None:
    document = _with_part2(
        office, tmp_path, part2={"applies": True, "consent": {**CONSENT, "expires_on": "2026-12-02"}}
    )
    title = "Consent to share substance use treatment records"
    assert title in " ".join(_print(office, document, "visit", tmp_path)), "it ends in thirty days"
    other = tmp_path / "other"
    other.mkdir()
    assert title not in " ".join(_print(office, document, "member", other))
    bh = office.cli("plan", "issue", office.sample.plans["ltss"], "--json").json[0]["document_id"]
    assert title not in " ".join(_print(office, bh, "visit", other))
    out = tmp_path / "asked.pdf"
    office.cli("plan", "print", bh, "--for", "visit", "--consent-form", "-o", out)
    text = " ".join(page_texts(out.read_bytes()))
    assert title in text
    for words in ("Who may share", "With whom", "Until when", PRACTICE_FORM["refusal"]):
        assert words in text


def test_a_form_for_a_new_consent_shows_what_the_last_one_said_to_be_confirmed(office: Office, tmp_path: Path) -> None:
    document = _with_part2(office, tmp_path)
    office.cli("consent", "revoke", document, "--on", "2026-11-02", "--how", "letter", "--by", "A. Sample")
    pages = _print(office, document, "visit", tmp_path)
    (form,) = [page for page in pages if "Consent to share" in page]
    for words in ("Example Program", "My treating providers", "Treatment"):
        assert words in form
    assert "2027" not in form, "until when is asked anew"

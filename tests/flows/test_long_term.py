"""How far a signature's proof reaches, and stamping it anew before it ends: real commands, and an authority on the
loopback."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore

from tests.conftest import CommandLine
from tests.flows.conftest import Office, Sample
from tests.flows.returning import RETURN, SIGN, Desk, codes
from tests.tsa import Authority

STAMPED = "2026-11-03T15:02:00Z"
"""Two minutes after signing: while a member's one-time certificate lives."""


def ask(office: Office, url: str) -> None:
    """Sets the time-stamping authority's address."""
    settings = office.cli.root / "cpdocs.toml"
    settings.write_text(
        re.sub(r'^(# )?tsa_url = "[^"]*"', f'tsa_url = "{url}"', settings.read_text(), count=1, flags=re.M)
    )


def believe(office: Office, authority: Authority, *, now: str = SIGN) -> None:
    office.cli("keys", "import-ca", authority.certificate, "--vouches-for", "time", "--by", "Sam Sample", now=now)
    office.cli("keys", "import-crl", authority.crl, now=now)


def filed(desk: Desk, *, plan: str = "bh", closing: str = "") -> str:
    """The plan signed by both in one file, returned and filed; its document id. ``closing`` is the authority then."""
    signed = desk.sign_pcp(desk.sign_member(desk.issued_file(plan)))
    if closing:
        ask(desk.office, closing)
    assert desk.take(signed, plan=plan, name=f"{plan}.pdf")["slots_filled"] == ["member", "pcp"]
    return desk.office.documents[plan]


def proof(office: Office, document_id: str, now: str = RETURN) -> dict[str, Any]:
    found: dict[str, Any] = office.status(document_id, now=now)["proof"]
    return found


def closed_file(office: Office, document_id: str) -> Path:
    return office.cli.root / "outbox" / "ehr" / "chart" / document_id / "closed" / f"{document_id}.pdf"


def certificates(office: Office, authority: Authority) -> list[asn1_x509.Certificate]:
    """The organization's root and the time authority's, as an auditor has them from elsewhere."""
    files = (office.cli.root / "state" / "keys" / "root.crt", authority.certificate)
    loaded = [x509.load_pem_x509_certificate(file.read_bytes()) for file in files]
    return [asn1_x509.Certificate.load(each.public_bytes(serialization.Encoding.DER)) for each in loaded]


@pytest.fixture
def stamped(issued: Office, time_authority: Authority) -> Office:
    """An office whose time-stamping authority, set and believed, answers with a certificate that ends in June 2027."""
    ask(issued, time_authority.url(STAMPED, "short"))
    believe(issued, time_authority)
    return issued


@pytest.fixture(scope="session")
def _archive(
    tmp_path_factory: pytest.TempPathFactory,
    _issued: tuple[Path, dict[str, str]],
    sample: Sample,
    time_authority: Authority,
) -> Path:
    """Such an office with the plan ``bh`` filed, made once; the authority answered two minutes after signing, and again
    at closing."""
    root = tmp_path_factory.mktemp("archive") / "ws"
    shutil.copytree(_issued[0], root)
    office = Office(CommandLine(root), sample, _issued[1])
    ask(office, time_authority.url(STAMPED, "short"))
    believe(office, time_authority)
    filed(Desk(office), closing=time_authority.url("2026-11-04T15:01:00Z", "short"))
    return root


@pytest.fixture
def archive(tmp_path: Path, _archive: Path, _issued: tuple[Path, dict[str, str]], sample: Sample) -> Office:
    """A copy of that office; ``documents["bh"]`` is filed."""
    shutil.copytree(_archive, tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws"), sample, _issued[1])


def test_with_an_authority_what_is_filed_reaches_b_lta_and_everything_says_so(
    archive: Office, time_authority: Authority
) -> None:
    document_id = archive.documents["bh"]
    found = proof(archive, document_id)
    assert (found["level"], found["until"][:10]) == ("B-LTA", "2027-06-01")
    shown = archive.cli("plan", "show", document_id, now=RETURN).out
    assert "PAdES B-LTA, time stamp of" in shown
    assert "good until 2027-05-31" in shown
    package = closed_file(archive, document_id).parent.parent
    manifest = json.loads((package / "manifest.json").read_text())
    assert [each["level"] for each in manifest["long_term"]] == ["B-LTA"]
    assert manifest["long_term"][0]["authority"] == "Example Time Stamps short"
    text = subprocess.run(
        ["pdftotext", "-layout", package / f"{document_id}.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "PAdES B-LTA" in text
    row = archive.cli("verify", closed_file(archive, document_id), "--json", now=RETURN, status=None).json
    levels = {each["slot"]: each["level"] for each in row["signatures"]}
    assert (levels["member"], levels["pcp"], levels["timestamp"]) == ("B-LTA", "B-LTA", None)


def test_an_independent_validator_needs_nothing_but_the_file_and_two_roots(
    archive: Office, time_authority: Authority
) -> None:
    data = closed_file(archive, archive.documents["bh"]).read_bytes()
    reader = PdfFileReader(io.BytesIO(data))
    store = DocumentSecurityStore.read_dss(reader)
    # A one-time certificate says itself that nothing can be asked about it (RFC 9608); hard-fail honours that, require
    # doesn't.
    for field, mode in (("OrganizationSeal", "require"), ("MemberSig", "hard-fail"), ("PCPSig", "require")):
        (signature,) = [each for each in reader.embedded_regular_signatures if each.field_name == field]
        when = datetime.fromisoformat(STAMPED)
        offline = {"trust_roots": certificates(archive, time_authority), "moment": when, "best_signature_time": when}
        context = store.as_validation_context(offline | {"allow_fetching": False, "revocation_mode": mode})
        status = validate_pdf_signature(signature, context, skip_diff=True)
        assert (status.intact, status.valid, status.trusted) == (True, True, True), field


def test_without_an_authority_the_floor_is_b_b_and_an_unknown_one_proves_nothing(
    issued: Office, time_authority: Authority
) -> None:
    desk = Desk(issued)
    assert proof(issued, filed(desk))["level"] == "B-B"
    assert "no trusted time stamp" in subprocess.run(
        ["pdftotext", closed_file(issued,
        desk.office.documents["bh"]).parent.parent / f"{desk.office.documents['bh']}.pdf", "-"],
        capture_output=True, text=True, check=True,
    ).stdout.replace("\n", " ")  # fmt: skip
    ask(issued, time_authority.url(STAMPED, "stranger"))
    assert proof(issued, filed(desk, plan="ltss"))["level"] == "B-B"
    said = [each["message"] for each in issued.cli("doctor", "--json", now=RETURN, status=None).json["checks"]]
    assert any("none is believed" in each for each in said)


def test_a_signature_with_a_time_stamp_reaches_b_t_and_is_signed_at_a_proven_time(
    issued: Office, time_authority: Authority
) -> None:
    desk = Desk(issued)
    believe(issued, time_authority)
    key = ("--key", desk.key("pcp1"), "--passphrase-file", desk.passphrase)
    out = issued.cli.root.parent / "stamped.pdf"
    url = time_authority.url("2026-11-03T14:00:00Z")
    made = issued.cli(
        "sign", desk.issued_file(), "--slot", "pcp", *key, "--tsa-url", url, "-o", out, "--json", now=SIGN
    ).json
    assert made["timestamped"] is True
    row = issued.cli("verify", out, "--json", now=RETURN).json
    (pcp,) = [each for each in row["signatures"] if each["slot"] == "pcp"]
    assert (pcp["level"], pcp["signed_at"], pcp["timestamped"]) == (
        "B-T",
        "2026-11-03T15:00:00+00:00",
        "2026-11-03T14:00:00+00:00",
    )
    assert desk.take(out)["slots_filled"] == ["pcp"]
    assert issued.status(desk.office.documents["bh"])["slots"]["pcp"]["signed_at"] == "2026-11-03T14:00:00+00:00"


def test_signing_waits_for_the_authority_that_is_named_and_not_for_the_one_that_is_set(issued: Office) -> None:
    desk = Desk(issued)
    key = ("--key", desk.key("pcp1"), "--passphrase-file", desk.passphrase)
    nobody = "http://127.0.0.1:9/"
    out = issued.cli.root.parent / "x.pdf"
    sign = ("sign", desk.issued_file(), "--slot", "pcp", *key, "-o", out)
    assert "can't be reached" in issued.cli(*sign, "--tsa-url", nobody, now=SIGN, status=4).err
    assert not out.exists()
    ask(issued, nobody)
    done = issued.cli(*sign, now=SIGN)
    assert "has no time stamp" in done.err
    assert out.exists()


def test_mail_merge_anew_appends_and_overwrites_nothing(archive: Office, time_authority: Authority) -> None:
    document_id, cli = archive.documents["bh"], archive.cli
    before = closed_file(archive, document_id).read_bytes()
    package = {
        path: path.read_bytes() for path in closed_file(archive, document_id).parent.parent.rglob("*") if path.is_file()
    }
    later = "2027-01-15T15:00:00Z"
    ask(archive, time_authority.url(later, "long"))
    assert cli("archive", "renew", "--before", "2027-01-01", "--json", now=later).json == []
    checks = {each["check"]: each for each in cli("doctor", "--json", now=later, status=None).json["checks"]}
    assert checks["long-term proof"]["level"] == "warning"
    assert cli("health", "--json", now=later, status=None).json["checks"]["proof"]["ok"] is False
    (would,) = cli("archive", "renew", "--dry-run", "--json", now=later).json
    assert (would["before"]["level"], would["after"], would["problem"]) == ("B-LTA", None, None)
    (done,) = cli("archive", "renew", "--json", now=later).json
    assert (done["after"]["level"], done["after"]["until"][:10]) == ("B-LTA", "2045-01-01")
    (folder,) = (cli.root / "outbox" / "renewed" / document_id).iterdir()
    after = (folder / f"{document_id}.pdf").read_bytes()
    assert after.startswith(before)
    assert len(after) > len(before)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["renews"] == done["before"]["sha256"]
    cli("verify", folder, now=later)
    assert {path: path.read_bytes() for path in package} == package
    found = proof(archive, document_id, now=later)
    assert (found["level"], found["until"][:10], found["files"][0]["renewed"]) == ("B-LTA", "2045-01-01", 1)
    assert cli("archive", "renew", "--json", now=later).json == [], "it is proven for long now"
    assert cli("health", "--json", now=later, status=None).json["checks"]["proof"]["ok"] is True
    reader = PdfFileReader(io.BytesIO(after))
    assert [each.field_name for each in reader.embedded_timestamp_signatures] == [
        "ClosingTimestamp",
        "ClosingTimestamp2",
    ]
    # Two decades later the first authority's certificate has long ended; the second stamp, made before, still carries
    # the proof.
    ask(archive, time_authority.url("2044-01-15T15:00:00Z", "long"))
    row = cli("verify", folder / f"{document_id}.pdf", "--json", now="2044-01-15T15:00:00Z", status=None).json
    assert {each["level"] for each in row["signatures"] if each["slot"] in ("member", "pcp")} == {"B-LTA"}
    (event,) = Desk(archive).events("archive.renewed")
    assert event.data["before_sha256"] == done["before"]["sha256"]
    cli("audit", "verify", now="2044-01-15T16:00:00Z")


def test_what_no_longer_verifies_is_refused_and_named(archive: Office, time_authority: Authority) -> None:
    document_id, cli = archive.documents["bh"], archive.cli
    too_late = "2028-01-15T15:00:00Z"
    ask(archive, time_authority.url(too_late, "long"))
    done = cli("archive", "renew", document_id, now=too_late, status=1)
    assert (
        f"{document_id}: not renewed. A certificate in it ended before any time stamp that is believed was laid "
        "over it."
    ) in done.err
    assert not (cli.root / "outbox" / "renewed").exists()
    assert Desk(archive).events("archive.renewed") == []
    stored = next((cli.root / "state" / "store").rglob(proof(archive, document_id)["files"][0]["sha256"]))
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes()[:-10])
    assert "damaged" in cli("archive", "renew", document_id, now="2027-01-15T15:00:00Z", status=1).err


def test_a_stamp_that_would_end_no_later_is_not_laid_unless_it_must_be(
    archive: Office, time_authority: Authority
) -> None:
    document_id, cli = archive.documents["bh"], archive.cli
    later = "2027-01-15T15:00:00Z"
    ask(archive, time_authority.url(later, "short"))
    assert "would end no later" in cli("archive", "renew", now=later, status=1).err
    assert cli("archive", "renew", "--all", "--json", now=later).json[0]["after"]["level"] == "B-LTA"
    assert proof(archive, document_id, now=later)["files"][0]["renewed"] == 1


def test_what_was_filed_without_a_time_stamp_gets_one_while_its_certificates_last(
    issued: Office, time_authority: Authority
) -> None:
    desk, cli = Desk(issued), issued.cli
    for number, signed in enumerate((desk.sign_member(desk.issued_file()), desk.sign_pcp(desk.issued_file()))):
        assert codes(desk.take(signed, name=f"{number}.pdf")) == []
    document_id = desk.office.documents["bh"]
    assert "No time-stamping authority is set" in cli("archive", "renew", document_id, now=RETURN, status=4).err
    later = "2027-01-15T15:00:00Z"
    ask(issued, time_authority.url(later))
    assert "is believed" in cli("archive", "renew", document_id, now=later, status=4).err
    believe(issued, time_authority, now=later)
    levels = [each["after"]["level"] for each in cli("archive", "renew", "--json", now=later).json]
    assert levels == ["B-B", "B-LTA"], (
        "a one-time certificate had ended: for the member's signature the record of the visit stands"
    )


def test_two_separately_signed_copies_are_both_closed_and_stamped(stamped: Office) -> None:
    desk = Desk(stamped)
    for number, signed in enumerate((desk.sign_member(desk.issued_file()), desk.sign_pcp(desk.issued_file()))):
        assert codes(desk.take(signed, name=f"{number}.pdf")) == []
    found = proof(stamped, desk.office.documents["bh"])
    assert (found["level"], [each["level"] for each in found["files"]]) == ("B-LTA", ["B-LTA", "B-LTA"])


def test_openssl_agrees_on_the_authoritys_answers(time_authority: Authority, cli: CommandLine, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl isn't installed")
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text().replace('# tsa_url = ""', f'tsa_url = "{time_authority.url(STAMPED)}"'))
    signed = cli("audit", "checkpoint", "--json").json
    verify = ["openssl", "ts", "-verify", "-data", signed["file"], "-in", signed["timestamp_file"], "-token_in"]
    done = subprocess.run([*verify, "-CAfile", time_authority.certificate], capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr

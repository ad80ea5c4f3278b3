"""Digital IDs through the real commands: issued, pinned, taken back, listed; and the roles that guard them."""

from __future__ import annotations

import getpass
import stat
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from cpdocs.demo.files import write_sample
from cpdocs.signing import authority
from cpdocs.signing.identity import named_in
from cpdocs.signing.keyfiles import KeyPair, certificate_pem, read_pkcs12, write_pkcs12
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import AS_OF, Office
from tests.flows.returning import RETURN, SIGN, Desk, codes

HOW = ("--identity", "badge seen at the practice", "--by", "Sam Sample")
USER = getpass.getuser()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("correct horse\n")
    path.chmod(0o600)
    return path


def own_id(name: str, npi: str = "") -> KeyPair:
    """A digital ID that somebody made themselves; with ``npi`` it claims to be a clinician's."""
    key = authority.new_key()
    claim = [x509.NameAttribute(NameOID.SERIAL_NUMBER, f"NPI:{npi}")] if npi else []
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), *claim])
    start = datetime.fromisoformat(NOW) - timedelta(days=30)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=900))
        .sign(key, hashes.SHA256())
    )
    return KeyPair(key, certificate)


def request(path: Path, name: str = "Mallory Impostor") -> Path:
    """An office's own certificate request, with names in it that we don't believe."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(authority.new_key(), hashes.SHA256())
    path.write_bytes(csr.public_bytes(serialization.Encoding.PEM))
    return path


def listed(office: Office, now: str | None = None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = office.cli("keys", "list", "--json", now=now).json
    return rows


def test_a_p12_is_issued_to_an_active_clinician_and_listed(office: Office, secret: Path, tmp_path: Path) -> None:
    out = tmp_path / "pcp.p12"
    npi = office.sample.npis["pcp1"]
    made = office.cli("keys", "issue", "--npi", npi, *HOW, "--out", out, "--passphrase-file", secret, "--json").json
    pair = read_pkcs12(out.read_bytes(), b"correct horse", name="pcp.p12")
    assert named_in(pair.certificate).npi == npi
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    (row,) = listed(office)
    assert set(row) == {"serial", "npi", "name", "credential", "not_after", "status"}
    assert row == {
        "serial": made["serial"],
        "npi": npi,
        "name": "Alpha Testwell, MD",
        "credential": "MD",
        "not_after": made["not_after"],
        "status": "good",
    }


def test_any_active_clinician_can_have_one_whatever_their_credential(
    office: Office, secret: Path, tmp_path: Path
) -> None:
    out = tmp_path / "lpn.p12"
    office.cli("keys", "issue", "--npi", office.sample.npis["lpn1"], *HOW, "--out", out, "--passphrase-file", secret)
    assert listed(office)[0]["credential"] == "LPN"


def test_a_request_from_the_office_keeps_the_key_there_and_its_names_are_not_believed(
    office: Office, tmp_path: Path
) -> None:
    npi, out = office.sample.npis["pcp1"], tmp_path / "pcp.crt"
    made = office.cli(
        "keys", "issue", "--npi", npi, *HOW, "--csr", request(tmp_path / "r.csr"), "--out", out, "--json"
    ).json
    certificates = x509.load_pem_x509_certificates(out.read_bytes())
    assert named_in(certificates[0]).name == "Alpha Testwell, MD"
    assert len(certificates) == 3
    assert made["custody"] == "holder"
    assert b"PRIVATE KEY" not in out.read_bytes()


def test_the_practices_key_contact_is_told_of_each(office: Office, secret: Path, tmp_path: Path) -> None:
    npi = office.sample.npis["rn1"]
    made = office.cli(
        "keys", "issue", "--npi", npi, *HOW, "--out", tmp_path / "rn.p12", "--passphrase-file", secret, "--json"
    ).json
    for practice in ("S01", "S02"):
        (notice,) = (office.cli.root / "outbox" / "notices" / practice).iterdir()
        text = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(notice)).replace(
            "\r\n", " "
        )
        assert made["serial"] in text
        assert "Bravo Mockford, RN" in text
        assert "call us at once" in text
    assert {event.data["practice_id"] for event in Desk(office).events("notice.written")} == {"S01", "S02"}


def test_who_established_the_identity_and_how_is_on_record_and_the_key_is_not(
    office: Office, secret: Path, tmp_path: Path
) -> None:
    desk = Desk(office)
    out = tmp_path / "pcp.p12"
    office.cli("keys", "issue", "--npi", office.sample.npis["pcp1"], *HOW, "--out", out, "--passphrase-file", secret)
    (event,) = desk.events("key.issued")
    assert (event.data["identity"], event.data["by"], event.data["custody"]) == (
        "badge seen at the practice",
        "Sam Sample",
        "organization",
    )
    assert event.data["practice_ids"] == ["S01"]
    everything = b"".join(path.read_bytes() for path in office.cli.root.rglob("*") if path.is_file())
    assert out.read_bytes() not in everything
    assert b"correct horse" not in everything


@pytest.mark.parametrize(
    ("label", "words"),
    [("do4", "not active at any practice"), ("nobody", "on record"), ("wrong", "is no NPI"), ("empty", "is no NPI")],
)
def test_nobody_but_an_active_clinician_on_record_gets_one(
    office: Office, secret: Path, tmp_path: Path, label: str, words: str
) -> None:
    npi = {"nobody": "1234567893", "wrong": "1234567890", "empty": ""}.get(label) or office.sample.npis.get(label, "")
    out = tmp_path / "x.p12"
    done = office.cli("keys", "issue", "--npi", npi, *HOW, "--out", out, "--passphrase-file", secret, status=3)
    assert words in done.err
    assert not out.exists()
    assert listed(office) == []


def test_an_output_that_is_there_is_never_written_over_and_nothing_is_issued(
    office: Office, secret: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pcp.p12"
    out.write_text("precious")
    office.cli(
        "keys", "issue", "--npi", office.sample.npis["pcp1"], *HOW, "--out", out, "--passphrase-file", secret, status=3
    )
    assert out.read_text() == "precious"
    assert listed(office) == []


def test_a_passphrase_file_that_others_can_read_is_warned_about(office: Office, secret: Path, tmp_path: Path) -> None:
    secret.chmod(0o644)
    npi = office.sample.npis["pcp1"]
    done = office.cli("keys", "issue", "--npi", npi, *HOW, "--out", tmp_path / "x.p12", "--passphrase-file", secret)
    assert "chmod 600" in done.err


@pytest.mark.parametrize("arguments", [(), ("--csr", "r.csr", "--passphrase-file", "p.txt")])
def test_a_key_comes_from_a_request_or_gets_a_passphrase(
    office: Office, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = office.cli(
        "keys", "issue", "--npi", office.sample.npis["pcp1"], *HOW, "--out", tmp_path / "x", *arguments, status=2
    )
    assert "--passphrase-file" in done.err


def test_a_revoked_id_is_listed_and_published_at_once_and_signs_nothing_more(issued: Office) -> None:
    desk = Desk(issued)
    signed = desk.sign_pcp(desk.issued_file())
    serial = listed(issued)[0]["serial"]
    done = issued.cli(
        "keys", "revoke", serial, "--reason", "cessationOfOperation", "--json", now="2026-11-03T16:00:00Z"
    ).json
    assert (done["status"], done["reason"]) == ("revoked", "cessationOfOperation")
    assert listed(issued)[0]["status"] == "revoked"
    published = issued.cli.root / "outbox" / "crl" / "issuing.crl"
    crl = x509.load_der_x509_crl(published.read_bytes())
    assert crl.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None
    assert published.read_bytes() == (issued.cli.root / "state" / "keys" / "crl.der").read_bytes()
    row = desk.take(signed)
    assert row["verdict"] == "rejected"
    assert "revoked" in codes(row)


def test_what_was_accepted_before_the_revocation_stands(issued: Office) -> None:
    desk = Desk(issued)
    row = desk.take(desk.sign_pcp(desk.issued_file()))
    issued.cli("keys", "revoke", listed(issued)[0]["serial"], "--reason", "superseded", now="2026-11-05T15:00:00Z")
    assert issued.status(row["document_id"], now="2026-11-05T16:00:00Z")["slots"]["pcp"]


@pytest.mark.parametrize(
    ("serial", "reason", "words"),
    [("00ff", "superseded", "No digital ID"), ("", "superseded", "No digital ID"), ("known", "lost", "no reason")],
)
def test_an_unknown_serial_or_reason_revokes_nothing(
    office: Office, secret: Path, tmp_path: Path, serial: str, reason: str, words: str
) -> None:
    office.cli(
        "keys",
        "issue",
        "--npi",
        office.sample.npis["pcp1"],
        *HOW,
        "--out",
        tmp_path / "x.p12",
        "--passphrase-file",
        secret,
    )
    wanted = listed(office)[0]["serial"] if serial == "known" else serial
    assert words in office.cli("keys", "revoke", wanted, "--reason", reason, status=3).err
    assert listed(office)[0]["status"] == "good"


def test_an_id_expires_and_its_successor_overlaps_with_it(office: Office, secret: Path, tmp_path: Path) -> None:
    npi = office.sample.npis["pcp1"]
    for number, moment in enumerate((NOW, "2027-10-01T15:00:00Z")):
        out = tmp_path / f"{number}.p12"
        office.cli("keys", "issue", "--npi", npi, *HOW, "--out", out, "--passphrase-file", secret, now=moment)
    assert [row["status"] for row in listed(office, now="2027-10-02T15:00:00Z")] == ["good", "good"]
    assert [row["status"] for row in listed(office, now="2027-12-01T15:00:00Z")] == ["expired", "good"]


def test_the_list_of_revoked_certificates_is_renewed_with_a_higher_number(office: Office) -> None:
    first = x509.load_der_x509_crl((office.cli.root / "state" / "keys" / "crl.der").read_bytes())
    path = Path(office.cli("keys", "crl", "--json").json["file"])
    second = x509.load_der_x509_crl(path.read_bytes())
    numbers = [crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in (first, second)]
    assert numbers == [1, 2]
    assert second.next_update_utc == datetime.fromisoformat(NOW) + timedelta(days=30)


# Pinned certificates


def test_a_pinned_certificate_signs_for_its_clinician_from_then_on(issued: Office, tmp_path: Path) -> None:
    desk = Desk(issued)
    own = own_id("Alpha Testwell")
    (tmp_path / "own.p12").write_bytes(write_pkcs12(own, b"correct horse", friendly_name="own", rounds=2048))
    (tmp_path / "own.cer").write_bytes(certificate_pem(own.certificate))
    signed = tmp_path / "signed.pdf"
    key = ("--key", tmp_path / "own.p12", "--passphrase-file", desk.passphrase)
    issued.cli("sign", desk.issued_file(), "--slot", "pcp", *key, "-o", signed, now=SIGN)
    row = desk.take(signed)
    assert (row["verdict"], codes(row)) == ("held", ["self_signed_unpinned"])
    npi = issued.sample.npis["pcp1"]
    pinned = issued.cli(
        "keys", "pin", tmp_path / "own.cer", "--npi", npi, "--identity", "read back by phone", "--json", now=RETURN
    ).json
    assert (pinned["status"], pinned["npi"]) == ("pinned", npi)
    again = desk.take(signed, now="2026-11-04T16:00:00Z", name="again.pdf")
    assert (again["verdict"], again["slots_filled"]) == ("accepted", ["pcp"])


def test_one_certificate_is_one_persons(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "own.cer"
    path.write_bytes(certificate_pem(own_id("Alpha Testwell").certificate))
    office.cli("keys", "pin", path, "--npi", office.sample.npis["pcp1"], "--identity", "by phone")
    office.cli("keys", "pin", path, "--npi", office.sample.npis["pcp1"], "--identity", "by phone")
    done = office.cli("keys", "pin", path, "--npi", office.sample.npis["pcp2"], "--identity", "by phone", status=3)
    assert "somebody else" in done.err
    assert len(listed(office)) == 1


def test_our_own_certificates_are_not_pinned(office: Office, secret: Path, tmp_path: Path) -> None:
    npi = office.sample.npis["pcp1"]
    out = tmp_path / "pcp.crt"
    office.cli("keys", "issue", "--npi", npi, *HOW, "--csr", request(tmp_path / "r.csr"), "--out", out)
    first = certificate_pem(x509.load_pem_x509_certificates(out.read_bytes())[0])
    (tmp_path / "first.crt").write_bytes(first)
    keys = office.cli.root / "state" / "keys"
    for path in (tmp_path / "first.crt", keys / "seal.crt", keys / "root.crt", keys / "in-person.crt"):
        assert (
            "this organization made" in office.cli("keys", "pin", path, "--npi", npi, "--identity", "x", status=3).err
        )


def test_a_certificate_that_names_another_npi_is_not_pinned(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "other.cer"
    path.write_bytes(certificate_pem(own_id("Someone Else", npi="1558598797").certificate))
    done = office.cli("keys", "pin", path, "--npi", office.sample.npis["pcp1"], "--identity", "x", status=3)
    assert "names another NPI" in done.err


def test_a_members_own_certificate_is_pinned_with_the_id_on_standard_input(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "member.cer"
    path.write_bytes(certificate_pem(own_id("Some Member").certificate))
    member = office.sample.member_ids["bh"]
    arguments = ("keys", "pin", path, "--member", "--identity", "card shown", "--json")
    assert office.cli(*arguments, stdin=member + "\n").json["status"] == "pinned"
    assert office.cli(*arguments, stdin="999999999999\n", status=3).status == 3
    assert office.cli("keys", "pin", path, "--identity", "x", status=2).status == 2


# Outside a sandbox


@pytest.fixture
def real(tmp_path: Path) -> CommandLine:
    """A workspace that is no sandbox, with clinicians on record; ``pin`` and ``other`` are PIN files beside it."""
    line = CommandLine(tmp_path / "real", now="")
    line.init_administered(tmp_path / "pin")
    (tmp_path / "other").write_text("000 000\n")
    (tmp_path / "other").chmod(0o600)
    sample = write_sample(tmp_path / "sample", AS_OF)
    line("import", "practices", sample.practices)
    line("import", "clinicians", sample.clinicians, "--pin-file", tmp_path / "pin")
    return line


def test_issuing_needs_an_issuer_and_their_pin(real: CommandLine, secret: Path, tmp_path: Path) -> None:
    npi = write_sample(tmp_path / "again", AS_OF).npis["pcp1"]
    issue = ("keys", "issue", "--npi", npi, *HOW, "--out", tmp_path / "x.p12", "--passphrase-file", secret)
    assert "not enrolled as issuer" in real(*issue, "--pin-file", tmp_path / "pin", status=4).err
    real("user", "add", USER, "--role", "issuer", "--full-name", "Ida Issuer", "--pin-file", tmp_path / "pin")
    assert "no terminal to ask at" in real(*issue, status=2).err
    assert "not the PIN" in real(*issue, "--pin-file", tmp_path / "other", status=4).err
    real("keys", "protect", "--pin-file", tmp_path / "pin")
    assert not (real.root / "state" / "keys" / "issuing.pass").exists()
    real(*issue, "--pin-file", tmp_path / "pin")
    serial = real("keys", "list", "--json").json[0]["serial"]
    assert (
        real("keys", "revoke", serial, "--reason", "keyCompromise", "--pin-file", tmp_path / "other", status=4).status
        == 4
    )
    real("keys", "revoke", serial, "--reason", "keyCompromise", "--pin-file", tmp_path / "pin")
    assert real("keys", "list", "--json").json[0]["status"] == "revoked"


def test_an_issuer_cannot_become_a_reviewer(real: CommandLine, tmp_path: Path) -> None:
    real("user", "add", USER, "--role", "issuer", "--pin-file", tmp_path / "pin")
    done = real("user", "add", USER, "--role", "reviewer", "--pin-file", tmp_path / "pin", status=3)
    assert "both issuer and reviewer" in done.err
    assert real("user", "list", "--json").json == [{"user": USER, "name": USER, "roles": ["administrator", "issuer"]}]


def test_a_pin_is_changed_and_a_role_taken_off(real: CommandLine, tmp_path: Path) -> None:
    real("user", "add", USER, "--role", "issuer", "--pin-file", tmp_path / "pin")
    real("keys", "protect", "--pin-file", tmp_path / "pin")
    real("user", "pin", USER, "--pin-file", tmp_path / "pin", "--new-pin-file", tmp_path / "other")
    real("keys", "crl", "--pin-file", tmp_path / "pin", status=4)
    real("keys", "crl", "--pin-file", tmp_path / "other")
    real("user", "remove", USER, "--role", "issuer", "--pin-file", tmp_path / "other")
    assert real("user", "list", "--json").json[0]["roles"] == ["administrator"]
    real("keys", "crl", "--pin-file", tmp_path / "other", status=4)


def test_the_doctor_says_that_root_and_issuing_key_are_unprotected_until_they_are(
    real: CommandLine, tmp_path: Path
) -> None:
    said = real("doctor", "--json", status=None).json
    assert {check["check"] for check in said["checks"] if check["level"] == "fault"} >= {"root key", "issuing key"}
    real("user", "add", USER, "--role", "issuer", "--pin-file", tmp_path / "pin")
    real("keys", "protect", "--pin-file", tmp_path / "pin")
    for name in ("root.p12", "root.pass"):
        (real.root / "state" / "keys" / name).unlink()
    said = real("doctor", "--json", status=None).json
    assert not {check["check"] for check in said["checks"] if check["level"] == "fault"} & {"root key", "issuing key"}

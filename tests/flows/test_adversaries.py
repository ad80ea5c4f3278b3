"""What somebody tries who knows the rules: keys used again, another's folder, paper that can't be, and a record mended
afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from cpdocs.signing import authority
from cpdocs.signing.identity import Person
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.flows.strangers import Key, Stranger, new_key, request
from tests.flows.test_held import faxed

IDENTITY = ("--identity", "video call", "--by", "Sam Sample")
READ = ("--signed-on", "2026-11-03", "--by", "Sam Sample", "--reason", "read from the page")
LATER = "2026-11-05T15:00:00Z"


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def certify(desk: Desk, key: Key, label: str, out: str, *, status: int = 0) -> Stranger | None:
    """A digital ID of ours over ``key`` for one of the sample's clinicians."""
    file = desk.root.parent / out
    csr = request(key, desk.root.parent / "office.csr")
    npi = desk.office.sample.npis[label]
    desk.office.cli("keys", "issue", "--npi", npi, *IDENTITY, "--csr", csr, "--out", file, status=status)
    if status:
        assert not file.exists()
        return None
    certificate, *chain = x509.load_pem_x509_certificates(file.read_bytes())
    return Stranger(key, certificate, tuple(chain))


def self_signed(key: Key, name: str) -> Stranger:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.now(UTC) - timedelta(minutes=5)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=700))
    )
    return Stranger(key, builder.sign(key, hashes.SHA256()))


def revoke(desk: Desk, stranger: Stranger) -> None:
    desk.office.cli("keys", "revoke", f"{stranger.certificate.serial_number:x}", "--reason", "keyCompromise")


def test_a_compromised_key_is_certified_or_pinned_no_more(desk: Desk) -> None:
    key = new_key("p256")
    first = certify(desk, key, "pcp1", "first.crt")
    assert first
    revoke(desk, first)
    certify(desk, key, "pcp1", "second.crt", status=3)
    own = self_signed(key, "Alpha Testwell").certificate_file(desk.root.parent / "own.crt")
    desk.office.cli("keys", "pin", own, "--npi", desk.office.sample.npis["pcp1"], *IDENTITY, status=3)


def test_a_compromised_key_signs_nothing_in_another_certificate_of_its_holder(desk: Desk) -> None:
    key = new_key("p256")
    first, renewed = certify(desk, key, "pcp1", "first.crt"), certify(desk, key, "pcp1", "renewed.crt")
    assert first
    assert renewed
    revoke(desk, first)
    row = desk.take(renewed.sign(desk.issued_file().read_bytes()))
    assert (row["verdict"], row["slots_filled"], codes(row)) == ("rejected", [], ["revoked"])


def test_one_key_is_certified_for_one_clinician(desk: Desk) -> None:
    key = new_key("p256")
    certify(desk, key, "pcp1", "first.crt")
    certify(desk, key, "rn1", "second.crt", status=3)


def test_a_clinicians_key_is_not_pinned_for_a_member_who_could_then_fill_both_slots_from_two_files(desk: Desk) -> None:
    key = new_key("p256")
    certify(desk, key, "pcp1", "first.crt")
    own = self_signed(key, "Somebody").certificate_file(desk.root.parent / "own.crt")
    desk.office.cli("keys", "pin", own, "--member", *IDENTITY, stdin=desk.office.sample.member_ids["bh"], status=3)


def test_what_the_issuing_key_certified_and_the_ledger_never_saw_counts_for_nobody(desk: Desk) -> None:
    from cpdocs.keys.organization_keys import load_issuing
    from cpdocs.wiring import open_workspace

    key = authority.new_key()
    ws = open_workspace(desk.root)
    issuing = load_issuing(ws, b"")
    ws.ledger.close()
    person = Person(desk.office.sample.npis["pcp1"], "Alpha", "Testwell", "MD")
    validity = authority.Validity(datetime.now(UTC) - timedelta(days=2), datetime.now(UTC) + timedelta(days=2))
    certificate = authority.certify_person(issuing, person, key.public_key(), validity)
    row = desk.take(Stranger(key, certificate, (issuing.certificate,)).sign(desk.issued_file().read_bytes()))
    assert (row["verdict"], row["slots_filled"], codes(row)) == ("held", [], ["unknown_ca"])


def test_another_practice_that_drops_the_same_bytes_later_spoils_nothing(desk: Desk) -> None:
    stranger = Stranger.self_signed("Alpha Testwell")
    signed = stranger.sign(desk.issued_file().read_bytes())
    desk.take(signed)
    assert codes(desk.take(signed, practice="S02")) == ["self_signed_unpinned"]
    file = stranger.certificate_file(desk.root.parent / "own.crt")
    desk.office.cli("keys", "pin", file, "--npi", desk.office.sample.npis["pcp1"], *IDENTITY)
    assert desk.take(signed)["verdict"] == "accepted"
    assert desk.notices("S02") == []


def attest(desk: Desk, row: dict[str, object], slot: str, *options: str, now: str = RETURN, status: int = 0) -> None:
    document = ("--document", desk.office.documents["bh"])
    desk.office.cli(
        "held", "accept", str(row["sha256"])[:12], *document, "--slot", slot, *READ, *options, now=now, status=status
    )


def test_what_has_no_page_is_no_paper_that_somebody_read(desk: Desk) -> None:
    row = desk.take(b"I approve. Honest.", name="letter.pdf")
    attest(desk, row, "member", status=3)
    assert desk.events("slot.filled") == []


def test_a_clinician_who_was_inactive_when_the_page_was_signed_is_not_attested_once_they_are_active(desk: Desk) -> None:
    clinicians, npi = desk.office.sample.clinicians, desk.office.sample.npis["rn1"]
    inactive = clinicians.read_text("utf-8").replace(
        f"{npi},Mockford,Bravo,RN,S01,staff,Y", f"{npi},Mockford,Bravo,RN,S01,staff,N"
    )
    desk.office.cli("import", "clinicians", written(desk.root.parent / "inactive.csv", inactive))
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    desk.office.cli("import", "clinicians", clinicians, now=LATER)
    attest(desk, row, "pcp", "--npi", npi, now=LATER, status=1)
    assert desk.events("slot.filled") == []


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path

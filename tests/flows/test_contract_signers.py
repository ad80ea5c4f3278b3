"""What comes back from signers elsewhere, who know nothing of us but the file (contract §4, signature fields)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pyhanko.sign.fields import SigSeedSubFilter

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.flows.strangers import ACROBAT, PADES, Stranger, from_p12, new_key, request, sign_with

FORMATS = pytest.mark.parametrize("subfilter", [ACROBAT, PADES], ids=["acrobat", "pades"])
BOTH = pytest.mark.parametrize(
    ("kind", "subfilter"), [("rsa", ACROBAT), ("p256", PADES)], ids=["rsa-acrobat", "p256-pades"]
)
IDENTITY = ("--identity", "video call", "--by", "Sam Sample")


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def pin(desk: Desk, stranger: Stranger, label: str = "pcp1") -> None:
    file = stranger.certificate_file(desk.root.parent / "pinned.crt")
    desk.office.cli("keys", "pin", file, "--npi", desk.office.sample.npis[label], *IDENTITY)


def pin_member(desk: Desk, stranger: Stranger, plan: str = "bh") -> None:
    file = stranger.certificate_file(desk.root.parent / "member.crt")
    desk.office.cli("keys", "pin", file, "--member", *IDENTITY, stdin=desk.office.sample.member_ids[plan])


def certified(desk: Desk, kind: str) -> Stranger:
    """A digital ID of ours for a key that the office keeps."""
    key, out = new_key(kind), desk.root.parent / "office.crt"
    csr = request(key, desk.root.parent / "office.csr")
    desk.office.cli("keys", "issue", "--npi", desk.office.sample.npis["pcp1"], *IDENTITY, "--csr", csr, "--out", out)
    certificate, *chain = x509.load_pem_x509_certificates(out.read_bytes())
    return Stranger(key, certificate, tuple(chain))


def outcome(row: dict[str, object]) -> tuple[object, ...]:
    return row["verdict"], row["slots_filled"], codes(row)


@FORMATS
def test_a_p12_of_ours_signs_in_any_program(desk: Desk, subfilter: SigSeedSubFilter) -> None:
    signer = from_p12(desk.key("pcp1"), b"correct horse")
    row = desk.take(sign_with(signer, desk.issued_file().read_bytes(), "PCPSig", subfilter))
    assert outcome(row) == ("accepted", ["pcp"], [])


@BOTH
def test_a_certified_request_of_the_office_signs(desk: Desk, kind: str, subfilter: SigSeedSubFilter) -> None:
    row = desk.take(certified(desk, kind).sign(desk.issued_file().read_bytes(), "PCPSig", subfilter))
    assert outcome(row) == ("accepted", ["pcp"], [])


def test_a_signature_that_carries_no_chain_counts_all_the_same(desk: Desk) -> None:
    stranger = certified(desk, "p256")
    row = desk.take(Stranger(stranger.key, stranger.certificate).sign(desk.issued_file().read_bytes()))
    assert outcome(row) == ("accepted", ["pcp"], [])


@BOTH
def test_a_self_made_id_counts_once_it_is_pinned_and_not_before(
    desk: Desk, kind: str, subfilter: SigSeedSubFilter
) -> None:
    stranger = Stranger.self_signed("Alpha Testwell", kind)
    signed = stranger.sign(desk.issued_file().read_bytes(), "PCPSig", subfilter)
    assert outcome(desk.take(signed)) == ("held", [], ["self_signed_unpinned"])
    pin(desk, stranger)
    assert outcome(desk.take(signed)) == ("accepted", ["pcp"], [])


@pytest.mark.parametrize(("kind", "impostors"), [("rsa", "p256"), ("p256", "rsa"), ("rsa", "rsa")])
def test_the_name_of_somebody_who_is_pinned_helps_nobody_else(desk: Desk, kind: str, impostors: str) -> None:
    pin(desk, Stranger.self_signed("Alpha Testwell", kind))
    row = desk.take(Stranger.self_signed("Alpha Testwell", impostors).sign(desk.issued_file().read_bytes()))
    assert outcome(row) == ("held", [], ["self_signed_unpinned"])


def test_an_id_that_bears_our_authoritys_name_is_unknown(desk: Desk) -> None:
    stranger = certified(desk, "p256")
    name = stranger.chain[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    row = desk.take(Stranger.self_signed(str(name), "rsa").sign(desk.issued_file().read_bytes()))
    assert outcome(row) == ("held", [], ["self_signed_unpinned"])


@pytest.mark.parametrize("first", ["MemberSig", "PCPSig"])
def test_two_strangers_sign_one_after_the_other_in_either_order(desk: Desk, first: str) -> None:
    member, pcp = Stranger.self_signed("Somebody", "p256"), Stranger.self_signed("Alpha Testwell")
    pin(desk, pcp)
    pin_member(desk, member)
    data = desk.issued_file().read_bytes()
    for field in (first, "PCPSig" if first == "MemberSig" else "MemberSig"):
        data = (member if field == "MemberSig" else pcp).sign(data, field, PADES)
    row = desk.take(data)
    assert outcome(row) == ("accepted", ["member", "pcp"], [])
    status = desk.office.status(row["document_id"])
    assert status["state"] == "filed"
    assert [status["slots"][slot]["evidence"] for slot in ("member", "pcp")] == ["digital_signature"] * 2


def test_two_separately_signed_copies_are_both_kept_unmerged(desk: Desk) -> None:
    member, pcp = Stranger.self_signed("Somebody", "p256"), Stranger.self_signed("Alpha Testwell")
    pin(desk, pcp)
    pin_member(desk, member)
    issued = desk.issued_file().read_bytes()
    copies = [member.sign(issued, "MemberSig"), pcp.sign(issued, "PCPSig")]
    assert [desk.take(copy)["slots_filled"] for copy in copies] == [["member"], ["pcp"]]
    package = next((desk.root / "outbox" / "ehr").glob(f"*/{desk.office.documents['bh']}"))
    assert sorted(file.read_bytes() for file in package.glob("originals/returned-*.pdf")) == sorted(copies)


def test_one_persons_certificate_fills_neither_slot_when_it_is_in_both(desk: Desk) -> None:
    member = Stranger.self_signed("Somebody", "p256")
    pin_member(desk, member)
    row = desk.take(member.sign(member.sign(desk.issued_file().read_bytes(), "MemberSig"), "PCPSig"))
    assert row["verdict"] == "rejected"
    assert {"same_certificate_both_slots", "member_in_pcp_slot"} <= set(codes(row))


def test_another_members_certificate_does_not_sign_for_this_one(desk: Desk) -> None:
    member = Stranger.self_signed("Somebody Else", "p256")
    pin_member(desk, member, "ltss")
    row = desk.take(member.sign(desk.issued_file().read_bytes(), "MemberSig"))
    assert outcome(row) == ("held", [], ["member_identity_unproven"])


def test_a_signers_true_clock_is_no_fault_while_the_sandboxs_stands_still(desk: Desk) -> None:
    stranger = Stranger.self_signed("Alpha Testwell", begins=datetime.now(UTC) - timedelta(minutes=1))
    pin(desk, stranger)
    signed = desk.drop(stranger.sign(desk.issued_file().read_bytes()))
    row = desk.office.cli("verify", signed, "--json", now="2026-11-02T15:30:00Z").json
    assert (row["verdict"], codes(row)) == ("accepted", []), "made and signed after the time that CPDOCS_NOW fixes"


def test_a_certificate_of_the_future_is_not_yet_valid_in_a_sandbox_either(desk: Desk) -> None:
    stranger = Stranger.self_signed("Alpha Testwell", begins=datetime.now(UTC) + timedelta(days=90))
    pin(desk, stranger)
    before = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    row = desk.take(stranger.sign(desk.issued_file().read_bytes()), now=before)
    assert outcome(row) == ("held", [], ["not_yet_valid"])


def test_verify_tells_what_tests_read_of_each_signature(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "returned.pdf"
    file.write_bytes(from_signed(desk))
    before = desk.office.cli("audit", "verify", "--json").json["events"]
    row = desk.office.cli("verify", file, "--json", now=RETURN).json
    assert {"file", "sha256", "verdict", "document_id", "lane", "slots_filled", "findings", "signatures"} <= set(row)
    (pcp,) = (each for each in row["signatures"] if each["slot"] == "pcp")
    assert (pcp["signer"], pcp["npi"], pcp["credential"]) == ("Alpha Testwell", desk.office.sample.npis["pcp1"], "MD")
    assert (pcp["trusted"], pcp["intact"], pcp["timestamped"]) == (True, True, None)
    assert {"signed_at", "covers"} <= set(pcp)
    assert desk.office.cli("audit", "verify", "--json").json["events"] == before, "verify changes nothing"


def from_signed(desk: Desk) -> bytes:
    return sign_with(from_p12(desk.key("pcp1"), b"correct horse"), desk.issued_file().read_bytes())

"""The verdict on returned plans: what genuine signers send is accepted, and each doubt is held under its own name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import serialization
from pyhanko.sign.fields import SigSeedSubFilter

from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Evidence, Lane, Slot, Verdict
from cpdocs.signing import authority
from cpdocs.signing.keyfiles import KeyPair, fingerprint
from cpdocs.signing.trust import Pin, Revoked, Witnessed
from tests.signing import builder as b

ADOBE = SigSeedSubFilter.ADOBE_PKCS7_DETACHED
HOUR = timedelta(hours=1)


def codes(examination: Decision) -> list[str]:
    return [each.code for each in examination.findings]


def member_signed(data: bytes | None = None) -> tuple[bytes, dict[str, Witnessed]]:
    shown = data or b.issued().data
    pair = b.office().one_time(shown)
    return b.sign(shown, "MemberSig", pair), b.witnessed(pair, shown)


def der(pair: KeyPair) -> bytes:
    return pair.certificate.public_bytes(serialization.Encoding.DER)


def pinned(pair: KeyPair, **holder: str) -> dict[str, object]:
    return {"pinned": (der(pair),), "pins": {fingerprint(pair.certificate): Pin(b.office().now, **holder)}}


def pcp_return(**options: object) -> bytes:
    return b.sign(b.issued().data, "PCPSig", b.office().clinician(), **options)  # type: ignore[arg-type]


# What is accepted


def test_a_pcps_signature_fills_the_pcp_slot() -> None:
    examination = b.verdict(pcp_return())
    assert (examination.verdict, examination.lane, codes(examination)) == (Verdict.ACCEPTED, Lane.DIGITAL, [])
    approval = examination.fills[Slot.PCP]
    assert (approval.npi, approval.credential, approval.role, approval.evidence) == (
        b.PCP,
        "MD",
        "pcp",
        Evidence.DIGITAL_SIGNATURE,
    )
    assert approval.key_issued_by_us


def test_a_designees_signature_fills_the_pcp_slot_on_the_pcps_behalf() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician(b.DESIGNEE))
    approval = b.verdict(data).fills[Slot.PCP]
    assert (approval.role, approval.on_behalf_of, approval.credential) == ("pcp_designee", b.PCP, "RN")


def test_a_members_signature_at_a_visit_is_witnessed_evidence_never_a_digital_signature_of_their_own() -> None:
    data, visit = member_signed()
    approval = b.verdict(data, trust=b.trust(witnessed=visit)).fills[Slot.MEMBER]
    assert not approval.timestamped
    assert (approval.evidence, approval.how, approval.signed_at) == (
        Evidence.WITNESSED_SIGNATURE,
        "olga",
        b.office().now,
    )


def test_both_signatures_in_one_file_are_accepted_in_either_order() -> None:
    first, visit = member_signed()
    member_first = b.verdict(b.sign(first, "PCPSig", b.office().clinician()), trust=b.trust(witnessed=visit))
    second, later_visit = member_signed(pcp_return())
    pcp_first = b.verdict(second, trust=b.trust(witnessed=later_visit))
    for examination in (member_first, pcp_first):
        assert (examination.verdict, examination.slots_filled) == (Verdict.ACCEPTED, (Slot.MEMBER, Slot.PCP))


def test_each_of_two_separately_signed_copies_fills_what_it_holds() -> None:
    data, visit = member_signed()
    trust = b.trust(witnessed=visit)
    assert b.verdict(data, trust=trust).slots_filled == (Slot.MEMBER,)
    filled = {Slot.MEMBER: b.verdict(data, trust=trust).fills[Slot.MEMBER].certificate_sha256}
    assert b.verdict(pcp_return(), trust=trust, filled=filled).slots_filled == (Slot.PCP,)


def test_a_foreign_certificate_counts_once_it_is_pinned_to_the_pcp() -> None:
    pair = b.self_signed()
    data = b.sign(b.issued().data, "PCPSig", pair)
    assert codes(b.verdict(data)) == ["self_signed_unpinned"]
    examination = b.verdict(data, trust=b.trust(**pinned(pair, npi=b.PCP)))
    assert (examination.verdict, examination.fills[Slot.PCP].key_issued_by_us) == (Verdict.ACCEPTED, False)


def test_a_certificate_pinned_to_the_member_fills_the_members_slot_as_their_own() -> None:
    pair = b.self_signed("Testina Samplewick")
    data = b.sign(b.issued().data, "MemberSig", pair)
    examination = b.verdict(data, trust=b.trust(**pinned(pair, member_id=b.MEMBER_ID)))
    assert examination.fills[Slot.MEMBER].evidence is Evidence.DIGITAL_SIGNATURE
    other = b.verdict(data, trust=b.trust(**pinned(pair, member_id="100000000002")))
    assert codes(other) == ["member_identity_unproven"]


def test_a_signature_without_a_reason_is_accepted_with_a_remark() -> None:
    examination = b.verdict(
        b.strip_seed_values(lambda data: b.sign(data, "PCPSig", b.office().clinician(), reason=None))
    )
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, ["no_reason"])


def test_an_approval_that_we_have_already_is_accepted_and_fills_nothing() -> None:
    examination = b.verdict(pcp_return(), filled={Slot.PCP: "0" * 64})
    assert (examination.verdict, examination.slots_filled, codes(examination)) == (
        Verdict.ACCEPTED,
        (),
        ["already_filled"],
    )


# Who may not


def test_a_clinician_who_isnt_on_record_is_held() -> None:
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", b.office().clinician(b.STRANGER)))
    assert (examination.verdict, codes(examination), examination.slots_filled) == (Verdict.HELD, ["signer_unknown"], ())


def test_an_undesignated_clinician_is_held() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician(b.DESIGNEE))
    assert codes(b.verdict(data, directory=b.directory(designations=False))) == ["not_designated"]


def test_a_backdated_signature_is_judged_as_of_the_plans_issue() -> None:
    designation = replace(b.directory().designations[0], valid_to=(b.office().now - timedelta(days=100)).date())
    on_record = replace(b.directory(), designations=(designation,))
    data = b.sign_at(b.issued().data, "PCPSig", b.office().clinician(b.DESIGNEE), b.office().now - timedelta(days=200))
    examination = b.verdict(data, directory=on_record)
    assert (examination.verdict, set(codes(examination))) == (Verdict.HELD, {"clock_behind", "designation_expired"})


def test_a_clock_that_runs_ahead_is_remarked_on_and_decides_nothing() -> None:
    data = b.sign_at(b.issued().data, "PCPSig", b.office().clinician(), b.office().now + timedelta(days=20))
    examination = b.verdict(data)
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, ["clock_ahead"])


# Certificates


def test_a_certificate_from_an_issuer_that_nobody_knows_is_held() -> None:
    stranger = b.Office.open()
    assert codes(b.verdict(b.sign(b.issued().data, "PCPSig", stranger.clinician()))) == ["unknown_ca"]


def test_the_in_person_authority_cant_vouch_for_a_clinician() -> None:
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", b.office().one_time(b.issued().data)))
    assert (examination.verdict, codes(examination)) == (Verdict.REJECTED, ["member_in_pcp_slot"])


@pytest.mark.parametrize(
    ("reason", "revoked_after", "verdict", "code"),
    [
        ("cessationOfOperation", -HOUR, Verdict.REJECTED, "revoked"),
        ("cessationOfOperation", timedelta(minutes=5), Verdict.REJECTED, "revoked"),  # the second of receipt
        ("cessationOfOperation", timedelta(minutes=5, seconds=1), Verdict.ACCEPTED, "revoked_later"),
        ("cessationOfOperation", HOUR, Verdict.ACCEPTED, "revoked_later"),
        ("keyCompromise", HOUR, Verdict.REJECTED, "revoked"),
    ],
)
def test_a_signature_received_before_revocation_stands_unless_the_key_was_compromised(
    reason: str, revoked_after: timedelta, verdict: Verdict, code: str
) -> None:
    pair = b.office().clinician()
    taken_back = {fingerprint(pair.certificate): Revoked(b.office().now + revoked_after, reason)}
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(revoked=taken_back))
    assert (examination.verdict, codes(examination)) == (verdict, [code])


def test_a_pin_that_was_taken_back_counts_as_revoked() -> None:
    pair = b.self_signed()
    taken_back = {fingerprint(pair.certificate): Revoked(b.office().now - HOUR, "unspecified")}
    examination = b.verdict(
        b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(revoked=taken_back, **pinned(pair, npi=b.PCP))
    )
    assert codes(examination) == ["revoked"]


@pytest.mark.parametrize(("start", "end", "code"), [(-30, -1, "expired"), (1, 30, "not_yet_valid")])
def test_a_certificate_outside_its_dates_at_receipt_is_held(start: int, end: int, code: str) -> None:
    now = b.office().now
    pair = b.office().clinician(validity=authority.Validity(now + timedelta(days=start), now + timedelta(days=end)))
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", pair))
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, [code])
    assert not examination.signatures[-1]["trusted"]


def test_a_certificate_that_isnt_for_signing_is_held() -> None:
    pair = b.self_signed(usage="encipherment")
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(**pinned(pair, npi=b.PCP)))
    assert codes(examination) == ["wrong_key_usage"]


def test_a_weak_digest_is_held() -> None:
    data = b.strip_seed_values(lambda data: b.sign(data, "PCPSig", b.office().clinician(), digest="sha1"))
    assert "weak_digest" in codes(b.verdict(data))


def test_a_short_key_is_held() -> None:
    pair = b.self_signed(key=b.short_key())
    examination = b.verdict(b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(**pinned(pair, npi=b.PCP)))
    assert "weak_digest" in codes(examination)


def test_a_certificate_of_ours_that_names_no_one_clinician_is_held() -> None:
    pair = b.self_signed()
    assert codes(b.verdict(b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(**pinned(pair)))) == [
        "certificate_names_nobody"
    ]


# The member's slot


def test_a_one_time_certificate_without_its_visit_on_record_is_held() -> None:
    data, _ = member_signed()
    assert (b.verdict(data).verdict, codes(b.verdict(data))) == (Verdict.HELD, ["not_witnessed"])


def test_a_one_time_certificate_made_for_another_document_is_rejected() -> None:
    pair = b.office().one_time(b.issued().data, "2222-2222-222")
    examination = b.verdict(
        b.sign(b.issued().data, "MemberSig", pair), trust=b.trust(witnessed=b.witnessed(pair, b.issued().data))
    )
    assert codes(examination) == ["witnessed_elsewhere"]


def test_a_one_time_certificate_made_for_other_bytes_is_rejected() -> None:
    pair = b.office().one_time(b"something else")
    examination = b.verdict(
        b.sign(b.issued().data, "MemberSig", pair), trust=b.trust(witnessed=b.witnessed(pair, b.issued().data))
    )
    assert codes(examination) == ["witnessed_elsewhere"]


def test_a_clinicians_certificate_in_the_members_slot_is_held() -> None:
    examination = b.verdict(b.sign(b.issued().data, "MemberSig", b.office().clinician()))
    assert (examination.verdict, set(codes(examination))) == (Verdict.HELD, {"clinician_in_member_slot"})


def test_the_members_pinned_certificate_cant_fill_the_pcp_slot() -> None:
    pair = b.self_signed()
    examination = b.verdict(
        b.sign(b.issued().data, "PCPSig", pair), trust=b.trust(**pinned(pair, member_id=b.MEMBER_ID))
    )
    assert codes(examination) == ["member_in_pcp_slot"]


def test_the_certificate_that_filled_the_other_slot_in_another_copy_is_rejected() -> None:
    pair = b.self_signed()
    data = b.sign(b.issued().data, "PCPSig", pair)
    examination = b.verdict(
        data, trust=b.trust(**pinned(pair, npi=b.PCP)), filled={Slot.MEMBER: fingerprint(pair.certificate)}
    )
    assert "same_certificate_both_slots" in codes(examination)
    assert examination.verdict is Verdict.REJECTED


def test_another_meaning_than_approval_is_held() -> None:
    data = b.strip_seed_values(
        lambda data: b.sign(data, "PCPSig", b.office().clinician(), reason="I have only read this.")
    )
    assert codes(b.verdict(data)) == ["reason_differs"]


# The plan's own state, and nothing signed


@pytest.mark.parametrize(
    ("closed", "code"),
    [("superseded", "superseded_version"), ("withdrawn", "withdrawn_version"), ("returned", "not_open")],
)
def test_a_good_signature_on_a_plan_that_isnt_open_is_held(closed: str, code: str) -> None:
    examination = b.verdict(pcp_return(), issued_plan=replace(b.issued().plan, closed=closed))
    assert (examination.verdict, codes(examination), examination.slots_filled) == (Verdict.HELD, [code], ())


def test_the_plan_sent_back_unsigned_is_held() -> None:
    examination = b.verdict(b.issued().data)
    assert (examination.verdict, examination.lane, codes(examination)) == (Verdict.HELD, Lane.DIGITAL, ["no_signature"])


def test_the_report_on_signatures_keeps_the_claimed_time_apart_from_a_proven_one() -> None:
    reports = {each["slot"]: each for each in b.verdict(pcp_return()).signatures}
    assert set(reports) == {"seal", "pcp"}
    pcp = reports["pcp"]
    assert pcp["signed_at"] is not None
    assert (pcp["timestamped"], pcp["trusted"], pcp["intact"], pcp["covers"]) == (None, True, True, "whole_file")
    assert (pcp["npi"], pcp["credential"], pcp["signer"]) == (b.PCP, "MD", "Olga Examplesen")


def test_one_time_digest_may_be_of_the_plan_with_the_pcps_signature() -> None:
    before = pcp_return()
    data, visit = member_signed(before)
    assert next(iter(visit.values())).sha256 == sha256(before).hexdigest()
    assert Slot.MEMBER in b.verdict(data, trust=b.trust(witnessed=visit)).fills


@pytest.mark.parametrize("space", [b"\r\n", b"\n\n", b" \r\n"])
def test_white_space_alone_behind_a_signed_file_is_transport_and_nobodys_fault(space: bytes) -> None:
    examination = b.verdict(pcp_return() + space)
    assert (examination.verdict, examination.slots_filled) == (Verdict.ACCEPTED, (Slot.PCP,))
    assert codes(examination) in (["line_end_added"], [])


@pytest.mark.parametrize("tail", [b"\n" * 17, b"\n\0", b"\n%"])
def test_anything_else_behind_a_signed_file_is_no_transport(tail: bytes) -> None:
    assert b.verdict(pcp_return() + tail).verdict is not Verdict.ACCEPTED

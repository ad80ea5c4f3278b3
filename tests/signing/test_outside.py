"""Certificates of outside authorities: believed for one binding, with fresh word that they stand, and for nothing
else."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cpdocs.core.authority_records import AnswerRecord, Binding, ListRecord
from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.errors import InputFault
from cpdocs.signing.identity import npis_in
from cpdocs.signing.keyfiles import KeyPair, certificate_der, fingerprint
from cpdocs.signing.outside import OutsideAuthority
from cpdocs.signing.revocation_data import Material, read_authority, read_material
from cpdocs.signing.trust import Pin
from tests.signing import builder as b
from tests.signing.outsiders import HOSPITAL, Outsider

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URN = "urn:oid:2.16.840.1.113883.4.6.{npi}"


@cache
def hospital() -> Outsider:
    return Outsider.open(b.office().now)


def codes(examination: Decision) -> list[str]:
    return [each.code for each in examination.findings]


def read(data: bytes, *authorities: Outsider) -> Material:
    return read_material(data, [each.pair.certificate for each in authorities or (hospital(),)], name="file")


def believing(
    *material: bytes,
    binding: Binding = Binding.SERIAL_NUMBER,
    organizations: tuple[str, ...] = (),
    by: Outsider | None = None,
    **more: Any,
) -> Any:
    """What the organization believes with an outside authority on record, and these lists and answers of it."""
    by = by or hospital()
    lists, answers = [], {}
    for found in (read(each, by) for each in material):
        digest = sha256(found.der).hexdigest()
        if found.kind == "crl":
            lists.append(ListRecord(digest, found.this_update, found.next_update, "", 0, found.scope, found.der))
        else:
            answers[found.serial] = AnswerRecord(
                digest, found.serial, found.this_update, found.next_update, found.revoked_at, found.reason
            )
    return b.trust(outside=(OutsideAuthority(by.der, binding, organizations, tuple(lists), answers),), **more)


def signed(pair: KeyPair, field: str = "PCPSig") -> bytes:
    return b.sign(b.issued().data, field, pair)


def judged(pair: KeyPair, trust: Any, **options: Any) -> Decision:
    return b.verdict(signed(pair), trust=trust, **options)


# Bindings


@pytest.mark.parametrize(
    ("binding", "stated"),
    [
        (Binding.SERIAL_NUMBER, {}),
        (Binding.SERIAL_NUMBER, {"parts": {NameOID.SERIAL_NUMBER: "{npi}"}}),
        (Binding.USER_ID, {"parts": {NameOID.USER_ID: "{npi}"}}),
        (Binding.SAN, {"parts": {}, "uris": (URN,)}),
        (Binding.SAN, {"uris": (URN,)}),
        (Binding.SAN, {"uris": (URN.replace("urn:oid", "URN:OID"),)}),
    ],
)
@pytest.mark.parametrize("usage", ["digital_signature", "content_commitment"])
def test_a_signer_whom_a_believed_authority_names_at_its_place_fills_the_slot(
    binding: Binding, stated: dict[str, Any], usage: str
) -> None:
    pair = hospital().certify(b.PCP, usage=(usage,), **stated)
    examination = judged(pair, believing(hospital().crl(), binding=binding))
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, [])
    approval = examination.fills[Slot.PCP]
    assert (approval.npi, approval.role, approval.key_issued_by_us) == (b.PCP, "pcp", False)


@pytest.mark.parametrize(
    ("binding", "stated"),
    [
        (Binding.SAN, {}),
        (Binding.USER_ID, {"uris": (URN,)}),
        (Binding.SERIAL_NUMBER, {"parts": {NameOID.USER_ID: "{npi}"}}),
        (Binding.SERIAL_NUMBER, {"parts": {NameOID.SERIAL_NUMBER: "EMP-{npi}"}}),
        # Digits of another script, which only look like the PCP's.
        (Binding.USER_ID, {"parts": {NameOID.USER_ID: b.PCP.replace("1", "\uff11")}}),
        (Binding.SERIAL_NUMBER, {"uris": (URN.format(npi=b.DESIGNEE),)}),
        (Binding.SERIAL_NUMBER, {"uris": (URN.format(npi=b.DESIGNEE).upper(),)}),
        (Binding.SERIAL_NUMBER, {"uris": (f"{URN.format(npi=b.PCP)}?x",)}),
        (Binding.USER_ID, {"parts": {NameOID.USER_ID: "{npi}", NameOID.SERIAL_NUMBER: f"npi: {b.DESIGNEE}"}}),
        (Binding.SAN, {"parts": {}, "uris": (URN, URN.format(npi=b.DESIGNEE))}),
        (Binding.USER_ID, {"parts": {NameOID.USER_ID: "{npi}", NameOID.SERIAL_NUMBER: f"NPI:{b.DESIGNEE}"}}),
    ],
)
def test_an_npi_elsewhere_or_a_second_one_is_nobodys(binding: Binding, stated: dict[str, Any]) -> None:
    examination = judged(hospital().certify(b.PCP, **stated), believing(hospital().crl(), binding=binding))
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, ["certificate_names_nobody"])


@pytest.mark.parametrize(
    "written", [URN, URN.upper(), URN.replace("oid", "%4Fid"), URN.replace("6.{", "%36.{"), f" {URN}"]
)
def test_an_npi_is_seen_however_its_urn_is_written(written: str) -> None:
    written = written.replace("{NPI}", "{npi}").format(npi=b.PCP)
    assert npis_in(["https://example.org/", written]) == [b.PCP]


def test_a_certificate_that_says_no_use_of_its_key_is_held_with_advice_that_helps() -> None:
    examination = judged(hospital().certify(b.PCP, usage=None), believing(hospital().crl()))
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, ["wrong_key_usage"])
    assert "ask us for one" in examination.findings[0].message


def test_an_authority_that_isnt_on_record_vouches_for_nobody() -> None:
    other = Outsider.open(b.office().now)
    assert codes(judged(other.certify(b.PCP), believing(hospital().crl()))) == ["unknown_ca"]


def test_who_it_certified_may_not_certify_others() -> None:
    middle = hospital().certify(
        b.PCP, organization="Example Imaging", is_ca=True, usage=("key_cert_sign", "digital_signature")
    )
    below = Outsider(middle, b.office().now).certify(b.PCP)
    trust = believing(hospital().crl())
    assert codes(judged(below, trust)) == ["unknown_ca"]
    assert codes(judged(middle, trust)) == ["unknown_ca"]


@pytest.mark.parametrize(
    ("organization", "accepted"), [(HOSPITAL, True), ("EXAMPLE  health center", True), ("Example Imaging", False)]
)
def test_it_is_believed_for_the_organizations_on_record_alone(organization: str, accepted: bool) -> None:
    examination = judged(
        hospital().certify(b.PCP, organization=organization), believing(hospital().crl(), organizations=(HOSPITAL,))
    )
    assert codes(examination) == ([] if accepted else ["organization_not_covered"])
    assert examination.verdict is (Verdict.ACCEPTED if accepted else Verdict.HELD)


def test_the_names_to_which_its_own_certificate_limits_it_hold() -> None:
    elsewhere = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Imaging")]))
    limited = Outsider.open(b.office().now, extensions=(x509.NameConstraints([elsewhere], None),))
    examination = judged(limited.certify(b.PCP), believing(limited.crl(), by=limited))
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, ["unverifiable"])


def test_it_vouches_for_no_member() -> None:
    trust = believing(hospital().crl())
    assert codes(b.verdict(signed(hospital().certify(b.PCP), "MemberSig"), trust=trust)) == ["clinician_in_member_slot"]
    nobody = signed(hospital().certify(b.PCP, parts={}), "MemberSig")
    assert codes(b.verdict(nobody, trust=trust)) == ["member_identity_unproven"]


def test_a_clinician_whom_it_names_must_be_one_who_may_approve() -> None:
    assert codes(judged(hospital().certify(b.STRANGER), believing(hospital().crl()))) == ["signer_unknown"]


# Revocation is required


def test_without_any_word_of_the_authority_it_is_held() -> None:
    examination = judged(hospital().certify(b.PCP), believing())
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, ["revocation_unknown"])
    assert not examination.signatures[-1]["trusted"]


def test_a_list_that_was_out_of_date_at_receipt_holds_and_a_later_one_clears_it() -> None:
    pair = hospital().certify(b.PCP)
    old = hospital().crl(made=b.office().now - 9 * DAY)
    assert codes(judged(pair, believing(old))) == ["revocation_stale"]
    later = hospital().crl(made=b.office().now + DAY)
    assert judged(pair, believing(later)).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("point", [False, True])
@pytest.mark.parametrize(
    ("offset", "reason", "code"),
    [
        (-HOUR, "superseded", "revoked"),
        (-HOUR, "certificateHold", "revoked"),
        (HOUR, "keyCompromise", "revoked"),
        (HOUR, "superseded", "revoked_later"),
    ],
)
def test_what_it_revoked_before_receipt_or_as_compromised_is_rejected_with_or_without_a_distribution_point(
    offset: timedelta, reason: str, code: str, point: bool
) -> None:
    pair = hospital().certify(b.PCP, list_at="http://ca.example/list.crl" if point else "")
    at = b.office().now + offset
    crl = hospital().crl([(pair, at, reason)], made=max(at, b.office().now - HOUR))
    examination = judged(pair, believing(crl))
    assert codes(examination) == [code]
    assert examination.verdict is (Verdict.REJECTED if code == "revoked" else Verdict.ACCEPTED)
    report = examination.signatures[-1]
    assert (report["revocation_source"], report["revocation_sha256"], report["revoked_at"]) == (
        "crl",
        sha256(crl).hexdigest(),
        at.replace(microsecond=0).isoformat(),
    )


def test_the_word_that_decided_is_reported() -> None:
    crl = hospital().crl()
    report = judged(hospital().certify(b.PCP), believing(crl)).signatures[-1]
    assert (report["revocation_source"], report["revocation_sha256"], report["revoked_at"]) == (
        "crl",
        sha256(crl).hexdigest(),
        None,
    )
    assert report["revocation_until"] == (hospital().now + 7 * DAY - HOUR).replace(microsecond=0).isoformat()
    ours = b.verdict(signed(b.office().clinician())).signatures[-1]
    assert (ours["revocation_source"], ours["revocation_sha256"]) == ("ledger", None)


def test_an_answer_about_the_certificate_counts_as_a_list_does() -> None:
    pair, other = hospital().certify(b.PCP), hospital().certify(b.PCP)
    assert judged(pair, believing(hospital().answer(pair))).verdict is Verdict.ACCEPTED
    assert codes(judged(pair, believing(hospital().answer(other)))) == ["revocation_unknown"]
    gone = hospital().answer(pair, status=ocsp.OCSPCertStatus.REVOKED, at=b.office().now - HOUR)
    assert codes(judged(pair, believing(gone))) == ["revoked"]
    assert codes(judged(pair, believing(hospital().crl(), gone))) == ["revoked"]


def test_a_list_for_other_distribution_points_says_nothing() -> None:
    point = x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier("http://ca.example/1.crl")], None, False, False, None, False, False
    )
    crl = hospital().crl(point=point)
    assert codes(judged(hospital().certify(b.PCP, list_at="http://ca.example/2.crl"), believing(crl))) == [
        "revocation_unknown"
    ]
    assert (
        judged(hospital().certify(b.PCP, list_at="http://ca.example/1.crl"), believing(crl)).verdict is Verdict.ACCEPTED
    )


def test_a_pinned_certificate_that_its_authority_revoked_is_rejected_too() -> None:
    pair = hospital().certify(b.PCP)
    pins: dict[str, Any] = {
        "pinned": (certificate_der(pair.certificate),),
        "pins": {fingerprint(pair.certificate): Pin(b.office().now, npi=b.PCP)},
    }
    assert judged(pair, believing(**pins)).verdict is Verdict.ACCEPTED
    crl = hospital().crl([(pair, b.office().now - HOUR, "superseded")])
    assert codes(judged(pair, believing(crl, **pins))) == ["revoked"]


def test_dates_and_weak_signatures_of_its_certificates_have_findings_of_their_own() -> None:
    trust = believing(hospital().crl(made=b.office().now - 5 * DAY))
    assert codes(judged(hospital().certify(b.PCP, days=(-30, -1)), trust)) == ["expired"]
    assert codes(judged(hospital().certify(b.PCP, days=(1, 30)), trust)) == ["not_yet_valid"]
    assert codes(judged(hospital().certify(b.PCP, usage=("key_encipherment",)), trust)) == ["wrong_key_usage"]


@pytest.mark.parametrize(
    ("purpose", "accepted"),
    [
        (ExtendedKeyUsageOID.EMAIL_PROTECTION, True),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, True),
        (ExtendedKeyUsageOID.SERVER_AUTH, False),
        (ExtendedKeyUsageOID.OCSP_SIGNING, False),
    ],
)
def test_a_certificate_made_for_something_else_signs_no_plan(purpose: x509.ObjectIdentifier, accepted: bool) -> None:
    examination = judged(hospital().certify(b.PCP, purposes=(purpose,)), believing(hospital().crl()))
    assert codes(examination) == ([] if accepted else ["wrong_key_usage"])


# What is taken as an authority's word


def test_what_another_signed_in_its_name_is_refused() -> None:
    mallory = Outsider.open(b.office().now)
    pair = hospital().certify(b.PCP)
    for forged in (
        hospital().crl(signer=mallory.pair),
        hospital().answer(pair, responder=mallory.pair),
        hospital().answer(pair, responder=hospital().responder(by=mallory)),
        hospital().answer(pair, responder=hospital().responder(for_ocsp=False)),
        hospital().answer(pair, responder=hospital().certify(b.PCP)),
    ):
        with pytest.raises(InputFault, match="was not signed by it"):
            read(forged)


def test_a_responder_that_it_certified_for_it_is_heard() -> None:
    pair = hospital().certify(b.PCP)
    assert (
        read(hospital().answer(pair, responder=hospital().responder())).serial == f"{pair.certificate.serial_number:x}"
    )


def test_an_answer_without_an_end_is_good_for_a_day() -> None:
    found = read(hospital().answer(hospital().certify(b.PCP), life=None))
    assert found.next_update - found.this_update == DAY


def _point(**changes: Any) -> x509.IssuingDistributionPoint:
    plain = dict.fromkeys(
        ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs"), False
    )
    more = {"full_name": None, "relative_name": None, "only_some_reasons": None}
    return x509.IssuingDistributionPoint(**{**plain, **more, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"only_contains_ca_certs": True},
        {"indirect_crl": True},
        {"only_contains_attribute_certs": True},
        {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})},
    ],
)
def test_a_list_of_some_only_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputFault, match="some revoked certificates only"):
        read(hospital().crl(point=_point(**changes)))


def test_a_list_of_changes_is_refused() -> None:
    with pytest.raises(InputFault, match="changes only"):
        read(hospital().crl(delta=True))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_what_is_neither_is_refused(data: bytes) -> None:
    with pytest.raises(InputFault, match="neither"):
        read(data)


def test_an_answer_that_it_doesnt_know_the_certificate_is_refused() -> None:
    with pytest.raises(InputFault, match="doesn't know"):
        read(hospital().answer(hospital().certify(b.PCP), status=ocsp.OCSPCertStatus.UNKNOWN))


def test_an_authority_is_one_that_may_sign_certificates() -> None:
    read_authority(hospital().pair.certificate, name="ca.crt")
    person = hospital().certify(b.PCP)
    for pair in (person, Outsider.open(b.office().now, is_ca=False).pair, hospital().certify(b.PCP, is_ca=True)):
        with pytest.raises(InputFault, match="not an authority's"):
            read_authority(pair.certificate, name="ca.crt")

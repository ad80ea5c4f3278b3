"""The organization's certificates: what each may do, whom it names, and the list of those taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import NameOID

from cpdocs.errors import InputFault
from cpdocs.signing import authority
from cpdocs.signing.identity import Person, named_in
from tests.signing import builder as b

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
YEAR = authority.Validity.at(NOW, timedelta(days=365))
PERSON = Person(b.PCP, "Olga", "Examplesen", "MD")


def request(*, name: str = "Somebody Else", tampered: bool = False) -> bytes:
    key = authority.new_key()
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.SERIAL_NUMBER, "NPI:1558598797")]
    )
    der = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
    return der.replace(name.encode(), name.swapcase().encode()) if tampered else der


def test_the_authorities_and_the_seal_are_signed_by_the_root() -> None:
    house = b.office()
    for pair in (house.root, house.issuing, house.in_person, house.seal):
        pair.certificate.verify_directly_issued_by(house.root.certificate)


def test_an_authority_can_sign_certificates_and_nothing_else_and_none_below_it_can() -> None:
    certificate = b.office().issuing.certificate
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature, usage.content_commitment) == (
        True,
        True,
        False,
        False,
    )
    assert (limits.ca, limits.path_length) == (True, 0)


def test_a_clinicians_certificate_signs_documents_and_can_certify_nobody() -> None:
    certificate = b.office().clinician().certificate
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    purposes = {
        purpose.dotted_string for purpose in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    }
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert {"1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4"} <= purposes


def test_a_clinicians_certificate_names_one_person_by_npi_name_and_credential() -> None:
    named = named_in(b.office().clinician().certificate)
    assert (named.name, named.credential, named.npi, named.document_id) == ("Olga Examplesen, MD", "MD", b.PCP, "")


def test_a_one_time_certificate_names_a_document_and_its_bytes_and_no_person() -> None:
    named = named_in(b.office().one_time(b"the plan").certificate)
    assert named.document_id == b.DOCUMENT_ID
    assert named.digest == sha256(b"the plan").hexdigest()
    assert (named.name, named.npi) == ("Member signing in person", "")


def test_a_one_time_certificate_lasts_minutes() -> None:
    pair = b.office().one_time(b"the plan")
    lasts = pair.certificate.not_valid_after_utc - pair.certificate.not_valid_before_utc
    assert lasts <= authority.ONE_TIME_LIFE + authority.SKEW


def test_the_names_in_a_request_are_ignored() -> None:
    key = authority.read_request(request(name="Mallory"), name="r.csr").public_key()
    named = named_in(authority.certify_person(b.office().issuing, PERSON, key, YEAR))
    assert (named.name, named.npis) == ("Olga Examplesen, MD", (b.PCP,))


def test_a_request_that_its_own_key_did_not_sign_is_refused() -> None:
    with pytest.raises(InputFault, match="not signed, or not safely, by the key in it"):
        authority.read_request(request(tampered=True), name="r.csr")


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"]
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(InputFault, match=r"r\.csr can.t be read as one"):
        authority.read_request(data, name="r.csr")


def test_keys_that_pdf_signatures_cannot_use_are_refused() -> None:
    small_exponent = rsa.generate_private_key(3, 2048).public_key()
    for key in (ed25519.Ed25519PrivateKey.generate().public_key(), b.short_key().public_key(), small_exponent):
        with pytest.raises(InputFault):
            authority.certify_person(b.office().issuing, PERSON, key, YEAR)


def test_an_rsa_key_of_an_office_is_certified() -> None:
    certificate = authority.certify_person(b.office().issuing, PERSON, b.rsa_key().public_key(), YEAR)
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)


def test_the_list_names_what_was_revoked_with_its_reason_and_is_signed_by_the_authority() -> None:
    house = b.office()
    taken = (authority.Revocation(77, NOW, "keyCompromise"), authority.Revocation(12, NOW, "unspecified"))
    crl = x509.load_der_x509_crl(authority.make_crl(house.issuing, taken, number=3, now=NOW))
    issuer = house.issuing.certificate.public_key()
    assert crl.is_signature_valid(issuer)  # type: ignore[arg-type]
    entry = crl.get_revoked_certificate_by_serial_number(77)
    assert entry is not None
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.key_compromise
    unspecified = crl.get_revoked_certificate_by_serial_number(12)
    assert unspecified is not None
    assert len(list(unspecified.extensions)) == 0
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3
    assert crl.next_update_utc == NOW + authority.CRL_LIFE


@pytest.mark.parametrize("text", ["keyCompromise", "key-compromise", "KEYCOMPROMISE", "key_compromise"])
def test_a_reason_may_be_written_in_any_of_the_usual_ways(text: str) -> None:
    assert authority.parse_reason(text) == "keyCompromise"


@pytest.mark.parametrize("text", ["", "lost it", "removeFromCRL"])
def test_what_is_no_reason_is_refused_with_the_list_of_reasons(text: str) -> None:
    with pytest.raises(InputFault) as caught:
        authority.parse_reason(text)
    assert "cessationOfOperation" in caught.value.todo


def test_a_certificate_that_names_two_npis_names_nobody() -> None:
    key = authority.new_key()
    subject = x509.Name(
        [x509.NameAttribute(NameOID.SERIAL_NUMBER, "NPI:" + b.PCP), x509.NameAttribute(NameOID.COMMON_NAME, "Two")]
    )
    other = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:oid:2.16.840.1.113883.4.6." + b.DESIGNEE)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(other, critical=False)
        .sign(key, hashes.SHA256())
    )
    named = named_in(certificate)
    assert named.npis == (b.PCP, b.DESIGNEE)
    assert named.npi == ""

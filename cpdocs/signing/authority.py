"""The organization's certificates: who signs whom, for how long, and the list of those taken back.

    root ── issuing authority ── a clinician's certificate (one person, NPI, name, credential; a year)
      ├──── in-person authority ── a member's one-time key (minutes, one document)
      └──── seal (certifies each issued plan)

All keys made here are P-256; those on a token (``tokens``) may be RSA too, where they were made elsewhere. The root's
key is written once for removal to a safe place; nothing in daily work needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from cpdocs.errors import InputFault
from cpdocs.signing.identity import DOCUMENT_PREFIX, Person, digest_uri, npi_uri, subject_of
from cpdocs.signing.keyfiles import KeyPair, PrivateKey

ROOT_LIFE = timedelta(days=20 * 365)
AUTHORITY_LIFE = timedelta(days=10 * 365)
SEAL_LIFE = timedelta(days=5 * 365)
ONE_TIME_LIFE = timedelta(minutes=10)
SKEW = timedelta(minutes=5)
"""Certificates begin this long before they are made: another machine's clock may be behind ours."""
CRL_LIFE = timedelta(days=30)
ROOT_CRL_LIFE = timedelta(days=366)

_DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
_ADOBE_DOCUMENTS = ObjectIdentifier("1.2.840.113583.1.1.5")
_NO_REVOCATION = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.56"), b"\x05\x00")
"""noRevAvail (RFC 9608): it ends before a list could say anything of it, so nobody waits for one."""
_LEAST_RSA_BITS = 2048
_LEAST_EXPONENT = 65537
"""FIPS 186-5 §5.1: more than 2^16."""
_SIGNING_CURVES = ("secp256r1", "secp384r1", "secp521r1")
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate is valid (aware)."""

    start: datetime
    end: datetime

    @classmethod
    def at(cls, now: datetime, life: timedelta, *, backdate: timedelta = SKEW) -> Validity:
        """``life`` from ``now`` on, beginning ``backdate`` earlier."""
        return cls(now - backdate, now + life)


@dataclass(frozen=True, slots=True)
class Revocation:
    """One certificate taken back: its serial number, when, and the RFC 5280 reason (``REASONS``)."""

    serial: int
    at: datetime
    reason: str


REASONS = {
    "unspecified": x509.ReasonFlags.unspecified,
    "keyCompromise": x509.ReasonFlags.key_compromise,
    "cACompromise": x509.ReasonFlags.ca_compromise,
    "affiliationChanged": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessationOfOperation": x509.ReasonFlags.cessation_of_operation,
    "certificateHold": x509.ReasonFlags.certificate_hold,
    "privilegeWithdrawn": x509.ReasonFlags.privilege_withdrawn,
    "aACompromise": x509.ReasonFlags.aa_compromise,
}
"""RFC 5280 §5.3.1, without removeFromCRL: what is taken back here stays taken back, a hold too."""


def parse_reason(text: str) -> str:
    """The reason that ``text`` names, in RFC 5280's spelling; case, hyphens and underscores don't count.

    Raises:
        InputFault: no reason of that name.
    """
    plain = text.replace("-", "").replace("_", "").replace(" ", "").lower()
    for name in REASONS:
        if name.lower() == plain:
            return name
    raise InputFault(f"{text!r} is no reason for revoking a certificate.", todo=f"Use one of: {', '.join(REASONS)}.")


def new_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(organization: str, validity: Validity, key: PrivateKey | None = None, generation: int = 1) -> KeyPair:
    """The organization's root: signs the two authorities and the seal. Here and below ``generation`` counts the keys
    for one purpose, so that none bears the name of the one before it; without a ``key`` one is made."""
    key = key or new_key()
    name = _organization_name(organization, "Root Authority", generation)
    certificate = _authority(
        name, key.public_key(), KeyPairIssuer(name, key, key.public_key()), validity, path_length=1
    )
    return KeyPair(key, certificate)


def cross_certify(old: KeyPair, new: x509.Certificate) -> x509.Certificate:
    """The root ``new`` certified by the ``old`` one, for those who know only that: the same name, key and end at the
    latest."""
    validity = Validity(new.not_valid_before_utc, min(new.not_valid_after_utc, old.certificate.not_valid_after_utc))
    key = new.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return _authority(new.subject, key, _issuer(old), validity, path_length=1)


def make_issuing(
    root: KeyPair, organization: str, validity: Validity, key: PrivateKey | None = None, generation: int = 1
) -> KeyPair:
    """The authority under ``root`` that certifies clinicians."""
    return _make_authority(root, _organization_name(organization, "Issuing Authority", generation), validity, key)


def make_in_person(
    root: KeyPair, organization: str, validity: Validity, key: PrivateKey | None = None, generation: int = 1
) -> KeyPair:
    """The authority under ``root`` that certifies members' one-time keys. It can vouch for nobody's NPI."""
    return _make_authority(
        root, _organization_name(organization, "In-Person Signing Authority", generation), validity, key
    )


def make_seal(
    root: KeyPair, organization: str, validity: Validity, key: PrivateKey | None = None, generation: int = 1
) -> KeyPair:
    """The key that certifies issued plans."""
    key = key or new_key()
    name = _organization_name(organization, "Document Seal", generation)
    return KeyPair(key, _leaf(name, key.public_key(), _issuer(root), validity), (root.certificate,))


def certify_person(issuing: KeyPair, person: Person, public_key: object, validity: Validity) -> x509.Certificate:
    """A certificate for ``person`` alone, over ``public_key``.

    Raises:
        InputFault: a kind of key that PDF signatures can't use, or a weak one.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        if public_key.key_size < _LEAST_RSA_BITS:
            raise InputFault(
                f"The request's RSA key has {public_key.key_size} bits.",
                todo="Make a key of 2048 bits or more, or P-256.",
            )
        if public_key.public_numbers().e < _LEAST_EXPONENT:
            raise InputFault(
                "The request's RSA key has too small a public exponent.",
                todo="Make a key with the exponent 65537, or P-256.",
            )
    elif not isinstance(public_key, ec.EllipticCurvePublicKey) or public_key.curve.name not in _SIGNING_CURVES:
        raise InputFault(
            "The request's key is of a kind that PDF signatures can't use here.", todo="Make a P-256 or RSA key."
        )
    return _leaf(subject_of(person), public_key, _issuer(issuing), validity, uris=(npi_uri(person.npi),))


def certify_one_time(
    in_person: KeyPair, document_id: str, sha256: str, public_key: PublicKey, validity: Validity
) -> x509.Certificate:
    """A certificate for a member's key that signs once: this document, these bytes (``sha256``), for minutes. Holds no
    PHI."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Member signing in person"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, DOCUMENT_PREFIX + document_id),
        ]
    )
    return _leaf(
        subject,
        public_key,
        _issuer(in_person),
        validity,
        uris=(digest_uri(sha256),),
        for_person=False,
        short_lived=True,
    )


def make_crl(
    authority: KeyPair, revocations: Sequence[Revocation], *, number: int, now: datetime, life: timedelta = CRL_LIFE
) -> bytes:
    """``authority``'s list of revoked certificates as DER; ``number`` must grow from one list to the next."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now)
        .next_update(now + life)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_key_id(_issuer(authority)), critical=False)
    )
    for item in sorted(revocations, key=lambda revocation: revocation.serial):
        entry = x509.RevokedCertificateBuilder().serial_number(item.serial).revocation_date(item.at)
        if item.reason != "unspecified":  # RFC 5280 §5.3.1: an unspecified reason is left out
            entry = entry.add_extension(x509.CRLReason(REASONS[item.reason]), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def read_request(data: bytes, *, name: str) -> x509.CertificateSigningRequest:
    """A certificate request, PEM or DER, whose own signature is right. The names that it asks for are not used.

    Raises:
        InputFault: no request, or one not signed by its own key: who sent it may not hold that key.
    """
    try:
        load = x509.load_pem_x509_csr if b"-----BEGIN" in data else x509.load_der_x509_csr
        request = load(data)
    except ValueError:
        raise InputFault(f"{name} can't be read as one.", todo="Give a PKCS#10 request (.csr), PEM or DER.") from None
    if not request.is_signature_valid:
        raise InputFault(
            f"{name} is not signed, or not safely, by the key in it.",
            todo="Ask for a new request (SHA-256); don't issue on this one.",
        )
    return request


@dataclass(frozen=True, slots=True)
class KeyPairIssuer:
    """Who signs a certificate: the name that stands in it, the key, and the public key that its key id is made of."""

    name: x509.Name
    key: PrivateKey
    public_key: PublicKey


def _issuer(pair: KeyPair) -> KeyPairIssuer:
    return KeyPairIssuer(pair.certificate.subject, pair.key, pair.key.public_key())


def _organization_name(organization: str, what: str, generation: int = 1) -> x509.Name:
    what = what if generation == 1 else f"{what} G{generation}"
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organization[: 63 - len(what)]} {what}"),
        ]
    )


def _make_authority(root: KeyPair, name: x509.Name, validity: Validity, key: PrivateKey | None) -> KeyPair:
    key = key or new_key()
    return KeyPair(key, _authority(name, key.public_key(), _issuer(root), validity, path_length=0), (root.certificate,))


def _authority_key_id(issuer: KeyPairIssuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key)


def _start(
    name: x509.Name, public_key: PublicKey, issuer: KeyPairIssuer, validity: Validity
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start.replace(microsecond=0))
        .not_valid_after(validity.end.replace(microsecond=0))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(_authority_key_id(issuer), critical=False)
    )


def _authority(
    name: x509.Name, public_key: PublicKey, issuer: KeyPairIssuer, validity: Validity, *, path_length: int
) -> x509.Certificate:
    return (
        _start(name, public_key, issuer, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(issuer.key, hashes.SHA256())
    )


def _leaf(
    name: x509.Name,
    public_key: PublicKey,
    issuer: KeyPairIssuer,
    validity: Validity,
    *,
    uris: Sequence[str] = (),
    for_person: bool = True,
    short_lived: bool = False,
) -> x509.Certificate:
    purposes = [_DOCUMENT_SIGNING, _ADOBE_DOCUMENTS]
    if for_person and uris:
        purposes += [ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _start(name, public_key, issuer, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )
    if uris:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
        builder = builder.add_extension(names, critical=False)
    if short_lived:
        builder = builder.add_extension(_NO_REVOCATION, critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )

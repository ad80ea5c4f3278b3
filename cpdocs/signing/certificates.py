"""A signer's certificate as plain values, and whether it is one that may sign at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cpdocs.signing.identity import NamedIn, named_in
from cpdocs.signing.outside import OutsideFacts
from cpdocs.signing.trust import Trust, Vouching, fingerprint, load

STRONG_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})
_ISSUING_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_PURPOSES = frozenset(
    {
        "1.3.6.1.5.5.7.3.36",  # document signing (RFC 9336)
        "1.2.840.113583.1.1.5",  # Adobe: authentic documents
        "1.3.6.1.4.1.311.10.3.12",  # Microsoft: document signing
        "1.3.6.1.5.5.7.3.4",  # mail
        "2.5.29.37.0",  # any
    }
)
_LEAST_RSA_BITS = 2048
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A signer's certificate. ``key_sha256`` is of its public key: two certificates may hold one key. ``outside`` is
    what an outside authority that is believed says of it, where one signed it."""

    fingerprint: str
    key_sha256: str
    serial: int
    name: str
    issuer: str
    issuer_name: str
    named: NamedIn
    not_before: datetime
    not_after: datetime
    self_signed: bool
    for_signing: bool
    strong_key: bool
    vouching: Vouching
    outside: OutsideFacts | None = None

    @property
    def vouched_npi(self) -> str:
        """The NPI that whoever vouches for the certificate states in it; empty where it is another's word, or
        nobody's."""
        if self.vouching is Vouching.OUTSIDE:
            return self.outside.npi if self.outside else ""
        return "" if self.vouching is Vouching.NOBODY else self.named.npi


def certificate_facts(der: bytes, trust: Trust) -> CertificateFacts | None:
    """The facts of a certificate; None where it can't be read."""
    certificate = load(der)
    if certificate is None:
        return None
    public = certificate.public_key()
    key = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    named = named_in(certificate)
    vouching = trust.vouching_for(der)
    digest = certificate.signature_hash_algorithm
    # Who believes an authority believes its signature on the certificate too, and needs it to be safe.
    strongly_issued = vouching is not Vouching.OUTSIDE or (digest is not None and digest.name in _ISSUING_DIGESTS)
    return CertificateFacts(
        fingerprint=fingerprint(der),
        key_sha256=sha256(key).hexdigest(),
        serial=certificate.serial_number,
        name=named.name,
        issuer=common_name(certificate.issuer),
        issuer_name=certificate.issuer.rfc4514_string(),
        named=named,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        self_signed=certificate.issuer == certificate.subject,
        for_signing=_for_outside_signing(certificate) if vouching is Vouching.OUTSIDE else _for_signing(certificate),
        strong_key=strong_key(public) and strongly_issued,
        vouching=vouching,
        outside=trust.outside_facts(der),
    )


def strong_key(public: object) -> bool:
    """Whether a public key is of a kind and length that is safe to believe."""
    if isinstance(public, rsa.RSAPublicKey):
        return public.key_size >= _LEAST_RSA_BITS
    return isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES


def _for_outside_signing(certificate: x509.Certificate) -> bool:
    """Whether an outside authority made the certificate for signing documents, and says so: one without a key usage may
    be for anything, and the chain's own check doesn't take it either."""
    return _for_signing(certificate, unstated=False) and _for_documents(certificate)


def _for_signing(certificate: x509.Certificate, *, unstated: bool = True) -> bool:
    """Whether the certificate may sign documents: by one of the two key usages that signatures use, or ``unstated``
    where there is no key usage at all."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return unstated
    except (x509.DuplicateExtension, ValueError):
        return False
    return usage.digital_signature or usage.content_commitment


def _for_documents(certificate: x509.Certificate) -> bool:
    """Whether an outside authority made the certificate for what a person signs, not for a server or a login: its
    purposes, where it states any, say documents, mail, or anything."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False
    return any(each.dotted_string in _PURPOSES for each in purposes)


def common_name(name: x509.Name) -> str:
    """The name's common name, else all of it as text."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()

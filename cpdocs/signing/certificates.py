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
from cpdocs.signing.trust import Trust, Vouching, fingerprint, load

STRONG_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})
_LEAST_RSA_BITS = 2048
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A signer's certificate. ``key_sha256`` is of its public key: two certificates may hold one key."""

    fingerprint: str
    key_sha256: str
    serial: int
    name: str
    issuer: str
    named: NamedIn
    not_before: datetime
    not_after: datetime
    self_signed: bool
    for_signing: bool
    strong_key: bool
    vouching: Vouching


def certificate_facts(der: bytes, trust: Trust) -> CertificateFacts | None:
    """The facts of a certificate; None where it can't be read."""
    certificate = load(der)
    if certificate is None:
        return None
    public = certificate.public_key()
    key = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    named = named_in(certificate)
    return CertificateFacts(
        fingerprint=fingerprint(der),
        key_sha256=sha256(key).hexdigest(),
        serial=certificate.serial_number,
        name=named.name,
        issuer=_common_name(certificate.issuer),
        named=named,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        self_signed=certificate.issuer == certificate.subject,
        for_signing=_for_signing(certificate),
        strong_key=(isinstance(public, rsa.RSAPublicKey) and public.key_size >= _LEAST_RSA_BITS)
        or (isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES),
        vouching=trust.vouching_for(der),
    )


def _for_signing(certificate: x509.Certificate) -> bool:
    """Whether the certificate may sign documents: no key usage at all, or one of the two that signatures use."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False
    return usage.digital_signature or usage.content_commitment


def _common_name(name: x509.Name) -> str:
    """The name's common name, else all of it as text."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()

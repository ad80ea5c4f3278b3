"""What an outside authority says of its certificates, read and proven when it is imported: lists (CRL) and answers
(OCSP).

Only what the authority itself signed counts, or an answer by a responder that it certified for that alone. What stands
for less than it seems is refused: a list of changes, of some reasons, or of another authority's certificates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from cpdocs.errors import InputFault
from cpdocs.signing.certificates import strong_key
from cpdocs.signing.outside import is_authority

ANSWER_LIFE = timedelta(days=1)
"""How long an answer is good that doesn't say when the next one comes."""
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_HANDLED = (x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint)


@dataclass(frozen=True, slots=True)
class Material:
    """A proven list or answer by ``authority``. Of a list ``number``, ``revoked`` (how many) and ``scope`` (the
    addresses of the lists for which it stands; empty: all); of an answer ``serial`` (hexadecimal), ``revoked_at`` and
    ``reason``."""

    authority: x509.Certificate
    kind: str
    this_update: datetime
    next_update: datetime
    der: bytes
    number: str = ""
    revoked: int = 0
    scope: tuple[str, ...] = ()
    serial: str = ""
    revoked_at: datetime | None = None
    reason: str = ""


def read_authority(certificate: x509.Certificate, *, name: str) -> None:
    """Refuses a certificate that can't be believed to certify people.

    Raises:
        InputFault: no authority's, one that may not sign certificates, or a weak one.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        may_sign = usage.key_cert_sign
    except x509.ExtensionNotFound:
        may_sign = True
    except (x509.DuplicateExtension, ValueError):
        may_sign = False
    if not is_authority(certificate) or not may_sign:
        raise InputFault(
            f"The certificate in {name} is not an authority's.",
            todo=(
                "Give that of the authority which signs people's certificates; one person's own is recorded "
                "with `cpdocs keys pin`."
            ),
        )
    if not strong_key(certificate.public_key()):
        raise InputFault(
            f"The key of the authority in {name} is too weak to be believed.", todo="Ask it for a current certificate."
        )


def read_time_authority(certificate: x509.Certificate, *, name: str) -> None:
    """Refuses a certificate by which no time stamp could be believed: neither an authority's nor a time-stamping unit's
    own, or weak.

    Raises InputFault.
    """
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        stamps = ExtendedKeyUsageOID.TIME_STAMPING in purposes
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        stamps = False
    if not stamps:
        read_authority(certificate, name=name)
    elif not strong_key(certificate.public_key()):
        raise InputFault(
            f"The key of the authority in {name} is too weak to be believed.", todo="Ask it for a current certificate."
        )


def read_material(data: bytes, authorities: Sequence[x509.Certificate], *, name: str) -> Material:
    """The list or answer in ``data`` (a file called ``name``; a list PEM or DER), proven to be by one of
    ``authorities``.

    Raises:
        InputFault: neither, by nobody whom we believe, not genuine, or standing for less than all that it should.
    """
    found = _crl(data)
    if found is not None:
        return _list(found, authorities, name)
    try:
        answer = ocsp.load_der_ocsp_response(data)
    except ValueError:
        raise InputFault(
            f"{name} is neither a list of revoked certificates nor an OCSP answer.",
            todo="Give a .crl file or a DER OCSP response (.ors).",
        ) from None
    return _answer(answer, authorities, name)


def _crl(data: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_pem_x509_crl(data) if b"-----BEGIN" in data else x509.load_der_x509_crl(data)
    except ValueError:
        return None


def _list(found: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate], name: str) -> Material:
    authority = next((each for each in authorities if found.issuer == each.subject and _signed_list(found, each)), None)
    if authority is None:
        raise _not_by_anybody(name, any(found.issuer == each.subject for each in authorities))
    if found.next_update_utc is None:
        raise InputFault(
            f"The list in {name} doesn't say until when it is good.", todo="Ask the authority for one that does."
        )
    try:
        extensions = {type(each.value): each for each in found.extensions}
    except (ValueError, x509.DuplicateExtension):
        raise InputFault(f"The list in {name} can't be read.", todo="Fetch it again.") from None
    number = extensions.get(x509.CRLNumber)
    return Material(
        authority=authority,
        kind="crl",
        this_update=found.last_update_utc,
        next_update=found.next_update_utc,
        der=found.public_bytes(serialization.Encoding.DER),
        number=str(number.value.crl_number) if number and isinstance(number.value, x509.CRLNumber) else "",
        revoked=len(found),
        scope=_scope(extensions, name),
    )


def _scope(extensions: dict[type, x509.Extension[x509.ExtensionType]], name: str) -> tuple[str, ...]:
    """The addresses for which the list stands. Raises InputFault where it is no whole list for people's
    certificates."""
    if x509.DeltaCRLIndicator in extensions or any(
        each.critical and kind not in _HANDLED for kind, each in extensions.items()
    ):
        raise InputFault(
            f"{name} lists changes only, or is of a kind that isn't understood.",
            todo="Give the authority's whole list.",
        )
    point = extensions.get(x509.IssuingDistributionPoint)
    if point is None:
        return ()
    value = point.value
    assert isinstance(value, x509.IssuingDistributionPoint)
    if (
        value.indirect_crl
        or value.only_some_reasons
        or value.only_contains_ca_certs
        or value.only_contains_attribute_certs
    ):
        raise InputFault(
            f"{name} lists some revoked certificates only.", todo="Give the authority's list of people's certificates."
        )
    if value.relative_name is not None:
        raise InputFault(
            f"{name} doesn't say by an address for which certificates it stands.",
            todo="Give the authority's whole list.",
        )
    return tuple(
        sorted(each.value for each in value.full_name or () if isinstance(each, x509.UniformResourceIdentifier))
    )


def _signed_list(found: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) or not isinstance(
        found.signature_hash_algorithm, _HASHES
    ):
        return False
    return _may(authority, "crl_sign") and found.is_signature_valid(key)


def _answer(answer: ocsp.OCSPResponse, authorities: Sequence[x509.Certificate], name: str) -> Material:
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise InputFault(f"{name} is a responder's refusal.", todo="Ask the authority again.")
    singles = list(answer.responses)
    if len(singles) != 1:
        raise InputFault(f"{name} answers for {len(singles)} certificates.", todo="Ask for one certificate at a time.")
    (single,) = singles
    authority = next((each for each in authorities if _asked_of(single, each)), None)
    if authority is None or not _signed_answer(answer, authority):
        raise _not_by_anybody(name, authority is not None)
    if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise InputFault(
            f"In {name} the authority says that it doesn't know the certificate.", todo="Ask the signer who issued it."
        )
    reason = single.revocation_reason
    return Material(
        authority=authority,
        kind="ocsp",
        this_update=single.this_update_utc,
        next_update=single.next_update_utc or single.this_update_utc + ANSWER_LIFE,
        der=answer.public_bytes(serialization.Encoding.DER),
        serial=f"{single.serial_number:x}",
        revoked_at=single.revocation_time_utc,
        reason=(reason.value if reason else "unspecified") if single.revocation_time_utc else "",
    )


def _asked_of(single: ocsp.OCSPSingleResponse, authority: x509.Certificate) -> bool:
    """Whether the answer names ``authority`` as the certificate's issuer, by the digests of its name and key (RFC 6960
    §4.1.1)."""
    name = hashes.Hash(single.hash_algorithm)
    name.update(authority.subject.public_bytes())
    key = hashes.Hash(single.hash_algorithm)
    key.update(_key_bits(authority))
    return (single.issuer_name_hash, single.issuer_key_hash) == (name.finalize(), key.finalize())


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The subject public key's bits, without the wrapper that says of what kind it is."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _signed_answer(answer: ocsp.OCSPResponse, authority: x509.Certificate) -> bool:
    """Whether the authority signed the answer, or a responder that it certified for it and whose own revocation isn't
    asked."""
    digest = answer.signature_hash_algorithm
    if not isinstance(digest, _HASHES):
        return False
    responders = [each for each in answer.certificates if _is_responder(each, authority, answer.produced_at_utc)]
    return any(_verifies(each, answer, digest) for each in (authority, *responders))


def _is_responder(certificate: x509.Certificate, authority: x509.Certificate, moment: datetime) -> bool:
    if certificate == authority or not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        return False
    try:
        certificate.verify_directly_issued_by(authority)
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, x509.DuplicateExtension):
        return False
    strong = isinstance(certificate.signature_hash_algorithm, _HASHES) and strong_key(certificate.public_key())
    return strong and ExtendedKeyUsageOID.OCSP_SIGNING in purposes


def _verifies(certificate: x509.Certificate, answer: ocsp.OCSPResponse, digest: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may(certificate: x509.Certificate, what: str) -> bool:
    """Whether the certificate's key usage, where it states any, includes ``what``."""
    try:
        return bool(getattr(certificate.extensions.get_extension_for_class(x509.KeyUsage).value, what))
    except x509.ExtensionNotFound:
        return True
    except (x509.DuplicateExtension, ValueError):
        return False


def _not_by_anybody(name: str, named: bool) -> InputFault:
    if named:
        return InputFault(
            f"{name} names an authority that is on record but was not signed by it.",
            todo="Fetch it again; don't use this one.",
        )
    return InputFault(
        f"{name} is by no authority that is on record.",
        todo="Record the authority first with `cpdocs keys import-ca`, or leave it.",
    )

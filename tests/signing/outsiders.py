"""Authorities that aren't ours, the people whom they certify, and what they say of revocation: made on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cpdocs.signing.keyfiles import KeyPair, certificate_der

NPI_AS_SERIAL = {NameOID.SERIAL_NUMBER: "NPI:{npi}"}
HOSPITAL = "Example Health Center"


def _name(parts: Mapping[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts.items()])


@dataclass(frozen=True)
class Outsider:
    """An authority elsewhere, as of ``now``."""

    pair: KeyPair
    now: datetime

    @classmethod
    def open(
        cls,
        now: datetime,
        *,
        name: str = "Example Hospital Issuing CA",
        is_ca: bool = True,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> Outsider:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name({NameOID.ORGANIZATION_NAME: HOSPITAL, NameOID.COMMON_NAME: name})
        builder = _begin(subject, subject, key.public_key(), now - timedelta(days=500), now + timedelta(days=500))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        for each in extensions:
            builder = builder.add_extension(each, critical=True)
        return cls(KeyPair(key, builder.sign(key, hashes.SHA256())), now)

    @property
    def der(self) -> bytes:
        return certificate_der(self.pair.certificate)

    def certify(
        self,
        npi: str,
        *,
        parts: Mapping[x509.ObjectIdentifier, str] | None = None,
        uris: Sequence[str] = (),
        organization: str = HOSPITAL,
        is_ca: bool = False,
        usage: Sequence[str] | None = ("digital_signature",),
        purposes: Sequence[x509.ObjectIdentifier] = (),
        list_at: str = "",
        days: tuple[int, int] = (-30, 300),
    ) -> KeyPair:
        """A person's certificate; ``parts`` of the subject with ``{npi}`` in them say where the NPI stands."""
        key = ec.generate_private_key(ec.SECP256R1())
        stated = {oid: text.format(npi=npi) for oid, text in (NPI_AS_SERIAL if parts is None else parts).items()}
        subject = _name({NameOID.ORGANIZATION_NAME: organization, NameOID.COMMON_NAME: "Olga Examplesen"} | stated)
        issuer = self.pair.certificate.subject
        builder = _begin(
            subject, issuer, key.public_key(), self.now + timedelta(days=days[0]), self.now + timedelta(days=days[1])
        )
        flags = dict.fromkeys(
            (
                *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
            ),
            False,
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        if usage is not None:
            builder = builder.add_extension(x509.KeyUsage(**flags | dict.fromkeys(usage, True)), critical=True)
        if uris:
            names = [x509.UniformResourceIdentifier(each.format(npi=npi)) for each in uris]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if list_at:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(list_at)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        return KeyPair(key, builder.sign(self.pair.key, hashes.SHA256()), (self.pair.certificate,))

    def crl(
        self,
        revoked: Sequence[tuple[KeyPair, datetime, str]] = (),
        *,
        made: datetime | None = None,
        life: timedelta = timedelta(days=7),
        point: x509.IssuingDistributionPoint | None = None,
        delta: bool = False,
        signer: KeyPair | None = None,
    ) -> bytes:
        """This authority's list (DER): certificates taken back, since when, and why; signed by ``signer`` in its name
        if given."""
        made = made or self.now - timedelta(hours=1)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.pair.certificate.subject)
        builder = builder.last_update(made).next_update(made + life).add_extension(x509.CRLNumber(7), critical=False)
        if point is not None:
            builder = builder.add_extension(point, critical=True)
        if delta:
            builder = builder.add_extension(x509.DeltaCRLIndicator(6), critical=True)
        for pair, at, reason in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(pair.certificate.serial_number).revocation_date(at)
            entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags(reason)), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign((signer or self.pair).key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def answer(
        self,
        pair: KeyPair,
        *,
        status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
        at: datetime | None = None,
        made: datetime | None = None,
        life: timedelta | None = timedelta(days=1),
        responder: KeyPair | None = None,
    ) -> bytes:
        """This authority's answer (DER) about one certificate, signed by itself or by a ``responder``."""
        made = made or self.now - timedelta(hours=1)
        by = responder or self.pair
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=pair.certificate,
            issuer=self.pair.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=made,
            next_update=made + life if life else None,
            revocation_time=at if status is ocsp.OCSPCertStatus.REVOKED else None,
            revocation_reason=x509.ReasonFlags.key_compromise if status is ocsp.OCSPCertStatus.REVOKED else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
        if responder is not None:
            builder = builder.certificates([responder.certificate])
        return builder.sign(by.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def responder(self, *, for_ocsp: bool = True, by: Outsider | None = None) -> KeyPair:
        """A key that answers for this authority, certified by it (or by somebody else) for that, or not for that."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer = by or self
        subject = _name({NameOID.COMMON_NAME: "Example Responder"})
        span = (self.now - timedelta(days=1), self.now + timedelta(days=1))
        builder = _begin(subject, self.pair.certificate.subject, key.public_key(), *span)
        purpose = ExtendedKeyUsageOID.OCSP_SIGNING if for_ocsp else ExtendedKeyUsageOID.EMAIL_PROTECTION
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).add_extension(
            x509.OCSPNoCheck(), critical=False
        )
        return KeyPair(key, builder.sign(signer.pair.key, hashes.SHA256()))


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    start: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)

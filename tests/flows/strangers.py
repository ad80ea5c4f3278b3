"""A signer elsewhere: pyHanko as it comes, keys made on the spot, the true clock; nothing of ours but the field's
name."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from cpdocs.signing.field_names import FIELD_OF_SLOT, MEANING

ACROBAT, PADES = SigSeedSubFilter.ADOBE_PKCS7_DETACHED, SigSeedSubFilter.PADES
REASONS = {FIELD_OF_SLOT[slot]: words for slot, words in MEANING.items()}
"""What the fields' seed values let a program state as the reason."""
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def new_key(kind: str) -> Key:
    """``rsa`` or ``p256``."""
    return rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Stranger:
    """A key, its certificate, and the chain that its program puts into signatures."""

    key: Key
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def self_signed(cls, name: str, kind: str = "rsa", *, begins: datetime | None = None) -> Stranger:
        """A digital ID as a reader program makes one: valid from now on by the true clock."""
        key = new_key(kind)
        begins = begins or datetime.now(UTC) - timedelta(minutes=5)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        builder = (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=700))
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    def certificate_file(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def sign(self, data: bytes, field: str = "PCPSig", subfilter: SigSeedSubFilter = ACROBAT) -> bytes:
        """``data`` with ``field`` signed, appended as a new revision."""
        return sign_with(_signer(self), data, field, subfilter)


def from_p12(file: Path, passphrase: bytes) -> signers.SimpleSigner:
    """pyHanko's signer for a digital ID that we made."""
    signer = signers.SimpleSigner.load_pkcs12(str(file), passphrase=passphrase)
    assert signer is not None
    return signer


def sign_with(
    signer: signers.Signer, data: bytes, field: str = "PCPSig", subfilter: SigSeedSubFilter = ACROBAT
) -> bytes:
    """As :meth:`Stranger.sign`, with any signer of pyHanko's."""
    meta = signers.PdfSignatureMetadata(
        field_name=field, subfilter=subfilter, md_algorithm="sha256", reason=REASONS[field]
    )
    out = io.BytesIO()
    signers.PdfSigner(meta, signer).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(data)), output=out, existing_fields_only=True
    )
    return out.getvalue()


def request(key: Key, path: Path) -> Path:
    """A certificate request, as an office makes it for a key that never leaves it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Front Desk")])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return path


def _signer(stranger: Stranger) -> signers.SimpleSigner:
    store = SimpleCertificateStore()
    store.register_multiple([_asn1(each) for each in stranger.chain])
    private = stranger.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = asn1_keys.PrivateKeyInfo.load(private)
    return signers.SimpleSigner(signing_cert=_asn1(stranger.certificate), signing_key=info, cert_registry=store)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))

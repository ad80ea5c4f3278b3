"""What long-term signers append: validation material and document time stamps, from an authority made on the spot."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from functools import cache

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from cpdocs.signing.field_names import MEANING, SLOT_OF_FIELD
from cpdocs.signing.keyfiles import KeyPair
from tests.signing import builder as b


@cache
def clock() -> KeyPair:
    """A time stamping authority that nobody certified."""
    key = b.rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Time Stamps")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=1000))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(key, certificate)


def clock_der() -> bytes:
    return clock().certificate.public_bytes(serialization.Encoding.DER)


def stamper(at: datetime | None = None) -> DummyTimeStamper:
    private = clock().key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = asn1_x509.Certificate.load(clock_der())
    store = SimpleCertificateStore()
    store.register(certificate)
    return DummyTimeStamper(certificate, keys.PrivateKeyInfo.load(private), certs_to_embed=store, fixed_dt=at)


def sign_with_stamp(data: bytes, field: str, pair: KeyPair, at: datetime | None = None) -> bytes:
    """PAdES with a time stamp in the signature."""
    meta = signers.PdfSignatureMetadata(
        field_name=field, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", reason=MEANING[SLOT_OF_FIELD[field]]
    )
    signer = signers.PdfSigner(meta, signer=b.signer_of(pair), timestamper=stamper(at))
    return bytes(signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), existing_fields_only=True).getbuffer())


def with_validation_material(data: bytes) -> bytes:
    """A security store with certificates appended, as Acrobat's "add verification information" does."""
    certificates = [asn1_x509.Certificate.load(clock_der()), b.signer_of(b.office().clinician()).signing_cert]
    signature = PdfFileReader(io.BytesIO(data)).embedded_signatures[-1]
    out = io.BytesIO(data)
    DocumentSecurityStore.add_dss(out, sig_contents=signature.pkcs7_content.hex().encode("ascii"), certs=certificates)
    return out.getvalue()


def with_document_stamp(data: bytes, at: datetime | None = None) -> bytes:
    """A document time stamp appended in a field of its own."""
    out = signers.PdfTimeStamper(stamper(at)).timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), "sha256")
    return bytes(out.getbuffer())

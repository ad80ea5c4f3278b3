"""One signature appended to a PDF: the increment that the seal, ``sign`` and the closing are made of.

pyHanko builds the CMS and fills the reserved place; what is written beside it is decided here and is as little as can
be: the signature, its field, its picture. The document information, the XMP packet and the PDF version stay as they
are, since a change there would break PDF/A-2a and look like tampering to the next reader.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from cpdocs.signing.keyfiles import KeyPair, certificate_der
from cpdocs.signing.objects import pdf as pdf_object
from cpdocs.signing.timestamps import asking, size_of_answer

if TYPE_CHECKING:
    from cpdocs.signing.appearance import Picture

DIGEST = "sha256"
_AROUND = 2048
"""Names, digests and attributes beside the certificates and the signature value: under a kilobyte."""


class Format(Enum):
    """How the signature is packed. We make PAdES; Acrobat's older form is what many of the returned files hold."""

    PADES = SigSeedSubFilter.PADES
    ADOBE_DETACHED = SigSeedSubFilter.ADOBE_PKCS7_DETACHED


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signature says in its dictionary: who signs, what it means, when by the signer's own clock (aware)."""

    name: str
    reason: str
    signed_at: datetime
    location: str = ""
    contact: str = ""


class Increment(IncrementalPdfFileWriter):
    """Writes exactly what is asked for: no new dates, no new XMP packet, and a file id that the content gives."""

    def __init__(self, pdf: bytes, label: str) -> None:
        super().__init__(BytesIO(pdf + (b"" if pdf.endswith((b"\n", b"\r")) else b"\n")))
        first = self._document_id[0]
        self._document_id = generic.ArrayObject(
            [first, generic.ByteStringObject(sha256(pdf + label.encode()).digest()[:16])]
        )

    def _update_meta(self) -> None:
        """Leaves the document information and the XMP packet alone."""

    def whole(self) -> bytes:
        """The file with its increment."""
        out = BytesIO()
        IncrementalPdfFileWriter.write(self, out)
        return out.getvalue()


class KeySigner(Signer):
    """Signs with a key held in memory, used as it is: pyHanko's own signer loads and checks an RSA key at each use."""

    def __init__(self, pair: KeyPair) -> None:
        store = SimpleCertificateStore()
        store.register_multiple([_asn1(certificate) for certificate in pair.chain])
        super().__init__(signing_cert=_asn1(pair.certificate), cert_registry=store)
        self._key = pair.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        del dry_run
        assert digest_algorithm == DIGEST
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def append_signature(
    pdf: bytes,
    field: str,
    pair: KeyPair,
    statement: Statement,
    *,
    certify: bool = False,
    final: bool = False,
    picture: Picture | None = None,
    packing: Format = Format.PADES,
    timestamper: TimeStamper | None = None,
) -> bytes:
    """``pdf`` with the empty field ``field`` signed by ``pair``: the bytes given, unchanged, and an increment behind
    them.

    The field's own lock is carried into the signature. ``certify`` makes it the author's signature that allows filling
    in and signing and nothing else (DocMDP P=2), with ``final`` nothing at all (P=1). ``picture`` becomes the field's
    appearance. With ``timestamper`` the signature carries a time stamp (PAdES B-T); without, the same input, key and
    time give the same bytes with a P-256 key in a file.

    Raises TimestampUnavailable where the authority gave no time stamp.
    """
    room = _room(pair) + (2 * size_of_answer(timestamper) if timestamper else 0)
    out = Increment(pdf, field)
    embedder = PdfCMSEmbedder().write_cms(field_name=field, writer=out, existing_fields_only=True)
    place = next(embedder).get_object()
    if picture is not None:
        left, low, right, high = (float(side) for side in place["/Rect"])
        place["/AP"] = pdf_object({"N": picture.draw(out, right - left, high - low)})
    signer = KeySigner(pair)
    attributes = PdfCMSSignedAttributes(signing_time=statement.signed_at)
    embedder.send(
        SigObjSetup(
            sig_placeholder=SignatureObject(
                bytes_reserved=room,
                subfilter=packing.value,
                timestamp=statement.signed_at,
                name=statement.name,
                reason=statement.reason,
                location=statement.location,
                contact_info=statement.contact,
            ),
            mdp_setup=SigMDPSetup(
                md_algorithm=DIGEST,
                certify=certify,
                docmdp_perms=(MDPPerm.NO_CHANGES if final else MDPPerm.FILL_FORMS) if certify else None,
                field_lock=FieldMDPSpec.from_pdf_object(place["/Lock"]) if "/Lock" in place else None,
            ),
        )
    )
    prepared, output = embedder.send(SigIOSetup(md_algorithm=DIGEST))
    made = signer.async_sign(
        prepared.document_digest,
        DIGEST,
        use_pades=packing is Format.PADES,
        signed_attr_settings=attributes,
        timestamper=timestamper,
    )
    with asking():
        signed = asyncio.run(made)
    embedder.send(signed)
    output.seek(0)
    whole = output.read()
    assert isinstance(whole, bytes)
    return whole


def _room(pair: KeyPair) -> int:
    """Hexadecimal digits to reserve for the signature: its certificates, the signature value, and what stands around
    them.

    Estimated rather than rehearsed, since building the CMS is most of what signing costs.
    """
    certificates = sum(len(certificate_der(certificate)) for certificate in (pair.certificate, *pair.chain))
    return 2 * (certificates + pair.key.key_size // 4 + _AROUND)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate_der(certificate))

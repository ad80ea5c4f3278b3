"""Closing: what a file with both signatures gets behind it, so that it can be checked when nobody can be asked any more.

The certificates and lists of revoked certificates go into a document security store, and where a time-stamping authority is
at hand a document time stamp covers all of it (PAdES B-LTA; without one the store alone). Both are appended: the file that
came back stays, byte for byte, the beginning of the file that is kept (signing.md, "Closing").
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from io import BytesIO

from asn1crypto import cms, crl
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation.dss import DocumentSecurityStore

from cpdocs.signing.increment import DIGEST, Increment
from cpdocs.signing.timestamps import TimestampUnavailable

TIMESTAMP_FIELD = "ClosingTimestamp"
_SPARE = 1024


def close(pdf: bytes, *, certificates: Iterable[bytes] = (), crls: Iterable[bytes] = (), timestamper: TimeStamper | None = None) -> bytes:
    """``pdf`` with its validation material appended, and a document time stamp where ``timestamper`` is given.

    ``certificates`` and ``crls`` (DER) are those of our own authorities; the certificates that came inside the signatures
    are taken from them. The result begins with exactly ``pdf``. ``pdf`` must be a file whose signatures were accepted.

    Raises:
        TimestampUnavailable: the authority gave no time stamp; nothing was made.
    """
    kept = _with_store(pdf, certificates, crls)
    return kept if timestamper is None else _with_timestamp(kept, timestamper)


def _with_store(pdf: bytes, certificates: Iterable[bytes], crls: Iterable[bytes]) -> bytes:
    found = {der: asn1_x509.Certificate.load(der) for der in certificates}
    for signature in PdfFileReader(BytesIO(pdf)).embedded_signatures:
        for choice in signature.signed_data["certificates"]:
            if choice.name == "certificate":
                found.setdefault(choice.chosen.dump(), choice.chosen)
    out = Increment(pdf, "dss")
    DocumentSecurityStore.supply_dss_in_writer(
        out, None, certs=[found[der] for der in sorted(found)], crls=[crl.CertificateList.load(der) for der in sorted(set(crls))]
    )
    return out.whole()


def _with_timestamp(pdf: bytes, timestamper: TimeStamper) -> bytes:
    """The file with a document time stamp over all of it, in an invisible field of its own."""
    # Asked once for nothing, to know how long an answer is.
    reserved = 2 * (len(_ask(timestamper, bytes(32)).dump()) + _SPARE)
    out = Increment(pdf, TIMESTAMP_FIELD)
    spec = SigFieldSpec(
        TIMESTAMP_FIELD,
        readable_field_name="Time stamp of the organization's closing",
        invis_sig_settings=InvisSigSettings(set_print_flag=True, set_hidden_flag=False),
    )
    embedder = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=TIMESTAMP_FIELD, writer=out)
    next(embedder)
    embedder.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=reserved)))
    prepared, output = embedder.send(SigIOSetup(md_algorithm=DIGEST))
    embedder.send(_ask(timestamper, prepared.document_digest))
    output.seek(0)
    whole = output.read()
    assert isinstance(whole, bytes)
    return whole


def _ask(timestamper: TimeStamper, digest: bytes) -> cms.ContentInfo:
    try:
        return asyncio.run(timestamper.async_timestamp(digest, DIGEST))
    except (TimestampRequestError, SigningError, OSError, ValueError) as error:
        raise TimestampUnavailable(
            f"The time-stamping authority gave no time stamp ({type(error).__name__}).",
            todo="Check tsa_url in cpdocs.toml, then try again.",
        ) from None

"""Closing: what a file with both signatures gets behind it, so that it can be checked when nobody can be asked any
more.

The certificates and lists of revoked certificates go into a document security store, and where a time-stamping
authority is at hand a document time stamp covers all of it (PAdES B-LTA; without one the store alone). Both are
appended: the file that came back stays, byte for byte, the beginning of the file that is kept (signing.md, "Closing").
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from asn1crypto import crl, ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from cpdocs.signing.dss import inside
from cpdocs.signing.increment import DIGEST, Increment
from cpdocs.signing.timestamps import size_of_answer, stamp_over

TIMESTAMP_FIELD = "ClosingTimestamp"
"""The first one's field; a renewal's has a number behind it."""


def close(
    pdf: bytes,
    *,
    certificates: Iterable[bytes] = (),
    crls: Iterable[bytes] = (),
    answers: Iterable[bytes] = (),
    timestamper: TimeStamper | None = None,
) -> bytes:
    """``pdf`` with its validation material appended, and a document time stamp where ``timestamper`` is given.

    ``certificates``, ``crls`` and ``answers`` (OCSP; DER all) are those of the authorities; the certificates that came
    inside the signatures and time stamps are taken from them. The result begins with exactly ``pdf``. ``pdf`` must be a
    file whose signatures were accepted; one that was closed before gets the new material beside the old, and another
    time stamp over all (a renewal).

    Raises:
        TimestampUnavailable: the authority gave no time stamp; nothing was made.
    """
    kept = _with_store(pdf, certificates, crls, answers)
    return kept if timestamper is None else _with_timestamp(kept, timestamper)


def _with_store(pdf: bytes, certificates: Iterable[bytes], crls: Iterable[bytes], answers: Iterable[bytes]) -> bytes:
    found = {der: asn1_x509.Certificate.load(der) for der in certificates}
    reader = PdfFileReader(BytesIO(pdf))
    for signature in reader.embedded_signatures:
        for certificate in inside(signature.signed_data):
            found.setdefault(certificate.dump(), certificate)
    lists, said = set(crls), set(answers)
    if "/DSS" in reader.root:  # what is in the file already isn't written again
        before = DocumentSecurityStore.read_dss(reader)
        for present in before.load_certs():
            found.pop(present.dump(), None)
        lists -= {each.get_object().data for each in before.crls}
        said -= {each.get_object().data for each in before.ocsps}
        if not (found or lists or said):
            return pdf
    out = Increment(pdf, "dss")
    DocumentSecurityStore.supply_dss_in_writer(
        out,
        None,
        certs=[found[der] for der in sorted(found)],
        crls=[crl.CertificateList.load(der) for der in sorted(lists)],
        ocsps=[ocsp.OCSPResponse.load(der) for der in sorted(said)],
    )
    return out.whole()


def _with_timestamp(pdf: bytes, timestamper: TimeStamper) -> bytes:
    """The file with a document time stamp over all of it, in an invisible field of its own."""
    reserved = 2 * size_of_answer(timestamper)
    taken = {each.field_name for each in PdfFileReader(BytesIO(pdf)).embedded_signatures}
    names = (TIMESTAMP_FIELD, *(f"{TIMESTAMP_FIELD}{number}" for number in range(2, len(taken) + 3)))
    field = next(name for name in names if name not in taken)
    out = Increment(pdf, field)
    spec = SigFieldSpec(
        field,
        readable_field_name="Time stamp of the organization's closing",
        invis_sig_settings=InvisSigSettings(set_print_flag=True, set_hidden_flag=False),
    )
    embedder = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name=field, writer=out)
    next(embedder)
    embedder.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=reserved)))
    prepared, output = embedder.send(SigIOSetup(md_algorithm=DIGEST))
    embedder.send(stamp_over(timestamper, prepared.document_digest))
    output.seek(0)
    whole = output.read()
    assert isinstance(whole, bytes)
    return whole

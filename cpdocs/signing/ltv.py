"""Closing: what a file with both signatures gets behind it, so that it can be checked when nobody can be asked any
more.

The certificates and lists of revoked certificates go into a document security store, and where a time-stamping
authority is at hand a document time stamp covers all of it (PAdES B-LTA; without one the store alone). Both are
appended: the file that came back stays, byte for byte, the beginning of the file that is kept (signing.md, "Closing").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any, TypeAlias

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
from cpdocs.signing.timestamps import TimestampUnavailable, size_of_answer, stamp_over

_ROOM = re.compile(rb"<0+>")
TIMESTAMP_FIELD = "ClosingTimestamp"
"""The first one's field; a renewal's has a number behind it."""


Run: TypeAlias = "Callable[..., Any]"
"""Runs one of this module's functions that read the file, with the arguments behind it, and gives its answer."""


def _here(function: Callable[..., Any], *given: Any) -> Any:
    return function(*given)


def close(
    pdf: bytes,
    *,
    certificates: Iterable[bytes] = (),
    crls: Iterable[bytes] = (),
    answers: Iterable[bytes] = (),
    timestamper: TimeStamper | None = None,
    run: Run = _here,
) -> bytes:
    """``pdf`` with its validation material appended, and a document time stamp where ``timestamper`` is given.

    ``certificates``, ``crls`` and ``answers`` (OCSP; DER all) are those of the authorities; the certificates that came
    inside the signatures and time stamps are taken from them. The result begins with exactly ``pdf``. ``pdf`` must be a
    file whose signatures were accepted; one that was closed before gets the new material beside the old, and another
    time stamp over all (a renewal).

    What reads the file goes through ``run``, which can have it done in a confined child; the authority is asked here,
    about a digest that is made here, and its answer is put into the place kept for it.

    Raises:
        TimestampUnavailable: the authority gave no time stamp; nothing was made.
        ValueError: ``run`` gave what doesn't begin with ``pdf``, or keeps no place for a time stamp.
    """
    kept = _continuing(pdf, run(with_store, pdf, sorted(certificates), sorted(crls), sorted(answers)))
    if timestamper is None:
        return kept
    whole, start, end = run(with_room, kept, 2 * size_of_answer(timestamper))
    return _stamped(_continuing(kept, whole), start, end, timestamper)


def _continuing(before: bytes, after: bytes) -> bytes:
    if not after.startswith(before):
        raise ValueError("what was made of a file doesn't begin with it")
    return after


def _stamped(whole: bytes, start: int, end: int, timestamper: TimeStamper) -> bytes:
    """``whole`` with a time stamp over all but the place from ``start`` to ``end``, put in there in hexadecimal."""
    if not _ROOM.fullmatch(whole[start:end]):
        raise ValueError("no place is kept for the time stamp")
    digest = sha256(whole[:start] + whole[end:]).digest()
    value: bytes = stamp_over(timestamper, digest).dump().hex().encode()
    room = end - start - 2
    if len(value) > room:
        raise TimestampUnavailable(
            "The time-stamping authority's answer is larger than the one before it.", todo="Try again."
        )
    return whole[: start + 1] + value.ljust(room, b"0") + whole[end - 1 :]


def with_store(pdf: bytes, certificates: Sequence[bytes], crls: Sequence[bytes], answers: Sequence[bytes]) -> bytes:
    """``pdf`` with what isn't in its document security store yet: DER each."""
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


def with_room(pdf: bytes, size: int) -> tuple[bytes, int, int]:
    """``pdf`` with an invisible field of its own for a document time stamp over all of it, and where the value of that
    goes: from ``<`` to behind ``>``, zeros so far; ``size`` is of hexadecimal digits."""
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
    embedder.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=size)))
    prepared, output = embedder.send(SigIOSetup(md_algorithm=DIGEST))
    return output.getvalue(), prepared.reserved_region_start, prepared.reserved_region_end

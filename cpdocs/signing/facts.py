"""What a signed file says of itself, as plain values: the one place that calls pyHanko for reading.

Facts only; ``verify`` decides. Each signature is looked at on its own, so that one that can't be read (parsers throw
anything, check 11) is a fact about that signature and not the end of the examination. The library's ``bottom_line``
is never used: its parts are recorded one by one, and differences are judged by ``StrictPolicy`` or not at all.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from asn1crypto import parser as asn1_parser
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
    generic_cms,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor

from cpdocs.signing import trust as trusting
from cpdocs.signing.additions import read_additions
from cpdocs.signing.certificates import CertificateFacts, certificate_facts
from cpdocs.signing.coverage import covers
from cpdocs.signing.difference import Reader, StrictPolicy, UnclearModification, is_timestamp_field, item
from cpdocs.signing.dss import complete
from cpdocs.signing.file_facts import Additions, Change, Covers, FieldFacts, FileFacts, SignatureFacts
from cpdocs.signing.metadata import same_particulars
from cpdocs.signing.page_views import pages_differ
from cpdocs.signing.trust import Trust, Vouching

MOST_FIELDS = 64
"""Form fields beyond which a file is not looked into: a plan has three."""
MOST_SIGNATURES = 12
"""Each one costs a digest over the file: two slots, a seal, and time stamps."""

_FOR_SIGNING = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
"""One of the two is enough, as in ``certificates``; the library asks for the second unless told."""

for _library in ("pyhanko", "pyhanko_certvalidator"):
    # They log what they can't validate, with names out of the file. Facts say it; a log may not (no PHI in logs).
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)


def read_facts(
    data: bytes, trust: Trust, received_at: datetime, *, issued: bytes | None = None, most_revisions: int = 0
) -> FileFacts:
    """The facts of ``data``. Differences are judged only where ``issued`` is given, with which ``data`` must begin.

    Never raises for any bytes. ``most_revisions`` bounds those that follow the issued plan (0: no bound).
    """
    try:
        return _read(data, trust, received_at, issued, most_revisions)
    except Exception as error:  # noqa: BLE001 check 11: whatever a parser throws is a fact about the file
        return FileFacts(problem=type(error).__name__)


def _read(data: bytes, trust: Trust, received_at: datetime, issued: bytes | None, most_revisions: int) -> FileFacts:
    additions = read_additions(data, issued) if issued is not None else Additions()
    reader = Reader(data, additions.passed_over)
    revisions = reader.xrefs.total_revisions
    ours = 0
    extends = False
    if issued is not None:
        original = Reader(issued)
        ours = original.xrefs.total_revisions
        extends = _extends(reader, original, len(issued))
        if most_revisions and revisions - ours > most_revisions:
            return FileFacts(
                revisions=revisions, issued_revisions=ours, extends_issued=extends, problem="too many revisions"
            )
    found = list(_fields(reader))
    fields = tuple(
        FieldFacts(name, kind, value is not None, is_timestamp_field(field)) for name, kind, value, field in found
    )
    policy = StrictPolicy(ours) if extends else None
    filled = [(name, field) for name, kind, value, field in found if kind == "/Sig" and value is not None]
    if len(filled) > MOST_SIGNATURES:
        return FileFacts(
            fields=fields,
            revisions=revisions,
            issued_revisions=ours,
            extends_issued=extends,
            problem="too many signatures",
        )
    signatures = asyncio.run(_signatures(reader, filled, policy, trust, received_at))
    return FileFacts(
        signatures=tuple(sorted(signatures, key=lambda each: each.revision)),
        fields=fields,
        revisions=revisions,
        issued_revisions=ours,
        extends_issued=extends,
        same_particulars=extends and same_particulars(reader, ours - 1),
        material=complete(reader, trust.all_anchors),
        additions=additions,
        other_pages=pages_differ(data, issued, additions.passed_over) if issued is not None else "",
    )


def _extends(reader: Reader, original: Reader, size: int) -> bool:
    """Whether the file's first revisions are exactly the issued ones and every other lies behind the issued bytes.

    Bytes that begin with ours don't make a file that is read as ours: a later cross-reference may skip our revisions.
    """
    ours = original.xrefs.total_revisions
    if reader.xrefs.total_revisions < ours:
        return False
    for number in range(reader.xrefs.total_revisions):
        start = reader.xrefs.get_startxref_for_revision(number)
        if number < ours:
            if start != original.xrefs.get_startxref_for_revision(number):
                return False
        elif start < size:
            return False
    return not reader.xrefs.hybrid_xrefs_present


def _fields(reader: Reader) -> Iterator[tuple[str, str, Any, generic.DictionaryObject]]:
    """Every field of the form, depth first: full name, type, value, dictionary."""
    form = item(reader.root, "/AcroForm")
    if not isinstance(form, generic.DictionaryObject):
        return
    waiting: list[tuple[Any, str, str]] = [(each, "", "") for each in reversed(list(form["/Fields"]))]
    seen = 0
    while waiting:
        entry, parent, inherited = waiting.pop()
        seen += 1
        if seen > MOST_FIELDS:
            raise ValueError("more form fields than are looked into")
        field = entry.get_object()
        if not isinstance(field, generic.DictionaryObject):
            raise TypeError("a form field is no dictionary")
        kind = str(item(field, "/FT", inherited))
        partial = str(field["/T"]) if "/T" in field else ""
        name = ".".join(part for part in (parent, partial) if part)
        kids = [each for each in item(field, "/Kids", ()) if "/T" in each.get_object()]
        if kids:
            waiting += [(each, name, kind) for each in reversed(kids)]
            continue
        yield name, kind, item(field, "/V"), field


async def _signatures(
    reader: Reader,
    filled: list[tuple[str, generic.DictionaryObject]],
    policy: StrictPolicy | None,
    trust: Trust,
    received_at: datetime,
) -> list[SignatureFacts]:
    """The signatures' facts. Once one signature's successors can't be explained, later differences are not judged: they
    would be measured from a revision that a stranger made up."""
    embedded: list[tuple[str, generic.DictionaryObject, EmbeddedPdfSignature | None, str]] = []
    for name, field in filled:
        try:
            embedded.append((name, field, EmbeddedPdfSignature(reader, field, name), ""))
        except Exception as error:  # noqa: BLE001 check 11
            embedded.append((name, field, None, type(error).__name__))
    embedded.sort(key=lambda each: each[2].signed_revision if each[2] else -1)
    stamps = await _stamps([each[2] for each in embedded if each[2] is not None], trust, received_at)
    facts: list[SignatureFacts] = []
    for name, field, signature, problem in embedded:
        if signature is None:
            facts.append(SignatureFacts(name, is_timestamp_field(field), problem))
            continue
        if any(each.change in (Change.OTHER, Change.UNCLEAR) for each in facts):
            policy = None
        try:
            proven = min((at for revision, at in stamps if revision > signature.signed_revision), default=received_at)
            facts.append(await _signature(signature, policy, trust, received_at, proven))
        except Exception as error:  # noqa: BLE001 check 11
            facts.append(
                SignatureFacts(
                    name, is_timestamp_field(field), type(error).__name__, revision=signature.signed_revision
                )
            )
    return facts


async def _stamps(
    signatures: list[EmbeddedPdfSignature], trust: Trust, received_at: datetime
) -> list[tuple[int, datetime]]:
    """The document time stamps that are believed, with their revision and time, the newest first. Each must have been
    good when the next one was laid over it: that is what stamping an archive anew is for."""
    found: list[tuple[int, datetime]] = []
    moment = received_at
    for signature in sorted(signatures, key=lambda each: each.signed_revision, reverse=True):
        if signature.sig_object_type != "/DocTimeStamp" or not trust.timestamp_roots:
            continue
        with suppress(Exception):  # check 11: what kept it from being read is told as a fact about that stamp
            status: Any = await async_validate_pdf_timestamp(
                signature, _context(trust.timestamp_roots, (), moment), skip_diff=True
            )
            if status.intact and status.valid and status.trusted and covers(signature) is not Covers.UNCLEAR:
                moment = min(moment, status.timestamp)
                found.append((signature.signed_revision, moment))
    return found


async def _signature(
    signature: EmbeddedPdfSignature, policy: StrictPolicy | None, trust: Trust, received_at: datetime, proven: datetime
) -> SignatureFacts:
    """``proven``: the time of the first time stamp that is believed and lies over the signature; ``received_at``
    without any."""
    is_timestamp = signature.sig_object_type == "/DocTimeStamp"
    der = signature.signer_cert.dump()
    certificate = certificate_facts(der, trust)
    # With the cure in place every difference is worth judging; without an issued plan to judge from, none is.
    skip = policy is None
    status: Any
    value, hidden = _value(signature.pkcs7_content)
    if is_timestamp:
        context = _context(trust.timestamp_roots, (), proven)
        status = await async_validate_pdf_timestamp(signature, context, diff_policy=policy, skip_diff=skip)
        timestamp_at, timestamp_trusted = status.timestamp, status.trusted
        judged_at = proven
    else:
        judged_at = _judged_at(signature, certificate, trust, received_at, proven)
        outside = certificate is not None and certificate.vouching is Vouching.OUTSIDE
        context = _context(
            trusting.anchors(trust, der), (*trust.issuing, *trust.in_person), judged_at, as_constrained=outside
        )
        stamp_context = _context(trust.timestamp_roots, (), proven)
        status = await async_validate_pdf_signature(
            signature, context, stamp_context, key_usage_settings=_FOR_SIGNING, diff_policy=policy, skip_diff=skip
        )
        stamp = status.timestamp_validity
        timestamp_at = stamp.timestamp if stamp is not None else None
        timestamp_trusted = bool(stamp is not None and stamp.intact and stamp.valid and stamp.trusted)
    start2, length2 = int(signature.byte_range[2]), int(signature.byte_range[3])
    return SignatureFacts(
        field=signature.field_name,
        is_timestamp=is_timestamp,
        certificate=certificate,
        intact=bool(status.intact) and not hidden,
        valid=bool(status.valid),
        chain_ok=bool(status.trusted),
        judged_at=judged_at,
        covers=covers(signature),
        end=start2 + length2,
        revision=signature.signed_revision,
        change=_change(signature, judged=not skip),
        certifies=_certifies(signature),
        claimed_at=None if is_timestamp else _claimed(signature),
        timestamp_at=timestamp_at,
        timestamp_trusted=timestamp_trusted,
        digest=str(signature.md_algorithm),
        signed_with=_signed_with(signature),
        attributes_signed=bool(signature.signer_info["signed_attrs"].native),
        reason=str(item(signature.sig_object, "/Reason", "")),
        subfilter=str(item(signature.sig_object, "/SubFilter", "")),
        blob_sha256=sha256(value).hexdigest(),
        covered_sha256=_sha256_up_to(signature, start2 + length2),
    )


def _sha256_up_to(signature: EmbeddedPdfSignature, end: int) -> str:
    """The digest of the file up to ``end``; empty where the file is shorter."""
    stream = signature.reader.stream
    stream.seek(0)
    covered = stream.read(max(end, 0))
    return sha256(covered).hexdigest() if len(covered) == end else ""


def _value(contents: bytes) -> tuple[bytes, bool]:
    """The signature value, and whether anything is hidden behind it: its place is longer, filled with zeros, and
    covered by no digest."""
    element = asn1_parser.peek(contents)
    return contents[:element], any(contents[element:])


def _judged_at(
    signature: EmbeddedPdfSignature,
    certificate: CertificateFacts | None,
    trust: Trust,
    received_at: datetime,
    proven: datetime,
) -> datetime:
    """The moment at which the certificate must be valid: receipt, which is proven; for a one-time key that lived
    minutes, the witnessed signing; for an expired one under a document time stamp that is believed, that one's time;
    for one with a time stamp, the stamp's time (believed only if the stamp is). In a sandbox whose clock stands before
    the certificate was made, the signer's clock, as far as it can be true."""
    if certificate is None:
        return received_at
    witnessed = trust.witnessed.get(certificate.fingerprint)
    if witnessed is not None:
        return witnessed.at
    if certificate.not_after < received_at and trust.timestamp_roots:
        if proven <= certificate.not_after:
            return proven
        for stamp in generic_cms.extract_tst_data_iter(signature.signer_info, signed=False):
            stamped: datetime = stamp["encap_content_info"]["content"].parsed["gen_time"].native
            return min(stamped, received_at)
    claimed = _claimed(signature)
    if (
        received_at < certificate.not_before
        and claimed is not None
        and received_at < claimed <= trust.latest_claim(received_at)
    ):
        return claimed
    return received_at


def _context(
    roots: tuple[bytes, ...], others: tuple[bytes, ...], moment: datetime, *, as_constrained: bool = False
) -> ValidationContext:
    """Nothing is fetched, and revocation is not asked of the library: for our own authorities the ledger knows, and of
    outside ones ``slotchecks`` requires it, which no mode of the library does where material is imported (check 9).

    ``as_constrained``: an anchor's own constraints on names and policies hold for what it signed.
    """
    return ValidationContext(
        trust_roots=[CertTrustAnchor(_asn1(der), derive_default_quals_from_cert=as_constrained) for der in roots],
        other_certs=[_asn1(der) for der in others],
        moment=moment,
        best_signature_time=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )


def _asn1(der: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der)


def _signed_with(signature: EmbeddedPdfSignature) -> str:
    """The digest of the signature's own method; what a signer states of the file's digest may be another."""
    try:
        return str(signature.signer_info["signature_algorithm"].hash_algo)
    except ValueError:  # a method that names none takes the file's
        return str(signature.md_algorithm)


_LEVELS = {
    ModificationLevel.NONE: Change.NONE,
    ModificationLevel.LTA_UPDATES: Change.ARCHIVAL,
    ModificationLevel.FORM_FILLING: Change.SIGNATURES,
}


def _change(signature: EmbeddedPdfSignature, *, judged: bool) -> Change:
    if not judged:
        return Change.NOT_JUDGED
    result: Any = signature.diff_result  # annotated None likewise
    if isinstance(result, DiffResult):
        return _LEVELS.get(result.modification_level, Change.OTHER)
    return Change.UNCLEAR if isinstance(result, UnclearModification) else Change.OTHER


def _certifies(signature: EmbeddedPdfSignature) -> int:
    """The DocMDP permission (1 to 3) of a certification; 0 for an approval."""
    references: Any = item(signature.sig_object, "/Reference", ())
    for reference in references:
        found = reference.get_object()
        if item(found, "/TransformMethod") == "/DocMDP":
            return int(found["/TransformParams"]["/P"])
    return 0


def _claimed(signature: EmbeddedPdfSignature) -> datetime | None:
    """The signer's own clock, from the signed attributes or ``/M``; UTC where it names no zone."""
    claimed: Any
    try:
        claimed = signature.self_reported_timestamp
    except ValueError:
        return None
    if not isinstance(claimed, datetime):
        return None
    return claimed if claimed.tzinfo else claimed.replace(tzinfo=UTC)

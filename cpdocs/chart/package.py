"""What goes into the package of one complete version, file by file (ehr.md, "The package").

<target>/<document id>/
    <upload name>.pdf        the rendition for the chart, with the signature certificate page
    index.csv                one line for the import job
    audit.html  audit.jsonl  the trail, for people and for machines
    originals/               the issued file and every returned file that counts, byte for byte
    closed/                  each signed file with its validation material, and a time stamp where an authority is set
    check/                   programs and keys for whoever checks it without cpdocs
    SHA256SUMS               digests, for `sha256sum -c`
    manifest.json            every file with its SHA-256, signed; written last
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from cpdocs.chart.attestations import attestations
from cpdocs.chart.description import Shelf, describe, index_file, manifest_facts, signed_on
from cpdocs.chart.long_term import Closed, Closer, kept_json
from cpdocs.core.events import EventType, document_subject, return_subject
from cpdocs.core.file_kind import kind_of
from cpdocs.core.page_facts import NamedPage
from cpdocs.core.page_names import named_pages
from cpdocs.core.plan_record import KeptFile, PlanRecord
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.errors import AnswerIsNo, CpdocsError
from cpdocs.filing.check import UPLOAD
from cpdocs.filing.manifest import NAME, PackageFile, build_manifest
from cpdocs.filing.outsiders import check_files, sums
from cpdocs.filing.targets import document_type, upload_name
from cpdocs.filing.trail import Entry, trail_html, trail_jsonl
from cpdocs.ledger.checkpoint import load_checkpoint_key, public_bytes
from cpdocs.ledger.events import decode
from cpdocs.trail.audit import sign_now

if TYPE_CHECKING:
    from cpdocs.filing.rendition import Upload
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

_IN_THE_FILE = (Evidence.DIGITAL_SIGNATURE, Evidence.WITNESSED_SIGNATURE)


class ActiveOriginal(AnswerIsNo):
    """An original of this version acts, is protected or can't be searched: no chart may be given it."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built package: its folder under outbox/ehr/ (POSIX), its files with the manifest last, and what pins them."""

    folder: str
    files: tuple[PackageFile, ...]
    upload_sha256: str
    manifest_sha256: str
    closed: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class _Return:
    """A returned file that counts: its bytes, and whether its signatures are in it (else it is a scan)."""

    data: bytes
    signed: bool

    @property
    def suffix(self) -> str:
        return kind_of(self.data) or "bin"


def build_package(ws: Workspace, record: PlanRecord, shelf: Shelf) -> Package:
    """Every file of the package; nothing is recorded but the checkpoint that it carries, nothing put out.

    Raises TimestampUnavailable where a configured authority gives no time stamp, another WorkspaceFault where stored
    bytes are missing or damaged, InputFault where a returned scan can't be drawn, ActiveOriginal where a file that came
    back holds something that acts, however it was accepted.
    """
    returns = _returns(ws, record)
    _refuse_what_acts(ws, returns)
    closer = Closer(ws)
    closed = [closer.close(data) for data in _whole(closer.as_signed(each.data) for each in returns if each.signed)]
    signed = sign_now(ws)
    title = ws.options.plan_titles[record.program]
    description = describe(record, title)
    originals = _originals(ws, record, returns)
    for number, each in enumerate(closed, start=1):
        name = record.document_id if len(closed) == 1 else f"{record.document_id}-{number}"
        originals.append(PackageFile(f"closed/{name}.pdf", each.data, "closed"))
    upload = _upload(ws, record, shelf, returns, closed, signed.note, originals, description)
    kind = document_type(shelf.target, record.program, title, part2=record.part2)
    # A second package of the same version, after an approval was taken back, has names of its own.
    again = f"-{len(record.filings_before) + 1}" if record.filings_before else ""
    name = upload_name(
        shelf.target.file_name,
        document_id=record.document_id,
        mrn=shelf.member.mrn,
        document_type=kind,
        day=signed_on(record),
        version=record.version,
    ).replace(".pdf", f"{again}.pdf")
    upload_file = PackageFile(name, upload.pdf, UPLOAD)
    files = [
        upload_file,
        PackageFile("index.csv", index_file(record, shelf, upload_file, upload.pages, kind, description), "index"),
        *_trail(ws, record, signed.note, signed.head.size, description),
        *originals,
    ]
    key = load_checkpoint_key(ws.paths.keys / "checkpoint.key")
    files += check_files(public_bytes(key), _root(ws))
    files.append(sums(files))
    facts = manifest_facts(ws, record, shelf, kind, description, signed.note)
    facts["long_term"] = [kept_json(each.kept) for each in closed]
    manifest = build_manifest(facts, files, key.sign)
    files.append(PackageFile(NAME, manifest, "manifest"))
    for file in files:
        ws.blobs.put(file.data)
    # The folder's name says nothing and is never given twice, whatever the site calls the upload PDF.
    folder = f"{shelf.target.name}/{record.document_id}{again}"
    return Package(folder, tuple(files), upload_file.sha256, files[-1].sha256, tuple(each.kept for each in closed))


def _root(ws: Workspace) -> bytes:
    """The organization's root certificate; empty where it isn't kept here."""
    from cpdocs.keys.rotation import read_certificate_of

    try:
        return read_certificate_of(ws, "root").public_bytes(Encoding.DER)
    except (CpdocsError, OSError):
        return b""


def _returns(ws: Workspace, record: PlanRecord) -> list[_Return]:
    """The returned files that fill the slots, each once, in the order received."""
    seen: dict[str, bool] = {}
    for fill in sorted(record.fills.values(), key=lambda fill: fill.seq):
        for digest in filter(None, (fill.return_sha256, *fill.further)):
            seen[digest] = seen.get(digest, False) or fill.evidence in _IN_THE_FILE
    return [_Return(ws.blobs.get(digest), signed) for digest, signed in seen.items()]


def _refuse_what_acts(ws: Workspace, returns: Sequence[_Return]) -> None:
    """The last door before the chart: what the gate knew when a file came may be less than it knows today."""
    from cpdocs.sandbox.drawing import what_acts
    from cpdocs.signing.record import Limits

    limits = Limits(ws.options.max_return_bytes, ws.options.max_return_pages)
    for each in returns:
        if acts := what_acts(each.data, limits):
            name = sha256(each.data).hexdigest()[:12]
            raise ActiveOriginal(
                f"The returned file {name} holds {', '.join(acts)}; a chart must not be given it.",
                todo="Ask for a plain scan or the signed plan, and issue the plan anew if need be.",
            )


def _whole(signed: Iterable[bytes]) -> list[bytes]:
    """The signed files that no other one continues: signing in turn appends, so the last one begins with the others."""
    files = list(signed)
    return [data for data in files if not any(other != data and other.startswith(data) for other in files)]


def _originals(ws: Workspace, record: PlanRecord, returns: Sequence[_Return]) -> list[PackageFile]:
    files = [PackageFile("originals/issued.pdf", ws.blobs.get(record.sha256), "issued")]
    for number, each in enumerate(returns, start=1):
        files.append(PackageFile(f"originals/returned-{number}.{each.suffix}", each.data, "returned"))
    return files


def _upload(
    ws: Workspace,
    record: PlanRecord,
    shelf: Shelf,
    returns: Sequence[_Return],
    closed: Sequence[Closed],
    checkpoint: str,
    originals: Sequence[PackageFile],
    description: str,
) -> Upload:
    from cpdocs.documents.certificate import CertificatePaper, render_certificate
    from cpdocs.documents.filed_bands import FiledBand, render_bands
    from cpdocs.documents.html import long_date
    from cpdocs.sandbox.drawing import compose, flat_scan, stamp
    from cpdocs.signing.field_names import EARLIER_PCP_MEANING, MEANING

    paper = CertificatePaper(
        record=record,
        member=shelf.member,
        title=ws.options.plan_titles[record.program],
        sender=ws.senders.for_cp(shelf.member.cp_org),
        meanings={**MEANING, Slot.PCP: record.pcp_meaning or EARLIER_PCP_MEANING},
        attestations=attestations(ws, record),
        originals=tuple((file.name, file.sha256) for file in originals if file.what != "issued"),
        checkpoint=checkpoint,
        built_at=ws.clock.now(),
        sandbox=ws.sandbox,
        kept=tuple(each.kept for each in closed),
    )
    certificate = render_certificate(paper, shipped=ws.shipped_templates, site=ws.paths.templates)
    issued, signed = ws.blobs.get(record.sha256), [each.data for each in closed]
    paper_files = [each.data for each in returns if not each.signed]
    most = ws.options.max_return_pages
    named = [named_by_people(ws.ledger, each) for each in paper_files]
    scan = flat_scan(paper_files, issued, record.document_id, most_pages=most, named=named) if paper_files else None
    composed = compose(issued, signed=signed, scan=scan, certificate=certificate.pdf, title=description)
    band = FiledBand(
        record.document_id,
        record.version,
        long_date(date.fromisoformat(signed_on(record))),
        ws.clock.now(),
        record.part2,
        record.fills,
    )
    bands = render_bands(band, composed.sheets, shipped=ws.shipped_templates, site=ws.paths.templates)
    return replace(composed, pdf=stamp(composed.pdf, bands))


def named_by_people(source: Reads, data: bytes) -> dict[int, NamedPage]:
    """Which pages of a returned file a person named, for its bytes."""
    subject = return_subject(sha256(data).hexdigest())
    return named_pages(source.events(subject=subject, types=(EventType.HELD_SPLIT,)))


def _trail(ws: Workspace, record: PlanRecord, checkpoint: str, size: int, description: str) -> list[PackageFile]:
    """The document's events up to the checkpoint, for people and for machines."""
    entries = [
        Entry(seq, text, ws.ledger.inclusion_proof(seq, size))
        for seq, text in ws.ledger.texts(subject=document_subject(record.document_id))
        if seq <= size
    ]
    events = [decode(entry.text) for entry in entries]
    document_id, sandbox = record.document_id, ws.sandbox
    return [
        PackageFile(
            "audit.html",
            trail_html(document_id, description, events, checkpoint=checkpoint, sandbox=sandbox),
            "trail for people",
        ),
        PackageFile(
            "audit.jsonl",
            trail_jsonl(document_id, entries, checkpoint=checkpoint, size=size, sandbox=sandbox),
            "trail for machines",
        ),
    ]

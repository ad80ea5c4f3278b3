"""The signature certificate page: who approved a plan, by what evidence, proven how, and how to check it (ehr.md).

Appended to the upload PDF, where a chart shows no signature panel. It states what the record holds and no more: a
claimed time is never shown as a proven one, an ink scan or a recorded approval never as a digital signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import Assignment
from cpdocs.core.moments import moment_text
from cpdocs.core.phones import phone
from cpdocs.core.plan_record import CopyGiven, KeptFile, PlanRecord, ProofLevel, SlotFill
from cpdocs.core.plurals import counted
from cpdocs.core.senders import Sender
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.html import fill, long_date, template_folders
from cpdocs.documents.marks import code
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.tags import Painter

_SHEETS = ("base/base.css", "certificate/certificate.css")
_CODE_LEFT, _CODE_TOP, _CODE_SIZE = 6.3, 0.45, 1.45
_CODE_LIMIT = 600
"""Bytes: a longer checkpoint is printed as text alone, its code would be too fine for a fax."""

_SLOTS = {Slot.MEMBER: "The member", Slot.PCP: "The PCP or the PCP's designee"}
_EVIDENCE = {
    Evidence.DIGITAL_SIGNATURE: "Digital signature",
    Evidence.WITNESSED_SIGNATURE: (
        "Signed in person before a witness, with a one-time key; not a digital signature of the member's own"
    ),
    Evidence.INK_SCAN: "Signature in ink on a returned copy, attested by a named person; not a digital signature",
    Evidence.RECORDED_APPROVAL: "Approval conveyed in another way and recorded; not a signature",
    Evidence.CHART_NOTE: "Dated note in the practice's chart; not a signature",
}
_ROLES = {"pcp": "PCP", "pcp_designee": "designee of the PCP", "designee": "designee of the PCP", "member": "member"}


@dataclass(frozen=True, slots=True)
class CertificatePaper:
    """What the page is made from. ``originals`` names the files that lie beside the upload PDF with their SHA-256.

    ``checkpoint`` is the signed text that pins the ledger's head, ``built_at`` (aware) the moment of filing,
    ``meanings`` what each signature says, ``kept`` the signed files as they are kept, closed; ``attestations``
    rows on who designated the PCP's designee and how the signer was identified.
    """

    record: PlanRecord
    member: Assignment
    title: str
    sender: Sender
    meanings: Mapping[Slot, str]
    originals: tuple[tuple[str, str], ...]
    checkpoint: str
    built_at: datetime
    sandbox: bool = False
    kept: tuple[KeptFile, ...] = ()
    attestations: tuple[tuple[str, str], ...] = ()


def render_certificate(paper: CertificatePaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The page (a second one only where the record is too long for it) as PDF/UA-1; the same ``paper`` gives the same
    bytes."""
    html = fill("certificate/certificate.html", certificate_view(paper), shipped=shipped, site=site)
    fits = len(paper.checkpoint.encode()) <= _CODE_LIMIT and bool(paper.checkpoint)

    def painters(page: int, _pages: int) -> tuple[Painter, ...]:
        return (code(paper.checkpoint, left=_CODE_LEFT, top=_CODE_TOP, size=_CODE_SIZE),) if fits and page == 1 else ()

    return to_pdf(
        html,
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=f"{paper.record.document_id}-certificate",
        created=paper.built_at,
        stylesheets=_SHEETS,
        painters=painters,
    )


def certificate_view(paper: CertificatePaper) -> dict[str, Any]:
    """The page for ``certificate/certificate.html``, as strings."""
    record = paper.record
    return {
        "title": paper.title,
        "document_id": record.document_id,
        "version": str(record.version),
        "sandbox": paper.sandbox,
        "organization": paper.sender.name,
        "phone": phone(paper.sender.phone),
        "document": [
            (
                "Member",
                f"{paper.member.full_name}, born {long_date(paper.member.dob)}; MassHealth ID {record.member_id}",
            ),
            ("Document", f"{paper.title}, version {record.version}, document id {record.document_id}"),
            (
                "Issued",
                f"{moment_text(record.issued_at)}, {counted(record.pages, 'page')}, sealed by {paper.sender.name}",
            ),
            ("Seal's certificate, SHA-256", hash_text(record.seal_fingerprint)),
            ("Filed", moment_text(paper.built_at)),
            *[("Copy given to the member", _copy(each)) for each in record.copies],
            *[("Long-term proof", _proof(each)) for each in paper.kept],
        ],
        "slots": [_slot_view(paper, slot, record.fills.get(slot)) for slot in (Slot.MEMBER, Slot.PCP)],
        "files": [
            (name, hash_text(digest)) for name, digest in (("The plan as issued", record.sha256), *paper.originals)
        ],
        "checkpoint": paper.checkpoint.rstrip("\n"),
    }


def _slot_view(paper: CertificatePaper, slot: Slot, fill: SlotFill | None) -> dict[str, Any]:
    if fill is None:
        return {"heading": _SLOTS[slot], "rows": [("Evidence", "None yet.")]}
    signed = fill.evidence in (Evidence.DIGITAL_SIGNATURE, Evidence.WITNESSED_SIGNATURE, Evidence.INK_SCAN)
    role = _ROLES.get(fill.role, fill.role)
    joined = ", on behalf of " if slot is Slot.PCP else ", "
    rows = [
        ("Evidence", _EVIDENCE[fill.evidence]),
        ("Name", ", ".join(filter(None, (fill.signer, fill.credential)))),
        ("NPI", fill.npi),
        ("Role", f"{role}{joined}{fill.on_behalf_of}" if role and fill.on_behalf_of else role or fill.on_behalf_of),
        ("Meaning", f"“{fill.stated or paper.meanings[slot]}”" if signed else ""),
        *(paper.attestations if slot is Slot.PCP else ()),
        ("When", _when(fill)),
        ("Received", moment_text(fill.received_at)),
        ("Witness" if fill.evidence is Evidence.WITNESSED_SIGNATURE else "How it was established", fill.how),
        (_by_label(fill.evidence), fill.attested_by),
        ("Note", fill.note),
        ("Key", _key(fill)),
        ("Certificate, SHA-256", hash_text(fill.certificate_sha256)),
        ("Returned file, SHA-256", hash_text(fill.return_sha256)),
    ]
    return {"heading": _SLOTS[slot], "rows": [row for row in rows if row[1]]}


def _copy(copy: CopyGiven) -> str:
    interpreter = f"interpreter: {copy.interpreter}" if copy.interpreter else ""
    how = ", ".join(filter(None, (copy.format, copy.language, interpreter)))
    return f"{long_date(copy.on)} ({how}), by {copy.by}"


def _key(fill: SlotFill) -> str:
    """Whose word it is that the key is the signer's: an organization that certifies keys could make one itself, so it
    is said each time."""
    if fill.key_issued_by_us:
        return "key issued by the organization"
    return "the signer's own key, not issued by the organization" if fill.evidence is Evidence.DIGITAL_SIGNATURE else ""


def _proof(kept: KeptFile) -> str:
    """How far the proof reaches, in the standard's word and in plain ones."""
    words = {
        ProofLevel.BASIC: "no trusted time stamp; the signatures prove themselves while their certificates are good",
        ProofLevel.TIMED: "a time stamp shows when it was there",
        ProofLevel.LONG_TERM: "time stamps, and whether each certificate was revoked, are in the file",
        ProofLevel.ARCHIVAL: "all that is needed to check the signatures is in the file, under a time stamp",
    }
    stamp = f" by {kept.authority or 'the authority'}, {moment_text(kept.stamped_at)}" if kept.stamped_at else ""
    until = f"; good until {long_date(eastern_date(kept.until))}, then to be stamped anew" if kept.until else ""
    return f"PAdES {kept.level.value}: {words[kept.level]}{stamp}{until}"


def _by_label(evidence: Evidence) -> str:
    return "Attested by" if evidence is Evidence.INK_SCAN else "Recorded by"


def _when(fill: SlotFill) -> str:
    """The time with what it rests on: a time stamp proves, a signer's clock claims (requirement X8)."""
    if fill.signed_at is None:
        return f"{long_date(fill.on)}, as recorded" if fill.on else "No date stands with it."
    if fill.timestamped:
        return f"{moment_text(fill.signed_at)}, proven by a time stamp"
    if fill.evidence is Evidence.DIGITAL_SIGNATURE:
        return f"{moment_text(fill.signed_at)}, as the signer's own clock says"
    return moment_text(fill.signed_at)


def hash_text(digest: str) -> str:
    """A digest in groups of eight, so that eyes can compare it; empty for none."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))

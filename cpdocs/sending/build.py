"""The bytes of a delivery, made once when it is queued: what a target of each kind is given of one filed version."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON
from cpdocs.core.members import Program
from cpdocs.core.plan_record import Filing, PlanRecord
from cpdocs.core.verdicts import Slot
from cpdocs.delivery.document import LOINC, Document
from cpdocs.delivery.files import INDEX_COLUMNS
from cpdocs.errors import InputFault
from cpdocs.filing.check import UPLOAD
from cpdocs.filing.manifest import read_manifest
from cpdocs.filing.marks import recall_name, recall_note
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.sending.record import Way
    from cpdocs.workspace import Workspace

Parts = tuple[tuple[str, bytes], ...]


def document_of(ws: Workspace, record: PlanRecord, filing: Filing, delivery: str, supersedes: str = "") -> Document:
    """What is said of a filed version: its package's own manifest and index, and the member's name and date of birth.

    Raises InputFault where its member is no longer on record.
    """
    manifest = read_manifest(ws.blobs.get(filing.manifest_sha256))
    upload = next(entry for entry in manifest["files"] if entry["what"] == UPLOAD)
    line = _index_line(ws, manifest)
    register = load_register(ws, record.member_id)
    member = register.latest(record.member_id, Program(record.program))
    if member is None:
        raise InputFault(f"{record.document_id}: its member is no longer on record.", todo="Import the roster again.")
    practice = register.directory.practices.get(record.practice_id)
    pcp = manifest["approvals"][Slot.PCP.value]
    return Document(
        document_id=record.document_id,
        delivery_id=delivery,
        version=record.version,
        program=record.program,
        document_type=manifest["document_type"],
        title=ws.options.plan_titles[record.program],
        description=manifest["description"],
        plan_date=date.fromisoformat(line["doc_date"]),
        signed_on=date.fromisoformat(line["signed_on"]),
        queued_at=ws.clock.now(),
        mrn=manifest["mrn"],
        last_name=member.last_name,
        first_name=member.first_name,
        middle_name=member.middle_name,
        dob=member.dob,
        sex=member.sex,
        signer=pcp["signer"],
        signer_npi=pcp["npi"] or "",
        practice_id=record.practice_id,
        practice=practice.name if practice else "",
        organization=manifest["enrollment"]["organization"],
        part2=record.part2,
        file_name=upload["name"],
        pdf=ws.blobs.get(upload["sha256"]),
        pages=int(line["pages"]),
        supersedes=supersedes,
        coordinator=manifest["enrollment"]["coordinator"],
        enrollment=manifest["enrollment"]["status"],
        enrolled_since=manifest["enrollment"]["assigned_on"],
        sandbox=ws.sandbox,
    )


def package_parts(document: Document, way: Way) -> tuple[Parts, dict[str, JSON]]:
    """The files or messages of a package for ``way``, and what its transport needs to find or check it."""
    details: dict[str, JSON] = {"pdf_sha256": document.sha256, "practice_id": document.practice_id}
    if way.kind == "hl7v2":
        from cpdocs.delivery.hl7_message import original

        return (("message.hl7", original(document, way.place)),), details
    if way.kind == "fhir":
        from cpdocs.delivery.fhir_resources import (
            document_reference,
            episode_identifier,
            episode_of_care,
            provenance,
        )

        details |= {"mrn": document.mrn, "dob": document.dob.isoformat(), "last_name": document.last_name}
        details["supersedes"] = document.supersedes
        resources = (
            ("document.json", document_reference(document)),
            ("provenance.json", provenance(document)),
            ("episode.json", episode_of_care(document)),
        )
        details["episode"] = episode_identifier(document)
        return resources, details
    day = eastern_date(document.queued_at).strftime("%Y%m%d")
    if way.kind == "onbase_dip":
        from cpdocs.delivery.onbase import dip_text

        stem = document.file_name.removesuffix(".pdf")
        text = dip_text(document, way.place, document.file_name)
        return ((document.file_name, document.pdf), (f"{stem}.txt", text)), details
    if way.kind == "xdm":
        from cpdocs.delivery.xdm import xdm_zip

        return ((f"{document.document_id}.zip", xdm_zip(document)),), details
    if way.kind == "sftp":
        return ((document.file_name, document.pdf),), details
    details["row"] = index_row(document, "file", document.file_name)
    return ((f"{day}/{document.file_name}", document.pdf),), details


def recall_parts(document: Document, way: Way, delivery: str, reason: str) -> tuple[Parts, dict[str, JSON]]:
    """What takes a package back at ``way``: T11, entered in error, or a note that says what to remove."""
    details: dict[str, JSON] = {"recall": True, "practice_id": document.practice_id}
    if way.kind == "hl7v2":
        from cpdocs.delivery.hl7_message import cancel

        return (("message.hl7", cancel(replace(document, pdf=b""), way.place, delivery)),), details
    if way.kind == "fhir":
        return (), details
    note = recall_note(document.document_id, document.version, document.file_name, document.sha256, reason)
    name = recall_name(document.document_id)
    if way.kind == "handoff":
        day = eastern_date(document.queued_at).strftime("%Y%m%d")
        details["row"] = index_row(document, "recall", name)
        return ((f"{day}/{name}", note),), details
    return ((name, note),), details


def index_row(document: Document, action: str, file: str) -> dict[str, JSON]:
    """The document's line in a hand-off's index."""
    values: dict[str, Any] = {
        "action": action,
        "mrn": document.mrn,
        "last_name": document.last_name,
        "first_name": document.first_name,
        "dob": document.dob.isoformat(),
        "document_id": document.document_id,
        "version": str(document.version),
        "doc_type": document.document_type,
        "doc_date": document.plan_date.isoformat(),
        "signed_on": document.signed_on.isoformat(),
        "signer": document.signer,
        "signer_npi": document.signer_npi,
        "practice_id": document.practice_id,
        "practice": document.practice,
        "confidentiality": document.confidentiality,
        "loinc": LOINC,
        "supersedes": document.supersedes,
        "file": file,
        "sha256": document.sha256,
        "pages": str(document.pages),
        "description": document.description,
    }
    return {name: values[name] for name in INDEX_COLUMNS}


def _index_line(ws: Workspace, manifest: dict[str, Any]) -> dict[str, str]:
    entry = next(entry for entry in manifest["files"] if entry["what"] == "index")
    return next(csv.DictReader(io.StringIO(ws.blobs.get(entry["sha256"]).decode(), newline="")))

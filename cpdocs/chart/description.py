"""What a package says of its document: the description, the line of the index, the facts in the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON
from cpdocs.core.plan_record import PlanRecord, SlotFill
from cpdocs.core.verdicts import Slot
from cpdocs.filing.index import IndexLine, index_csv
from cpdocs.filing.manifest import PackageFile

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.core.options import FilingTarget
    from cpdocs.core.plans import Plan
    from cpdocs.core.providers import Practice
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the package goes and what the records say: the plan as read, the member, the practice, the target."""

    plan: Plan
    member: Assignment
    practice: Practice
    target: FilingTarget


def describe(record: PlanRecord, title: str) -> str:
    """What a clinician searches for: kind of plan, signed date, version, what it supersedes."""
    supersedes = f", supersedes {record.supersedes}" if record.supersedes else ""
    part2 = ", holds 42 CFR Part 2 records" if record.part2 else ""
    return f"{title} ({record.program} CP), signed {signed_on(record)}, version {record.version}{supersedes}{part2}"


def signed_on(record: PlanRecord) -> str:
    """The day on which the later of the two approvals was given, as far as it is known; else received."""
    return max(_day(fill) for fill in record.fills.values())


def _day(fill: SlotFill) -> str:
    day = fill.on or eastern_date(fill.signed_at or fill.received_at)
    return day.isoformat()


def index_file(
    record: PlanRecord, shelf: Shelf, upload: PackageFile, pages: int, document_type: str, description: str
) -> bytes:
    """``index.csv`` with the one line of this document (documents.md §8)."""
    pcp = record.fills[Slot.PCP]
    line = IndexLine(
        mrn=shelf.member.mrn,
        member_id=record.member_id,
        document_id=record.document_id,
        version=record.version,
        doc_type=document_type,
        doc_date=shelf.plan.plan.plan_date.isoformat(),
        signed_on=signed_on(record),
        signer=", ".join(part for part in (pcp.signer, pcp.credential) if part),
        file=upload.name,
        sha256=upload.sha256,
        pages=pages,
        description=description,
    )
    return index_csv([line])


def manifest_facts(
    ws: Workspace, record: PlanRecord, shelf: Shelf, document_type: str, description: str, checkpoint: str
) -> dict[str, JSON]:
    """What the manifest says beside its files: the document, its approvals, the enrollment facts, the checkpoint."""
    member = shelf.member
    confidentiality: list[JSON] = ["R", *(["42CFRPart2"] if record.part2 else [])]
    return {
        "sandbox": ws.sandbox,
        "document_id": record.document_id,
        "member_id": record.member_id,
        "mrn": member.mrn,
        "program": record.program,
        "version": record.version,
        "supersedes": record.supersedes or None,
        "practice_id": record.practice_id,
        "ehr": shelf.practice.ehr,
        "target": shelf.target.name,
        "document_type": document_type,
        "loinc": "18776-5",
        "confidentiality": confidentiality,
        "description": description,
        "issued_at": record.issued_at.isoformat(),
        "built_at": ws.clock.now().isoformat(),
        "approvals": {slot.value: _approval(record.fills[slot]) for slot in Slot},
        "enrollment": {
            "status": member.status,
            "coordinator": member.coordinator,
            "community_partner": member.cp_org,
            "organization": ws.senders.for_cp(member.cp_org).name,
            "assigned_on": member.assigned_on.isoformat(),
            "as_of": eastern_date(ws.clock.now()).isoformat(),
        },
        "checkpoint": checkpoint,
    }


def _approval(fill: SlotFill) -> dict[str, JSON]:
    return {
        "evidence": fill.evidence.value,
        "signer": fill.signer,
        "npi": fill.npi or None,
        "credential": fill.credential or None,
        "role": fill.role,
        "on_behalf_of": fill.on_behalf_of or None,
        "signed_at": fill.signed_at.isoformat() if fill.signed_at else None,
        "on": fill.on.isoformat() if fill.on else None,
        "received_at": fill.received_at.isoformat(),
        "attested_by": fill.attested_by or None,
        "returned_sha256": fill.return_sha256 or None,
    }

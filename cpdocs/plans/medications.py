"""A medication list after a discharge, given out for the PCP (contract §11, requirements B3, E5).

1. The file is checked whole: every fault by its field. Nobody is called its reconciler who may not be.
2. The list goes into outbox/plans/<practice>/ beside the plans, with a cover, under an id of its own,
   recorded before it lies there.
3. The same file again gives the same id and the same bytes, and is put out again; nothing is recorded twice.
4. It is sent to the practice as plans are (``sending.packets``), or carried by hand and logged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.deadlines import home_visit_due
from cpdocs.core.discharges import LIST_EVENTS, ListRecord, discharge_json, fold_lists
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, practice_subject
from cpdocs.core.ids import derive_document_id, is_member_id, last_four
from cpdocs.core.medication_list import MedicationList, list_faults
from cpdocs.core.plurals import counted
from cpdocs.core.register import Register
from cpdocs.errors import InputFault, Problem, required_text
from cpdocs.register.load import load_register
from cpdocs.system.durable import write_durably
from cpdocs.system.input_files import read_input

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ListIssued:
    """A list that was given out: its id, its file, when the home visit was due, and whether that was kept (None: no
    visit is on record)."""

    document_id: str
    practice_id: str
    file: Path
    sha256: str
    visit_due: datetime
    in_time: bool | None


def issue_list(ws: Workspace, path: Path) -> ListIssued:
    """Checks, renders, records and puts out one list. Raises InputFault with every fault of the file."""
    from cpdocs.documents.medication_cover import render_list_cover
    from cpdocs.documents.medication_list import ListPaper, render_list
    from cpdocs.intake.trees import MAX_BYTES

    ws.require_sender()
    data = read_input(path, MAX_BYTES)
    listed, register = _checked(ws, data, path.name)
    member = register.enrolled(listed.member_id, listed.program, eastern_date(ws.clock.now()))
    practice = register.directory.practices.get(member.practice_id) if member else None
    if member is None or practice is None:
        raise InputFault(
            f"Member {last_four(listed.member_id)} has no live {listed.program.value} assignment with a practice.",
            todo="Import the roster and the practices that have them.",
        )
    rows = register.directory.rows_of(member.pcp_npi)
    digest = sha256(data).hexdigest()
    document_id = derive_document_id(ws.id_secret, "medications", listed.member_id, listed.program.value, digest)
    subject = document_subject(document_id)
    before = next(iter(ws.ledger.events(subject=subject, types=(EventType.MEDICATIONS_ISSUED,))), None)
    if before is None:
        paper = ListPaper(
            listed,
            document_id,
            member,
            practice,
            rows[0].display_name if rows else "the PCP",
            ws.senders.for_cp(member.cp_org),
            ws.clock.now(),
            ws.sandbox,
        )
        shipped, site = ws.shipped_templates, ws.paths.templates
        rendered = render_list(paper, shipped=shipped, site=site)
        kept = ws.blobs.put(rendered.pdf)
        cover = ws.blobs.put(render_list_cover(paper, pages=rendered.pages, shipped=shipped, site=site).pdf)
        said = {
            "document_id": document_id,
            "member_id": listed.member_id,
            "program": listed.program.value,
            "practice_id": practice.practice_id,
            "sha256": kept,
            "pages": rendered.pages,
            "cover_sha256": cover,
            "list_sha256": ws.blobs.put(data),
            "as_of": listed.as_of.isoformat(),
            "reconciled": listed.reconciled_by is not None,
            "discharge": discharge_json(listed.discharge),
        }
        subjects = (subject, member_subject(listed.member_id), practice_subject(practice.practice_id))
        ws.ledger.append(NewEvent(EventType.MEDICATIONS_ISSUED, subjects, said))
    else:
        kept, cover = str(before.data["sha256"]), str(before.data.get("cover_sha256") or "")
    file = ws.paths.plans / practice.practice_id / f"{document_id}.pdf"
    file.parent.mkdir(parents=True, exist_ok=True)
    if cover:
        write_durably(file.with_name(f"{document_id}-cover.pdf"), ws.blobs.get(cover))
    write_durably(file, ws.blobs.get(kept))
    return _told(listed, document_id, practice.practice_id, file, kept)


def find_list(source: Reads, document_id: str) -> ListRecord | None:
    """The medication list with this document id, or None where it is something else."""
    return fold_lists(source.events(subject=document_subject(document_id), types=LIST_EVENTS)).get(document_id)


def all_lists(ws: Workspace) -> Mapping[str, ListRecord]:
    """Every medication list by document id, in the order put out."""
    return fold_lists(ws.ledger.events(types=LIST_EVENTS))


def sent_event(record: ListRecord, *, to: str, channel: str, at: datetime) -> NewEvent:
    """The event that a list was sent to somebody."""
    subjects = (
        document_subject(record.document_id),
        member_subject(record.member_id),
        practice_subject(record.practice_id),
    )
    data: dict[str, JSON] = {
        "document_id": record.document_id,
        "member_id": record.member_id,
        "program": record.program,
        "practice_id": record.practice_id,
        "to": to,
        "channel": channel,
        "at": at.isoformat(),
    }
    return NewEvent(EventType.MEDICATIONS_SENT, subjects, data)


def log_list_sent(ws: Workspace, document_id: str, *, to: str, channel: str, at: datetime) -> ListRecord:
    """Logs that a list was carried to somebody by hand. Raises UsageFault for what isn't said, InputFault for another
    document or a moment that can't be."""
    to = required_text(to, "It went to somebody.", "Give --to.")
    channel = required_text(channel, "It went by some way.", "Give --channel.")
    with ws.ledger.write() as tx:
        record = find_list(tx, document_id)
        if record is None:
            raise InputFault(f"{document_id} is no medication list.", todo="Read the id again.")
        now = ws.clock.now()
        if at > now or eastern_date(at) < eastern_date(record.issued_at):
            raise InputFault(f"{document_id} wasn't there at that moment.", todo="Check --at.")
        tx.append(sent_event(record, to=to, channel=channel, at=at))
        return replace(record, sent_at=record.sent_at or at, sent_to=record.sent_to or to)


def _told(listed: MedicationList, document_id: str, practice_id: str, file: Path, digest: str) -> ListIssued:
    discharge = listed.discharge
    assert discharge.discharged is not None
    due = home_visit_due(discharge.discharged)
    visit = discharge.home_visit_done or discharge.home_visit_scheduled
    return ListIssued(document_id, practice_id, file, digest, due, None if visit is None else visit <= due)


def _checked(ws: Workspace, data: bytes, name: str) -> tuple[MedicationList, Register]:
    from cpdocs.intake.binding import bind, bind_around, certain
    from cpdocs.intake.trees import lines, read_tree

    tree = read_tree(data, name)
    listed, problems = bind(tree, MedicationList)
    stated = (listed,) if listed else bind_around(tree, MedicationList)
    register = load_register(ws, *(each.member_id for each in stated)) if stated else Register()
    today = eastern_date(ws.clock.now())
    faults = [[*list_faults(each, register, today), *_id_faults(each)] for each in stated]
    found = [*problems, *certain(faults, problems)]
    if listed is None or found:
        places = dict(lines(tree))
        raise InputFault(
            f"{name}: {counted(len(found), 'fault')} in the medication list.",
            todo="Mend them.",
            problems=[each if each.line else each.at_line(places) for each in found],
        )
    return listed, register


def _id_faults(listed: MedicationList) -> Iterator[Problem]:
    if not is_member_id(listed.member_id):
        yield Problem("schema_invalid", "must have twelve digits.", "member_id")

"""Acknowledgements: a CSV of documents that are in the chart, named by a person or laid into a target's folder.

A line counts only for a document that was handed over, and, where it names a hash or a file, only with those of what
was sent. Everything else is said, by line, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.chart.file import confirm_upload
from cpdocs.core import transitions
from cpdocs.core.deliveries import Delivery, DeliveryState, Purpose
from cpdocs.core.events import EventType
from cpdocs.core.ids import parse_document_id
from cpdocs.core.moments import parse_moment
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.plurals import counted
from cpdocs.delivery.parcel import accepted
from cpdocs.errors import CpdocsError, InputFault, Problem
from cpdocs.index.outgoing import awaiting_acknowledgement
from cpdocs.intake.tables import read_table
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import find_plan
from cpdocs.sending.answers import record_answer
from cpdocs.sending.record import deliveries_of, the_delivery_of, ways
from cpdocs.system.durable import read_plain

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_COLUMNS = ("document_id",)
_OPTIONAL = ("at", "by", "sha256", "file", "status")
_YES = ("", "ok", "filed", "indexed", "accepted", "imported", "aa")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a file of confirmations came to: documents confirmed now, those that were already, and faults by line."""

    confirmed: tuple[str, ...]
    already: tuple[str, ...]
    problems: tuple[Problem, ...]


def confirm_from(ws: Workspace, data: bytes, name: str, *, target: str = "", by: str = "") -> Confirmed:
    """Takes the lines of an acknowledgement file: ``document_id``, and where they are there ``at``, ``by``, ``sha256``,
    ``file``, ``status``. With ``target`` only what was handed to that target counts.

    Raises InputFault where the file is no table with a column document_id.
    """
    confirmed: list[str] = []
    already: list[str] = []
    problems: list[Problem] = []
    for row in read_table(data, name, _COLUMNS, optional=_OPTIONAL).rows:
        if row.blank:
            continue
        where = f"line {row.line}"
        try:
            document_id = _line(ws, row.cells, target, by or name)
        except InputFault as error:
            problems.append(Problem("not_confirmed", error.message, where, error.todo))
            continue
        (confirmed if document_id[1] else already).append(document_id[0])
    return Confirmed(tuple(confirmed), tuple(already), tuple(problems))


def confirm_file(ws: Workspace, file: Path, *, by: str = "") -> Confirmed:
    """As :func:`confirm_from`, of a file that a person named. Raises InputFault where it can't be read."""
    try:
        data = read_plain(file)
    except OSError as error:
        raise InputFault(f"{file.name} can't be read: {error.strerror}.") from error
    return confirm_from(ws, data, file.name, by=by)


def confirm_seen(ws: Workspace, document_id: str, *, by: str, at: datetime) -> PlanRecord:
    """A person saw the document in the chart, which also settles deliveries that are unsure. Raises InputFault."""
    record = confirm_upload(ws, document_id, by=by, at=at)
    for each in deliveries_of(ws.ledger, document_id):
        if each.purpose is Purpose.PACKAGE and each.state is DeliveryState.UNSURE:
            record_answer(ws, each, accepted("A person saw it in the chart."))
    return record


def take_acknowledgements(ws: Workspace, say: Callable[[str], object]) -> None:
    """Takes in what lies in the acknowledgement folders of all targets that have something handed over."""
    known = ways(ws)
    for target, way in known.items():
        waiting = awaiting_acknowledgement(ws.index, target) if way.place.acknowledgement_folder else ""
        if not waiting:
            continue
        delivery = the_delivery_of(ws.ledger, waiting)
        try:
            if way.kind == "sftp":
                from cpdocs.delivery import sftp

                found = sftp.acknowledgements(way.place, {"practice_id": str(delivery.details.get("practice_id", ""))})
            else:
                from cpdocs.delivery import files

                found = [
                    (path.name, data) for path, data in files.acknowledgements(Path(way.place.acknowledgement_folder))
                ]
            for name, data in found:
                done = confirm_from(ws, data, name, target=target)
                if done.confirmed:
                    say(f"{target}: {name} acknowledges {counted(len(done.confirmed), 'document')}.")
        except CpdocsError as error:
            say(f"{target}: acknowledgements can't be read: {error.message}")


def _line(ws: Workspace, cells: Mapping[str, str], target: str, name: str) -> tuple[str, bool]:
    """The document of one line, and whether it is confirmed now. Raises InputFault, with the reason."""
    cell = dict(cells)
    document_id = parse_document_id(cell["document_id"])
    if document_id is None:
        raise InputFault("this is no document id.", todo="Copy it from the index.")
    if cell["status"].strip().casefold() not in _YES:
        raise InputFault(f"{document_id}: the line says that it isn't in the chart.", todo="Ask the site.")
    record = find_plan(ws.ledger, document_id)
    if record is None or record.filing is None:
        raise InputFault(f"{document_id} is no filed plan of this workspace.")
    at = _moment(cell["at"], ws.clock.now())
    out = [each for each in deliveries_of(ws.ledger, document_id) if each.purpose is not Purpose.PACKET]
    if target:
        out = [each for each in out if each.target == target]
        if not any(each.ever_out or each.trying for each in out):
            raise InputFault(f"{document_id} was never handed to {target}.")
    _fits(cell, record.filing.upload_sha256, out, document_id)
    unsure = [each for each in out if each.state is DeliveryState.UNSURE and each.purpose is Purpose.PACKAGE]
    by = cell["by"].strip() or name
    for each in unsure:
        record_answer(ws, each, accepted("Acknowledged by the receiver."))
    with ws.ledger.write() as tx:
        now = find_plan(tx, document_id)
        assert now is not None
        if now.uploaded:
            return document_id, bool(unsure)
        transitions.may_confirm(now, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.UPLOAD_CONFIRMED, now, by=by, at=at.isoformat()))
    return document_id, True


def _fits(cell: dict[str, str], upload_sha256: str, out: list[Delivery], document_id: str) -> None:
    digest, file = cell["sha256"].strip().lower(), cell["file"].strip()
    sent = {part.sha256 for each in out for part in each.parts} | {upload_sha256}
    if digest and digest not in sent:
        raise InputFault(f"{document_id}: the line's SHA-256 is of another file.", todo="Ask the site what it has.")
    names = {part.name.rpartition("/")[2] for each in out for part in each.parts}
    if file and names and file.replace("\\", "/").rpartition("/")[2] not in names:
        raise InputFault(f"{document_id}: the line names another file.", todo="Ask the site what it has.")


def _moment(text: str, now: datetime) -> datetime:
    if not text.strip():
        return now
    try:
        return parse_moment(text.strip())
    except ValueError:
        raise InputFault("`at` is no time.", todo="Write it like 2026-11-06T09:30.") from None

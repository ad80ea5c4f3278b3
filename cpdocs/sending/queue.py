"""What waits to be sent: filed packages, and what takes back those of withdrawn versions; each is queued once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Delivery, DeliveryState, Purpose
from cpdocs.core.events import EventType, document_subject
from cpdocs.core.plan_record import Filing, PlanRecord
from cpdocs.errors import InputFault
from cpdocs.filing.marks import recall_name, recall_note
from cpdocs.index.outgoing import packets_to_stop, to_queue, to_recall
from cpdocs.plans.records import the_plan
from cpdocs.sending.build import document_of, package_parts, recall_parts
from cpdocs.sending.record import (
    Way,
    deliveries_of,
    delivery_event,
    delivery_id,
    find_delivery,
    queue,
    the_delivery_of,
    ways,
)
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_BY_HAND = "folder"


def queue_filed(ws: Workspace) -> int:
    """Queues every filed package whose target is more than a folder, and takes back those of versions that were
    withdrawn, lost an approval or whose consent ended; gives how many it queued."""
    known = ways(ws)
    sent = [way.name for way in known.values() if way.kind != _BY_HAND]
    by_hand = [target.name for target in ws.options.targets if target.kind == _BY_HAND]
    count = 0
    for document_id, target in to_queue(ws.index, sent):
        record = the_plan(ws.ledger, document_id)
        stands = record.withdrawn is None and record.consent_ended is None
        if stands and record.filing is not None and record.filing.target == target:
            count += _queue_package(ws, record, record.filing, known[target])
    for document_id, target in to_recall(ws.index, by_hand):
        if target in known:
            record = the_plan(ws.ledger, document_id)
            count += _take_all_back(ws, record, known[target], _why_back(ws, record))
    for packet in packets_to_stop(ws.index):
        delivery = the_delivery_of(ws.ledger, packet)
        if not (delivery.ever_out or delivery.trying):
            record = the_plan(ws.ledger, delivery.document_id)
            take_back(ws, delivery, f"The version is {record.closed}." if record.closed else _why_back(ws, record))
    return count


def _why_back(ws: Workspace, record: PlanRecord) -> str:
    if record.withdrawn:
        return f"The version was withdrawn: {record.withdrawn.text}"
    if record.consent_ended:
        return f"The member's consent to disclose Part 2 records {record.consent_ended.why.words}."
    emptied = ws.ledger.events(subject=document_subject(record.document_id), types=(EventType.SLOT_EMPTIED,))
    reasons = [str(event.data["reason"]) for event in emptied]
    return f"An approval was taken back: {reasons[-1] if reasons else ''}"


def _take_all_back(ws: Workspace, record: PlanRecord, way: Way, reason: str) -> int:
    """Takes back what stands at one target of a version that is no more; a folder's package by its mark alone."""
    filing = filing_at(record, way.name)
    if filing is None:
        return 0
    standing = [
        each
        for each in deliveries_of(ws.ledger, record.document_id)
        if each.target == way.name and each.purpose is Purpose.PACKAGE and not each.ended
    ]
    if not standing:
        return int(queue_recall(ws, record, filing, way, reason))
    return sum(take_back(ws, each, reason) for each in standing)


def filing_at(record: PlanRecord, target: str) -> Filing | None:
    """The package of a version that went to a target: the one that stands, else the last that was made void."""
    filings = (*record.filings_before, *((record.filing,) if record.filing else ()))
    return next((each for each in reversed(filings) if each.target == target), None)


def take_back(ws: Workspace, delivery: Delivery, reason: str) -> bool:
    """Withdraws a delivery that never left; queues a recall for one that did, or may have. Gives whether one was
    queued."""
    if not (delivery.ever_out or delivery.trying):
        with ws.ledger.write() as tx:
            now = find_delivery(tx, delivery.delivery_id)
            if now is not None and not (now.ever_out or now.trying or now.ended):
                tx.append(delivery_event(EventType.DELIVERY_WITHDRAWN, now, reason=f"{reason} It was never sent."))
                return False
    if delivery.purpose is not Purpose.PACKAGE:
        return False
    record = the_plan(ws.ledger, delivery.document_id)
    filing = filing_at(record, delivery.target)
    return filing is not None and queue_recall(ws, record, filing, ways(ws)[delivery.target], reason)


def queue_recall(ws: Workspace, record: PlanRecord, filing: Filing, way: Way, reason: str) -> bool:
    """Marks a package as recalled in our own outbox and queues what takes it back at its target, once."""
    delivery = delivery_id(ws, Purpose.RECALL.value, record.document_id, way.name, filing.manifest_sha256)
    if find_delivery(ws.ledger, delivery) is not None:
        return False
    document = document_of(ws, record, filing, delivery)
    note = recall_note(record.document_id, record.version, document.file_name, document.sha256, reason)
    if way.kind != _BY_HAND:  # there the recall itself is this note
        write_durably(ws.paths.ehr / way.name / recall_name(record.document_id), note, overwrite=True)
    parts, details = recall_parts(document, way, delivery, reason)
    details |= {"reason": reason, "file": document.file_name, "pdf_sha256": document.sha256}
    return queue(ws, delivery, record, way, Purpose.RECALL, parts=parts, details=details)


def _queue_package(ws: Workspace, record: PlanRecord, filing: Filing, way: Way) -> bool:
    """Queues one package. An earlier version that lies at the target is named as what it takes the place of; one that
    never left is withdrawn."""
    supersedes = ""
    for earlier in deliveries_of(ws.ledger, record.supersedes) if record.supersedes else ():
        if earlier.target == way.name and earlier.purpose is Purpose.PACKAGE and not earlier.ended:
            if earlier.state is DeliveryState.DELIVERED:
                supersedes = earlier.document_id
            elif not (earlier.ever_out or earlier.trying):
                take_back(ws, earlier, f"Version {record.version} takes its place.")
    delivery = delivery_id(ws, Purpose.PACKAGE.value, record.document_id, way.name, filing.manifest_sha256)
    document = document_of(ws, record, filing, delivery, supersedes)
    parts, details = package_parts(document, way)
    return queue(ws, delivery, record, way, Purpose.PACKAGE, parts=parts, details=details)


def recall(ws: Workspace, document_id: str, target: str, reason: str) -> None:
    """A person takes a package back at one target, confirmed in the chart or not. Raises InputFault where it never went
    there."""
    way = ways(ws).get(target)
    if way is None:
        raise InputFault(f"There is no target {target!r} in cpdocs.toml.", todo="Name one of its [[filing.target]].")
    record = the_plan(ws.ledger, document_id)
    of_target = [each for each in deliveries_of(ws.ledger, document_id) if each.target == target]
    standing = [each for each in of_target if each.purpose in _TAKEN_BACK and not each.ended]
    filing = filing_at(record, target)
    if standing:
        for each in standing:
            take_back(ws, each, reason)
    elif filing is not None and not of_target:
        queue_recall(ws, record, filing, way, reason)
    else:
        raise InputFault(f"{document_id} isn't at {target}, or was taken back there already.")


_TAKEN_BACK = (Purpose.PACKAGE, Purpose.PACKET)

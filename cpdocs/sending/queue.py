"""What waits to be sent: filed packages, and what takes back those of withdrawn versions; each is queued once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Delivery, DeliveryState, Purpose
from cpdocs.core.events import EventType
from cpdocs.core.plan_record import PlanRecord
from cpdocs.errors import InputFault
from cpdocs.index.outgoing import to_queue
from cpdocs.plans.records import the_plan
from cpdocs.sending.build import document_of, package_parts, recall_parts
from cpdocs.sending.record import (
    Way,
    deliveries_of,
    delivery_event,
    delivery_id,
    find_delivery,
    queue,
    ways,
)

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_BY_HAND = "folder"


def queue_filed(ws: Workspace) -> int:
    """Queues every filed package whose target is more than a folder, and takes back those of withdrawn versions; gives
    how many it queued."""
    known = ways(ws)
    sent = [way.name for way in known.values() if way.kind != _BY_HAND]
    count = 0
    for document_id, target in to_queue(ws.index, sent):
        record = the_plan(ws.ledger, document_id)
        if record.withdrawn is None and record.filing is not None and record.filing.target == target:
            count += _queue_package(ws, record, known[target])
    for event in ws.ledger.events(types=(EventType.PLAN_WITHDRAWN,)):
        for delivery in deliveries_of(ws.ledger, event.data["document_id"]):
            if delivery.target in known and _standing(delivery):
                count += take_back(ws, delivery, f"The version was withdrawn: {event.data['reason']}")
    return count


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
    return queue_recall(ws, the_plan(ws.ledger, delivery.document_id), ways(ws)[delivery.target], reason)


def queue_recall(ws: Workspace, record: PlanRecord, way: Way, reason: str) -> bool:
    """Queues what takes a package back at its target, once."""
    delivery = delivery_id(ws, Purpose.RECALL.value, record.document_id, way.name)
    if find_delivery(ws.ledger, delivery) is not None:
        return False
    document = document_of(ws, record, delivery)
    parts, details = recall_parts(document, way, delivery, reason)
    details["reason"] = reason
    return queue(ws, delivery, record, way, Purpose.RECALL, parts=parts, details=details)


def _queue_package(ws: Workspace, record: PlanRecord, way: Way) -> bool:
    """Queues one package. An earlier version that lies at the target is named as what it takes the place of; one that
    never left is withdrawn."""
    supersedes = ""
    for earlier in deliveries_of(ws.ledger, record.supersedes) if record.supersedes else ():
        if earlier.target == way.name and earlier.purpose is Purpose.PACKAGE and not earlier.ended:
            if earlier.state is DeliveryState.DELIVERED:
                supersedes = earlier.document_id
            elif not (earlier.ever_out or earlier.trying):
                take_back(ws, earlier, f"Version {record.version} takes its place.")
    delivery = delivery_id(ws, Purpose.PACKAGE.value, record.document_id, way.name)
    document = document_of(ws, record, delivery, supersedes)
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
    standing = [each for each in of_target if _standing(each)]
    if standing:
        for each in standing:
            take_back(ws, each, reason)
    elif record.filing is not None and record.filing.target == target and not of_target:
        queue_recall(ws, record, way, reason)
    else:
        raise InputFault(f"{document_id} isn't at {target}, or was taken back there already.")


def _standing(delivery: Delivery) -> bool:
    return delivery.purpose is not Purpose.RECALL and not delivery.ended

"""Deliveries as the ledger tells them, and where the settings say that each goes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from cpdocs.core.deliveries import DELIVERY_EVENTS, Delivery, Purpose, fold
from cpdocs.core.events import JSON, EventType, NewEvent, delivery_subject, document_subject, member_subject
from cpdocs.core.places import Place
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


class Sent(Protocol):
    """What is sent: a version of a plan, a medication list, or a letter under a document id of its own."""

    @property
    def document_id(self) -> str: ...

    @property
    def member_id(self) -> str: ...

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Way:
    """A target or channel of the settings: its name, kind and place."""

    name: str
    kind: str
    place: Place


@dataclass(frozen=True, slots=True)
class OwnPaper:
    """A letter that is about no plan version; ``member_id`` is empty where it is about no member."""

    document_id: str
    member_id: str = ""
    version: int = 0


def ways(ws: Workspace) -> dict[str, Way]:
    """Every target and channel by its name."""
    targets = [Way(each.name, each.kind, each.place) for each in ws.options.targets]
    channels = [Way(each.name, each.kind, each.place) for each in ws.options.channels]
    return {way.name: way for way in (*targets, *channels)}


def all_deliveries(source: Reads) -> dict[str, Delivery]:
    """Every delivery by its id, in the order queued."""
    return fold(source.events(types=DELIVERY_EVENTS))


def deliveries_of(source: Reads, document_id: str) -> list[Delivery]:
    """The deliveries of one document, in the order queued."""
    return list(fold(source.events(subject=document_subject(document_id), types=DELIVERY_EVENTS)).values())


def find_delivery(source: Reads, delivery_id: str) -> Delivery | None:
    """One delivery by its id."""
    return fold(source.events(subject=delivery_subject(delivery_id), types=DELIVERY_EVENTS)).get(delivery_id)


def the_delivery_of(source: Reads, delivery_id: str) -> Delivery:
    """One delivery that is on record."""
    found = find_delivery(source, delivery_id)
    assert found is not None, "what the index lists was queued"
    return found


def unsettled(source: Reads, document_id: str, target: str) -> list[Delivery]:
    """The deliveries of a document to a target that aren't settled, else its last one. Raises InputFault where there
    is none."""
    found = [each for each in deliveries_of(source, document_id) if each.target == target]
    if not found:
        raise InputFault(
            f"{document_id} was never queued for {target}.",
            todo="`cpdocs deliver list` shows what is queued, and where.",
        )
    open_ones = [each for each in found if not each.ended and not each.delivered_at]
    return open_ones or found[-1:]


def delivery_id(ws: Workspace, *parts: str) -> str:
    """The id of a delivery: the same for the same parts, 20 characters (what MSH-10 takes), says nothing to others."""
    digest = hmac.digest(ws.id_secret, "\x1f".join(("delivery", *parts)).encode(), sha256)
    return digest.hex()[:20].upper()


def queue(
    ws: Workspace,
    delivery: str,
    record: Sent,
    way: Way,
    purpose: Purpose,
    *,
    parts: Iterable[tuple[str, bytes]],
    details: dict[str, JSON],
    to: str = "",
) -> bool:
    """Queues the delivery of this id once, its ``parts`` (names and bytes) in the store first; False where it was
    queued before."""
    stored: list[JSON] = [{"name": name, "sha256": ws.blobs.put(data)} for name, data in parts]
    data: dict[str, JSON] = {
        "delivery_id": delivery,
        "document_id": record.document_id,
        "version": record.version,
        "target": way.name,
        "kind": way.kind,
        "purpose": purpose.value,
        "to": to,
        "parts": stored,
        "details": details,
    }
    members = (member_subject(record.member_id),) if record.member_id else ()
    subjects = (delivery_subject(delivery), document_subject(record.document_id), *members)
    with ws.ledger.write() as tx:
        if find_delivery(tx, delivery) is not None:
            return False
        tx.append(NewEvent(EventType.DELIVERY_QUEUED, subjects, data))
    return True


def delivery_event(kind: EventType, delivery: Delivery, **data: JSON) -> NewEvent:
    """An event about one delivery."""
    subjects = (delivery_subject(delivery.delivery_id), document_subject(delivery.document_id))
    said: dict[str, JSON] = {
        "delivery_id": delivery.delivery_id,
        "document_id": delivery.document_id,
        "target": delivery.target,
    }
    return NewEvent(kind, subjects, {**said, **data})

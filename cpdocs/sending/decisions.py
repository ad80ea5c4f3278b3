"""What a person decides about a delivery: send it again under the same ids, or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Delivery
from cpdocs.core.events import EventType
from cpdocs.errors import InputFault, required_reason
from cpdocs.sending.record import delivery_event, find_delivery, the_delivery

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


def retry(ws: Workspace, document_id: str, target: str) -> Delivery:
    """The next look sends it again, at once, with the same ids. Raises InputFault where it is delivered or taken
    back."""
    with ws.ledger.write() as tx:
        delivery = the_delivery(tx, document_id, target)
        if delivery.delivered_at:
            raise InputFault(f"{document_id} is delivered to {target}; nothing is sent again.")
        if delivery.ended and not delivery.given_up:
            raise InputFault(f"{document_id} was taken back at {target}; nothing is sent again.")
        tx.append(delivery_event(EventType.DELIVERY_RETRIED, delivery))
        return _again(tx, delivery)


def give_up(ws: Workspace, document_id: str, target: str, reason: str) -> Delivery:
    """Nothing more is tried: it went, or goes, another way. Raises InputFault where it is settled already."""
    reason = required_reason(reason)
    with ws.ledger.write() as tx:
        delivery = the_delivery(tx, document_id, target)
        if delivery.delivered_at or delivery.ended:
            raise InputFault(f"{document_id} at {target} is settled already: {delivery.state.value}.")
        tx.append(delivery_event(EventType.DELIVERY_GIVEN_UP, delivery, reason=reason))
        return _again(tx, delivery)


def _again(source: Reads, delivery: Delivery) -> Delivery:
    found = find_delivery(source, delivery.delivery_id)
    assert found is not None
    return found

"""What a person decides about a delivery: send it again under the same ids, or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Delivery
from cpdocs.core.events import EventType
from cpdocs.errors import InputFault, required_reason
from cpdocs.sending.record import delivery_event, the_delivery_of, unsettled

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def retry(ws: Workspace, document_id: str, target: str) -> list[Delivery]:
    """The next look sends what isn't settled of a document again, at once, with the same ids. Raises InputFault where
    it is delivered or taken back."""
    with ws.ledger.write() as tx:
        found = unsettled(tx, document_id, target)
        for delivery in found:
            if delivery.delivered_at:
                raise InputFault(f"{document_id} is delivered to {target}; nothing is sent again.")
            if delivery.ended and not delivery.given_up:
                raise InputFault(f"{document_id} was taken back at {target}; nothing is sent again.")
            tx.append(delivery_event(EventType.DELIVERY_RETRIED, delivery))
        return [the_delivery_of(tx, each.delivery_id) for each in found]


def give_up(ws: Workspace, document_id: str, target: str, reason: str) -> list[Delivery]:
    """Nothing more is tried: it went, or goes, another way. Raises InputFault where it is settled already."""
    reason = required_reason(reason)
    with ws.ledger.write() as tx:
        found = unsettled(tx, document_id, target)
        for delivery in found:
            if delivery.delivered_at or delivery.ended:
                raise InputFault(f"{document_id} at {target} is settled already: {delivery.state.value}.")
            tx.append(delivery_event(EventType.DELIVERY_GIVEN_UP, delivery, reason=reason))
        return [the_delivery_of(tx, each.delivery_id) for each in found]

"""Answers on record, and in the same step what follows from them: sent, in the chart, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.deliveries import Answer, Delivery, Outcome, Purpose
from cpdocs.core.events import EventType, NewEvent
from cpdocs.core.notices import fold_notices
from cpdocs.errors import InputFault
from cpdocs.plans.log import plan_event
from cpdocs.plans.medications import find_list
from cpdocs.plans.medications import sent_event as list_sent
from cpdocs.plans.notice_files import sent_event
from cpdocs.plans.records import find_plan
from cpdocs.sending.record import deliveries_of, delivery_event

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

_IN_THE_CHART = ("hl7v2", "fhir")
"""Kinds whose receiver's word says that the document is in the chart, and not just in a folder on the way to it."""


def record_answer(ws: Workspace, delivery: Delivery, answer: Answer) -> None:
    """Records an answer, and in the same step what follows from it: sent, in the chart, taken back."""
    with ws.ledger.write() as tx:
        answered = delivery_event(
            EventType.DELIVERY_ANSWERED, delivery, outcome=answer.outcome.value, words=answer.words
        )
        follows = [*_what_follows(ws, tx, delivery)] if answer.outcome is Outcome.ACCEPTED else []
        tx.append(answered, *follows)


def _what_follows(ws: Workspace, tx: Transaction, delivery: Delivery) -> Iterator[NewEvent]:
    record = find_plan(tx, delivery.document_id)
    now = ws.clock.now()
    if delivery.purpose is Purpose.NOTICE:
        seq = int(delivery.details["notice"])
        written = next(iter(tx.events(types=(EventType.NOTICE_WRITTEN,), after=seq - 1)))
        for notice in fold_notices([written]).values():
            yield sent_event(notice, to=str(delivery.details["to_name"]), channel=delivery.target, at=now)
    elif record is None:
        listed = find_list(tx, delivery.document_id)
        if listed is not None and delivery.purpose is Purpose.PACKET:
            to, channel = str(delivery.details["to_name"]), str(delivery.details["channel"])
            yield list_sent(listed, to=to, channel=channel, at=now)
    elif delivery.purpose is Purpose.RECALL:
        words = f"Taken back: {delivery.details['reason']}"
        for each in deliveries_of(tx, delivery.document_id):
            if each.target == delivery.target and each.purpose is Purpose.PACKAGE and not each.ended:
                yield delivery_event(EventType.DELIVERY_WITHDRAWN, each, reason=words)
    elif delivery.purpose is Purpose.PACKET:
        # What was closed meanwhile isn't logged as sent any more; that it left is on record all the same.
        to, channel = str(delivery.details["to_name"]), str(delivery.details["channel"])
        with suppress(InputFault):
            transitions.may_send(record, to=to, channel=channel, at=now, now=now)
            yield plan_event(EventType.PLAN_SENT, record, to=to, channel=channel, at=now.isoformat())
    elif delivery.kind in _IN_THE_CHART:
        # Where a person confirmed it earlier, that stands.
        with suppress(InputFault):
            transitions.may_confirm(record, at=now, now=now)
            by = f"acknowledged by {delivery.target}"
            yield plan_event(EventType.UPLOAD_CONFIRMED, record, by=by, at=now.isoformat())

"""Where a delivery stands is a fold; what comes next is decided in one place, and never guesses in its own favour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.deliveries import (
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Action,
    DeliveryState,
    Outcome,
    fold,
    next_step,
    wait_after,
)
from cpdocs.core.events import Event, EventType

BEGIN = datetime(2026, 11, 3, 15, tzinfo=UTC)
QUEUED = {
    "delivery_id": "A",
    "document_id": "D",
    "version": 1,
    "target": "t",
    "kind": "hl7v2",
    "purpose": "package",
    "to": "",
    "parts": [],
    "details": {},
}
STEPS = [*Outcome, "attempt", "retry", "give up", "withdraw"]


def events(steps: list[object]) -> list[Event]:
    kinds = {
        "attempt": EventType.DELIVERY_ATTEMPTED,
        "retry": EventType.DELIVERY_RETRIED,
        "give up": EventType.DELIVERY_GIVEN_UP,
        "withdraw": EventType.DELIVERY_WITHDRAWN,
    }
    found = [(EventType.DELIVERY_QUEUED, dict(QUEUED))]
    for step in steps:
        if isinstance(step, Outcome):
            said = {"delivery_id": "A", "outcome": step.value, "words": step.value}
            found.append((EventType.DELIVERY_ANSWERED, said))
        else:
            found.append((kinds[str(step)], {"delivery_id": "A", "reason": "because"}))
    return [
        Event(number, kind, (), at := BEGIN + timedelta(minutes=number), at, "u", "h", data)
        for number, (kind, data) in enumerate(found)
    ]


@given(st.lists(st.sampled_from(STEPS), max_size=30), st.booleans())
def test_delivered_needs_an_accepted_answer_and_what_is_settled_is_never_sent(
    steps: list[object], tells_apart: bool
) -> None:
    delivery = fold(events(steps))["A"]
    step = next_step(delivery, now=BEGIN + timedelta(days=30), tells_apart=tells_apart)
    if delivery.state is DeliveryState.DELIVERED:
        assert Outcome.ACCEPTED in steps
    if delivery.state in (DeliveryState.DELIVERED, DeliveryState.WITHDRAWN, DeliveryState.HELD):
        assert step.action is not Action.SEND
    if step.action is Action.SEND and not tells_apart:
        unanswered = [each for each in steps if each in ("attempt", "retry") or isinstance(each, Outcome)]
        assert not unanswered or unanswered[-1] in ("retry", Outcome.NOT_SENT, Outcome.BUSY)


def test_an_attempt_without_answer_is_unsure_and_sent_again_only_where_that_does_no_harm() -> None:
    delivery = fold(events(["attempt"]))["A"]
    assert delivery.state is DeliveryState.UNSURE
    later = BEGIN + timedelta(days=1)
    assert next_step(delivery, now=later, tells_apart=False).action is Action.UNSURE
    assert next_step(delivery, now=later, tells_apart=True).action is Action.SEND
    assert next_step(delivery, now=later, tells_apart=True, sender_gone=False).action is Action.NOTHING


def test_waits_grow_and_end() -> None:
    waits = [wait_after(tries) for tries in range(1, 40)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=30)
    assert waits[-1] == LONGEST_WAIT
    worn_out = fold(events(["attempt", Outcome.NOT_SENT] * MOST_ATTEMPTS))["A"]
    assert worn_out.state is DeliveryState.HELD
    assert next_step(worn_out, now=BEGIN + timedelta(days=9), tells_apart=True).action is Action.HOLD

"""Deliveries: what leaves for a chart or a practice, and where each one stands (contract §9).

A delivery is one document for one target, its bytes fixed when it is queued. Attempts are recorded before they are
made, answers after; where it stands is a fold over both, and :func:`next_step` alone decides what follows. *Delivered*
needs the receiver's own word for this very delivery: a lost, late, half or foreign answer leaves it *unsure*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cpdocs.core.events import JSON, Event, EventType

DELIVERY_EVENTS = (
    EventType.DELIVERY_QUEUED,
    EventType.DELIVERY_ATTEMPTED,
    EventType.DELIVERY_ANSWERED,
    EventType.DELIVERY_RETRIED,
    EventType.DELIVERY_GIVEN_UP,
    EventType.DELIVERY_WITHDRAWN,
    EventType.DELIVERY_REPORTED,
)

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 12
"""After so many attempts without an answer that settles it, a person must look: about seven hours."""


class DeliveryState(StrEnum):
    """Where a delivery stands (contract §9)."""

    QUEUED = "queued"
    UNSURE = "unsure"
    DELIVERED = "delivered"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class Purpose(StrEnum):
    """What a delivery is for: a package for the chart, a packet or a notice for the practice, or what takes a package
    back."""

    PACKAGE = "package"
    PACKET = "packet"
    NOTICE = "notice"
    RECALL = "recall"


class Outcome(StrEnum):
    """What an attempt came to, as far as its transport can say.

    ``accepted``: the receiver's own word that it has this very delivery. ``handed_over``: it lies where it belongs, and
    the word is still to come. ``not_sent``: certainly nothing reached the receiver whole. ``unknown``: it may or may
    not have. ``busy``: the receiver asked to come again. ``refused``: the receiver said no, or what it has differs.
    """

    ACCEPTED = "accepted"
    HANDED_OVER = "handed_over"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    BUSY = "busy"
    REFUSED = "refused"


class Report(StrEnum):
    """What a mail system or a reader reports of a message afterwards (RFC 3464 §2.3.3, RFC 8098 §3.2.6)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    DISPLAYED = "displayed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt came to: ``words`` for people, of fixed text and the receiver's codes, never its free text."""

    outcome: Outcome
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a delivery: its name there, and the SHA-256 under which the store has its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as its events tell it. ``tries`` counts attempts since it was queued or a person said to try again;
    ``trying`` is whether the last attempt has no answer on record."""

    delivery_id: str
    document_id: str
    version: int
    target: str
    kind: str
    purpose: Purpose
    to: str
    parts: tuple[Part, ...]
    details: Mapping[str, Any]
    queued_at: datetime
    seq: int = 0
    """The number of the event that queued it."""
    attempts: int = 0
    tries: int = 0
    trying: bool = False
    attempted_at: datetime | None = None
    answer: Answer | None = None
    answered_at: datetime | None = None
    ever_out: bool = False
    delivered_at: datetime | None = None
    ended: str = ""
    given_up: bool = False
    reports: tuple[str, ...] = ()
    """What mail systems and readers reported of it afterwards, in words."""

    @property
    def state(self) -> DeliveryState:
        """The contract's word for where it stands."""
        if self.ended:
            return DeliveryState.WITHDRAWN
        if self.delivered_at:
            return DeliveryState.DELIVERED
        outcome = self.answer.outcome if self.answer else None
        if self.trying or outcome in (Outcome.UNKNOWN, Outcome.HANDED_OVER):
            return DeliveryState.UNSURE
        if outcome is Outcome.REFUSED or (outcome is not None and self.tries >= MOST_ATTEMPTS):
            return DeliveryState.HELD
        return DeliveryState.QUEUED

    @property
    def since(self) -> datetime:
        """Since when it stands there; one that is tried again stands queued since it was queued."""
        if self.trying:
            return self.attempted_at or self.queued_at
        if self.delivered_at and not self.ended:
            return self.delivered_at
        return (self.answered_at if self.state is not DeliveryState.QUEUED else None) or self.queued_at

    @property
    def practice_id(self) -> str:
        """The practice that it goes to, or whose plan it is."""
        return str(self.details.get("practice_id", ""))

    @property
    def words(self) -> str:
        """The last answer, or what stands in its place, as people read it."""
        if self.ended:
            return self.ended
        if self.trying:
            return "An attempt was begun and no answer to it is on record: the receiver may have it."
        return " ".join(filter(None, (self.answer.words if self.answer else "", *self.reports)))


class Action(StrEnum):
    """What to do about a delivery now."""

    SEND = "send"
    WAIT = "wait"
    HOLD = "hold"
    UNSURE = "unsure"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Step:
    """The next step: what, and for ``wait`` until when (aware)."""

    action: Action
    until: datetime | None = None


def next_step(delivery: Delivery, *, now: datetime, tells_apart: bool, sender_gone: bool = True) -> Step:
    """The next step of one delivery.

    ``tells_apart``: whether the receiver knows a repeated delivery by its ids and keeps one document of it; only then
    is one whose fate is unknown sent again without a person. ``sender_gone``: whether nobody is at an attempt without
    answer any more, which is certain under the target's lock.
    """
    if delivery.ended or delivery.delivered_at:
        return Step(Action.NOTHING)
    if delivery.trying and not sender_gone:
        return Step(Action.NOTHING)
    outcome = delivery.answer.outcome if delivery.answer else None
    if delivery.trying:
        outcome = Outcome.UNKNOWN
    if outcome is None:
        return Step(Action.SEND)
    if outcome is Outcome.HANDED_OVER:
        return Step(Action.UNSURE)
    if outcome is Outcome.REFUSED:
        return Step(Action.HOLD)
    if outcome is Outcome.UNKNOWN and not tells_apart:
        return Step(Action.UNSURE)
    if delivery.tries >= MOST_ATTEMPTS:
        return Step(Action.UNSURE if outcome is Outcome.UNKNOWN else Action.HOLD)
    since = delivery.answered_at if not delivery.trying else delivery.attempted_at
    until = (since or delivery.queued_at) + wait_after(delivery.tries)
    return Step(Action.SEND) if now >= until else Step(Action.WAIT, until)


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many attempts: doubled each time, never more than an hour."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(max(tries - 1, 0), 20)))


def fold(events: Iterable[Event]) -> dict[str, Delivery]:
    """Every delivery by its id, in the order queued. Events about one that was never queued count for nothing."""
    found: dict[str, Delivery] = {}
    for event in events:
        if event.type is EventType.DELIVERY_QUEUED:
            found.setdefault(event.data["delivery_id"], _queued(event))
        elif event.type in _NEXT and event.data["delivery_id"] in found:
            before = found[event.data["delivery_id"]]
            found[before.delivery_id] = _NEXT[event.type](before, event)
    return found


def as_json(delivery: Delivery) -> dict[str, JSON]:
    """The contract's row (§9), and more."""
    return {
        "document_id": delivery.document_id,
        "version": delivery.version,
        "target": delivery.target,
        "kind": delivery.kind,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "last_answer": delivery.words or None,
        "control_id": delivery.delivery_id,
        "delivered_at": delivery.delivered_at.isoformat() if delivery.delivered_at else None,
        "purpose": delivery.purpose.value,
        "queued_at": delivery.queued_at.isoformat(),
        "last_attempt_at": delivery.attempted_at.isoformat() if delivery.attempted_at else None,
        "practice_id": delivery.practice_id or None,
        "since": delivery.since.isoformat(),
    }


def _queued(event: Event) -> Delivery:
    data = event.data
    return Delivery(
        delivery_id=data["delivery_id"],
        document_id=data["document_id"],
        version=data["version"],
        target=data["target"],
        kind=data["kind"],
        purpose=Purpose(data["purpose"]),
        to=data["to"],
        parts=tuple(Part(part["name"], part["sha256"]) for part in data["parts"]),
        details=data["details"],
        queued_at=event.at,
        seq=event.seq,
    )


def _attempted(before: Delivery, event: Event) -> Delivery:
    return replace(before, attempts=before.attempts + 1, tries=before.tries + 1, trying=True, attempted_at=event.at)


def _answered(before: Delivery, event: Event) -> Delivery:
    answer = Answer(Outcome(event.data["outcome"]), event.data["words"])
    delivered = before.delivered_at
    if answer.outcome is Outcome.ACCEPTED:
        delivered = delivered or event.at
    elif event.data.get("takes_back"):
        delivered = None
    out = before.ever_out or answer.outcome in (Outcome.ACCEPTED, Outcome.HANDED_OVER, Outcome.UNKNOWN)
    return replace(before, trying=False, answer=answer, answered_at=event.at, delivered_at=delivered, ever_out=out)


def _reported(before: Delivery, event: Event) -> Delivery:
    """A bounce takes back that it was delivered: a person must look. Any other report is a word beside the answer."""
    words = str(event.data["words"])
    if event.data["report"] != Report.FAILED.value:
        return replace(before, reports=tuple(dict.fromkeys((*before.reports, words))))
    answer = Answer(Outcome.REFUSED, words)
    return replace(
        before, trying=False, answer=answer, answered_at=event.at, delivered_at=None, ever_out=True, reports=()
    )


def _retried(before: Delivery, _: Event) -> Delivery:
    """A person said to send it again, under the same ids: what was known of it is past, that it may be there isn't."""
    out = before.ever_out or before.trying
    return replace(
        before, tries=0, trying=False, answer=None, answered_at=None, ended="", given_up=False, ever_out=out, reports=()
    )


def _given_up(before: Delivery, event: Event) -> Delivery:
    return replace(before, ended=f"Given up by {event.user}: {event.data['reason']}", given_up=True)


def _withdrawn(before: Delivery, event: Event) -> Delivery:
    return replace(before, ended=str(event.data["reason"]))


_NEXT = {
    EventType.DELIVERY_ATTEMPTED: _attempted,
    EventType.DELIVERY_ANSWERED: _answered,
    EventType.DELIVERY_RETRIED: _retried,
    EventType.DELIVERY_GIVEN_UP: _given_up,
    EventType.DELIVERY_WITHDRAWN: _withdrawn,
    EventType.DELIVERY_REPORTED: _reported,
}

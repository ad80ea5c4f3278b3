"""A ledger in a temporary folder, with a clock that only moves when a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.ledger.events import EventStore

BEGIN = NewEvent(EventType.WORKSPACE_CREATED, ("workspace:",), {"sandbox": True})


@dataclass
class SetClock:
    """The workspace's time and the true one, as a test sets them."""

    time: datetime = datetime(2026, 11, 2, 15, tzinfo=UTC)
    true_time: datetime = datetime(2026, 11, 2, 15, 0, 1, 500, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def true_now(self) -> datetime:
        return self.true_time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where the ledger's file is, or will be."""
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def reopen(ledger: Path, clock: SetClock) -> Callable[..., EventStore]:
    def open_(**options) -> EventStore:
        return EventStore.open(ledger, clock=clock, user="clerk", host="desk", **options)

    return open_


@pytest.fixture
def store(ledger: Path, clock: SetClock) -> Iterator[EventStore]:
    """A new ledger with its first event."""
    made = EventStore.create(ledger, BEGIN, clock=clock, user="clerk", host="desk")
    yield made
    made.close()


def letter(number: int, **data) -> NewEvent:
    """A letter's event, about a document and a run."""
    return NewEvent(EventType.LETTER_STAGED, (f"document:D{number}", f"run:R{number % 3}"), {"number": number, **data})

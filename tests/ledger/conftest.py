"""A new ledger, in a file and in a database, with a clock that only moves when a test moves it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.ledger.address import Place
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


in_a_file = pytest.mark.parametrize("ledger", ["sqlite"], indirect=True)
"""For what only a file can show."""


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where the ledger is, or will be."""
    if request.param == "sqlite":
        yield tmp_path / "state" / "ledger.db"
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


def raw(ledger: Place) -> Any:
    """A connection to the ledger beside cpdocs, each statement by itself."""
    if isinstance(ledger, Path):
        return sqlite3.connect(ledger, isolation_level=None)
    import psycopg

    return psycopg.connect(ledger, autocommit=True, options="-c search_path=cpdocs")


@pytest.fixture
def reopen(ledger: Place, clock: SetClock) -> Callable[..., EventStore]:
    def open_(**options) -> EventStore:
        return EventStore.open(ledger, clock=clock, user="clerk", host="desk", **options)

    return open_


@pytest.fixture
def store(ledger: Place, clock: SetClock) -> Iterator[EventStore]:
    """A new ledger with its first event."""
    made = EventStore.create(ledger, BEGIN, clock=clock, user="clerk", host="desk")
    yield made
    made.close()


def letter(number: int, **data) -> NewEvent:
    """A letter's event, about a document and a run."""
    return NewEvent(EventType.LETTER_STAGED, (f"document:D{number}", f"run:R{number % 3}"), {"number": number, **data})

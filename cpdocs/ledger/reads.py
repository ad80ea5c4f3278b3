"""The reading side of the record, for whoever is handed a ledger or a transaction on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from cpdocs.core.events import Event, EventType


class Reads(Protocol):
    """Where events are read: the ledger, or a transaction on it."""

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[Event]: ...

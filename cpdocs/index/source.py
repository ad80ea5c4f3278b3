"""What the index is made from: the ledger, as far as it is read for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from cpdocs.core.events import Event, EventType
from cpdocs.ledger.reading import Edge

Tell = Callable[[int, int], None]
"""Told how far the work has come, of how much."""


class Source(Protocol):
    """The ledger, as far as the index reads it."""

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[Event]: ...

    def grouped(self, kind: str, *, types: Collection[EventType], upto: int) -> Iterator[tuple[str, list[Event]]]: ...


class Ledger(Source, Protocol):
    """What the index follows: it can tell how far it has come."""

    def edge(self) -> Edge: ...

    def texts(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[tuple[int, str]]: ...

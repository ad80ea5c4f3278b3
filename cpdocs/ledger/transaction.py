"""One transaction under the ledger's write lock: what is read there, decided and appended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import orjson

from cpdocs.core.clock import Clock
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.ledger.append import Appender, Envelope
from cpdocs.ledger.canonical import canonical
from cpdocs.ledger.reading import BATCH, Driver, decode, head_of, texts_of
from cpdocs.ledger.tree import Head


class Transaction:
    """What can be read and appended under the ledger's one write lock. Everything is durable, or nothing, at its
    end."""

    def __init__(self, driver: Driver, clock: Clock, user: str, host: str, person: str = "", sudo: str = "") -> None:
        self._driver = driver
        self._clock = clock
        self._user = user
        self._host = host
        self._person = person
        self._sudo = sudo

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[Event]:
        """The events recorded so far, this transaction's own included; as ``EventStore.events``."""
        return map(decode, (body for _, body in texts_of(self._driver, subject, types, after, upto=upto)))

    def head(self) -> Head:
        """The tree's size and root, this transaction's own events included."""
        return head_of(self._driver)

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events in this order. Raises TypeError or ValueError for data that an event can't hold."""
        return tuple(
            Event(
                seq,
                event.type,
                event.subjects,
                at,
                recorded_at,
                self._user,
                self._host,
                orjson.loads(data),
                self._person,
                self._sudo,
            )
            for seq, event, data, at, recorded_at in list(self._grow(new))
        )

    def extend(self, new: Iterable[NewEvent]) -> int:
        """As ``append``, for many: they are taken one by one, written by the thousand and never all held; gives how
        many."""
        return sum(1 for _ in self._grow(new))

    def _grow(self, new: Iterable[NewEvent]) -> Iterator[tuple[int, NewEvent, bytes, datetime, datetime]]:
        appender = Appender(self._driver)
        at, recorded_at = self._clock.now(), self._clock.true_now()
        envelope = Envelope(at, recorded_at, self._user, self._host, self._person, self._sudo)
        for event in new:
            seq = appender.size + 1
            data = canonical(dict(event.data))
            appender.add(event.type.value, event.subjects, envelope.at, envelope.around(seq, event, data.decode()))
            if seq % BATCH == 0:
                appender.write()
            yield seq, event, data, at, recorded_at
        appender.write()

    def add_checkpoint(self, size: int, note: str) -> int:
        """Keeps a signed checkpoint; gives its number. The same note twice in a row is kept once."""
        last = self._driver.execute("SELECT number, note FROM checkpoints ORDER BY number DESC LIMIT 1").fetchone()
        if last is not None and last[1] == note:
            return int(last[0])
        number = 1 if last is None else int(last[0]) + 1
        self._driver.execute("INSERT INTO checkpoints (number, size, note) VALUES (?, ?, ?)", (number, size, note))
        return number

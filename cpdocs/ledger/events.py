"""The event store: appended to, read in order, never changed. Every state in cpdocs is a fold over it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Select, bindparam, insert, select

from cpdocs.core.clock import Clock
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.ledger.append import Appender, Envelope
from cpdocs.ledger.backends import Backend, Place, backend_of
from cpdocs.ledger.canonical import canonical
from cpdocs.ledger.inclusion_proofs import stored_hashes
from cpdocs.ledger.schema import LedgerDamaged, LedgerMissing, checkpoints, event_subjects, events, tree_head
from cpdocs.ledger.tree import Head, RangeHash, consistency_proof, inclusion_proof, leaf_hash, range_hash

__all__ = ["EventStore", "Head", "LedgerDamaged", "LedgerMissing", "Transaction"]

BUSY_SECONDS = 15.0
_BATCH = 2000
_NO_END = 2**62

_HEAD = select(tree_head.c.size, tree_head.c.root)


class Transaction:
    """What can be read and appended under the ledger's one write lock. Everything is durable, or nothing, at its
    end."""

    def __init__(self, connection: Connection, clock: Clock, user: str, host: str) -> None:
        self._connection = connection
        self._clock = clock
        self._user = user
        self._host = host

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0
    ) -> Iterator[Event]:
        """The events recorded so far, this transaction's own included; as ``EventStore.events``."""
        return map(decode, (body for _, body in texts_of(self._connection, subject, types, after, inside=True)))

    def head(self) -> Head:
        """The tree's size and root, this transaction's own events included."""
        return head_of(self._connection)

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events in this order. Raises TypeError or ValueError for data that an event can't hold."""
        return tuple(
            Event(seq, event.type, event.subjects, at, recorded_at, self._user, self._host, orjson.loads(data))
            for seq, event, data, at, recorded_at in list(self._grow(new))
        )

    def extend(self, new: Iterable[NewEvent]) -> int:
        """As ``append``, for many: they are taken one by one, written by the thousand and never all held; gives how
        many."""
        return sum(1 for _ in self._grow(new))

    def _grow(self, new: Iterable[NewEvent]) -> Iterator[tuple[int, NewEvent, bytes, datetime, datetime]]:
        growth = Appender(self._connection)
        at, recorded_at = self._clock.now(), self._clock.true_now()
        envelope = Envelope(at, recorded_at, self._user, self._host)
        for event in new:
            seq = growth.size + 1
            data = canonical(dict(event.data))
            growth.add(event.type.value, event.subjects, envelope.at, envelope.around(seq, event, data.decode()))
            if seq % _BATCH == 0:
                growth.write()
            yield seq, event, data, at, recorded_at
        growth.write()

    def add_checkpoint(self, size: int, note: str) -> int:
        """Keeps a signed checkpoint; gives its number. The same note twice in a row is kept once."""
        last = self._connection.execute(
            select(checkpoints.c.number, checkpoints.c.note).order_by(checkpoints.c.number.desc()).limit(1)
        ).one_or_none()
        if last is not None and last.note == note:
            return int(last.number)
        number = 1 if last is None else last.number + 1
        self._connection.execute(insert(checkpoints).values(number=number, size=size, note=note))
        return int(number)


class EventStore:
    """The ledger of one workspace, open. Safe for several threads, several processes, and in a database several
    machines at once."""

    def __init__(
        self,
        engine: Engine,
        place: Place,
        home: Backend,
        *,
        clock: Clock,
        user: str,
        host: str,
        foreword: Callable[[Transaction], None] | None = None,
    ) -> None:
        self.engine = engine
        self.place = place
        self._home = home
        self._clock = clock
        self._user = user
        self._host = host
        self._foreword = foreword
        self._hashes: dict[tuple[int, int], bytes] = {}
        home.hold()
        # Also when the last reference goes, or at the interpreter's end.
        self._finalizer = weakref.finalize(self, home.let_go, engine, os.getpid())

    @classmethod
    def create(
        cls, place: Place, *first: NewEvent, clock: Clock, user: str, host: str, busy_seconds: float = BUSY_SECONDS
    ) -> EventStore:
        """Makes a new ledger that begins with ``first``, whole or not at all; only ``init`` does so.

        Raises OutputExists where there is one already, WorkspaceFault where the disk or the database refuses.
        """
        with backend_of(place).creating(busy_seconds) as connection:
            Transaction(connection, clock, user, host).append(*first)
        return cls.open(place, clock=clock, user=user, host=host, busy_seconds=busy_seconds)

    @classmethod
    def open(
        cls,
        place: Place,
        *,
        clock: Clock,
        user: str,
        host: str,
        busy_seconds: float = BUSY_SECONDS,
        foreword: Callable[[Transaction], None] | None = None,
    ) -> EventStore:
        """Opens the ledger at ``place``. Raises LedgerMissing: a lost ledger is never quietly begun anew.

        ``foreword`` is called at the beginning of the first transaction that writes: what a command must have said
        before whatever else it records.
        """
        home = backend_of(place)
        return cls(home.open(busy_seconds), place, home, clock=clock, user=user, host=host, foreword=foreword)

    def close(self) -> None:
        """Lets go of the ledger; the store can't be used afterwards."""
        self._finalizer()

    def exclusively(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody on another machine works on ``name`` now; nobody does while the block runs.

        It saves double work only: what may not happen twice is decided under ``write``.
        """
        return self._home.exclusively(self.engine, name)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one write lock: read, decide and append inside. Raises Busy where another process keeps it too long.

        An exception inside leaves the ledger as it was.
        """
        with self._home.faults_named(), self._home.writing(self.engine) as connection:
            tx = Transaction(connection, self._clock, self._user, self._host)
            if self._foreword is not None:
                self._foreword(tx)
            yield tx
        self._foreword = None  # said for good only now that it is durable

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events durably, all or none, in this order. Raises Busy, WorkspaceFault."""
        with self.write() as tx:
            return tx.append(*new)

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0
    ) -> Iterator[Event]:
        """Recorded events in order: those of ``subject``, of any of ``types``, with a number above ``after``.

        What is there when the first is asked for; no lock is held meanwhile. Raises LedgerDamaged at an event whose
        text isn't the one that was recorded.
        """
        with self._home.faults_named(), self.engine.connect() as connection:
            for _, body in texts_of(connection, subject, types, after):
                yield decode(body)

    def head(self) -> Head:
        """The tree's size and root."""
        with self._home.faults_named(), self.engine.connect() as connection:
            return head_of(connection)

    def texts(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0
    ) -> Iterator[tuple[int, str]]:
        """As ``events``, but each event's number and its canonical text: the entry of leaf ``number - 1``."""
        with self._home.faults_named(), self.engine.connect() as connection:
            yield from texts_of(connection, subject, types, after)

    def root_at(self, size: int) -> bytes:
        """The root over the first ``size`` events. Raises ValueError where there are fewer."""
        with self._tree(size) as complete:
            return range_hash(0, size, complete)

    def inclusion_proof(self, seq: int, size: int) -> tuple[bytes, ...]:
        """Shows event ``seq`` (its leaf is ``seq - 1``) to be among the first ``size``. Raises ValueError where it
        isn't."""
        with self._tree(size) as complete:
            return inclusion_proof(seq - 1, size, complete)

    def consistency_proof(self, first: int, second: int) -> tuple[bytes, ...]:
        """Shows the first ``first`` events to be the beginning of the first ``second``. Raises ValueError."""
        with self._tree(second) as complete:
            return consistency_proof(first, second, complete)

    def checkpoints(self) -> tuple[str, ...]:
        """The signed checkpoints that were kept, oldest first."""
        with self._home.faults_named(), self.engine.connect() as connection:
            return tuple(connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.number)).scalars())

    @contextmanager
    def _tree(self, size: int) -> Iterator[RangeHash]:
        with self._home.faults_named(), self.engine.connect() as connection:
            if not 0 <= size <= head_of(connection).size:
                raise ValueError("the ledger has fewer events")
            yield stored_hashes(connection, self._hashes)


def decode(body: str) -> Event:
    """The event that a recorded text holds."""
    text = orjson.loads(body)
    return Event(
        seq=text["seq"],
        type=EventType(text["type"]),
        subjects=tuple(text["subjects"]),
        at=datetime.fromisoformat(text["at"]),
        recorded_at=datetime.fromisoformat(text["recorded_at"]),
        user=text["user"],
        host=text["host"],
        data=text["data"],
    )


def texts_of(
    connection: Connection,
    subject: str | None = None,
    types: Collection[EventType] = (),
    after: int = 0,
    *,
    inside: bool = False,
) -> Iterator[tuple[int, str]]:
    """Reads in batches, each a transaction of its own: a reader that dawdles holds nothing up. ``inside`` is in the
    caller's."""
    query = _reading(subject=subject is not None, types=bool(types))
    wanted = {"subject": subject, "types": [kind.value for kind in types], "end": _NO_END}
    while True:
        rows = connection.execute(query, {**wanted, "after": after}).all()
        if len(rows) == _BATCH and wanted["end"] == _NO_END:
            # What comes after the first batch was read isn't asked for; nearly always one batch is all there is.
            wanted["end"] = head_of(connection).size
        if not inside:
            connection.rollback()
        for seq, body, leaf in rows:
            if leaf_hash(body.encode()) != leaf:
                raise LedgerDamaged(
                    f"Event {seq} of the ledger has been altered.",
                    todo="Run 'cpdocs audit verify'; restore the ledger from a backup.",
                )
            yield seq, body
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq


@cache
def _reading(*, subject: bool, types: bool) -> Select[Any]:
    """The statement that reads a batch of events; made once, since making it takes longer than running it."""
    seq = events.c.seq
    query = (
        select(seq, events.c.body, events.c.leaf)
        .where(seq > bindparam("after"), seq <= bindparam("end"))
        .order_by(seq)
        .limit(_BATCH)
    )
    if subject:
        query = query.join(event_subjects, event_subjects.c.seq == seq).where(
            event_subjects.c.subject == bindparam("subject")
        )
    return query.where(events.c.type.in_(bindparam("types", expanding=True))) if types else query


def head_of(connection: Connection) -> Head:
    """The tree's size and root."""
    row = connection.execute(_HEAD).one()
    return Head(row.size, row.root)

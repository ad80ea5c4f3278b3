"""The event store: appended to, read in order, never changed. Every state in cpdocs is a fold over it.

It is read by the driver alone; what writes, and what proves, is brought in when first asked for.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from cpdocs.core.clock import Clock
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.ledger.address import Place
from cpdocs.ledger.faults import LedgerDamaged, LedgerMissing
from cpdocs.ledger.reader import Reader, reader_of
from cpdocs.ledger.reading import (
    SCHEMA_VERSION,
    Driver,
    Edge,
    decode,
    edge_of,
    grouped_texts_of,
    head_of,
    texts_about,
    texts_of,
)
from cpdocs.ledger.tree import Head, RangeHash, consistency_proof, inclusion_proof, range_hash
from cpdocs.ledger.writer import Writer, writer_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cpdocs.ledger.backends import Backend
    from cpdocs.ledger.transaction import Transaction

__all__ = ["EventStore", "Head", "LedgerDamaged", "LedgerMissing", "decode"]

BUSY_SECONDS = 15.0


class _Open:
    """What one store has open: always a reader; a writer once it has written; an engine where something was proven, or
    worked on alone."""

    def __init__(self, place: Place, busy_seconds: float) -> None:
        self._place = place
        self._busy_seconds = busy_seconds
        self.reader: Reader = reader_of(place, busy_seconds)
        self._has_engine = False
        self._writer: Writer | None = None

    @cached_property
    def home(self) -> Backend:
        from cpdocs.ledger.backends import backend_of

        return backend_of(self._place)

    @cached_property
    def engine(self) -> Engine:
        engine = self.home.open(self._busy_seconds)
        self._has_engine = True
        return engine

    @contextmanager
    def writing(self) -> Iterator[Driver]:
        """A transaction under the one write lock, committed where the block ends well. Raises Busy, and at the first
        one what ``bring_up`` raises."""
        writer = self._writer
        if writer is None:
            if self.reader.form() != SCHEMA_VERSION:
                self.bring_up()
            writer = self._writer = writer_of(self._place, self._busy_seconds)
        with self.reader.faults_named(), writer.writing() as driver:
            yield driver

    def bring_up(self) -> None:
        """Brings the ledger to this cpdocs' form. Raises LedgerMissing, LedgerDamaged, or WorkspaceFault where a later
        version made it."""
        assert self.engine

    def let_go(self, process: int) -> None:
        """Closes what ``process`` has open here."""

        def release() -> None:
            if self._writer is not None:
                self._writer.close()
            if self._has_engine:
                self.home.dispose(self.engine, process)

        self.reader.let_go(process, release)


class EventStore:
    """The ledger of one workspace, open. Safe for several threads, several processes, and in a database several
    machines at once."""

    def __init__(
        self,
        opened: _Open,
        place: Place,
        *,
        clock: Clock,
        user: str,
        host: str,
        sudo: str = "",
        foreword: Callable[[Transaction], None] | None = None,
        by_the_clock: bool = False,
    ) -> None:
        self.place = place
        self._open = opened
        self._clock = clock
        self._user = user
        self._host = host
        self._sudo = sudo
        self._person = ""
        self._foreword = foreword
        self._by_the_clock = by_the_clock
        self._hashes: dict[tuple[int, int], bytes] = {}
        opened.reader.hold()
        # Also when the last reference goes, or at the interpreter's end.
        self._finalizer = weakref.finalize(self, opened.let_go, os.getpid())

    @classmethod
    def create(
        cls,
        place: Place,
        *first: NewEvent,
        clock: Clock,
        user: str,
        host: str,
        sudo: str = "",
        busy_seconds: float = BUSY_SECONDS,
    ) -> EventStore:
        """Makes a new ledger that begins with ``first``, whole or not at all; only ``init`` does so.

        Raises OutputExists where there is one already, WorkspaceFault where the disk or the database refuses.
        """
        from cpdocs.ledger.backends import backend_of
        from cpdocs.ledger.rows import driver_of
        from cpdocs.ledger.transaction import Transaction

        with backend_of(place).creating(busy_seconds) as connection:
            Transaction(driver_of(connection), clock, user, host, sudo=sudo).append(*first)
        return cls.open(place, clock=clock, user=user, host=host, sudo=sudo, busy_seconds=busy_seconds)

    @classmethod
    def open(
        cls,
        place: Place,
        *,
        clock: Clock,
        user: str,
        host: str,
        sudo: str = "",
        busy_seconds: float = BUSY_SECONDS,
        foreword: Callable[[Transaction], None] | None = None,
        by_the_clock: bool = False,
    ) -> EventStore:
        """Opens the ledger at ``place``. Raises LedgerMissing: a lost ledger is never quietly begun anew.

        ``user`` is the account that acts, ``sudo`` the one that sudo says it came from. ``foreword`` is called at the
        beginning of the first transaction that writes: what a command must have said before whatever else it records.
        ``by_the_clock``: nothing is recorded by a clock that is behind the record.
        """
        opened = _Open(place, busy_seconds)
        if opened.reader.form() != SCHEMA_VERSION:
            opened.bring_up()
        return cls(
            opened, place, clock=clock, user=user, host=host, sudo=sudo, foreword=foreword, by_the_clock=by_the_clock
        )

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's connections, which can write too; made when first asked for."""
        return self._open.engine

    def close(self) -> None:
        """Lets go of the ledger; the store can't be used afterwards."""
        self._finalizer()

    def acts_for(self, person: str) -> None:
        """From now on every event names ``person``, whose PIN was right, beside the account."""
        self._person = person

    def goes_by(self, clock: Clock) -> None:
        """From now on what is recorded is dated by ``clock``."""
        self._clock = clock

    def behind(self) -> timedelta:
        """By how much the machine's clock is behind what was recorded last; zero where it isn't."""
        from cpdocs.ledger.clock_guard import behind

        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            return behind(driver, self._clock.true_now())

    def take_the_clock(self) -> None:
        """From now on what this store records goes by the clock as it is, behind or not: somebody answers for it."""
        self._by_the_clock = False

    def exclusively(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody on another machine works on ``name`` now; nobody does while the block runs.

        It saves double work only: what may not happen twice is decided under ``write``.
        """
        return self._open.home.exclusively(self.engine, name)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one write lock: read, decide and append inside. Raises Busy where another process keeps it too long.

        An exception inside leaves the ledger as it was. Raises ClockBehind where the machine's clock is well behind
        what was recorded last.
        """
        from cpdocs.ledger.clock_guard import refuse_if_behind
        from cpdocs.ledger.transaction import Transaction

        with self._open.writing() as driver:
            if self._by_the_clock:
                refuse_if_behind(driver, self._clock.true_now())
            tx = Transaction(driver, self._clock, self._user, self._host, self._person, self._sudo)
            if self._foreword is not None:
                self._foreword(tx)
            yield tx
        self._foreword = None  # said for good only now that it is durable

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events durably, all or none, in this order. Raises Busy, WorkspaceFault."""
        with self.write() as tx:
            return tx.append(*new)

    def events(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[Event]:
        """Recorded events in order: those of ``subject``, of any of ``types``, with a number above ``after`` and of
        ``upto`` at most (0: whatever there is).

        What is there when the first is asked for; no lock is held meanwhile. Raises LedgerDamaged at an event whose
        text isn't the one that was recorded.
        """
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            for _, body in texts_of(driver, subject, types, after, upto=upto):
                yield decode(body)

    def grouped(self, kind: str, *, types: Collection[EventType], upto: int) -> Iterator[tuple[str, list[Event]]]:
        """The key of every subject of ``kind`` ("document" …), in order, with the events about it that are of
        ``types`` and numbered ``upto`` at most. However many there are, one subject's are held at a time."""
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            for subject, texts in grouped_texts_of(driver, kind, types, upto):
                yield subject.partition(":")[2], [decode(body) for body in texts]

    def about(
        self, kind: str, keys: Collection[str], *, types: Collection[EventType]
    ) -> Iterator[tuple[str, list[Event]]]:
        """Each of these keys of ``kind`` ("document" …), in order, with the events about it that are of ``types``; one
        about which there are none is left out. For a page of a list: many are asked for at once."""
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            for subject, texts in texts_about(driver, [f"{kind}:{key}" for key in keys], types):
                yield subject.partition(":")[2], [decode(body) for body in texts]

    def head(self) -> Head:
        """The tree's size and root."""
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            return head_of(driver)

    def edge(self) -> Edge:
        """The tree's growing edge: what a copy that follows the ledger goes on from."""
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            return edge_of(driver)

    def texts(
        self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0, upto: int = 0
    ) -> Iterator[tuple[int, str]]:
        """As ``events``, but each event's number and its canonical text: the entry of leaf ``number - 1``."""
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            yield from texts_of(driver, subject, types, after, upto=upto)

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
        with self._open.reader.faults_named(), self._open.reader.borrowed() as driver:
            rows = driver.execute("SELECT note FROM checkpoints ORDER BY number").fetchall()
            return tuple(note for (note,) in rows)

    @contextmanager
    def _tree(self, size: int) -> Iterator[RangeHash]:
        from cpdocs.ledger.inclusion_proofs import stored_hashes
        from cpdocs.ledger.rows import driver_of

        with self._open.home.faults_named(), self.engine.connect() as connection, connection.begin():
            if not 0 <= size <= head_of(driver_of(connection)).size:
                raise ValueError("the ledger has fewer events")
            yield stored_hashes(connection, self._hashes)

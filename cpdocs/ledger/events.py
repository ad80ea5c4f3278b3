"""The event store: appended to, read in order, never changed. Every state in cpdocs is a fold over it.

One event is the canonical JSON of ``{v, seq, type, subjects, at, recorded_at, user, host, salt, data}``; that text is
the entry of leaf ``seq - 1`` in the Merkle tree. The salt, 16 random bytes, keeps a leaf's hash from telling anyone
who holds a package what the event says.
"""

from __future__ import annotations

import json
import os
import secrets
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from cpdocs.core.clock import Clock
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.ledger.canonical import canonical
from cpdocs.ledger.durable import OutputExists, disk_fault, fsync_file, fsync_folder, make_folder
from cpdocs.ledger.pages import settle, sums_path
from cpdocs.ledger.proofs import SUBTREE_LEVELS, stored_hashes
from cpdocs.ledger.schema import (
    LedgerDamaged,
    LedgerMissing,
    checkpoints,
    event_subjects,
    events,
    faults_named,
    make_sqlite,
    open_sqlite,
    subtrees,
    tree_head,
)
from cpdocs.ledger.tree import Frontier, Head, RangeHash, consistency_proof, inclusion_proof, leaf_hash, range_hash

__all__ = ["EventStore", "Head", "LedgerDamaged", "LedgerMissing", "Transaction"]

FORMAT = 1
"""The ``v`` of every event's text."""

BUSY_SECONDS = 15.0
_BATCH = 2000

_EDGE = select(tree_head.c.size, tree_head.c.frontier)
_HEAD = select(tree_head.c.size, tree_head.c.root)
_ADD_EVENTS, _ADD_SUBJECTS, _ADD_SUBTREES = insert(events), insert(event_subjects), insert(subtrees)
_MOVE_EDGE = update(tree_head).values(size=bindparam("size"), frontier=bindparam("frontier"), root=bindparam("root"))


class Transaction:
    """What can be read and appended under the ledger's one write lock. Everything is durable, or nothing, at its end."""

    def __init__(self, connection: Connection, clock: Clock, user: str, host: str) -> None:
        self._connection = connection
        self._clock = clock
        self._user = user
        self._host = host

    def events(self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0) -> Iterator[Event]:
        """The events recorded so far, this transaction's own included; as ``EventStore.events``."""
        return _read(self._connection, subject, types, after)

    def head(self) -> Head:
        """The tree's size and root, this transaction's own events included."""
        return _head(self._connection)

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events in this order. Raises TypeError or ValueError for data that an event can't hold."""
        row = self._connection.execute(_EDGE).one()
        frontier = Frontier.from_bytes(row.size, row.frontier)
        at, recorded_at = self._clock.now(), self._clock.true_now()
        envelope = _Envelope(_stamp(at), _stamp(recorded_at), self._user, self._host)
        salts = os.urandom(16 * len(new)).hex()
        event_rows: list[dict[str, Any]] = []
        subject_rows: list[dict[str, Any]] = []
        subtree_rows: list[dict[str, Any]] = []
        recorded = []
        for place, event in enumerate(new):
            seq = frontier.size + 1
            _check_subjects(event.subjects)
            data = canonical(dict(event.data)).decode()
            body = envelope.around(seq, event.type.value, event.subjects, salts[32 * place : 32 * place + 32], data)
            leaf = leaf_hash(body.encode())
            event_rows.append({"seq": seq, "type": event.type.value, "at": envelope.at, "body": body, "leaf": leaf})
            subject_rows += [{"subject": subject, "seq": seq} for subject in event.subjects]
            for level, index, node in frontier.append(leaf):
                if level % SUBTREE_LEVELS == 0:
                    subtree_rows.append({"level": level, "place": index, "hash": node})
            recorded.append(Event(seq, event.type, event.subjects, at, recorded_at, self._user, self._host, json.loads(data)))
        for statement, rows in ((_ADD_EVENTS, event_rows), (_ADD_SUBJECTS, subject_rows), (_ADD_SUBTREES, subtree_rows)):
            if rows:
                self._connection.execute(statement, rows)
        if new:
            self._connection.execute(_MOVE_EDGE, {"size": frontier.size, "frontier": frontier.to_bytes(), "root": frontier.root()})
        return tuple(recorded)

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
    """The ledger of one workspace, open. Safe for several threads and several processes at once."""

    def __init__(
        self, engine: Engine, path: Path, *, clock: Clock, user: str, host: str, foreword: Callable[[Transaction], None] | None = None
    ) -> None:
        self.engine = engine
        self.path = path
        self._clock = clock
        self._user = user
        self._host = host
        self._foreword = foreword
        self._hashes: dict[tuple[int, int], bytes] = {}
        _users[path.resolve()] += 1
        # Also when the last reference goes, or at the interpreter's end.
        self._finalizer = weakref.finalize(self, _let_go, engine, path, os.getpid())

    @classmethod
    def create(cls, path: Path, *first: NewEvent, clock: Clock, user: str, host: str, busy_seconds: float = BUSY_SECONDS) -> EventStore:
        """Makes a new ledger that begins with ``first``, whole or not at all; only ``init`` does so.

        Raises OutputExists where there is one already, WorkspaceFault where the disk refuses.
        """
        make_folder(path.parent)
        part = path.with_name(f".cpdocs-{secrets.token_hex(8)}.part")
        try:
            begun = cls(make_sqlite(part, busy_seconds), part, clock=clock, user=user, host=host)
            begun.append(*first)
            begun.close()
            fsync_file(part)
            sums_path(part).replace(sums_path(path))
            os.link(part, path)
            fsync_folder(path.parent)
        except FileExistsError:
            raise OutputExists(f"There is a ledger at {path} already; nothing was changed.") from None
        except OSError as error:
            raise disk_fault(error, path.parent) from error
        finally:
            for leftover in path.parent.glob(f"{part.stem}*"):
                leftover.unlink()
        return cls.open(path, clock=clock, user=user, host=host, busy_seconds=busy_seconds)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock,
        user: str,
        host: str,
        busy_seconds: float = BUSY_SECONDS,
        foreword: Callable[[Transaction], None] | None = None,
    ) -> EventStore:
        """Opens an existing ledger. Raises LedgerMissing: a lost ledger is never quietly begun anew.

        ``foreword`` is called at the beginning of the first transaction that writes: what a command must have said
        before whatever else it records.
        """
        return cls(open_sqlite(path, busy_seconds), path, clock=clock, user=user, host=host, foreword=foreword)

    def close(self) -> None:
        """Lets go of the file; the store can't be used afterwards."""
        self._finalizer()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one write lock: read, decide and append inside. Raises Busy where another process keeps it too long.

        An exception inside leaves the ledger as it was.
        """
        with (
            faults_named(self.path),
            self.engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            tx = Transaction(connection, self._clock, self._user, self._host)
            if self._foreword is not None:
                self._foreword(tx)
            yield tx
        self._foreword = None  # said for good only now that it is durable

    def append(self, *new: NewEvent) -> tuple[Event, ...]:
        """Records events durably, all or none, in this order. Raises Busy, WorkspaceFault."""
        with self.write() as tx:
            return tx.append(*new)

    def events(self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0) -> Iterator[Event]:
        """Recorded events in order: those of ``subject``, of any of ``types``, with a number above ``after``.

        What is there when the first is asked for; no lock is held meanwhile. Raises LedgerDamaged at an event whose
        text isn't the one that was recorded.
        """
        with faults_named(self.path), self.engine.connect() as connection:
            yield from _read(connection, subject, types, after)

    def head(self) -> Head:
        """The tree's size and root."""
        with faults_named(self.path), self.engine.connect() as connection:
            return _head(connection)

    def texts(self, *, subject: str | None = None, types: Collection[EventType] = (), after: int = 0) -> Iterator[tuple[int, str]]:
        """As ``events``, but each event's number and its canonical text: the entry of leaf ``number - 1``."""
        with faults_named(self.path), self.engine.connect() as connection:
            yield from _texts(connection, subject, types, after)

    def root_at(self, size: int) -> bytes:
        """The root over the first ``size`` events. Raises ValueError where there are fewer."""
        with self._tree(size) as complete:
            return range_hash(0, size, complete)

    def inclusion_proof(self, seq: int, size: int) -> tuple[bytes, ...]:
        """Shows event ``seq`` (its leaf is ``seq - 1``) to be among the first ``size``. Raises ValueError where it isn't."""
        with self._tree(size) as complete:
            return inclusion_proof(seq - 1, size, complete)

    def consistency_proof(self, first: int, second: int) -> tuple[bytes, ...]:
        """Shows the first ``first`` events to be the beginning of the first ``second``. Raises ValueError."""
        with self._tree(second) as complete:
            return consistency_proof(first, second, complete)

    def checkpoints(self) -> tuple[str, ...]:
        """The signed checkpoints that were kept, oldest first."""
        with faults_named(self.path), self.engine.connect() as connection:
            return tuple(connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.number)).scalars())

    @contextmanager
    def _tree(self, size: int) -> Iterator[RangeHash]:
        with faults_named(self.path), self.engine.connect() as connection:
            if not 0 <= size <= _head(connection).size:
                raise ValueError("the ledger has fewer events")
            yield stored_hashes(connection, self._hashes)


_users: Counter[Path] = Counter()
"""How many stores of this process have each ledger open."""


def in_use_here(path: Path) -> bool:
    """Whether a store of this process has the ledger at ``path`` open: then its file must not be opened beside SQLite."""
    return _users[path.resolve()] > 0


def _let_go(engine: Engine, path: Path, process: int) -> None:
    _users[path.resolve()] -= 1
    if in_use_here(path) or process != os.getpid():
        engine.dispose()
    else:
        settle(path, engine.dispose)


def decode(body: str) -> Event:
    """The event that a recorded text holds."""
    text = json.loads(body)
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


def _read(connection: Connection, subject: str | None, types: Collection[EventType], after: int) -> Iterator[Event]:
    for _, body in _texts(connection, subject, types, after):
        yield decode(body)


def _texts(connection: Connection, subject: str | None, types: Collection[EventType], after: int) -> Iterator[tuple[int, str]]:
    """Reads in batches, each a transaction of its own outside ``write``: a reader that dawdles holds nothing up."""
    query = select(events.c.seq, events.c.body, events.c.leaf).order_by(events.c.seq).limit(_BATCH)
    if subject is not None:
        query = query.join(event_subjects, event_subjects.c.seq == events.c.seq).where(event_subjects.c.subject == subject)
    if types:
        query = query.where(events.c.type.in_([kind.value for kind in types]))
    writing = connection.in_transaction()
    end = _head(connection).size
    while True:
        rows = connection.execute(query.where(events.c.seq > after, events.c.seq <= end)).all()
        if not writing:
            connection.rollback()
        for seq, body, leaf in rows:
            if leaf_hash(body.encode()) != leaf:
                raise LedgerDamaged(
                    f"Event {seq} of the ledger has been altered.", todo="Run 'cpdocs audit verify'; restore the ledger from a backup."
                )
            yield seq, body
        if len(rows) < _BATCH:
            return
        after = rows[-1].seq


def _head(connection: Connection) -> Head:
    row = connection.execute(_HEAD).one()
    return Head(row.size, row.root)


def _stamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without an offset says nothing")
    return moment.astimezone(UTC).isoformat()


def _check_subjects(subjects: tuple[str, ...]) -> None:
    if len(set(subjects)) != len(subjects) or not all(":" in subject for subject in subjects):
        raise ValueError("subjects are distinct and each is kind:key")


class _Envelope:
    """The canonical text around an event's data: what one append has in common is encoded once."""

    def __init__(self, at: str, recorded_at: str, user: str, host: str) -> None:
        self.at = at
        self._at, self._recorded_at, self._user, self._host = (canonical(text).decode() for text in (at, recorded_at, user, host))

    def around(self, seq: int, kind: str, subjects: tuple[str, ...], salt: str, data: str) -> str:
        """Keys in RFC 8785's order; ``data`` is canonical already, ``kind`` and ``salt`` need no escapes."""
        about = canonical(list(subjects)).decode()
        return (
            f'{{"at":{self._at},"data":{data},"host":{self._host},"recorded_at":{self._recorded_at},"salt":"{salt}",'
            f'"seq":{seq},"subjects":{about},"type":"{kind}","user":{self._user},"v":{FORMAT}}}'
        )

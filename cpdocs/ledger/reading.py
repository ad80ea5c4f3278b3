"""Events out of the ledger's tables, in order, by the driver alone: who only reads starts without SQLAlchemy.

By type they are read from each type's own part of the index, and the parts are merged: sorting whole batches out of all
of them made reading everything quadratic. Every text is held against its leaf.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import orjson

from cpdocs.core.events import Event, EventType
from cpdocs.ledger.faults import LedgerDamaged
from cpdocs.ledger.tree import Head, leaf_hash

SCHEMA_VERSION = 1
"""The form of a ledger's tables that this cpdocs reads and writes."""

BATCH = 2000
_SUBJECTS = 100
_NO_END = 2**62
_SIZE = "(SELECT size FROM tree_head)"


@dataclass(slots=True)
class Driver:
    """A connection of sqlite3 or psycopg, in which ``mark`` stands for a value: ``?`` or ``%s``."""

    connection: Any
    mark: str = "?"

    def execute(self, statement: str, values: Collection[object] = ()) -> Any:
        """Runs a statement written with ``?``; gives the driver's cursor."""
        return self.connection.execute(statement.replace("?", self.mark), tuple(values))

    def end(self) -> None:
        """Ends a transaction that was begun, and leaves nothing of it."""
        self.connection.rollback()


@dataclass(frozen=True, slots=True)
class Edge:
    """The tree's size, its growing edge (``tree.Frontier``) and root."""

    size: int
    frontier: bytes
    root: bytes


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
        person=text.get("person", ""),
        sudo=text.get("sudo", ""),
    )


def texts_of(
    driver: Driver,
    subject: str | None = None,
    types: Collection[EventType] = (),
    after: int = 0,
    *,
    upto: int = 0,
) -> Iterator[tuple[int, str]]:
    """Reads in batches, each one statement: a reader that dawdles holds nothing up. ``upto`` is the last number that is
    wanted; 0: whatever there is when the first batch is read."""
    kinds = tuple(dict.fromkeys(kind.value for kind in types))
    end = upto or _NO_END
    while True:
        statement, values = _reading(subject is not None, len(kinds)), _values(subject, kinds, after, end)
        rows = driver.execute(statement, values).fetchall()
        for seq, body, leaf, _ in rows:
            check_leaf(seq, body, leaf)
            yield seq, body
        if len(rows) < BATCH:
            return
        after, size = rows[-1][0], rows[-1][3]
        end = min(end, size)


def grouped_texts_of(
    driver: Driver, kind: str, types: Collection[EventType], upto: int
) -> Iterator[tuple[str, list[str]]]:
    """Every subject of ``kind`` ("document" …) in order, with the texts about it that are of ``types`` and numbered
    ``upto`` at most, in order. Only one subject's are held at a time."""
    kinds = tuple(dict.fromkeys(each.value for each in types))
    statement = _grouped(len(kinds))
    # The subjects of a kind lie between "kind:" and "kind;", the next character.
    subject, seq, end = f"{kind}:", 0, f"{kind};"
    texts: list[str] = []
    while True:
        rows = driver.execute(statement, (subject, seq, end, upto, *kinds)).fetchall()
        for about, number, body, leaf in rows:
            if about != subject:
                if texts:
                    yield subject, texts
                subject, texts = about, []
            check_leaf(number, body, leaf)
            texts.append(body)
            seq = number
        if len(rows) < BATCH:
            if texts:
                yield subject, texts
            return


def texts_about(
    driver: Driver, subjects: Collection[str], types: Collection[EventType]
) -> Iterator[tuple[str, list[str]]]:
    """Each of these subjects, in order, with the texts about it that are of ``types``, in order: one statement for a
    hundred of them. One about which there are none is left out."""
    kinds = tuple(dict.fromkeys(each.value for each in types))
    left = iter(sorted(set(subjects)))
    while some := list(islice(left, _SUBJECTS)):
        statement = (
            "SELECT s.subject, s.seq, e.body, e.leaf FROM event_subjects s CROSS JOIN events e "  # noqa: S608
            f"WHERE s.subject IN ({', '.join('?' * len(some))}) AND e.seq = s.seq "
            f"AND e.type IN ({', '.join('?' * len(kinds))}) ORDER BY s.subject, s.seq"
        )
        for subject, rows in groupby(driver.execute(statement, (*some, *kinds)).fetchall(), itemgetter(0)):
            texts = []
            for _, seq, body, leaf in rows:
                check_leaf(seq, body, leaf)
                texts.append(body)
            yield subject, texts


def check_leaf(seq: int, body: str, leaf: bytes) -> None:
    """Raises LedgerDamaged where an event's text isn't the one that was recorded."""
    if leaf_hash(body.encode()) != leaf:
        raise LedgerDamaged(
            f"Event {seq} of the ledger has been altered.",
            todo="Run 'cpdocs audit verify'; restore the ledger from a backup.",
        )


def edge_of(driver: Driver) -> Edge:
    """The tree's growing edge, as it is kept."""
    return Edge(*driver.execute("SELECT size, frontier, root FROM tree_head").fetchone())


def head_of(driver: Driver) -> Head:
    """The tree's size and root."""
    edge = edge_of(driver)
    return Head(edge.size, edge.root)


@lru_cache(maxsize=64)
def _reading(subject: bool, types: int) -> str:
    """The statement that reads a batch, in order of number, with the ledger's size at that moment beside each row; its
    values are those of ``_values``. Only the number of types makes a difference to its text."""
    if subject:
        # The order of the two tables is said, since SQLite would else begin with a type that half the ledger has.
        wanted = f" AND e.type IN ({', '.join('?' * types)})" if types else ""
        return (
            f"SELECT e.seq, e.body, e.leaf, {_SIZE} FROM event_subjects s CROSS JOIN events e "  # noqa: S608
            f"WHERE s.subject = ? AND s.seq > ? AND s.seq <= ? AND e.seq = s.seq{wanted} ORDER BY s.seq LIMIT {BATCH}"
        )
    if not types:
        return f"SELECT seq, body, leaf, {_SIZE} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT {BATCH}"  # noqa: S608
    one = "SELECT seq FROM events WHERE type = ? AND seq > ? AND seq <= ?"
    numbers = f"{' UNION ALL '.join([one] * types)} ORDER BY seq LIMIT {BATCH}"
    return f"SELECT e.seq, e.body, e.leaf, {_SIZE} FROM ({numbers}) n JOIN events e ON e.seq = n.seq ORDER BY e.seq"  # noqa: S608


@lru_cache(maxsize=16)
def _grouped(types: int) -> str:
    """The statement that reads a batch of ``grouped_texts_of``."""
    return (
        "SELECT s.subject, s.seq, e.body, e.leaf FROM event_subjects s CROSS JOIN events e "  # noqa: S608
        "WHERE (s.subject, s.seq) > (?, ?) AND s.subject < ? AND s.seq <= ? AND e.seq = s.seq "
        f"AND e.type IN ({', '.join('?' * types)}) ORDER BY s.subject, s.seq LIMIT {BATCH}"
    )


def _values(subject: str | None, kinds: tuple[str, ...], after: int, end: int) -> list[object]:
    if subject is not None:
        return [subject, after, end, *kinds]
    return [value for kind in kinds for value in (kind, after, end)] if kinds else [after, end]

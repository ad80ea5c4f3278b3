"""The events' part of an audit: each one's text, leaf, columns and subjects, and the tree that they make."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from cpdocs.core.events import EventType
from cpdocs.ledger.append import FORMAT
from cpdocs.ledger.canonical import parse_canonical
from cpdocs.ledger.findings import RESTORE, RecordAudit, as_text
from cpdocs.ledger.schema import event_subjects, events, raw_columns, tree_head
from cpdocs.ledger.tree import SUBTREE_LEVELS, Frontier, leaf_hash

_BATCH = 1000
_KEYS = frozenset({"v", "seq", "type", "subjects", "at", "recorded_at", "user", "host", "salt", "data"})
_OPTIONAL = frozenset({"person", "sudo"})
_TYPES = frozenset(kind.value for kind in EventType)
_Row: TypeAlias = "tuple[Any, Any, Any, Any, Any]"
"""(seq, type, at, body, leaf) as the database gives them, of whatever type damage has made them."""


class Pairs:
    """Compares collections of (event, subject as bytes) without keeping them: their number and the sum of their keyed
    hashes."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0

    def add(self, pairs: Collection[Any]) -> None:
        self.count += len(pairs)
        self.total += sum(map(hash, pairs))

    def same_as(self, other: Pairs) -> bool:
        return (self.count, self.total) == (other.count, other.total)


@dataclass(slots=True)
class Replay:
    """What the events' own texts make: the tree's edge, the hashes to be kept for proofs, and (event, subject)
    pairs."""

    frontier: Frontier = field(default_factory=Frontier)
    subtrees: dict[tuple[int, int], bytes] = field(default_factory=dict)
    pairs: Pairs = field(default_factory=Pairs)


def replay(connection: Connection, sizes: Collection[int], audit: RecordAudit) -> Replay:
    """Reads every event in order, checks it, and builds the tree again; keeps the roots at ``sizes`` in ``audit``."""
    made = Replay()
    frontier, last = made.frontier, 0
    for row in _rows(connection, audit):
        seq, body, leaf = row[0], row[3], row[4]
        if seq != last + 1:
            audit.fault(
                "event_missing", "It is missing: events are numbered without gaps.", _span(last + 1, seq - 1), RESTORE
            )
        last = seq
        text = body if isinstance(body, bytes) else as_text(body).encode()
        hashed = leaf_hash(text)
        if hashed != leaf:
            audit.fault("event_altered", "Its text is not the one that was recorded.", f"event {seq}", RESTORE)
        if as_text(row[1]) == EventType.BACKUP_RESTORED.value:
            audit.restored.append(frontier.head())
        _check_text(row, text, made.pairs, audit)
        for level, place, node in frontier.append(hashed):
            if level % SUBTREE_LEVELS == 0:
                made.subtrees[level, place] = node
        if frontier.size in sizes:
            audit.roots[frontier.size] = frontier.root()
    audit.size, audit.root = frontier.size, frontier.root()
    return made


def _span(first: int, last: int) -> str:
    return f"event {first}" if first == last else f"events {first} to {last}"


def _rows(connection: Connection, audit: RecordAudit) -> Iterator[_Row]:
    """Every row that can be read, in order. Where a batch can't be, its events are asked for one by one."""
    columns = raw_columns(events.c.seq, events.c.type, events.c.at, events.c.body, events.c.leaf)
    query = select(*columns).order_by(events.c.seq).limit(_BATCH)
    last = 0
    while True:
        try:
            with connection.begin_nested():  # an error ends no more than this in any database
                rows = [tuple(row) for row in connection.execute(query.where(events.c.seq > last))]
        except DBAPIError:
            break
        yield from rows
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]
    for seq in range(last + 1, _recorded(connection, last + _BATCH) + 1):
        try:
            with connection.begin_nested():
                rows = [tuple(row) for row in connection.execute(query.where(events.c.seq == seq))]
            yield from rows
        except DBAPIError as error:
            audit.unreadable("event_unreadable", "It can't be read", error, f"event {seq}")


def _recorded(connection: Connection, guess: int) -> int:
    """How many events the ledger says it holds; ``guess`` where it can't say."""
    try:
        with connection.begin_nested():
            size = connection.execute(select(*raw_columns(tree_head.c.size))).scalar()
    except DBAPIError:
        return guess
    return min(size, guess * 1000) if isinstance(size, int) else guess


def _check_text(row: _Row, text: bytes, pairs: Pairs, audit: RecordAudit) -> None:
    """An event's text is canonical, holds what an event holds, and says what the columns beside it say."""
    seq = row[0]
    where = f"event {seq}"
    try:
        event = parse_canonical(text)
    except (ValueError, RecursionError):
        event = None
    if (
        not isinstance(event, dict)
        or event.keys() - _OPTIONAL != _KEYS
        or event["v"] != FORMAT
        or not isinstance(event["subjects"], list)
    ):
        audit.fault("event_malformed", "Its text is not written as an event's is.", where, RESTORE)
        return
    if event["seq"] != seq or event["type"] != as_text(row[1]) or event["at"] != as_text(row[2]):
        audit.fault("event_column_altered", "The columns beside its text say something else.", where, RESTORE)
    if event["type"] not in _TYPES:
        audit.fault(
            "event_type_unknown",
            "Its type is none that this cpdocs knows.",
            where,
            "Use the cpdocs that wrote it, or a later one.",
        )
    if seq == 1 and isinstance(event["data"], dict):
        audit.begins = event["data"]
    _watch_clock(seq, event, audit)
    pairs.add([(seq, str(subject).encode()) for subject in event["subjects"]])
    if isinstance(event["data"], dict) and (b'sha256":' in text or b'"file' in text or b'"roster":' in text):
        for reference in references(event["data"]):
            audit.references.setdefault(reference, seq)


def _watch_clock(seq: int, event: dict[str, Any], audit: RecordAudit) -> None:
    try:
        at = datetime.fromisoformat(event["recorded_at"])
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        audit.fault("event_malformed", "Its time is none.", f"event {seq}", RESTORE)
        return
    documents = tuple(str(each)[9:] for each in event["subjects"] if str(each).startswith("document:"))
    audit.clock.see(seq, str(event["type"]), at, documents)


_KEPT = frozenset({"file", "files", "roster"})
_NOT_KEPT = ("external_sha256", "certificate_sha256")
_DIGITS = 64
_HASH = re.compile(r"[0-9a-f]{64}")


def references(value: Any, *, named: bool = False) -> Iterator[bytes]:
    """Every SHA-256 of a stored file in an event's data: those below a key that ends in ``sha256``, or is ``file``,
    ``files`` or ``roster`` (where a path may stand as well).

    A key that ends in ``external_sha256`` or ``certificate_sha256`` names bytes that were never ours to keep.
    """
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        # Most values are neither long enough nor hold anything: those are passed over first.
        if isinstance(item, str):
            if len(item) == _DIGITS and (named or _names_a_file(key)) and _HASH.fullmatch(item):
                yield bytes.fromhex(item)
        elif isinstance(item, dict | list):
            yield from references(item, named=named or _names_a_file(key))


def _names_a_file(key: str | int) -> bool:
    return isinstance(key, str) and (key in _KEPT or (key.endswith("sha256") and not key.endswith(_NOT_KEPT)))


def check_subjects(connection: Connection, replayed: Replay, audit: RecordAudit) -> None:
    """The index from subjects to events is the one that the events' texts make."""
    found = Pairs()
    query = select(*raw_columns(event_subjects.c.seq, event_subjects.c.subject)).execution_options(yield_per=_BATCH)
    try:
        with closing(connection.execute(query)) as rows:
            for some in rows.partitions():
                found.add([(seq, subject.encode() if isinstance(subject, str) else subject) for seq, subject in some])
        if not found.same_as(replayed.pairs):
            for seq in _wrongly_indexed(connection):
                audit.fault(
                    "subjects_altered",
                    "The index of subjects says something else than its text.",
                    f"event {seq}",
                    RESTORE,
                )
    except DBAPIError as error:
        audit.unreadable("subjects_unreadable", "The index of subjects can't be read", error)


def _wrongly_indexed(connection: Connection) -> list[int]:
    """The events whose subjects differ from the index; slow, and only needed once they are known to differ."""
    indexed: dict[int, set[str]] = {}
    for seq, subject in connection.execute(select(*raw_columns(event_subjects.c.seq, event_subjects.c.subject))):
        indexed.setdefault(seq, set()).add(as_text(subject))
    wrong = []
    for seq, body in connection.execute(select(*raw_columns(events.c.seq, events.c.body)).order_by(events.c.seq)):
        try:
            subjects = set(json.loads(body)["subjects"])
        except (ValueError, TypeError, KeyError):
            subjects = set()
        if indexed.pop(seq, set()) != subjects:
            wrong.append(seq)
    return [*wrong, *sorted(indexed, key=str)]

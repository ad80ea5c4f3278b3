"""What the ledger costs, against the bare work underneath.

An event against a bare durable SQLite commit of a row of its size (wanted: at most 1.5); an audit of N events against
hashing their texts alone; a proof; an event in bulk. ``python benchmarks/ledger.py 1000000`` takes N from the command line.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.core.events import EventType, NewEvent
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.events import EventStore

RUNS = 200
EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
BULK = 10_000


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    true_now = now


def letter(number: int) -> NewEvent:
    return NewEvent(
        EventType.LETTER_STAGED,
        (f"document:D{number * 7919 % 10**9:09}", f"member:{number:012}", "run:R1"),
        {"program": "BH", "member_id": f"{number:012}", "language": "en", "pages": 2, "piece": number, "pdf_sha256": "0" * 64},
    )


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body TEXT)")
    return connection


def main() -> None:
    # Beside the repository, not in /tmp: a file system in memory would make durable writes free.
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path(__file__).resolve().parents[1]))
    try:
        measure(folder)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path) -> None:
    begin = NewEvent(EventType.WORKSPACE_CREATED, ("workspace:",))
    store = EventStore.create(folder / "ledger.db", begin, clock=Clock(), user="bench", host="bench")
    bare = bare_database(folder / "bare.db")
    body = "x" * 520

    pairs = []
    for number in range(RUNS):
        ours = timed(lambda number=number: store.append(letter(number)))
        theirs = timed(lambda: bare.execute("INSERT INTO t (body) VALUES (?)", (body,)))
        pairs.append((ours, theirs))
    event_ms, commit_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"an event {event_ms:.2f} ms, a bare durable commit {commit_ms:.2f} ms: ratio {ratio:.2f} (wanted: at most 1.5)")

    bulk = 0.0
    for first in range(RUNS, EVENTS, BULK):
        events = [letter(number) for number in range(first, min(first + BULK, EVENTS))]
        bulk += timed(lambda events=events: store.append(*events))
    print(f"in bulk {bulk / (EVENTS - RUNS) * 1e6:.0f} µs an event (wanted: at most 60)")

    size = store.head().size
    proof = statistics.median(timed(lambda seq=seq: store.inclusion_proof(seq, size)) for seq in range(1, size, size // 20))
    print(f"a proof among {size} events {proof * 1000:.1f} ms")

    texts = [text.encode() for _, text in store.texts()]
    store.close()
    hashing = timed(lambda: [sha256(b"\0" + text).digest() for text in texts])
    audit = read_record(folder / "ledger.db", (), ())
    assert not audit.problems
    auditing = timed(lambda: read_record(folder / "ledger.db", (), ()))
    print(f"an audit of {size} events {auditing:.2f} s, bare hashing {hashing:.2f} s: ratio {auditing / hashing:.0f}")


if __name__ == "__main__":
    main()

"""What the ledger costs, against the bare work underneath.

An event against a bare durable SQLite commit of a row of its size (wanted: at most 1.5); an audit of N events against
hashing their texts alone; a proof; an event in bulk. ``python benchmarks/ledger.py --events 1000000`` sets N; with
``--ledger URL`` the events go into an empty PostgreSQL database, and a durable commit there is what an event is held
against.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.core.events import EventType, NewEvent
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.events import EventStore
from cpdocs.ledger.findings import RecordAudit

RUNS = 200
BULK = 10_000


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    true_now = now


def letter(number: int) -> NewEvent:
    return NewEvent(
        EventType.LETTER_STAGED,
        (f"document:D{number * 7919 % 10**9:09}", f"member:{number:012}", "run:R1"),
        {
            "program": "BH",
            "member_id": f"{number:012}",
            "language": "en",
            "pages": 2,
            "piece": number,
            "pdf_sha256": "0" * 64,
        },
    )


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_commit(url: str, folder: Path) -> Callable[[], object]:
    """One durable commit of a row of an event's size, in the same kind of database."""
    body = "x" * 520
    if url:
        import psycopg

        server = psycopg.connect(url, autocommit=True)
        server.execute("SET synchronous_commit = on")
        server.execute("CREATE TABLE public.cpdocs_bench (n bigserial PRIMARY KEY, body text)")
        return lambda: server.execute("INSERT INTO public.cpdocs_bench (body) VALUES (%s)", (body,))
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body TEXT)")
    return lambda: connection.execute("INSERT INTO t (body) VALUES (?)", (body,))


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--events", type=int, default=20_000, help="how many the audit is measured over (20000)")
    wanted.add_argument("--ledger", default="", metavar="URL", help="an empty PostgreSQL database instead of a file")
    options = wanted.parse_args()
    # Beside the repository, not in /tmp: a file system in memory would make durable writes free.
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path(__file__).resolve().parents[1]))
    try:
        measure(folder, max(options.events, RUNS + 1), options.ledger)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, count: int, url: str) -> None:
    place = url or folder / "ledger.db"
    begin = NewEvent(EventType.WORKSPACE_CREATED, ("workspace:",))
    store = EventStore.create(place, begin, clock=Clock(), user="bench", host="bench")
    commit = bare_commit(url, folder)

    pairs = []
    for number in range(RUNS):
        event = letter(number)
        ours = timed(lambda event=event: store.append(event))
        theirs = timed(commit)
        pairs.append((ours, theirs))
    event_ms, commit_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(
        f"an event {event_ms:.2f} ms, a bare durable commit {commit_ms:.2f} ms: ratio {ratio:.2f} (wanted: at most 1.5)"
    )

    bulk = 0.0
    for first in range(RUNS, count, BULK):
        events = [letter(number) for number in range(first, min(first + BULK, count))]
        bulk += timed(lambda events=events: store.append(*events))
    print(f"in bulk {bulk / (count - RUNS) * 1e6:.0f} µs an event (wanted: at most 60)")

    size = store.head().size
    proof = statistics.median(
        timed(lambda seq=seq: store.inclusion_proof(seq, size)) for seq in range(1, size, size // 20)
    )
    print(f"a proof among {size} events {proof * 1000:.1f} ms")

    # In processor time: both are bound by it, and what else runs on the machine drops out of their ratio.
    hashing = 0.0
    texts = (text.encode() for _, text in store.texts())
    while batch := list(islice(texts, BULK)):
        start = time.process_time()
        for text in batch:
            sha256(b"\0" + text).digest()
        hashing += time.process_time() - start
    store.close()
    found: list[RecordAudit] = []
    start = time.process_time()
    passed = timed(lambda: found.append(read_record(place, (), ())))
    auditing = time.process_time() - start
    assert not found[0].problems
    print(
        f"an audit of {size} events {passed:.1f} s; processor {auditing:.2f} s, {auditing / size * 1e6:.0f} µs "
        "an event,"
    )
    print(f"  against {hashing:.2f} s for bare hashing: ratio {auditing / hashing:.0f}")


if __name__ == "__main__":
    main()

"""The event store: durable, in order, never changed; in a file and in a database alike."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.errors import Busy, WorkspaceFault
from cpdocs.ledger import sqlite_file, transaction
from cpdocs.ledger.address import Place
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.blobs import OutputExists
from cpdocs.ledger.events import EventStore, LedgerDamaged, LedgerMissing
from cpdocs.ledger.reader import SqliteReader
from cpdocs.ledger.tree import EMPTY_ROOT, Frontier, Head, leaf_hash, verify_consistency, verify_inclusion
from tests.ledger.conftest import BEGIN, SetClock, in_a_file, letter, raw


def test_what_is_appended_is_what_is_read_again(store, reopen, clock):
    recorded = store.append(letter(1, pages=(1, 2), name="Zoë"), NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    assert [event.seq for event in recorded] == [2, 3]
    assert recorded[0] == Event(
        seq=2,
        type=EventType.LETTER_STAGED,
        subjects=("document:D1", "run:R1"),
        at=clock.time,
        recorded_at=clock.true_time,
        user="clerk",
        host="desk",
        data={"number": 1, "pages": [1, 2], "name": "Zoë"},
    )
    store.close()
    assert tuple(reopen().events())[1:] == recorded


def test_an_event_is_canonical_json_with_its_salt_and_its_leaf_is_its_hash(store, ledger):
    store.append(letter(1), letter(2))
    salts = set()
    for seq, body, leaf in raw(ledger).execute("SELECT seq, body, leaf FROM events ORDER BY seq"):
        event = json.loads(body)
        assert rfc8785.dumps(event) == body.encode()
        assert set(event) == {"v", "seq", "type", "subjects", "at", "recorded_at", "user", "host", "salt", "data"}
        assert (event["v"], event["seq"], event["at"]) == (1, seq, "2026-11-02T15:00:00+00:00")
        assert bytes(leaf) == leaf_hash(body.encode())
        assert len(bytes.fromhex(event["salt"])) == 16
        salts.add(event["salt"])
    assert len(salts) == 3


def test_times_are_kept_in_utc_whatever_their_offset(store, clock):
    clock.time = datetime(2026, 7, 1, 9, tzinfo=timezone(timedelta(hours=-4)))
    (event,) = store.append(letter(1))
    assert (event.at, [*store.events()][-1].at.tzinfo) == (datetime(2026, 7, 1, 13, tzinfo=UTC), UTC)
    clock.time = datetime(2026, 7, 1, 9)
    with pytest.raises(ValueError, match="offset"):
        store.append(letter(2))


def test_events_are_read_by_subject_by_type_and_from_a_number_on(store):
    store.append(*(letter(number) for number in range(6)), NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    assert [event.seq for event in store.events(subject="run:R1")] == [3, 6, 8]
    assert [event.seq for event in store.events(types=(EventType.RUN_RELEASED, EventType.WORKSPACE_CREATED))] == [1, 8]
    assert [event.seq for event in store.events(subject="run:R1", types=(EventType.LETTER_STAGED,), after=3)] == [6]
    assert [event.seq for event in store.events(after=7)] == [8]
    assert list(store.events(subject="run:none")) == []


def test_reading_goes_on_past_one_batch_and_ends_where_it_stood_when_begun(store):
    store.append(*(letter(number) for number in range(4500)))
    reading = store.events()
    first = next(reading)
    store.append(letter(9999))
    assert [first.seq, *(event.seq for event in reading)] == list(range(1, 4502))


def test_a_reader_that_dawdles_holds_no_writer_up(store, reopen):
    store.append(*(letter(number) for number in range(3000)))
    reading = store.events()
    next(reading)
    assert reopen(busy_seconds=0.01).append(letter(1))[0].seq == 3002


@in_a_file
def test_both_queries_use_their_index(store, ledger):
    store.append(letter(1))
    for sql in (
        (
            "SELECT e.body FROM events e JOIN event_subjects s ON s.seq = e.seq WHERE s.subject = 'x' AND e.seq > 0 "
            "ORDER BY e.seq"
        ),
        "SELECT body FROM events WHERE type IN ('letter.staged') AND seq > 0 ORDER BY seq",
    ):
        plan = " ".join(row[3] for row in raw(ledger).execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SCAN" not in plan


def test_a_transaction_sees_its_own_events_and_decides_under_the_lock(store):
    with store.write() as tx:
        assert tx.head().size == 1
        tx.append(letter(1))
        assert [event.seq for event in tx.events(subject="document:D1")] == [2]
        tx.append(letter(2))
        assert tx.head().size == 3
    assert store.head().size == 3


def test_a_transaction_that_fails_leaves_the_ledger_as_it_was(store):
    before = store.head()
    with pytest.raises(RuntimeError), store.write() as tx:  # noqa: PT012 the block is what is tested
        tx.append(letter(1))
        raise RuntimeError
    assert store.head() == before
    assert len(list(store.events())) == 1


def test_another_writer_is_told_that_the_ledger_is_busy(store, reopen):
    second = reopen(busy_seconds=0.01)
    with store.write() as tx:
        tx.append(letter(1))
        with pytest.raises(Busy, match="process holds"):
            second.append(letter(2))
    assert second.append(letter(2))[0].seq == 3


@pytest.mark.parametrize("data", [{"x": 1.5}, {"x": object()}, {"x": b""}])
def test_data_that_an_event_cannot_hold_records_nothing(store, data):
    with pytest.raises(TypeError):
        store.append(letter(1), NewEvent(EventType.RUN_STAGED, ("run:a",), data))
    assert store.head().size == 1


@pytest.mark.parametrize("subjects", [("run:a", "run:a"), ("no-kind",)])
def test_subjects_are_distinct_and_each_has_its_kind(store, subjects):
    with pytest.raises(ValueError, match="subjects"):
        store.append(NewEvent(EventType.RUN_STAGED, subjects))


def test_nothing_recorded_can_be_updated_or_deleted(store, ledger):
    store.append(*(letter(number) for number in range(300)))
    with store.write() as tx:
        tx.add_checkpoint(301, "a note")
    connection = raw(ledger)
    columns = {
        "events": "seq",
        "event_subjects": "seq",
        "subtrees": "place",
        "checkpoints": "number",
        "schema_version": "version",
    }
    for table, column in columns.items():
        for sql in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="never changed"):
                connection.execute(sql)


def test_the_head_is_the_tree_over_all_events_however_they_were_appended(store):
    assert store.head().size == 1
    for count in (1, 2, 300, 7):
        store.append(*(letter(number) for number in range(count)))
    frontier = Frontier()
    for _, text in store.texts():
        frontier.append(leaf_hash(text.encode()))
    assert store.head() == frontier.head() == Head(311, store.root_at(311))
    assert store.root_at(0) == EMPTY_ROOT


def test_many_are_taken_one_by_one_and_all_or_none_are_recorded(store):
    taken = []

    def coming(count, fault=False):
        for number in range(count):
            taken.append(number)
            yield letter(number, name="Zoë")
        if fault:
            yield letter(count, x=1.5)

    with store.write() as tx:
        assert tx.extend(coming(4500)) == 4500
        assert tx.head().size == 4501
        (event,) = tx.append(letter(0))
    assert event.seq == 4502
    with pytest.raises(TypeError), store.write() as tx:
        tx.extend(coming(4500, fault=True))
    assert len(taken) == 9000
    assert store.head() == Head(4502, store.root_at(4502))
    frontier = Frontier()
    for _, text in store.texts():
        frontier.append(leaf_hash(text.encode()))
    assert frontier.head() == store.head()


def test_proofs_from_the_ledger_hold_against_its_roots(store):
    store.append(*(letter(number) for number in range(900)))
    leaves = [leaf_hash(text.encode()) for _, text in store.texts()]
    for seq, size in ((1, 1), (1, 901), (256, 256), (257, 600), (512, 901), (901, 901), (300, 513)):
        assert verify_inclusion(
            leaves[seq - 1], seq - 1, Head(size, store.root_at(size)), store.inclusion_proof(seq, size)
        )
    for first, second in ((1, 901), (256, 901), (255, 257), (700, 901), (901, 901)):
        heads = Head(first, store.root_at(first)), Head(second, store.root_at(second))
        assert verify_consistency(*heads, store.consistency_proof(first, second))
    for call in (
        lambda: store.root_at(902),
        lambda: store.inclusion_proof(5, 4),
        lambda: store.inclusion_proof(1, 902),
        lambda: store.consistency_proof(2, 1),
    ):
        with pytest.raises(ValueError, match=r".*"):
            call()


def test_checkpoints_are_kept_in_order_and_the_same_one_once(store):
    with store.write() as tx:
        assert [tx.add_checkpoint(1, "one"), tx.add_checkpoint(1, "one"), tx.add_checkpoint(1, "two")] == [1, 1, 2]
    assert store.checkpoints() == ("one", "two")


@in_a_file
def test_a_ledger_begins_whole_with_its_first_event_and_private(store, ledger):
    assert [event.type for event in store.events()] == [EventType.WORKSPACE_CREATED]
    store.close()
    assert sorted(path.name for path in ledger.parent.iterdir()) == ["ledger.db", "ledger.lock", "ledger.pages"]
    assert {path.stat().st_mode & 0o777 for path in ledger.parent.iterdir()} == {0o600}
    assert ledger.parent.stat().st_mode & 0o777 == 0o700


def test_a_ledger_is_never_made_over_another(store, ledger, clock):
    with pytest.raises(OutputExists):
        EventStore.create(ledger, BEGIN, clock=clock, user="clerk", host="desk")
    assert store.head().size == 1


def test_a_lost_ledger_is_not_begun_anew(ledger, reopen):
    for _ in range(2):
        with pytest.raises(LedgerMissing, match="no ledger"):
            reopen()


@in_a_file
@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at\n" * 20])
def test_a_file_that_is_no_ledger_is_named(ledger, reopen, content):
    ledger.parent.mkdir()
    ledger.write_bytes(content)
    with pytest.raises(LedgerDamaged):
        reopen()


def test_a_ledger_of_a_later_version_is_left_alone(store, ledger, reopen):
    raw(ledger).execute("INSERT INTO schema_version VALUES (99)")
    with pytest.raises(WorkspaceFault, match="version 99"):
        reopen()


def test_an_altered_event_is_never_handed_out(store, ledger):
    store.append(letter(1), letter(2))
    connection = raw(ledger)
    connection.execute(
        "DROP TRIGGER events_no_update" if isinstance(ledger, Path) else "DROP TRIGGER events_guard ON events"
    )
    connection.execute("UPDATE events SET body = replace(body, 'D1', 'D7') WHERE seq = 2")
    with pytest.raises(LedgerDamaged, match="Event 2"):
        list(store.events())


@in_a_file
def test_a_full_disk_records_nothing_and_says_so(store):
    with store.write() as tx:  # its connection is kept for the next one
        (pages,) = tx._driver.execute("PRAGMA page_count").fetchone()
        tx._driver.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(WorkspaceFault, match=r"disk that holds the ledger .* is full; nothing was recorded"):
        store.append(*(letter(number) for number in range(500)))
    assert store.head().size == 1
    assert [event.seq for event in store.events()] == [1]


@in_a_file
def test_writes_are_durable_by_setting(store):
    with store.write() as tx:
        pragmas = {
            name: tx._driver.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def append_many(ledger: Place, count: int) -> None:
    store = EventStore.open(ledger, clock=SetClock(), user="clerk", host=f"p{os.getpid()}", busy_seconds=60)
    for number in range(count):
        with store.write() as tx:
            size = tx.head().size
            (event,) = tx.append(letter(number, before=size))
            assert event.seq == size + 1
    store.close()


def test_two_processes_that_append_at_once_both_succeed_without_gaps(store, ledger):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(ledger, 60)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    events = list(store.events())
    assert [event.seq for event in events] == list(range(1, 122))
    assert len({event.host for event in events}) == 3
    store.close()
    assert read_record(ledger, [], ()).problems == []


def test_threads_may_share_one_store(store):
    threads = [
        threading.Thread(target=lambda: [store.append(letter(number)) for number in range(15)]) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.seq for event in store.events()] == list(range(1, 47))


def append_for_ever(ledger: Place, ready) -> None:
    store = EventStore.open(ledger, clock=SetClock(), user="clerk", host="desk")
    number = 0
    while True:
        store.append(*(letter(number + place) for place in range(3)))
        number += 3
        ready.set()


@pytest.mark.parametrize("attempt", range(4))
def test_a_writer_killed_at_any_moment_loses_no_event_that_it_was_told_of(store, ledger, attempt):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    writer = context.Process(target=append_for_ever, args=(ledger, ready))
    writer.start()
    assert ready.wait(60)
    while store.head().size < 20 + 7 * attempt:
        pass
    told = store.head()
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    after = store.head()
    assert after.size >= told.size
    assert (after.size - 1) % 3 == 0, "an append is whole or absent"
    assert store.root_at(told.size) == told.root
    store.close()
    assert read_record(ledger, [], ()).problems == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.text(st.characters(exclude_categories=["Cs"]))
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.none()
        | st.booleans(),
        max_size=5,
    )
)
def test_any_data_comes_back_as_it_went_in(store, data):
    (event,) = store.append(NewEvent(EventType.RUN_STAGED, ("run:π ☂",), data))
    assert next(iter(store.events(after=event.seq - 1))).data == data == event.data


def test_a_transaction_reads_from_the_first_event_on(store):
    with store.write() as tx:
        tx.append(letter(1))
        assert [event.seq for event in tx.events()] == [1, 2]
        assert [event.seq for event in tx.events(after=1)] == [2]


@in_a_file
def test_many_events_are_written_by_the_batch_and_the_rest_at_the_end(store, monkeypatch):
    written = []
    real = transaction.Appender.write

    def write(appender):
        written.append(appender.size)
        real(appender)

    monkeypatch.setattr(transaction.Appender, "write", write)
    monkeypatch.setattr(transaction, "BATCH", 3)
    with store.write() as tx:
        tx.extend(letter(number) for number in range(7))
    assert written == [3, 6, 8]


@in_a_file
def test_a_ledger_that_was_moved_says_so_to_who_would_still_record_in_it(store, ledger):
    raw(ledger).execute(
        f"CREATE TRIGGER moved BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, '{sqlite_file.MOVED}'); END"
    )
    with pytest.raises(WorkspaceFault, match="was moved into a database"):
        store.append(letter(1))


def test_every_subject_of_a_kind_comes_once_with_all_that_is_about_it(store):
    store.append(*(letter(number) for number in range(7)))
    runs = store.grouped("run", types=(EventType.LETTER_STAGED,), upto=store.head().size)
    found = [(key, [event.seq for event in about]) for key, about in runs]
    assert found == [("R0", [2, 5, 8]), ("R1", [3, 6]), ("R2", [4, 7])]


@in_a_file
def test_where_the_disk_has_no_room_for_the_readers_index_the_ledger_is_still_read(store, ledger, monkeypatch):
    store.close()
    real = sqlite_file._connected

    def refuse(path, busy_seconds, how, **options):
        if how == "mode=rw":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
            raise error
        return real(path, busy_seconds, how, **options)

    monkeypatch.setattr(sqlite_file, "_connected", refuse)
    reader = SqliteReader(ledger, 1.0)
    with reader.borrowed() as driver:
        assert driver.execute("SELECT count(*) FROM events").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError):
        sqlite_file.connect(ledger, 1.0)

"""How events are read, and what an audit says of what it couldn't read or find proven."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from cpdocs.core.events import EventType
from cpdocs.ledger import audit, reading
from cpdocs.ledger.checkpoint import Checkpoint
from cpdocs.ledger.findings import RecordAudit
from cpdocs.ledger.reader import PostgresReader
from cpdocs.ledger.reading import texts_of
from cpdocs.ledger.tree import EMPTY_ROOT, Head
from tests.ledger.conftest import letter


def test_a_reader_that_dawdles_holds_nothing_up_and_sees_what_was_there_when_it_began(store, reopen, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 3)
    reading._reading.cache_clear()
    store.append(*(letter(number) for number in range(6)))
    with store._open.reader.borrowed() as driver:
        read = texts_of(driver)
        first = [next(read)[0]]
        connection = driver.connection
        between = connection.in_transaction if driver.mark == "?" else connection.info.transaction_status
        assert not between, "no transaction is open between two batches"
        reopen().append(letter(7), letter(8))
        assert first + [seq for seq, _ in read] == [1, 2, 3, 4, 5, 6, 7]
    reading._reading.cache_clear()


def test_events_about_many_subjects_are_those_about_each(store):
    store.append(*(letter(number) for number in range(250)))
    keys = [f"D{number}" for number in (249, *range(120), 7, 999)]
    found = dict(store.about("document", keys, types=(EventType.LETTER_STAGED,)))
    assert list(found) == sorted(set(keys) - {"D999"})
    for key, events in found.items():
        assert events == list(store.events(subject=f"document:{key}"))
    assert len(dict(store.about("run", ["R1"], types=(EventType.LETTER_STAGED,)))["R1"]) == 83
    assert not list(store.about("run", ["R1"], types=(EventType.RUN_BEGUN,)))


@pytest.mark.parametrize("ledger", ["postgresql"], indirect=True)
def test_who_reads_a_database_cannot_write_it(store, ledger):
    from psycopg.errors import ReadOnlySqlTransaction

    reader = PostgresReader(ledger, 5.0)
    with pytest.raises(ReadOnlySqlTransaction), reader.borrowed() as driver:
        driver.execute("INSERT INTO schema_version (version) VALUES (99)")
    reader.close()


def test_what_could_not_be_read_is_named_by_the_drivers_error_and_never_by_its_text():
    found = RecordAudit()
    assert (found.size, found.roots) == (0, {0: EMPTY_ROOT})
    found.unreadable("c", "It can't be read", OperationalError("SELECT x", {}, sqlite3.DataError("a name")))
    found.unreadable("c", "It can't be read", UnicodeDecodeError("utf-8", b"\xff", 0, 1, "a name"))
    assert [problem.message for problem in found.problems] == [
        "It can't be read (DataError).",
        "It can't be read (UnicodeDecodeError).",
    ]


def test_a_restore_that_is_not_proven_says_how_far_the_proof_reaches():
    restored = Head(100, bytes(32))
    some = Checkpoint("cpdocs", Head(120, bytes(32)), ((40, ()), (50, ()), (110, ())))
    none = Checkpoint("cpdocs", Head(120, bytes(32)), ((110, ()),))
    assert "lacks the 20 " in audit._lacks("x", some, restored).message
    assert "It says only that the first 50 are the beginning" in audit._lacks("x", some, restored).message
    assert "It says nothing that shows whether they are the" in audit._lacks("x", none, restored).message

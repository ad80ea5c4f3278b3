"""What only a database can show: who may do what, who waits for whom, what breaks in between."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from cpdocs.errors import Busy, WorkspaceFault
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.backends import backend_of
from cpdocs.ledger.blobs import OutputExists
from cpdocs.ledger.copying import copy_ledger
from cpdocs.ledger.events import EventStore, LedgerDamaged, LedgerMissing
from tests.ledger.conftest import BEGIN, SetClock, letter, raw


@pytest.fixture
def ledger(postgres):
    with postgres.database() as url:
        yield url


DAILY = """
    GRANT USAGE ON SCHEMA cpdocs TO daily;
    GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA cpdocs TO daily;
    GRANT UPDATE ON cpdocs.tree_head TO daily;
    GRANT UPDATE, DELETE ON cpdocs.turns TO daily;
"""
"""The rights that docs/ledger.md names for everyday work."""


def test_commits_are_durable_and_a_vanished_machine_is_given_up_by_setting(store):
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
    with store.write() as tx:
        assert tx._driver.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_whoever_reads_and_writes_does_so_by_the_driver_alone(store, ledger):
    code = (
        "import sys\nfrom cpdocs.core.events import EventType, NewEvent\nfrom cpdocs.ledger.events import EventStore\n"
        "from cpdocs.wiring import SystemClock\n"
        f"store = EventStore.open({ledger!r}, clock=SystemClock(), user='clerk', host='desk')\n"
        "store.append(NewEvent(EventType.RECORD_ACCESSED, ('workspace:',), {'how': 'test'}))\n"
        "print(len(list(store.events())), 'sqlalchemy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "False"]


def test_the_daily_user_can_append_and_audit_but_not_lift_the_guards(store, ledger, clock):
    with raw(ledger) as connection:
        connection.execute("DO $$BEGIN IF to_regrole('daily') IS NULL THEN CREATE ROLE daily LOGIN; END IF; END$$")
        for statement in filter(str.strip, DAILY.split(";")):
            connection.execute(statement)
    daily = ledger.replace("user=cpdocs", "user=daily")
    other = EventStore.open(daily, clock=clock, user="clerk", host="desk")
    other.append(letter(1))
    with other.write() as tx:
        tx.add_checkpoint(2, "a note")
    with other.exclusively("claim 1") as mine:
        assert mine
    assert [problem.code for problem in read_record(daily, (), ()).problems] == ["checkpoint_invalid"]
    other.close()
    with raw(daily) as connection:
        for sql in (
            "ALTER TABLE events DISABLE TRIGGER ALL",
            "UPDATE events SET body = ''",
            "DELETE FROM events",
            "TRUNCATE events CASCADE",
            "DROP TABLE events CASCADE",
            "SET session_replication_role = replica",
            "DELETE FROM tree_head",
        ):
            with pytest.raises(Exception, match=r"permission denied|must be owner"):
                connection.execute(sql)


def test_even_the_owner_meets_the_guards_in_every_role(store, ledger):
    store.append(letter(1))
    with raw(ledger) as connection:
        connection.execute("SET session_replication_role = replica")
        for sql in ("DELETE FROM events", "TRUNCATE events CASCADE", "TRUNCATE tree_head", "DELETE FROM tree_head"):
            with pytest.raises(Exception, match="never changed"):
                connection.execute(sql)


def test_two_that_make_a_ledger_at_once_make_one(ledger):
    outcomes = []

    def make() -> None:
        try:
            EventStore.create(ledger, BEGIN, clock=SetClock(), user="clerk", host="desk").close()
            outcomes.append("made")
        except OutputExists:
            outcomes.append("there")

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "there"]
    assert read_record(ledger, (), ()).size == 1


def test_a_ledger_that_cannot_be_begun_leaves_nothing(ledger, clock):
    with pytest.raises(TypeError):
        EventStore.create(ledger, letter(1, x=1.5), clock=clock, user="clerk", host="desk")
    assert not backend_of(ledger).there()


def test_what_one_machine_works_on_another_skips(store, reopen):
    other = reopen()
    with (
        store.exclusively("claim 1") as mine,
        other.exclusively("claim 1") as theirs,
        other.exclusively("claim 2") as another,
    ):
        assert (mine, theirs, another) == (True, False, True)
    with other.exclusively("claim 1") as theirs:
        assert theirs


def test_a_machine_that_is_gone_holds_nothing_and_what_is_done_leaves_no_row(store, ledger, reopen):
    other = reopen()
    with raw(ledger) as connection:
        with store.exclusively("claim 1") as mine:
            assert mine
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            )
            with other.exclusively("claim 1") as theirs:
                assert theirs
        assert connection.execute("SELECT * FROM cpdocs.turns").fetchall() == []


def test_work_that_fails_lets_go_of_its_claim(store, reopen):
    with pytest.raises(ZeroDivisionError), store.exclusively("claim 1"):
        raise ZeroDivisionError
    with reopen().exclusively("claim 1") as theirs:
        assert theirs


def test_a_connection_that_broke_is_named_and_the_next_one_is_made(store, ledger):
    broke = r"connection broke|stopping"
    with raw(ledger) as connection, pytest.raises((WorkspaceFault, Busy), match=broke), store.write() as tx:  # noqa: PT012
        tx.append(letter(1))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cpdocs'")
        tx.append(letter(2))
    assert store.append(letter(3))[0].seq == 2


def test_connections_that_were_ended_while_they_lay_idle_are_made_anew_for_the_next_question(store, ledger):
    store.append(letter(1))
    for _ in range(5):  # each time another moment after the server was told
        with raw(ledger) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cpdocs'"
            )
        size = store.head().size
        assert store.append(letter(size))[0].seq == size + 1
    with store.write() as tx, raw(ledger) as connection:
        tx.append(letter(99))
        assert len(list(store.events())) == 7, "what isn't committed isn't read"


def test_a_server_that_restarts_loses_nothing_and_the_next_command_goes_on(store, postgres):
    store.append(letter(1), letter(2))
    before = store.head()
    postgres.restart()
    assert store.head() == before
    with pytest.raises((WorkspaceFault, Busy), match=r"connection broke|stopping"), store.write() as tx:  # noqa: PT012
        tx.append(letter(3))
        postgres.restart()
        tx.append(letter(4))
    assert store.head() == before, "half a transaction is none"
    assert store.append(letter(3))[0].seq == before.size + 1


def test_appends_at_once_all_succeed_also_where_the_database_isolates_more_strictly(store, ledger, reopen):
    """A serializable transaction that waited for the lock would end in a serialization failure; ours reads what was
    committed."""
    name = ledger.partition("?")[0].rpartition("/")[2]
    with raw(ledger) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    try:
        stores = [reopen() for _ in range(3)]
        threads = [
            threading.Thread(target=lambda each=each: [each.append(letter(number)) for number in range(20)])
            for each in stores
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [event.seq for event in store.events()] == list(range(1, 62))
        with store.write() as tx:
            assert tx._driver.execute("SHOW transaction_isolation").fetchone() == ("read committed",)
    finally:
        with raw(ledger) as connection:
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_isolation")


def test_who_works_alone_on_a_broken_connection_is_told_at_the_next_append_and_no_sooner(store, ledger, capfd):
    with store.exclusively("letters") as mine, raw(ledger) as connection:
        assert mine
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cpdocs'")
    assert store.append(letter(1))[0].seq == 2
    assert capfd.readouterr().err == ""


def test_a_server_that_is_not_there_is_named_without_its_words(postgres, clock):
    nowhere = "postgresql:///cpdocs?host=/nonexistent&user=secretname"
    with pytest.raises(WorkspaceFault, match="can't be reached") as caught:
        EventStore.open(nowhere, clock=clock, user="clerk", host="desk")
    assert "secretname" not in str(caught.value.message)
    with pytest.raises(LedgerMissing, match="no database"):
        EventStore.open(postgres.url("no_such_database"), clock=clock, user="clerk", host="desk")
    assert read_record(postgres.url("no_such_database"), (), ()).missing


def test_a_reader_sees_one_moment_while_others_write(store, reopen):
    store.append(*(letter(number) for number in range(20)))
    with store.engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM events").scalar()
        reopen().append(letter(99))
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == before == 21


def test_a_copy_has_every_body_byte_for_byte_in_either_direction(store, ledger, tmp_path, clock, postgres):
    store.append(*(letter(number, name="Zoë ☂\x00") for number in range(700)))
    with store.write() as tx:
        tx.add_checkpoint(701, "a note")
    copied = copy_ledger(ledger, tmp_path / "copy" / "ledger.db")
    there = EventStore.open(tmp_path / "copy" / "ledger.db", clock=clock, user="clerk", host="desk")
    assert copied == there.head() == store.head()
    assert list(there.texts()) == list(store.texts())
    assert there.checkpoints() == store.checkpoints() == ("a note",)
    assert list(there.events(subject="run:R1")) == list(store.events(subject="run:R1"))
    there.close()
    with postgres.database() as another:
        assert copy_ledger(tmp_path / "copy" / "ledger.db", another) == copied
        assert [problem.code for problem in read_record(another, (), ()).problems] == ["checkpoint_invalid"]
        with pytest.raises(OutputExists):
            copy_ledger(ledger, another)


def test_a_ledger_whose_events_are_not_its_tree_is_not_copied(store, ledger, tmp_path):
    store.append(letter(1))
    with raw(ledger) as connection:
        connection.execute("UPDATE tree_head SET root = leaf FROM events WHERE seq = 1")
    with pytest.raises(LedgerDamaged, match="nothing was copied"):
        copy_ledger(ledger, tmp_path / "ledger.db")
    assert list(tmp_path.glob("*.db")) == []


def test_a_writer_that_waits_too_long_is_told_so_and_one_that_waits_gets_its_turn(store, reopen):
    impatient, patient, done = reopen(busy_seconds=0.01), reopen(busy_seconds=30), []
    with store.write() as tx:
        tx.append(letter(1))
        with pytest.raises(Busy):
            impatient.append(letter(2))
        waiting = threading.Thread(target=lambda: done.extend(patient.append(letter(3))))
        waiting.start()
    waiting.join()
    assert [event.seq for event in done] == [3]

"""A ledger of an older form is brought to this one's when it is opened; what was recorded stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpdocs.core.events import NewEvent
from cpdocs.errors import WorkspaceFault
from cpdocs.ledger import events, migrations
from cpdocs.ledger.audit import verify
from cpdocs.ledger.checkpoint import public_bytes, sign_checkpoint, unverified_checkpoint
from cpdocs.ledger.events import EventStore
from cpdocs.ledger.tree import Head
from tests.ledger.conftest import BEGIN, SetClock, letter, raw
from tests.ledger.test_audit import KEY


@pytest.fixture
def next_form(monkeypatch):
    """A later cpdocs, whose form has one table more."""
    taken = []

    def step(connection):
        connection.exec_driver_sql("CREATE TABLE later (number integer)")
        taken.append(connection)

    for module in (migrations, events):
        monkeypatch.setattr(module, "SCHEMA_VERSION", 2)
    monkeypatch.setattr(migrations, "STEPS", {1: step})
    return taken


def test_the_step_is_taken_once_and_keeps_the_tree(store, reopen, ledger, request):
    store.append(letter(1))
    before = store.head()
    taken = request.getfixturevalue("next_form")
    for _ in range(2):
        assert reopen().head() == before
    assert len(taken) == 1
    with raw(ledger) as connection:
        assert [row[0] for row in connection.execute("SELECT version FROM schema_version ORDER BY version")] == [1, 2]
        assert list(connection.execute("SELECT * FROM later")) == []


def test_a_step_that_fails_leaves_the_form_it_was(store, reopen, ledger, next_form, monkeypatch):
    def half(connection):
        connection.exec_driver_sql("CREATE TABLE later (number integer)")
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", {1: half})
        with pytest.raises(RuntimeError):
            reopen()
    with raw(ledger) as connection:
        assert [row[0] for row in connection.execute("SELECT version FROM schema_version")] == [1]
    reopen()


def test_an_older_cpdocs_leaves_a_later_form_alone(store, reopen, request):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "SCHEMA_VERSION", 2)
        patch.setattr(events, "SCHEMA_VERSION", 2)
        patch.setattr(migrations, "STEPS", {1: lambda _: None})
        reopen()
    with pytest.raises(WorkspaceFault, match="version 2; this cpdocs reads version 1"):
        reopen()


FORMS = Path(__file__).parent / "forms"


def keep_form(ledger: Path) -> None:
    """Writes a ledger as the cpdocs of today does, and keeps it as text: called once, when a form begins."""
    first = NewEvent(BEGIN.type, BEGIN.subjects, {"checkpoint_key": public_bytes(KEY).hex()})
    store = EventStore.create(ledger, first, clock=SetClock(), user="clerk", host="desk")
    store.append(*(letter(number) for number in range(300)))
    with store.write() as tx:
        tx.add_checkpoint(tx.head().size, sign_checkpoint(tx.head(), "cpdocs", KEY))
    store.append(letter(300), letter(301))
    store.close()
    with raw(ledger) as connection:
        (form,) = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        (FORMS / f"{form}.sql").write_text("\n".join(connection.iterdump()) + "\n", "utf-8")


@pytest.fixture(params=sorted(FORMS.glob("*.sql")), ids=lambda form: f"form {form.stem}")
def old_ledger(request, tmp_path):
    """A ledger that a cpdocs of that form wrote, and its root as it was then."""
    path = tmp_path / "state" / "ledger.db"
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    with raw(path) as connection:
        connection.executescript(request.param.read_text("utf-8"))
        connection.execute("PRAGMA journal_mode=WAL")
        (root,) = connection.execute("SELECT root FROM tree_head").fetchone()
        count = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    return path, root, count


def opened(ledger):
    return EventStore.open(ledger, clock=SetClock(), user="clerk", host="desk")


def test_a_ledger_of_every_form_that_ever_was_opens_and_proves_whole(old_ledger, tmp_path):
    ledger, root, count = old_ledger
    store = opened(ledger)
    assert store.head() == Head(count, root)
    assert len(list(store.events())) == count > 300
    (note,) = store.checkpoints()
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / f"{unverified_checkpoint(note).head.size}.txt").write_text(note, "utf-8")
    store.append(letter(1))
    assert store.root_at(count) == root
    store.close()
    assert verify(ledger, tmp_path / "store", tmp_path / "checkpoints", (public_bytes(KEY),), {}).problems == ()
    with raw(ledger) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (migrations.SCHEMA_VERSION,)


def test_a_ledger_of_every_form_that_ever_was_goes_on_to_the_next(old_ledger, next_form):
    ledger, root, count = old_ledger
    store = opened(ledger)
    assert store.head() == Head(count, root)
    store.close()
    assert len(next_form) == 1

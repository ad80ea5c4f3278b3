"""A ledger of an older form is brought to this one's when it is opened; what was recorded stays as it is."""

from __future__ import annotations

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.ledger import migrations
from tests.ledger.conftest import letter, raw


@pytest.fixture
def next_form(monkeypatch):
    """A later cpdocs, whose form has one table more."""
    taken = []

    def step(connection):
        connection.exec_driver_sql("CREATE TABLE later (number integer)")
        taken.append(connection)

    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 2)
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
        patch.setattr(migrations, "STEPS", {1: lambda _: None})
        reopen()
    with pytest.raises(WorkspaceFault, match="version 2; this cpdocs reads version 1"):
        reopen()

"""One ledger for several machines: the move from a file into a database, and the commands on it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.events import EventStore
from cpdocs.settings import load
from cpdocs.settings_edit import with_ledger_url
from cpdocs.wiring import SystemClock, move_ledger, open_workspace
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.postgres import Server

LEDGERS = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.pages", "ledger.lock")


pytestmark = pytest.mark.ledger_file


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    with postgres.database() as address:
        yield address


def texts(place: Path | str) -> list[tuple[int, str]]:
    store = EventStore.open(place, clock=SystemClock(), user="test", host="test")
    try:
        return list(store.texts())
    finally:
        store.close()


def test_a_moved_ledger_has_every_text_and_the_same_root_and_the_work_goes_on(
    issued: Office, url: str, tmp_path: Path
) -> None:
    cli = issued.cli
    outside = tmp_path / "checkpoint.txt"
    outside.write_text(cli("audit", "checkpoint").out)
    before = cli("audit", "verify", "--json").json
    events = texts(cli.root / "state" / "ledger.db")
    settings = (cli.root / "cpdocs.toml").read_text("utf-8")

    moved = cli("audit", "move", "--to", url, "--json").json
    assert (moved["events"], moved["root"], moved["checkpoints"]) == (before["events"], before["root"], 1)
    assert texts(url) == events
    after = cli("audit", "verify", "--json", "--against", outside).json
    assert (after["ok"], after["events"], after["root"], after["pages_compared"]) == (
        True,
        before["events"],
        before["root"],
        None,
    )
    assert "The trail is whole" in cli("audit", "verify").out

    state = cli.root / "state"
    assert not [name for name in LEDGERS if (state / name).exists()]
    assert texts(state / "ledger.moved.db") == events
    assert (cli.root / "cpdocs.toml").read_text("utf-8") == with_ledger_url(settings, url)
    row = cli("status", "--json").json[0]
    cli("plan", "sent", row["document_id"], "--to", "Records", "--channel", "fax", "--at", "2026-11-02T15:00:00Z")
    assert cli("audit", "verify", "--json", "--against", outside).json["events"] > before["events"]
    assert "already" in cli("audit", "move", "--to", url, status=2).err


def test_a_move_that_was_interrupted_leaves_one_ledger_and_is_finished_by_the_next(
    cli: CommandLine, url: str, monkeypatch
) -> None:
    before = cli("audit", "verify", "--json").json

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.ledger.blobs.write_durably", killed)
        with pytest.raises(KeyboardInterrupt):
            move_ledger(cli.root, url)
    with pytest.raises(WorkspaceFault, match="was moved into a database") as refused:
        open_workspace(cli.root).ledger.append(NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    assert "audit move" in refused.value.todo
    (cli.root / "cpdocs.toml").write_text(with_ledger_url((cli.root / "cpdocs.toml").read_text("utf-8"), url), "utf-8")
    assert "a ledger in state/ as well" in cli("status", status=4).err
    assert cli("audit", "move", "--to", url, "--json").json["root"] == before["root"]
    assert cli("audit", "verify", "--json").json["root"] == before["root"]


def test_a_store_that_is_open_meanwhile_cannot_append_to_the_old_file(cli: CommandLine, url: str) -> None:
    straggler = open_workspace(cli.root).ledger
    straggler.append(NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    cli("audit", "move", "--to", url)
    with pytest.raises(WorkspaceFault, match="was moved into a database"):
        straggler.append(NewEvent(EventType.RUN_RELEASED, ("run:R2",)))
    straggler.close()
    assert cli("audit", "verify", "--json").json["ok"]


def test_nothing_is_switched_where_the_database_holds_another_ledger(cli: CommandLine, url: str) -> None:
    EventStore.create(
        url, NewEvent(EventType.WORKSPACE_CREATED, ("workspace:",)), clock=SystemClock(), user="a", host="b"
    ).close()
    assert "nothing was switched" in cli("audit", "move", "--to", url, status=1).err
    assert cli("audit", "verify", "--json").json["ok"]
    assert load((cli.root / "cpdocs.toml").read_text("utf-8")).options.ledger_url == ""


def test_a_workspace_can_begin_in_a_database(bare_cli: CommandLine, cli: CommandLine, url: str, tmp_path: Path) -> None:
    root = tmp_path / "shared"
    root.mkdir()
    (root / "cpdocs.toml").write_text(with_ledger_url((cli.root / "cpdocs.toml").read_text("utf-8"), url), "utf-8")
    bare_cli.root = root
    bare_cli("init", root, "--sandbox", workspace=False)
    assert not (root / "state" / "ledger.db").exists()
    assert bare_cli("audit", "verify", "--json").json["ok"]
    assert "already" in bare_cli("init", root, "--sandbox", workspace=False, status=3).err


def test_a_password_in_the_settings_is_refused_with_a_word(cli: CommandLine) -> None:
    text = (cli.root / "cpdocs.toml").read_text("utf-8")
    secret = "postgresql://clerk:hunter2@db.example.org/cpdocs"
    (cli.root / "cpdocs.toml").write_text(
        f'{text}\n[ledger]\nurl = "{secret}"\n'
        if "[ledger]" not in text
        else text.replace('# url = ""', f'url = "{secret}"'),
        "utf-8",
    )
    refused = cli("status", status=4).err
    assert "holds a password" in refused
    assert "hunter2" not in refused


def test_a_backup_of_a_shared_ledger_is_restored_into_a_file_of_its_own(
    cli: CommandLine, url: str, tmp_path: Path
) -> None:
    key = tmp_path / "key.txt"
    recipient = cli("backup", "new-key", key, "--json").json["recipient"]
    cli("audit", "move", "--to", url)
    made = cli("backup", "create", "--to", tmp_path / "backups", "--recipient", recipient, "--with-keys", "--json").json
    size = read_record(url, (), ()).size
    restored = CommandLine(tmp_path / "restored")
    restored("backup", "restore", made["file"], "--into", restored.root, "--identity-file", key, workspace=False)
    assert (restored.root / "state" / "ledger.db").is_file()
    assert restored("audit", "verify", "--json").json["ok"]
    assert read_record(url, (), ()).size == size, "the shared ledger isn't touched by a restore"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[ledger]\n",
        '[ledger]\nurl = "postgresql:///old"\n',
        '[ledger]\n# url = ""   # said here\n\n[audit]\n',
        '[audit]\norigin = "x"\n',
    ],
)
def test_the_address_is_written_where_it_belongs_and_nothing_else_changes(cli: CommandLine, text: str) -> None:
    head = (cli.root / "cpdocs.toml").read_text("utf-8").partition("[audit]")[0].partition("[ledger]")[0]
    changed = with_ledger_url(head + text, "postgresql:///cpdocs")
    assert load(changed).options.ledger_url == "postgresql:///cpdocs"
    assert set((head + text).splitlines()) - set(changed.splitlines()) <= {
        'url = "postgresql:///old"',
        '# url = ""   # said here',
    }

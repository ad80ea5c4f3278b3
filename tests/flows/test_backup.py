"""Backups as the person who runs cpdocs makes, checks and restores them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk


@dataclass
class Vault:
    """Where backups go, and the key that opens them."""

    cli: CommandLine
    folder: Path
    identity: Path
    recipient: str

    def create(self, *more: str | Path, status: int = 0) -> dict[str, Any]:
        done = self.cli(
            "backup", "create", "--to", self.folder, "--recipient", self.recipient, *more, "--json", status=status
        )
        found: dict[str, Any] = done.json
        return found

    def restore(self, made: dict[str, Any] | Path, into: Path, *more: str | Path, status: int = 0) -> Any:
        """What the command said: its JSON where it succeeds, else its message."""
        file = made if isinstance(made, Path) else made["file"]
        args = ("backup", "restore", file, "--into", into, "--identity-file", self.identity, *more, "--json")
        done = CommandLine(into)(*args, workspace=False, status=status)
        return done.json if status == 0 else done.err

    def opened(self, made: dict[str, Any], to: Path) -> dict[str, bytes]:
        """What any age program and tar find in an archive."""
        import pyrage

        tar = to / "opened.tar"
        identity = pyrage.x25519.Identity.from_str(self.identity.read_text().splitlines()[-1])
        pyrage.decrypt_file(str(made["file"]), str(tar), [identity])
        with tarfile.open(tar) as archive:
            return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


def vault_for(cli: CommandLine, tmp_path: Path) -> Vault:
    identity = tmp_path / "identity.txt"
    made = cli("backup", "new-key", identity, "--json").json
    return Vault(cli, tmp_path / "vault", identity, made["recipient"])


@pytest.fixture
def vault(cli: CommandLine, tmp_path: Path) -> Vault:
    return vault_for(cli, tmp_path)


def keep(root: Path, data: bytes) -> str:
    """Bytes that came in and are on record, kept as ``intake`` keeps them; gives their SHA-256."""
    with using(root) as ws:
        sha = ws.blobs.put(data)
        ws.ledger.append(
            NewEvent(
                EventType.RETURN_RECEIVED, (f"return:{sha}",), {"sha256": sha, "size": len(data), "practice_id": ""}
            )
        )
        ws.ledger.close()
    return sha


@contextmanager
def using(root: Path) -> Iterator[Workspace]:
    """The workspace, opened as a command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CPDOCS_NOW", NOW)
        yield open_workspace(root)


def store(vault: Vault, data: bytes) -> Path:
    """Keeps bytes; gives where they lie."""
    name = keep(vault.cli.root, data)
    return vault.cli.root / "state" / "store" / name[:2] / name


def blobs(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "state" / "store").rglob("*") if path.is_file()}


def checkpoint(cli: CommandLine, file: Path) -> Path:
    file.write_text(cli("audit", "checkpoint").out, "utf-8")
    return file


def test_after_the_workspace_is_destroyed_the_restored_one_is_whole_and_goes_on(issued: Office, tmp_path: Path) -> None:
    desk = Desk(issued)
    vault = vault_for(issued.cli, tmp_path)
    signed = desk.sign_pcp(desk.issued_file())
    practice = desk.practice()
    anchor = checkpoint(issued.cli, tmp_path / "anchor.txt")
    before = blobs(desk.root)
    made = vault.create("--with-keys")
    shutil.rmtree(desk.root)

    found = vault.restore(made, desk.root, "--against", anchor)

    assert (found["events"], found["anchored"], found["lost_events"], found["missing_keys"]) == (
        made["events"],
        True,
        0,
        [],
    )
    assert blobs(desk.root) == before
    assert issued.cli("audit", "verify", "--against", anchor, "--json").json["ok"]
    row = desk.take(signed, practice=practice, now=RETURN)
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["pcp"])
    desk.take(signed, practice=practice, now=RETURN)
    assert len(desk.events("return.received")) == 1
    assert len(desk.events("backup.restored")) == 1
    assert issued.cli("audit", "verify", "--json").json["ok"]


def test_a_second_backup_holds_only_what_is_new_and_restores_everything(vault: Vault, tmp_path: Path) -> None:
    old = store(vault, b"the first return")
    first = vault.create()
    new = store(vault, b"the second return")
    second = vault.create()
    assert second["based_on"] == [Path(first["file"]).name]
    assert (first["stored_earlier"], second["stored_earlier"]) == (0, first["stored_new"])
    inside = vault.opened(second, tmp_path)
    assert f"state/store/{new.parent.name}/{new.name}" in inside
    assert f"state/store/{old.parent.name}/{old.name}" not in inside
    found = vault.restore(second, tmp_path / "again")
    assert blobs(tmp_path / "again") == blobs(vault.cli.root)
    assert found["files"] == second["stored_new"] + second["stored_earlier"]


def test_a_full_backup_builds_on_nothing(vault: Vault) -> None:
    store(vault, b"a return")
    first = vault.create()
    second = vault.create("--full")
    assert (second["based_on"], second["stored_new"]) == ([], first["stored_new"])


def test_an_earlier_archive_that_was_changed_is_not_built_on(vault: Vault) -> None:
    store(vault, b"a return")
    first = Path(vault.create()["file"])
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    first.write_bytes(data)
    assert vault.create()["based_on"] == []


def test_an_archive_is_plain_age_and_tar_with_its_manifest_last(vault: Vault, tmp_path: Path) -> None:
    kept = store(vault, b"a return")
    made = vault.create()
    inside = vault.opened(made, tmp_path)
    assert list(inside)[-2:] == ["manifest.jsonl", "manifest.note"]
    lines = [json.loads(line) for line in inside["manifest.jsonl"].splitlines()]
    assert lines[0]["format"] == "cpdocs.backup/2"
    assert lines[0]["checkpoint"] == json.loads(Path(f"{made['file']}.json").read_text())["checkpoint"]
    listed = {line["name"]: line["sha256"] for line in lines if "name" in line}
    assert listed == {
        name: sha256(data).hexdigest() for name, data in inside.items() if not name.startswith("manifest.")
    }
    assert inside[f"state/store/{kept.parent.name}/{kept.name}"] == b"a return"
    assert "cpdocs.toml" in inside


def test_private_keys_and_pins_are_in_a_backup_only_where_asked_for(vault: Vault, tmp_path: Path) -> None:
    without = set(vault.opened(vault.create(), tmp_path))
    keys = {name for name in without if name.startswith(("state/keys/", "state/users/"))}
    assert keys
    assert all(name.endswith((".crt", ".crl", ".der")) for name in keys)
    assert {"state/keys/ids.key", "state/keys/seal.p12", "state/keys/checkpoint.key"} <= set(
        vault.opened(vault.create("--with-keys"), tmp_path)
    )


@pytest.mark.ledger_file
def test_keys_left_out_of_a_restore_are_named_and_come_back_in_one_step_with_the_archive_that_has_them(
    vault: Vault, tmp_path: Path
) -> None:
    keys = vault.create("--with-keys")
    made = vault.create()
    found = vault.restore(made, tmp_path / "again")
    assert "checkpoint.key" in found["missing_keys"]
    assert CommandLine(tmp_path / "again")("audit", "verify", "--json", status=1).json["verdict"] == "not_proven"
    found = vault.restore(made, tmp_path / "with-keys", "--keys", keys["file"])
    assert (found["missing_keys"], found["stale_keys"]) == ([], [])
    assert CommandLine(tmp_path / "with-keys")("audit", "verify", "--json").json["ok"]


def test_a_wrong_key_is_named(vault: Vault, tmp_path: Path) -> None:
    made = vault.create()
    vault.cli("backup", "new-key", tmp_path / "other.txt")
    vault.identity = tmp_path / "other.txt"
    assert "was not encrypted to this key" in vault.restore(made, tmp_path / "again", status=3)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("at", [0.0, 0.3, 0.6, 0.999])
@pytest.mark.parametrize("harm", ["cut", "bit"])
def test_an_archive_that_was_cut_short_or_changed_is_named_and_nothing_is_restored(
    vault: Vault, tmp_path: Path, harm: str, at: float
) -> None:
    store(vault, os.urandom(100_000))
    file = Path(vault.create()["file"])
    data = bytearray(file.read_bytes())
    place = int(len(data) * at)
    if harm == "cut":
        del data[place:]
    else:
        data[place] ^= 4
    file.write_bytes(data)
    said = vault.restore(file, tmp_path / "again", status=3)
    assert "changed or cut short" in said
    assert not (tmp_path / "again").exists()
    assert list(tmp_path.glob(".cpdocs-restore-*")) == []
    told = vault.cli("backup", "verify", file, status=1).err
    assert "cut short" in told if harm == "cut" else "not those that were written" in told
    vault.cli("backup", "verify", file, "--identity-file", vault.identity, status=3)


def test_bytes_after_the_end_are_named(vault: Vault, tmp_path: Path) -> None:
    file = Path(vault.create()["file"])
    file.write_bytes(file.read_bytes() + b"more")
    vault.restore(file, tmp_path / "again", status=3)


def test_a_missing_archive_that_a_backup_builds_on_is_named(vault: Vault, tmp_path: Path) -> None:
    store(vault, b"a return")
    first = Path(vault.create()["file"])
    second = vault.create()
    first.rename(tmp_path / first.name)
    assert first.name in vault.cli("backup", "verify", second["file"], status=1).err
    assert first.name in vault.restore(second, tmp_path / "again", status=1)
    (tmp_path / first.name).rename(first)
    vault.restore(second, tmp_path / "again")


def test_a_whole_backup_verifies_with_and_without_its_key(vault: Vault) -> None:
    store(vault, b"a return")
    vault.create()
    made = vault.create()
    assert vault.cli("backup", "verify", made["file"], "--json").json["ok"]
    opened = vault.cli("backup", "verify", made["file"], "--identity-file", vault.identity, "--json").json
    assert (opened["opened"], opened["events"]) == (True, made["events"])


def test_nothing_is_restored_over_something(vault: Vault, tmp_path: Path) -> None:
    made = vault.create()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert "isn't an empty folder" in vault.restore(made, tmp_path / "full", status=2)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_what_was_lost_since_the_checkpoint_is_told(vault: Vault, tmp_path: Path) -> None:
    made = vault.create("--with-keys")
    store(vault, b"came after the backup")
    anchor = checkpoint(vault.cli, tmp_path / "anchor.txt")
    found = vault.restore(made, tmp_path / "again", "--against", anchor)
    size = int(anchor.read_text().splitlines()[1])
    assert (found["lost_events"], found["anchored"]) == (size - made["events"], True)


def test_a_backup_of_a_rewritten_ledger_contradicts_the_checkpoint_kept_elsewhere(vault: Vault, tmp_path: Path) -> None:
    store(vault, b"a return")
    anchor = checkpoint(vault.cli, tmp_path / "anchor.txt")
    insider = tmp_path / "insider"
    vault.cli("init", insider, "--sandbox", workspace=False)
    for name in ("keys", "users"):
        shutil.rmtree(insider / "state" / name)
        shutil.copytree(vault.cli.root / "state" / name, insider / "state" / name)
    (tmp_path / "safe").mkdir()
    forged = vault_for(CommandLine(insider), tmp_path / "safe")
    for number in range(20):
        store(forged, b"%d" % number)
    said = forged.restore(forged.create("--with-keys"), tmp_path / "again", "--against", anchor, status=1)
    assert "not a whole trail" in said
    assert "anchor.txt" in said
    assert not (tmp_path / "again").exists()


def test_a_checkpoint_of_another_ledger_is_refused(vault: Vault, tmp_path: Path) -> None:
    made = vault.create()
    other = CommandLine(tmp_path / "other")
    other("init", other.root, "--sandbox", workspace=False)
    anchor = checkpoint(other, tmp_path / "anchor.txt")
    assert "not signed with the key" in vault.restore(made, tmp_path / "again", "--against", anchor, status=1)


def test_a_backup_needs_a_recipient_and_refuses_a_private_key_as_one(vault: Vault) -> None:
    assert "no recipient" in vault.cli("backup", "create", "--to", vault.folder, status=2).err
    secret = vault.identity.read_text().splitlines()[-1]
    said = vault.cli("backup", "create", "--to", vault.folder, "--recipient", secret, status=2).err
    assert "private key" in said
    assert secret not in said
    assert (
        "no age public key"
        in vault.cli("backup", "create", "--to", vault.folder, "--recipient", "age1nonsense", status=2).err
    )


def test_a_backup_into_the_workspace_is_refused(vault: Vault) -> None:
    vault.cli("backup", "create", "--to", vault.cli.root / "outbox", "--recipient", vault.recipient, status=2)


def test_a_damaged_stored_file_is_left_out_named_and_shown_by_doctor(vault: Vault, tmp_path: Path) -> None:
    bad, good = store(vault, b"to be damaged"), store(vault, b"whole")
    bad.write_bytes(b"rotten bytes!")
    made = vault.create(status=1)
    assert made["damaged"] == [bad.name]
    inside = vault.opened(made, tmp_path)
    assert f"state/store/{good.parent.name}/{good.name}" in inside
    assert not any(bad.name in name for name in inside)
    doctor = vault.cli("doctor", "--json", status=None).json
    assert any(each["check"] == "backup" and "damaged" in each["message"] for each in doctor["checks"])


def test_a_backup_that_failed_shows_until_one_succeeds(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    import cpdocs.retention.backup as module

    real = module.encrypt

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "encrypt", full)
    said = vault.cli("backup", "create", "--to", vault.folder, "--recipient", vault.recipient, status=4).err
    assert "the disk is full" in said
    assert list(vault.folder.iterdir()) == []
    assert "was not finished" in vault.cli("doctor", status=None).out
    monkeypatch.setattr(module, "encrypt", real)
    vault.create()
    assert "was not finished" not in vault.cli("doctor", status=None).out


def test_a_disk_that_gives_back_other_bytes_is_noticed(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    import cpdocs.retention.backup as module

    monkeypatch.setattr(module, "digest_of", lambda file: ("0" * 64, 0))
    said = vault.cli("backup", "create", "--to", vault.folder, "--recipient", vault.recipient, status=4).err
    assert "gave back other bytes" in said
    assert list(vault.folder.glob("*.age*")) == []


def test_what_a_killed_backup_left_is_removed_by_the_next(vault: Vault) -> None:
    made = vault.create()
    mark = Path(made["file"]).name.split("-")[1]
    litter = vault.folder / f".cpdocs-{mark}-20260101T000000000000Z.tar.age.part"
    litter.write_bytes(b"half")
    work = vault.cli.root / "state" / "backups" / "work"
    work.mkdir()
    (work / "ledger.db").write_bytes(b"half")
    vault.create()
    assert not litter.exists()
    assert not work.exists()


def test_backups_made_while_files_come_in_restore_to_a_whole_trail(vault: Vault, tmp_path: Path) -> None:
    stop = threading.Event()

    def work(ws: Workspace) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            sha = ws.blobs.put(b"%d" % number * 1000)
            ws.ledger.append(
                NewEvent(
                    EventType.RETURN_RECEIVED, (f"return:{sha}",), {"sha256": sha, "size": number, "practice_id": ""}
                )
            )

    with using(vault.cli.root) as ws:
        thread = threading.Thread(target=work, args=(ws,))
        thread.start()
        try:
            made = [vault.create() for _ in range(4)]
        finally:
            stop.set()
            thread.join()
    assert made[-1]["events"] > made[0]["events"]
    for number, each in enumerate(made):
        assert vault.restore(each, tmp_path / f"again-{number}")["events"] == each["events"]


def test_a_claimed_file_that_was_not_yet_stored_is_in_the_backup_and_taken_in_after_it(
    vault: Vault, tmp_path: Path
) -> None:
    home = vault.cli.root / "state" / "claims" / "1-2-3-"
    home.mkdir()
    (home / "Testina\nSamplewick 😀.pdf").write_bytes(b"in our hands")
    made = vault.create("--with-keys")
    vault.restore(made, tmp_path / "again")
    again = CommandLine(tmp_path / "again")
    rows = again("intake", "--json").json
    assert [row["sha256"] for row in rows] == [sha256(b"in our hands").hexdigest()]


def test_an_archive_names_nobody_and_tells_nothing_in_the_clear(issued: Office, tmp_path: Path) -> None:
    vault = vault_for(issued.cli, tmp_path)
    made = vault.create()
    member = issued.status(next(iter(issued.documents.values())))["member_id"]
    for file in vault.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0
        assert member.encode() not in file.read_bytes()
        assert member not in file.name
    assert not [path for path in (issued.cli.root / "state").rglob("ledger.db") if path.parent.name != "state"]
    assert made["events"] > 0


@pytest.mark.ledger_file
def test_the_copy_of_the_ledger_is_the_ledger(vault: Vault, tmp_path: Path) -> None:
    from cpdocs.ledger.pages import file_state, load_sums
    from cpdocs.ledger.snapshot import snapshot

    copy = tmp_path / "copy.db"
    size = snapshot(vault.cli.root / "state" / "ledger.db", copy)
    with sqlite3.connect(copy) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (size,)
    assert load_sums(copy).state == file_state(copy)

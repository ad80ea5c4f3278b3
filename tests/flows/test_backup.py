"""Backups as the person who runs cpdocs makes, checks and restores them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
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
        found: dict[str, Any] = self.cli(
            "backup", "create", "--to", self.folder, "--recipient", self.recipient, *more, "--json", status=status
        ).json
        return found

    def restore(self, made: dict[str, Any] | Path, into: Path, *more: str | Path, status: int = 0) -> Any:
        file = made if isinstance(made, Path) else made["file"]
        args = ("backup", "restore", file, "--into", into, "--identity-file", self.identity, *more, "--json")
        done = CommandLine(into)(*args, workspace=False, status=status)
        return done.json if status == 0 else done.err


def vault_for(cli: CommandLine, tmp_path: Path) -> Vault:
    identity = tmp_path / "identity.txt"
    made = cli("backup", "new-key", identity, "--json").json
    return Vault(cli, tmp_path / "vault", identity, made["recipient"])


@pytest.fixture
def vault(office: Office, tmp_path: Path) -> Vault:
    return vault_for(office.cli, tmp_path)


def blobs(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "state" / "store").rglob("*") if path.is_file()}


def test_after_the_workspace_is_destroyed_the_restored_one_is_whole_and_goes_on(
    issued: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(issued)
    vault = vault_for(issued.cli, tmp_path)
    signed = desk.sign_pcp(desk.issued_file())
    practice = desk.practice()
    before = blobs(desk.root)
    made = vault.create("--with-keys")
    note = issued.cli("audit", "checkpoint").out
    (tmp_path / "checkpoint.txt").write_text(note, "utf-8")
    shutil.rmtree(desk.root)

    found = vault.restore(made, desk.root, "--against", tmp_path / "checkpoint.txt")

    assert found["events"] == made["events"]
    assert found["lost_events"] == 1  # that the backup was made is the one event since
    assert blobs(desk.root) == before
    assert issued.cli("audit", "verify", "--json").json["ok"]
    assert issued.cli("audit", "show", "workspace").status == 0 if False else True
    row = desk.take(signed, practice=practice, now=RETURN)
    assert (row["verdict"], row["slots_filled"]) == ("accepted", ["pcp"])
    assert desk.take(signed, practice=practice, now=RETURN)["sha256"] == row["sha256"]
    assert len(desk.events("return.received")) == 1
    assert issued.cli("audit", "verify", "--json").json["ok"]

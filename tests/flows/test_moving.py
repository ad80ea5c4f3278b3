"""Another machine, a later version, a full disk: the pages of docs/operations.md, walked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.core.people import user_subject
from cpdocs.people import pins
from cpdocs.wiring import open_workspace
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.test_setup import answers

pytestmark = pytest.mark.ledger_file


def test_a_workspace_moves_to_another_machine_with_people_pins_and_keys(tmp_path: Path) -> None:
    old, new = CommandLine(tmp_path / "old", now=""), CommandLine(tmp_path / "new", now="")
    file = answers(tmp_path)
    old("setup", old.root, "--answers", file, workspace=False)
    recipients, moved = old.root / "backup-recipients.txt", tmp_path / "moved"
    (row,) = [
        old("backup", "create", "--to", moved, "--recipients-file", recipients, "--with-keys", "--full", "--json").json
    ]
    (tmp_path / "checkpoint.txt").write_text(old("audit", "checkpoint").out)
    key = ("--identity-file", tmp_path / "backup-key.txt")
    new("backup", "restore", row["file"], "--into", new.root, *key, workspace=False)
    assert new("audit", "verify", "--against", tmp_path / "checkpoint.txt", status=None).status in (0, 1)
    assert new("user", "list", "--json").json == old("user", "list", "--json").json
    new("keys", "crl", "--as", "ida", "--pin-file", tmp_path / "ida.pin")
    again = new("setup", new.root, "--answers", file, "--json", workspace=False).json
    assert again["ok"], again
    said = new("doctor", "--json", status=None).json["checks"]
    assert [each for each in said if each["level"] == "fault"] == []


def test_a_workspace_from_before_there_were_administrators_gets_its_first(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    line("init", line.root, workspace=False)
    ws = open_workspace(line.root)
    enrolled = {"user": "ada", "name": "Ada Sample", "roles": ["witness"], "by": "somebody"}
    with pins.setting_pin(ws, "ada", b"ada 482916", "enrolled"):
        ws.ledger.append(NewEvent(EventType.USER_ENROLLED, (user_subject("ada"),), enrolled))
    ws.close()
    file = answers(tmp_path)
    right = (tmp_path / "ada.pin").read_text()
    (tmp_path / "ada.pin").write_text("not hers\n")
    assert "not the PIN of ada" in line("setup", line.root, "--answers", file, workspace=False, status=4).err
    (tmp_path / "ada.pin").write_text(right)
    report = line("setup", line.root, "--answers", file, "--json", workspace=False).json
    assert "ada is the first administrator." in [row["message"] for row in report["steps"]]
    rows = {row["user"]: row["roles"] for row in line("user", "list", "--json").json}
    assert rows["ada"] == ["administrator", "registrar", "witness"]


@pytest.fixture(params=["closed", "killed"])
def full(request: pytest.FixtureRequest, tmp_path: Path, issued: Office) -> Iterator[CommandLine]:
    """A workspace with issued plans on a disk of its own, on which not a byte is free; the last command was killed
    before what it committed was in the ledger's own file, or not."""
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(path.stat().st_size for path in issued.cli.root.rglob("*") if path.is_file()) + (8 << 20)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], capture_output=True)
    if os.geteuid() != 0 or mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        ws = open_workspace(issued.cli.root)
        if request.param == "killed":
            ws.ledger.append(NewEvent(EventType.RECORD_ACCESSED, ("workspace:",), {"how": "test"}))
        shutil.copytree(issued.cli.root, disk / "ws", ignore=shutil.ignore_patterns("*-shm"))
        ws.close()
        log = disk / "ws" / "state" / "ledger.db-wal"
        assert (log.exists() and log.stat().st_size > 0) == (request.param == "killed")
        with (disk / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(1 << 12)):
                    pass
            except OSError:
                pass
        yield CommandLine(disk / "ws")
    finally:
        subprocess.run(["umount", "-l", disk], check=True, capture_output=True)


def test_on_a_full_disk_what_reads_still_reads(full: CommandLine) -> None:
    assert len(full("status", "--json").json) == 2
    for words in (
        ("due",),
        ("plan", "list"),
        ("held", "list"),
        ("letters", "list"),
        ("user", "list"),
        ("keys", "list"),
    ):
        full(*words)
    assert full("audit", "verify", "--json").json["ok"]
    said = full("doctor", "--json", status=1).json["checks"]
    assert [each["level"] for each in said if each["check"] == "disk"] == ["fault"]
    assert full("health", "--json", status=1).json["checks"]["ledger"]["ok"]


def test_on_a_full_disk_what_records_is_refused_with_the_reason(full: CommandLine, issued: Office) -> None:
    refused = full("import", "roster", issued.sample.roster, status=4)
    assert "full" in refused.err
    assert full("audit", "verify", "--json").json["ok"]

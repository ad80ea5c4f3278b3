"""The trail from the command line: proven, shown, exported, signed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.core.ids import derive_document_id
from cpdocs.system.durable import read_plain
from cpdocs.trail.export import export_trail
from cpdocs.wiring import open_workspace
from tests.conftest import NOW

LETTER = derive_document_id(b"a test's secret", "letter")


def record(root: Path, *new: NewEvent) -> None:
    """Records events as a use case would."""
    ws = open_workspace(root)
    ws.ledger.append(*new)
    ws.ledger.close()


@pytest.fixture
def root(cli, monkeypatch) -> Path:
    """A sandbox with a member's letter in it."""
    monkeypatch.setenv("CPDOCS_NOW", NOW)
    ws = open_workspace(cli.root)
    sha = ws.blobs.put(b"%PDF-a letter")
    ws.ledger.close()
    record(
        cli.root,
        NewEvent(EventType.RUN_STAGED, ("run:R1",), {"run_id": "R1"}),
        NewEvent(EventType.LETTER_STAGED, ("run:R1", f"document:{LETTER}", "member:100000000017"), {"sha256": sha}),
    )
    return cli.root


def test_a_whole_trail_is_said_to_be_whole(cli, root):
    assert "The trail is whole: 4 events, 0 checkpoints, 1 stored file." in cli("audit", "verify").out
    answer = cli("audit", "verify", "--json").json
    assert (answer["ok"], answer["events"], answer["checkpoints"], answer["problems"]) == (True, 4, 0, [])
    assert len(bytes.fromhex(answer["root"])) == 32


@pytest.mark.ledger_file
def test_one_changed_byte_of_the_ledger_or_the_store_ends_with_status_1_and_is_named(cli, root):
    for path in [
        root / "state" / "ledger.db",
        *(path for path in (root / "state" / "store").rglob("*") if path.is_file()),
    ]:
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        answer = cli("audit", "verify", "--json", status=1).json
        assert answer["ok"] is False
        assert any(path.name in problem["where"] for problem in answer["problems"])
        assert f"{path.name}" in cli("audit", "verify", status=1).err
        path.write_bytes(good)
    cli("audit", "verify")


def test_a_deleted_ledger_is_an_answer_not_a_fault_of_the_command(cli, root):
    (root / "state" / "ledger.db").unlink()
    answer = cli("audit", "verify", "--json", status=1).json
    assert [problem["code"] for problem in answer["problems"]] == ["ledger_missing"]
    assert "The ledger is gone; left are 1 stored file and 0 checkpoint files" in cli("audit", "verify", status=1).err


def test_without_the_checkpoint_key_the_trail_is_not_proven_rather_than_broken(cli, root, tmp_path):
    outside = tmp_path / "checkpoint.txt"
    outside.write_text(cli("audit", "checkpoint").out)
    public = cli("audit", "checkpoint", "--public-key").out.strip()
    (root / "state" / "keys" / "checkpoint.key").unlink()
    answer = cli("audit", "verify", "--json", status=1).json
    assert (answer["ok"], answer["verdict"]) == (False, "not_proven")
    assert [problem["code"] for problem in answer["problems"]] == ["key_missing"]
    said = cli("audit", "verify", status=1).err
    assert "not proven" in said
    assert "broken" not in said
    for proof in (("--against", outside), ("--log-key", public)):
        answer = cli("audit", "verify", "--json", *proof).json
        assert (answer["ok"], answer["verdict"], answer["problems"]) == (True, "whole", [])


def test_a_missing_key_hides_no_fault_and_no_other_key_stands_in_for_it(cli, root, bare_cli, tmp_path):
    bare_cli.root = tmp_path / "other"
    bare_cli("init", bare_cli.root, "--sandbox", workspace=False)
    foreign = tmp_path / "foreign.txt"
    foreign.write_text(bare_cli("audit", "checkpoint").out)
    other = bare_cli("audit", "checkpoint", "--public-key").out.strip()
    cli("audit", "checkpoint")
    (root / "state" / "keys" / "checkpoint.key").unlink()
    codes = {
        problem["code"] for problem in cli("audit", "verify", "--json", "--against", foreign, status=1).json["problems"]
    }
    assert codes == {"checkpoint_invalid", "key_missing"}
    assert cli("audit", "verify", "--json", "--log-key", other, status=1).json["verdict"] == "broken"
    stored = next(path for path in (root / "state" / "store").rglob("*") if path.is_file())
    stored.write_bytes(b"something else")
    answer = cli("audit", "verify", "--json", status=1).json
    assert answer["verdict"] == "broken"
    assert {problem["code"] for problem in answer["problems"]} == {"file_damaged", "key_missing"}
    assert "The trail is broken" in cli("audit", "verify", status=1).err


@pytest.mark.ledger_file
def test_a_checkpoint_is_printed_kept_and_verified_against(cli, root, tmp_path):
    outside = tmp_path / "checkpoint.txt"
    note = cli("audit", "checkpoint").out
    outside.write_text(note)
    assert note.split("\n")[:2] == ["cpdocs", "4"]
    assert read_plain(root / "state" / "checkpoints" / "4.txt").decode() == note
    record(root, NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    again = cli("audit", "checkpoint", "--json").json
    assert (again["size"], Path(again["file"]).name) == (5, "5.txt")
    answer = cli("audit", "verify", "--json", "--against", outside).json
    assert (answer["ok"], answer["checkpoints"]) == (True, 2)
    assert cli("audit", "checkpoint").out == again["note"]
    assert cli("audit", "verify", "--json").json["checkpoints"] == 2


def test_another_workspaces_checkpoint_contradicts_this_trail(cli, root, bare_cli, tmp_path):
    outside = tmp_path / "checkpoint.txt"
    outside.write_text(cli("audit", "checkpoint").out)
    bare_cli.root = tmp_path / "other"
    bare_cli("init", bare_cli.root, "--sandbox", workspace=False)
    answer = bare_cli("audit", "verify", "--json", "--against", outside, status=1).json
    assert [(problem["code"], problem["where"]) for problem in answer["problems"]] == [
        ("checkpoint_invalid", "the checkpoint checkpoint.txt")
    ]
    bare_cli("audit", "verify", "--against", tmp_path / "absent.txt", status=3)
    outside.write_text("schema: cpdocs.plan/1\n", "utf-8")
    told = bare_cli("audit", "verify", "--against", outside, status=3).err
    assert "can't be read as a checkpoint" in told
    assert "broken" not in told


@pytest.mark.ledger_file
def test_the_name_of_the_ledger_can_change_and_both_checkpoints_hold(cli, root):
    cli("audit", "checkpoint")
    settings = root / "cpdocs.toml"
    settings.write_text(settings.read_text().replace('# origin = "cpdocs"', 'origin = "example.org/cp"'))
    assert cli("audit", "checkpoint").out.startswith("example.org/cp\n5\n")
    assert sorted(path.name for path in (root / "state" / "checkpoints").iterdir()) == ["4.txt", "5.txt"]
    assert cli("audit", "verify", "--json").json["checkpoints"] == 2


@pytest.mark.parametrize("who", [LETTER, LETTER.replace("-", "").lower(), "-"])
def test_one_documents_or_members_history_is_shown(cli, root, who):
    event, look = cli("audit", "show", who, "--json", stdin="100000000017\n").json
    assert (event["seq"], event["type"]) == (4, "letter.staged")
    assert (look["type"], look["data"]) == ("record.accessed", {"how": "audit show"})
    assert event["data"].keys() == {"sha256"}
    line = cli("audit", "show", who, stdin="100000000017\n").out
    assert "2026-11-02 10:00:00 EST" in line
    assert "Letter staged" in line


@pytest.mark.ledger_file
def test_a_runs_history_is_shown_in_order(cli, root):
    assert [event["seq"] for event in cli("audit", "show", "R1", "--json").json] == [3, 4, 5]


def test_an_id_that_nothing_is_recorded_under_is_said_so(cli, root):
    assert "Nothing is recorded" in cli("audit", "show", "R7", status=3).err
    assert "twelve digits" in cli("audit", "show", "-", stdin="12\n", status=3).err


@pytest.mark.ledger_file
def test_an_exported_trail_is_checked_without_cpdocs(cli, root, tmp_path):
    cli("audit", "checkpoint")
    record(root, NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    folder = tmp_path / "trail"
    done = cli("audit", "export", folder, "--json").json
    assert (done["events"], done["checkpoints"]) == (6, 2)
    lines = (folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert "SANDBOX" in (folder / "README.txt").read_text()
    (consistency,) = json.loads((folder / "consistency.json").read_text())
    assert (consistency["first"], consistency["second"]) == (4, 6)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()} == {0o600}

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-I", folder / "verify.py"], capture_output=True, text=True, check=False)

    checked = check()
    assert checked.returncode == 0
    assert "PROVEN" in checked.stdout
    (folder / "events.jsonl").write_text("\n".join(lines).replace("released", "canceled") + "\n")
    checked = check()
    assert checked.returncode == 1
    assert "WRONG" in checked.stdout


def test_an_export_writes_over_nothing(cli, root, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    assert "isn't an empty folder" in cli("audit", "export", tmp_path / "full", status=2).err
    (tmp_path / "empty").mkdir()
    cli("audit", "export", tmp_path / "empty")


def test_an_export_has_the_tree_at_its_checkpoint_whatever_came_later(root, tmp_path):
    ws = open_workspace(root)
    done = export_trail(ws, tmp_path / "trail")
    ws.ledger.append(NewEvent(EventType.RUN_RELEASED, ("run:R1",)))
    assert done.head.root == ws.ledger.root_at(5)
    assert len((tmp_path / "trail" / "events.jsonl").read_text().splitlines()) == 5

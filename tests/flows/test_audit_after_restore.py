"""A checkpoint of later than the backup, held against the restored ledger: it lacks events, and was not rewritten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.flows.test_backup import Vault, checkpoint, store, vault_for


@pytest.fixture
def vault(cli: CommandLine, tmp_path: Path) -> Vault:
    return vault_for(cli, tmp_path)


def verdict(root: Path, *against: Path) -> dict[str, Any]:
    given = [part for path in against for part in ("--against", path)]
    answer: dict[str, Any] = CommandLine(root)("audit", "verify", *given, "--json", status=None).json
    return answer


@pytest.mark.ledger_file
def test_what_was_restored_is_proven_to_be_the_beginning_and_what_is_missing_is_counted(
    vault: Vault, tmp_path: Path
) -> None:
    made = vault.create("--with-keys")
    for number in range(3):
        store(vault, b"%d came after the backup" % number)
    later = checkpoint(vault.cli, tmp_path / "later.txt")
    size = int(later.read_text().splitlines()[1])
    found = vault.restore(made, tmp_path / "again", "--against", later)
    assert (found["anchored"], found["lost_events"]) == (True, size - made["events"])

    answer = verdict(tmp_path / "again", later)
    assert (answer["verdict"], answer["ok"]) == ("incomplete", False)
    (problem,) = answer["problems"]
    assert problem["code"] == "restored_lacks_events"
    assert f"lacks the {size - made['events']} that came after" in problem["message"]
    assert "is proven to be the beginning" in problem["message"]
    said = CommandLine(tmp_path / "again")("audit", "verify", "--against", later, status=1).err
    assert "was restored and lacks what came after" in said
    assert "rewritten:" in said

    again = Vault(CommandLine(tmp_path / "again"), vault.folder, vault.identity, vault.recipient)
    for number in range(9):
        store(again, b"%d came after the restore" % number)
    assert verdict(tmp_path / "again", later)["verdict"] == "incomplete"
    assert verdict(tmp_path / "again")["verdict"] == "whole"


@pytest.mark.ledger_file
def test_a_checkpoint_that_proves_nothing_of_that_backup_leaves_it_not_proven(vault: Vault, tmp_path: Path) -> None:
    made = vault.create("--with-keys")
    later = checkpoint(vault.cli, tmp_path / "later.txt")
    from cpdocs.ledger.checkpoint import load_checkpoint_key, sign_checkpoint, unverified_checkpoint

    key = load_checkpoint_key(vault.cli.root / "state" / "keys" / "checkpoint.key")
    later.write_text(sign_checkpoint(unverified_checkpoint(later.read_text("utf-8")).head, "cpdocs", key), "utf-8")
    found = vault.restore(made, tmp_path / "again", "--against", later)
    assert found["anchored"] is False
    answer = verdict(tmp_path / "again", later)
    assert answer["verdict"] == "not_proven"
    assert [each["code"] for each in answer["problems"]] == ["restored_unproven"]


@pytest.mark.ledger_file
def test_a_ledger_rewritten_before_the_backup_is_broken_whatever_it_says_of_a_restore(
    vault: Vault, tmp_path: Path
) -> None:
    """An insider with every key makes another history, backs it up and restores it: the kept checkpoint shows it."""
    insider = tmp_path / "insider"
    for name in ("keys", "users"):
        shutil.copytree(vault.cli.root / "state" / name, insider / "state" / name)
    vault.cli("init", insider, "--sandbox", workspace=False)
    genuine = vault.create("--with-keys")
    for number in range(4):
        store(vault, b"%d" % number)
    later = checkpoint(vault.cli, tmp_path / "later.txt")
    (tmp_path / "safe").mkdir()
    forged = vault_for(CommandLine(insider), tmp_path / "safe")
    while (made := forged.create("--with-keys", "--full"))["events"] < genuine["events"]:
        store(forged, b"%d" % made["events"])
    again = tmp_path / "again"
    if made["events"] == genuine["events"]:
        forged.restore(made, again, "--against", later, status=1)
    forged.restore(made, again)
    answer = verdict(again, later)
    assert answer["verdict"] == "broken"
    assert {each["code"] for each in answer["problems"]} & {"checkpoint_contradicts", "events_missing"}

"""Several people on one PC, through real accounts: the documented way, and who is on record afterwards."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpdocs.ledger.events import EventStore
from cpdocs.system import ownership
from cpdocs.wiring import SystemClock
from tests.conftest import CommandLine
from tests.flows.accounts import SOURCES, Machine, machine

pytestmark = pytest.mark.ledger_file

ADA, REA = "739 114", "482 916"


@pytest.fixture(scope="module")
def pc() -> Iterator[Machine]:
    """A service account and two people's; the service account's workspace ``work``, where ada is administrator."""
    with machine("service", "ann", "bob") as made:
        work = made.folder / "work"
        work.mkdir(mode=0o700)
        made.give("service", work)
        pin = made.secret("service", "ada.pin", ADA)
        made.secret("service", "rea.pin", REA)
        done = made.run("service", made.program, "init", work, "--administrator", "ada", "--pin-file", pin)
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture(scope="module")
def sudo(pc: Machine) -> Iterator[Machine]:
    """The documented line of sudoers, with this test's accounts and program in it."""
    if not shutil.which("sudo"):
        pytest.skip("this machine has no sudo")
    text = (SOURCES / "docs" / "operations.md").read_text("utf-8")
    found = re.search(r"^    (%cpdocs-staff ALL=.*)$", text, re.M)
    assert found, "docs/operations.md has the line"
    line = (
        found[1].replace("(cpdocs)", f"({pc.accounts['service']})").replace("/opt/cpdocs/bin/cpdocs", str(pc.program))
    )
    file = Path("/etc/sudoers.d") / pc.accounts["service"]
    lines = [line.replace("%cpdocs-staff", pc.accounts[who]).replace(") ", ") NOPASSWD: ") for who in ("ann", "bob")]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    file.chmod(0o440)
    try:
        yield pc
    finally:
        file.unlink()


def through_sudo(pc: Machine, who: str, *words: str | Path, **environment: str) -> Any:
    """What cpdocs answers to somebody who runs it the documented way."""
    service = pc.accounts["service"]
    command = ("sudo", "-n", "-u", service, pc.program, "--workspace", pc.folder / "work", *words)
    return pc.run(who, *command, **environment)


def recorded(pc: Machine) -> list[dict[str, Any]]:
    """Every event on record, read from a copy."""
    copy = pc.folder / "copy.db"
    with sqlite3.connect(pc.folder / "work" / "state" / "ledger.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    store = EventStore.open(copy, clock=SystemClock(), user="test", host="test")
    try:
        return [
            {"type": each.type.value, "user": each.user, "sudo": each.sudo, "person": each.person}
            for each in store.events()
        ]
    finally:
        store.close()
        copy.unlink()


def test_the_account_on_record_is_the_real_user_ids_whatever_the_environment_says(pc: Machine) -> None:
    lies = {"LOGNAME": "CEO", "USER": "CEO", "SUDO_USER": "CEO", "SUDO_UID": "0"}
    done = pc.run(
        "service", pc.program, "--workspace", pc.folder / "work", "user", "add", "wim", "--role", "witness", "--as",
        "ada", "--pin-file", pc.folder / "ada.pin", "--new-pin-file", pc.folder / "rea.pin", **lies,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    last = [event for event in recorded(pc) if event["type"] == "user.enrolled"][-1]
    assert last == {"type": "user.enrolled", "user": pc.accounts["service"], "sudo": "", "person": "ada"}


def test_three_accounts_share_a_workspace_and_each_act_names_account_sudo_and_person(sudo: Machine) -> None:
    pins = ("--pin-file", sudo.folder / "ada.pin", "--new-pin-file", sudo.folder / "rea.pin")
    done = through_sudo(sudo, "ann", "user", "add", "rea", "--role", "reviewer", "--as", "ada", *pins)
    assert done.returncode == 0, done.stderr
    enrolled = [event for event in recorded(sudo) if event["type"] == "user.enrolled"][-1]
    assert enrolled == {
        "type": "user.enrolled",
        "user": sudo.accounts["service"],
        "sudo": sudo.accounts["ann"],
        "person": "ada",
    }
    wrong = through_sudo(sudo, "bob", "user", "reset", "rea", "--as", "ada", "--pin-file", sudo.folder / "rea.pin")
    assert "not the PIN of ada" in wrong.stderr
    refused = [event for event in recorded(sudo) if event["type"] == "pin.refused"][-1]
    assert refused["sudo"] == sudo.accounts["bob"]
    listed = through_sudo(sudo, "bob", "user", "list", "--json")
    assert {"ada", "rea"} <= {each["user"] for each in json.loads(listed.stdout)}


def test_staff_can_neither_read_the_workspace_nor_run_anything_else_in_it(sudo: Machine) -> None:
    assert sudo.run("ann", "ls", sudo.folder / "work").returncode != 0
    shell = sudo.run("ann", "sudo", "-n", "-u", sudo.accounts["service"], "sh", "-c", "id")
    assert shell.returncode != 0
    lied = through_sudo(sudo, "ann", "user", "list", SUDO_USER="CEO")
    assert lied.returncode == 0


@pytest.fixture
def strangers(pc: Machine) -> Iterator[Path]:
    """A workspace that ann made where everybody passes: its settings name a module that leaves a mark when loaded."""
    folder = pc.folder / "anns"
    folder.mkdir(mode=0o755)
    pc.give("ann", folder)
    done = pc.run("ann", pc.program, "init", folder / "ws")
    assert done.returncode == 0, done.stderr
    for path in (folder / "ws", folder / "ws" / "state"):
        path.chmod(0o755)
    yield folder / "ws"
    shutil.rmtree(folder)


@pytest.mark.parametrize("who", ["root", "bob"])
@pytest.mark.parametrize("words", [("doctor",), ("status",), ("audit", "verify")])
def test_a_workspace_of_somebody_else_is_not_used(
    pc: Machine, strangers: Path, who: str, words: tuple[str, ...]
) -> None:
    done = pc.run(who, pc.program, *words, cwd=strangers)
    assert done.returncode == 4
    assert f"belongs to {pc.accounts['ann']}" in done.stderr


def test_root_leaves_no_file_in_a_service_accounts_workspace(pc: Machine, tmp_path: Path) -> None:
    work = pc.folder / "work"
    before = {path: path.stat().st_uid for path in work.rglob("*")}
    roster = tmp_path / "practices.csv"
    roster.write_text("practice_id,name\nP1,Sample\n")
    done = pc.run("root", pc.program, "--workspace", work, "import", "practices", roster)
    assert done.returncode == 4
    assert "belongs to" in done.stderr
    assert {path: path.stat().st_uid for path in work.rglob("*")}.items() <= before.items()
    assert pc.run("service", pc.program, "--workspace", work, "audit", "verify").returncode == 0


def test_a_setting_of_ones_own_lets_one_look_and_never_write(
    pc: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, own = (pc.folder / "work").resolve(), tmp_path / "machine.toml"
    own.write_text(f'workspaces = ["{work}"]\n')
    monkeypatch.setattr(ownership, "own_settings", lambda _: (own,))
    before = {path for path in work.rglob("*") if not path.name.startswith("ledger.db-")}
    line = CommandLine(work, now="")
    assert line("status", "--json").json == []
    refused = line("import", "practices", own, status=4)
    assert "couldn't be read by it" in refused.err
    assert {path for path in work.rglob("*") if not path.name.startswith("ledger.db-")} == before
    own.chmod(0o666)
    assert "says whom to trust" in line("status", status=4).err


def test_doctor_names_files_of_other_owners(pc: Machine) -> None:
    left = pc.folder / "work" / "state" / "store" / "left"
    left.parent.mkdir(exist_ok=True)
    pc.give("service", left.parent)
    left.write_text("root was here")
    try:
        done = pc.run("service", pc.program, "--workspace", pc.folder / "work", "doctor", "--json")
        (found,) = [each for each in json.loads(done.stdout)["checks"] if each["check"] == "owners"]
        assert (found["level"], "state/store/left" in found["message"]) == ("fault", True)
    finally:
        left.unlink()


def test_a_workspace_that_anybody_can_put_another_in_place_of_is_refused(pc: Machine) -> None:
    open_to_all = pc.folder / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    try:
        assert pc.run("bob", pc.program, "init", open_to_all / "ws").returncode == 0
        done = pc.run("bob", pc.program, "status", cwd=open_to_all / "ws")
        assert (done.returncode, "Anybody on this machine can change" in done.stderr) == (4, True)
    finally:
        shutil.rmtree(open_to_all)

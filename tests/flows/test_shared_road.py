"""A workspace whose ledger is in a database: the whole road, and what two machines may do at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.settings_edit import with_ledger_url
from cpdocs.wiring import open_workspace
from tests.crash.test_two_hosts import without_locks
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.letters.letter_rosters import line, write_roster
from tests.postgres import Server

pytestmark = pytest.mark.ledger_file


@pytest.fixture
def desk(issued: Office, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Plans issued, and the ledger moved into a database."""
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    with postgres.database() as url:
        issued.cli("audit", "move", "--to", url)
        yield Desk(issued)


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return write_roster(tmp_path / "roster.csv", line(1, zip="02139"), line(2, address1=""))


def test_letters_plans_returns_and_packages_go_the_whole_road(desk: Desk, roster: Path) -> None:
    cli = desk.office.cli
    run = cli("letters", "run", "--roster", roster, "--json", now=RETURN).json
    assert run["mailed"] >= 1
    cli("letters", "release", run["run_id"], now=RETURN)
    (row,) = cli("plan", "issue", desk.office.sample.plans["minor"], "--json", now=RETURN).json
    cli("plan", "sent", row["document_id"], "--to", "Key Contact", "--channel", "fax", "--at", RETURN, now=RETURN)
    by_pcp, by_member = desk.sign_pcp(desk.issued_file()), desk.sign_member(desk.issued_file())
    for number, file in enumerate((by_pcp, by_pcp, by_member)):
        desk.drop(file, name=f"{number}.pdf")
    assert {each["verdict"] for each in desk.intake()} == {"accepted"}
    done = desk.office.status(desk.office.documents["bh"], RETURN)
    assert done["state"] == "filed"
    cli("file", "confirm", done["document_id"], "--by", "Test Coordinator", "--at", RETURN, now=RETURN)
    assert desk.office.status(done["document_id"], RETURN)["state"] == "uploaded"
    levels = {each["check"]: each["level"] for each in cli("doctor", "--json", now=RETURN, status=None).json["checks"]}
    assert levels["ledger"] == "ok"
    assert cli("health", "--json", now=RETURN, status=None).json["checks"]
    answer = cli("audit", "verify", "--json").json
    assert (answer["verdict"], answer["unreferenced"]) == ("whole", 0)


def test_a_letter_run_on_one_machine_keeps_the_other_from_starting_one(
    desk: Desk, roster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a share whose file locks reach nobody, the database tells the machines apart; and so for backups."""
    cli, other = desk.office.cli, open_workspace(desk.root).ledger
    recipient = cli("backup", "new-key", tmp_path / "key.txt", "--json").json["recipient"]
    backup = ("backup", "create", "--to", tmp_path / "backups", "--recipient", recipient)
    with monkeypatch.context() as share:
        without_locks(share)
        with other.exclusively("letters"), other.exclusively("backup"):
            assert "at work on a letter run" in cli("letters", "run", "--roster", roster, status=5).err
            assert "backup of this workspace is being made" in cli(*backup, status=5).err
        assert cli("letters", "run", "--roster", roster, "--json").json["mailed"] >= 1
        assert cli("letters", "run", "--roster", roster, "--json").json["mailed"] == 0
    cli(*backup)
    other.close()


def test_what_a_killed_machine_had_claimed_is_taken_in_by_another_once(desk: Desk) -> None:
    desk.drop(desk.sign_pcp(desk.issued_file()), name="a.pdf")
    child = os.fork()
    if not child:
        _die_at_work(desk.root)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == -signal.SIGKILL
    assert [path for path in (desk.root / "state" / "claims").rglob("*") if path.is_file()], (
        "the machine died with a claim"
    )
    assert {(row["verdict"], *row["slots_filled"]) for row in desk.intake()} == {("accepted", "pcp")}
    assert desk.intake() == []
    assert [event.type.value for event in desk.events("return.received", "return.decided")] == [
        "return.received",
        "return.decided",
    ]
    assert not list((desk.root / "state" / "claims").iterdir())


def _die_at_work(root: Path) -> None:
    try:
        from cpdocs.cli import run
        from cpdocs.returns import receiving

        this = os.uname()
        os.uname = lambda: os.uname_result((this.sysname, "north", *this[2:]))
        receiving.judge = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment,return-value]
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        run(["--workspace", str(root), "intake"])
    finally:
        os._exit(70)


def test_a_ledger_does_not_move_twice_and_the_old_file_never_comes_back(desk: Desk, postgres: Server) -> None:
    cli, state = desk.office.cli, desk.root / "state"
    before = cli("audit", "verify", "--json").json
    with postgres.database() as another:
        assert "already" in cli("audit", "move", "--to", another, status=2).err
    settings = desk.root / "cpdocs.toml"
    named = settings.read_text("utf-8")
    (state / "ledger.moved.db").rename(state / "ledger.db")
    assert "nobody can say which one holds" in cli("status", status=4).err
    settings.write_text(with_ledger_url(named, ""), "utf-8")
    with pytest.raises(WorkspaceFault, match="was moved into a database"):
        open_workspace(desk.root).ledger.append()
    (state / "ledger.db").rename(state / "ledger.moved.db")
    settings.write_text(named, "utf-8")
    assert cli("audit", "verify", "--json").json["root"] == before["root"]

"""Two machines, one workspace on a share, one ledger in a database: each return is taken in once.

The machines are two processes with host names of their own and no file lock in common, which is the worst that a share
does to them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import CommandLine
from tests.crash.test_race import JUNK, check
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.postgres import Server

_PATIENCE = 120


@pytest.fixture
def desk(
    tmp_path: Path,
    _issued: tuple[Path, dict[str, str]],
    sample: object,
    postgres: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """What came back for one plan, twice over, and letters that are nothing of ours; the ledger is in a database."""
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    shutil.copytree(_issued[0], tmp_path / "ws")
    found = Desk(Office(CommandLine(tmp_path / "ws", RETURN), sample, _issued[1]))  # type: ignore[arg-type]
    with postgres.database() as url:
        found.office.cli("audit", "move", "--to", url)
        by_pcp, by_member = found.sign_pcp(found.issued_file()), found.sign_member(found.issued_file())
        for name, data in (("a.pdf", by_pcp), ("b.pdf", by_pcp), ("c.pdf", by_member)):
            found.drop(data, name=name)
        for number in range(JUNK):
            found.drop(f"letter {number}".encode(), name=f"letter-{number}.txt")
        yield found


def test_watchers_on_two_machines_take_each_return_in_once(desk: Desk) -> None:
    machines = [_watch(desk.root, name) for name in ("north", "south")]
    try:
        until = time.monotonic() + _PATIENCE
        while _waiting(desk) and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        for machine in machines:
            os.kill(machine, signal.SIGTERM)
        ended = [os.waitstatus_to_exitcode(os.waitpid(machine, 0)[1]) for machine in machines]
    assert ended == [0, 0]
    check(desk)
    assert {event.host for event in desk.events()} & {"north", "south"}


def _waiting(desk: Desk) -> bool:
    places = (desk.inbox, desk.root / "state" / "claims")
    return any(path.is_file() and path.name != ".gitkeep" for place in places for path in place.rglob("*"))


def _watch(root: Path, host: str) -> int:
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        from cpdocs.cli import run

        this = os.uname()
        os.uname = lambda: os.uname_result((this.sysname, host, *this[2:]))
        fcntl.flock = _no_locks
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        status = run(["--workspace", str(root), "watch"])
    finally:
        os._exit(status)


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's file locks reach nobody, as on a share that has none."""
    monkeypatch.setattr(fcntl, "flock", _no_locks)


def _no_locks(descriptor: int, operation: int) -> NoReturn:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

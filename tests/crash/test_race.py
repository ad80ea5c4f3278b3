"""Two workers on one inbox: each return is taken in once, whoever is quicker and whoever dies."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.crash.conftest import Figures
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

REPOSITORY = Path(__file__).parents[2]
JUNK = 6


@pytest.fixture
def desk(tmp_path: Path, _issued: tuple[Path, dict[str, str]], sample: object, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two copies of one plan, each with one signature, one of them dropped twice, and letters that are nothing of
    ours."""
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    shutil.copytree(_issued[0], tmp_path / "ws")
    found = Desk(Office(CommandLine(tmp_path / "ws", RETURN), sample, _issued[1]))  # type: ignore[arg-type]
    by_pcp, by_member = found.sign_pcp(found.issued_file()), found.sign_member(found.issued_file())
    found.drop(by_pcp, name="a.pdf")
    found.drop(by_pcp, name="b.pdf")
    found.drop(by_member, name="c.pdf")
    for number in range(JUNK):
        found.drop(f"letter {number}".encode(), name=f"letter-{number}.txt")
    return found


def check(desk: Desk) -> None:
    desk.intake()
    assert [path for path in desk.inbox.rglob("*") if path.is_file() and path.name != ".gitkeep"] == []
    assert list((desk.root / "state" / "claims").iterdir()) == []
    events = desk.events()
    returns = JUNK + 2
    by_return = Counter(
        (event.type.value, event.subjects[0]) for event in events if event.type.value.startswith("return.")
    )
    assert set(by_return.values()) == {1}
    assert len(by_return) == returns * 2
    assert sorted(event.data["slot"] for event in events if event.type == "slot.filled") == ["member", "pcp"]
    assert sum(event.type == "plan.filed" for event in events) == 1
    assert len(desk.notices(desk.practice())) == 1
    desk.office.cli("audit", "verify")


def test_two_passes_at_once_do_everything_once(desk: Desk) -> None:
    children = [_fork_intake(desk.root) for _ in range(2)]
    for child in children:
        _, ended = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(ended) == 0
    check(desk)


def _fork_intake(root: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        from cpdocs.cli import run

        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        status = run(["--workspace", str(root), "intake", "--json"])
    finally:
        os._exit(status)


@pytest.mark.slow
def test_two_watchers_killed_at_random_lose_nothing_and_do_nothing_twice(desk: Desk, figures: Figures) -> None:
    chance = random.Random(20261104)
    watchers = [_watch(desk.root) for _ in range(2)]
    kills = 0
    until = time.monotonic() + 120
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.2, 3.0))
        victim = chance.randrange(2)
        watchers[victim].kill()
        watchers[victim].wait()
        kills += 1
        watchers[victim] = _watch(desk.root)
        if not any(path.is_file() and path.name != ".gitkeep" for path in desk.inbox.rglob("*")) and kills > 20:
            break
    for watcher in watchers:
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(60) in {0, -signal.SIGTERM}
    check(desk)
    figures(kills, [])


def _watch(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cpdocs", "--workspace", str(root), "watch"]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

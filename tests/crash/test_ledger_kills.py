"""Whichever system call is the last one, what was said to be recorded is there, whole, and the next run finishes the rest."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from cpdocs.core.events import return_subject
from cpdocs.errors import CpdocsError
from cpdocs.ledger.audit import verify
from cpdocs.ledger.blobs import BlobStore
from cpdocs.ledger.events import EventStore
from tests.crash import system_calls, take_in
from tests.crash.take_in import CONTENT
from tests.ledger.conftest import BEGIN, SetClock, letter

HERE = Path(__file__).parent
SHA = sha256(CONTENT).hexdigest()
pytestmark = pytest.mark.skipif(bool(system_calls.why_not()), reason=system_calls.why_not() or "tracing works")


@pytest.fixture
def fresh(tmp_path) -> Callable[[str], Path]:
    """Copies of one small ledger, each in a folder of its own."""
    start = tmp_path / "start"
    store = EventStore.create(start / "ledger.db", BEGIN, clock=SetClock(), user="clerk", host="desk")
    store.append(*(letter(number) for number in range(300)))
    store.close()

    def copy(point: str) -> Path:
        return Path(shutil.copytree(start, tmp_path / point))

    return copy


def command(*words: str) -> Callable[[Path], list[str]]:
    return lambda state: [sys.executable, "-B", str(HERE / "take_in.py"), str(state), *words]


def recorded(state: Path) -> int:
    store = EventStore.open(state / "ledger.db", clock=SetClock(), user="clerk", host="desk")
    try:
        return sum(1 for _ in store.events(subject=return_subject(SHA)))
    finally:
        store.close()


def faults(state: Path, printed: str) -> list[str]:
    """What is wrong after a kill, and after the next run."""
    found = [str(problem) for problem in verify(state / "ledger.db", state / "store", state / "checkpoints", (), {}).problems]
    if "recorded" in printed and recorded(state) != 1:
        found.append("it said that it had recorded the file, and hadn't")
    try:
        take_in.main(state, early=False)
        if BlobStore(state / "store").get(SHA) != CONTENT or recorded(state) != 1:
            found.append("the next run didn't finish it")
    except CpdocsError as error:
        found.append(error.message)
    after = verify(state / "ledger.db", state / "store", state / "checkpoints", (), {})
    return [*found, *(f"afterwards: {problem}" for problem in after.problems)]


def run_sweep(fresh: Callable[[str], Path], log: Path, *words: str, first: int = 1, step: int = 1) -> tuple[int, list[str]]:
    points, wrong = 0, []
    for point, state, printed in system_calls.sweep(command(*words), fresh, log, first=first, step=step):
        points += 1
        wrong += [f"killed at {point}: {fault}" for fault in faults(state, printed)]
        shutil.rmtree(state)
    print(f"{points} points tried, {len(wrong)} faults")
    return points, wrong


@pytest.mark.xdist_group("crash")
def test_storing_and_recording_survive_a_kill_at_calls_here_and_there(fresh, tmp_path):
    points, wrong = run_sweep(fresh, tmp_path / "log", first=5, step=15)
    assert points >= 2
    assert wrong == []


@pytest.mark.slow
def test_storing_and_recording_survive_a_kill_at_every_call(fresh, tmp_path):
    points, wrong = run_sweep(fresh, tmp_path / "log")
    assert points >= 30
    assert wrong == []


@pytest.mark.slow
def test_the_sweep_finds_an_event_that_is_recorded_before_its_file_is_stored(fresh, tmp_path):
    _, wrong = run_sweep(fresh, tmp_path / "log", "early")
    assert any("missing" in fault for fault in wrong)


@pytest.mark.slow
def test_a_ledger_whose_making_is_cut_short_is_whole_or_absent(tmp_path):
    def begin(folder: Path) -> list[str]:
        return [sys.executable, "-B", str(HERE / "begin.py"), str(folder)]

    def folder(point: str) -> Path:
        made = tmp_path / point
        made.mkdir()
        return made

    points = 0
    for point, root, _ in system_calls.sweep(begin, folder, tmp_path / "log"):
        points += 1
        ledger = root / "state" / "ledger.db"
        if not ledger.exists():
            subprocess.run(begin(root), check=True, capture_output=True)
        assert verify(ledger, root / "store", root / "checkpoints", (), {}).problems == (), f"killed at {point}"
        store = EventStore.open(ledger, clock=SetClock(), user="clerk", host="desk")
        assert len(list(store.events())) == 1
        store.close()
    print(f"{points} points tried")
    assert points >= 30

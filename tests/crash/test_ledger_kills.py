"""Whatever happens at whichever call, what was said to be recorded is there, whole, and the next run finishes the rest.

The three bugs that such a suite must catch are put in by these tests alone, and each is caught by the sweep for its
kind.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from cpdocs.ledger.audit import verify
from tests.crash import system_calls, take_in
from tests.crash.conftest import Figures
from tests.crash.forks import SHORT, Prepare, count_calls, nothing, run, run_until
from tests.crash.power_cut import Disk, cuts, trace
from tests.crash.system_calls import Point
from tests.crash.take_in import SAID, begin, early_state, some_history, with_short_writes, without_folder_fsync

traced = pytest.mark.skipif(bool(system_calls.why_not()), reason=system_calls.why_not() or "tracing works")
pytestmark = pytest.mark.xdist_group("ledger-kills")
Command = Callable[[Path], None]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return some_history(tmp_path_factory.mktemp("history") / "ws")


@pytest.fixture
def fresh(history: Path, tmp_path: Path) -> Callable[[], Path]:
    """Gives a copy of a small ledger, each time in the same place."""

    def copy() -> Path:
        shutil.rmtree(tmp_path / "ws", ignore_errors=True)
        return Path(shutil.copytree(history, tmp_path / "ws"))

    return copy


def sweep(
    points: Iterable[Point], fresh: Callable[[], Path], broken: Callable[..., int | None], command: Command
) -> tuple[int, list[str]]:
    tried, found = 0, []
    for point in points:
        with tempfile.TemporaryFile() as said:
            root = fresh()
            broken(root, command, point, said=said.fileno())
            said.seek(0)
            done = SAID in said.read()
        tried += 1
        found += [f"{point}: {fault}" for fault in take_in.faults(root, said=done)]
    return tried, found


def sweep_short(fresh: Callable[[], Path], prepare: Prepare = nothing) -> tuple[int, list[str]]:
    tried, found = 0, []
    for at in range(1, count_calls(fresh(), take_in.take_in, SHORT) + 1):
        root = fresh()
        assert run_until(root, take_in.take_in, at, fail_with=SHORT, prepare=prepare) == 0
        tried += 1
        found += [f"write {at}: {fault}" for fault in take_in.faults(root, said=True)]
    return tried, found


def sweep_cuts(fresh: Callable[[], Path], folder: Path, prepare: Prepare = nothing) -> tuple[int, list[str]]:
    root = fresh()
    disk = Disk.of(root)
    lines = trace(root, take_in.take_in, folder / "trace", prepare)
    said = next(number for number, line in enumerate(lines, start=1) if SAID.hex(" ", 1).replace(" ", r"\x") in line)
    tried, found = 0, []
    for moment, cut in cuts(disk, lines):
        shutil.rmtree(root)
        disk.left(cut, root)
        tried += 1
        done = int(moment.split()[2]) >= said
        found += [f"{moment}, {cut}: {fault}" for fault in take_in.faults(root, said=done)]
    return tried, found


@traced
def test_a_kill_at_any_call_is_survived(fresh: Callable[[], Path], tmp_path: Path, figures: Figures) -> None:
    points = system_calls.points(fresh(), take_in.take_in, tmp_path / "log")
    figures(*sweep(points, fresh, system_calls.killed_at, take_in.take_in))


@traced
@pytest.mark.slow
def test_a_failure_of_any_call_is_survived(fresh: Callable[[], Path], tmp_path: Path, figures: Figures) -> None:
    points = system_calls.points(fresh(), take_in.take_in, tmp_path / "log", ",".join(system_calls.FAILING))
    figures(*sweep(points, fresh, system_calls.failed_at, take_in.take_in))


def test_a_write_cut_short_is_gone_on_with(fresh: Callable[[], Path], figures: Figures) -> None:
    figures(*sweep_short(fresh))


@traced
def test_a_power_cut_at_any_moment_is_survived(fresh: Callable[[], Path], tmp_path: Path, figures: Figures) -> None:
    figures(*sweep_cuts(fresh, tmp_path))


@traced
def test_an_event_recorded_before_its_file_is_caught_by_the_kills(fresh: Callable[[], Path], tmp_path: Path) -> None:
    points = system_calls.points(fresh(), early_state, tmp_path / "log")
    _, found = sweep(points[::3], fresh, system_calls.killed_at, early_state)
    assert any("missing" in fault for fault in found)


@traced
def test_a_folder_that_is_not_synced_is_caught_by_the_power_cuts_and_by_no_kill(
    fresh: Callable[[], Path], tmp_path: Path
) -> None:
    _, found = sweep_cuts(fresh, tmp_path, without_folder_fsync)
    assert any("missing" in fault for fault in found)
    root = fresh()
    assert run(root, take_in.take_in, without_folder_fsync) == 0
    assert take_in.faults(root, said=True) == []


def test_a_forgotten_rest_of_a_write_is_caught_by_the_short_writes(fresh: Callable[[], Path]) -> None:
    _, found = sweep_short(fresh, with_short_writes)
    assert any("at once" in fault and take_in.SHA in fault for fault in found), found


@traced
@pytest.mark.slow
def test_a_ledger_whose_making_is_cut_short_is_whole_or_absent(tmp_path: Path, figures: Figures) -> None:
    def empty() -> Path:
        shutil.rmtree(tmp_path / "ws", ignore_errors=True)
        (tmp_path / "ws").mkdir()
        return tmp_path / "ws"

    tried, found = 0, []
    for point in system_calls.points(empty(), begin, tmp_path / "log"):
        root = empty()
        system_calls.killed_at(root, begin, point)
        if not (root / "state" / "ledger.db").exists():
            begin(root)
        problems = verify(root / "state" / "ledger.db", root / "store", root / "checkpoints", (), {}).problems
        found += [f"{point}: {problem}" for problem in problems]
        tried += 1
    figures(tried, found)

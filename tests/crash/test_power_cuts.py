"""The power goes at any moment of a work: what was recorded is there with its files, and the next command finishes the
rest.

Two ways. The model (``power_cut``) takes away everything that wasn't synced, more than most disks would, and runs
wherever a process can be traced. The images (``images``) are a real ext4, where loop mounts are allowed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.crash import images, system_calls, take_in
from tests.crash.conftest import EVERY, Figures, every
from tests.crash.forks import Command, Prepare, nothing
from tests.crash.images import Machine
from tests.crash.power_cut import Disk, cuts, trace
from tests.crash.scenarios import NAMES, Work, faults
from tests.crash.system_calls import Point
from tests.crash.take_in import SAID, some_history, without_folder_fsync
from tests.flows.returning import recorded

Works = Callable[[str], Work]
each_work = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"sweep-{name}")) for name in NAMES]
)
traced = pytest.mark.skipif(bool(system_calls.why_not()), reason=system_calls.why_not() or "tracing works")
FEW = 2


@pytest.fixture
def mountable() -> None:
    """Skips where no image can be mounted."""
    if why_not := images.why_not():
        pytest.skip(why_not)


def played(work: Work, place: Path, wanted: int = 0, every: int = 1) -> tuple[int, list[str]]:
    """Cuts the power of the work at every moment that leaves something new, or about ``wanted``, or each ``every``-th
    of them."""
    disk = Disk.of(work.copy(place))
    lines = trace(place, work.argv, place.with_name("trace"))
    done = len(recorded(place))
    before = Disk.of(work.copy(place))
    moments = sum(1 for _ in cuts(before, lines))
    step = max(1, -(-moments // wanted)) if wanted else every
    tried, found = 0, []
    for number, (moment, cut) in enumerate(cuts(disk, lines), start=1):
        if number % step and number < moments:
            continue
        shutil.rmtree(place)
        disk.left(cut, place)
        tried += 1
        if number == moments and len(recorded(place)) != done:
            found.append(f"{moment}, {cut}: it had ended well, and {done - len(recorded(place))} events are gone")
        found += [f"{moment}, {cut}: {fault}" for fault in faults(work, place)]
    return tried, found


@traced
@each_work
def test_a_power_cut_at_a_few_moments_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPDOCS_NOW", works(name).now)
    figures(*played(works(name), place, FEW))


@pytest.mark.slow
@traced
@each_work
def test_a_power_cut_at_every_moment_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPDOCS_NOW", works(name).now)
    figures(*played(works(name), place, every=EVERY))


def on_images(
    folder: Path,
    workspace: Path,
    command: Command,
    points: Iterable[Point],
    wrong: Callable[[Path, bool], list[str]],
    prepare: Prepare = nothing,
) -> tuple[int, list[str]]:
    """Kills the command at each point, copies both disks as they are, and looks what is wrong on the copies."""
    whole = Machine.with_workspace(folder / "whole", workspace)
    tried, found = 0, []
    for point in points:
        with tempfile.TemporaryFile() as said:
            with whole.copy(folder / "before").running() as root:
                system_calls.killed_at(root, command, point, prepare, said.fileno())
                after = Machine(folder / "before").copy(folder / "after")
            said.seek(0)
            done = SAID in said.read()
        tried += 1
        with after.running() as root:
            found += [f"{point}: {fault}" for fault in wrong(root, done)]
    return tried, found


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return some_history(tmp_path_factory.mktemp("history") / "ws")


def of_taking_in(history: Path, folder: Path) -> list[Point]:
    return system_calls.points(Path(shutil.copytree(history, folder / "counted")), take_in.take_in, folder / "log")


def after_taking_in(root: Path, said: bool) -> list[str]:
    return take_in.faults(root, said=said)


@traced
@pytest.mark.usefixtures("mountable")
@pytest.mark.xdist_group("images")
def test_storing_and_recording_survive_a_power_cut_of_a_real_disk(
    history: Path, tmp_path: Path, figures: Figures
) -> None:
    points = of_taking_in(history, tmp_path)[2::6]
    figures(*on_images(tmp_path, history, take_in.take_in, points, after_taking_in))


@traced
@pytest.mark.usefixtures("mountable")
@pytest.mark.xdist_group("images")
def test_a_folder_that_is_not_synced_is_caught_by_the_cut_of_a_real_disk(history: Path, tmp_path: Path) -> None:
    # The last calls: the file has its name, the event is recorded.
    points = [point for point in of_taking_in(history, tmp_path) if point.name in {"ftruncate", "fdatasync"}][-3:]
    _, found = on_images(tmp_path, history, take_in.take_in, points, after_taking_in, without_folder_fsync)
    assert any("missing" in fault for fault in found)


@pytest.mark.slow
@traced
@pytest.mark.usefixtures("mountable")
def test_storing_and_recording_survive_a_power_cut_of_a_real_disk_at_every_call(
    history: Path, tmp_path: Path, figures: Figures
) -> None:
    points = of_taking_in(history, tmp_path)
    figures(*on_images(tmp_path, history, take_in.take_in, points, after_taking_in))


@pytest.mark.slow
@traced
@pytest.mark.usefixtures("mountable")
@each_work
def test_a_power_cut_of_a_real_disk_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = works(name)
    monkeypatch.setenv("CPDOCS_NOW", work.now)
    points = system_calls.points(work.copy(place), work.argv, tmp_path / "log")
    figures(*on_images(tmp_path / "disks", work.root, work.argv, every(points), lambda root, _: faults(work, root)))


@pytest.mark.slow
@pytest.mark.usefixtures("mountable")
@each_work
def test_a_disk_that_is_too_small_by_any_amount_loses_nothing(
    works: Works, name: str, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = works(name)
    monkeypatch.setenv("CPDOCS_NOW", work.now)
    figures(*filled(work, tmp_path, step=16 * EVERY))


@pytest.mark.usefixtures("mountable")
@pytest.mark.xdist_group("sweep-intake")
def test_a_disk_that_is_too_small_loses_no_return(
    works: Works, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = works("intake")
    monkeypatch.setenv("CPDOCS_NOW", work.now)
    figures(*filled(work, tmp_path, step=400))


def filled(work: Work, folder: Path, *, step: int) -> tuple[int, list[str]]:
    """The work on a disk in memory that has 0, ``step``, 2 × ``step`` … kilobytes left, until it is enough; then it is
    given more."""
    from tests.crash.forks import run

    tried, found, free = 0, [], 0
    while True:
        with images.small_disk(folder / "disk", 64 * 1024) as disk:
            root = work.copy(disk / "ws")
            used = 64 * 1024 - shutil.disk_usage(disk).free // 1024
            images.grow(disk, used + free)
            ended = run(root, work.argv)
            images.grow(disk, 64 * 1024)
            tried += 1
            wrong = ["it ended as a defect of ours"] if ended == 70 else []
            found += [f"{free} kB free ({ended}): {fault}" for fault in (*wrong, *faults(work, root))]
        if ended == 0:
            return tried, found
        free += step

"""Intake, letters, issuing and filing, broken off or refused at any call: nothing lost, nothing done twice, the trail
verifies.

A few points of each are tried with the tests, every one by ``make crash``. Each point begins from the same workspace;
then the next command comes and finishes the work.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.crash import system_calls
from tests.crash.conftest import Figures, every
from tests.crash.forks import ERRORS, SHORT, count_calls, run_until
from tests.crash.scenarios import NAMES, Work, faults

A_DEFECT = 70
Works = Callable[[str], Work]

each_work = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(f"sweep-{name}")) for name in NAMES]
)
traced = pytest.mark.skipif(bool(system_calls.why_not()), reason=system_calls.why_not() or "tracing works")


@pytest.fixture(autouse=True)
def in_its_time(works: Works, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPDOCS_NOW", works(request.getfixturevalue("name")).now)


def some(last: int, wanted: int) -> range:
    """About ``wanted`` of the points 1 to ``last``, evenly."""
    step = max(1, -(-last // wanted))
    return range(1 + step // 2, last + 1, step)


def calls(work: Work, place: Path, fail_with: int = 0) -> int:
    return count_calls(work.copy(place), work.argv, fail_with)


def sweep(work: Work, place: Path, points: Iterable[int], fail_with: int = 0) -> tuple[int, list[str]]:
    """Kills the work, or fails it, at each of the calls; gives how many were tried and what was wrong after each."""
    tried, found = 0, []
    for at in points:
        with tempfile.TemporaryFile() as said:
            ended = run_until(work.copy(place), work.argv, at, fail_with=fail_with, said=said.fileno())
            said.seek(0)
            words = said.read().decode()
        tried += 1
        # A call that fails is told in words; that it is no defect of ours is part of what must hold.
        wrong = [words] if ended == A_DEFECT else []
        found += [f"call {at} ({ended}): {fault}" for fault in (*wrong, *faults(work, place))]
    return tried, found


def sweep_traced(
    work: Work, place: Path, points: Iterable[system_calls.Point], broken: Callable[..., int | None]
) -> tuple[int, list[str]]:
    tried, found = 0, []
    for point in points:
        ended = broken(work.copy(place), work.argv, point)
        tried += 1
        found += [f"{point} ({ended}): {fault}" for fault in faults(work, place)]
    return tried, found


@each_work
def test_a_full_disk_at_a_call_loses_nothing(works: Works, name: str, place: Path, figures: Figures) -> None:
    work = works(name)
    figures(*sweep(work, place, some(calls(work, place), 1), errno.ENOSPC))


@traced
@each_work
def test_a_kill_at_a_few_system_calls_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, figures: Figures
) -> None:
    work = works(name)
    points = system_calls.points(work.copy(place), work.argv, place.with_name("log"))
    figures(*sweep_traced(work, place, [points[at - 1] for at in some(len(points), 2)], system_calls.killed_at))


@pytest.mark.slow
@each_work
def test_a_kill_at_every_call_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, figures: Figures
) -> None:
    work = works(name)
    figures(*sweep(work, place, every(range(1, calls(work, place) + 1))))


@pytest.mark.slow
@each_work
@pytest.mark.parametrize("number", ERRORS, ids=[os.strerror(number) for number in ERRORS])
def test_a_failure_of_every_call_loses_nothing(
    works: Works, name: str, place: Path, number: int, figures: Figures
) -> None:
    work = works(name)
    figures(*sweep(work, place, every(range(1, calls(work, place) + 1)), number))


@pytest.mark.slow
@each_work
def test_a_write_that_is_cut_short_is_gone_on_with(works: Works, name: str, place: Path, figures: Figures) -> None:
    work = works(name)
    figures(*sweep(work, place, every(range(1, calls(work, place, SHORT) + 1)), SHORT))


@pytest.mark.slow
@traced
@each_work
def test_a_kill_at_every_system_call_is_finished_by_the_next_command(
    works: Works, name: str, place: Path, figures: Figures
) -> None:
    work = works(name)
    points = system_calls.points(work.copy(place), work.argv, place.with_name("log"))
    figures(*sweep_traced(work, place, every(points), system_calls.killed_at))


@pytest.mark.slow
@traced
@each_work
def test_a_failure_of_every_system_call_loses_nothing(works: Works, name: str, place: Path, figures: Figures) -> None:
    work = works(name)
    points = system_calls.points(work.copy(place), work.argv, place.with_name("log"), ",".join(system_calls.FAILING))
    figures(*sweep_traced(work, place, every(points), system_calls.failed_at))

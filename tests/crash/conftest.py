"""The workspaces of the flow tests, to be broken: each work begins from one that is made once and copied for every
point."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.conftest import CommandLine
from tests.crash import scenarios
from tests.crash.scenarios import Work
from tests.flows.conftest import Office, _issued, _peopled, sample

__all__ = ["_issued", "_peopled", "sample"]

Figures = Callable[[int, list[str]], None]
Item = TypeVar("Item")
EVERY = int(os.environ.get("CRASH_EVERY", "1"))
"""The long sweeps take every so-manyth point; 1 for all of them."""


def every(points: Sequence[Item]) -> Sequence[Item]:
    """The points that a long sweep is to try: all, unless ``CRASH_EVERY`` says to take every so-manyth."""
    return points[EVERY // 2 :: EVERY]


@pytest.fixture(scope="session")
def works(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], Work]:
    """Gives each work by its name, made when it is first asked for and done once, so that forks find everything
    imported."""
    made: dict[str, Work] = {}

    def office() -> Office:
        root, documents = request.getfixturevalue("_issued")
        return Office(CommandLine(root), request.getfixturevalue("sample"), documents)

    def make(name: str) -> Work:
        folder = tmp_path_factory.mktemp(name)
        if name == "intake":
            return scenarios.intake(office(), folder)
        if name == "filing":
            return scenarios.filing(office(), folder, pytest.MonkeyPatch())
        if name == "issue":
            return scenarios.issue(
                request.getfixturevalue("_peopled"), request.getfixturevalue("sample").plans["bh"], folder
            )
        return scenarios.letters(folder)

    def work(name: str) -> Work:
        if name not in made:
            made[name] = make(name)
            root = made[name].copy(tmp_path_factory.mktemp("undisturbed") / "ws")
            CommandLine(root, made[name].now)(*made[name].argv)
            assert scenarios.faults(made[name], root) == []
        return made[name]

    return work


@pytest.fixture
def figures(record_property: Callable[[str, Any], None], request: pytest.FixtureRequest) -> Figures:
    """Notes how many points were tried and what was found; the figures are printed at the end. Fails where any was."""

    def note(tried: int, found: list[str]) -> None:
        record_property("figures", f"{request.node.name}: {tried} points{_which(request)}, {len(found)} faults")
        assert found == []
        assert tried

    return note


def _which(request: pytest.FixtureRequest) -> str:
    return f" (every {EVERY}th)" if EVERY > 1 and request.node.get_closest_marker("slow") else ""


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a copy of a work's workspace goes, one after the other: on a disk, since what is tried is what a disk
    does, while other tests' folders may be in memory."""
    with tempfile.TemporaryDirectory(prefix="cpdocs-crash-") as folder:
        yield Path(folder) / "ws"

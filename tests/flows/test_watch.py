from __future__ import annotations

import itertools
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpdocs.returns.records import Taken
from cpdocs.returns.watcher import Watcher, intake_pass
from cpdocs.returns.worker import Finished, Outcome
from cpdocs.wiring import open_workspace
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

PATIENCE = 60
"""Seconds until a test gives up; each waits for what it expects, not for time to pass."""


@pytest.fixture
def desk(issued: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    return Desk(issued)


class Watching:
    """A watcher in a thread, with what it reported."""

    def __init__(self, root: Path) -> None:
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self.said: queue.Queue[str] = queue.Queue()
        self.watcher = Watcher(open_workspace(root), report=self.outcomes.put, say=self.said.put)

    def next_taken(self) -> Taken | Finished:
        while True:
            outcome = self.outcomes.get(timeout=PATIENCE)
            if isinstance(outcome, Taken | Finished):
                return outcome


@contextmanager
def watching(root: Path) -> Iterator[Watching]:
    it = Watching(root)
    thread = threading.Thread(target=it.watcher.run)
    thread.start()
    try:
        yield it
    finally:
        it.watcher.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_files_that_were_there_before_it_began_are_taken(desk: Desk) -> None:
    desk.drop(desk.sign_pcp(desk.issued_file()))
    with watching(desk.root) as it:
        assert it.next_taken().record.verdict == "accepted"


def test_files_that_come_later_are_taken_one_by_one(desk: Desk) -> None:
    with watching(desk.root) as it:
        for number in range(3):
            desk.drop(f"letter {number}".encode(), name=f"{number}.txt")
            assert it.next_taken().record.verdict == "held"
    assert [path for path in desk.inbox.rglob("*") if path.is_file() and path.name != ".gitkeep"] == []


def test_an_inbox_that_is_deleted_and_made_again_goes_on_being_watched(desk: Desk) -> None:
    with watching(desk.root) as it:
        desk.drop(b"before", name="a.txt")
        it.next_taken()
        shutil.rmtree(desk.inbox)
        assert "isn't there" in it.said.get(timeout=PATIENCE)
        desk.inbox.mkdir()
        assert "back" in it.said.get(timeout=PATIENCE)
        desk.drop(b"after", name="b.txt")
        it.next_taken()


def test_where_nothing_tells_of_changes_the_interval_finds_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from watchdog.observers import Observer

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(Observer, "schedule", refuse)
    with watching(desk.root) as it:
        desk.drop(b"on a share", name="a.txt")
        it.next_taken()


def test_a_file_that_cant_be_taken_now_is_told_and_taken_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpdocs.errors import WorkspaceFault
    from cpdocs.returns import receiving, worker

    real = receiving.decide
    monkeypatch.setattr(worker, "_FIRST_RETRY", 0.01)
    failures = iter([True, True])

    def full_at_first(*args: object, **kwargs: object) -> object:
        if next(failures, False):
            raise WorkspaceFault("Can't write: the disk is full.")
        return real(*args, **kwargs)

    monkeypatch.setattr(receiving, "decide", full_at_first)
    desk.drop(b"patience", name="a.txt")
    with watching(desk.root) as it:
        first = it.outcomes.get(timeout=PATIENCE)
        assert isinstance(first, worker.Failed)
        assert it.next_taken().record.verdict == "held"
    assert len(desk.events("return.received")) == 1


def test_the_command_stops_cleanly_on_sigterm_and_its_lines_name_no_file(desk: Desk) -> None:
    desk.drop(b"nothing of ours", name="Testina Samplewick.txt")
    command = [sys.executable, "-m", "cpdocs", "--workspace", str(desk.root), "watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if " held " in line:
                process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert lines[0] == "Watching inbox/.\n"
    assert lines[-1] == "Stopped.\n"
    assert "Samplewick" not in "".join(lines)
    assert list((desk.root / "state" / "claims").iterdir()) == []


def test_however_many_wait_only_some_are_watched_at_a_time_and_all_are_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cpdocs.returns import worker
    from cpdocs.returns.write_stability import WriteStability

    monkeypatch.setattr(worker, "_WATCHED_AT_ONCE", 2)
    most: list[int] = []
    real = WriteStability.settled

    def counting(self: WriteStability, *given: Any) -> bool:
        answer = real(self, *given)
        most.append(len(self))
        return answer

    monkeypatch.setattr(WriteStability, "settled", counting)
    for number in range(5):
        desk.drop(f"letter {number}".encode(), name=f"{number}.txt", practice=("", "S01")[number % 2])
    assert len(desk.intake()) == 5
    assert max(most) == 2
    with watching(desk.root) as it:
        for number in range(5, 8):
            desk.drop(f"letter {number}".encode(), name=f"{number}.txt")
        taken = {it.next_taken().record.sha256 for _ in range(3)}
    assert len(taken) == 3


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.9), (0.5, 1.0), (1.0, 1.1)])
def test_intervals_between_looks_differ_by_chance(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, chance: float, share: float
) -> None:
    ws = open_workspace(desk.root)
    watcher = Watcher(ws, report=lambda _: None, say=lambda _: None, chance=lambda: chance)
    paused: list[tuple[float, bool]] = []

    def pause(seconds: float, *, or_stirred: bool) -> None:
        paused.append((seconds, or_stirred))
        if or_stirred:
            watcher.stop()

    monkeypatch.setattr(watcher, "_pause", pause)
    watcher.run()
    waited = next(seconds for seconds, or_stirred in paused if or_stirred) + paused[0][0]
    assert waited == pytest.approx(ws.options.scan_seconds * share)


def test_told_to_stop_in_the_middle_of_a_file_it_finishes_that_file_and_begins_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cpdocs.returns import receiving

    for number in range(2):
        desk.drop(f"letter {number}".encode(), name=f"{number}.txt")
    watcher = Watcher(open_workspace(desk.root), report=lambda _: None, say=lambda _: None)
    real = receiving.judge

    def interrupted(*given: Any, **named: Any) -> Any:
        watcher.stop()
        return real(*given, **named)

    monkeypatch.setattr(receiving, "judge", interrupted)
    watcher.run()
    assert [event.data["verdict"] for event in desk.events("return.decided")] == ["held"]
    assert [path.name for path in desk.inbox.rglob("*.txt")] == ["1.txt"]
    assert list((desk.root / "state" / "claims").iterdir()) == []


class Jumping:
    """A clock that somebody sets forward and back by days, all the time."""

    def __init__(self) -> None:
        self._days = itertools.cycle((0, 3, -3, 1))
        self._forward = itertools.count()

    def now(self) -> datetime:
        return datetime.fromisoformat(RETURN) + timedelta(days=next(self._days))

    def true_now(self) -> datetime:
        """Only ever forward: by a clock that went back nothing is recorded (test_clock.py)."""
        return datetime.now(UTC) + timedelta(days=next(self._forward))


def test_a_clock_that_jumps_hurries_and_delays_nothing(desk: Desk) -> None:
    ws = open_workspace(desk.root)
    ws = replace(ws, clock=Jumping(), options=replace(ws.options, settle_seconds=2.0))
    file = desk.drop(b"a letter", name="a.txt")
    os.utime(file, (4e9, 4e9))  # written in the year 2096, by its own clock
    passed: list[float] = []
    outcomes = list(intake_pass(ws, wait=passed.append, monotonic=lambda: 1000.0 + sum(passed)))
    assert sum(passed) == 2.0
    assert [type(outcome) for outcome in outcomes] == [Taken]
    desk.office.cli("audit", "verify")

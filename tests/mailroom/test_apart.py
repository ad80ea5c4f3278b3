from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from cpdocs.mailroom.apart import Stopped, run_apart


def spin() -> None:
    while True:
        time.sleep(0.01)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise KeyError("Testina Samplewick")


def test_the_answer_comes_back_however_large() -> None:
    assert run_apart(lambda: b"x" * 5_000_000, seconds=20, megabytes=200) == b"x" * 5_000_000


def test_what_hangs_is_killed_at_its_time() -> None:
    with pytest.raises(Stopped, match="limit"):
        run_apart(spin, seconds=0.2, megabytes=100)


def test_what_fills_memory_is_stopped() -> None:
    with pytest.raises(Stopped, match="limit"):
        run_apart(lambda: bytearray(600 * 1024 * 1024), seconds=20, megabytes=100)


def test_what_dies_takes_only_itself_along() -> None:
    with pytest.raises(Stopped, match="limit"):
        run_apart(die, seconds=20, megabytes=100)


def test_an_error_comes_back_as_its_name_and_never_its_text() -> None:
    with pytest.raises(Stopped) as caught:
        run_apart(fail, seconds=20, megabytes=100)
    assert caught.value.why == "KeyError"


def test_the_child_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        run_apart(lambda: (tmp_path / "file").write_bytes(b"x" * 100), seconds=20, megabytes=100)
    assert not (tmp_path / "file").exists() or (tmp_path / "file").stat().st_size == 0


def test_what_the_child_prints_is_not_seen(capfd: pytest.CaptureFixture[str]) -> None:
    run_apart(lambda: os.write(2, b"Testina Samplewick"), seconds=20, megabytes=100)
    assert capfd.readouterr() == ("", "")


def test_no_child_is_left_over() -> None:
    run_apart(lambda: 1, seconds=20, megabytes=100)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)

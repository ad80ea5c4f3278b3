"""Kills a command at its N-th system call that touches the disk, for N from 1 until it isn't reached any more."""

from __future__ import annotations

import functools
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


@functools.cache
def why_not() -> str:
    """Why processes can't be traced and killed here; empty where they can."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace isn't installed"
    probe = [sys.executable, "-I", "-S", "-c", "import os; os.write(2, b'')"]
    done = subprocess.run(_argv(probe, 1), capture_output=True, check=False)
    return "" if done.returncode in _KILLED else "tracing isn't allowed here"


def kill_at(number: int, argv: Sequence[str]) -> tuple[bool, str]:
    """Runs ``argv`` and kills it at its ``number``-th call. Gives whether it was killed, and what it had printed by then."""
    done = subprocess.run(_argv(argv, number), capture_output=True, text=True, check=False)
    killed = done.returncode in _KILLED
    assert killed or done.returncode == 0, f"ended with {done.returncode} before call {number}:\n{done.stderr}"
    return killed, done.stdout


def sweep(
    argv_for: Callable[[Path], Sequence[str]], fresh: Callable[[int], Path], *, first: int = 1, step: int = 1
) -> Iterator[tuple[int, Path, str]]:
    """Kills at every ``step``-th call, each time in a ``fresh`` folder: (number, folder, what was printed) for each kill.

    Ends with the first run that gets through.
    """
    number = first
    while True:
        folder = fresh(number)
        killed, printed = kill_at(number, argv_for(folder))
        if not killed:
            return
        yield number, folder, printed
        number += step


def _argv(argv: Sequence[str], number: int) -> list[str]:
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}", "-e", f"inject={CALLS}:signal=SIGKILL:when={number}", *argv]

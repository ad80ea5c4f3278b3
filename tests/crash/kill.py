"""Kills a command, or fails it, at its N-th call that touches the disk: in a fork, so that a point costs no start-up.

Counted are the calls through which Python code reaches the disk, and every commit of the ledger; what SQLite does inside
a commit is for the sweep by system calls.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CALLS = ("open", "write", "fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir", "fchmod", "listdir", "stat")


def run_until(root: Path, argv: Sequence[str], at: int, *, fail_with: int = 0) -> int | None:
    """Runs ``cpdocs ARGV`` and kills it at call ``at``, or lets that call fail with the errno ``fail_with``.

    Gives its exit status; None where it was killed.
    """
    child = os.fork()
    if child == 0:
        _live(root, argv, at, fail_with)
    _, ended = os.waitpid(child, 0)
    return None if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)


def count_calls(root: Path, argv: Sequence[str]) -> int:
    """How many calls the command makes when nothing befalls it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live(root, argv, 0, 0, tell=writing)
    os.close(writing)
    with open(reading, "rb") as stream:  # noqa: PTH123 a pipe has no path
        said = stream.read()
    os.waitpid(child, 0)
    return int(said)


def _live(root: Path, argv: Sequence[str], at: int, fail_with: int, tell: int = -1) -> None:
    status = 70
    try:
        from cpdocs.cli import run

        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        counted = _arm(at, fail_with)
        status = run(["--workspace", str(root), *argv])
        if tell >= 0:
            os.write(tell, str(counted()).encode())
    finally:
        os._exit(status)


def _arm(at: int, fail_with: int) -> Callable[[], int]:
    from sqlalchemy import Engine, event

    me = os.getpid()
    count = 0

    def step() -> None:
        nonlocal count
        if os.getpid() != me:
            return
        count += 1
        if count == at:
            if not fail_with:
                os.kill(me, signal.SIGKILL)
            raise OSError(fail_with, os.strerror(fail_with))

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            step()
            return real(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, guarded(getattr(os, name)))
    if not fail_with:
        event.listen(Engine, "commit", lambda _connection: step())
    return lambda: count


FAULTS = (errno.EIO, errno.ENOSPC, errno.EMFILE)

"""Runs ``cpdocs`` in a fork that is made to fail: killed, or refused, at its N-th call to the disk.

A fork costs no start-up: what the command imports was imported by the test's own process. Counted here are the calls
through which Python code reaches the disk, and every commit of the ledger; what SQLite does inside a commit is for the
sweep by system calls, which takes the same forks (``system_calls``).
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

CALLS = ("open", "write", "fsync", "rename", "replace", "link", "unlink", "mkdir", "rmdir", "fchmod", "listdir", "stat")
NETWORK = ("connect", "send", "sendall", "recv", "recv_into", "shutdown")
"""The calls of a socket at which a sender may be killed too."""
ERRORS = (errno.EIO, errno.ENOSPC, errno.EMFILE)
SHORT = -1
"""In place of an errno: the call writes half of what it was given, and says so."""
_PR_SET_PTRACER = 0x59616D61


@dataclass(frozen=True, slots=True)
class Forked:
    """A command in a fork that waits for :meth:`go`."""

    process: int
    _gate: int

    def go(self) -> None:
        """Lets it run."""
        os.close(self._gate)

    def ended(self) -> int | None:
        """Its exit status; None where it was killed."""
        _, status = os.waitpid(self.process, 0)
        return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


Command: TypeAlias = "Sequence[str] | Callable[[Path], object]"
"""The words after ``cpdocs --workspace ROOT``, or what is called with ROOT and gives the exit status, None being 0."""
Prepare: TypeAlias = "Callable[[], Callable[[], object] | None]"
"""Called in the fork before the command; what it gives is called after it."""


def nothing() -> None:
    """Prepares nothing."""


def fork(root: Path, command: Command, prepare: Prepare = nothing, said: int = -1) -> Forked:
    """the command in the workspace ``root``, in a fork; what it says on standard error goes to the open file
    ``said``."""
    waiting, gate = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(gate)
        _live(root, command, prepare, waiting, said)
    os.close(waiting)
    return Forked(child, gate)


def run(root: Path, command: Command, prepare: Prepare = nothing, said: int = -1) -> int | None:
    """Runs the command to its end, whatever that is: its exit status, or None where it was killed."""
    forked = fork(root, command, prepare, said)
    forked.go()
    return forked.ended()


def run_until(
    root: Path,
    command: Command,
    at: int,
    *,
    fail_with: int = 0,
    prepare: Prepare = nothing,
    said: int = -1,
    network: bool = False,
) -> int | None:
    """Runs the command and kills it at call ``at``, or lets that call fail with the errno ``fail_with`` (or
    ``SHORT``). With ``network`` calls of sockets count as well."""

    def arm() -> None:
        prepare()
        _arm(at, fail_with, network)

    return run(root, command, arm, said)


def count_calls(root: Path, command: Command, fail_with: int = 0, *, network: bool = False) -> int:
    """How many such calls the command makes when nothing befalls it."""
    with tempfile.TemporaryFile() as told:

        def arm() -> Callable[[], object]:
            write, counted = os.write, _arm(0, fail_with, network)
            return lambda: write(told.fileno(), str(counted()).encode())

        assert run(root, command, arm) == 0
        told.seek(0)
        return int(told.read())


def _live(root: Path, command: Command, prepare: Prepare, waiting: int, said: int) -> NoReturn:
    status = 70
    try:
        from cpdocs.sandbox import run as apart

        # Whoever wants to trace this fork may.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        # The parsers' server that the test's process has started serves its forks too: they run one at a time.
        for server in apart._server:
            server.owner = os.getpid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream, target in ((0, null), (1, null), (2, null if said < 0 else said)):
            os.dup2(target, stream)
        os.read(waiting, 1)
        afterwards = prepare() or nothing
        if callable(command):
            status = int(command(root) or 0)
        else:
            from cpdocs.cli import run as cpdocs

            status = cpdocs(["--workspace", str(root), *command])
        afterwards()
    finally:
        os._exit(status)


def _arm(at: int, fail_with: int, network: bool = False) -> Callable[[], int]:
    from cpdocs.ledger.sqlite_backend import SqliteBackend
    from cpdocs.ledger.writer import SqliteWriter

    me = os.getpid()
    count = 0

    def due() -> bool:
        nonlocal count
        count += os.getpid() == me
        return count == at and os.getpid() == me

    def befall() -> None:
        if not fail_with:
            os.kill(me, signal.SIGKILL)
        raise OSError(fail_with, os.strerror(fail_with))

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if due():
                befall()
            return real(*args, **kwargs)

        return call

    def half(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[: (len(data) + 1) // 2] if due() else data)

    write = os.write
    if fail_with == SHORT:
        os.write = half  # type: ignore[assignment]
        return lambda: count
    for name in CALLS:
        setattr(os, name, guarded(getattr(os, name)))
    for name in NETWORK if network else ():
        setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    if not fail_with:

        def short_of_its_commit(writing: Callable[..., Any]) -> Callable[..., Any]:
            @contextmanager
            def cut(*given: object) -> Iterator[Any]:
                with writing(*given) as connection:
                    yield connection
                    if due():
                        befall()

            return cut

        for writer in (SqliteBackend, SqliteWriter):
            writer.writing = short_of_its_commit(writer.writing)  # type: ignore[method-assign]
    return lambda: count

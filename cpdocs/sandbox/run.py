"""Work on a stranger's bytes in a child process that may die: parsers crash, hang and fill memory (reliability.md).

A server process (``server``), started once by a program's first such work, has imported the parsers and holds
nothing of ours: no ledger, no key, no thread. It forks a child for each piece of work; the child takes its own freedoms
(``confinement``), answers, and is gone. Its answer is read as data: it can only be made of our own value classes.
"""

from __future__ import annotations

import io
import os
import pickle
import select
import socket
import struct
import subprocess
import sys
import sysconfig
import threading
import time
from enum import EnumType
from pathlib import Path
from typing import Any

import cpdocs
from cpdocs.sandbox.confinement import WALL

JOB = struct.Struct("=cQdI")
"""A message to the server: what (``R`` run, ``K`` kill), which job, seconds of processor time, megabytes. The job's
socket comes with ``R``."""
LENGTH = struct.Struct("=Q")
STARTED = b"s"

_CHUNK = 1 << 20
_MOST_ANSWER = 64 * 1024 * 1024
_SLOWEST_START = 60.0
_GRACE = 1.0

_VALUES = frozenset(
    {
        ("builtins", "frozenset"),
        ("builtins", "set"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("copyreg", "_reconstructor"),
        ("builtins", "object"),
    }
)
_VALUE_PACKAGES = (
    "cpdocs.core.",
    "cpdocs.signing.certificates",
    "cpdocs.signing.file_facts",
    "cpdocs.signing.identity",
    "cpdocs.signing.outside",
    "cpdocs.signing.trust",
    "cpdocs.scans.",
    "cpdocs.filing.rendition",
    "cpdocs.intake.mail_reports",
    "cpdocs.intake.unwrapping",
)


class Stopped(Exception):
    """The child gave no answer. ``why`` is ``limit`` (time, memory, or it died), ``answer`` (it said what is no value
    of ours) or the name of the error that it met."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Answer(pickle.Unpickler):
    """Reads a child's answer: values of our own and of the calendar, and no other class or function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        if (module, name) in _VALUES:
            return super().find_class(module, name)
        if module.startswith(_VALUE_PACKAGES):
            found = super().find_class(module, name)
            # Made in that very module: what it only imports, or imports in turn (a dotted name), may be anything that
            # runs.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError("an answer holds something that is no value")


def _member(kind: Any, name: str) -> Any:
    """The member of an enumeration by its name: up to 3.11.3, Python pickles one as the attribute of its class."""
    if isinstance(kind, EnumType):
        return kind[name]
    raise pickle.UnpicklingError("an answer asks for what is no value")


class _Server:
    """The server process and the line to it, for one process of ours."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._jobs = 0
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line = mine
        with theirs:
            command = [sys.executable, "-c", "from cpdocs.sandbox.server import main; main()", str(theirs.fileno())]
            self.process = subprocess.Popen(  # noqa: S603 our own interpreter, our own words
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={
                    "PYTHONPATH": python_path(),
                    "PATH": os.environ.get("PATH", os.defpath),
                    "LC_ALL": "C.UTF-8",
                    "OPENBLAS_NUM_THREADS": "1",  # a child may start no thread
                },
            )

    def begin(self, work: socket.socket, seconds: float, megabytes: int) -> int:
        """Has the server fork a child that listens at ``work``; gives the job's number. Raises OSError where it is
        gone."""
        self._jobs += 1
        socket.send_fds(self.line, [JOB.pack(b"R", self._jobs, seconds, megabytes)], [work.fileno()])
        return self._jobs

    def kill(self, job: int) -> None:
        """Has the server kill the job's child, if it still lives."""
        try:
            self.line.send(JOB.pack(b"K", job, 0, 0))
        except OSError:
            self.stop()

    def stop(self) -> None:
        """Ends the server, whose children die with it."""
        self.line.close()
        self.process.kill()
        self.process.wait()


_lock = threading.Lock()
_server: list[_Server] = []


def run_sandboxed(function: str, *given: Any, seconds: float, megabytes: int, **named: Any) -> Any:
    """What ``function`` ("module:name") gives for these arguments, run in a child with so much processor time and
    memory.

    Arguments and answer must pickle, the answer being values of cpdocs. Raises Stopped where there is none.
    """
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            server, job = _begin(theirs, seconds, megabytes)
        request = pickle.dumps((function, given, named), protocol=pickle.HIGHEST_PROTOCOL)
        try:
            _send(ours, LENGTH.pack(len(request)) + request, time.monotonic() + _SLOWEST_START)
            _receive(ours, time.monotonic() + _SLOWEST_START, most=len(STARTED))
            answer = _receive(ours, time.monotonic() + seconds * WALL + _GRACE, most=_MOST_ANSWER)
        except OSError:
            answer = b""
        finally:
            with _lock:
                server.kill(job)
    if not answer:
        raise Stopped("limit")
    try:
        done, result = _Answer(io.BytesIO(answer)).load()
    except Exception:  # noqa: BLE001 whatever can't be read as an answer is none
        raise Stopped("answer") from None
    if done is not True:
        raise Stopped(str(result))
    return result


def stop() -> None:
    """Ends the server; the next piece of work starts another."""
    with _lock:
        while _server:
            _server.pop().stop()


def _begin(work: socket.socket, seconds: float, megabytes: int) -> tuple[_Server, int]:
    """The job begun, with a new server where there is none, or it died, or it belongs to the process we were forked
    from."""
    with _lock:
        for attempt in (1, 2):
            if not _server or _server[0].owner != os.getpid():
                _server[:] = [_Server()]
            try:
                return _server[0], _server[0].begin(work, seconds, megabytes)
            except OSError:
                _server.pop().stop()
                if attempt == 2:
                    raise
    raise AssertionError


def _send(line: socket.socket, data: bytes, until: float) -> None:
    line.setblocking(False)
    view = memoryview(data)
    while view:
        _wait(line, until, writing=True)
        view = view[line.send(view[:_CHUNK]) :]


def _receive(line: socket.socket, until: float, *, most: int) -> bytes:
    """What comes until the other end closes, or until there are ``most`` bytes. Raises TimeoutError after ``until``."""
    parts: list[bytes] = []
    size = 0
    while size < most:
        _wait(line, until)
        part = line.recv(min(_CHUNK, most - size))
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _wait(line: socket.socket, until: float, *, writing: bool = False) -> None:
    left = until - time.monotonic()
    lines = [line]
    ready = select.select([] if writing else lines, lines if writing else [], [], max(left, 0))
    if not (ready[0] or ready[1]):
        raise TimeoutError


def python_path() -> str:
    """Where the server finds cpdocs and what it needs: no folder that only happens to be on our own path."""
    own = str(Path(cpdocs.__file__).parent.parent)
    return os.pathsep.join(dict.fromkeys((own, sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))))

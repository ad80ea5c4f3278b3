"""Work on a stranger's bytes in a child process that may die: parsers crash, hang and fill memory (reliability.md).

The child is a fork, so that nothing has to be imported again (some milliseconds a file). It may take so much time and
memory, writes no file, dumps no core and prints nothing. It is a guard against accidents of parsers, not a wall: it runs
as the same user, and keeping it off the network is the service's business.
"""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

T = TypeVar("T")

_CHUNK = 1 << 16
_PAGE = resource.getpagesize()


class Stopped(Exception):
    """The child gave no answer. ``why`` is ``limit`` (time, memory, or it died) or the name of the error that it met."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def run_apart(work: Callable[[], T], *, seconds: float, megabytes: int) -> T:
    """What ``work()`` gives, run in a child with ``seconds`` of time and ``megabytes`` of memory more than this process has.

    Raises Stopped where it gives nothing. The answer must pickle.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live(work, writing, seconds, megabytes)
    os.close(writing)
    try:
        answer = _listen(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    try:
        done, result = pickle.loads(answer)  # noqa: S301 our own child's answer, see the module's first words
    except Exception:  # noqa: BLE001 an answer cut off by the child's death may be any broken pickle
        raise Stopped("limit") from None
    if not done:
        raise Stopped(result)
    answered: T = result
    return answered


def _listen(reading: int, until: float) -> bytes:
    parts: list[bytes] = []
    while (left := until - time.monotonic()) > 0:
        ready, _, _ = select.select([reading], [], [], left)
        if not ready:
            break
        part = os.read(reading, _CHUNK)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return b""


def _live(work: Callable[[], T], writing: int, seconds: float, megabytes: int) -> NoReturn:
    """The child's whole life. It leaves by ``_exit``: nothing of the parent's may be flushed, closed or cleaned up twice."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        _limit(seconds, megabytes)
        try:
            answer = pickle.dumps((True, work()))
        except MemoryError:
            answer = pickle.dumps((False, "limit"))
        except Exception as error:  # noqa: BLE001 its name is the answer
            answer = pickle.dumps((False, type(error).__name__))
        view = memoryview(answer)
        while view:
            view = view[os.write(writing, view) :]
    finally:
        os._exit(0)


def _limit(seconds: float, megabytes: int) -> None:
    whole = int(seconds) + 1
    with suppress(OSError, ValueError), open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 no path to speak of
        mine = int(statm.read().split()[0]) * _PAGE
        most = mine + megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for kind, limit in ((resource.RLIMIT_CPU, whole), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (limit, limit))

"""The process that forks a child for each piece of work on a stranger's bytes (see ``run``).

It imports the parsers once, so that a child costs a fork and not a second of imports, and then only forks, kills and
reaps. It parses nothing itself.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import select
import signal
import socket
import sys
from typing import Any, NoReturn

from cpdocs.sandbox.confinement import Confinement
from cpdocs.sandbox.run import JOB, LENGTH, STARTED
from cpdocs.scans.reading import get_ready

PRELOADED = (
    "cpdocs.sandbox.reading",
    # What libraries import only when first used, which a confined child would do each time, or could not do at all.
    "cryptography.hazmat.backends.openssl.backend",
    "pyhanko.pdf_utils.filters",
)
_REAP_EVERY = 0.5


def main() -> NoReturn:
    """The server's whole life: until the line to the program that started it closes."""
    line = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for module in PRELOADED:
        importlib.import_module(module)
    confinement = Confinement()
    gc.collect()
    gc.freeze()
    serve(line, confinement)
    os._exit(0)


def serve(line: socket.socket, confinement: Confinement) -> None:
    """Forks, kills and reaps as told, until the line closes."""
    children: dict[int, int] = {}
    prepared = False
    while True:
        ready, _, _ = select.select([line], [], [], (_REAP_EVERY if children else None) if prepared else 0)
        _reap(children)
        if not ready:
            if not prepared:
                # The first piece of work needn't wait for what the others will be glad of.
                get_ready()
                gc.freeze()
                prepared = True
            continue
        message, descriptors, _, _ = socket.recv_fds(line, JOB.size, 1)
        if not message:
            return
        what, job, seconds, megabytes = JOB.unpack(message)
        if what == b"R" and descriptors:
            child = os.fork()
            if child == 0:
                line.close()
                _live(descriptors[0], confinement, seconds, megabytes)
            os.close(descriptors[0])
            children[job] = child
        elif what == b"K" and job in children:
            # It is ours until it is reaped, so its number can't be somebody else's.
            os.kill(children[job], signal.SIGKILL)


def _reap(children: dict[int, int]) -> None:
    for job, child in list(children.items()):
        done, _ = os.waitpid(child, os.WNOHANG)
        if done:
            del children[job]


def _live(descriptor: int, confinement: Confinement, seconds: float, megabytes: int) -> NoReturn:
    """The child's whole life. It leaves by ``_exit``: nothing of the server's may be cleaned up twice."""
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        with contextlib.suppress(OSError):
            # Plain reads and writes: sending, as sockets do it, is among the freedoms given up.
            (length,) = LENGTH.unpack(_exactly(descriptor, LENGTH.size))
            function, given, named = pickle.loads(_exactly(descriptor, length))  # noqa: S301 what our own program sent us
            module, name = function.split(":")
            loaded = importlib.import_module(module)
            call = getattr(loaded, name)
            # What it imports late, it imports while it still may read wherever the packages are installed.
            getattr(loaded, "get_ready", _nothing)()
            os.write(descriptor, STARTED)
            confinement.take(seconds, megabytes)
            _write(descriptor, _answer(call, given, named))
            os.close(descriptor)  # that ends the answer: nobody waits while the memory of this process is given back
    finally:
        os._exit(0)


def _nothing() -> None:
    """What a module does that needs nothing but its imports."""


def _answer(call: Any, given: tuple[Any, ...], named: dict[str, Any]) -> bytes:
    try:
        return pickle.dumps((True, call(*given, **named)))
    except MemoryError:
        return pickle.dumps((False, "limit"))
    except Exception as error:  # noqa: BLE001 its name is the answer, its text may hold what a stranger wrote
        return pickle.dumps((False, type(error).__name__))


def _exactly(descriptor: int, length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            raise OSError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

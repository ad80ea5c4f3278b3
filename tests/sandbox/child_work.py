"""Work for a child to do in the tests of ``apart``: named, since a child is told what to do by name."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from cpdocs.core.verdicts import Finding, FindingKind, Verdict
from cpdocs.sandbox.run import Stopped


def echo(value: Any) -> Any:
    return value


def a_finding() -> Finding:
    return Finding(FindingKind("code", Verdict.HELD, "Sentence.", "Do."), "detail")


def spin() -> None:
    while True:
        pass


def sleep(seconds: float = 60) -> None:
    time.sleep(seconds)


def fill_memory(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def die() -> None:
    os.abort()


def fail() -> None:
    raise KeyError("Testina Samplewick")


def print_something() -> None:
    os.write(2, b"Testina Samplewick")
    os.write(1, b"Testina Samplewick")


def write_file(path: str) -> None:
    Path(path).write_bytes(b"x" * 100)


def read_file(path: str) -> bytes:
    return Path(path).read_bytes()


def remove_file(path: str) -> None:
    Path(path).unlink()


def connect() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM)


def run_a_program() -> None:
    subprocess.run(["/bin/true"], check=True)


def fork() -> None:
    os.fork()


def work_in_a_thread(function: str, *given: Any) -> str:
    """What becomes of a function of this module in a thread of the child's own: its answer or its error's name."""
    said: list[str] = []

    def work() -> None:
        try:
            said.append(str(globals()[function](*given)))
        except OSError as error:
            said.append(type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return said[0]


def signal_the_parent() -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def signal_a_thread_of_the_parent() -> None:
    _called(ctypes.CDLL(None, use_errno=True).tgkill, os.getppid(), os.getppid(), 0)


def leave_in_shared_memory() -> None:
    _called(ctypes.CDLL(None, use_errno=True).shmget, 0, 4096, 0o1600)


def set_times(path: str) -> None:
    os.utime(path, (0, 0))


def _called(call: Any, *given: int) -> None:
    if call(*given) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def attempt(name: str, *given: Any) -> str:
    """The name of the error that another piece of work here meets; empty where it meets none."""
    try:
        globals()[name](*given)
    except (OSError, RuntimeError) as error:
        return type(error).__name__
    return ""


def a_stranger_class() -> object:
    return Path("/")


def a_function() -> Any:
    return os.system


class Booby:
    """What a child that was taken over might answer with."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


def booby_trap() -> Booby:
    return Booby()


def an_exception() -> Stopped:
    return Stopped("x")


def imported(module: str) -> bool:
    """Whether the server had imported a module before it forked this child."""
    return module in sys.modules

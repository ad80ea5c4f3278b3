"""Kills a command at its N-th system call of each kind that touches the disk, what a library does inside included."""

from __future__ import annotations

import functools
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

CALLS = "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat"
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)


@functools.cache
def why_not() -> str:
    """Why processes can't be traced and killed here; empty where they can."""
    if shutil.which("strace") is None:
        return "strace isn't installed"
    probe = [sys.executable, "-I", "-S", "-c", "import os; os.write(2, b'')"]
    done = subprocess.run(_killing(probe, "write", 1), capture_output=True, check=False)
    return "" if done.returncode in _KILLED else "tracing isn't allowed here"


def count(argv: Sequence[str], log: Path, *, children: bool = True) -> Counter[str]:
    """How often the command makes each of the calls when nothing befalls it; ``log`` is a file to use."""
    subprocess.run(
        ["strace", *(["-f"] if children else []), "-qq", "-o", str(log), "-e", f"trace={CALLS}", *argv], check=True, capture_output=True
    )
    return Counter(re.findall(r"^(?:\d+ +)?([a-z0-9]+)\(", log.read_text(errors="replace"), re.M))


def sweep(
    argv_for: Callable[[Path], Sequence[str]],
    fresh: Callable[[str], Path],
    log: Path,
    *,
    first: int = 1,
    step: int = 1,
    children: bool = True,
) -> Iterator[tuple[str, Path, str]]:
    """Kills at every ``step``-th call from the ``first``, each time in a ``fresh`` folder.

    Without ``children`` only the command's own process is killed, never a child that it would outlive. Gives the point, the
    folder and what had been printed by then.
    """
    counted = count(argv_for(fresh("counted")), log, children=children)
    points = [(name, number) for name in sorted(counted) for number in range(1, counted[name] + 1)]
    for name, number in points[first - 1 :: step]:
        point = f"{name}-{number}"
        folder = fresh(point)
        done = subprocess.run(_killing(argv_for(folder), name, number, children=children), capture_output=True, text=True, check=False)
        assert done.returncode in _KILLED, f"{point} wasn't reached:\n{done.stderr}"
        yield point, folder, done.stdout


def _killing(argv: Sequence[str], name: str, number: int, *, children: bool = True) -> list[str]:
    # strace counts each kind of call for itself.
    return [
        "strace",
        *(["-f"] if children else []),
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        f"trace={name}",
        "-e",
        f"inject={name}:signal=SIGKILL:when={number}",
        *argv,
    ]

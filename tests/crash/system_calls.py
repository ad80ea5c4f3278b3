"""Kills or fails a command at its N-th system call of each kind that touches the disk, what a library does inside
included."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.forks import Command, Prepare, fork, nothing

CALLS = (
    "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir"
)
"""What changes the disk: the points at which a kill tells."""
FAILING = {
    **dict.fromkeys(
        ("write", "pwrite64", "ftruncate", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat"),
        "ENOSPC",
    ),
    **dict.fromkeys(("fsync", "fdatasync", "pread64", "unlink", "unlinkat", "rmdir"), "EIO"),
    "openat": "EMFILE",
}
"""The error that each call is made to give: the one that it gives in life."""
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Point:
    """The ``number``-th call of the kind ``name``."""

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


@functools.cache
def why_not() -> str:
    """Why processes can't be traced and killed here; empty where they can."""
    if shutil.which("strace") is None:
        return "strace isn't installed"
    with tempfile.TemporaryDirectory() as folder:
        try:
            ended = run_traced(
                Path(folder),
                lambda _: os.write(2, b"x"),
                ("-e", "trace=write", "-e", "inject=write:signal=SIGKILL:when=1"),
            )
        except Untraceable as error:
            return str(error)
    return "" if ended is None else "tracing isn't allowed here"


class Untraceable(Exception):
    """strace doesn't get hold of a process."""


def run_traced(
    root: Path,
    command: Command,
    options: Sequence[str],
    log: Path = Path(os.devnull),
    prepare: Prepare = nothing,
    said: int = -1,
) -> int | None:
    """Runs the command under strace with these options; its exit status, None where it was killed."""
    forked = fork(root, command, prepare, said)
    tracing = ["strace", "-p", str(forked.process), "-o", str(log), *options]
    with subprocess.Popen(tracing, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as tracer:
        assert tracer.stderr is not None
        attached = "attached" in tracer.stderr.readline()
        forked.go()
        ended = forked.ended()
        tracer.communicate(timeout=_PATIENCE)
    if not attached:
        raise Untraceable("tracing isn't allowed here")
    return ended


def points(root: Path, command: Command, log: Path, calls: str = CALLS) -> list[Point]:
    """Every call that the command makes when nothing befalls it; ``log`` is a file to use."""
    assert run_traced(root, command, ("-e", f"trace={calls}"), log) == 0
    counted = Counter(re.findall(r"^([a-z0-9]+)\(", log.read_text(errors="replace"), re.M))
    return [Point(name, number) for name in sorted(counted) for number in range(1, counted[name] + 1)]


def killed_at(root: Path, command: Command, point: Point, prepare: Prepare = nothing, said: int = -1) -> int | None:
    """Runs the command and kills it at the point."""
    # strace counts each kind of call for itself.
    trace = f"trace={point.name}"
    return run_traced(
        root,
        command,
        ("-e", trace, "-e", f"inject={point.name}:signal=SIGKILL:when={point.number}"),
        prepare=prepare,
        said=said,
    )


def failed_at(root: Path, command: Command, point: Point, said: int = -1) -> int | None:
    """Runs the command and lets the call fail at the point."""
    trace = f"trace={point.name}"
    return run_traced(
        root,
        command,
        ("-e", trace, "-e", f"inject={point.name}:error={FAILING[point.name]}:when={point.number}"),
        said=said,
    )

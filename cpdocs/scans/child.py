"""Looks at a stranger's scan in a child process that may die: picture decoders crash, hang and fill memory.

The child gets the bytes on its standard input and answers with page marks on its standard output; it may open no
file for writing, starts nothing, dumps no core, and is killed at its time limit. It isn't kept from the network by
itself: that is the service's business (systemd's PrivateNetwork).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cpdocs
from cpdocs.core.marks import parse_mark
from cpdocs.scans.codes import Outcome, PageReading
from cpdocs.scans.reading import ScanReading, read_scan

SECONDS = 60
"""Wall clock for one file: some 40 pages at their slowest."""
MEGABYTES = 1024
_ANSWER_LIMIT = 4 * 1024 * 1024


def read_scan_apart(data: bytes, *, most_pages: int, seconds: int = SECONDS, megabytes: int = MEGABYTES) -> ScanReading:
    """As :func:`cpdocs.scans.reading.read_scan`, in a child with limits. ``stopped`` is ``limit`` where it had to be
    killed or died; never raises for bad bytes."""
    command = [sys.executable, "-c", "from cpdocs.scans.child import main; main()", str(most_pages), str(seconds), str(megabytes)]
    child = subprocess.Popen(  # noqa: S603 our own interpreter, our own words
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(cpdocs.__file__).parent.parent), "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    try:
        answer, _ = child.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired:
        answer = b""
    finally:
        child.kill()
        child.wait()
    return _decode(answer[:_ANSWER_LIMIT])


def main() -> None:
    """The child's whole life."""
    import resource

    most_pages, seconds, megabytes = (int(word) for word in sys.argv[1:4])
    for kind, limit in (
        (resource.RLIMIT_AS, megabytes * 1024 * 1024),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    reading = read_scan(sys.stdin.buffer.read(), most_pages=most_pages)
    # A pipe is no file: the limit on file sizes lets this through.
    sys.stdout.write(encode(reading))


def encode(reading: ScanReading) -> str:
    """The reading as the child says it: each page's outcome and its mark's text."""
    pages = [[page.outcome.value, page.mark.text if page.mark else ""] for page in reading.pages]
    return json.dumps({"pages": pages, "stopped": reading.stopped})


def _decode(answer: bytes) -> ScanReading:
    """What the child said; nothing that it can say makes a mark that doesn't check."""
    try:
        said = json.loads(answer)
        pages = tuple(PageReading(Outcome(outcome), parse_mark(text)) for outcome, text in said["pages"])
        stopped = str(said["stopped"])
    except (ValueError, KeyError, TypeError):
        return ScanReading(stopped="limit")
    if any((page.outcome is Outcome.READ) != (page.mark is not None) for page in pages):
        return ScanReading(stopped="limit")
    return ScanReading(pages, stopped)

"""Watches a process from inside while commands run: what is logged, which children start, which files are opened or
removed."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.security.canaries import Evidence

_watch: list[Watch] = []
_CHILDREN = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}


class Watch(logging.Handler):
    """Puts everything into ``evidence`` under the step at hand; ``temporary`` is the folder that TMPDIR names."""

    def __init__(self, evidence: Evidence, temporary: Path) -> None:
        super().__init__(logging.DEBUG)
        self.evidence = evidence
        self.temporary = temporary
        self.step = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.name} {record.msg} {record.args} {record.exc_info}"
        self.evidence.add("log", self.step, text)

    def heard(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _CHILDREN:
            self.evidence.add("child", self.step, repr(args))
        elif event == "open" and isinstance(args[0], str | bytes):
            path = os.fsdecode(args[0])
            if path.startswith(f"{self.temporary}{os.sep}"):
                self.evidence.add("temporary", self.step, path)
        elif event in ("os.remove", "os.rename") and os.fsdecode(args[0]).startswith(f"{self.temporary}{os.sep}"):
            self.keep(Path(os.fsdecode(args[0])))

    def keep(self, path: Path) -> None:
        """A temporary file as it is just before it goes."""
        if path.is_file():
            self.evidence.add("temporary", self.step, path.read_bytes())


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # An audit hook stays for the life of the process: it does nothing while nobody watches.
    if _watch:
        _watch[-1].heard(event, args)


sys.addaudithook(_hook)


@contextmanager
def watching(evidence: Evidence, folder: Path) -> Iterator[Watch]:
    """While the block runs everything is watched: root logger at DEBUG, TMPDIR a private folder, both output
    descriptors in a file."""
    temporary = folder / "tmp"
    temporary.mkdir(0o700)
    watch = Watch(evidence, temporary)
    root = logging.getLogger()
    level, before = root.level, {name: os.environ.get(name) for name in ("TMPDIR", "SQLITE_TMPDIR")}
    descriptors = [os.dup(1), os.dup(2)]
    with (folder / "descriptors").open("wb") as raw, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(raw.fileno(), 1)
        os.dup2(raw.fileno(), 2)
        os.environ.update(dict.fromkeys(before, str(temporary)))
        tempfile.tempdir = None
        root.addHandler(watch)
        root.setLevel(logging.DEBUG)
        _watch.append(watch)
        try:
            yield watch
        finally:
            _watch.pop()
            root.removeHandler(watch)
            root.setLevel(level)
            tempfile.tempdir = None
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            for number, descriptor in enumerate(descriptors, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
    for warning in warned:
        evidence.add("warning", "", str(warning.message))
    evidence.add("descriptors", "", (folder / "descriptors").read_bytes())
    for path in temporary.rglob("*"):
        evidence.add("temporary", "at the end", str(path))
        watch.keep(path)

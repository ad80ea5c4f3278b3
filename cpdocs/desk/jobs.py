"""Work in a process of its own, in the name of who is logged in: what takes long, and what reads a file that somebody
brought. This process never parses one, and goes on answering.

The process is ``job_process``. What it is given comes by its standard input, the PIN and the file too, and nothing by
argument, environment or disk; what it says is JSON, a line at a time: how far it is, then what came of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cpdocs import errors
from cpdocs.errors import CpdocsError, Defect, Problem
from cpdocs.sandbox.run import python_path

_LONGEST_LINE = 64 * 1024**2
_NOT_KEPT = frozenset({"token_pin"})
"""What the process is told and the desk keeps no longer than that."""
_FAULTS = {each.__name__: each for each in vars(errors).values() if isinstance(each, type)}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody brought: its name, as it may stand in a message, and its bytes."""

    name: str
    data: bytes


class Job:
    """One piece of work ``what`` (``job_work.JOBS``) in the workspace ``root``, with what was ``said`` of it, in the
    name of ``person``, whose ``pin`` was proven. ``here`` is the part of the desk that it belongs to, ``back`` the page
    to go on from."""

    def __init__(
        self,
        root: Path,
        person: str,
        pin: bytes,
        what: str,
        said: Mapping[str, str],
        upload: Upload | None,
        *,
        here: str,
        back: str,
    ) -> None:
        self.what, self.upload = what, upload
        self.said = {name: text for name, text in said.items() if name not in _NOT_KEPT}
        self.here, self.back = here, back
        self.done = self.of = 0
        self.result: dict[str, Any] | None = None
        self.fault: CpdocsError | None = None
        self._over = Event()
        order = {
            "workspace": str(root),
            "person": person,
            "pin": pin.hex(),
            "what": what,
            "said": dict(said),
            "file": upload.name if upload else None,
        }
        environment = dict(os.environ)
        environment["PYTHONPATH"] = python_path()
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from cpdocs.desk.job_process import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
        )
        Thread(target=self._follow, args=(json.dumps(order).encode(),), name=f"job {what}", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self._over.is_set()

    def wait(self, seconds: float) -> None:
        """Until it is over, or so long."""
        self._over.wait(seconds)

    def _follow(self, order: bytes) -> None:
        given, said = self._process.stdin, self._process.stdout
        assert given is not None
        assert said is not None
        try:
            given.write(order + b"\n")
            if self.upload:
                given.write(self.upload.data)
            given.close()
            while line := said.readline(_LONGEST_LINE):
                self._hear(json.loads(line))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._process.kill()
        finally:
            said.close()
            self._process.wait()
            if self.result is None and self.fault is None:
                self.fault = Defect(
                    "The work broke off.", todo="What was recorded is on record; look, then do the rest again."
                )
            self._over.set()

    def _hear(self, said: dict[str, Any]) -> None:
        if "done" in said:
            self.done, self.of = int(said["done"]), int(said["of"])
        elif "result" in said:
            self.result = dict(said["result"])
        else:
            self.fault = fault_from(said["fault"])


def fault_to(error: CpdocsError) -> dict[str, Any]:
    """An error as JSON, for :func:`fault_from`."""
    problems = [[each.code, each.message, each.where, each.todo] for each in error.problems]
    return {"kind": type(error).__name__, "message": error.message, "todo": error.todo, "problems": problems}


def fault_from(told: dict[str, Any]) -> CpdocsError:
    """The error that another process met."""
    kind = _FAULTS.get(told["kind"], CpdocsError)
    if not issubclass(kind, CpdocsError):
        kind = Defect
    return kind(told["message"], todo=told["todo"], problems=[Problem(*each) for each in told["problems"]])

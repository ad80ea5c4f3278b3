"""The process that does one job of the desk (``jobs``) and ends: the use case that a command would call, in the name of
the person that the desk logged in."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cpdocs.desk.defects import defect_of
from cpdocs.desk.jobs import fault_to
from cpdocs.errors import CpdocsError

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}")
_BROUGHT = "the-file-that-was-brought"
"""What the file is called on this machine: its own name may be a member's, and stands in answers alone."""


def main() -> None:
    """Reads what is to be done, does it, says what came of it."""
    given, said = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints is no answer.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nowhere, number)

    order = json.loads(given.readline())
    called = json.dumps(order["file"] or "")[1:-1]

    def say(**words: Any) -> None:
        said.write(json.dumps(words).replace(_BROUGHT + _suffix(order["file"]), called).encode() + b"\n")
        said.flush()

    try:
        result = _do(order, given, lambda done, of: say(done=done, of=of))
    except CpdocsError as error:
        say(fault=fault_to(error))
    except Exception as error:  # noqa: BLE001 its text may hold member data
        say(fault=fault_to(defect_of(error)))
    else:
        say(result=result)
    said.close()


def _do(order: dict[str, Any], given: BinaryIO, tell: Any) -> dict[str, Any]:
    from cpdocs.desk.job_work import JOBS, Order
    from cpdocs.wiring import open_workspace

    pin = bytes.fromhex(order["pin"])
    with _file(order["file"], given) as file:
        ws = open_workspace(Path(order["workspace"]), person=order["person"])
        try:
            if not ws.sandbox:
                ws.ledger.acts_for(order["person"])
            return JOBS[order["what"]](ws, Order(order["said"], file, lambda: pin, tell))
        finally:
            ws.close()


@contextmanager
def _file(name: str | None, given: BinaryIO) -> Iterator[Path | None]:
    """The file that came, in memory alone, under a path that ends as its name does."""
    if name is None:
        yield None
        return
    held = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(held), "wb") as out:
            while part := given.read(1 << 20):
                out.write(part)
        with tempfile.TemporaryDirectory(prefix="cpdocs-") as folder:
            path = Path(folder) / (_BROUGHT + _suffix(name))
            path.symlink_to(f"/proc/{os.getpid()}/fd/{held}")
            yield path
    finally:
        os.close(held)


def _suffix(name: str | None) -> str:
    suffix = Path(name or "").suffix
    return suffix.lower() if _SUFFIX.fullmatch(suffix) else ""

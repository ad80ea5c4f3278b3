"""Returned files that hold others: what is in a mail or an archive is taken in as returns of its own.

The wrapper keeps its own record, bytes and all. Where everything in it could be taken out and it says nothing itself,
it is closed by itself; else it waits for a person, who reads the message or asks for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.return_record import CLOSED
from cpdocs.intake.unwrapping import Unwrapped, is_wrapped
from cpdocs.returns.records import the_return
from cpdocs.returns.settled import resolved
from cpdocs.sandbox.run import Stopped, run_sandboxed

if TYPE_CHECKING:
    from cpdocs.core.return_record import ReturnRecord
    from cpdocs.workspace import Workspace

SECONDS = 20.0
MEGABYTES = 1024
OPENED = "opened: what it held was taken in on its own"
_A_GREETING = 40
"""Letters of its own up to which a mail says nothing that a person must read: "Attached, thank you"."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The SHA-256 of each file that was taken out of one, and whether that leaves nothing of it for a person."""

    files: tuple[str, ...] = ()
    nothing_left: bool = False


def take_out(ws: Workspace, sha256: str) -> TakenOut:
    """Stores what a stored file holds, if it is one that holds others. Recorded is nothing."""
    found = unwrapped(ws, ws.blobs.get(sha256)) if _may_be_opened(ws, sha256) else None
    if found is None:
        return TakenOut()
    files = tuple(dict.fromkeys(ws.blobs.put(data) for data in found.files))
    return TakenOut(files, bool(files) and not (found.problem or found.left) and found.letters <= _A_GREETING)


def unwrapped(ws: Workspace, data: bytes) -> Unwrapped | None:
    """What ``data`` holds; None where it is no file that holds others. Looked for in a confined child."""
    if not is_wrapped(data):
        return None
    try:
        found: Unwrapped = run_sandboxed(
            "cpdocs.intake.unwrapping:unwrap",
            data,
            most_bytes=ws.options.max_return_bytes,
            seconds=SECONDS,
            megabytes=MEGABYTES,
        )
    except Stopped:
        return Unwrapped(problem="limit")
    return found


def close(ws: Workspace, parts: tuple[ReturnRecord, ...], reason: str) -> tuple[ReturnRecord, ...]:
    """Ends what waits of a wrapper of which nothing is left, for a reason in words; gives its parts anew."""
    with ws.ledger.write() as tx:
        for part in the_return(tx, parts[0].sha256):
            if part.waiting:
                tx.append(resolved(part, part.document_id, CLOSED, reason, ()))
        return the_return(tx, parts[0].sha256)


def _may_be_opened(ws: Workspace, sha256: str) -> bool:
    return ws.blobs.path(sha256).stat().st_size <= ws.options.max_return_bytes

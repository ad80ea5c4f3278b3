"""Time stamps on checkpoints: a token of an outside authority (RFC 3161) over the signed note, kept beside it.

    state/checkpoints/1207.txt    the checkpoint
    state/checkpoints/1207.tsr    the token over exactly those bytes

It shows that the checkpoint, and so every event under it, was there at that time: whoever rewrites the ledger later,
with its key, gets no token of that time. A checkpoint without one is a checkpoint all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cpdocs.errors import CpdocsError, Problem
from cpdocs.ledger.blobs import write_durably
from cpdocs.system.durable import read_plain
from cpdocs.workspace import Workspace

_ENDING = ".tsr"


@dataclass(frozen=True, slots=True)
class CheckpointStamp:
    """The token's file, or why there is none; neither where no authority is set."""

    file: Path | None = None
    why_not: CpdocsError | None = None


def stamp(ws: Workspace, note: str, checkpoint: Path) -> CheckpointStamp:
    """Asks the authority of [signing] tsa_url for a token over ``note``, once for each file of one. Raises only where
    the disk refuses."""
    if not ws.options.tsa_url:
        return CheckpointStamp()
    from cpdocs.signing.timestamps import TimestampUnavailable, UrlTimeStamper, token_over

    file = checkpoint.with_suffix(_ENDING)
    if not file.exists():
        try:
            token = token_over(note.encode(), UrlTimeStamper(ws.options.tsa_url))
        except TimestampUnavailable as error:
            return CheckpointStamp(why_not=error)
        write_durably(file, token)
    return CheckpointStamp(file)


def wrong_tokens(folder: Path) -> list[Problem]:
    """The tokens in the folder of checkpoints that aren't over the checkpoint that they lie beside."""
    files = sorted(folder.glob(f"*{_ENDING}")) if folder.is_dir() else []
    if not files:
        return []
    from cpdocs.signing.timestamps import TokenInvalid, read_token

    problems = []
    for file in files:
        try:
            read_token(read_plain(file), read_plain(file.with_suffix(".txt")))
        except (TokenInvalid, OSError) as error:
            message = (
                error.message
                if isinstance(error, TokenInvalid)
                else "A time-stamp token or its checkpoint can't be read."
            )
            problems.append(Problem("timestamp_invalid", message, f"{folder.name}/{file.name}"))
    return problems

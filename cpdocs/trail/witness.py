"""What a second organization does with our checkpoints: it signs one only where it continues what it signed last.

A witness needs no workspace: its key, the ledger's public key, and a file in which it remembers the last checkpoint.
That one is told apart from a forgery by the witness's own signature on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cpdocs.errors import AnswerIsNo, InputFault
from cpdocs.ledger.blobs import write_durably
from cpdocs.ledger.checkpoint import CheckpointInvalid, unverified_checkpoint, verify_checkpoint
from cpdocs.ledger.tree import Head, verify_consistency
from cpdocs.ledger.witness import (
    Request,
    Verifier,
    Witness,
    cosign,
    cosigned_at,
    new_witness,
    read_log_key,
    read_request,
    read_witness,
)
from cpdocs.system.durable import read_plain
from cpdocs.workspace import Workspace

_TELL = "Sign nothing, keep both checkpoints, and call the organization's compliance officer."


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that a witness signed: the whole note, its head, and the size that was signed before (0: the
    first)."""

    note: str
    head: Head
    before: int


def make_key(file: Path, name: str) -> Verifier:
    """Makes a witness's key in ``file`` (0600, never over another); gives its public part."""
    witness = new_witness(name)
    write_durably(file, f"{witness.text()}\n".encode())
    return witness.verifier


def witness_request(ws: Workspace, note: str, since: int) -> str:
    """What is sent to a witness that signed ``since`` events last: ``note`` with the proof that it continues that.

    Raises InputFault where the ledger has fewer events than the witness has seen.
    """
    size = unverified_checkpoint(note).head.size
    if since > size:
        raise InputFault(
            f"The witness has seen {since} events, and this ledger has {size}.",
            todo=(
                "Run `cpdocs audit verify --against` with the witness's checkpoint: either it is another "
                "ledger's, or events are lost."
            ),
        )
    proof = ws.ledger.consistency_proof(since, size) if 0 < since < size else ()
    return Request(since, proof, note).text()


def sign_as_witness(text: str, key: Path, memory: Path, log_key: str, at: datetime) -> Cosigned:
    """Signs the checkpoint in ``text`` as the witness whose key is in ``key``, and remembers it in ``memory``, first.

    ``log_key`` is the ledger's public key, as its owner published it. Raises CheckpointInvalid where the checkpoint
    isn't the ledger's, AnswerIsNo where it doesn't continue the one signed last, InputFault where something can't be
    read.
    """
    witness, log = read_witness(_text(key)), read_log_key(log_key)
    request = read_request(text)
    checkpoint = verify_checkpoint(request.note, [log.public])
    if checkpoint.origin != log.name:
        raise CheckpointInvalid(
            "A checkpoint is of a ledger of another name.", todo="Give the key that its owner published for that name."
        )
    last = _remembered(memory, witness, log)
    if last is not None:
        _check_continues(last, checkpoint.head, request)
    note = cosign(request.note, witness, at)
    write_durably(memory, note.encode(), overwrite=True)
    return Cosigned(note, checkpoint.head, last.size if last else 0)


def _check_continues(last: Head, new: Head, request: Request) -> None:
    if new.size < last.size:
        raise AnswerIsNo(
            (
                f"This checkpoint is over {new.size} events; the one signed last is over {last.size}. It was cut "
                "off, or is an old one."
            ),
            todo=_TELL,
        )
    if new.size == last.size:
        if new.root != last.root:
            raise AnswerIsNo(
                f"This checkpoint is over other {new.size} events than those signed last: they were rewritten.",
                todo=_TELL,
            )
        return
    if request.old != last.size:
        raise InputFault(
            f"The proof leads from {request.old} events; {last.size} were signed last.",
            todo=f"Ask for one with `cpdocs audit checkpoint --since {last.size}`.",
        )
    if not verify_consistency(last, new, request.proof):
        raise AnswerIsNo(
            (
                f"This checkpoint doesn't continue the {last.size} events signed last: they were rewritten, or it "
                "is another ledger."
            ),
            todo=_TELL,
        )


def _remembered(memory: Path, witness: Witness, log: Verifier) -> Head | None:
    if not memory.exists():
        return None
    note = _text(memory)
    if cosigned_at(note, witness.verifier) is None:
        raise InputFault(
            "What this witness remembers isn't signed by it.",
            todo="Find the right memory file, or restore it from its copy.",
        )
    return verify_checkpoint(note, [log.public]).head


def _text(file: Path) -> str:
    try:
        return read_plain(file).decode()
    except (OSError, UnicodeDecodeError):
        raise InputFault(f"{file} can't be read.", todo="Check the name and its permissions.") from None

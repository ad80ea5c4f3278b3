"""The trail as files that anybody can check without cpdocs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from cpdocs.errors import UsageFault
from cpdocs.ledger.blobs import write_durably
from cpdocs.ledger.checkpoint import load_checkpoint_key, public_bytes, unverified_checkpoint, verifier_key
from cpdocs.ledger.tree import Head
from cpdocs.people.access import record_access
from cpdocs.system.durable import stream_durably
from cpdocs.trail.audit import sign_now
from cpdocs.workspace import Workspace

_README = """\
The trail of a cpdocs ledger
============================

events.jsonl      every event, one a line, oldest first; a line's text is the event's exact recorded text (RFC 8785)
checkpoints/      signed checkpoints, <number>-<size>.txt: how many events there were, and the root over them
consistency.json  for each checkpoint and the next: the hashes that show the one's tree to be the beginning of
                  the other's
public-key.txt    the key that signed the checkpoints, as tools for signed notes take it; the last checkpoint is
                  checkpoint.txt
verify.py         does all of what follows: python verify.py [checkpoint kept elsewhere ...]
                  It needs Python 3.11 or newer, and for the signatures the package "cryptography". Exit status:
                  0 proven; 1 something is wrong; 2 not proven, since a part is missing or can't be checked here
{sandbox}
To check the trail without cpdocs:

1. Each line, without its newline, is an entry of a Merkle tree (RFC 9162 section 2.1): leaf = SHA-256(0x00 || line),
   node = SHA-256(0x01 || left || right), the left part holding the largest power of two below the number of leaves.
2. A checkpoint's second line is a number n and its third the base64 root over the first n lines. It must be the same.
3. A checkpoint's last line ends in base64(4 bytes of key id || Ed25519 signature) over all before
   the blank line. Lines that begin with "since" are consistency proofs from earlier sizes.
4. Compare checkpoint.txt with one that was kept elsewhere: a trail can be rewritten and signed again by whoever has
   this machine and its key, and only a checkpoint out of their reach shows it. Events after the last such
   checkpoint aren't proven.

This folder holds members' data. Keep it as you keep the charts.
"""

VERIFIER = "verify_export.py"
"""The program that an export carries as verify.py: a module of this package, written out byte for byte."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the folder, the tree that it holds, and how many checkpoints."""

    folder: Path
    head: Head
    checkpoints: int


def export_trail(ws: Workspace, folder: Path, how: str = "audit export") -> Exported:
    """Writes the whole trail, up to a checkpoint signed now, into ``folder``, which must be new or empty.

    ``how`` is the command, by which the export is recorded before it begins. Raises UsageFault where the folder isn't
    so, WorkspaceFault where the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageFault(f"{folder} isn't an empty folder.", todo="Name a new folder; nothing is ever written over.")
    record_access(ws, how)
    signed = sign_now(ws)
    notes = ws.ledger.checkpoints()
    stream_durably(folder / "events.jsonl", _lines(ws, signed.head.size))
    heads = []
    for number, note in enumerate(notes, start=1):
        head = unverified_checkpoint(note).head
        heads.append(head)
        write_durably(folder / "checkpoints" / f"{number:06}-{head.size}.txt", note.encode())
    public = public_bytes(load_checkpoint_key(ws.paths.keys / "checkpoint.key"))
    origin = ws.options.checkpoint_origin
    write_durably(folder / "checkpoint.txt", signed.note.encode())
    write_durably(folder / "public-key.txt", f"{verifier_key(origin, public)}\n".encode())
    write_durably(folder / "consistency.json", json.dumps(_consistency(ws, heads), indent=1).encode() + b"\n")
    mark = "\nThis ledger is a SANDBOX's: invented data, and a clock that may have been set.\n" if ws.sandbox else ""
    write_durably(folder / "verify.py", files("cpdocs.trail").joinpath(VERIFIER).read_bytes())
    # Last, so that a folder with a README is a whole one.
    write_durably(folder / "README.txt", _README.format(sandbox=mark).encode())
    return Exported(folder, signed.head, len(notes))


def _lines(ws: Workspace, size: int) -> Iterator[bytes]:
    for seq, text in ws.ledger.texts():
        if seq > size:
            return
        yield text.encode() + b"\n"


def _consistency(ws: Workspace, heads: list[Head]) -> list[dict[str, Any]]:
    return [
        {
            "first": first.size,
            "second": second.size,
            "proof": [node.hex() for node in ws.ledger.consistency_proof(first.size, second.size)],
        }
        for first, second in pairwise(heads)
        if 0 < first.size < second.size
    ]

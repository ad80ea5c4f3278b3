"""Checks a package that was built here or elsewhere: whole, signed, plain, and its trail proven by its own
checkpoint."""

from __future__ import annotations

from pathlib import Path

from cpdocs.errors import Problem
from cpdocs.filing.check import check_package
from cpdocs.filing.trail import read_trail
from cpdocs.ledger.checkpoint import CheckpointInvalid, verify_checkpoint
from cpdocs.ledger.tree import leaf_hash, verify_inclusion
from cpdocs.system.durable import read_plain

TRAIL = "audit.jsonl"


def verify_package(folder: Path, public_key: bytes) -> list[Problem]:
    """Every fault of the package in ``folder``; empty where it is as it was built.

    It takes the package and the organization's public key (32 raw bytes), nothing else. Raises OSError where the folder
    can't be listed.
    """
    return check_package(folder, public_key) + _check_trail(folder / TRAIL, public_key)


def _check_trail(file: Path, public_key: bytes) -> list[Problem]:
    """Whether each event of the trail is proven by the checkpoint in it, and that signed by the organization."""
    try:
        head, entries = read_trail(read_plain(file))
    except OSError:
        return []  # the manifest names it, and its absence is told there
    except ValueError:
        return [Problem("trail_damaged", "the audit trail can't be read.", TRAIL)]
    try:
        checkpoint = verify_checkpoint(str(head["checkpoint"]), [public_key])
    except CheckpointInvalid as error:
        return [Problem("trail_checkpoint_invalid", error.message, TRAIL)]
    return [
        Problem("trail_unproven", f"event {entry.seq} isn't shown to be in the ledger.", TRAIL)
        for entry in entries
        if not verify_inclusion(leaf_hash(entry.text.encode()), entry.seq - 1, checkpoint.head, entry.proof)
    ]

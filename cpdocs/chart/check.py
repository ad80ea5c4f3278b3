"""Checks a package that was built here or elsewhere: whole, signed, plain, and its trail proven by its own
checkpoint."""

from __future__ import annotations

from pathlib import Path

from cpdocs.core.file_kind import kind_of
from cpdocs.errors import InputFault, Problem
from cpdocs.filing.check import Folder, InMemory, Packed, check_package
from cpdocs.filing.trail import read_trail
from cpdocs.ledger.checkpoint import CheckpointInvalid, verify_checkpoint
from cpdocs.ledger.tree import leaf_hash, verify_inclusion
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.system.durable import read_plain

TRAIL = "audit.jsonl"
_SECONDS = 60.0
_MEGABYTES = 1024


def verify_package(place: Path, public_key: bytes) -> list[Problem] | None:
    """Every fault of the package in a folder or a ZIP; empty where it is as it was built, None where a file is no
    ZIP of one.

    It takes the package and the organization's public key (32 raw bytes), nothing else. Raises OSError where it can't
    be read, InputFault where a ZIP can't be opened within the limits.
    """
    package: Packed = Folder(place)
    if not place.is_dir():
        files = _zipped(place)
        if files is None:
            return None
        package = InMemory(files)
    return check_package(package, public_key) + _check_trail(package, public_key)


def _zipped(file: Path) -> dict[str, bytes] | None:
    """The files in a ZIP, opened in a confined child; None where it is none of a package."""
    data = read_plain(file)
    if kind_of(data) != "zip":
        return None
    try:
        found: dict[str, bytes] | str = run_sandboxed(
            "cpdocs.filing.zipped:read_zip", data, seconds=_SECONDS, megabytes=_MEGABYTES
        )
    except Stopped:
        found = "limit"
    if isinstance(found, str):
        if found == "other":
            return None
        why = "is larger than can be checked so" if found == "limit" else "is damaged"
        raise InputFault(f"The ZIP {why}.", todo="Unpack it into an empty folder and check that.")
    return found


def _check_trail(package: Packed, public_key: bytes) -> list[Problem]:
    """Whether each event of the trail is proven by the checkpoint in it, and that signed by the organization."""
    try:
        head, entries = read_trail(package.read(TRAIL))
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

"""A ledger's move from this machine's file into a database that several machines share.

1. Nobody else may append while it lasts.
2. Every event goes over byte for byte, every checkpoint as it is; the database's tree must have the file's root, or
   nothing is there.
3. The database is audited as it stands, through a connection of its own.
4. The file is closed to appends for good: a watcher that has it open still is stopped by that.
5. cpdocs.toml names the database; the file gets another name.

A kill between any two leaves one ledger that can be appended to, or none until the move is asked for again: then it
goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cpdocs.errors import AnswerIsNo, Problem
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.blobs import OutputExists
from cpdocs.ledger.checkpoint import load_checkpoint_key, public_bytes
from cpdocs.ledger.copying import copy_into, notes_of, reading
from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.reading import head_of
from cpdocs.ledger.rows import driver_of
from cpdocs.ledger.sqlite_backend import close_for_good
from cpdocs.ledger.tree import Head
from cpdocs.system.durable import disk_fault, fsync_folder
from cpdocs.workspace import Paths

RETIRED = "ledger.moved.db"


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the tree, how many checkpoints, and where the old file is kept."""

    head: Head
    checkpoints: int
    old: Path


def move(paths: Paths, url: str, switch: Callable[[], None]) -> Moved:
    """Moves the ledger into the database at ``url``; ``switch`` makes the settings name it, once all is proven.

    Raises LedgerMissing where there is no file, AnswerIsNo where the database doesn't hold exactly the file's ledger
    afterwards (then nothing is switched), Busy, WorkspaceFault.
    """
    if not paths.ledger.is_file():
        raise LedgerMissing(
            f"There is no ledger at {paths.ledger}.", todo="Restore it from a backup before it is moved."
        )
    public = public_bytes(load_checkpoint_key(paths.keys / "checkpoint.key"))
    with reading(paths.ledger, exclusively=True) as source:
        head, notes = head_of(driver_of(source)), notes_of(source)
        with suppress(OutputExists):  # of an earlier try: then it must be the same
            copy_into(source, url)
        _prove_same(url, public, head, notes)
        close_for_good(source)
    switch()
    old = paths.state / RETIRED
    try:
        # The sums of its pages as of before it was closed would only confuse.
        paths.ledger.with_suffix(".pages").unlink(missing_ok=True)
        paths.ledger.rename(old)
        for leftover in ("ledger.lock", "ledger.db-wal", "ledger.db-shm"):
            (paths.state / leftover).unlink(missing_ok=True)
        fsync_folder(paths.state)
    except OSError as error:
        raise disk_fault(error, paths.state) from error
    return Moved(head, len(notes), old)


def _prove_same(url: str, public: bytes, head: Head, notes: list[str]) -> None:
    record = read_record(url, [public], ())
    problems = list(record.problems)
    if (record.size, record.root) != (head.size, head.root):
        problems.append(
            Problem("tree_differs", f"It holds {record.size} events, the file {head.size}; or others.", record.where)
        )
    if list(record.notes.values()) != notes:
        problems.append(Problem("checkpoints_differ", "It holds other checkpoints than the file.", record.where))
    if problems:
        raise AnswerIsNo(
            "The database doesn't hold this ledger, or not only this one; nothing was switched, the file still holds.",
            problems=problems,
            todo="See what is there; where it isn't needed, drop its schema 'cpdocs', then move again.",
        )

"""A copy of the ledger while others write to it: the database's own backup interface, in one read transaction."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from cpdocs.ledger.durable import disk_fault
from cpdocs.ledger.pages import file_state, settle, sums_path
from cpdocs.ledger.schema import faults_named

_BUSY_SECONDS = 15.0


def snapshot(ledger: Path, target: Path) -> int:
    """Copies the SQLite ledger to ``target``, a new file, with the sums of its pages beside it; gives how many events it holds.

    Nobody waits meanwhile: in WAL mode a reader holds no writer up. Raises Busy, LedgerDamaged, WorkspaceFault.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise disk_fault(error, target.parent) from error
    with faults_named(ledger):
        uri = f"file:{quote(str(ledger))}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as source, closing(sqlite3.connect(target)) as copy:
            source.execute("PRAGMA query_only=ON")
            source.backup(copy, pages=-1)
    settle(target, lambda: None)
    with faults_named(target):
        size, _ = file_state(target)
    for leftover in (f"{target}-wal", f"{target}-shm", target.with_suffix(".lock")):
        Path(leftover).unlink(missing_ok=True)
    assert sums_path(target).is_file()
    return size

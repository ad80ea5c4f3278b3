"""A copy of the ledger, wherever it lives, as a file of its own: for a backup, made while others write."""

from __future__ import annotations

from pathlib import Path

from cpdocs.ledger.address import Place
from cpdocs.ledger.copying import copy_ledger
from cpdocs.ledger.pages import file_state, sums_path
from cpdocs.ledger.sqlite_backend import backed_up
from cpdocs.ledger.sqlite_file import FaultsNamed


def snapshot(ledger: Place, target: Path) -> int:
    """Copies the ledger to ``target``, a new SQLite file, with the sums of its pages beside it; gives how many events
    it holds.

    Nobody waits meanwhile. Raises Busy, LedgerDamaged, WorkspaceFault.
    """
    if isinstance(ledger, Path):
        backed_up(ledger, target)
    else:
        copy_ledger(ledger, target)
    with FaultsNamed(target):
        size, _ = file_state(target)
    for leftover in (f"{target}-wal", f"{target}-shm", target.with_suffix(".lock")):
        Path(leftover).unlink(missing_ok=True)
    assert sums_path(target).is_file()
    return size

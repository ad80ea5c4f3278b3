"""The file of a ledger in SQLite, opened by the driver alone: for whoever only reads, and under whoever writes.

A ledger file is let go of by the last store of a process that has it open: then its pages are summed (``pages``).
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from cpdocs.errors import Busy, WorkspaceFault
from cpdocs.ledger.faults import DAMAGED_TODO, LedgerDamaged
from cpdocs.ledger.pages import settle

MOVED = "this ledger has moved"
_MOVED_TODO = (
    "Start this command again; where cpdocs.toml doesn't name the database yet, run `cpdocs audit move` again."
)

_users: Counter[Path] = Counter()
"""How many stores of this process have each ledger open: then its file must not be opened beside SQLite."""


_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "trusted_schema=OFF", "cell_size_check=ON")
"""Freed bytes are overwritten with zeros (secure_delete)."""
_NO_ROOM = frozenset(
    {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMMAP, sqlite3.SQLITE_FULL}
    | {sqlite3.SQLITE_IOERR_WRITE}
)
"""What SQLite says where the disk has no room for the index that its readers share."""


def connect(path: Path, busy_seconds: float, *, reading: bool = False) -> sqlite3.Connection:
    """A connection to the file ``path``, which must exist; the caller begins and ends its transactions.

    With ``reading``, a full disk keeps nobody from reading: where there is no room for the index that readers share,
    nobody else has the ledger open, and it is read without one.
    """
    try:
        return _connected(path, busy_seconds, "mode=rw")  # what is set on it opens the file already
    except sqlite3.OperationalError as error:
        if not reading or error.sqlite_errorcode not in _NO_ROOM:
            raise
    return _without_room(path, busy_seconds)


def _without_room(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection that needs no room on the disk. What was committed and not yet written into the file itself is
    written there first; where that needs room too, this connection alone reads it."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        alone = _connected(path, busy_seconds, "mode=rw", alone=True)
        try:
            alone.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in _NO_ROOM:
                raise
        if log.exists() and log.stat().st_size:
            return alone
        alone.close()
    return _connected(path, busy_seconds, "mode=ro&immutable=1")


def _connected(path: Path, busy_seconds: float, how: str, *, alone: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{how}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if alone:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def hold(path: Path) -> None:
    """Notes that a store of this process has the file open."""
    _users[path.resolve()] += 1


def in_use_here(path: Path) -> bool:
    """Whether a store of this process has the file open."""
    return _users[path.resolve()] > 0


def let_go(path: Path, process: int, release: Callable[[], None]) -> None:
    """``release`` closes what a store of ``process`` had open; the last one sums the file's pages."""
    _users[path.resolve()] -= 1
    if in_use_here(path) or process != os.getpid():
        release()
    else:
        settle(path, release)


class FaultsNamed:
    """Turns SQLite's errors in the block into errors for a person; none of their text (which may hold values) is
    kept."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cause = getattr(error, "orig", error)  # SQLAlchemy's errors carry the driver's own
        if isinstance(cause, sqlite3.Error):
            raise _named(cause, self._path) from None


def _named(error: BaseException | None, path: Path) -> Busy | WorkspaceFault:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(
            f"Another process holds the ledger {path}.", todo="Wait until it is done, then run the command again."
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamaged(f"The ledger {path} is damaged.", todo=DAMAGED_TODO)
    if code == sqlite3.SQLITE_FULL:
        return WorkspaceFault(
            f"The disk that holds the ledger {path} is full; nothing was recorded.",
            todo="Free some space and run the command again.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return WorkspaceFault(
            f"The disk reports an error at the ledger {path}; nothing was recorded.",
            todo="Check the disk and the space left on it.",
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return WorkspaceFault(
            f"The ledger {path} can't be opened for writing.",
            todo="Give the folder back to the user who runs cpdocs, with mode 0700.",
        )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name == "SQLITE_CONSTRAINT_TRIGGER" and str(error) == MOVED:
        return WorkspaceFault(f"The ledger {path} was moved into a database.", todo=_MOVED_TODO)
    return LedgerDamaged(f"The ledger {path} doesn't work as a ledger ({name}).", todo=DAMAGED_TODO)

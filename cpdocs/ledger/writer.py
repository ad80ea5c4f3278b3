"""Who records events in a ledger that is there: in a file by the driver alone, in a database through its home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cpdocs.ledger import sqlite_file
from cpdocs.ledger.address import Place
from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.reader import MISSING_TODO, Pool
from cpdocs.ledger.reading import Driver

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from cpdocs.ledger.backends import Backend


class Writer(Protocol):
    """Who writes one ledger. Safe for several threads."""

    def writing(self) -> AbstractContextManager[Driver]:
        """A transaction under the one write lock, committed where the block ends well."""
        ...

    def close(self) -> None:
        """Ends the connections that are its own."""
        ...


class SqliteWriter(Pool):
    """Writes the ledger in the file ``path``. SQLAlchemy's way to the driver and back would cost an event half of its
    durable commit, and its import a short command half of its time."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        super().__init__()
        self._path = path
        self._busy_seconds = busy_seconds

    def open(self) -> Driver:
        """Raises LedgerMissing where the file went away meanwhile."""
        if not self._path.is_file():
            raise LedgerMissing(f"There is no ledger at {self._path}.", todo=MISSING_TODO)
        return Driver(sqlite_file.connect(self._path, self._busy_seconds))

    @contextmanager
    def writing(self) -> Iterator[Driver]:
        """A transaction under the one write lock, committed where the block ends well. Each thread that writes at the
        same time has a connection of its own, which is kept for the next transaction."""
        with self.borrowed() as driver:
            try:
                driver.execute("BEGIN IMMEDIATE")
                yield driver
                driver.connection.commit()
            except BaseException:
                driver.end()  # also where the connection is kept: a generator was let go of in the middle
                raise


class DatabaseWriter:
    """Writes the ledger in a database through the engine that its home opened, whose connections are the home's."""

    def __init__(self, opened: Callable[[], tuple[Backend, Engine]]) -> None:
        self._opened = opened

    @contextmanager
    def writing(self) -> Iterator[Driver]:
        from cpdocs.ledger.rows import driver_of

        home, engine = self._opened()
        with home.writing(engine) as connection:
            yield driver_of(connection)

    def close(self) -> None:
        """Nothing here is its own."""


def writer_of(place: Place, busy_seconds: float, opened: Callable[[], tuple[Backend, Engine]]) -> Writer:
    """Who writes the ledger at ``place``; ``opened`` gives a database's home and engine."""
    return SqliteWriter(place, busy_seconds) if isinstance(place, Path) else DatabaseWriter(opened)

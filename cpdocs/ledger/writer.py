"""Who records events in a ledger that is there, by the driver alone: SQLAlchemy's way to the driver and back would cost
an event half of its durable commit, and its import a short command half of its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cpdocs.ledger import sqlite_file
from cpdocs.ledger.address import Place
from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.reader import MISSING_TODO, Pool
from cpdocs.ledger.reading import Driver

if TYPE_CHECKING:
    import psycopg


class Writer(Protocol):
    """Who writes one ledger. Safe for several threads."""

    def writing(self) -> AbstractContextManager[Driver]:
        """A transaction under the one write lock, committed where the block ends well."""
        ...

    def close(self) -> None:
        """Ends the connections that are its own."""
        ...


class SqliteWriter(Pool):
    """Writes the ledger in the file ``path``."""

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


class PostgresWriter(Pool):
    """Writes the ledger in the database at ``url``. Raises WorkspaceFault for an address that can't be used."""

    def __init__(self, url: str, busy_seconds: float) -> None:
        from cpdocs.ledger.address import checked_address

        super().__init__()
        self._conninfo = checked_address(url)
        self._busy_seconds = busy_seconds

    def open(self) -> Driver:
        return Driver(self._connected(), "%s")

    def _connected(self) -> psycopg.Connection:
        from cpdocs.ledger.postgres_connection import connect

        return connect(self._conninfo, self._busy_seconds)

    @contextmanager
    def writing(self) -> Iterator[Driver]:
        """A transaction that holds the row of ``tree_head``, committed where the block ends well; else its connection
        is ended, and nothing of it is left. Each thread that writes at the same time has a connection of its own, which
        is kept for the next transaction."""
        from cpdocs.ledger.postgres_connection import once_more

        with self.borrowed() as driver:
            try:
                once_more(driver, self._connected, lambda: driver.execute("SELECT id FROM tree_head FOR UPDATE"))
                yield driver
                driver.connection.commit()
            except GeneratorExit:
                driver.end()  # the connection is kept
                raise


def writer_of(place: Place, busy_seconds: float) -> Writer:
    """Who writes the ledger at ``place``. Raises WorkspaceFault for an address that can't be used."""
    return SqliteWriter(place, busy_seconds) if isinstance(place, Path) else PostgresWriter(place, busy_seconds)

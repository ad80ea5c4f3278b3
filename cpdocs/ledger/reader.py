"""Connections of the driver alone to a ledger that is there, for reading: a file's, or a database's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from cpdocs.ledger import sqlite_file
from cpdocs.ledger.address import Place
from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.reading import Driver

MISSING_TODO = "Restore it from a backup; a ledger that is made anew would know nothing of what was done."


class Reader(Protocol):
    """Who reads one ledger. Safe for several threads: each block of ``borrowed`` has a connection to itself."""

    def form(self) -> int | None:
        """The number of the ledger's form; None where there is none of its tables."""
        ...

    def borrowed(self) -> AbstractContextManager[Driver]:
        """A connection for the time of the block, with no transaction begun."""
        ...

    def faults_named(self) -> AbstractContextManager[None]:
        """Turns the database's errors into errors for a person."""
        ...

    def hold(self) -> None:
        """A store was opened."""
        ...

    def let_go(self, process: int, release: Callable[[], None]) -> None:
        """A store that ``process`` opened is closed: ``release`` ends whatever else it has open."""
        ...


class Pool:
    """The connections that nobody uses just now."""

    def __init__(self) -> None:
        self._idle: list[Driver] = []
        self._closed = False

    def open(self) -> Driver:
        """A new connection."""
        raise NotImplementedError

    @contextmanager
    def borrowed(self) -> Iterator[Driver]:
        """A connection for the time of the block, with no transaction begun; one that a fault was met on isn't kept."""
        driver = self._taken()
        try:
            yield driver
        except BaseException as error:
            # A generator that is let go of before its end has met no fault.
            if not isinstance(error, GeneratorExit):
                driver.connection.close()
                raise
            self._put_back(driver)
            raise
        self._put_back(driver)

    def close(self) -> None:
        """Ends every connection; one that is borrowed ends when it is given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().connection.close()

    def _taken(self) -> Driver:
        try:
            return self._idle.pop()
        except IndexError:
            return self.open()

    def _put_back(self, driver: Driver) -> None:
        if self._closed:
            driver.connection.close()
        else:
            self._idle.append(driver)


class SqliteReader(Pool):
    """Reads the ledger in the file ``path``. Raises LedgerMissing where there is none."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        super().__init__()
        if not path.is_file():
            raise LedgerMissing(
                f"There is no ledger at {path}.",
                todo=MISSING_TODO,
            )
        self._path = path
        self._busy_seconds = busy_seconds

    def open(self) -> Driver:
        return Driver(sqlite_file.connect(self._path, self._busy_seconds, reading=True))

    def form(self) -> int | None:
        with self.faults_named(), self.borrowed() as driver:
            if driver.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_version'").fetchone() is None:
                return None
            number: int | None = driver.execute("SELECT max(version) FROM schema_version").fetchone()[0]
            return number

    def faults_named(self) -> AbstractContextManager[None]:
        return sqlite_file.FaultsNamed(self._path)

    def hold(self) -> None:
        sqlite_file.hold(self._path)

    def let_go(self, process: int, release: Callable[[], None]) -> None:
        def everything() -> None:
            self.close()
            release()

        sqlite_file.let_go(self._path, process, everything)


class PostgresReader(Pool):
    """Reads the ledger in the database at ``url``. Raises WorkspaceFault for an address that can't be used."""

    def __init__(self, url: str, busy_seconds: float) -> None:
        from cpdocs.ledger.address import checked_address
        from cpdocs.ledger.postgres_connection import shown

        super().__init__()
        self._conninfo = checked_address(url)
        self._name = shown(url)
        self._busy_seconds = busy_seconds

    def open(self) -> Driver:
        from cpdocs.ledger.postgres_connection import LastingDriver, connect

        return LastingDriver(partial(connect, self._conninfo, self._busy_seconds, reading=True))

    def form(self) -> int | None:
        from psycopg.errors import UndefinedTable

        with self.faults_named(), self.borrowed() as driver:
            try:
                number: int | None = driver.execute("SELECT max(version) FROM schema_version").fetchone()[0]
            except UndefinedTable:
                return None
            return number

    def faults_named(self) -> AbstractContextManager[None]:
        from cpdocs.ledger.postgres_connection import faults_named

        return faults_named(self._name)

    def hold(self) -> None:
        """Nothing to note: a server knows who is connected."""

    def let_go(self, process: int, release: Callable[[], None]) -> None:
        del process
        self.close()
        release()


def reader_of(place: Place, busy_seconds: float) -> Reader:
    """Who reads the ledger at ``place``. Raises LedgerMissing, WorkspaceFault."""
    return SqliteReader(place, busy_seconds) if isinstance(place, Path) else PostgresReader(place, busy_seconds)

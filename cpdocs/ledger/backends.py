"""Which home a ledger has: what every database of it must be able to do, and the one that a place asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine

from cpdocs.ledger.address import Place
from cpdocs.ledger.findings import RecordAudit
from cpdocs.ledger.sqlite_backend import SqliteBackend


class Backend(Protocol):
    """One ledger's place: ``name`` is what errors call it, ``where`` what an audit's problems do."""

    name: str
    where: str

    def there(self) -> bool:
        """Whether there is a ledger."""
        ...

    def creating(self, busy_seconds: float) -> AbstractContextManager[Connection]:
        """A transaction in a new, empty ledger, which is there whole once the block ends well, else not at all."""
        ...

    def open(self, busy_seconds: float) -> Engine:
        """Connections to the ledger that is there, in this cpdocs' form; ``busy_seconds`` as for ``writing``."""
        ...

    def writing(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A transaction under the one write lock, committed where the block ends well.

        Whoever waits for the lock longer than the ``busy_seconds`` of ``open`` gets Busy.
        """
        ...

    def hold(self) -> None:
        """A store was opened."""
        ...

    def let_go(self, engine: Engine, process: int) -> None:
        """A store that ``process`` opened was closed."""
        ...

    def dispose(self, engine: Engine, process: int) -> None:
        """Closes every connection that ``process`` opened."""
        ...

    def exclusively(self, engine: Engine, name: str) -> AbstractContextManager[bool]:
        """Whether nobody else on another machine works on ``name`` now; nobody does while the block runs."""
        ...

    def faults_named(self) -> AbstractContextManager[None]:
        """Turns the database's errors into errors for a person."""
        ...

    def examined(self, audit: RecordAudit) -> AbstractContextManager[Connection | None]:
        """A connection for an audit, which changes nothing; None where there is no ledger."""
        ...

    def check_structure(self, connection: Connection, audit: RecordAudit) -> None:
        """What only this kind of database can tell about itself. Raises DBAPIError where it can't be read."""
        ...


def backend_of(place: Path | str) -> Backend:
    """The home at ``place``. Raises WorkspaceFault for an address that can't be used."""
    if isinstance(place, Path):
        return SqliteBackend(place)
    from cpdocs.ledger.postgres_backend import PostgresBackend

    return PostgresBackend(place)


__all__ = ["Backend", "Place", "backend_of"]

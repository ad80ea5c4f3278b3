"""A ledger in PostgreSQL, shared by several machines. How it is made, opened, locked and examined.

Everything lies in a schema of its own, ``cpdocs``, of the database that the address names. An append holds the row of
``tree_head`` until it is committed, so events come one after the other and leave no gaps, whichever machine they come
from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.address import checked_address
from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.findings import RESTORE, RecordAudit
from cpdocs.ledger.migrations import bring_up
from cpdocs.ledger.postgres_connection import CONNECT_SECONDS, SCHEMA, connect, faults_named, shown
from cpdocs.ledger.postgres_schema import altered, guard
from cpdocs.ledger.postgres_work_locks import work_lock, work_locks
from cpdocs.ledger.schema import form_of, make_tables
from cpdocs.system.durable import OutputExists

_ONE_MAKER = 0x6370646F6373
"""The advisory lock under which a ledger is made: "cpdocs"."""
_ELSEWHERE = "Correct [ledger] url, or restore the database from its backup."


class PostgresBackend:
    """The ledger in the database at ``url``. Raises WorkspaceFault for an address that can't be used."""

    where = "the database"

    def __init__(self, url: str) -> None:
        self._conninfo = checked_address(url)
        self.name = shown(url)

    def there(self) -> bool:
        """Raises WorkspaceFault where the database can't be asked."""
        engine = self._engine(CONNECT_SECONDS)
        try:
            with self.faults_named(), engine.connect() as connection:
                return _has_ledger(connection)
        except LedgerMissing:
            return False
        finally:
            engine.dispose()

    @contextmanager
    def creating(self, busy_seconds: float) -> Iterator[Connection]:
        """A transaction in a new ledger, whole when the block ends well, otherwise absent.

        Raises OutputExists where there is one already, WorkspaceFault where the database refuses.
        """
        engine = self._engine(busy_seconds)
        try:
            with (
                self.faults_named(),
                engine.connect().execution_options(changing=True) as connection,
                connection.begin(),
            ):
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_MAKER})")
                if _has_ledger(connection):
                    raise OutputExists(f"There is a ledger at {self.name} already; nothing was changed.")
                if connection.exec_driver_sql("SHOW server_encoding").scalar_one() != "UTF8":
                    raise WorkspaceFault(
                        "The database isn't in UTF-8.", todo="Make it with ENCODING 'UTF8' TEMPLATE template0."
                    )
                # Also where somebody with the right to do so has made an empty schema for us.
                if connection.exec_driver_sql(f"SELECT to_regnamespace('{SCHEMA}')").scalar_one() is None:
                    connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
                make_tables(connection)
                guard(connection)
                work_locks.create(connection)
                yield connection
        finally:
            engine.dispose()

    def open(self, busy_seconds: float) -> Engine:
        """Raises LedgerMissing, LedgerDamaged, Busy, or WorkspaceFault where the database refuses or a later version
        made it."""
        engine = self._engine(busy_seconds)
        with self.faults_named():
            with engine.connect() as connection:
                if not _has_ledger(connection):
                    raise LedgerMissing(f"There is no ledger at {self.name}.", todo=_ELSEWHERE)
                form = form_of(connection)
            bring_up(partial(self.writing, engine), form, self.name)
        return engine

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that holds the row of ``tree_head``, through a connection that was found to be alive."""
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            yield connection

    def hold(self) -> None:
        """Nothing to note: a server knows who is connected."""

    def let_go(self, engine: Engine, process: int) -> None:
        """As ``dispose``: a server knows who is connected."""
        self.dispose(engine, process)

    def dispose(self, engine: Engine, process: int) -> None:
        """Closes the connections; those that a fork inherited are its parent's."""
        engine.dispose(close=process == os.getpid())

    @contextmanager
    def exclusively(self, engine: Engine, name: str) -> Iterator[bool]:
        """A row that others skip (SKIP LOCKED); the database lets go of it when the block ends or its machine is
        gone."""
        with self.faults_named(), work_lock(engine, name) as mine:
            yield mine

    def faults_named(self) -> AbstractContextManager[None]:
        """Turns the database's errors into errors for a person; none of their text (which may hold values) is kept."""
        return faults_named(self.name)

    @contextmanager
    def examined(self, audit: RecordAudit) -> Iterator[Connection | None]:
        """A connection that sees one moment and changes nothing, and reads tables, not indexes; None where there is no
        ledger.

        Raises WorkspaceFault where the database can't be asked.
        """
        audit.pages_compared = None
        if not self.there():
            yield None
            return
        engine = self._engine(CONNECT_SECONDS)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def check_structure(self, connection: Connection, audit: RecordAudit) -> None:
        """The tables, indexes, constraints, functions and guards as we made them; nothing else in the schema."""
        for kind, name in altered(connection):
            audit.fault("structure_altered", f"The {kind} {name} is not as cpdocs made it.", todo=RESTORE)

    def _engine(self, busy_seconds: float) -> Engine:
        engine = create_engine(
            "postgresql+psycopg://",
            creator=partial(connect, self._conninfo, busy_seconds),
            poolclass=QueuePool,
            pool_pre_ping=True,
            use_native_hstore=False,
            paramstyle="format",
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            options = connection.get_execution_options()
            if options.get("writing", False):
                connection.exec_driver_sql("SELECT id FROM tree_head FOR UPDATE")
            elif not options.get("changing", False):
                # One moment for whatever is read, as in SQLite.
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        return engine


def _has_ledger(connection: Connection) -> bool:
    return connection.exec_driver_sql(f"SELECT to_regclass('{SCHEMA}.tree_head')").scalar_one() is not None

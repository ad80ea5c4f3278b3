"""A ledger in PostgreSQL, shared by several machines. How it is made, opened, locked and examined.

Everything lies in a schema of its own, ``cpdocs``, of the database that the address names. An append holds the row of
``tree_head`` until it is committed, so events come one after the other and leave no gaps, whichever machine they come
from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from cpdocs.errors import Busy, CpdocsError, WorkspaceFault
from cpdocs.ledger.address import checked_address
from cpdocs.ledger.findings import RESTORE, RecordAudit
from cpdocs.ledger.migrations import bring_up
from cpdocs.ledger.postgres_schema import SCHEMA, altered, guard
from cpdocs.ledger.postgres_work_locks import turns, work_lock
from cpdocs.ledger.schema import DAMAGED_TODO, LedgerDamaged, LedgerMissing, form_of, make_tables
from cpdocs.system.durable import OutputExists

_CONNECT_SECONDS = 10
_ONE_MAKER = 0x6370646F6373
"""The advisory lock under which a ledger is made: "cpdocs"."""

_ASK = "Ask whoever looks after the database."
_ELSEWHERE = "Correct [ledger] url, or restore the database from its backup."
_BY_STATE: dict[str, tuple[type[CpdocsError], str, str]] = {
    # SQLSTATE, or its class: the error, what is wrong, what to do
    "55P03": (
        Busy,
        "Another machine or process holds the ledger {}.",
        "Wait until it is done, then run the command again.",
    ),
    "40": (Busy, "Another machine or process came between in the ledger {}.", "Run the command again."),
    "57": (
        Busy,
        "The database of the ledger {} is stopping or starting.",
        "Wait a moment, then run the command again.",
    ),
    "3D000": (LedgerMissing, "There is no database for the ledger {}.", _ELSEWHERE),
    "3F000": (LedgerMissing, "There is no ledger at {}.", _ELSEWHERE),
    "42P01": (LedgerDamaged, "The ledger {} lacks a table.", DAMAGED_TODO),
    "42501": (
        WorkspaceFault,
        "The database gives this user too few rights to the ledger {}.",
        f"{_ASK} docs/ledger.md names the rights.",
    ),
    "25006": (
        WorkspaceFault,
        "The database of the ledger {} can only be read: is it a standby?",
        "Name the primary in [ledger] url.",
    ),
    "28": (
        WorkspaceFault,
        "The database of the ledger {} doesn't know this user.",
        f"{_ASK} docs/ledger.md tells how.",
    ),
    "53": (WorkspaceFault, "The database of the ledger {} is out of room or connections; nothing was recorded.", _ASK),
    "58": (
        WorkspaceFault,
        "The disk under the database of the ledger {} reports an error; nothing was recorded.",
        _ASK,
    ),
    "XX": (LedgerDamaged, "The database says that the ledger {} is damaged.", DAMAGED_TODO),
}
_UNREACHED = (
    "The database of the ledger {} can't be reached, or the connection broke.",
    (
        "Check the network, the server and its certificate, then run the command again: what was recorded isn't "
        "recorded twice."
    ),
)


class PostgresBackend:
    """The ledger in the database at ``url``. Raises WorkspaceFault for an address that can't be used."""

    where = "the database"

    def __init__(self, url: str) -> None:
        self._conninfo = checked_address(url)
        self.name = _shown(url)

    def there(self) -> bool:
        """Raises WorkspaceFault where the database can't be asked."""
        engine = self._engine(_CONNECT_SECONDS)
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
                turns.create(connection)
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
        """Closes the connections; those that a fork inherited are its parent's."""
        engine.dispose(close=process == os.getpid())

    @contextmanager
    def exclusively(self, engine: Engine, name: str) -> Iterator[bool]:
        """A row that others skip (SKIP LOCKED); the database lets go of it when the block ends or its machine is
        gone."""
        with self.faults_named(), work_lock(engine, name) as mine:
            yield mine

    @contextmanager
    def faults_named(self) -> Iterator[None]:
        """Turns the database's errors into errors for a person; none of their text (which may hold values) is kept."""
        from psycopg import Error

        try:
            yield
        except DBAPIError as error:
            raise self._named(error.orig, broken=error.connection_invalidated) from None
        except Error as error:
            raise self._named(error) from None

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
        engine = self._engine(_CONNECT_SECONDS)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def check_structure(self, connection: Connection, audit: RecordAudit) -> None:
        """The tables, indexes, constraints, functions and guards as we made them; nothing else in the schema."""
        for kind, name in altered(connection):
            audit.fault("structure_altered", f"The {kind} {name} is not as cpdocs made it.", todo=RESTORE)

    def _named(self, error: BaseException | None, *, broken: bool = False) -> CpdocsError:
        state = getattr(error, "sqlstate", None)
        if not state or state[:2] == "08" or broken:
            if _absent(str(error)):
                kind, message, todo = _BY_STATE["3D000"]
                return kind(message.format(self.name), todo=todo)
            return WorkspaceFault(_UNREACHED[0].format(self.name), todo=_UNREACHED[1])
        found = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
        if found is None:
            return LedgerDamaged(f"The ledger {self.name} doesn't work as a ledger ({state}).", todo=DAMAGED_TODO)
        kind, message, todo = found
        return kind(message.format(self.name), todo=todo)

    def _engine(self, busy_seconds: float) -> Engine:
        try:
            import psycopg
        except ImportError:
            raise WorkspaceFault(
                "[ledger] url names a PostgreSQL database, and its driver isn't installed.",
                todo="pip install 'cpdocs[postgres]'",
            ) from None

        settings = {
            "search_path": SCHEMA,
            "lock_timeout": max(1, round(busy_seconds * 1000)),
            # Whatever the server's own settings are: an event that a command was told of survives a power cut, and who
            # has waited for the write lock sees what was recorded meanwhile, where a stricter isolation would end in an
            # error.
            "synchronous_commit": "on",
            "default_transaction_isolation": r"read\ committed",
            # A machine that vanishes in the middle of an append is given up after a minute, and its lock with it.
            "tcp_keepalives_idle": 30,
            "tcp_keepalives_interval": 10,
            "tcp_keepalives_count": 3,
            # A claim is held for as long as its file is worked on.
            "idle_in_transaction_session_timeout": 0,
        }
        given = " ".join(f"-c {name}={value}" for name, value in settings.items())

        def connect() -> psycopg.Connection:
            return psycopg.connect(
                self._conninfo,
                options=given,
                connect_timeout=_CONNECT_SECONDS,
                client_encoding="UTF8",
                application_name="cpdocs",
            )

        engine = create_engine(
            "postgresql+psycopg://",
            creator=connect,
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


def _absent(text: str) -> bool:
    """Whether a refused connection says that there is no such database: then libpq gives no SQLSTATE."""
    return 'database "' in text and "does not exist" in text


def _shown(url: str) -> str:
    """The address without what only the connection needs."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return "in the database"

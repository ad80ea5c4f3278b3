"""The ledger's tables, and how a SQLite file with them is made and opened. SQLAlchemy Core only.

Nothing recorded can be changed: triggers refuse UPDATE and DELETE on every table but ``tree_head``, the one row that
is derived from the rest and rewritten by each append. Other databases get the same tables through the same metadata.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import NullType

from cpdocs.errors import Busy, WorkspaceFault
from cpdocs.ledger.tree import EMPTY_ROOT

SCHEMA_VERSION = 1

_Number = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False), sqlite_strict=True)

events = Table(
    "events",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON; the leaf's entry
    Column("leaf", LargeBinary, nullable=False),  # SHA-256(0x00 || body)
    Index("events_by_type", "type", "seq"),
    sqlite_strict=True,
)

event_subjects = Table(
    "event_subjects",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("seq", _Number, ForeignKey("events.seq"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

subtrees = Table(  # roots of complete subtrees of 256^k leaves, so that a proof reads a few hundred hashes at most
    "subtrees",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("place", _Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    sqlite_strict=True,
)

tree_head = Table(  # one row: the tree's growing edge
    "tree_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", _Number, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    sqlite_strict=True,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("size", _Number, nullable=False),
    Column("note", Text, nullable=False),  # a C2SP signed note
    sqlite_strict=True,
)

for _table in (schema_version, events, event_subjects, subtrees, checkpoints):
    for _verb in ("UPDATE", "DELETE"):
        event.listen(
            _table,
            "after_create",
            DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its signature untyped
                f"CREATE TRIGGER {_table.name}_no_{_verb.lower()} BEFORE {_verb} ON {_table.name} "
                f"BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed'); END"
            ).execute_if(dialect="sqlite"),
        )


class LedgerMissing(WorkspaceFault):
    """There is no ledger where one must be."""


class LedgerDamaged(WorkspaceFault):
    """The ledger can't be read as what it was written."""


_DAMAGED_TODO = "Run 'cpdocs audit verify' to see what is damaged; restore the ledger from a backup."


@contextmanager
def faults_named(path: Path) -> Iterator[None]:
    """Turns the database's errors into errors for a person; none of their text (which may hold values) is kept."""
    try:
        yield
    except DBAPIError as error:
        raise _named(error.orig, path) from None
    except sqlite3.Error as error:
        raise _named(error, path) from None


def _named(error: BaseException | None, path: Path) -> Busy | WorkspaceFault:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(f"Another process holds the ledger {path}.", todo="Wait until it is done, then run the command again.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerDamaged(f"The ledger {path} is damaged.", todo=_DAMAGED_TODO)
    if code == sqlite3.SQLITE_FULL:
        return WorkspaceFault(
            f"The disk that holds the ledger {path} is full; nothing was recorded.", todo="Free some space and run the command again."
        )
    if code == sqlite3.SQLITE_IOERR:
        return WorkspaceFault(
            f"The disk reports an error at the ledger {path}; nothing was recorded.", todo="Check the disk and the space left on it."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return WorkspaceFault(
            f"The ledger {path} can't be opened for writing.", todo="Give the folder back to the user who runs cpdocs, with mode 0700."
        )
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return LedgerDamaged(f"The ledger {path} doesn't work as a ledger ({name}).", todo=_DAMAGED_TODO)


def sqlite_engine(path: Path, busy_seconds: float) -> Engine:
    """An engine for the SQLite file ``path``, which must exist: WAL, synchronous=FULL, foreign keys on.

    A transaction begins with BEGIN IMMEDIATE where the connection has the execution option ``writing``.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )
        # FULL, since WAL with anything less lost the ledger in power cuts. Freed bytes are overwritten with zeros.
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "trusted_schema=OFF", "cell_size_check=ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def make_sqlite(path: Path, busy_seconds: float) -> Engine:
    """Makes a new ledger file (0600) with its tables. Raises OSError, WorkspaceFault."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    engine = sqlite_engine(path, busy_seconds)
    with faults_named(path):
        with engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode=WAL")
        with engine.connect().execution_options(writing=True) as connection, connection.begin():
            metadata.create_all(connection)
            connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
            connection.execute(insert(tree_head).values(id=1, size=0, frontier=b"", root=EMPTY_ROOT))
    return engine


def raw_columns(*columns: Column[Any]) -> tuple[ColumnElement[Any], ...]:
    """The columns as the database gives them, converted to nothing: for what may be damaged."""
    return tuple(type_coerce(column, NullType()) for column in columns)


@cache
def sqlite_definitions() -> frozenset[tuple[str, str, str, str]]:
    """Every table, index and trigger that a ledger file has, as (type, name, table, text): what an audit compares with."""
    engine = create_engine("sqlite+pysqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
        return frozenset((str(kind), str(name), str(table), str(text)) for kind, name, table, text in rows)


def open_sqlite(path: Path, busy_seconds: float) -> Engine:
    """Opens an existing ledger. Raises LedgerMissing, LedgerDamaged, or WorkspaceFault where another version made it."""
    if not path.is_file():
        raise LedgerMissing(
            f"There is no ledger at {path}.",
            todo="Restore it from a backup; a ledger that is made anew would know nothing of what was done.",
        )
    engine = sqlite_engine(path, busy_seconds)
    with faults_named(path), engine.connect() as connection:
        version = _version(connection)
    if version is None:
        raise LedgerDamaged(f"{path} is no ledger: it has none of its tables.", todo=_DAMAGED_TODO)
    if version != SCHEMA_VERSION:
        raise WorkspaceFault(
            f"The ledger {path} is of version {version}; this cpdocs reads version {SCHEMA_VERSION}.",
            todo="Use the cpdocs that wrote it, or a later one.",
        )
    return engine


def _version(connection: Connection) -> int | None:
    """The schema's version; None where there are no tables yet."""
    if not connection.dialect.has_table(connection, schema_version.name):
        return None
    return connection.execute(select(schema_version.c.version)).scalar_one_or_none()

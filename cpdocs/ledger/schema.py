"""The ledger's tables, the same in every database. SQLAlchemy Core only.

Nothing recorded can be changed: triggers refuse UPDATE and DELETE on every table but ``tree_head``, the one row that
is derived from the rest and rewritten by each append. How a database with these tables is made, opened and examined is
the business of ``sqlite_home`` and ``postgres_home``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from cpdocs.ledger.reading import SCHEMA_VERSION
from cpdocs.ledger.tree import EMPTY_ROOT

_Number = BigInteger().with_variant(Integer, "sqlite")
KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte, so that no change of the system's languages can put an index out of order."""

metadata = MetaData()

schema_version = Table(
    "schema_version", metadata, Column("version", Integer, primary_key=True, autoincrement=False), sqlite_strict=True
)

events = Table(
    "events",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("type", KEY, nullable=False),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON; the leaf's entry
    Column("leaf", LargeBinary, nullable=False),  # SHA-256(0x00 || body)
    Index("events_by_type", "type", "seq"),
    sqlite_strict=True,
)

event_subjects = Table(
    "event_subjects",
    metadata,
    Column("subject", KEY, primary_key=True),
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

GUARDED = (schema_version, events, event_subjects, subtrees, checkpoints)
"""The tables of which nothing is ever changed or taken out."""

NEVER_CHANGED = "what is recorded is never changed"

for _table in GUARDED:
    for _verb in ("UPDATE", "DELETE"):
        event.listen(
            _table,
            "after_create",
            DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its signature untyped
                f"CREATE TRIGGER {_table.name}_no_{_verb.lower()} BEFORE {_verb} ON {_table.name} "
                f"BEGIN SELECT RAISE(ABORT, '{NEVER_CHANGED}'); END"
            ).execute_if(dialect="sqlite"),
        )


def make_tables(connection: Connection) -> None:
    """Makes the tables of an empty ledger, inside the caller's transaction."""
    metadata.create_all(connection)
    connection.execute(insert(schema_version), [{"version": version} for version in range(1, SCHEMA_VERSION + 1)])
    connection.execute(insert(tree_head).values(id=1, size=0, frontier=b"", root=EMPTY_ROOT))


def form_of(connection: Connection) -> int | None:
    """The number of the ledger's form: the last that it was brought to."""
    number: int | None = connection.execute(select(func.max(schema_version.c.version))).scalar_one()
    return number


def raw_columns(*columns: Column[Any]) -> tuple[ColumnElement[Any], ...]:
    """The columns as the database gives them, converted to nothing: for what may be damaged."""
    return tuple(type_coerce(column, NullType()) for column in columns)

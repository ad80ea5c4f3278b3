"""Rows into the ledger's tables, and single rows out of them, by the driver itself.

SQLAlchemy writes the statements; running them through it would cost an event more than its durable commit does. The
transaction has begun (a home's ``writing``), so whatever is done here ends with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.sql.elements import ClauseElement

from cpdocs.ledger.reading import Driver


def driver_of(connection: Connection) -> Driver:
    """The driver's own connection under this one, in the same transaction."""
    return Driver(connection.connection.driver_connection, "?" if connection.dialect.name == "sqlite" else "%s")


_texts: dict[tuple[str, ClauseElement], str] = {}


def run(connection: Connection, statement: ClauseElement, *values: object) -> Any:
    """Runs a statement kept for the module's life; ``values`` stand in the order of its parameters. Gives the driver's
    cursor."""
    driver: Any = connection.connection.driver_connection
    return driver.execute(_text(connection, statement), values)


def put(connection: Connection, table: Table, rows: Collection[Sequence[object]]) -> None:
    """Inserts rows, each with a value for every column of ``table`` in its order."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.executemany(_text(connection, table), rows)
        return
    columns = ", ".join(column.name for column in table.columns)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _text(connection: Connection, what: ClauseElement) -> str:
    """The statement's text in this kind of database; of a table the one that inserts a row."""
    key = connection.dialect.name, what
    text = _texts.get(key)
    if text is None:
        statement = insert(what) if isinstance(what, Table) else what
        text = _texts[key] = str(statement.compile(dialect=connection.dialect))
    return text

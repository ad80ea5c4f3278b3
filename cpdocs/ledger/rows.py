"""Rows into the ledger's tables by the driver itself: running them through SQLAlchemy would cost an event more than its
durable commit does, and importing it more than the rest of a short command. The transaction has begun, so whatever is
done here ends with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cpdocs.ledger.reading import Driver

if TYPE_CHECKING:
    from sqlalchemy import Connection


def driver_of(connection: Connection) -> Driver:
    """The driver's own connection under this one, in the same transaction."""
    return Driver(connection.connection.driver_connection, "?" if connection.dialect.name == "sqlite" else "%s")


def put(driver: Driver, table: str, columns: Sequence[str], rows: Collection[Sequence[object]]) -> None:
    """Inserts rows, each with a value for every one of ``columns``; the names are our own."""
    names = ", ".join(columns)
    if driver.mark == "?":
        marks = ", ".join("?" * len(columns))
        driver.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
        return
    with driver.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)

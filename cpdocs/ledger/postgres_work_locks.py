"""Which machine works on what, in PostgreSQL: rows that others skip for as long as their machine holds them.

A row is named after the work and locked until that is done, when it goes. One whose machine died stays without a lock,
for whoever comes next. Nothing is lost with these rows: the table is unlogged, and a server that crashed begins with
none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Column, Engine, MetaData, Table, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from cpdocs.ledger.schema import KEY

work_locks = Table("turns", MetaData(), Column("name", KEY, primary_key=True), prefixes=["UNLOGGED"])

_NAMED = work_locks.c.name == bindparam("work")
_ADD = insert(work_locks).values(name=bindparam("work")).on_conflict_do_nothing()
_TAKE = select(work_locks.c.name).where(_NAMED).with_for_update(skip_locked=True)
_END = delete(work_locks).where(_NAMED)


@contextmanager
def work_lock(engine: Engine, work: str) -> Iterator[bool]:
    """Whether nobody else works on ``work``; nobody does while the block runs. Raises DBAPIError before it, never after
    it."""
    row = {"work": work}
    with engine.connect().execution_options(changing=True) as connection:
        with connection.begin():
            connection.execute(_ADD, row)
        held = connection.begin()
        mine = connection.execute(_TAKE, row).scalar() is not None
        try:
            yield mine
        finally:
            with suppress(DBAPIError):  # a connection that broke has let go of it
                if mine:
                    connection.execute(_END, row)
                held.commit()

"""A ledger copied from one kind of database into another: every event's text byte for byte, so the tree is the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, insert, select

from cpdocs.ledger.address import Place
from cpdocs.ledger.append import Appender
from cpdocs.ledger.backends import backend_of
from cpdocs.ledger.events import BUSY_SECONDS
from cpdocs.ledger.faults import DAMAGED_TODO, LedgerDamaged
from cpdocs.ledger.reading import head_of, texts_of
from cpdocs.ledger.rows import driver_of
from cpdocs.ledger.schema import checkpoints
from cpdocs.ledger.tree import Head

_BATCH = 2000


def copy_ledger(source: Place, target: Place) -> Head:
    """Copies the ledger at ``source`` into a new one at ``target``, as of one moment; gives what was copied.

    The target is there whole, with the source's tree, or not at all. Raises OutputExists where there is one already,
    LedgerDamaged where the source isn't whole, Busy, WorkspaceFault.
    """
    with reading(source) as connection:
        return copy_into(connection, target)


@contextmanager
def reading(source: Place, *, exclusively: bool = False) -> Iterator[Connection]:
    """The ledger at ``source`` as of one moment; ``alone`` keeps everybody from appending to it meanwhile."""
    home = backend_of(source)
    engine = home.open(BUSY_SECONDS)
    home.hold()
    try:
        with home.faults_named():
            if exclusively:
                with home.writing(engine) as connection:
                    yield connection
            else:
                with engine.connect() as connection, connection.begin():
                    yield connection
    finally:
        home.let_go(engine, os.getpid())


def notes_of(source: Connection) -> list[str]:
    """The signed checkpoints kept in a ledger, oldest first."""
    return list(source.execute(select(checkpoints.c.note).order_by(checkpoints.c.number)).scalars())


def copy_into(source: Connection, target: Place) -> Head:
    """As ``copy_ledger``, from an open transaction."""
    head = head_of(driver_of(source))
    with backend_of(target).creating(BUSY_SECONDS) as connection:
        appender = Appender(driver_of(connection))
        for seq, body in texts_of(driver_of(source)):
            text = json.loads(body)
            appender.add(text["type"], text["subjects"], text["at"], body)
            if seq % _BATCH == 0:
                appender.write()
        appender.write()
        kept = source.execute(select(checkpoints).order_by(checkpoints.c.number)).mappings().all()
        if kept:
            connection.execute(insert(checkpoints), [dict(row) for row in kept])
        if head_of(driver_of(connection)) != head:
            raise LedgerDamaged(
                "The ledger's events don't make the tree that it keeps; nothing was copied.", todo=DAMAGED_TODO
            )
    return head

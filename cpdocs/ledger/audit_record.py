"""The ledger's part of an audit: the database's structure, the tree and the checkpoints kept in it; events see
beside."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from cpdocs.ledger.audit_events import Replay, check_subjects, replay
from cpdocs.ledger.backends import Backend, Place, backend_of
from cpdocs.ledger.checkpoint import CheckpointInvalid, verify_checkpoint
from cpdocs.ledger.findings import RESTORE, RecordAudit, as_text
from cpdocs.ledger.reading import SCHEMA_VERSION
from cpdocs.ledger.schema import checkpoints, events, raw_columns, schema_version, subtrees, tree_head


def read_record(place: Place, publics: Collection[bytes], sizes: Collection[int]) -> RecordAudit:
    """Reads the whole ledger at ``place`` as far as it can be read. Roots are kept for ``sizes`` and its own
    checkpoints'.

    Without ``publics`` its checkpoints are held against the key that its first event names.
    Raises WorkspaceFault where a database can't be asked at all.
    """
    home = backend_of(place)
    audit = RecordAudit(where=home.where)
    try:
        with home.examined(audit) as connection:
            if connection is None:
                audit.missing = True
            else:
                read_connection(connection, home, publics, sizes, audit)
    except (DBAPIError, UnicodeError) as error:
        audit.unreadable("ledger_unreadable", "The ledger can't be read any further", error)
    return audit


def read_connection(
    connection: Connection, home: Backend, publics: Collection[bytes], sizes: Collection[int], audit: RecordAudit
) -> None:
    """The same over a connection to the ledger in ``home``."""
    _check_structure(connection, home, audit)
    audit.named_keys = _named_keys(connection)
    claims = _read_checkpoints(connection, publics or audit.named_keys, audit)
    replayed = replay(connection, {*sizes, *(size for size, _ in claims.values())}, audit)
    _check_tree(connection, replayed, audit)
    check_subjects(connection, replayed, audit)
    for number, (size, root) in claims.items():
        _check_claim(number, size, root, audit)


def _check_structure(connection: Connection, home: Backend, audit: RecordAudit) -> None:
    """What the database says of itself, its tables and guards as we made them, and the forms that it went through."""
    try:
        with connection.begin_nested():
            home.check_structure(connection, audit)
            forms = list(
                connection.execute(
                    select(*raw_columns(schema_version.c.version)).order_by(schema_version.c.version)
                ).scalars()
            )
        if forms != list(range(1, SCHEMA_VERSION + 1)):
            audit.fault("structure_altered", "The number of the ledger's form was changed.", todo=RESTORE)
    except (DBAPIError, UnicodeError) as error:
        audit.unreadable("structure_damaged", "The database can't check itself", error)


def _named_keys(connection: Connection) -> tuple[bytes, ...]:
    """The checkpoint key that the first event names, as it stands there; what is wrong with that event is found
    later."""
    try:
        with connection.begin_nested():
            body = connection.execute(select(*raw_columns(events.c.body)).where(events.c.seq == 1)).scalar()
        return (bytes.fromhex(json.loads(as_text(body))["data"]["checkpoint_key"]),)
    except (DBAPIError, ValueError, KeyError, TypeError):
        return ()


def _read_checkpoints(
    connection: Connection, publics: Collection[bytes], audit: RecordAudit
) -> dict[int, tuple[int, bytes]]:
    """The checkpoints in the ledger whose signatures hold, as number → (size, root)."""
    claims = {}
    columns = raw_columns(checkpoints.c.number, checkpoints.c.size, checkpoints.c.note)
    try:
        with connection.begin_nested():
            rows = connection.execute(select(*columns).order_by(checkpoints.c.number)).all()
    except DBAPIError as error:
        audit.unreadable("checkpoints_unreadable", "The checkpoints in the ledger can't be read", error)
        return {}
    for place, (number, size, note) in enumerate(rows, start=1):
        where = f"checkpoint {number}"
        if number != place:
            audit.fault("checkpoint_missing", f"Checkpoint {place} is missing: they are numbered without gaps.", where)
        try:
            audit.notes[number] = as_text(note)
            checkpoint = verify_checkpoint(audit.notes[number], publics)
        except CheckpointInvalid as error:
            audit.fault("checkpoint_invalid", error.message, where)
            continue
        if checkpoint.head.size != size:
            audit.fault("checkpoint_invalid", "The size kept beside it is not the one it was signed for.", where)
        claims[number] = (checkpoint.head.size, checkpoint.head.root)
    return claims


def _check_claim(number: int, size: int, root: bytes, audit: RecordAudit) -> None:
    where = f"checkpoint {number}"
    if size > audit.size:
        audit.fault(
            "events_missing", f"It was signed over {size} events, of which the ledger shows {audit.size}.", where
        )
    elif audit.roots[size] != root:
        audit.fault(
            "checkpoint_contradicts", f"It was signed over other events than the first {size} of the ledger.", where
        )


def _check_tree(connection: Connection, replayed: Replay, audit: RecordAudit) -> None:
    """The growing edge and the hashes kept for proofs are those that the events make."""
    frontier = replayed.frontier
    try:
        with connection.begin_nested():
            head = connection.execute(select(*raw_columns(*tree_head.c))).all()
            rows = connection.execute(select(*raw_columns(*subtrees.c))).all()
    except DBAPIError as error:
        audit.unreadable("tree_unreadable", "The tree kept in the ledger can't be read", error)
        return
    if [tuple(row) for row in head] != [(1, frontier.size, frontier.to_bytes(), frontier.root())]:
        audit.fault(
            "tree_altered", "The size and root kept in the ledger are not those of its events.", "tree head", RESTORE
        )
    if {(level, place): node for level, place, node in rows} != replayed.subtrees:
        audit.fault("tree_altered", "The hashes kept for proofs are not those of the events.", "tree", RESTORE)

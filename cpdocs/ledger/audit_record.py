"""The ledger's part of an audit: the database's structure, the tree and the checkpoints kept in it; events see beside."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from cpdocs.ledger.audit_events import Replay, check_subjects, replay
from cpdocs.ledger.checkpoint import CheckpointInvalid, verify_checkpoint
from cpdocs.ledger.events import in_use_here
from cpdocs.ledger.findings import RESTORE, RecordAudit, as_text
from cpdocs.ledger.pages import changed_pages, file_state, load_sums, sums_path
from cpdocs.ledger.schema import (
    SCHEMA_VERSION,
    checkpoints,
    raw_columns,
    schema_version,
    sqlite_definitions,
    sqlite_engine,
    subtrees,
    tree_head,
)

_BUSY_SECONDS = 15.0


def read_record(path: Path, publics: Collection[bytes], sizes: Collection[int]) -> RecordAudit:
    """Reads the whole ledger at ``path`` as far as it can be read. Roots are kept for ``sizes`` and its own checkpoints'."""
    audit = RecordAudit()
    if not path.is_file():
        audit.missing = True
        return audit
    # While no connection is open: closing a file that is read beside SQLite would drop its locks.
    if not in_use_here(path):
        _check_pages(path, audit)
    engine = sqlite_engine(path, _BUSY_SECONDS)
    try:
        with engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            # Damaged text must come out as it is, to be named, and sorting must leave no text in temporary files.
            raw.text_factory = bytes
            for pragma in ("query_only=ON", "temp_store=MEMORY"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            _check_structure(connection, audit)
            claims = _read_checkpoints(connection, publics, audit)
            replayed = replay(connection, {*sizes, *(size for size, _ in claims.values())}, audit)
            _check_tree(connection, replayed, audit)
            check_subjects(connection, replayed, audit)
            for number, (size, root) in claims.items():
                _check_claim(number, size, root, audit)
    except (DBAPIError, UnicodeError) as error:
        audit.unreadable("ledger_unreadable", "The ledger can't be read any further", error)
    finally:
        engine.dispose()
    return audit


def _check_pages(path: Path, audit: RecordAudit) -> None:
    """Every byte of the file is as it was when it was last let go of, those included that hold nothing."""
    try:
        kept = load_sums(path)
    except FileNotFoundError:
        audit.fault("page_sums_missing", "The sums of the ledger's pages are missing.", sums_path(path).name)
        return
    except (OSError, ValueError, KeyError, TypeError):
        audit.fault("page_sums_damaged", "The sums of the ledger's pages were altered.", sums_path(path).name)
        return
    try:
        state = file_state(path)
    except (sqlite3.Error, UnicodeError):
        return  # what is wrong with the file is found below
    if state != kept.state:
        return
    audit.pages_compared = True
    for number in changed_pages(path, kept):
        audit.fault("page_altered", f"Page {number} of the file (bytes from {kept.page_size * (number - 1)}) was changed.", todo=RESTORE)


def _check_structure(connection: Connection, audit: RecordAudit) -> None:
    """The database's own check of its pages and indexes, and its tables, indexes and triggers as we made them."""
    try:
        for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(50)"):
            if line != b"ok":
                audit.fault("structure_damaged", f"The database's own check says: {as_text(line)}.", todo=RESTORE)
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
        found = {(as_text(kind), as_text(name), as_text(table), as_text(text)) for kind, name, table, text in rows}
        for kind, name, *_ in sorted(found ^ sqlite_definitions()):
            audit.fault("structure_altered", f"The {kind} {name} is not as cpdocs made it.", todo=RESTORE)
        versions = list(connection.execute(select(*raw_columns(schema_version.c.version))).scalars())
        if versions != [SCHEMA_VERSION]:
            audit.fault("structure_altered", "The number of the ledger's form was changed.", todo=RESTORE)
    except (DBAPIError, UnicodeError) as error:
        audit.unreadable("structure_damaged", "The database can't check itself", error)


def _read_checkpoints(connection: Connection, publics: Collection[bytes], audit: RecordAudit) -> dict[int, tuple[int, bytes]]:
    """The checkpoints in the ledger whose signatures hold, as number → (size, root)."""
    claims = {}
    columns = raw_columns(checkpoints.c.number, checkpoints.c.size, checkpoints.c.note)
    try:
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
        audit.fault("events_missing", f"It was signed over {size} events, of which the ledger shows {audit.size}.", where)
    elif audit.roots[size] != root:
        audit.fault("checkpoint_contradicts", f"It was signed over other events than the first {size} of the ledger.", where)


def _check_tree(connection: Connection, replayed: Replay, audit: RecordAudit) -> None:
    """The growing edge and the hashes kept for proofs are those that the events make."""
    frontier = replayed.frontier
    try:
        head = connection.execute(select(*raw_columns(*tree_head.c))).all()
        rows = connection.execute(select(*raw_columns(*subtrees.c))).all()
    except DBAPIError as error:
        audit.unreadable("tree_unreadable", "The tree kept in the ledger can't be read", error)
        return
    if [tuple(row) for row in head] != [(1, frontier.size, frontier.to_bytes(), frontier.root())]:
        audit.fault("tree_altered", "The size and root kept in the ledger are not those of its events.", "tree head", RESTORE)
    if {(level, place): node for level, place, node in rows} != replayed.subtrees:
        audit.fault("tree_altered", "The hashes kept for proofs are not those of the events.", "tree", RESTORE)

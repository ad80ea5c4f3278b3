"""A ledger in a SQLite file: one machine's. How it is made, opened, let go of, examined and copied.

WAL with ``synchronous=FULL``, since WAL with anything less lost the ledger in power cuts.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from cpdocs.ledger.faults import LedgerMissing
from cpdocs.ledger.findings import RESTORE, RecordAudit, as_text
from cpdocs.ledger.migrations import bring_up
from cpdocs.ledger.pages import changed_pages, file_state, load_sums, settle, sums_path
from cpdocs.ledger.reader import MISSING_TODO
from cpdocs.ledger.schema import (
    form_of,
    make_tables,
    metadata,
    schema_version,
)
from cpdocs.ledger.sqlite_file import MOVED, FaultsNamed, connect, hold, in_use_here, let_go
from cpdocs.system.durable import OutputExists, create_new, disk_fault, fsync_file, fsync_folder, make_folder

_AUDIT_BUSY_SECONDS = 15.0


class SqliteBackend:
    """The ledger at ``path``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.where = path.name

    def there(self) -> bool:
        return self.path.is_file()

    @contextmanager
    def creating(self, busy_seconds: float) -> Iterator[Connection]:
        """A transaction in a new ledger of mode 0600, which gets its name when the block ends well.

        Raises OutputExists where there is one already, WorkspaceFault where the disk refuses.
        """
        make_folder(self.path.parent)
        part = SqliteBackend(self.path.with_name(f".cpdocs-{secrets.token_hex(8)}.part"))
        try:
            _refuse_another(self.path)
            os.close(create_new(part.path))
            engine = _engine(part.path, busy_seconds)
            part.hold()
            try:
                with part.faults_named():
                    with engine.connect() as connection:
                        _driver(connection).execute("PRAGMA journal_mode=WAL")
                    with part.writing(engine) as connection:
                        make_tables(connection)
                        yield connection
            finally:
                part.let_go(engine, os.getpid())
            fsync_file(part.path)
            sums_path(part.path).replace(sums_path(self.path))
            os.link(part.path, self.path)
            fsync_folder(self.path.parent)
        except FileExistsError:
            raise OutputExists(f"There is a ledger at {self.path} already; nothing was changed.") from None
        except OSError as error:
            raise disk_fault(error, self.path.parent) from error
        finally:
            for leftover in self.path.parent.glob(f"{part.path.stem}*"):
                leftover.unlink()

    def open(self, busy_seconds: float) -> Engine:
        """Raises LedgerMissing, LedgerDamaged, or WorkspaceFault where a later version made it."""
        if not self.there():
            raise LedgerMissing(
                f"There is no ledger at {self.path}.",
                todo=MISSING_TODO,
            )
        engine = _engine(self.path, busy_seconds)
        with self.faults_named():
            with engine.connect() as connection:
                form = form_of(connection) if connection.dialect.has_table(connection, schema_version.name) else None
            bring_up(partial(self.writing, engine), form, self.name)
        return engine

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that begins with BEGIN IMMEDIATE: of steps that change the tables, and of copies. What is
        recorded day by day is written by ``SqliteWriter``."""
        with engine.connect() as connection:  # rolls back what isn't committed
            driver = _driver(connection)
            driver.execute("BEGIN IMMEDIATE")
            yield connection
            # Whoever used more than the driver made SQLAlchemy take part in the transaction.
            (connection if connection.in_transaction() else driver).commit()

    def hold(self) -> None:
        """Notes that a store of this process has the file open."""
        hold(self.path)

    def let_go(self, engine: Engine, process: int) -> None:
        """Closes what a store of ``process`` had open; the last one sums the file's pages."""
        let_go(self.path, process, partial(self.dispose, engine, process))

    def dispose(self, engine: Engine, process: int) -> None:
        """Closes every connection; what a fork inherited too."""
        engine.dispose()

    def exclusively(self, engine: Engine, name: str) -> AbstractContextManager[bool]:
        """A file is one machine's, whose processes know each other by their locks on what they work on."""
        return nullcontext(enter_result=True)

    def faults_named(self) -> AbstractContextManager[None]:
        return FaultsNamed(self.path)

    @contextmanager
    def examined(self, audit: RecordAudit) -> Iterator[Connection | None]:
        """A connection that changes nothing, after the file's own bytes were compared; None where there is no file."""
        if not self.there():
            yield None
            return
        # While no connection is open: closing a file that is read beside SQLite would drop its locks.
        if not in_use_here(self.path):
            _check_pages(self.path, audit)
        engine = _engine(self.path, _AUDIT_BUSY_SECONDS, reading=True)
        try:
            with engine.connect() as connection:
                # Damaged text must come out as it is, to be named, and sorting must leave no text in temporary files.
                _driver(connection).text_factory = bytes
                for pragma in ("query_only=ON", "temp_store=MEMORY"):
                    connection.exec_driver_sql(f"PRAGMA {pragma}")
                yield connection
        finally:
            engine.dispose()

    def check_structure(self, connection: Connection, audit: RecordAudit) -> None:
        """SQLite's own check of its pages and indexes, and its tables, indexes and triggers as we made them."""
        for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(50)"):
            if line != b"ok":
                audit.fault("structure_damaged", f"The database's own check says: {as_text(line)}.", todo=RESTORE)
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
        found = {(as_text(kind), as_text(name), as_text(table), as_text(text)) for kind, name, table, text in rows}
        for kind, name, *_ in sorted(found ^ _definitions()):
            audit.fault("structure_altered", f"The {kind} {name} is not as cpdocs made it.", todo=RESTORE)


def backed_up(source: Path, target: Path) -> None:
    """Copies the ledger to ``target``, a new file, in one read transaction: in WAL mode that holds no writer up."""
    try:
        os.close(create_new(target))
    except OSError as error:
        raise disk_fault(error, target.parent) from error
    with FaultsNamed(source):
        uri = f"file:{quote(str(source))}?mode=rw"
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=_AUDIT_BUSY_SECONDS)) as opened,
            closing(sqlite3.connect(target)) as copy,
        ):
            opened.execute("PRAGMA query_only=ON")
            opened.backup(copy, pages=-1)
    settle(target, lambda: None)


def close_for_good(connection: Connection) -> None:
    """Refuses every further event, also to who has the file open now; a sound copy of it lives elsewhere."""
    connection.exec_driver_sql(
        f"CREATE TRIGGER IF NOT EXISTS moved BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, '{MOVED}'); END"
    )


def _engine(path: Path, busy_seconds: float, *, reading: bool = False) -> Engine:
    """An engine for the file ``path``, which must exist. Its transactions read; ``SqliteBackend.writing`` has those
    that write."""

    engine = create_engine(
        "sqlite+pysqlite://", creator=partial(connect, path, busy_seconds, reading=reading), poolclass=QueuePool
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver = _driver(connection)
        if not driver.in_transaction:  # begun as one that writes
            driver.execute("BEGIN")

    return engine


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@cache
def _definitions() -> frozenset[tuple[str, str, str, str]]:
    """Every table, index and trigger that a ledger file has, as (type, name, table, text): what an audit compares
    with."""
    engine = create_engine("sqlite+pysqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master")
        return frozenset((str(kind), str(name), str(table), str(text)) for kind, name, table, text in rows)


def _refuse_another(path: Path) -> None:
    if path.exists():
        raise FileExistsError(path.name)


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
        audit.fault(
            "page_altered",
            f"Page {number} of the file (bytes from {kept.page_size * (number - 1)}) was changed.",
            todo=RESTORE,
        )

"""The derived index of one workspace on one machine: a SQLite file of its own, beside the ledger or far from it.

It is caught up when it is first asked, knows the size and root of the ledger that it was made for, and is made anew
where those don't fit, where its form is another's, or where the file is damaged. Nothing in it is needed: it can be
dropped at any time. It needn't be durable, but never may be half written: it changes in transactions alone.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

from cpdocs.core.events import EventType
from cpdocs.errors import Busy, WorkspaceFault
from cpdocs.index.source import Ledger, Tell
from cpdocs.index.tables import FORM, TABLES, statements
from cpdocs.ledger.reading import Edge, decode
from cpdocs.ledger.tree import Frontier, leaf_hash
from cpdocs.system.durable import disk_fault, make_folder

_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_WAIT_SECONDS = 120.0
"""How long a command waits while another one makes the index."""
_AT_ONCE = 10_000
"""Events that are caught up with in one transaction."""
UNTOLD = frozenset(
    {EventType.RECORD_ACCESSED, EventType.PIN_ACCEPTED, EventType.PIN_REFUSED, EventType.GLASS_BROKEN}
    | {EventType.SETTINGS_SEEN, EventType.BACKUP_MADE, EventType.CALL_LOGGED}
)
"""Events that come often and of which no row tells: where nothing else is new, no fold is brought in."""
_KEYS = 500
"""Keys that are asked for in one statement."""
_ANEW = 4
"""Where more than one event in so many is new, it is quicker to begin anew."""


class Index:
    """Rows about everything in ``ledger``, in the file ``path``. Made, opened and caught up when first asked."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self.path = path
        self.progress: Tell | None = None
        """Told of long work, in events."""
        self._ledger = ledger
        self._connection: sqlite3.Connection | None = None
        self._in_memory = False
        self._one_at_a_time = threading.RLock()

    def rows(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[sqlite3.Row]:
        """What the statement finds, as of the ledger now. Raises what the ledger raises, Busy, WorkspaceFault."""
        with self._one_at_a_time:
            return self._current().execute(statement, values).fetchall()

    def rows_of(self, statement: str, keys: Iterable[str]) -> Iterator[sqlite3.Row]:
        """What the statement finds for these keys, in which ``{keys}`` stands for some hundreds of them at a time:
        asking for each by itself would cost a page more than finding it."""
        left = iter(dict.fromkeys(keys))
        while some := list(islice(left, _KEYS)):
            yield from self.rows(statement.replace("{keys}", ", ".join("?" * len(some))), some)

    def one(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Row:
        """The first row that the statement finds; there must be one."""
        found = self.rows(statement, values)
        return found[0]

    def close(self) -> None:
        """Lets go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _current(self) -> sqlite3.Connection:
        """The connection, once everything in the ledger is in the index too."""
        try:
            return self._caught_up()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Busy(
                    "Another process makes the index of this workspace.", todo="Wait a minute, then run this again."
                ) from None
            if error.sqlite_errorcode & 0xFF in _NO_ROOM:
                return self._without_disk()
        except WorkspaceFault as error:
            if not isinstance(error.__cause__, OSError):
                raise
            return self._without_disk()
        # Damaged, or not ours: nothing is lost with it.
        self.close()
        drop(self.path)
        return self._caught_up()

    def _without_disk(self) -> sqlite3.Connection:
        """The index where the disk has no room for it, or isn't ours to write to: made in memory, for this command.
        Whoever reads is told what is on record all the same, and later."""
        self.close()
        self._in_memory = True
        return self._caught_up()

    def _caught_up(self) -> sqlite3.Connection:
        edge = self._ledger.edge()
        index = self._connection or self._opened()
        self._connection = index
        while (known := _made_for(index)) != edge:
            if known is not None and known.size >= edge.size and self._ledger.edge() == known:
                break  # the ledger grew meanwhile, and another process has caught up with it
            index.execute("BEGIN IMMEDIATE")
            try:
                edge = self._advance(index)
            except BaseException:
                index.execute("ROLLBACK")
                raise
            index.execute("COMMIT")
        return index

    def _advance(self, index: sqlite3.Connection) -> Edge:
        """One step towards the ledger's edge as it is under the index's write lock, which is given."""
        edge, known = self._ledger.edge(), _made_for(index)
        if known == edge:
            return edge
        behind = edge.size - known.size if known else edge.size
        if known is None or behind <= 0 or behind * _ANEW > edge.size > _AT_ONCE:
            self._make_anew(index, edge)
            return edge
        upto = min(edge.size, known.size + _AT_ONCE)
        frontier = Frontier.from_bytes(known.size, known.frontier)
        told = []
        for _, body in self._ledger.texts(after=known.size, upto=upto):
            frontier.append(leaf_hash(body.encode()))
            event = decode(body)
            if event.type not in UNTOLD:
                told.append(event)
        if upto == edge.size and frontier.root() != edge.root:
            self._make_anew(index, edge)  # it was made for another ledger
            return edge
        if told:
            from cpdocs.index import filling  # with every fold

            touched = filling.Touched()
            for event in told:
                touched.add(event)
            filling.refold(index, self._ledger, touched, upto)
        if upto < edge.size and self.progress:
            self.progress(upto, edge.size)
        _note(index, Edge(upto, frontier.to_bytes(), frontier.root()))
        return edge

    def _make_anew(self, index: sqlite3.Connection, edge: Edge) -> None:
        from cpdocs.index.filling import fill

        for table in TABLES:
            index.execute(f"DELETE FROM {table}")  # noqa: S608 our own names
        fill(index, self._ledger, edge.size, self.progress)
        _note(index, edge)

    def _opened(self) -> sqlite3.Connection:
        place: Path | str = ":memory:" if self._in_memory else self.path
        try:
            if not self._in_memory:
                make_folder(self.path.parent)
                # SQLite would make it with the mode of the umask.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise disk_fault(error, self.path.parent) from error
        index = sqlite3.connect(place, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            index.row_factory = sqlite3.Row
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "trusted_schema=OFF", "secure_delete=FAST"):
                index.execute(f"PRAGMA {pragma}")
            if index.execute("PRAGMA user_version").fetchone()[0] != FORM:
                index.execute("BEGIN IMMEDIATE")
                if index.execute("PRAGMA user_version").fetchone()[0] != FORM:
                    make_tables(index)
                index.execute("COMMIT")
        except BaseException:
            index.close()
            raise
        return index


def make_tables(index: sqlite3.Connection) -> None:
    """Empty tables of this form, whatever was there, in the transaction that has begun."""
    for (name,) in index.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        index.execute(f'DROP TABLE "{name}"')
    for statement in statements():
        index.execute(statement)
    index.execute(f"PRAGMA user_version = {FORM}")


def drop(path: Path) -> None:
    """Takes the index away; the next command that needs it makes it anew."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()


def differing(path: Path, ledger: Ledger) -> list[tuple[str, int]] | None:
    """The tables of the index in which rows differ from what the folds give of the events that it was made for, each
    with how many do; None where there is no index, or one of another form.

    What it is compared with takes as much room as the index does: on the disk, or in memory where the disk has none.
    """
    if not path.is_file():
        return None
    fresh = path.with_name(f"{path.name}.audit-{os.getpid()}")
    try:
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        return _held_beside(fresh, path, ledger)
    except OSError:
        pass
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _NO_ROOM:
            return [("file", 1)]
    finally:
        fresh.unlink(missing_ok=True)
    try:
        return _held_beside(":memory:", path, ledger)
    except sqlite3.DatabaseError as error:
        # Without room even for the index that its readers share nothing can be said of it, and nothing rests on it.
        return None if error.sqlite_errorcode & 0xFF in _NO_ROOM else [("file", 1)]


def _held_beside(fresh: Path | str, path: Path, ledger: Ledger) -> list[tuple[str, int]] | None:
    from cpdocs.index.filling import fill

    with closing(sqlite3.connect(fresh, isolation_level=None)) as folded:
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):
            folded.execute(f"PRAGMA {pragma}")
        folded.execute("ATTACH DATABASE ? AS kept", (str(path),))
        if folded.execute("PRAGMA kept.user_version").fetchone()[0] != FORM:
            return None
        folded.execute("BEGIN")
        known = _made_for(folded, "kept.meta")
        if known is None:
            return None
        make_tables(folded)
        fill(folded, ledger, known.size)
        found = [(table, _differing_rows(folded, table)) for table in TABLES]
        return [(table, count) for table, count in found if count]


def _differing_rows(folded: sqlite3.Connection, table: str) -> int:
    columns, key = TABLES[table]
    same = " AND ".join(f"a.{name} = b.{name}" for name in key)
    differ = " OR ".join(f"a.{name} IS NOT b.{name}" for name in columns)
    count = 0
    for one, other in (("main", "kept"), ("kept", "main")):
        lone = f"b.{key[0]} IS NULL" if one == "kept" else f"b.{key[0]} IS NULL OR {differ}"
        query = f"SELECT count(*) FROM {one}.{table} a LEFT JOIN {other}.{table} b ON {same} WHERE {lone}"  # noqa: S608
        count += folded.execute(query).fetchone()[0]
    return count


def _made_for(index: sqlite3.Connection, meta: str = "meta") -> Edge | None:
    """The ledger's growing edge that the index was made for; None where it was made for none."""
    found = dict(index.execute(f"SELECT name, value FROM {meta}").fetchall())  # noqa: S608 our own names
    if not {"size", "frontier", "root"} <= found.keys():
        return None
    return Edge(int(found["size"]), bytes(found["frontier"]), bytes(found["root"]))


def _note(index: sqlite3.Connection, edge: Edge) -> None:
    values = (("size", edge.size), ("frontier", edge.frontier), ("root", edge.root))
    index.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", values)

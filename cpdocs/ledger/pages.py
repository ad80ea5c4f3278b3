"""Sums over the pages of the ledger's file, so that even a byte that holds nothing can't change unseen.

A tenth to a fifth of a SQLite file is room that no record uses. A changed byte there changes no event, but nobody
should have to take that on trust. So ``ledger.pages`` keeps a sum of each page, written whenever the last user of the
ledger in a process lets go of it:

    {"v", "size", "checkpoints", "page_size", "pages"} LF, 8 bytes a page (BLAKE2b), SHA-256 of all before

The sums belong to the moment when there were ``size`` events and ``checkpoints`` checkpoints. Where the file has moved
on without them (a command was killed, another one runs) they are out of date, which is no fault; the audit says so.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import struct
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from urllib.parse import quote

from cpdocs.errors import WorkspaceFault
from cpdocs.system.durable import read_plain, write_durably

_SUM = 8
_WAL_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class PageSums:
    """The sums of all pages (8 bytes each), and the ledger's state that they belong to."""

    size: int
    checkpoints: int
    page_size: int
    sums: bytes

    @property
    def state(self) -> tuple[int, int]:
        return self.size, self.checkpoints


def sums_path(ledger: Path) -> Path:
    """Where the sums of the pages of ``ledger`` are kept."""
    return ledger.with_suffix(".pages")


def settle(ledger: Path, release: Callable[[], None]) -> None:
    """Moves the write-ahead log into the file and renews the sums; only the pages that changed are read, where it can
    be known.

    ``release`` closes every connection that this process has to the ledger: closing a file that is read beside SQLite
    would drop its locks. Where another process is at work everything is left to it. Raises nothing: at worst the sums
    are out of date.
    """
    try:
        with suppress(OSError, sqlite3.Error, WorkspaceFault), _alone(ledger):
            _settle(ledger, release)
    finally:
        release()


def _settle(ledger: Path, release: Callable[[], None]) -> None:
    kept, before = _load_or_none(ledger), None
    with suppress(sqlite3.Error):  # a new ledger's tables are still in the log alone
        before = file_state(ledger)
    if kept is not None and kept.state == before and not logged_pages(ledger):
        return
    with closing(sqlite3.connect(_uri(ledger, "mode=rw"), uri=True, isolation_level=None, timeout=0)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        state, changed = _state(connection), logged_pages(ledger)
        connection.execute("ROLLBACK")
        # While this connection is open, SQLite doesn't empty the log by itself.
        release()
        connection.execute("PRAGMA synchronous=FULL")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if busy:
        return
    known = kept.sums if kept is not None and kept.state == before and kept.page_size == page_size else b""
    sums = _sums(ledger, page_size, known, changed)
    if file_state(ledger) == state:
        write_durably(sums_path(ledger), _written(PageSums(*state, page_size, sums)), overwrite=True)


def load_sums(ledger: Path) -> PageSums:
    """The sums kept for ``ledger``. Raises OSError where there are none, ValueError where their file is damaged."""
    data = read_plain(sums_path(ledger))
    text, digest = data[:-32], data[-32:]
    head, _, sums = text.partition(b"\n")
    if sha256(text).digest() != digest:
        raise ValueError("the page sums are damaged")
    fields = json.loads(head)
    return PageSums(fields["size"], fields["checkpoints"], fields["page_size"], sums)


def changed_pages(ledger: Path, kept: PageSums) -> list[int]:
    """The pages (from 1) of the file that aren't as their sums say, those left out that the write-ahead log changes."""
    logged = set(logged_pages(ledger))
    count = len(kept.sums) // _SUM
    found = dict(_page_sums(ledger, kept.page_size))
    if logged:
        found = {number: page_sum for number, page_sum in found.items() if number <= count}
    expected = {number: kept.sums[_SUM * (number - 1) : _SUM * number] for number in range(1, count + 1)}
    return sorted(
        number
        for number in found.keys() | expected.keys()
        if number not in logged and found.get(number) != expected.get(number)
    )


def file_state(ledger: Path) -> tuple[int, int]:
    """How many events and checkpoints the file holds by itself, the write-ahead log left out. Raises sqlite3.Error."""
    with closing(sqlite3.connect(_uri(ledger, "mode=ro&immutable=1"), uri=True)) as connection:
        return _state(connection)


def logged_pages(ledger: Path) -> Collection[int]:
    """The numbers of all pages in the write-ahead log, also of frames that are no longer valid."""
    pages: set[int] = set()
    with suppress(FileNotFoundError), Path(f"{ledger}-wal").open("rb") as log:
        header = log.read(_WAL_HEADER)
        if len(header) < _WAL_HEADER:
            return pages
        (page_size,) = struct.unpack_from(">I", header, 8)
        while len(frame := log.read(_FRAME_HEADER)) == _FRAME_HEADER:
            pages.add(struct.unpack_from(">I", frame)[0])
            log.seek(page_size, os.SEEK_CUR)
    return pages


def _load_or_none(ledger: Path) -> PageSums | None:
    try:
        return load_sums(ledger)
    except (OSError, ValueError, KeyError):
        return None


def _written(kept: PageSums) -> bytes:
    head = {
        "v": 1,
        "size": kept.size,
        "checkpoints": kept.checkpoints,
        "page_size": kept.page_size,
        "pages": len(kept.sums) // _SUM,
    }
    text = json.dumps(head).encode() + b"\n" + kept.sums
    return text + sha256(text).digest()


def _sums(ledger: Path, page_size: int, known: bytes, changed: Collection[int]) -> bytes:
    """The sums of all pages; where ``known`` holds those of before, only ``changed`` pages are read."""
    if not known:
        return b"".join(page_sum for _, page_sum in _page_sums(ledger, page_size))
    with ledger.open("rb") as file:
        count = os.fstat(file.fileno()).st_size // page_size
        sums = bytearray(known[: _SUM * count].ljust(_SUM * count, b"\0"))
        for number in sorted(changed):
            if number <= count:
                file.seek(page_size * (number - 1))
                sums[_SUM * (number - 1) : _SUM * number] = _sum(file.read(page_size))
    return bytes(sums)


def _page_sums(ledger: Path, page_size: int) -> Iterator[tuple[int, bytes]]:
    with ledger.open("rb") as file:
        number = 0
        while page := file.read(page_size):
            number += 1
            yield number, _sum(page)


def _sum(page: bytes) -> bytes:
    return blake2b(page, digest_size=_SUM).digest()


def _state(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("SELECT (SELECT size FROM tree_head), (SELECT count(*) FROM checkpoints)").fetchone()
    return row[0], row[1]


def _uri(ledger: Path, option: str) -> str:
    return f"file:{quote(str(ledger))}?{option}"


@contextmanager
def _alone(ledger: Path) -> Iterator[None]:
    """One process settles at a time. Raises OSError where another does."""
    descriptor = os.open(ledger.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)

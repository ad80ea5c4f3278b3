"""What is known of earlier backups: which stored files each holds, and whether it is still there as it was written.

    state/backups/<name>.blobs    the SHA-256 of every stored file in that archive, sorted, one a line
    state/backups/attempt.json    when a backup was begun; gone when it was done, so that one which failed shows

The lists never leave this machine in the clear; the ledger's ``backup.made`` says which archives there were, and their
sums.
"""

from __future__ import annotations

import heapq
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import EventType
from cpdocs.errors import InputFault
from cpdocs.ledger.blobs import BlobStore
from cpdocs.system.age import digest_of
from cpdocs.system.durable import disk_fault, make_folder, stream_durably, write_durably
from cpdocs.system.exclusive_lock import only_one
from cpdocs.workspace import Paths

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Made:
    """One backup as the ledger tells it; ``at`` is the true time, ``covered`` how many events it holds."""

    name: str
    sha256: str
    size: int
    at: datetime
    covered: int
    damaged: int
    full: bool


def made_backups(source: Reads) -> list[Made]:
    """Every backup on record, oldest first."""
    return [
        Made(
            name=event.data["name"],
            sha256=event.data["archive_external_sha256"],
            size=event.data["size"],
            at=event.recorded_at,
            covered=event.data["events"],
            damaged=event.data["damaged"],
            full=event.data["full"],
        )
        for event in source.events(types=(EventType.BACKUP_MADE,))
    ]


def backups_folder(paths: Paths) -> Path:
    """Where the lists are."""
    return paths.state / "backups"


@contextmanager
def working(ws: Workspace) -> Iterator[Path]:
    """A folder to work in, for one backup at a time; emptied before and after. Raises Busy where another is being
    made."""
    home = backups_folder(ws.paths)
    make_folder(home)
    work = home / "work"
    with only_one(
        ws.ledger.exclusively,
        "backup",
        home / "lock",
        "Another backup of this workspace is being made.",
        shared=bool(ws.options.ledger_url),
    ):
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(0o700)
            yield work
        except OSError as error:
            raise disk_fault(error, work) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)


def begin_attempt(paths: Paths, at: datetime) -> None:
    """Notes that a backup is being tried."""
    write_durably(_attempt(paths), json.dumps({"begun": at.isoformat()}).encode(), overwrite=True)


def end_attempt(paths: Paths) -> None:
    """Notes that it succeeded."""
    _attempt(paths).unlink(missing_ok=True)


def failed_attempt(paths: Paths) -> datetime | None:
    """When the backup was begun that failed last, or is being made now; None where the last one succeeded."""
    try:
        return datetime.fromisoformat(json.loads(_attempt(paths).read_text("utf-8"))["begun"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_list(paths: Paths, name: str, lines: Iterable[bytes]) -> None:
    """Keeps which stored files the archive ``name`` holds: sorted, each with its newline."""
    stream_durably(_list(paths, name), lines, overwrite=True)


def usable(paths: Paths, made: Sequence[Made], folder: Path) -> list[Made]:
    """Those earlier backups that still lie in ``folder`` byte for byte, with their lists: what they hold needn't be
    kept again."""
    return [each for each in made if _list(paths, each.name).is_file() and _whole(each, folder)]


def _whole(made: Made, folder: Path) -> bool:
    file = folder / made.name
    try:
        return file.stat().st_size == made.size and digest_of(file)[0] == made.sha256
    except (OSError, InputFault):
        return False


def stored(root: Path) -> Iterator[str]:
    """The SHA-256 of every file in the store, sorted, a folder at a time."""
    store = BlobStore(root)
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.is_dir() and not folder.is_symlink():
            yield from sorted(path.name for path in folder.iterdir() if _is_blob(store, path))


def _is_blob(store: BlobStore, path: Path) -> bool:
    try:
        return store.path(path.name) == path and path.is_file() and not path.is_symlink()
    except ValueError:
        return False


def placed(names: Iterable[str], paths: Paths, earlier: Sequence[Made]) -> Iterator[tuple[str, str]]:
    """Each of the sorted ``names`` with the earlier archive that holds it, or "" where none does. Memory stays flat."""
    held = heapq.merge(*(_listed(paths, each.name) for each in earlier))
    sha, archive = next(held, ("", ""))
    for name in names:
        while sha and sha < name:
            sha, archive = next(held, ("", ""))
        yield name, archive if sha == name else ""


def _listed(paths: Paths, name: str) -> Iterator[tuple[str, str]]:
    with _list(paths, name).open(encoding="ascii") as lines:
        for line in lines:
            yield line.strip(), name


def _list(paths: Paths, name: str) -> Path:
    return backups_folder(paths) / f"{name}.blobs"


def _attempt(paths: Paths) -> Path:
    return backups_folder(paths) / "attempt.json"

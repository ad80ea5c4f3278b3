"""The store's part of an audit: every file hashed again, nothing strange there, nothing missing that an event
mentions."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cpdocs.errors import Problem
from cpdocs.ledger.blobs import BlobStore
from cpdocs.system.durable import CHUNK, open_plain


@dataclass(frozen=True, slots=True)
class StoreAudit:
    """How many stored files there are, how many of them no event mentions, and what is wrong."""

    files: int
    unreferenced: int
    problems: tuple[Problem, ...]


def check_store(root: Path, references: Mapping[bytes, int]) -> StoreAudit:
    """Hashes every file under ``root``; ``references`` are the SHA-256 that events mention, with the first event's
    number."""
    store = BlobStore(root)
    problems: list[Problem] = []
    seen: set[bytes] = set()
    files = 0
    for path in _everything(root):
        where = f"{root.name}/{path.relative_to(root)}"
        try:
            belongs = store.path(path.name) == path and stat.S_ISREG(path.lstat().st_mode)
        except ValueError:
            belongs = False
        if not belongs:
            if not _leftover(path):
                problems.append(
                    Problem(
                        "file_foreign",
                        "This doesn't belong in the store.",
                        where,
                        "Move it out; cpdocs never puts such a name there.",
                    )
                )
            continue
        files += 1
        seen.add(bytes.fromhex(path.name))
        if path.lstat().st_mode & 0o077:
            problems.append(
                Problem("file_open_to_others", "Other users of this machine may read it.", where, "Give it mode 0600.")
            )
        fault = _fault(path)
        if fault:
            problems.append(Problem("file_damaged", fault, where, "Restore it from a backup."))
    for reference, seq in references.items():
        if reference not in seen:
            message = f"Event {seq} mentions the stored file {reference.hex()}, which is missing."
            problems.append(Problem("file_missing", message, f"event {seq}", "Restore it from a backup."))
    return StoreAudit(files, len(seen - references.keys()), tuple(problems))


def _everything(root: Path) -> Iterator[Path]:
    """Every file, link and device below ``root``, and folders that have no business there, in order."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        here = Path(folder)
        strange = [name for name in folders if here != root or len(name) != 2 or (here / name).is_symlink()]
        yield from (here / name for name in sorted([*strange, *names]))


def _leftover(path: Path) -> bool:
    """Whether this is the temporary file of a command that was killed: harmless, and nobody's evidence."""
    return path.name.startswith(".cpdocs-") and path.name.endswith(".part") and path.is_file() and not path.is_symlink()


def _fault(path: Path) -> str:
    digest = sha256()
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"It can't be read: {os.strerror(error.errno or 0).lower()}."
    return "" if digest.hexdigest() == path.name else "Its bytes are not those that were stored."

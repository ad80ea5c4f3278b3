"""The store of every byte that came or went: one file for each content, named by its SHA-256, never altered.

    store/ab/abcdef…    mode 0600, in folders of mode 0700

Nothing found on disk is trusted unhashed: neither what ``get`` reads nor what ``put`` finds already there.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.system.durable import (
    CHUNK,
    OutputExists,
    SourceChanged,
    disk_fault,
    fsync_folder,
    make_folder,
    open_plain,
    read_plain,
    temporary,
    write_all,
    write_durably,
)

__all__ = ["BlobDamaged", "BlobMissing", "BlobStore", "OutputExists", "SourceChanged", "make_folder", "write_durably"]

_log = logging.getLogger(__name__)
_NAME = re.compile(r"[0-9a-f]{64}")


class BlobMissing(WorkspaceFault):
    """The store has no bytes of that SHA-256."""


class BlobDamaged(WorkspaceFault):
    """The bytes on disk are not those that were stored."""


class BlobStore:
    """Content-addressed files under ``root``, which is made when the first one is put."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha: str) -> Path:
        """Where the bytes of this SHA-256 (64 lower-case hex digits) lie or would lie. Raises ValueError for other
        names."""
        if not _NAME.fullmatch(sha):
            raise ValueError("a blob is named by 64 lower-case hexadecimal digits")
        return self.root / sha[:2] / sha

    def has(self, sha: str) -> bool:
        """Whether there is a file of that name; ``get`` is what tells whether it is whole."""
        return self.path(sha).is_file()

    def get(self, sha: str) -> bytes:
        """The bytes. Raises BlobMissing or BlobDamaged: what isn't exactly what was stored is never returned."""
        path = self.path(sha)
        try:
            data = read_plain(path)
        except FileNotFoundError:
            raise _missing(sha) from None
        except OSError as error:
            raise disk_fault(error, path.parent, "read from") from error
        if sha256(data).hexdigest() != sha:
            raise _damaged(sha)
        return data

    def chunks(self, sha: str) -> Iterator[bytes]:
        """The bytes, a part at a time. Raises as ``get``; where they are damaged at the end, so nothing is done with
        them before."""
        path = self.path(sha)
        digest = sha256()
        try:
            descriptor = open_plain(path)
            with os.fdopen(descriptor, "rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    yield chunk
        except FileNotFoundError:
            raise _missing(sha) from None
        except OSError as error:
            raise disk_fault(error, path.parent, "read from") from error
        if digest.hexdigest() != sha:
            raise _damaged(sha)

    def put(self, data: bytes) -> str:
        """Stores ``data`` durably and gives its SHA-256. Raises WorkspaceFault where the disk refuses."""
        sha = sha256(data).hexdigest()
        final = self.path(sha)
        if self._kept(final, sha):
            return sha
        make_folder(final.parent)
        try:
            with temporary(final.parent) as (descriptor, part):
                write_all(descriptor, data)
                os.fsync(descriptor)
                self._name(part, final)
        except OSError as error:
            raise disk_fault(error, self.root) from error
        return sha

    def remove_unfinished(self, before: datetime) -> int:
        """Removes the temporary files that killed commands left here before that (aware) time; gives how many."""
        removed = 0
        for pattern in (".cpdocs-*.part", "[0-9a-f][0-9a-f]/.cpdocs-*.part"):
            for part in self.root.glob(pattern):
                # Somebody else may be removing it too; what can't be removed now is tried again another time.
                with suppress(OSError):
                    if part.lstat().st_mtime < before.timestamp():
                        part.unlink()
                        removed += 1
        return removed

    def put_file(self, source: Path) -> str:
        """Stores a copy of the regular file ``source`` (no link is followed) and gives its SHA-256.

        Raises SourceChanged where the file changed meanwhile, InputFault where it can't be read, WorkspaceFault where
        the disk refuses.
        """
        make_folder(self.root)
        try:
            descriptor = open_plain(source)
        except OSError as error:
            raise InputFault(
                f"A file can't be read: {os.strerror(error.errno or 0).lower()}.",
                todo="Only regular files are taken, never links; check it and its permissions.",
            ) from error
        try:
            return self._copy(descriptor, source)
        finally:
            os.close(descriptor)

    def _copy(self, source: int, path: Path) -> str:
        before = os.fstat(source)
        digest = sha256()
        try:
            with temporary(self.root) as (descriptor, part):
                while chunk := _read(source):
                    digest.update(chunk)
                    write_all(descriptor, chunk)
                sha = digest.hexdigest()
                final = self.path(sha)
                kept = self._kept(final, sha)
                if not kept:
                    os.fsync(descriptor)
                if not _unchanged(before, source, path):
                    raise SourceChanged(
                        "A file changed while it was being copied; nothing was kept of it.",
                        todo="Wait until whoever writes it is done, then run the command again.",
                    )
                if not kept:
                    make_folder(final.parent)
                    self._name(part, final)
        except OSError as error:
            raise disk_fault(error, self.root) from error
        return sha

    def _kept(self, final: Path, sha: str) -> bool:
        """Whether the whole content is there already, its name durable."""
        try:
            with os.fdopen(open_plain(final), "rb") as file:
                digest = sha256()
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise disk_fault(error, final.parent, "read from") from error
        if digest.hexdigest() != sha:
            _log.warning("The stored file %s was damaged; the right bytes have come again and replace it.", sha)
            return False
        # Whoever put it may not have reached its own fsync of the folder.
        make_folder(final.parent)
        try:
            fsync_folder(final.parent)
        except OSError as error:
            raise disk_fault(error, final.parent) from error
        return True

    def _name(self, part: Path, final: Path) -> None:
        """Gives a durable temporary file its name. A rename may replace: only the same content bears the same name."""
        part.replace(final)
        fsync_folder(final.parent)


def _missing(sha: str) -> BlobMissing:
    return BlobMissing(
        f"The store lacks the file {sha}.",
        todo="Restore it from a backup; 'cpdocs audit verify' names all that is missing.",
    )


def _damaged(sha: str) -> BlobDamaged:
    return BlobDamaged(
        f"The stored file {sha} is damaged: its bytes have changed.",
        todo="Restore it from a backup; 'cpdocs audit verify' names all that is damaged.",
    )


def _read(source: int) -> bytes:
    try:
        return os.read(source, CHUNK)
    except OSError as error:
        raise InputFault(
            "A file can't be read to its end: the disk or share reports an error.",
            todo="Check the disk or share it lies on; the file was left where it is.",
        ) from error


def _unchanged(before: os.stat_result, source: int, path: Path) -> bool:
    """Same file, same size, same time of change, under the open descriptor and under the name."""
    try:
        now = (os.fstat(source), path.lstat())
    except FileNotFoundError:
        return False
    return all(
        (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns)
        == (before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns)
        for s in now
    )

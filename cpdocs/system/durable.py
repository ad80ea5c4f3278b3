"""Files that are whole or absent: temporary name, write until done, fsync, rename, fsync of the folder.

A write may be short (a full disk gives one before it gives an error), so every write loops. What fails leaves
nothing under the final name and its temporary file is removed; only a kill leaves one, named ``.cpdocs-….part``.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from cpdocs.errors import InputFault, WorkspaceFault

CHUNK = 1 << 20
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_NO_FSYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space and run the command again."),
    errno.EDQUOT: ("the quota of this user is used up", "Free some space and run the command again."),
    errno.EFBIG: (
        "the file is larger than the system allows",
        "Raise the limit on file sizes and run the command again.",
    ),
    errno.EIO: ("the disk reports an error", "Check the disk and its cables before anything else is written to it."),
    errno.EROFS: (
        "the file system is read-only",
        "Mount it for writing; a disk with errors is often mounted read-only by the system.",
    ),
    errno.EACCES: ("permission is denied", "Give the folder back to the user who runs cpdocs, with mode 0700."),
    errno.EPERM: ("permission is denied", "Give the folder back to the user who runs cpdocs, with mode 0700."),
    errno.EMFILE: ("too many files are open", "Raise the limit on open files and run the command again."),
    errno.ENFILE: ("too many files are open on this machine", "Close other programs and run the command again."),
}


_DURABLE: set[Path] = set()
"""The folders whose names this process has made durable."""


class OutputExists(WorkspaceFault):
    """A file of that name, with other content, is there already and was left alone."""


class SourceChanged(InputFault):
    """A file changed while it was being copied: its writer isn't done. Nothing was kept of it."""


def disk_fault(error: OSError, folder: Path, doing: str = "write to") -> WorkspaceFault:
    """The error for a person where the system refused: names the folder, the reason and what to do."""
    reason, todo = _REASONS.get(
        error.errno or 0, (os.strerror(error.errno or errno.EIO).lower(), "Mend that and run the command again.")
    )
    return WorkspaceFault(f"Can't {doing} {folder}: {reason}. Nothing half-written was left there.", todo=todo)


def machine_fault(error: OSError) -> WorkspaceFault | None:
    """The error for a person where the machine refused something that nobody foresaw; None where the fault may be
    ours."""
    if error.errno not in _REASONS:
        return None
    reason, todo = _REASONS[error.errno]
    return WorkspaceFault(f"The system refused: {reason}. Nothing that was recorded is lost.", todo=todo)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes every byte of ``data``; raises OSError where the system can't."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def fsync_folder(folder: Path) -> None:
    """Makes the names in ``folder`` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fsync_open_folder(descriptor)
    finally:
        os.close(descriptor)


def fsync_open_folder(descriptor: int) -> None:
    """As :func:`fsync_folder`, for a folder that is open. Some shares know no such thing and say so, which is no
    fault."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FSYNC:
            raise


def fsync_file(path: Path) -> None:
    """Makes the bytes of a file durable. Raises OSError."""
    descriptor = open_plain(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Makes ``folder`` and the parents it lacks, each name durable in its own parent.

    A folder that is there may be one that somebody has made a moment ago, or was killed at making: its name is made
    durable too, once in a process. Raises WorkspaceFault where the system refuses, or where it is a link in outbox/.
    """
    refuse_links(folder)
    try:
        there = folder.is_dir()
        if there and folder in _DURABLE:
            return
        if not there:
            if folder.parent != folder:
                make_folder(folder.parent, mode)
            with suppress(FileExistsError):
                folder.mkdir(mode)
            fsync_folder(folder)
        # A parent that we may not open is somebody else's, and was there before us.
        with suppress(PermissionError) if there else nullcontext():
            fsync_folder(folder.parent)
        _DURABLE.add(folder)
    except OSError as error:
        raise disk_fault(error, folder, "make the folder") from error


def refuse_links(folder: Path) -> None:
    """Raises WorkspaceFault where a folder at or below a workspace's outbox/ is a link: what is put out for a practice
    or a chart goes where the settings say, and nobody leads it elsewhere."""
    ways = [folder, *folder.parents]
    for number, way in enumerate(ways):
        if way.name != "outbox" or not (way.parent / "cpdocs.toml").is_file():
            continue
        for each in ways[: number + 1]:
            if each.is_symlink():
                raise WorkspaceFault(
                    f"{each} is a link, and links in outbox/ aren't followed: nothing was written there.",
                    todo="Find out who made it; remove it, or mount the other place there.",
                )
        return


def create_new(path: Path, mode: int = 0o600) -> int:
    """The descriptor of a new file, open for writing: nothing is written over and no link followed. Raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


@contextmanager
def temporary(folder: Path, mode: int = 0o600) -> Iterator[tuple[int, Path]]:
    """A new file in ``folder`` under a name that says nothing, open for writing; removed unless it was renamed away."""
    path = folder / f".cpdocs-{os.urandom(8).hex()}.part"
    descriptor = create_new(path, mode)
    try:
        yield descriptor, path
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            path.unlink()


def read_plain(path: Path) -> bytes:
    """The bytes of a regular file that isn't a symbolic link. Raises OSError."""
    descriptor = open_plain(path)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def open_plain(path: Path) -> int:
    """Opens a regular file for reading; links, pipes and devices raise OSError and never block."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def write_durably(path: Path, data: bytes, mode: int = 0o600, overwrite: bool = False) -> None:
    """Writes ``data`` to ``path`` so that after any crash the file is whole or absent; makes missing folders (0700).

    A file that holds exactly these bytes already is left as it is. One that holds others raises OutputExists, unless
    ``overwrite`` says to replace it. Raises WorkspaceFault where the disk refuses; then nothing new is there.
    """
    stream_durably(path, (data,), mode, overwrite)


def stream_durably(path: Path, chunks: Iterable[bytes], mode: int = 0o600, overwrite: bool = False) -> None:
    """As ``write_durably``, for more than should be held in memory."""
    make_folder(path.parent)
    try:
        with temporary(path.parent, mode) as (descriptor, part):
            for chunk in chunks:
                write_all(descriptor, chunk)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
            if overwrite:
                part.replace(path)
            else:
                _name_once(part, path)
        fsync_folder(path.parent)
    except OSError as error:
        raise disk_fault(error, path.parent) from error


def _name_once(part: Path, path: Path) -> None:
    """Gives ``part`` its final name unless something has that name: a hard link can't replace, as a rename would."""
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        _same_or_raise(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # File systems without hard links (some shares): a look, then a rename.
        if path.exists() or path.is_symlink():
            _same_or_raise(part, path)
        else:
            part.rename(path)


def _same_or_raise(part: Path, path: Path) -> None:
    try:
        same = _same_bytes(part, path)
    except OSError:
        same = False
    if not same:
        raise OutputExists(
            f"There is a file {path} already, with other content; it was left alone and nothing was written.",
            todo="Move it away if it is no longer needed, or name another file; then run the command again.",
        )


def _same_bytes(one: Path, other: Path) -> bool:
    with os.fdopen(open_plain(one), "rb") as first, os.fdopen(open_plain(other), "rb") as second:
        while True:
            chunk = first.read(CHUNK)
            if chunk != second.read(CHUNK):
                return False
            if not chunk:
                return True

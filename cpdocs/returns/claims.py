"""Claims: how one of several workers makes a returned file its own, and how a dead worker's claim is finished.

A claim is a folder of its own under ``state/claims/`` with the file in it, moved there by one rename, which only one
worker can win. Whoever works on it holds a lock on that folder, which the system lets go of if they die. From a share
that is a file system of its own nothing can be renamed away: there the claims lie in a hidden folder beside the file.
Several machines on one share, whose locks may not reach each other, keep apart through the ledger's database besides
(``exclusively``). All of that saves double work; that nothing is *done* twice is the ledger's transaction's business,
so a share without locks is safe too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from cpdocs.errors import WorkspaceFault
from cpdocs.returns.inbox import HIDDEN, RETAINED, Seen, open_folder, open_top
from cpdocs.returns.write_stability import Look
from cpdocs.system.durable import disk_fault, fsync_folder, fsync_open_folder, make_folder
from cpdocs.system.exclusive_lock import Exclusively
from cpdocs.workspace import Paths

ORIGIN = ".origin"
"""Beside a claimed file that has lost its name (``retained``): what it was called and by which inbox folder it came."""

_LONGEST_FOLDER = 60
_SOMEBODY_HAS_IT = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
_GONE_OR_NOT_OURS = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EACCES, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Claim:
    """A returned file that this process has for itself. ``folder`` is the inbox folder it came by; empty at the top."""

    home: Path
    file: Path
    folder: str


def only_machine(_: str) -> AbstractContextManager[bool]:
    """For a ledger that no other machine works on."""
    return nullcontext(enter_result=True)


@contextmanager
def claimed(paths: Paths, seen: Seen, exclusively: Exclusively = only_machine) -> Iterator[Claim | None]:
    """Makes a settled file ours while the block runs; None where another worker was quicker or the file has changed.

    The claim outlives the block unless ``retain`` or :func:`put_back` ended it: a later sweep finishes it.
    Raises WorkspaceFault where the disk refuses.
    """
    assert seen.look is not None
    made = _take(paths, seen, seen.look)
    if made is None:
        yield None
        return
    with locked(made.home, exclusively) as mine:
        if not mine:
            yield None
        elif _same_file(made.file, seen.look):
            yield made
        else:
            put_back(paths, made)
            yield None


def abandoned(paths: Paths, exclusively: Exclusively = only_machine) -> Iterator[Claim]:
    """The claims that nobody works on, each locked for us until the next is asked for; empty ones are removed.

    Raises OSError where a claim can't be listed.
    """
    for area, folder in ((paths.claims, None), *hidden_areas(paths.inbox, HIDDEN)):
        for home in sorted(area.iterdir()) if is_folder(area) else ():
            with locked(home, exclusively) as mine:
                if not mine:
                    continue
                files = [each for each in home.iterdir() if each.name != ORIGIN]
                for file in files:
                    # On a share anybody can make such a folder: it came by where it lies, whatever its name says.
                    claim = Claim(home, file, _folder_in(home.name) if folder is None else folder)
                    if given_back(paths, claim):
                        release(claim)
                    elif folder is None or _is_one_file(file):
                        yield claim
                if not files:
                    with suppress(OSError):
                        _remove_home(home)


def release(made: Claim) -> None:
    """Removes a claim whose file has its name elsewhere, or surely is complete. Raises WorkspaceFault."""
    try:
        made.file.unlink(missing_ok=True)
        _remove_home(made.home)
    except FileNotFoundError:
        return
    except OSError as error:
        raise disk_fault(error, made.home.parent, "remove a finished claim from") from error


def _remove_home(home: Path) -> None:
    """Removes a claim's folder, and in it what was said of a file that is gone. Raises OSError where a file is left."""
    if [each.name for each in home.iterdir()] == [ORIGIN]:
        (home / ORIGIN).unlink()
    home.rmdir()


def put_back(paths: Paths, made: Claim) -> None:
    """Gives a claimed file back to the inbox, where it settles anew; never over another file. Raises WorkspaceFault."""
    stem, suffix = made.file.stem[:100], made.file.suffix[:20]
    names = (made.file.name, *(f"{stem}~{number}{suffix}" for number in range(1, 1000)))
    try:
        with _open_inbox_folder(paths.inbox, made.folder) as folder:
            for name in names:
                if _give_name(made.file, name, folder):
                    break
            fsync_open_folder(folder)
    except OSError as error:
        raise disk_fault(error, paths.inbox) from error
    release(made)


@contextmanager
def _open_inbox_folder(inbox: Path, folder: str) -> Iterator[int]:
    """The inbox, or a folder in it, open; one that is gone is made again, a link is no folder. Raises OSError."""
    top = open_top(inbox)
    try:
        if not folder:
            yield top
            return
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700, dir_fd=top)
        inner = open_folder(folder, top)
        try:
            yield inner
        finally:
            os.close(inner)
    finally:
        os.close(top)


def _give_name(file: Path, name: str, folder: int) -> bool:
    """Names ``file`` in the open ``folder``; False where that name is taken. A hard link can't replace, as a rename
    would."""
    try:
        os.link(file, name, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return False
        os.rename(file, name, dst_dir_fd=folder)
    return True


def given_back(paths: Paths, claim: Claim) -> bool:
    """Whether the claimed file has its name in the inbox again: somebody died between the two halves of putting it
    back."""
    with suppress(OSError):
        mine = claim.file.lstat()
        if stat.S_ISREG(mine.st_mode) and mine.st_nlink > 1:
            with _open_inbox_folder(paths.inbox, claim.folder) as folder, os.scandir(folder) as entries:
                return any(
                    entry.inode() == mine.st_ino and os.path.samestat(entry.stat(follow_symlinks=False), mine)
                    for entry in entries
                )
    return False


def _is_one_file(file: Path) -> bool:
    """Whether it is a regular file with no other name."""
    try:
        seen = file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and seen.st_nlink == 1


def is_folder(path: Path) -> bool:
    """Whether there is a folder, and no link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _take(paths: Paths, seen: Seen, look: Look) -> Claim | None:
    """Moves the file into a new claim folder; None where it is gone or somebody else's."""
    name = seen.spot.name
    try:
        top = open_top(paths.inbox)
    except FileNotFoundError:
        return None
    source = -1
    try:
        source = open_folder(seen.spot.folder, top) if seen.spot.folder else os.dup(top)
        for area in (paths.claims, paths.inbox / seen.spot.folder / HIDDEN):
            home = area / _claim_name(seen.spot.folder, look)
            make_folder(area)
            if not is_folder(area):
                raise WorkspaceFault(
                    "A link bears the name under which returned files are claimed.", todo=f"Remove {area}."
                )
            try:
                home.mkdir(mode=0o700)
            except FileExistsError:
                return None
            fsync_folder(area)
            try:
                os.rename(name, home / name, src_dir_fd=source)
            except OSError as error:
                with suppress(OSError):
                    home.rmdir()
                if error.errno != errno.EXDEV:
                    raise
                continue
            fsync_folder(home)
            return Claim(home, home / name, seen.spot.folder)
    except OSError as error:
        if error.errno in _GONE_OR_NOT_OURS:
            return None
        raise disk_fault(error, paths.claims) from error
    finally:
        os.close(top)
        if source >= 0:
            os.close(source)
    return None


def _claim_name(folder: str, look: Look) -> str:
    """A name that no other file in the inbox can have now, and that says which folder it came by."""
    said = quote(folder, safe="", errors="surrogateescape")
    return f"{look.device:x}-{look.inode:x}-{look.mtime_ns:x}-{said if len(said) <= _LONGEST_FOLDER else ''}"


def _folder_in(claim_name: str) -> str:
    return unquote(claim_name.split("-", 3)[-1], errors="surrogateescape")


def _same_file(file: Path, look: Look) -> bool:
    """Whether what was moved is what had settled: a regular file with one name and the same size and time."""
    try:
        now = file.lstat()
    except OSError:
        return False
    return stat.S_ISREG(now.st_mode) and (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_nlink) == (
        look.device,
        look.inode,
        look.size,
        look.mtime_ns,
        1,
    )


def hidden_areas(inbox: Path, name: str) -> list[tuple[Path, str]]:
    """Our folders of this name on shares, one in the inbox, one in each of its folders; each with the folder that it
    lies in."""
    try:
        with os.scandir(inbox) as entries:
            folders = sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and entry.name not in {HIDDEN, RETAINED}
            )
    except FileNotFoundError:
        return []
    return [(inbox / name, ""), *((inbox / folder / name, folder) for folder in folders)]


@contextmanager
def locked(home: Path, exclusively: Exclusively) -> Iterator[bool]:
    """Holds the lock on a claim's folder; False where somebody else holds it or the folder is gone."""
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        with exclusively(f"claim {home.name}") as only_here:
            yield only_here and _lock(descriptor) and _still_there(descriptor, home)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # A file system without locks: go on, see the module's first words.
        return error.errno not in _SOMEBODY_HAS_IT
    return True


def _still_there(descriptor: int, home: Path) -> bool:
    """Whoever had the lock before may have finished the claim and removed its folder."""
    try:
        return home.lstat().st_ino == os.fstat(descriptor).st_ino
    except OSError:
        return False

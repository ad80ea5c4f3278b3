"""Files that were taken in and stay a while, so that no byte of a late writer is lost.

A program that wrote into ``inbox/`` through a handle that it kept open goes on writing into the same inode, wherever
we moved its name, and what it writes into an inode without a name is gone for good. So a file that was taken in isn't
removed: its claim is renamed into a folder for such files (``state/retained/``, on a share ``.cpdocs-retained/`` beside
the file), and the folder's name says what was taken in and how the file looked then:

1. One that has changed goes back into the inbox, where it settles anew and is another return.
2. One that has stayed the same for ``[intake] retain_seconds``, which no program has open for writing, whose digest is
   still that of a return on record, is removed, under a lease that lets nobody open it for writing meanwhile.
3. Anything else stays.

How long is counted on the monotonic clock, which all processes share until the machine is started again. What was
taken in before that, or by another machine, stays for a day by the file's own times.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import file_digest
from pathlib import Path

from cpdocs.returns.claims import (
    ORIGIN,
    Claim,
    given_back,
    hidden_areas,
    is_folder,
    locked,
    only_machine,
    put_back,
    release,
)
from cpdocs.returns.inbox import RETAINED
from cpdocs.returns.write_stability import no_writer
from cpdocs.system.durable import disk_fault, make_folder, open_plain, read_plain, write_durably
from cpdocs.system.exclusive_lock import Exclusively
from cpdocs.workspace import Paths

OTHER_BOOT_SECONDS = 86_400.0
"""How long, by its own times, a file has been the same that was taken in before this machine started."""

NAMELESS = "return"
"""What a retained file is called."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a retained folder's name says: the digest taken in, when (monotonic ms of which boot), the file as it
    was."""

    sha256: str
    boot: str
    since_ms: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def name(self) -> str:
        numbers = (self.since_ms, self.size, self.mtime_ns, self.ctime_ns)
        return "-".join((self.sha256, self.boot, *(f"{each:x}" for each in numbers)))

    @classmethod
    def read(cls, name: str) -> _Taken | None:
        """None where the name isn't one of ours."""
        try:
            sha256, boot, *numbers = name.split("-")
            since, size, mtime, ctime = (int(each, 16) for each in numbers)
        except ValueError:
            return None
        return cls(sha256, boot, since, size, mtime, ctime)

    def same(self, seen: os.stat_result) -> bool:
        return (self.size, self.mtime_ns, self.ctime_ns) == (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def retain(paths: Paths, claim: Claim, sha256: str, now: float) -> bool:
    """Ends a claim whose bytes, ``sha256``, and event are durable: its file is kept until its writer surely is done.

    False where the file holds other bytes by now; the claim is as it was then. ``now`` is in monotonic seconds. Raises
    WorkspaceFault where the disk refuses.
    """
    try:
        try:
            if _unchanged_as(claim.file, sha256) is None:
                return False
            claim = _nameless(claim)
            seen = _unchanged_as(claim.file, sha256)
        except FileNotFoundError:
            release(claim)
            return True
        if seen is None:
            return False
        area = paths.retained if claim.home.parent == paths.claims else claim.home.parent.parent / RETAINED
        make_folder(area)
        _rename(claim, area, _taken(sha256, seen, now))
    except OSError as error:
        raise disk_fault(error, claim.home.parent, "keep a finished claim in") from error
    return True


def _nameless(claim: Claim) -> Claim:
    """The claim with its file under a name that says nothing, for its owner alone: who drops a file may name it for a
    member. What it was called, and the folder that it came by, stand in a file beside it, for the way back."""
    if claim.file.name == NAMELESS:
        return claim
    said = {"folder": os.fsencode(claim.folder).hex(), "name": os.fsencode(claim.file.name).hex()}
    write_durably(claim.home / ORIGIN, json.dumps(said).encode(), overwrite=True)
    claim.file.rename(claim.home / NAMELESS)
    (claim.home / NAMELESS).chmod(0o600)
    return replace(claim, file=claim.home / NAMELESS)


def _named(claim: Claim) -> Claim:
    """The claim as it came: under the name and from the folder that it had."""
    try:
        said = json.loads(read_plain(claim.home / ORIGIN))
        folder, name = (os.fsdecode(bytes.fromhex(said[key])) for key in ("folder", "name"))
    except (OSError, ValueError, KeyError, TypeError):
        return claim
    if "/" in folder + name or name in ("", ".", "..", ORIGIN):
        return claim
    claim.file.rename(claim.home / name)
    (claim.home / ORIGIN).unlink(missing_ok=True)
    return replace(claim, file=claim.home / name, folder=claim.folder or folder)


def look_after(
    paths: Paths,
    *,
    now: float,
    wall: float,
    still_for: float,
    on_record: Callable[[str], bool],
    exclusively: Exclusively = only_machine,
) -> int:
    """One look at what is retained: puts back what changed, removes what surely is complete; gives how many changed.

    ``now`` is in monotonic seconds, ``wall`` in seconds since 1970. Raises OSError where a folder can't be listed,
    WorkspaceFault where the disk refuses.
    """
    changed = 0
    for area, came_by in ((paths.retained, None), *hidden_areas(paths.inbox, RETAINED)):
        for home in sorted(area.iterdir()) if is_folder(area) else ():
            taken = _Taken.read(home.name)
            if taken is None or not is_folder(home):
                continue
            for file in [each for each in home.iterdir() if each.name != ORIGIN]:
                claim = Claim(home, file, came_by or "")
                try:
                    seen = file.lstat()
                except FileNotFoundError:
                    continue
                if not stat.S_ISREG(seen.st_mode):
                    continue
                if taken.same(seen) and not _is_due(taken, now, wall, still_for):
                    continue
                with locked(home, exclusively) as mine:
                    changed += mine and _act(paths, claim, taken, now, on_record)
            with suppress(OSError):
                if [each.name for each in home.iterdir()] == [ORIGIN]:
                    (home / ORIGIN).unlink()
                home.rmdir()
    return changed


def _act(paths: Paths, claim: Claim, taken: _Taken, now: float, on_record: Callable[[str], bool]) -> bool:
    """What is to be done with one file that changed or is due; gives whether it went back."""
    if given_back(paths, claim):
        release(claim)
        return False
    if not on_record(taken.sha256):
        # Nobody took this in: a stranger put it there, or the ledger is another one now.
        put_back(paths, _named(claim))
        return True
    descriptor = open_plain(claim.file)
    try:
        with no_writer(descriptor) as none:
            if none is False and taken.same(os.fstat(descriptor)):
                return False
            seen = _unchanged_as(claim.file, taken.sha256)
            if seen is None:
                put_back(paths, _named(claim))
                return True
            if taken.same(seen):
                release(claim)
            else:
                # Touched, and the same bytes: whoever did that may not be done.
                _rename(claim, claim.home.parent, _taken(taken.sha256, seen, now))
    finally:
        os.close(descriptor)
    return False


def _is_due(taken: _Taken, now: float, wall: float, still_for: float) -> bool:
    if taken.boot == _boot():
        return now - taken.since_ms / 1000 >= still_for
    return wall - max(taken.mtime_ns, taken.ctime_ns) / 1e9 >= max(still_for, OTHER_BOOT_SECONDS)


def _taken(sha256: str, seen: os.stat_result, now: float) -> _Taken:
    return _Taken(sha256, _boot(), int(now * 1000), seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def _unchanged_as(file: Path, sha256: str) -> os.stat_result | None:
    """How the file looks if its bytes have this digest and nobody wrote while they were read, else None."""
    with open(open_plain(file), "rb") as stream:  # noqa: PTH123 an open file has no path
        before = os.fstat(stream.fileno())
        found = file_digest(stream, "sha256").hexdigest()
        after = os.fstat(stream.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return after if same and found == sha256 else None


def _rename(claim: Claim, area: Path, taken: _Taken) -> None:
    """Renames the claim's folder into ``area``, which must be no link. Raises OSError."""
    into = os.open(area, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.rename(claim.home, taken.name, dst_dir_fd=into)
    finally:
        os.close(into)


@cache
def _boot() -> str:
    """Tells this start of this machine from any other."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").replace("-", "").strip()[:12]
    return ""

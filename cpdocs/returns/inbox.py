"""The inbox as strangers leave it: what may be taken, and what is left and why.

The scan is the truth. A file is taken only if it is a regular file with one name, directly in ``inbox/`` or in one of
its folders, not hidden and not under a name that programs give to unfinished files. Every step goes through the open
folder, never through a path that somebody may swap meanwhile, and no link is followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cpdocs.errors import WorkspaceFault
from cpdocs.returns.write_stability import Look, look_at
from cpdocs.workspace import Paths

HIDDEN = ".cpdocs-claims"
"""The folder on a share in which files are claimed."""
RETAINED = ".cpdocs-retained"
"""The folder on a share in which files stay that were taken in."""

_OWN = frozenset({HIDDEN, RETAINED, ".gitkeep"})
_ENDS = (
    *(".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".opdownload", ".uploading"),
    *(".upload", ".aria2", ".!ut", ".swp", ".swo", ".lck", ".lock", ".bak", ".lnk", ".url", "~"),
    *(":zone.identifier", "\uf03azone.identifier", "\uf022zone.identifier", ".zone.identifier"),
)
"""How programs end the names of files that they aren't done with, of their copies and notes. A share that can't store
a colon has another character there."""
_STARTS = (".", "~$")
_MIDDLES = (".syncthing.", ".sb-")
_NAMES = frozenset(
    {
        *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "autorun.inf", "icon\r", "__macosx"),
        *("$recycle.bin", "#recycle", "@recycle", "@eadir", "recycler", "system volume information", "lost+found"),
    }
)
"""Files and folders that systems make for themselves wherever somebody looks into a folder."""


class LeftBecause(StrEnum):
    """Why a name in the inbox is left alone, in words for a person."""

    LINK = "it is a link; copy the file itself into the inbox"
    SEVERAL_NAMES = "the file has another name elsewhere (a hard link); copy it into the inbox instead"
    SPECIAL = "it is not a regular file"
    DEEP_FOLDER = "it is a folder inside a practice's folder; move its files up"
    UNREADABLE = "it can't be read; check its permissions"
    UNSETTLED = "it is still being written; it is taken when it stays the same"
    OPEN = "a program has it open for writing; it is taken when that program is done"
    CUT = (
        "it is still being written: its end isn't there; it is taken when it stays the same for longer "
        "(to take it as it is, name it: cpdocs intake FILE)"
    )
    BLANK = (
        "it is empty, or begins with zeros, as a file does whose writer hasn't begun; it is taken when it stays the "
        "same for much longer (to take it as it is, name it: cpdocs intake FILE)"
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in the inbox: ``folder`` is the practice's folder or empty, ``name`` as it stands on disk."""

    folder: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at one name: ``look`` for a file that may be taken, else ``left`` says why not."""

    spot: Spot
    look: Look | None = None
    left: LeftBecause | None = None


def check_folders(paths: Paths) -> None:
    """Raises WorkspaceFault where inbox/, outbox/ and state/ lie inside one another, as links can make them."""
    places = {
        name: path.resolve()
        for name, path in (("inbox", paths.inbox), ("outbox", paths.outbox), ("state", paths.state))
    }
    for name, place in places.items():
        for other, elsewhere in places.items():
            if name != other and (place == elsewhere or elsewhere in place.parents):
                raise WorkspaceFault(
                    f"{name}/ lies inside {other}/: what is written there would be taken for a returned file.",
                    todo="Give each a folder of its own.",
                )


def is_set_aside(name: str) -> bool:
    """Whether programs give such names to files that aren't done, or to files of their own. Hidden files are never
    taken."""
    lower = name.lower()
    return (
        lower in _NAMES or lower.startswith(_STARTS) or lower.endswith(_ENDS) or any(part in lower for part in _MIDDLES)
    )


@dataclass(slots=True)
class Tally:
    """How many names a look left alone for being what :func:`is_set_aside` says; our own hidden ones don't count."""

    set_aside: int = 0

    def leaves(self, name: str) -> bool:
        """Whether ``name`` is left alone; counts it if so."""
        found = is_set_aside(name)
        self.set_aside += found and name not in _OWN
        return found


def scan(inbox: Path, wanted: Callable[[Spot], bool] = lambda _: True, tally: Tally | None = None) -> Iterator[Seen]:
    """One look at everything in the inbox that is ``wanted``, in name order folder by folder; ``tally`` counts what is
    left for its name. A missing inbox is an empty one.

    Raises OSError where a folder can't be listed.
    """
    try:
        top = open_top(inbox)
    except FileNotFoundError:
        return
    tally = tally or Tally()
    try:
        for name in sorted(os.listdir(top)):  # noqa: PTH208 an open folder has no path
            if tally.leaves(name):
                continue
            kind = _kind(top, name)
            if kind is None:
                continue
            if stat.S_ISDIR(kind):
                yield from _scan_folder(top, name, wanted, tally)
            elif wanted(spot := Spot("", name)):
                yield _look(top, spot, kind)
    finally:
        os.close(top)


def _scan_folder(top: int, folder: str, wanted: Callable[[Spot], bool], tally: Tally) -> Iterator[Seen]:
    try:
        inner = open_folder(folder, top)
    except OSError:
        yield Seen(Spot("", folder), left=LeftBecause.UNREADABLE)
        return
    try:
        for name in sorted(os.listdir(inner)):  # noqa: PTH208 an open folder has no path
            spot = Spot(folder, name)
            if tally.leaves(name) or not wanted(spot):
                continue
            kind = _kind(inner, name)
            if kind is None:
                continue
            if stat.S_ISDIR(kind):
                yield Seen(spot, left=LeftBecause.DEEP_FOLDER)
            else:
                yield _look(inner, spot, kind)
    finally:
        os.close(inner)


def open_top(inbox: Path) -> int:
    """Opens the inbox itself, which a site may have made a link to a share. Raises OSError."""
    return os.open(inbox, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def open_folder(folder: str, top: int) -> int:
    """Opens a folder in the inbox (``top`` is the open inbox); a link is no folder. Raises OSError."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=top)


def _kind(folder: int, name: str) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return None


def _look(folder: int, spot: Spot, kind: int) -> Seen:
    if stat.S_ISLNK(kind):
        return Seen(spot, left=LeftBecause.LINK)
    if not stat.S_ISREG(kind):
        return Seen(spot, left=LeftBecause.SPECIAL)
    try:
        descriptor = os.open(spot.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return Seen(spot, left=LeftBecause.UNREADABLE)
    try:
        if os.fstat(descriptor).st_nlink > 1:
            return Seen(spot, left=LeftBecause.SEVERAL_NAMES)
        return Seen(spot, look=look_at(descriptor))
    except OSError:
        return Seen(spot, left=LeftBecause.UNREADABLE)
    finally:
        os.close(descriptor)

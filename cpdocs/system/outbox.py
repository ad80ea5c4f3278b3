"""Files that leave with an event: written before it under a name nobody looks at, given their names after it.

    outbox/plans/.staged/<key>/<practice>/<document id>.pdf   →   outbox/plans/<practice>/<document id>.pdf

The key holds the document id and part of the digest that the event records, so that two processes at the same document
never mix their files. A crash before the event leaves staged files that nothing refers to; one after it leaves them for
the next command, which finds the event and gives them their names. What was named once is never named again: an import
job that took a package away doesn't get a second one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from cpdocs.errors import WorkspaceFault
from cpdocs.system.durable import disk_fault, fsync_folder, make_folder, refuse_links, write_durably

STAGED = ".staged"
_ABANDONED = timedelta(days=1)


def stage_key(document_id: str, sha256: str) -> str:
    """The key under which files wait for the event about ``document_id`` that records ``sha256``."""
    return f"{document_id}.{sha256[:16]}"


def stage(area: Path, key: str, files: Mapping[str, bytes]) -> None:
    """Writes ``files`` (path under ``area``, POSIX → bytes) durably, in this order, for :func:`put_out` to name.

    What an earlier try left under ``key`` is replaced. Raises WorkspaceFault where the disk refuses.
    """
    folder = area / STAGED / key
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    for name, data in files.items():
        write_durably(folder / PurePosixPath(name), data, overwrite=True)


def put_out(area: Path, key: str, *, whole: bool = False) -> None:
    """Gives the files staged under ``key`` their names; with ``whole`` the folder that holds them all, in one step.

    With ``whole`` every staged path has the same first two folders (target, package) and the package appears complete
    or not at all. Nothing staged: nothing to do. Raises WorkspaceFault where a name is taken or the disk refuses.
    """
    folder = area / STAGED / key
    if not folder.is_dir():
        return
    refuse_links(folder)
    moves = (
        [path for path in folder.glob("*/*") if path.is_dir()]
        if whole
        else [path for path in folder.rglob("*") if path.is_file()]
    )
    for path in moves:
        target = area / path.relative_to(folder)
        make_folder(target.parent)
        if target.exists() and path.exists():
            raise WorkspaceFault(
                f"{target} exists already and was left alone.", todo="Move it away, then run the command again."
            )
        try:
            path.rename(target)
            fsync_folder(target.parent)
        except FileNotFoundError:
            continue  # another process, finishing the same crash, was quicker
        except OSError as error:
            raise disk_fault(error, target.parent) from error
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()  # not while another document waits there


def discard(area: Path, key: str) -> None:
    """Forgets what is staged under ``key``: its event was not recorded and never will be."""
    shutil.rmtree(area / STAGED / key, ignore_errors=True)
    with suppress(OSError):
        (area / STAGED).rmdir()


def finish(area: Path, recorded: Callable[[str], bool], now: datetime, *, whole: bool = False) -> list[str]:
    """Names what a crash left staged after its event was recorded; gives the keys. Removes what was given up long ago.

    ``recorded`` says whether the ledger has the event of a key; ``now`` (aware) is the true time.
    """
    named: list[str] = []
    waiting = area / STAGED
    if not waiting.is_dir():
        return named
    for folder in sorted(waiting.iterdir()):
        if recorded(folder.name):
            put_out(area, folder.name, whole=whole)
            named.append(folder.name)
            continue
        with suppress(OSError):
            if now.timestamp() - folder.stat().st_mtime > _ABANDONED.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)
    return named

"""A backup read again: checked where it lies, or made a workspace that is proven before it gets its name.

Nothing is ever restored over something. The archive and those it builds on are unpacked beside the target; nothing but
what such an archive may hold is (``archive_signature``). Every file is held against what the organization's key
signed, every stored file against its name, the ledger is replayed event by event, and a checkpoint that was kept
elsewhere shows whether this is the history that was. Keys come from a second archive in the same step. Only then does
the folder get its name. No restored setting, template or key is used before its files were named to who restores.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.plurals import counted
from cpdocs.errors import AnswerIsNo, InputFault, Problem, UsageFault
from cpdocs.ledger.audit import Report
from cpdocs.ledger.checkpoint import Checkpoint, CheckpointInvalid, verify_checkpoint
from cpdocs.ledger.tree import Head, verify_consistency
from cpdocs.retention.archive_reading import (
    ANOTHER,
    Contents,
    Trusted,
    archive_fault,
    entries,
    read_archive,
    read_unchecked,
)
from cpdocs.retention.archive_signature import STORE, is_private, is_stored, may_hold
from cpdocs.retention.backup import MANIFEST
from cpdocs.system.durable import disk_fault, fsync_folder, make_folder
from cpdocs.trail.audit import checkpoints_folder, read_checkpoint
from cpdocs.workspace import Paths

if TYPE_CHECKING:
    from cpdocs.ledger.events import EventStore
    from cpdocs.system.age import Identity

_KEYS_UNPACKED = ".keys"


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored workspace. ``lost_events`` are those that the checkpoint given knows and the backup doesn't; None
    without one.

    ``anchored`` says whether a checkpoint from elsewhere proved this history. ``stale_keys`` are those of the archive
    with the keys that were renewed since. ``beside`` are the restored files besides the ledger, the store and
    checkpoints, all of which steer what cpdocs does; ``reaching`` the settings that name a program or an address.
    """

    root: Path
    contents: Contents
    report: Report
    anchored: bool
    lost_events: int | None
    missing_keys: tuple[str, ...]
    stale_keys: tuple[str, ...]
    beside: tuple[str, ...]
    reaching: tuple[str, ...]


def restore(
    file: Path, into: Path, identities: Sequence[Identity], trusted: Trusted, *, keys: Path | None = None
) -> Restored:
    """Makes a workspace of a backup in ``into``, a new or empty folder; ``keys`` is an archive made with keys, which
    gives those that ``file`` lacks.

    Raises:
        UsageFault: ``into`` holds something.
        WrongKey, SealBroken, InputFault: the archive, or one that it builds on, can't be read.
        AnswerIsNo: it isn't what the organization signed, no whole workspace, or not the history that a checkpoint kept
            elsewhere was signed over.
        WorkspaceFault: the disk refuses.
    """
    root = into.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageFault(
            f"{root} isn't an empty folder.", todo="Name a new folder: nothing is ever restored over something."
        )
    outside = {path: read_checkpoint(path) for path in trusted.against}
    make_folder(root.parent)
    work = root.parent / f".cpdocs-restore-{secrets.token_hex(8)}"
    try:
        work.mkdir(0o700)
        contents = _unpack(file, identities, work, trusted)
        stale = _unpack_keys(keys, identities, work, contents, trusted) if keys else ()
        report, anchored, lost = _prove(work, contents, outside)
        beside, reaching = _beside(work), _reaching(Paths(work).settings)
        Paths(work).make_folders()
        os.sync()
        work.rename(root)
        fsync_folder(root.parent)
    except OSError as error:
        raise disk_fault(error, root.parent) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    missing = Paths(root).missing_keys
    return Restored(root, contents, report, anchored, lost, missing, stale, beside, reaching)


def record_restore(ledger: EventStore, restored: Restored) -> None:
    """The restored ledger's next event: that it was restored, from what, and how far that was proven."""
    data: dict[str, JSON] = {
        "name": restored.contents.name,
        "archive_external_sha256": restored.contents.sha256,
        "made_at": restored.contents.made_at.isoformat(),
        "events": restored.report.events,
        "anchored": restored.anchored,
        "lost_events": restored.lost_events,
        "signed": restored.contents.signed,
    }
    ledger.append(NewEvent(EventType.BACKUP_RESTORED, ("workspace:",), data))


def _beside(work: Path) -> tuple[str, ...]:
    """What steers cpdocs: settings, templates, users, keys."""
    names = (path.relative_to(work).as_posix() for path in sorted(work.rglob("*")) if path.is_file())
    folders = ("templates/", "state/users/", "state/keys/")
    return tuple(name for name in names if name == "cpdocs.toml" or name.startswith(folders))


def _reaching(file: Path) -> tuple[str, ...]:
    """The settings that name a file to load, a folder, or an address; never their values, which may hold a password."""
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return ("cpdocs.toml can't be read",)
    return tuple(_pointing(found, ""))


def _pointing(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _pointing(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for item in value:
            yield from _pointing(item, name)
    elif isinstance(value, str) and (value.startswith("/") or "://" in value):
        yield name


def _unpack(file: Path, identities: Sequence[Identity], work: Path, trusted: Trusted) -> Contents:
    contents = read_archive(file, identities, work, trusted)
    for name, digest in contents.based_on.items():
        fault = archive_fault(file.parent / name, digest, None)
        if fault:
            raise AnswerIsNo(
                "An archive that this backup builds on can't be used.",
                problems=[fault],
                todo="Put it beside this one, or use another backup.",
            )
        read_unchecked(file.parent / name, identities, work, is_stored)
    with (work / MANIFEST).open("rb") as lines:
        missing = [
            sha
            for entry in entries(lines)
            if (sha := entry.get("stored")) and not (work / STORE / sha[:2] / sha).is_file()
        ]
    (work / MANIFEST).unlink()
    if missing:
        problems = [Problem("file_missing", "No archive holds it.", f"store/{sha}") for sha in missing[:200]]
        raise AnswerIsNo(
            f"{counted(len(missing), 'stored file')} of this backup can be found nowhere.",
            problems=problems,
            todo=ANOTHER,
        )
    return contents


def _unpack_keys(
    file: Path, identities: Sequence[Identity], work: Path, contents: Contents, trusted: Trusted
) -> tuple[str, ...]:
    """Puts the private keys and PIN verifiers of ``file`` where the workspace lacks them; gives the names of those that
    belong to another certificate than the workspace has, which are left out."""
    unpacked = work / _KEYS_UNPACKED
    found = read_archive(file, identities, unpacked, trusted, _of_keys)
    if not found.with_keys:
        raise InputFault(f"{file.name} holds no keys.", todo="Give the archive that was made --with-keys.")
    if found.checkpoint_key != contents.checkpoint_key:
        raise AnswerIsNo(
            f"{file.name} holds the keys of another ledger.", todo="Give the archive with this workspace's keys."
        )
    stale = []
    for path in sorted(unpacked.rglob("*")):
        name = path.relative_to(unpacked).as_posix()
        target = work / name
        if not path.is_file() or not is_private(name) or target.exists():
            continue
        theirs, ours = path.with_suffix(".crt"), target.with_suffix(".crt")
        if theirs.is_file() and ours.is_file() and theirs.read_bytes() != ours.read_bytes():
            stale.append(path.name)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.rename(target)
    shutil.rmtree(unpacked)
    return tuple(stale)


def _of_keys(name: str) -> bool:
    return name.startswith(("state/keys/", "state/users/")) and may_hold(name, with_keys=True)


def _prove(work: Path, contents: Contents, outside: Mapping[Path, str]) -> tuple[Report, bool, int | None]:
    """Replays the ledger and hashes the store. A checkpoint that goes further than the backup tells what is lost
    instead."""
    from cpdocs.ledger.audit import verify

    paths = Paths(work)
    held, later = {"the backup's own checkpoint": contents.checkpoint}, dict[str, Checkpoint]()
    for path, note in outside.items():
        try:
            checkpoint = verify_checkpoint(note, [contents.checkpoint_key])
        except CheckpointInvalid as error:
            raise AnswerIsNo(
                f"The checkpoint {path.name} was not signed with the key of this backup's ledger.",
                problems=[Problem("checkpoint_invalid", error.message, path.name)],
                todo="Find out which of the two is another ledger's, before anybody uses this backup.",
            ) from None
        if checkpoint.head.size > contents.events:
            later[path.name] = checkpoint
        else:
            held[f"the checkpoint {path.name}"] = note
    report = verify(
        paths.state / "ledger.db", paths.state / "store", checkpoints_folder(paths), [contents.checkpoint_key], held
    )
    restored = Head(report.events, report.root)
    proven = {name: _continues(restored, each) for name, each in later.items()}
    problems = [
        *report.problems,
        *(
            Problem("checkpoint_contradicts", "It was signed over other events than this backup holds.", name)
            for name, holds in proven.items()
            if holds is False
        ),
    ]
    if problems:
        raise AnswerIsNo(
            f"What this backup holds is not a whole trail ({counted(len(problems), 'problem')}); nothing was restored.",
            problems=problems,
            todo=ANOTHER,
        )
    lost = max((each.head.size - contents.events for each in later.values()), default=0) if outside else None
    return report, len(held) > 1 or any(proven.values()), lost


def _continues(restored: Head, later: Checkpoint) -> bool | None:
    """Whether a later checkpoint shows that what was restored is the beginning of what it signed; None where it proves
    nothing of this backup."""
    steps = dict(later.since)
    if restored.size not in steps:
        return None
    return verify_consistency(restored, later.head, steps[restored.size])

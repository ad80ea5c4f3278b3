"""A backup read again: checked where it lies, or made a workspace that is proven before it gets its name.

Nothing is ever restored over something. The archive and those it builds on are unpacked beside the target, every file
is held against the manifest, every stored file against its name, the ledger is replayed event by event, and a
checkpoint that was kept elsewhere shows whether this is the history that was. Only then does the folder get its name.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.errors import AnswerIsNo, InputFault, Problem, UsageFault
from cpdocs.ledger.audit import Report
from cpdocs.ledger.checkpoint import CheckpointInvalid, verify_checkpoint
from cpdocs.retention.backup import FORMAT, MANIFEST, RECEIPT_FORMAT
from cpdocs.system.age import SealBroken, digest_of
from cpdocs.system.durable import create_new, disk_fault, fsync_folder, make_folder, read_plain, write_all
from cpdocs.system.tar_stream import Unpacked, Unpacking
from cpdocs.trail.audit import checkpoints_folder, read_checkpoint
from cpdocs.workspace import Paths

if TYPE_CHECKING:
    from cpdocs.system.age import Identity
    from cpdocs.workspace import Workspace

_STORE = "state/store/"
_ANOTHER = "Use another copy, or an earlier backup."


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive's manifest says of it. ``based_on`` are the earlier archives needed, name → SHA-256."""

    name: str
    sha256: str
    made_at: datetime
    events: int
    sandbox: bool
    with_keys: bool
    checkpoint: str
    checkpoint_key: bytes
    based_on: Mapping[str, str]
    new: int
    earlier: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored workspace. ``lost_events`` are those that the checkpoint given knows and the backup doesn't; None
    without one.

    ``anchored`` says whether a checkpoint from elsewhere proved this history.
    """

    root: Path
    contents: Contents
    report: Report
    anchored: bool
    lost_events: int | None
    missing_keys: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """The archive's own list of what was unpacked, to be held against its manifest."""

    digest: Any = field(default_factory=sha256)
    count: int = 0

    def add(self, name: str, sha: str, size: int) -> None:
        self.digest.update(json.dumps([name, sha, size]).encode())
        self.count += 1


def check_receipt(file: Path) -> dict[str, Any]:
    """Holds an archive, and those it builds on, against the receipts beside them, without any key.

    Raises InputFault where there is no receipt, AnswerIsNo where an archive is missing or isn't what was written.
    """
    receipt = _receipt(file)
    problems = []
    for each in ({"name": file.name, "sha256": receipt["sha256"], "size": receipt["size"]}, *receipt["based_on"]):
        problem = _archive_fault(file.parent / each["name"], each["sha256"], each.get("size"))
        if problem:
            problems.append(problem)
    if problems:
        raise AnswerIsNo("This backup can't be restored.", problems=problems, todo=_ANOTHER)
    return receipt


def check_archive(file: Path, identities: Sequence[Identity]) -> Contents:
    """Decrypts an archive to nowhere and holds every byte of it against its manifest, and the archives it builds on
    against their sums. Raises WrongKey, SealBroken, InputFault, AnswerIsNo."""
    contents = _read(file, identities, None)
    problems = [
        fault
        for name, digest in contents.based_on.items()
        if (fault := _archive_fault(file.parent / name, digest, None))
    ]
    if problems:
        raise AnswerIsNo("This backup can't be restored.", problems=problems, todo=_ANOTHER)
    return contents


def restore(file: Path, into: Path, identities: Sequence[Identity], against: Sequence[Path] = ()) -> Restored:
    """Makes a workspace of a backup in ``into``, a new or empty folder.

    Raises:
        UsageFault: ``into`` holds something.
        WrongKey, SealBroken, InputFault: the archive, or one that it builds on, can't be read.
        AnswerIsNo: it is no whole workspace, or not the history that a checkpoint of ``against`` was signed over.
        WorkspaceFault: the disk refuses.
    """
    root = into.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageFault(
            f"{root} isn't an empty folder.", todo="Name a new folder: nothing is ever restored over something."
        )
    outside = {path: read_checkpoint(path) for path in against}
    make_folder(root.parent)
    work = root.parent / f".cpdocs-restore-{secrets.token_hex(8)}"
    try:
        work.mkdir(0o700)
        contents = _unpack(file, identities, work)
        report, anchored, lost = _prove(work, contents, outside)
        Paths(work).make_folders()
        os.sync()
        work.rename(root)
        fsync_folder(root.parent)
    except OSError as error:
        raise disk_fault(error, root.parent) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Restored(root, contents, report, anchored, lost, Paths(root).missing_keys)


def record_restore(ws: Workspace, restored: Restored) -> None:
    """The restored ledger's next event: that it was restored, from what, and how far that was proven."""
    data: dict[str, JSON] = {
        "name": restored.contents.name,
        "archive_external_sha256": restored.contents.sha256,
        "made_at": restored.contents.made_at.isoformat(),
        "events": restored.report.events,
        "anchored": restored.anchored,
        "lost_events": restored.lost_events,
    }
    ws.ledger.append(NewEvent(EventType.BACKUP_RESTORED, ("workspace:",), data))


def _unpack(file: Path, identities: Sequence[Identity], work: Path) -> Contents:
    contents = _read(file, identities, work)
    for name, digest in contents.based_on.items():
        fault = _archive_fault(file.parent / name, digest, None)
        if fault:
            raise AnswerIsNo(
                "An archive that this backup builds on can't be used.",
                problems=[fault],
                todo="Put it beside this one, or use another backup.",
            )
        _read(file.parent / name, identities, work, stored_only=True)
    with (work / MANIFEST).open("rb") as lines:
        missing = [
            sha
            for entry in _entries(lines)
            if (sha := entry.get("stored")) and not (work / _STORE / sha[:2] / sha).is_file()
        ]
    (work / MANIFEST).unlink()
    if missing:
        problems = [Problem("file_missing", "No archive holds it.", f"store/{sha}") for sha in missing[:200]]
        raise AnswerIsNo(f"{len(missing)} stored files of this backup are nowhere.", problems=problems, todo=_ANOTHER)
    return contents


def _read(file: Path, identities: Sequence[Identity], work: Path | None, *, stored_only: bool = False) -> Contents:
    """Reads one archive to its end, into ``work`` where there is one, and checks it against its manifest."""
    unpacking = Unpacking(file, identities)
    reading = _Reading()
    manifest: bytes | Path | None = None
    with closing(unpacking.members()) as members:
        for member in members:
            if manifest is not None:
                raise SealBroken(f"{file.name} goes on after its manifest.", todo=_ANOTHER)
            if member.name == MANIFEST:
                manifest = _take_manifest(member, work)
                continue
            target = (
                work / member.name if work is not None and (not stored_only or member.name.startswith(_STORE)) else None
            )
            reading.add(member.name, *_take(member, target))
    if manifest is None:
        raise SealBroken(f"{file.name} has no manifest: the backup wasn't finished.", todo=_ANOTHER)
    try:
        return _compare(file, unpacking.sha256, manifest, reading)
    except (ValueError, KeyError, TypeError):
        raise SealBroken(
            f"{file.name} doesn't hold what its manifest says.", todo="Don't use this file; find out who made it."
        ) from None


def _take(member: Unpacked, target: Path | None) -> tuple[str, int]:
    """Reads one file, into ``target`` where there is one, which must be new; gives its SHA-256 and size. Raises
    OSError."""
    digest, size, descriptor = sha256(), 0, -1
    if target is not None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if member.name.startswith(_STORE) and target.exists():
            target = None  # two archives that were made at the same time may hold the same file
        else:
            descriptor = create_new(target)
    try:
        for chunk in member.chunks:
            digest.update(chunk)
            size += len(chunk)
            if descriptor >= 0:
                write_all(descriptor, chunk)
        if descriptor >= 0:
            os.utime(descriptor, (member.mtime, member.mtime))
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return digest.hexdigest(), size


def _take_manifest(member: Unpacked, work: Path | None) -> bytes | Path:
    if work is None:
        return b"".join(member.chunks)
    path = work / MANIFEST
    path.unlink(missing_ok=True)
    _take(member, path)
    return path


def _compare(file: Path, digest: str, manifest: bytes | Path, reading: _Reading) -> Contents:
    """Raises ValueError, KeyError, TypeError where the manifest isn't one, or is another archive's."""
    listed = _Reading()
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    with io.BytesIO(manifest) if isinstance(manifest, bytes) else manifest.open("rb") as lines:
        for entry in _entries(lines):
            if "format" in entry:
                first = entry
            elif "name" in entry:
                listed.add(entry["name"], entry["sha256"], entry["size"])
            last = entry
    if first["format"] != FORMAT or last.get("end") is not True:
        raise ValueError("not a whole manifest")
    if (listed.count, listed.digest.digest()) != (reading.count, reading.digest.digest()):
        raise ValueError("other files than listed")
    return Contents(
        name=file.name,
        sha256=digest,
        made_at=datetime.fromisoformat(first["made_at"]),
        events=first["events"],
        sandbox=first["sandbox"],
        with_keys=first["with_keys"],
        checkpoint=first["checkpoint"],
        checkpoint_key=bytes.fromhex(first["checkpoint_key"]),
        based_on={each["name"]: each["sha256"] for each in last["based_on"]},
        new=last["new"],
        earlier=last["earlier"],
        damaged=tuple(last["damaged"]),
    )


def _entries(lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        entry = json.loads(line)
        if not isinstance(entry, dict):
            raise TypeError("a manifest's lines are objects")
        yield entry


def _prove(work: Path, contents: Contents, outside: Mapping[Path, str]) -> tuple[Report, bool, int | None]:
    """Replays the ledger and hashes the store. A checkpoint that goes further than the backup tells what is lost
    instead."""
    from cpdocs.ledger.audit import verify

    paths = Paths(work)
    held, lost = {"the backup's own checkpoint": contents.checkpoint}, None
    for path, note in outside.items():
        try:
            size = verify_checkpoint(note, [contents.checkpoint_key]).head.size
        except CheckpointInvalid as error:
            raise AnswerIsNo(
                f"The checkpoint {path.name} was not signed with the key of this backup's ledger.",
                problems=[Problem("checkpoint_invalid", error.message, path.name)],
                todo="Find out which of the two is another ledger's, before anybody uses this backup.",
            ) from None
        lost = max(lost or 0, size - contents.events)
        if size <= contents.events:
            held[f"the checkpoint {path.name}"] = note
    report = verify(
        paths.state / "ledger.db", paths.state / "store", checkpoints_folder(paths), [contents.checkpoint_key], held
    )
    if not report.ok:
        raise AnswerIsNo(
            f"What this backup holds is not a whole trail ({len(report.problems)} problems); nothing was restored.",
            problems=report.problems,
            todo=_ANOTHER,
        )
    return report, len(held) > 1, lost


def _archive_fault(file: Path, digest: str, size: int | None) -> Problem | None:
    try:
        actual, length = digest_of(file)
    except InputFault:
        return Problem(
            "archive_missing", "It is missing, or can't be read.", file.name, "Put it back beside the others."
        )
    if actual == digest:
        return None
    if size is not None and length < size:
        return Problem("archive_truncated", f"It was cut short: {length} of {size} bytes are there.", file.name)
    return Problem("archive_changed", "Its bytes are not those that were written.", file.name)


def _receipt(file: Path) -> dict[str, Any]:
    path = file.with_name(f"{file.name}.json")
    found: dict[str, Any] = {}
    with suppress(OSError, ValueError, KeyError, TypeError):
        receipt = json.loads(read_plain(path))
        if receipt["format"] == RECEIPT_FORMAT and receipt["name"] == file.name:
            found = {
                **receipt,
                "sha256": str(receipt["sha256"]),
                "size": int(receipt["size"]),
                "based_on": list(receipt["based_on"]),
            }
    if not found:
        raise InputFault(
            f"There is no receipt {path.name} beside the backup, or it is damaged.",
            todo="Give --identity-file: then the backup itself is read.",
        )
    return found

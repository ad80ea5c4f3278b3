"""A backup while everything goes on: one encrypted file, whole or absent, read back before it counts.

    state/ledger.db …        the ledger as of one moment, with the sums of its pages
    state/…                  checkpoints, public keys, what was claimed from the inbox; private keys only where asked
    cpdocs.toml templates/   how the site set it up
    state/store/ab/abcdef…   every stored file that no earlier archive in the same folder holds
    manifest.jsonl           the checkpoint, every file with its SHA-256, and where the others are
    manifest.note            last: the checkpoint key's signature over all that (``archive_signature``)

The ledger is copied before the store is listed: a stored file is older than the event that mentions it, so nothing that
the copy mentions can be missing. docs/backup.md says how to keep the keys, and how to restore.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import cpdocs
from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.ledger.blobs import BlobStore, write_durably
from cpdocs.ledger.checkpoint import load_checkpoint_key, public_bytes
from cpdocs.retention.archive_signature import FORMAT, SIGNATURE, STORE, is_private, may_hold, sign_archive
from cpdocs.retention.lists import (
    Made,
    backups_folder,
    begin_attempt,
    end_attempt,
    made_backups,
    placed,
    stored,
    usable,
    working,
    write_list,
)
from cpdocs.system.age import digest_of, encrypt
from cpdocs.system.durable import CHUNK, create_new, disk_fault, fsync_folder, make_folder, open_plain
from cpdocs.system.tar_stream import END, header, padding
from cpdocs.trail.audit import checkpoints_folder, sign_now

if TYPE_CHECKING:
    from cpdocs.system.age import Recipient
    from cpdocs.workspace import Paths, Workspace

RECEIPT_FORMAT = "cpdocs.backup-receipt/1"
MANIFEST = "manifest.jsonl"
_REBUILT = re.compile(
    r"state/(retained/.*|derived/.*|heartbeat\.json|[a-z]+\.lock|\.letter.*|ledger\..*)|(.*/)?\.cpdocs-.*\.part"
)
"""What no restore needs: locks, the watcher's heartbeat, what a killed command left."""
_LEDGER = ("ledger.db", "ledger.pages")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and read back. ``new`` and ``earlier`` count stored files; ``damaged`` names those left
    out, ``left_out`` other files that no backup holds, since cpdocs doesn't know them."""

    file: Path
    sha256: str
    size: int
    events: int
    new: int
    earlier: int
    based_on: tuple[str, ...]
    damaged: tuple[str, ...]
    with_keys: bool
    left_out: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What has gone into the archive so far; the manifest's lines are in a file, so that memory stays flat."""

    lines: IO[bytes]
    new: int = 0
    earlier: int = 0
    based_on: set[str] = field(default_factory=set)
    damaged: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    digest: Any = field(default_factory=sha256)

    def note(self, entry: dict[str, JSON]) -> None:
        line = json.dumps(entry, sort_keys=True).encode() + b"\n"
        self.digest.update(line)
        self.lines.write(line)

    def add(self, name: str, sha: str, size: int) -> None:
        self.note({"name": name, "sha256": sha, "size": size})
        if not name.startswith(STORE):
            self.files[name] = (sha, size)


def create_backup(
    ws: Workspace, folder: Path, recipients: Sequence[Recipient], *, with_keys: bool = False, full: bool = False
) -> Backup:
    """Makes a backup in ``folder``, encrypted to ``recipients``, and records it.

    Raises UsageFault where ``folder`` lies in the workspace, Busy where another backup is being made, WorkspaceFault
    where a disk refuses or gives back something else than was written.
    """
    target = folder.absolute()
    if target.resolve().is_relative_to(ws.paths.root):
        raise UsageFault(
            "A backup inside the workspace is lost with it.", todo="Name a folder on another disk, machine or share."
        )
    make_folder(target)
    with working(ws) as work:
        begin_attempt(ws.paths, ws.clock.true_now())
        _sweep(target, _mark(ws))
        made = _create(ws, target, work, recipients, with_keys=with_keys, full=full)
        end_attempt(ws.paths)
    return made


def _create(
    ws: Workspace, folder: Path, work: Path, recipients: Sequence[Recipient], *, with_keys: bool, full: bool
) -> Backup:
    from cpdocs.ledger.snapshot import snapshot

    made_at = ws.clock.true_now()
    checkpoint = sign_now(ws).note
    events = snapshot(ws.ledger_place, work / "ledger.db")
    earlier = [] if full else usable(ws.paths, made_backups(ws.ledger), folder)
    name = f"cpdocs-{_mark(ws)}-{made_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.tar.age"
    with (work / "lines").open("w+b") as lines:
        tally = _Tally(lines)
        tally.note(_facts(ws, made_at, events, checkpoint, with_keys=with_keys))
        digest, size = _write(
            folder, name, _archive(ws, name, work, tally, earlier, events=events, with_keys=with_keys), recipients
        )
        if digest_of(folder / name) != (digest, size):
            (folder / name).unlink()
            raise WorkspaceFault(
                f"The disk under {folder} gave back other bytes than were written to it.",
                todo="Check that disk; this backup was removed.",
            )
        write_list(ws.paths, name, _blobs_in(lines))
    sums = {each.name: each.sha256 for each in earlier if each.name in tally.based_on}
    made = Backup(
        folder / name,
        digest,
        size,
        events,
        tally.new,
        tally.earlier,
        tuple(sorted(sums)),
        tuple(tally.damaged),
        with_keys=with_keys,
        left_out=tuple(tally.left_out),
    )
    write_durably(folder / f"{name}.json", _receipt(made, made_at, sums, checkpoint))
    ws.ledger.append(NewEvent(EventType.BACKUP_MADE, ("workspace:",), _recorded(made)))
    return made


def _mark(ws: Workspace) -> str:
    """Tells this workspace's backups from another's in the same folder: the beginning of its public checkpoint key."""
    return public_bytes(load_checkpoint_key(ws.paths.keys / "checkpoint.key")).hex()[:8]


def _facts(ws: Workspace, made_at: datetime, events: int, checkpoint: str, *, with_keys: bool) -> dict[str, JSON]:
    return {
        "format": FORMAT,
        "version": cpdocs.__version__,
        "made_at": made_at.isoformat(),
        "host": ws.actor.host,
        "sandbox": ws.sandbox,
        "events": events,
        "checkpoint": checkpoint,
        "checkpoint_key": public_bytes(load_checkpoint_key(ws.paths.keys / "checkpoint.key")).hex(),
        "with_keys": with_keys,
    }


def _archive(
    ws: Workspace, archive: str, work: Path, tally: _Tally, earlier: Sequence[Made], *, events: int, with_keys: bool
) -> Iterator[bytes]:
    """The bytes of the tar, before encryption."""
    for part in _LEDGER:
        yield from _member(f"state/{part}", work / part, tally)
    for path in _settings_and_state(ws.paths):
        name = path.relative_to(ws.paths.root).as_posix()
        if path.parent == checkpoints_folder(ws.paths) and _signed_over(path) > events:
            continue  # signed since the ledger was copied
        if not may_hold(name, with_keys=with_keys):
            if not is_private(name) and not _REBUILT.fullmatch(name):
                tally.left_out.append(name)
            continue
        with suppress(FileNotFoundError):  # a claim that was finished meanwhile is in the store
            yield from _member(name, path, tally)
    store = BlobStore(ws.paths.state / "store")
    sums = {each.name: each.sha256 for each in earlier}
    for sha, holder in placed(stored(store.root), ws.paths, earlier):
        if holder:
            tally.earlier += 1
            tally.based_on.add(holder)
            tally.note({"stored": sha, "in": holder})
        elif _damaged(store.path(sha)):
            tally.damaged.append(sha)
        else:
            tally.new += 1
            yield from _member(f"state/store/{sha[:2]}/{sha}", store.path(sha), tally)
    based_on: list[JSON] = [{"name": name, "sha256": sums[name]} for name in sorted(tally.based_on)]
    tally.note(
        {"end": True, "based_on": based_on, "damaged": list(tally.damaged), "new": tally.new, "earlier": tally.earlier}
    )
    size = tally.lines.tell()
    yield header(MANIFEST, size, 0)
    tally.lines.seek(0)
    yield from iter(lambda: tally.lines.read(CHUNK), b"")
    yield padding(size)
    key = load_checkpoint_key(ws.paths.keys / "checkpoint.key")
    note = sign_archive(archive, tally.digest.hexdigest(), tally.files, ws.options.checkpoint_origin, key).encode()
    yield header(SIGNATURE, len(note), 0) + note + padding(len(note)) + END


def _settings_and_state(paths: Paths) -> Iterator[Path]:
    """Settings, the site's templates, and what is in state/ besides the ledger and the store. No link is followed."""
    yield paths.settings
    yield from _files(paths.templates)
    apart = {paths.state / "store", paths.derived, backups_folder(paths)}
    for path in sorted(paths.state.iterdir()):
        if path not in apart and not path.name.startswith("ledger."):
            yield from _files(path) if path.is_dir() else (path,)


def _signed_over(checkpoint: Path) -> int:
    """How many events a checkpoint file is about, by its name: ``<events>.txt`` or ``<events>-<number>.txt``."""
    number = checkpoint.stem.partition("-")[0]
    return int(number) if number.isdecimal() else 0


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(here, name) for name in sorted(names))


def _member(name: str, path: Path, tally: _Tally) -> Iterator[bytes]:
    """One file for the archive. One that shrinks while it is read (somebody writes to it still) is filled up with
    zeros."""
    try:
        descriptor = open_plain(path)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink() or not path.is_file():
            return
        raise disk_fault(error, path.parent, "read from") from error
    digest = sha256()
    try:
        status = os.fstat(descriptor)
        yield header(name, status.st_size, status.st_mtime)
        left = status.st_size
        while left:
            chunk = os.read(descriptor, min(CHUNK, left)) or bytes(min(CHUNK, left))
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
        yield padding(status.st_size)
    finally:
        os.close(descriptor)
    tally.add(name, digest.hexdigest(), status.st_size)


def _damaged(path: Path) -> bool:
    """A damaged stored file is named and left out: a backup must not carry it on under its name."""
    try:
        return digest_of(path)[0] != path.name
    except InputFault:
        return True


def _write(folder: Path, name: str, chunks: Iterator[bytes], recipients: Sequence[Recipient]) -> tuple[str, int]:
    """Encrypts into a temporary file and gives it its name when it is whole. Raises WorkspaceFault."""
    part = folder / f".{name}.part"
    try:
        descriptor = create_new(part)
        try:
            written = encrypt(chunks, descriptor, recipients)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.rename(folder / name)
        fsync_folder(folder)
    except OSError as error:
        raise disk_fault(error, folder) from error
    finally:
        part.unlink(missing_ok=True)
    return written


def _sweep(folder: Path, mark: str) -> None:
    """Removes what backups of this workspace that were killed left behind; it can be large."""
    for part in folder.glob(f".cpdocs-{mark}-*.tar.age.part"):
        part.unlink(missing_ok=True)


def _blobs_in(lines: IO[bytes]) -> Iterator[bytes]:
    """The list of stored files in this archive, from its manifest; the store is walked in order, so they are sorted."""
    lines.seek(0)
    for line in lines:
        name = str(json.loads(line).get("name", ""))
        if name.startswith("state/store/"):
            yield name.rsplit("/", 1)[1].encode() + b"\n"


def _receipt(made: Backup, made_at: datetime, sums: dict[str, str], checkpoint: str) -> bytes:
    """What may stand beside the archive in the clear: sums, counts, the checkpoint. It is written last."""
    receipt: dict[str, Any] = {
        "format": RECEIPT_FORMAT,
        "name": made.file.name,
        "sha256": made.sha256,
        "size": made.size,
        "made_at": made_at.isoformat(),
        "events": made.events,
        "based_on": [{"name": name, "sha256": digest} for name, digest in sorted(sums.items())],
        "with_keys": made.with_keys,
        "damaged": len(made.damaged),
        "checkpoint": checkpoint,
    }
    return json.dumps(receipt, indent=1, ensure_ascii=False).encode() + b"\n"


def _recorded(made: Backup) -> dict[str, JSON]:
    return {
        "name": made.file.name,
        "archive_external_sha256": made.sha256,
        "size": made.size,
        "events": made.events,
        "full": not made.based_on,
        "stored_new": made.new,
        "stored_earlier": made.earlier,
        "damaged": len(made.damaged),
        "with_keys": made.with_keys,
    }

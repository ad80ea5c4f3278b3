"""One archive of a backup, read to its end and held against its receipt, its manifest and its signature."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from cpdocs.errors import AnswerIsNo, InputFault, Problem
from cpdocs.ledger.checkpoint import CheckpointInvalid
from cpdocs.ledger.witness import read_log_key
from cpdocs.retention.archive_signature import (
    FORMAT,
    SIGNATURE,
    STORE,
    UNSIGNED_FORMAT,
    differences,
    is_private,
    may_hold,
    not_allowed,
    read_signed,
)
from cpdocs.retention.backup import MANIFEST, RECEIPT_FORMAT
from cpdocs.system.age import SealBroken, digest_of
from cpdocs.system.durable import create_new, read_plain, write_all
from cpdocs.system.tar_stream import Unpacked, Unpacking

if TYPE_CHECKING:
    from cpdocs.system.age import Identity

ANOTHER = "Use another copy, or an earlier backup."
_FORGED = "Don't use this file; find out who made it. An earlier backup may be as it was."


@dataclass(frozen=True, slots=True)
class Contents:
    """What an archive's manifest says of it. ``based_on`` are the earlier archives needed, name → SHA-256. ``signed``
    is False for one made before backups were signed; ``foreign`` are files in such a one that none holds today."""

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
    signed: bool
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What whoever restores knows besides the archive: checkpoints kept elsewhere, the ledger's public key as it was
    published (32 raw bytes), and whether an archive without a signature will do."""

    against: Sequence[Path] = ()
    log_key: bytes | None = None
    unsigned: bool = False


@dataclass(slots=True)
class _Reading:
    """What is in an archive, to be held against its manifest and against what was signed: a sum over every file, those
    outside the store by name, those that no archive holds, the manifest's own sum, and the signature."""

    digest: Any = field(default_factory=sha256)
    count: int = 0
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    manifest: bytes | Path | None = None
    manifest_sha256: str = ""
    note: str | None = None

    def add(self, name: str, sha: str, size: int) -> None:
        self.digest.update(json.dumps([name, sha, size]).encode())
        self.count += 1
        if not name.startswith(STORE):
            self.files[name] = (sha, size)
        if not may_hold(name, with_keys=True):
            self.foreign.append(name)


def check_receipt(file: Path) -> dict[str, Any]:
    """Holds an archive, and those it builds on, against the receipts beside them, without any key.

    Raises InputFault where there is no receipt, AnswerIsNo where an archive is missing or isn't what was written.
    """
    receipt = _receipt(file)
    problems = []
    for each in ({"name": file.name, "sha256": receipt["sha256"], "size": receipt["size"]}, *receipt["based_on"]):
        problem = archive_fault(file.parent / each["name"], each["sha256"], each.get("size"))
        if problem:
            problems.append(problem)
    if problems:
        raise AnswerIsNo("This backup can't be restored.", problems=problems, todo=ANOTHER)
    return receipt


def trusting(against: Sequence[Path] = (), log_key: str | None = None, *, unsigned: bool = False) -> Trusted:
    """The same from what a person gives. Raises InputFault where ``log_key`` is no public key."""
    return Trusted(against, read_log_key(log_key).public if log_key else None, unsigned)


def check_archive(file: Path, identities: Sequence[Identity], trusted: Trusted) -> Contents:
    """Decrypts an archive to nowhere and holds every byte of it against its manifest and its signature, and the
    archives it builds on against their sums. Raises WrongKey, SealBroken, InputFault, AnswerIsNo."""
    contents = read_archive(file, identities, None, trusted)
    problems = [
        fault
        for name, digest in contents.based_on.items()
        if (fault := archive_fault(file.parent / name, digest, None))
    ]
    if problems:
        raise AnswerIsNo("This backup can't be restored.", problems=problems, todo=ANOTHER)
    return contents


def _of_a_workspace(name: str) -> bool:
    return may_hold(name, with_keys=True)


def read_archive(
    file: Path,
    identities: Sequence[Identity],
    work: Path | None,
    trusted: Trusted,
    wanted: Callable[[str], bool] = _of_a_workspace,
) -> Contents:
    """Reads one archive, which must be as the organization signed it. Raises AnswerIsNo, each differing file named."""
    contents, reading = read_unchecked(file, identities, work, wanted)
    problems = [not_allowed(name) for name in reading.foreign] if contents.signed else []
    if not contents.with_keys:
        problems += [not_allowed(name) for name in reading.files if is_private(name)]
    if trusted.log_key is not None and contents.checkpoint_key != trusted.log_key:
        problems.append(Problem("key_differs", "It was made under another key than the one given.", file.name))
    if problems:
        raise AnswerIsNo("This backup holds what no backup of ours does.", problems=problems, todo=_FORGED)
    if not contents.signed and not trusted.unsigned:
        raise AnswerIsNo(
            f"{file.name} isn't signed: it was made before backups were, or somebody took its signature away.",
            todo="If you know where it comes from, add --unsigned, and look at its settings, templates, users and keys "
            "before anything runs there.",
        )
    return contents


def read_unchecked(
    file: Path, identities: Sequence[Identity], work: Path | None, wanted: Callable[[str], bool]
) -> tuple[Contents, _Reading]:
    """Reads one archive to its end, what is ``wanted`` into ``work`` where there is one, and checks it against its
    signature and its manifest."""
    unpacking = Unpacking(file, identities)
    reading = _Reading()
    with closing(unpacking.members()) as members:
        for member in members:
            if reading.note is not None or (reading.manifest is not None and member.name != SIGNATURE):
                raise SealBroken(f"{file.name} goes on after its manifest.", todo=ANOTHER)
            if member.name == SIGNATURE:
                reading.note = b"".join(member.chunks).decode(errors="replace")
            elif member.name == MANIFEST:
                _take_manifest(member, work, reading)
            else:
                target = work / member.name if work is not None and wanted(member.name) else None
                reading.add(member.name, *_take(member, target))
    if reading.manifest is None:
        raise SealBroken(f"{file.name} has no manifest: the backup wasn't finished.", todo=ANOTHER)
    try:
        return _compare(file, unpacking.sha256, reading.manifest, reading), reading
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
        if member.name.startswith(STORE) and target.exists():
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


def _take_manifest(member: Unpacked, work: Path | None, reading: _Reading) -> None:
    if work is None:
        reading.manifest = b"".join(member.chunks)
        reading.manifest_sha256 = sha256(reading.manifest).hexdigest()
        return
    path = work / MANIFEST
    path.unlink(missing_ok=True)
    reading.manifest = path
    reading.manifest_sha256, _ = _take(member, path)


def _compare(file: Path, digest: str, manifest: bytes | Path, reading: _Reading) -> Contents:
    """Raises ValueError, KeyError, TypeError where the manifest isn't one, or is another archive's; AnswerIsNo where it
    isn't what was signed."""
    listed = _Reading()
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    with io.BytesIO(manifest) if isinstance(manifest, bytes) else manifest.open("rb") as lines:
        for entry in entries(lines):
            if "format" in entry:
                first = entry
            elif "name" in entry:
                listed.add(entry["name"], entry["sha256"], entry["size"])
            last = entry
    if first["format"] not in (FORMAT, UNSIGNED_FORMAT) or last.get("end") is not True:
        raise ValueError("not a whole manifest")
    key = bytes.fromhex(first["checkpoint_key"])
    if first["format"] == FORMAT:
        _check_signature(file, key, reading)
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
        checkpoint_key=key,
        based_on={each["name"]: each["sha256"] for each in last["based_on"]},
        new=last["new"],
        earlier=last["earlier"],
        damaged=tuple(last["damaged"]),
        signed=first["format"] == FORMAT,
        foreign=tuple(reading.foreign),
    )


def _check_signature(file: Path, key: bytes, reading: _Reading) -> None:
    """Holds what was read against what ``key`` signed. Raises AnswerIsNo."""
    try:
        signed = read_signed(reading.note or "", key)
    except CheckpointInvalid as error:
        raise AnswerIsNo(
            f"{file.name} isn't signed by the key of its ledger.",
            problems=[Problem("signature_invalid", error.message, SIGNATURE)],
            todo=_FORGED,
        ) from None
    problems = list(differences(signed.files, reading.files))
    if signed.name != file.name:
        problems.append(Problem("archive_renamed", f"It was made under the name {signed.name}.", file.name))
    if not problems and signed.manifest_sha256 != reading.manifest_sha256:
        problems.append(Problem("manifest_changed", "It isn't the one that was signed.", MANIFEST))
    if problems:
        raise AnswerIsNo(f"{file.name} isn't what was signed when it was made.", problems=problems, todo=_FORGED)


def entries(lines: IO[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        entry = json.loads(line)
        if not isinstance(entry, dict):
            raise TypeError("a manifest's lines are objects")
        yield entry


def archive_fault(file: Path, digest: str, size: int | None) -> Problem | None:
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

"""Everything as open files: readable in fifty years with a PDF viewer and a text editor, without cpdocs.

README.txt               what is where, and how to check it
index.csv                a line for every document
documents/<id>/          one plan version or letter: as issued, as it came back, as it went to the chart, events.jsonl
runs/<run>/              one letter run
unmatched/<sha256>/      what came back and belonged to nothing
files/                   every other stored file: imported tables, settings seen, …
trail/                   the whole ledger, with what it takes to prove it
manifest.sha256          last: every file with its SHA-256, for `sha256sum -c`
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.file_kind import HEAD, kind_of
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.plurals import counted
from cpdocs.core.retention import Kept, fold_kept, holding
from cpdocs.errors import AnswerIsNo, Problem, UsageFault
from cpdocs.ledger.blobs import BlobDamaged, BlobMissing
from cpdocs.ledger.events import decode
from cpdocs.plans.records import all_plans
from cpdocs.retention.legal_holds import holds_in_force
from cpdocs.system.durable import CHUNK, create_new, disk_fault, open_plain, write_all, write_durably
from cpdocs.trail.export import export_trail

if TYPE_CHECKING:
    from cpdocs.core.events import Event
    from cpdocs.workspace import Workspace

COLUMNS = (
    "document_id", "kind", "program", "version", "state", "member_id", "practice_id", "first_event", "last_event",
    "legal_hold", "folder",
)  # fmt: skip
_NAMES = {
    "sha256": {
        EventType.PLAN_ISSUED: "issued.pdf",
        EventType.LETTER_STAGED: "letter.pdf",
        EventType.MEDICATIONS_ISSUED: "medications.pdf",
        EventType.RETURN_RECEIVED: "returned-{seq}",
        EventType.RETURN_DECIDED: "returned-{seq}",
        EventType.HELD_RESOLVED: "returned-{seq}",
        EventType.NOTICE_WRITTEN: "notices/{seq}",
        EventType.ARCHIVE_RENEWED: "chart/renewed-{seq}.pdf",
    },
    "pictures_sha256": {EventType.RETURN_COMPARED: "compared-{seq}.pdf"},
    "words_sha256": {EventType.RETURN_COMPARED: "compared-{seq}.txt"},
    "plan_sha256": {EventType.PLAN_ISSUED: "plan"},
    "list_sha256": {EventType.MEDICATIONS_ISSUED: "medications"},
    "cover_sha256": {EventType.PLAN_ISSUED: "cover.pdf", EventType.MEDICATIONS_ISSUED: "cover.pdf"},
    "variant_sha256": {EventType.PLAN_VARIANT_MADE: "without-part2-{seq}.pdf"},
    "return_sha256": {EventType.SLOT_FILLED: "returned-{seq}"},
    "upload_sha256": {EventType.PLAN_FILED: "chart/signed-plan-and-certificate.pdf"},
    "closed_sha256": {EventType.PLAN_FILED: "chart/closed.pdf"},
    "manifest_sha256": {
        EventType.PLAN_FILED: "chart/manifest.json",
        EventType.ARCHIVE_RENEWED: "chart/renewed-{seq}.json",
    },
}
"""What a stored file is called in a document's folder, by the key and the event that name it."""
_HASH = re.compile(r"[0-9a-f]{64}")
_README = """\
An archive of cpdocs: every document, everything that came back, and the record of what happened
================================================================================================
{sandbox}
Nothing here needs cpdocs: the papers are PDF (or the image that was faxed), the rest is text (UTF-8), CSV and JSON.

index.csv          a line for every document: what it is, whose, where it stands, and its folder
documents/<id>/    one plan version or one letter, by the id printed on it:
    issued.pdf       a plan as it was sealed and sent out; letter.pdf for a letter
    cover.pdf        its cover sheet; plan.* the file that it was made from
    returned-<n>.*   what came back, unaltered; n is the number of the event that first mentions it
    compared-<n>.*   a returned file's pages beside the issued ones, and the words on its further pages
    chart/           what was put in the chart: the signed plan with its certificate, and the files beside it
    notices/         what was answered
    events.jsonl     everything recorded about it, oldest first, one event a line
runs/<run>/        a letter run: print file, manifest, reconciliation
unmatched/         what came back and belonged to no document
files/             every other stored file, by its SHA-256: imported tables and the like
trail/             the whole record, signed; trail/README.txt says how to prove it without cpdocs
manifest.sha256    every file with its SHA-256. To check:  sha256sum --quiet -c manifest.sha256

An event's keys: seq (its number), type, subjects (what it is about), at (when), user and host (who and where), data.
Digests in data are SHA-256 of stored files: the same digest in manifest.sha256 tells where the file is.

This folder holds members' data in the clear. Keep it encrypted, as you keep the charts.
"""


@dataclass(frozen=True, slots=True)
class Archived:
    """What was written, and the SHA-256 of its manifest."""

    folder: Path
    documents: int
    files: int
    manifest_sha256: str


@dataclass(slots=True)
class _Shelves:
    """What is written so far: the manifest's lines, the stored files that have a place, and what was wrong."""

    ws: Workspace
    root: Path
    sums: dict[str, str] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def write(self, name: str, data: bytes) -> None:
        _put(self.root / name, (data,))
        self.sums[name] = sha256(data).hexdigest()

    def copy(self, sha: str, name: str) -> None:
        """Copies a stored file, hashed on the way; one that is missing or damaged is a problem, and the others go
        on."""
        self.placed.add(sha)
        try:
            _put(self.root / name, _stored(self.ws, sha))
        except (BlobMissing, BlobDamaged) as error:
            self.problems.append(
                Problem("file_damaged" if isinstance(error, BlobDamaged) else "file_missing", error.message, name)
            )
            return
        self.sums[name] = sha


def export_archive(ws: Workspace, folder: Path) -> Archived:
    """Writes everything into ``folder``, which must be new or empty, and records that it was done.

    Raises UsageFault where it isn't, WorkspaceFault where the disk refuses, AnswerIsNo where stored files are missing
    or damaged: the rest is there then, without a manifest.
    """
    root = folder.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageFault(f"{root} isn't an empty folder.", todo="Name a new folder; nothing is ever written over.")
    if root.resolve().is_relative_to(ws.paths.root):
        raise UsageFault("An archive doesn't belong in the workspace.", todo="Name a folder elsewhere.")
    shelves = _Shelves(ws, root)
    kept = fold_kept(ws.ledger.events())
    for each in kept.values():
        _shelve(shelves, each.subject, _folder(each))
    for run_id in [event.data["run_id"] for event in ws.ledger.events(types=(EventType.RUN_BEGUN,))]:
        _shelve(shelves, f"run:{run_id}", f"runs/{_plain(run_id)}")
    _the_rest(shelves)
    shelves.write("index.csv", _index(ws, kept).encode())
    mark = "\nThis is a SANDBOX's archive: invented data, and a clock that may have been set.\n" if ws.sandbox else ""
    shelves.write("README.txt", _README.format(sandbox=mark).encode())
    export_trail(ws, root / "trail", "archive export")
    for path in sorted((root / "trail").rglob("*")):
        if path.is_file():
            shelves.sums[path.relative_to(root).as_posix()] = _digest(path)
    if shelves.problems:
        raise AnswerIsNo(
            f"{counted(len(shelves.problems), 'stored file')} missing or damaged; the archive has no manifest.",
            problems=shelves.problems,
            todo="Restore them from a backup, then export into a new folder.",
        )
    os.sync()  # the manifest says that all is there: so it must be
    manifest = "".join(f"{digest}  {name}\n" for name, digest in sorted(shelves.sums.items())).encode()
    write_durably(root / "manifest.sha256", manifest)
    documents = sum(1 for each in kept.values() if each.subject.startswith("document:"))
    done = Archived(root, documents, len(shelves.sums), sha256(manifest).hexdigest())
    data: dict[str, JSON] = {
        "documents": done.documents,
        "files": done.files,
        "manifest_external_sha256": done.manifest_sha256,
    }
    ws.ledger.append(NewEvent(EventType.ARCHIVE_EXPORTED, ("workspace:",), data))
    return done


def _put(path: Path, chunks: Iterable[bytes]) -> None:
    """Writes a new file (0600). Not durable by itself: what makes the archive whole is its manifest."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = create_new(path)
        try:
            for chunk in chunks:
                write_all(descriptor, chunk)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise disk_fault(error, path.parent) from error


def _folder(kept: Kept) -> str:
    return f"{'documents' if kept.subject.startswith('document:') else 'unmatched'}/{_plain(kept.key)}"


def _shelve(shelves: _Shelves, subject: str, folder: str) -> None:
    """One subject's events, and every stored file that they mention, each once under the first name it has."""
    ledger = shelves.ws.ledger
    texts = [text for _, text in ledger.texts(subject=subject)]
    shelves.write(f"{folder}/events.jsonl", "".join(f"{text}\n" for text in texts).encode())
    mentions: dict[str, tuple[Event, tuple[str, ...]]] = {}
    for event in map(decode, texts):
        for path, sha in _mentioned(event.data, ()):
            # The first mention names a file, unless a later one has a better name for it.
            if shelves.ws.blobs.has(sha) and (
                sha not in mentions or (_known(event, path) and not _known(*mentions[sha]))
            ):
                mentions[sha] = event, path
    for sha, (event, path) in mentions.items():
        name = f"{folder}/{_name(event, path, _suffix(shelves.ws, sha))}"
        if name in shelves.sums:
            plain = PurePosixPath(name)
            name = str(plain.with_name(f"{plain.stem}-{event.seq}-{sha[:8]}{plain.suffix}"))
        shelves.copy(sha, name)


def _known(event: Event, path: tuple[str, ...]) -> str:
    """The name that this mention has for a file, or ""."""
    return _NAMES.get(path[0], {}).get(event.type, "").format(seq=event.seq)


def _mentioned(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in an event's data that looks like a SHA-256, with the keys that lead to it."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _mentioned(item, (*path, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _mentioned(item, (*path, str(number)))
    elif isinstance(value, str) and _HASH.fullmatch(value):
        yield path, value


def _name(event: Event, path: tuple[str, ...], suffix: str) -> str:
    name = _known(event, path)
    if not name and event.type is EventType.PLAN_FILED:
        name = f"chart/{_plain(path[-1])}"
    elif not name and event.type in (EventType.RUN_STAGED, EventType.RUN_REPRINTED):
        name = _plain(path[-1])
    elif not name:
        name = f"other/{event.seq}-{'-'.join(_plain(part) for part in path)}"
    return name if PurePosixPath(name).suffix else name + suffix


def _the_rest(shelves: _Shelves) -> None:
    from cpdocs.retention.lists import stored

    for sha in stored(shelves.ws.blobs.root):
        if sha not in shelves.placed:
            shelves.copy(sha, f"files/{sha}{_suffix(shelves.ws, sha)}")


def _index(ws: Workspace, kept: Mapping[str, Kept]) -> str:
    plans = all_plans(ws)
    holds = holds_in_force(ws.ledger).values()
    return csv_text(COLUMNS, [_line(each, plans.get(each.key), bool(holding(each, holds))) for each in kept.values()])


def _line(kept: Kept, plan: PlanRecord | None, held: bool) -> dict[str, object]:
    return {
        "document_id": kept.key if kept.subject.startswith("document:") else "",
        "kind": kept.kind,
        "program": plan.program if plan else "",
        "version": plan.version if plan else "",
        "state": plan.state.value if plan else "",
        "member_id": kept.member.partition(":")[2],
        "practice_id": plan.practice_id if plan else "",
        "first_event": kept.first_on.isoformat(),
        "last_event": kept.last_on.isoformat(),
        "legal_hold": "yes" if held else "",
        "folder": _folder(kept),
    }


def _stored(ws: Workspace, sha: str) -> Iterator[bytes]:
    """A stored file's bytes; at their end BlobDamaged where they aren't those that were stored, BlobMissing without
    any."""
    digest = sha256()
    try:
        descriptor = open_plain(ws.blobs.path(sha))
    except OSError:
        raise BlobMissing(f"The store lacks the file {sha}, or it can't be read.") from None
    with os.fdopen(descriptor, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != sha:
        raise BlobDamaged(f"The stored file {sha} is damaged: its bytes have changed.")


def _suffix(ws: Workspace, sha: str) -> str:
    """How the file's name should end, by its first bytes."""
    try:
        with os.fdopen(open_plain(ws.blobs.path(sha)), "rb") as file:
            head = file.read(HEAD)
    except OSError:
        return ".bin"
    if kind := kind_of(head):
        return f".{kind}"
    if b"\0" in head:
        return ".bin"
    return ".json" if head.lstrip().startswith(b"{") else ".txt"


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _plain(name: str) -> str:
    """A name that every system takes and nobody can steer a path with."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "_"

"""The audit's use cases: prove the trail, tell one document's history, sign a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cpdocs.core.clock import Clock
from cpdocs.core.events import Event, EventType, document_subject, member_subject, return_subject, run_subject
from cpdocs.core.ids import is_member_id, parse_document_id
from cpdocs.core.plurals import counted
from cpdocs.errors import InputFault, Problem, WorkspaceFault
from cpdocs.index.store import differing
from cpdocs.ledger.audit import KEY_MISSING, Report, verify
from cpdocs.ledger.blobs import OutputExists, write_durably
from cpdocs.ledger.checkpoint import (
    CheckpointInvalid,
    load_checkpoint_key,
    public_bytes,
    sign_checkpoint,
    unverified_checkpoint,
    verifier_key,
)
from cpdocs.ledger.events import EventStore
from cpdocs.ledger.reads import Reads
from cpdocs.ledger.tree import Head
from cpdocs.ledger.witness import cosigned_at, read_log_key, read_verifier
from cpdocs.people.access import record_access
from cpdocs.system.durable import read_plain
from cpdocs.trail.clock import disproven
from cpdocs.trail.time_stamps import wrong_tokens
from cpdocs.workspace import Paths, Workspace

BACKUPS_PROVEN = 3
"""From how many of the last backups a checkpoint leads on: the last one may turn out not to be readable."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint that was signed and kept: the signed note, what it says, and its file in state/checkpoints/."""

    note: str
    head: Head
    file: Path


def checkpoints_folder(paths: Paths) -> Path:
    """Where each checkpoint is also a file: to be copied to where this machine's users can't change it."""
    return paths.state / "checkpoints"


def prove(
    paths: Paths,
    ledger: Path | str,
    against: Sequence[Path] = (),
    witnesses: Sequence[str] = (),
    log_key: str | None = None,
    *,
    clock: Clock,
) -> Report:
    """Audits the workspace's store and its ledger, a file or the address of a database; ``against`` are checkpoint
    files kept elsewhere, each of which all of ``witnesses`` (their public keys as text) must have signed. ``log_key``
    is the ledger's public key as it was published, for where the private one isn't at hand. Where the trail is whole,
    the derived index is held against it, row by row.

    It takes folders, not an open workspace, since a damaged ledger can't be opened. Raises InputFault where a file of
    ``against`` or a key can't be read.
    """
    problems: list[Problem] = wrong_tokens(checkpoints_folder(paths))
    publics: list[bytes] = []
    why_no_key = None
    if log_key is not None:
        publics.append(read_log_key(log_key).public)
    else:
        try:
            publics.append(public_bytes(load_checkpoint_key(paths.keys / "checkpoint.key")))
        except WorkspaceFault as error:
            why_no_key = Problem(KEY_MISSING, error.message, "keys/checkpoint.key", error.todo)
    outside = {f"the checkpoint {path.name}": read_checkpoint(path) for path in against}
    problems += [problem for name, note in outside.items() for problem in _unwitnessed(name, note, witnesses)]
    report = verify(ledger, paths.state / "store", checkpoints_folder(paths), publics, outside, problems, why_no_key)
    if report.verdict not in ("whole", "times_doubtful"):
        return report  # the index and the clock are held against a trail that is whole
    return replace(report, problems=(*report.problems, *_held_against(paths, ledger, clock)))


def _held_against(paths: Paths, ledger: Path | str, clock: Clock) -> Iterator[Problem]:
    yield from wrong_rows(paths, ledger, clock)
    store = EventStore.open(ledger, clock=clock, user="", host="")
    try:
        yield from disproven(checkpoints_folder(paths), store)
    finally:
        store.close()


def wrong_rows(paths: Paths, ledger: Path | str, clock: Clock) -> Iterator[Problem]:
    """Where the derived index isn't what the folds give of the events that it was made for."""
    if not paths.index.is_file():
        return
    store = EventStore.open(ledger, clock=clock, user="", host="")
    try:
        for table, count in differing(paths.index, store) or ():
            yield Problem(
                "index_differs",
                f"The derived index has {counted(count, 'row')} unlike what the trail says.",
                f"{paths.index.name}: {table}",
                "Delete state/derived/; it is made anew from the trail, which is whole.",
            )
    finally:
        store.close()


def history(ws: Workspace, who: str) -> tuple[Event, ...]:
    """Every event about one thing, oldest first: a document id, a run's id, a member id, or a returned file's SHA-256.

    The look is recorded first, as the last of them. Raises InputFault where nothing is recorded under it.
    """
    document_id = parse_document_id(who)
    if document_id is not None:
        subject = document_subject(document_id)
    elif is_member_id(who):
        subject = member_subject(who)
    elif len(who) == 64:
        subject = return_subject(who.lower())
    else:
        subject = run_subject(who)
    if next(iter(ws.ledger.events(subject=subject)), None) is None:
        raise InputFault(
            "Nothing is recorded under that id.",
            todo="Check it against the document, or against `cpdocs status` and `cpdocs letters list`.",
        )
    record_access(ws, "audit show", subject)
    return tuple(ws.ledger.events(subject=subject))


def sign_now(ws: Workspace, *, kept_elsewhere: bool = False) -> SignedCheckpoint:
    """Signs the ledger as it stands; the checkpoint is kept in the ledger and as a file. One that is to be
    ``kept_elsewhere`` also proves that it continues what each of the last backups holds."""
    key = load_checkpoint_key(ws.paths.keys / "checkpoint.key")
    with ws.ledger.write() as tx:
        head = tx.head()
        backups = _last_backups(tx) if kept_elsewhere else ()
        since = {size: ws.ledger.consistency_proof(size, head.size) for size in backups}
        note = sign_checkpoint(head, ws.options.checkpoint_origin, key, since)
        # The file first: one that the ledger doesn't know is a good checkpoint all the same.
        file = _write_checkpoint(checkpoints_folder(ws.paths), head.size, note)
        tx.add_checkpoint(head.size, note)
    return SignedCheckpoint(note, head, file)


def _last_backups(source: Reads) -> tuple[int, ...]:
    """How many events each of the last backups holds, the latest first."""
    sizes = [event.data["events"] for event in source.events(types=(EventType.BACKUP_MADE,))]
    return tuple(dict.fromkeys(reversed(sizes[-BACKUPS_PROVEN:])))


def sign_if_new(ws: Workspace) -> SignedCheckpoint | None:
    """Signs the ledger for keeping elsewhere, where events were recorded since it was signed last."""
    notes = ws.ledger.checkpoints()
    if notes and unverified_checkpoint(notes[-1]).head == ws.ledger.head():
        return None
    return sign_now(ws, kept_elsewhere=True)


def public_key(ws: Workspace) -> str:
    """The key that this ledger's checkpoints are verified with, as one line for tools and witnesses."""
    key = load_checkpoint_key(ws.paths.keys / "checkpoint.key")
    return verifier_key(ws.options.checkpoint_origin, public_bytes(key))


def _unwitnessed(name: str, note: str, witnesses: Sequence[str]) -> Iterator[Problem]:
    for each in witnesses:
        witness = read_verifier(each)
        try:
            signed = cosigned_at(note, witness)
        except CheckpointInvalid as error:
            yield Problem("witness_invalid", error.message, name)
        else:
            if signed is None:
                yield Problem("witness_missing", f"The witness {witness.name} hasn't signed it.", name)


def _write_checkpoint(folder: Path, size: int, note: str) -> Path:
    """``<size>.txt``; another for the same size (the origin's name was changed) gets a number as well."""
    count = 1
    while True:
        path = folder / (f"{size}.txt" if count == 1 else f"{size}-{count}.txt")
        try:
            write_durably(path, note.encode())
        except OutputExists:
            count += 1
        else:
            return path


def read_checkpoint(path: Path) -> str:
    """The text of a checkpoint's file that was kept elsewhere, unverified. Raises InputFault."""
    try:
        note = read_plain(path).decode()
        unverified_checkpoint(note)
    except (OSError, UnicodeDecodeError, CheckpointInvalid):
        raise InputFault(
            f"{path} can't be read as a checkpoint.",
            todo="Give the file that `cpdocs audit checkpoint` wrote, or a copy of its text.",
        ) from None
    return note

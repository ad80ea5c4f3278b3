"""Proves the trail: every event, the tree over them, every checkpoint, every stored byte. Changes nothing.

What each part checks is said in docs/audit.md, with what none of it can show. A damaged ledger is read as far as it
goes: each fault is a problem with the event, checkpoint or file it was found at, never an exception.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cpdocs.core.clock_steps import ClockStep
from cpdocs.core.plurals import counted
from cpdocs.errors import Problem
from cpdocs.ledger.address import Place
from cpdocs.ledger.audit_record import read_record
from cpdocs.ledger.audit_store import StoreAudit, check_store
from cpdocs.ledger.checkpoint import Checkpoint, CheckpointInvalid, unverified_checkpoint, verify_checkpoint
from cpdocs.ledger.clock_guard import told
from cpdocs.ledger.findings import RecordAudit
from cpdocs.ledger.tree import EMPTY_ROOT, Head, verify_consistency
from cpdocs.system.durable import read_plain

KEY_MISSING = "key_missing"
"""The code of the one problem that is no fault of the trail: nobody has said with which key its checkpoints are to be
verified."""

RESTORED_LACKS = "restored_lacks_events"
"""A checkpoint was signed over more than was restored, and proves that what was restored is the beginning of that."""
RESTORED_UNPROVEN = "restored_unproven"
"""As above, but it proves no such thing: it may as well contradict."""

CLOCK_WENT_BACK = "clock_went_back"
CLOCK_DISPROVEN = "clock_disproven"
DOUBTFUL_TIMES = frozenset({CLOCK_WENT_BACK, CLOCK_DISPROVEN})
"""Problems that leave every event what was recorded, and its time in doubt."""

_RESTORE = "Restore it from a backup."


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found.

    ``unreferenced`` counts stored files that no event mentions; ``pages_compared`` is False where the ledger's file had
    moved on since the sums of its pages were written, None in a database that has none. Neither is a fault; both are
    worth a look. ``sandbox`` is what the ledger's first event says.
    """

    events: int
    root: bytes
    checkpoints: int
    files: int
    unreferenced: int
    pages_compared: bool | None
    problems: tuple[Problem, ...]
    sandbox: bool
    steps: tuple[ClockStep, ...] = ()
    """Where the clock went back between two events."""

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def verdict(self) -> str:
        """``whole``; ``incomplete``: restored, proven to be the beginning of what was signed, and lacking what came
        after; ``times_doubtful``: every event is what was recorded, while the clock can't have been right;
        ``not_proven``: nothing here is wrong, while what would prove it is missing; else ``broken``."""
        codes = {problem.code for problem in self.problems}
        if not codes:
            return "whole"
        if codes <= DOUBTFUL_TIMES:
            return "times_doubtful"
        codes -= DOUBTFUL_TIMES
        if codes == {RESTORED_LACKS}:
            return "incomplete"
        return "not_proven" if codes <= {KEY_MISSING, RESTORED_LACKS, RESTORED_UNPROVEN} else "broken"


def verify(
    ledger: Place,
    store: Path,
    folder: Path,
    publics: Collection[bytes],
    against: Mapping[str, str],
    known: Sequence[Problem] = (),
    why_no_key: Problem | None = None,
) -> Report:
    """Audits the ledger, the store and the folder of checkpoint files.

    ``publics`` are the public keys that may have signed checkpoints. Where there is none, checkpoints are held against
    the key that the ledger names, which proves no more than that they agree with each other; then ``why_no_key`` is a
    problem too, unless a checkpoint of ``against`` holds: it vouches for that key as for every event before it.
    ``against`` holds checkpoints kept elsewhere, by a name to call them; ``known`` are problems that were found before.
    """
    notes, problems = _checkpoint_files(folder)
    problems = [*known, *problems]
    notes |= against
    record = read_record(ledger, publics, _sizes(notes.values()))
    claims = {}
    for name, note in notes.items():
        try:
            claims[name] = verify_checkpoint(note, publics or record.named_keys)
        except CheckpointInvalid as error:
            problems.append(Problem("checkpoint_invalid", error.message, name))
    problems += record.problems
    problems += _clock_problems(record)
    problems += _another_key(record, publics)
    contradicted = _held_against(claims, record)
    problems += contradicted
    vouched = (claims.keys() & against.keys()) - {problem.where for problem in contradicted}
    if why_no_key is not None and not publics and not vouched:
        problems.append(why_no_key)
    problems += _without_file(record, {note for name, note in notes.items() if name not in against})
    kept = check_store(store, record.references)
    problems += kept.problems
    if record.missing:
        problems.append(_lost(kept, len(notes), record.where))
    return Report(
        record.size,
        record.root,
        len(record.notes),
        kept.files,
        kept.unreferenced,
        record.pages_compared,
        tuple(problems),
        sandbox=record.begins.get("sandbox") is True,
        steps=tuple(record.clock.steps),
    )


def _clock_problems(record: RecordAudit) -> list[Problem]:
    return [
        Problem(
            CLOCK_WENT_BACK,
            f"The clock went back by {told(step.behind)}: it was ahead before, or has been behind since.",
            f"event {step.seq}",
            "See what was decided by it (--json lists it); an administrator accepts it with `cpdocs audit clock`.",
        )
        for step in record.clock.steps
        if not step.accepted
    ]


def _checkpoint_files(folder: Path) -> tuple[dict[str, str], list[Problem]]:
    """The notes in the folder of checkpoints by their file's name, and what else lies there."""
    notes, problems = {}, []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        where = f"{folder.name}/{path.name}"
        if path.name.startswith(".cpdocs-") or path.suffix == ".tsr":  # the time stamps are signing's business
            continue
        try:
            notes[where] = read_plain(path).decode()
        except (OSError, UnicodeDecodeError):
            problems.append(Problem("checkpoint_invalid", "This file isn't a checkpoint that can be read.", where))
    return notes, problems


def _sizes(notes: Iterable[str]) -> set[int]:
    """The sizes that the notes speak of, whoever signed them."""
    sizes = set()
    for note in notes:
        with suppress(CheckpointInvalid):
            checkpoint = unverified_checkpoint(note)
            sizes |= {checkpoint.head.size, *(size for size, _ in checkpoint.since)}
    return sizes


def _another_key(record: RecordAudit, publics: Collection[bytes]) -> list[Problem]:
    """The first event names the key that checkpoints are signed with; a key put in its place later is found so."""
    named = record.begins.get("checkpoint_key")
    if named is None or not publics or named in {public.hex() for public in publics}:
        return []
    return [
        Problem(
            "key_differs",
            "The checkpoint key isn't the one that the ledger's first event names.",
            "keys/checkpoint.key",
            _RESTORE,
        )
    ]


def _held_against(claims: Mapping[str, Checkpoint], record: RecordAudit) -> list[Problem]:
    """The trees that checkpoints outside the ledger promise, held against the ledger's events."""
    problems = []
    for name, claim in claims.items():
        size = claim.head.size
        if size <= record.size and record.roots.get(size, EMPTY_ROOT) == claim.head.root:
            continue
        if restore := _restore_before(claim, record):
            problems.append(_lacks(name, claim, restore))
        elif size > record.size:
            message = (
                f"It was signed over {size} events, of which the ledger shows {record.size}: its end was "
                "cut off, or can't be read."
            )
            problems.append(Problem("events_missing", message, name))
        else:
            message = (
                f"It was signed over other events than the first {size} of this ledger: it was rewritten, "
                "or is another one."
            )
            problems.append(Problem("checkpoint_contradicts", message, name))
    return problems


def _restore_before(claim: Checkpoint, record: RecordAudit) -> Head | None:
    """The latest restore of less than the checkpoint was signed over, which what it proves of earlier backups doesn't
    contradict; None where no restore explains it."""
    steps = dict(claim.since)
    for restored in sorted(record.restored, key=lambda head: head.size, reverse=True):
        proven = [Head(n, record.roots[n]) for n in steps if n <= restored.size and n in record.roots]
        if 0 < restored.size < claim.head.size and all(_begins(head, claim, steps) for head in proven):
            return restored
    return None


def _begins(head: Head, claim: Checkpoint, steps: Mapping[int, Sequence[bytes]]) -> bool:
    return head.size in steps and verify_consistency(head, claim.head, steps[head.size])


def _lacks(name: str, claim: Checkpoint, restored: Head) -> Problem:
    """A checkpoint that was signed over what a restore didn't bring back: how much, and what of the rest is proven."""
    size, steps = claim.head.size, dict(claim.since)
    gone = (
        f"This ledger was restored from a backup of {restored.size} events and lacks the {size - restored.size} that "
        f"came after, up to event {size}."
    )
    if _begins(restored, claim, steps):
        root = restored.root.hex()[:16]
        proof = f" What was restored (root {root}…) is proven to be the beginning of what was signed."
        return Problem(RESTORED_LACKS, gone + proof, name)
    proven = [n for n in steps if n < restored.size]  # those that didn't hold have ruled this restore out
    reach = f"only that the first {max(proven)} are" if proven else "nothing that shows whether they are"
    return Problem(RESTORED_UNPROVEN, f"{gone} It says {reach} the beginning of what was signed.", name)


def _without_file(record: RecordAudit, files: Collection[str]) -> list[Problem]:
    return [
        Problem(
            "checkpoint_file_missing",
            "Its file in the folder of checkpoints is missing or holds something else.",
            f"checkpoint {number}",
        )
        for number, note in record.notes.items()
        if note not in files
    ]


def _lost(kept: StoreAudit, checkpoints: int, where: str) -> Problem:
    left = f"{counted(kept.files, 'stored file')} and {counted(checkpoints, 'checkpoint file')}"
    message = f"The ledger is gone; left are {left}."
    return Problem("ledger_missing", message, where, "Restore it from a backup.")

"""Takes in rosters and directories: the file into the store, what it says into the ledger, in one transaction.

A roster's faults are its lines' dispositions, and the good lines are recorded; practices, clinicians and designations
are recorded whole or not at all (contract §3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, member_subject, practice_subject
from cpdocs.core.letters import ASSIGNMENT, LETTERED_EVENTS, lettered
from cpdocs.core.members import Assignment
from cpdocs.core.people import Role
from cpdocs.core.providers import Clinician, Designation, Directory, Practice
from cpdocs.core.register import (
    DIRECTORY_EVENTS,
    MEMBER_EVENTS,
    Key,
    assignment_to_json,
    designation_to_json,
    fold,
    row_to_json,
)
from cpdocs.core.roster import Disposition, RosterOutcome, dispose, known_from
from cpdocs.core.roster_lines import COLUMNS, Line
from cpdocs.intake.limits import MAX_BYTES, MAX_DIRECTORY_BYTES
from cpdocs.people.people import require
from cpdocs.people.pins import Secret
from cpdocs.system.input_files import read_input

if TYPE_CHECKING:
    from cpdocs.intake.tables import Choices, Found
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

T = TypeVar("T", Practice, Clinician, Designation)

_KEEPERS = (Role.REGISTRAR, Role.ADMINISTRATOR)

ENGLISH = frozenset({"english"})


@dataclass(frozen=True, slots=True)
class RosterImport:
    """What one roster file became: an outcome for every line, and how many assignments were new or changed."""

    sha256: str
    encoding: str
    outcomes: tuple[RosterOutcome, ...]
    recorded: int
    ignored_columns: tuple[str, ...]
    found: Found
    changes: Mapping[int, tuple[str, ...]]
    """By line the assignments that weren't on record in just this form: the fields that differ, none where the
    assignment is new."""

    @property
    def records_in(self) -> int:
        """Lines under the header; always the sum of ``counts``."""
        return len(self.outcomes)

    @property
    def counts(self) -> dict[str, int]:
        """Lines by disposition, every disposition named."""
        found = Counter(outcome.disposition for outcome in self.outcomes)
        return {disposition.value: found[disposition] for disposition in Disposition}


@dataclass(frozen=True, slots=True)
class DirectoryImport:
    """What one directory file became: its rows, and how many are new, changed, or as on record."""

    sha256: str
    rows: int
    new: int
    changed: int
    unchanged: int


def import_roster(
    ws: Workspace,
    path: Path,
    *,
    kind: str = ASSIGNMENT,
    reviewed: Container[str] = ENGLISH,
    record: bool = True,
    choices: Choices | None = None,
) -> RosterImport:
    """Reads a roster, gives each line its disposition, and records the lines that can be read.

    ``kind`` is the kind of letter that ``duplicate`` is judged for; ``reviewed`` the written languages, case-folded,
    that have reviewed text. With ``record`` False nothing is written (``--dry-run``). ``choices`` say which sheet of a
    workbook is read, and what becomes of hidden rows.

    Raises InputFault: the file can't be read, or a column is missing.
    """
    from cpdocs.intake.tables import open_table

    data = read_input(path, MAX_BYTES)
    table = open_table(data, path.name, COLUMNS, renamed=ws.options.columns, choices=choices)
    with ws.ledger.write() as tx:
        outcomes, changed, changes = _judge(ws, tx, table.rows, kind, reviewed)
        if record:
            ws.blobs.put(data)
        result = RosterImport(
            sha256(data).hexdigest(),
            table.encoding,
            outcomes,
            len(changed),
            table.ignored_columns,
            table.found,
            changes,
        )
        if record:
            tx.extend(_roster_events(result, len(data), changed))
    return result


def _judge(
    ws: Workspace, tx: Transaction, rows: Iterable[Line], kind: str, reviewed: Container[str]
) -> tuple[tuple[RosterOutcome, ...], Mapping[int, Assignment], Mapping[int, tuple[str, ...]]]:
    """The outcome of each line; by line the assignments that the ledger doesn't hold in just this form, and the fields
    in which they differ from it.

    A line that repeats one already to be mailed from this file adds nothing; one that was lettered earlier still brings
    its news (a new status, address or PCP).
    """
    register = fold(tx.events(types=MEMBER_EVENTS))
    pieces = lettered(tx.events(types=LETTERED_EVENTS))
    letters = {key for piece_kind, key in pieces if piece_kind == kind}
    known = known_from(register, letters, ages=ws.options.ages, reviewed=reviewed, cp_orgs=ws.senders.compared_cp_orgs)
    outcomes = tuple(dispose(rows, known, eastern_date(ws.clock.now())))
    current: dict[Key, Assignment] = dict(register.assignments)
    mailed: set[Key] = set()
    changed: dict[int, Assignment] = {}
    changes: dict[int, tuple[str, ...]] = {}
    for outcome in outcomes:
        item = outcome.assignment
        if item is None or (key := item.key) in mailed:
            continue
        if outcome.disposition is Disposition.MAILED:
            mailed.add(key)
        before = current.get(key)
        if before != item:
            current[key] = item
            changed[outcome.line] = item
            changes[outcome.line] = _differing(before, item) if before else ()
    return outcomes, changed, changes


def _differing(before: Assignment, now: Assignment) -> tuple[str, ...]:
    return tuple(each.name for each in fields(now) if getattr(before, each.name) != getattr(now, each.name))


def _roster_events(result: RosterImport, size: int, changed: Mapping[int, Assignment]) -> Iterator[NewEvent]:
    summary: dict[str, JSON] = {
        "file": result.sha256,
        "size": size,
        "encoding": result.encoding,
        "records_in": result.records_in,
        "counts": {**result.counts},
        "recorded": result.recorded,
    }
    yield NewEvent(EventType.ROSTER_IMPORTED, (), summary)
    for outcome in result.outcomes:
        if outcome.facts:
            stated: dict[str, JSON] = {
                "file": result.sha256,
                "line": outcome.line,
                "member_id": outcome.member_id,
                "facts": [fact.value for fact in outcome.facts],
            }
            yield NewEvent(EventType.PERSON_FACT_STATED, (member_subject(outcome.member_id),), stated)
    for line, item in changed.items():
        data: dict[str, JSON] = {"file": result.sha256, "line": line, "assignment": assignment_to_json(item)}
        yield NewEvent(EventType.ASSIGNMENT_RECORDED, (member_subject(item.member_id),), data)


def import_practices(ws: Workspace, path: Path, *, record: bool = True) -> DirectoryImport:
    """Records the practices in a file; each replaces the one with its id. With ``record`` False nothing is written, and
    told what would be. Raises InputFault with every fault by line."""
    from cpdocs.intake.directories import read_practices

    def event(file: str, items: Sequence[Practice]) -> NewEvent:
        subjects = tuple(practice_subject(item.practice_id) for item in items)
        return NewEvent(
            EventType.PRACTICES_IMPORTED, subjects, {"file": file, "practices": [row_to_json(item) for item in items]}
        )

    def before(directory: Directory, item: Practice) -> Collection[Practice]:
        return [directory.practices[item.practice_id]] if item.practice_id in directory.practices else []

    return _import_directory(ws, path, read_practices, before, event, record=record)


def import_clinicians(ws: Workspace, path: Path, secret: Secret, *, record: bool = True) -> DirectoryImport:
    """Records the clinicians in a file; each replaces the row with its NPI and practice. Raises InputFault likewise,
    and WorkspaceFault or WrongPin where who acts is no registrar: who may approve rests on this table."""
    from cpdocs.intake.directories import read_clinicians

    def event(file: str, items: Sequence[Clinician]) -> NewEvent:
        return NewEvent(
            EventType.CLINICIANS_IMPORTED, (), {"file": file, "clinicians": [row_to_json(item) for item in items]}
        )

    def before(directory: Directory, item: Clinician) -> Collection[Clinician]:
        return [row for row in directory.rows_of(item.npi) if row.practice_id == item.practice_id]

    require(ws, _KEEPERS, secret)
    return _import_directory(ws, path, read_clinicians, before, event, record=record)


def import_designations(ws: Workspace, path: Path, secret: Secret, *, record: bool = True) -> DirectoryImport:
    """Records the designations in a file; they replace all of each designee and PCP that it names. Raises as
    ``import_clinicians``.

    One that stands unchanged keeps the moment at which it was first recorded (contract §6).
    """
    from cpdocs.intake.directories import read_designations

    def event(file: str, items: Sequence[Designation]) -> NewEvent:
        return NewEvent(
            EventType.DESIGNATIONS_IMPORTED,
            (),
            {"file": file, "designations": [designation_to_json(item) for item in items]},
        )

    def before(directory: Directory, item: Designation) -> Collection[Designation]:
        pair = (item.designee_npi, item.pcp_npi)
        return [
            replace(old, recorded_at=item.recorded_at)
            for old in directory.designations
            if (old.designee_npi, old.pcp_npi) == pair
        ]

    require(ws, _KEEPERS, secret)
    return _import_directory(ws, path, read_designations, before, event, record=record)


def _import_directory(
    ws: Workspace,
    path: Path,
    read: Callable[[bytes, str, Mapping[str, str], Directory], tuple[T, ...]],
    before: Callable[[Directory, T], Collection[T]],
    event: Callable[[str, Sequence[T]], NewEvent],
    *,
    record: bool,
) -> DirectoryImport:
    """All or nothing: read against what is on record, under the lock that records it."""
    data = read_input(path, MAX_DIRECTORY_BYTES)
    sha = sha256(data).hexdigest()
    with ws.ledger.write() as tx:
        directory = fold(tx.events(types=DIRECTORY_EVENTS)).directory
        items = read(data, path.name, ws.options.columns, directory)
        if record:
            ws.blobs.put(data)
            tx.append(event(sha, items))
    found = [before(directory, item) for item in items]
    unchanged = sum(item in olds for item, olds in zip(items, found, strict=True))
    new = sum(not olds for olds in found)
    return DirectoryImport(sha, len(items), new, len(items) - new - unchanged, unchanged)

"""Letters as values: a piece's identity for ever, a run's life, and what is still to be lettered.

A piece is (kind of letter, assignment): an assignment is lettered once per kind of letter (contract §1), and where a
kind goes out for something that comes again (a copy of each approved plan), once per occasion. Nothing is sent per
household: a shared letter discloses (mailroom.md). A run is begun, staged, released, mailed; a cancelled run's pieces
are not lettered. All of it is folded from the events below.

``RUN_BEGUN`` carries run_id, kind, to (whom the kind is for), on (the date on the letters) and roster (SHA-256, or
empty); ``LETTER_STAGED`` what :class:`Piece` has, ``SEED_STAGED`` the same of a seed piece; ``RUN_STAGED`` what
:class:`RunRecord` has besides; ``RUN_RELEASED`` and ``RUN_CANCELLED`` run_id (and reason), ``RUN_MAILED`` run_id and
on (a later one corrects the day); ``LETTER_PULLED`` the piece that was taken out, and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from cpdocs.core.events import Event, EventType
from cpdocs.core.ids import derive_document_id
from cpdocs.core.mail_barcodes import UNIQUE_FOR, Mailer, Serials
from cpdocs.core.members import AssignmentKey, assignment_key

ASSIGNMENT = "assignment"
"""The kind of letter that a new assignment brings."""

AGAIN = "again-"
"""How the occasion of a letter begins that is sent once more, to another address: it keeps its document id."""

NOTHING_TO_PRINT = "nothing to print"
"""Why a run is closed at once that mails nobody."""

NOBODY: AssignmentKey = ("", "", "", "")
"""What stands in place of an assignment for a seed piece."""

PIECE_EVENTS = (EventType.LETTER_STAGED, EventType.SEED_STAGED)
"""The events that :func:`piece_of` reads; seed pieces letter nobody."""

RUN_EVENTS = (
    EventType.RUN_BEGUN,
    EventType.RUN_STAGED,
    EventType.RUN_RELEASED,
    EventType.RUN_CANCELLED,
    EventType.RUN_MAILED,
    EventType.LETTER_PULLED,
)
"""The events that :func:`fold_runs` reads."""

LETTERED_EVENTS = (EventType.LETTER_STAGED, EventType.LETTER_PULLED, EventType.RUN_CANCELLED)
"""The events that :func:`lettered` and :func:`lettered_occasions` read."""

_SHEET_CODE = re.compile(r"L([0-9]{6}-[0-9]{2,3})/([1-9][0-9]{0,6})/([1-9][0-9]?)/([1-9][0-9]?)")
_RUN_ID = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2,3}")


class RunState(StrEnum):
    """Where a run stands. ``begun``: its letters are not all recorded yet; the next run finishes or drops it."""

    BEGUN = "begun"
    STAGED = "staged"
    RELEASED = "released"
    MAILED = "mailed"
    CANCELLED = "cancelled"


_FOLLOWS: Mapping[RunState, tuple[RunState, ...]] = {
    RunState.RELEASED: (RunState.STAGED,),
    RunState.MAILED: (RunState.RELEASED,),
    RunState.CANCELLED: (RunState.BEGUN, RunState.STAGED, RunState.RELEASED),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One letter in a run. ``number`` is its place in the run, from 1; ``first_page`` its first page in print file
    ``file``.

    ``pages`` are sides with the letter's own text, ``sheets`` the paper they take, printed on both sides. ``sha256``
    is of the letter's own PDF in the store.
    """

    number: int
    document_id: str
    key: AssignmentKey
    language: str
    format: str
    pages: int
    sheets: int
    first_page: int
    sha256: str
    occasion: str = ""
    file: int = 1
    barcode: str = ""
    """The first twenty digits of its Intelligent Mail barcode; empty where it has none."""
    seed: str = ""
    """Whose seed piece it is; empty for a member's letter."""
    archived: str = ""
    """SHA-256 of its own tagged PDF in the store; empty where it is made when asked for."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What the ledger says of one run. ``counts`` are roster lines by disposition as they were when it was staged;
    ``files`` SHA-256 by file name; ``pages`` and ``sheets`` are what was printed."""

    run_id: str
    kind: str
    on: date
    roster: str
    state: RunState
    records_in: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    pages: int = 0
    sheets: int = 0
    files: Mapping[str, str] = field(default_factory=dict)
    mailed_on: date | None = None
    reason: str = ""
    to: str = "assigned"
    tally: tuple[tuple[str, str, str, int], ...] = ()
    """Lines by (program, language as the roster names it, disposition)."""
    serials: Serials | None = None
    """The serials of its Intelligent Mail barcodes; None where it has none."""
    pulled: Mapping[str, str] = field(default_factory=dict)
    """Document id → why, of every letter that was taken out of it: it goes to nobody, whatever becomes of the run."""
    mailed_seq: int = 0
    """The number of the event that says that it was mailed; 0 while none does."""

    @property
    def pieces(self) -> int:
        """How many letters the run has for members, without those that were pulled."""
        return self.counts.get("mailed", 0) - len(self.pulled)

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Roster lines by disposition as they stand: those whose letter was pulled are suppressed, not mailed."""
        gone = len(self.pulled)
        if not gone:
            return self.counts
        return {**self.counts, "mailed": self.pieces, "suppressed": self.counts.get("suppressed", 0) + gone}

    def went_out(self, document_id: str) -> bool:
        """Whether its letter with this document id may have left the house: released or mailed, and not pulled."""
        return self.state in (RunState.RELEASED, RunState.MAILED) and document_id not in self.pulled


def serials_used(runs: Iterable[RunRecord], on: date) -> list[tuple[Serials, bool]]:
    """The barcode serials of every run in order, each with whether a piece may have been mailed in the last 45 days, or
    may be yet."""

    def counts(run: RunRecord) -> bool:
        return run.state is not RunState.CANCELLED and (run.mailed_on is None or run.mailed_on >= on - UNIQUE_FOR)

    return [(run.serials, counts(run)) for run in runs if run.serials is not None]


def may_become(state: RunState, target: RunState) -> bool:
    """Whether a run that is ``state`` may become ``target``: staged, then released, then mailed; cancelled before
    it is mailed."""
    return state in _FOLLOWS.get(target, ())


def letter_id(secret: bytes, kind: str, key: AssignmentKey, occasion: str = "") -> str:
    """The document id of the letter of this ``kind`` for this assignment (and occasion): the same in every run."""
    own = [occasion] if occasion and not occasion.startswith(AGAIN) else []
    return derive_document_id(secret, "letter", kind, *key, *own)


def fold_runs(events: Iterable[Event]) -> dict[str, RunRecord]:
    """Every run by id, in the order in which they began, from events in order; other events pass by."""
    runs: dict[str, RunRecord] = {}
    gone: dict[str, dict[str, str]] = {}
    for event in events:
        data = event.data
        if event.type is EventType.RUN_BEGUN:
            on = date.fromisoformat(data["on"])
            runs[data["run_id"]] = RunRecord(
                data["run_id"], data["kind"], on, data["roster"], RunState.BEGUN, to=data["to"]
            )
        elif event.type is EventType.RUN_STAGED:
            runs[data["run_id"]] = replace(
                runs[data["run_id"]],
                state=RunState.STAGED,
                records_in=data["records_in"],
                counts=data["counts"],
                pages=data["pages"],
                sheets=data["sheets"],
                files=data["files"],
                tally=tuple(
                    (program, language, outcome, number) for program, language, outcome, number in data.get("tally", ())
                ),
                serials=_serials(data.get("barcodes")),
            )
        elif event.type is EventType.LETTER_PULLED:
            gone.setdefault(data["run_id"], {})[data["document_id"]] = data["reason"]
        elif event.type is EventType.RUN_RELEASED:
            runs[data["run_id"]] = replace(runs[data["run_id"]], state=RunState.RELEASED)
        elif event.type is EventType.RUN_CANCELLED:
            runs[data["run_id"]] = replace(runs[data["run_id"]], state=RunState.CANCELLED, reason=data["reason"])
        elif event.type is EventType.RUN_MAILED:
            mailed_on = date.fromisoformat(data["on"])
            runs[data["run_id"]] = replace(
                runs[data["run_id"]], state=RunState.MAILED, mailed_on=mailed_on, mailed_seq=event.seq
            )
    return {run_id: replace(run, pulled=gone[run_id]) if run_id in gone else run for run_id, run in runs.items()}


def seed_id(secret: bytes, run_id: str, number: int) -> str:
    """The document id of the seed piece of a run to the seed that stands at that place in the settings, from 1."""
    return derive_document_id(secret, "seed", run_id, str(number))


def lettered(events: Iterable[Event]) -> dict[tuple[str, AssignmentKey], str]:
    """(kind, assignment key) → run id of every piece that counts as lettered: in a run that wasn't cancelled.

    Pieces with an occasion don't count here: see :func:`lettered_occasions`.
    """
    return {(kind, key): run_id for (kind, key, occasion), run_id in lettered_occasions(events).items() if not occasion}


def lettered_occasions(events: Iterable[Event]) -> dict[tuple[str, AssignmentKey, str], str]:
    """The same by (kind, assignment key, occasion), the occasion being empty for most."""
    pieces: dict[tuple[str, AssignmentKey, str], str] = {}
    by_run: dict[str, list[tuple[str, AssignmentKey, str]]] = {}
    for event in events:
        if event.type is EventType.LETTER_STAGED:
            data = event.data
            piece = (str(data["kind"]), _key(data["assignment"]), str(data.get("occasion", "")))
            pieces[piece] = data["run_id"]
            by_run.setdefault(data["run_id"], []).append(piece)
        elif event.type is EventType.LETTER_PULLED:
            data = event.data
            piece = (str(data["kind"]), _key(data["assignment"]), str(data["occasion"]))
            if pieces.get(piece) == data["run_id"]:
                del pieces[piece]
        elif event.type is EventType.RUN_CANCELLED:
            for piece in by_run.pop(event.data["run_id"], []):
                if pieces.get(piece) == event.data["run_id"]:
                    del pieces[piece]
    return pieces


def _serials(data: Mapping[str, Any] | None) -> Serials | None:
    return Serials(Mailer(data["mailer_id"], data["service"]), data["first_serial"], data["serials"]) if data else None


def piece_of(event: Event) -> Piece:
    """The piece that a LETTER_STAGED or SEED_STAGED event records."""
    data = event.data
    return Piece(
        number=data["piece"],
        document_id=data["document_id"],
        key=_key(data["assignment"]) if "assignment" in data else NOBODY,
        language=data["language"],
        format=data["format"],
        pages=data["pages"],
        sheets=data["sheets"],
        first_page=data["first_page"],
        sha256=data["digest"],
        occasion=data.get("occasion", ""),
        file=data.get("file", 1),
        barcode=data.get("barcode", ""),
        seed=data.get("seed", ""),
        archived=data.get("archive_sha256", ""),
    )


def _key(parts: Sequence[str]) -> AssignmentKey:
    return assignment_key(*parts)


def next_run_id(runs: Iterable[str], on: date) -> str:
    """The id of the next run on ``on``: the date and a counter, ``2026-11-02-01``."""
    prefix = f"{on.isoformat()}-"
    used = [int(run_id[len(prefix) :]) for run_id in runs if run_id.startswith(prefix)]
    return f"{prefix}{max(used, default=0) + 1:02d}"


def is_run_id(text: str) -> bool:
    """Whether ``text`` has the form of a run id."""
    return _RUN_ID.fullmatch(text) is not None


def sheets_for(pages: int) -> int:
    """Sheets of paper that ``pages`` sides take, printed on both sides."""
    return (pages + 1) // 2


@dataclass(frozen=True, slots=True)
class SheetMark:
    """One sheet of one piece: what the code on its front says. No member data: a run and a number mean something only
    here."""

    run_id: str
    piece: int
    sheet: int
    sheets: int

    @property
    def text(self) -> str:
        """``L261102-01/12/1/2``: at most 20 characters of a QR code's alphanumeric mode up to piece 59,000."""
        day, counter = self.run_id[2:10].replace("-", ""), self.run_id[11:]
        return f"L{day}-{counter}/{self.piece}/{self.sheet}/{self.sheets}"


def parse_sheet_mark(text: str) -> SheetMark | None:
    """The mark in a code's ``text``, or None where it isn't one of ours."""
    match = _SHEET_CODE.fullmatch(text.strip().upper())
    if match is None:
        return None
    day, counter = match[1].split("-")
    sheet, sheets = int(match[3]), int(match[4])
    if sheet > sheets:
        return None
    return SheetMark(f"20{day[:2]}-{day[2:4]}-{day[4:]}-{counter}", int(match[2]), sheet, sheets)

"""A run's letters put in mailing order, printed into one file, and read back from it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, run_subject
from cpdocs.core.letter_counts import LineResult, PrintCounts, counts, faults, tally
from cpdocs.core.letters import Piece, RunRecord, sheets_for
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.mailroom.letters.printing import print_file

if TYPE_CHECKING:
    from cpdocs.documents.letter_papers import Group
    from cpdocs.documents.letters import Letter
    from cpdocs.mailroom.letters.stamps import StampedLetters, Waiting
    from cpdocs.mailroom.workspace import Workspace


DRAFT = "draft_translation"
"""The warning on a line whose letter is in a translation that nobody has reviewed."""


@dataclass(frozen=True, slots=True)
class Made:
    """A letter that was made: its pages, and the SHA-256 of its PDF, or of what is drawn on its pages where it was stamped.

    ``waiting`` says where it is.
    """

    letter: Letter
    pages: int
    sha256: str
    waiting: Waiting


@dataclass(frozen=True, slots=True)
class Batch:
    """A run's lines, its pieces in mailing order, the groups they lie in, and the print file (its SHA-256, empty where there is
    none) with its counts.

    ``faults`` say what doesn't add up, the print file read back from its bytes included.
    """

    lines: tuple[LineResult, ...]
    pieces: tuple[Piece, ...]
    groups: tuple[Group, ...]
    print_sha: str
    printed: PrintCounts
    faults: tuple[str, ...]


def assemble(
    ws: Workspace,
    run: RunRecord,
    outcomes: Sequence[RosterOutcome],
    made: Mapping[int, Made | str],
    unreviewed: Container[str],
    stamped: StampedLetters | None = None,
) -> Batch:
    """The batch with its print file, from letters that lie in the store or were ``stamped``, and puts the file into the store
    where everything adds up. ``unreviewed`` are languages in draft."""
    from cpdocs.documents.letter_papers import Papers

    ordered = _in_order(made)
    groups = _groups(ordered)
    papers = Papers(ws.shipped_templates, ws.paths.templates, run.run_id, run.on)
    with print_file(ws, run.run_id, stamped) as target:
        expected: list[str] = []
        pieces: list[Piece] = []
        lines_of_pieces: dict[int, Piece] = {}
        for place, group in enumerate(groups, start=1):
            target.add_separator(papers.separator(place, groups))
            expected += [""] * (target.pages - len(expected))
            for number in range(group.first_piece, group.last_piece + 1):
                line, item = ordered[number - 1]
                piece = _piece(number, item, target.add(item.waiting, number))
                expected += [piece.document_id] * item.pages
                expected += [""] * (target.pages - len(expected))
                pieces.append(piece)
                lines_of_pieces[line] = piece
        letter_pages = target.pages - target.blank_pages - target.separator_pages
        printed = PrintCounts(letter_pages, target.blank_pages, target.separator_pages, target.pages)
        lines = _lines(outcomes, made, lines_of_pieces, unreviewed)
        found = faults(len(outcomes), lines, pieces, printed)
        if pieces:
            found += target.finish(expected)
        return Batch(lines, tuple(pieces), groups, target.keep() if pieces and not found else "", printed, tuple(found))


def batch_without_print(outcomes: Sequence[RosterOutcome], made: Mapping[int, Made | str], unreviewed: Container[str]) -> Batch:
    """The batch as it would be, for a rehearsal."""
    ordered = _in_order(made)
    groups = _groups(ordered)
    pieces = [(line, _piece(number, item, 0)) for number, (line, item) in enumerate(ordered, start=1)]
    lines = _lines(outcomes, made, dict(pieces), unreviewed)
    pages = sum(piece.pages for _, piece in pieces)
    blank = sum(piece.pages % 2 for _, piece in pieces)
    printed = PrintCounts(pages, blank, 2 * len(groups), pages + blank + 2 * len(groups))
    return Batch(lines, tuple(piece for _, piece in pieces), groups, "", printed, ())


def _in_order(made: Mapping[int, Made | str]) -> list[tuple[int, Made]]:
    """Lines and their letters by sheet count, then ZIP, then document id (mailroom.md, "Order")."""
    letters = [(line, item) for line, item in made.items() if isinstance(item, Made)]
    return sorted(letters, key=lambda pair: (sheets_for(pair[1].pages), _zip(pair[1]), pair[1].letter.document_id))


def _zip(item: Made) -> str:
    return item.letter.assignment.zip.replace("-", "")


def _groups(ordered: Sequence[tuple[int, Made]]) -> tuple[Group, ...]:
    from cpdocs.documents.letter_papers import Group

    groups = []
    first = 1
    for sheets, members in groupby((item for _, item in ordered), key=lambda item: sheets_for(item.pages)):
        zips = [_zip(item)[:5] for item in members]
        groups.append(Group(sheets, first, first + len(zips) - 1, zips[0], zips[-1]))
        first += len(zips)
    return tuple(groups)


def _piece(number: int, item: Made, first_page: int) -> Piece:
    return Piece(
        number=number,
        document_id=item.letter.document_id,
        key=item.letter.assignment.key,
        language=item.letter.language,
        format="large_print" if item.letter.large_print else "standard",
        pages=item.pages,
        sheets=sheets_for(item.pages),
        first_page=first_page,
        sha256=item.sha256,
        occasion=item.letter.occasion,
    )


def _lines(
    outcomes: Sequence[RosterOutcome], made: Mapping[int, Made | str], pieces: Mapping[int, Piece], unreviewed: Container[str]
) -> tuple[LineResult, ...]:
    lines = []
    for outcome in outcomes:
        held = made.get(outcome.line)
        item = outcome.assignment
        about = (item.program.value, item.language_written or item.language_spoken) if item else ("", "")
        if outcome.disposition is Disposition.MAILED and isinstance(held, str):
            lines.append(LineResult(outcome.line, Disposition.HELD.value, held, (), outcome.member_id, None, *about))
            continue
        piece = pieces.get(outcome.line)
        warnings = outcome.warnings
        if piece is not None and piece.language in unreviewed:
            warnings = (*warnings, DRAFT)
        lines.append(LineResult(outcome.line, outcome.disposition.value, outcome.code, warnings, outcome.member_id, piece, *about))
    return tuple(lines)


def staged_events(run: RunRecord, batch: Batch, files: Mapping[str, str]) -> list[NewEvent]:
    """What the ledger is told of a run: each of its letters, then the run itself."""
    events = [
        NewEvent(
            EventType.LETTER_STAGED,
            (document_subject(piece.document_id), member_subject(piece.key[0]), run_subject(run.run_id)),
            {
                "run_id": run.run_id,
                "kind": run.kind,
                "piece": piece.number,
                "document_id": piece.document_id,
                "assignment": list(piece.key),
                "language": piece.language,
                "format": piece.format,
                "pages": piece.pages,
                "sheets": piece.sheets,
                "first_page": piece.first_page,
                "digest": piece.sha256,
                **({"occasion": piece.occasion} if piece.occasion else {}),
            },
        )
        for piece in batch.pieces
    ]
    summary: dict[str, JSON] = {
        "run_id": run.run_id,
        "records_in": len(batch.lines),
        "counts": {**counts(batch.lines)},
        "pages": sum(piece.pages for piece in batch.pieces),
        "sheets": sum(piece.sheets for piece in batch.pieces),
        "files": {**files},
        "tally": [[*row] for row in tally(batch.lines)],
    }
    return [*events, NewEvent(EventType.RUN_STAGED, (run_subject(run.run_id),), summary)]

"""A run's letters put in mailing order, printed into files, and read back from them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, run_subject
from cpdocs.core.letter_counts import LineResult, PrintCounts, counts, faults, tally
from cpdocs.core.letters import Piece, RunRecord, sheets_for
from cpdocs.core.print_files import Group, grouped, print_name
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.mailroom.letters.printing import Printing, print_file

if TYPE_CHECKING:
    from cpdocs.documents.letters import Letter
    from cpdocs.mailroom.letters.recorded import MadeFrom
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
class PrintedFile:
    """One print file: its name, its SHA-256 (empty in a rehearsal), its sides, and the pieces in it."""

    name: str
    sha256: str
    pages: int
    first_piece: int
    last_piece: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A run's lines, its pieces in mailing order, the groups they lie in, and the print files with the counts of them all.

    ``faults`` say what doesn't add up, the print files read back from their bytes included.
    """

    lines: tuple[LineResult, ...]
    pieces: tuple[Piece, ...]
    groups: tuple[Group, ...]
    files: tuple[PrintedFile, ...]
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
    """The batch with its print files, from letters that lie in the store or were ``stamped``; each file is put into the store
    where it reads back as it should. ``unreviewed`` are languages in draft."""
    from cpdocs.documents.letter_papers import Papers

    ordered = _in_order(made)
    groups = _groups(ws, ordered)
    papers = Papers(ws.shipped_templates, ws.paths.templates, run.run_id, run.on)
    pieces: list[Piece] = []
    files: list[PrintedFile] = []
    found: list[str] = []
    printed = PrintCounts(0, 0, 0, 0)
    for file, members in groupby(enumerate(groups, start=1), key=lambda numbered: numbered[1].file):
        with print_file(ws, run.run_id, stamped) as target:
            expected: list[str] = []
            first = len(pieces) + 1
            for place, group in members:
                target.add_separator(papers.separator(place, groups))
                expected += [""] * (target.pages - len(expected))
                for number in range(group.first_piece, group.last_piece + 1):
                    item = ordered[number - 1][1]
                    piece = _piece(number, item, target.add(item.waiting, number), file)
                    expected += [piece.document_id] * item.pages
                    expected += [""] * (target.pages - len(expected))
                    pieces.append(piece)
            name = print_name(file, groups[-1].file)
            differences = target.finish(expected)
            found += [f"{name}: {difference}" for difference in differences]
            files.append(PrintedFile(name, "" if differences else target.keep(), target.pages, first, len(pieces)))
            printed += _counts(target)
    lines = _lines(outcomes, made, dict(zip((line for line, _ in ordered), pieces, strict=True)), unreviewed)
    found = [*faults(len(outcomes), lines, pieces, printed), *found]
    return Batch(lines, tuple(pieces), groups, tuple(files), printed, tuple(found))


def _counts(target: Printing) -> PrintCounts:
    letter_pages = target.pages - target.blank_pages - target.separator_pages
    return PrintCounts(letter_pages, target.blank_pages, target.separator_pages, target.pages)


def batch_without_print(
    ws: Workspace, outcomes: Sequence[RosterOutcome], made: Mapping[int, Made | str], unreviewed: Container[str]
) -> Batch:
    """The batch as it would be, for a rehearsal."""
    ordered = _in_order(made)
    groups = _groups(ws, ordered)
    pieces: list[Piece] = []
    files: list[PrintedFile] = []
    for file, members in groupby(groups, key=lambda group: group.file):
        first = len(pieces) + 1
        sheets = 0
        for group in members:
            numbers = range(group.first_piece, group.last_piece + 1)
            pieces += [_piece(number, ordered[number - 1][1], 0, file) for number in numbers]
            sheets += 1 + group.sheets * group.letters
        files.append(PrintedFile(print_name(file, groups[-1].file), "", 2 * sheets, first, len(pieces)))
    lines = _lines(outcomes, made, dict(zip((line for line, _ in ordered), pieces, strict=True)), unreviewed)
    pages = sum(piece.pages for piece in pieces)
    blank = sum(piece.pages % 2 for piece in pieces)
    printed = PrintCounts(pages, blank, 2 * len(groups), pages + blank + 2 * len(groups))
    return Batch(lines, tuple(pieces), groups, tuple(files), printed, ())


def _in_order(made: Mapping[int, Made | str]) -> list[tuple[int, Made]]:
    """Lines and their letters by sheet count, then ZIP, then document id (mailroom.md, "Order")."""
    letters = [(line, item) for line, item in made.items() if isinstance(item, Made)]
    return sorted(letters, key=lambda pair: (sheets_for(pair[1].pages), _zip(pair[1]), pair[1].letter.document_id))


def _zip(item: Made) -> str:
    return item.letter.assignment.zip.replace("-", "")


def _groups(ws: Workspace, ordered: Sequence[tuple[int, Made]]) -> tuple[Group, ...]:
    return grouped([(sheets_for(item.pages), _zip(item)[:5]) for _, item in ordered], ws.options.print_limit)


def _piece(number: int, item: Made, first_page: int, file: int) -> Piece:
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
        file=file,
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


def staged_events(run: RunRecord, batch: Batch, files: Mapping[str, str], kept: MadeFrom | None) -> Iterator[NewEvent]:
    """What the ledger is told of a run: each of its letters, then the run itself."""
    for piece in batch.pieces:
        yield NewEvent(
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
                **({"file": piece.file} if piece.file > 1 else {}),
            },
        )
    summary: dict[str, JSON] = {
        "run_id": run.run_id,
        "records_in": len(batch.lines),
        "counts": {**counts(batch.lines)},
        "pages": sum(piece.pages for piece in batch.pieces),
        "sheets": sum(piece.sheets for piece in batch.pieces),
        "files": {**files},
        "tally": [[*row] for row in tally(batch.lines)],
        **({"made_from": kept.event_data()} if kept else {}),
    }
    yield NewEvent(EventType.RUN_STAGED, (run_subject(run.run_id),), summary)

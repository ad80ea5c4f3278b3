"""A run's letters put in mailing order, printed into files, and read back from them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, run_subject
from cpdocs.core.letter_counts import LineResult, PrintCounts, counts, faults, tally
from cpdocs.core.letters import NOBODY, Piece, RunRecord, serials_used, sheets_for
from cpdocs.core.mail_barcodes import Serials, serials_for
from cpdocs.core.print_files import Group, grouped, print_name
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.letters.printing import Printing, print_file
from cpdocs.letters.runs import all_runs

if TYPE_CHECKING:
    from cpdocs.documents.letters import Letter
    from cpdocs.letters.mail_merge import MergedLetters, Waiting
    from cpdocs.letters.recorded import MadeFrom
    from cpdocs.workspace import Workspace


DRAFT = "draft_translation"
"""The warning on a line whose letter is in a translation that nobody has reviewed."""
NO_ROOM = "barcode_no_room"
"""The warning on a line whose address leaves no room for a barcode in the window."""
NO_SERIAL = "barcode_no_serial"
"""The warning on every line of a run for which no barcode serial is left that wasn't mailed within 45 days."""


@dataclass(frozen=True, slots=True)
class Made:
    """A letter that was made: its pages, and the SHA-256 of its PDF, or of what is drawn on its pages where it was
    merged.

    ``waiting`` says where it is, ``seed`` whose seed piece it is, if one.
    """

    letter: Letter
    pages: int
    sha256: str
    waiting: Waiting
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Production:
    """What the presses made: by line the letter, or the code for which it is held after all; the seed pieces; and those
    that can't be made, each with its code.

    ``unreviewed`` are languages in draft.
    """

    lines: Mapping[int, Made | str]
    seeds: tuple[Made, ...]
    seeds_not_made: tuple[tuple[str, str], ...]
    unreviewed: Container[str]


Placed = tuple[int, Made]
"""A letter in mailing order, with its line; 0 for a seed piece."""


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
    """A run's lines, its pieces in mailing order, the groups they lie in, and the print files with the counts of them
    all.

    ``faults`` say what doesn't add up, the print files read back from their bytes included.
    """

    lines: tuple[LineResult, ...]
    pieces: tuple[Piece, ...]
    groups: tuple[Group, ...]
    files: tuple[PrintedFile, ...]
    printed: PrintCounts
    faults: tuple[str, ...]
    serials: Serials | None
    seeds_not_made: tuple[tuple[str, str], ...]

    @property
    def letters(self) -> list[Piece]:
        """The pieces for members."""
        return [piece for piece in self.pieces if not piece.seed]

    @property
    def seeds(self) -> list[Piece]:
        """The seed pieces."""
        return [piece for piece in self.pieces if piece.seed]


def assemble(
    ws: Workspace,
    run: RunRecord,
    outcomes: Sequence[RosterOutcome],
    made: Production,
    merged: MergedLetters | None = None,
) -> Batch:
    """The batch with its print files, from letters that lie in the store or were ``merged``; each file is put into the
    store where it reads back as it should."""
    from cpdocs.documents.letter_papers import Papers
    from cpdocs.documents.mail_barcode import barcode

    ordered = _in_order(made)
    serials = serials_of(ws, run, len(ordered))
    groups = _groups(ws, ordered)
    papers = Papers(ws.shipped_templates, ws.paths.templates, run.run_id, run.on)
    pieces: list[Piece] = []
    files: list[PrintedFile] = []
    found: list[str] = []
    printed = PrintCounts(0, 0, 0, 0)
    for file, members in groupby(enumerate(groups, start=1), key=lambda numbered: numbered[1].file):
        with print_file(ws, run.run_id, merged) as target:
            expected: list[str] = []
            first = len(pieces) + 1
            for place, group in members:
                target.add_separator(papers.separator(place, groups))
                expected += [""] * (target.pages - len(expected))
                for number in range(group.first_piece, group.last_piece + 1):
                    item = ordered[number - 1][1]
                    tracking = serials.tracking(number) if serials and item.waiting.barcode else ""
                    drawn = barcode(tracking, item.letter.assignment.zip) if tracking else b""
                    piece = _piece(number, item, target.add(item.waiting, number, drawn), file, tracking)
                    expected += [piece.document_id] * item.pages
                    expected += [""] * (target.pages - len(expected))
                    pieces.append(piece)
            name = print_name(file, groups[-1].file)
            differences = target.finish(expected)
            found += [f"{name}: {difference}" for difference in differences]
            files.append(PrintedFile(name, "" if differences else target.keep(), target.pages, first, len(pieces)))
            printed += _counts(target)
    lines = _lines(outcomes, made, _by_line(ordered, pieces), _barcode_warning(ws, serials))
    found = [*faults(len(outcomes), lines, pieces, printed), *found]
    return Batch(lines, tuple(pieces), groups, tuple(files), printed, tuple(found), serials, made.seeds_not_made)


def serials_of(ws: Workspace, run: RunRecord, count: int) -> Serials | None:
    """The barcode serials for a run of ``count`` pieces; None where there are no barcodes, or no serials are left."""
    mailer = ws.options.mailer
    return serials_for(serials_used(all_runs(ws.ledger).values(), run.on), mailer, count) if mailer and count else None


def _barcode_warning(ws: Workspace, serials: Serials | None) -> str:
    """What to say of a letter that has no barcode."""
    if ws.options.mailer is None:
        return ""
    return NO_ROOM if serials else NO_SERIAL


def _by_line(ordered: Sequence[Placed], pieces: Sequence[Piece]) -> dict[int, Piece]:
    return {line: piece for (line, _), piece in zip(ordered, pieces, strict=True) if line}


def _counts(target: Printing) -> PrintCounts:
    letter_pages = target.pages - target.blank_pages - target.separator_pages
    return PrintCounts(letter_pages, target.blank_pages, target.separator_pages, target.pages)


def batch_without_print(ws: Workspace, run: RunRecord, outcomes: Sequence[RosterOutcome], made: Production) -> Batch:
    """The batch as it would be, for a rehearsal."""
    ordered = _in_order(made)
    serials = serials_of(ws, run, len(ordered))
    groups = _groups(ws, ordered)
    pieces: list[Piece] = []
    files: list[PrintedFile] = []
    for file, members in groupby(groups, key=lambda group: group.file):
        first = len(pieces) + 1
        sheets = 0
        for group in members:
            for number in range(group.first_piece, group.last_piece + 1):
                item = ordered[number - 1][1]
                pieces.append(
                    _piece(number, item, 0, file, serials.tracking(number) if serials and item.waiting.barcode else "")
                )
            sheets += 1 + group.sheets * group.letters
        files.append(PrintedFile(print_name(file, groups[-1].file), "", 2 * sheets, first, len(pieces)))
    lines = _lines(outcomes, made, _by_line(ordered, pieces), _barcode_warning(ws, serials))
    pages = sum(piece.pages for piece in pieces)
    blank = sum(piece.pages % 2 for piece in pieces)
    printed = PrintCounts(pages, blank, 2 * len(groups), pages + blank + 2 * len(groups))
    return Batch(lines, tuple(pieces), groups, tuple(files), printed, (), serials, made.seeds_not_made)


def _in_order(made: Production) -> list[Placed]:
    """Letters by sheet count, then ZIP, then document id (mailroom.md, "Order"); seed pieces among them, where there is
    a letter."""
    letters = [(line, item) for line, item in made.lines.items() if isinstance(item, Made)]
    if letters:
        letters += [(0, seed) for seed in made.seeds]
    return sorted(letters, key=lambda pair: (sheets_for(pair[1].pages), _zip(pair[1]), pair[1].letter.document_id))


def _zip(item: Made) -> str:
    return item.letter.assignment.zip.replace("-", "")


def _groups(ws: Workspace, ordered: Sequence[Placed]) -> tuple[Group, ...]:
    return grouped([(sheets_for(item.pages), _zip(item)[:5]) for _, item in ordered], ws.options.print_limit)


def _piece(number: int, item: Made, first_page: int, file: int, tracking: str) -> Piece:
    return Piece(
        number=number,
        document_id=item.letter.document_id,
        key=NOBODY if item.seed else item.letter.assignment.key,
        language=item.letter.language,
        format="large_print" if item.letter.large_print else "standard",
        pages=item.pages,
        sheets=sheets_for(item.pages),
        first_page=first_page,
        sha256=item.sha256,
        occasion=item.letter.occasion,
        file=file,
        barcode=tracking,
        seed=item.seed,
        archived=item.waiting.archived,
    )


def _lines(
    outcomes: Sequence[RosterOutcome], made: Production, pieces: Mapping[int, Piece], barcode_warning: str
) -> tuple[LineResult, ...]:
    lines = []
    for outcome in outcomes:
        held = made.lines.get(outcome.line)
        item = outcome.assignment
        about = (item.program.value, item.language_written or item.language_spoken) if item else ("", "")
        if outcome.disposition is Disposition.MAILED and isinstance(held, str):
            lines.append(LineResult(outcome.line, Disposition.HELD.value, held, (), outcome.member_id, None, *about))
            continue
        piece = pieces.get(outcome.line)
        warnings = outcome.warnings
        if piece is not None and piece.language in made.unreviewed:
            warnings = (*warnings, DRAFT)
        if piece is not None and barcode_warning and not piece.barcode:
            warnings = (*warnings, barcode_warning)
        lines.append(
            LineResult(
                outcome.line, outcome.disposition.value, outcome.code, warnings, outcome.member_id, piece, *about
            )
        )
    return tuple(lines)


def staged_events(run: RunRecord, batch: Batch, files: Mapping[str, str], kept: MadeFrom | None) -> Iterator[NewEvent]:
    """What the ledger is told of a run: each of its pieces, then the run itself."""
    for piece in batch.pieces:
        yield _staged(run, piece)
    summary: dict[str, JSON] = {
        "run_id": run.run_id,
        "records_in": len(batch.lines),
        "counts": {**counts(batch.lines)},
        "pages": sum(piece.pages for piece in batch.letters),
        "sheets": sum(piece.sheets for piece in batch.letters),
        "files": {**files},
        "tally": [[*row] for row in tally(batch.lines)],
        **({"made_from": kept.event_data()} if kept else {}),
    }
    if batch.serials is not None:
        mailer = batch.serials.mailer
        summary["barcodes"] = {
            "mailer_id": mailer.mailer_id,
            "service": mailer.service,
            "first_serial": batch.serials.first,
            "serials": batch.serials.count,
        }
    yield NewEvent(EventType.RUN_STAGED, (run_subject(run.run_id),), summary)


def _staged(run: RunRecord, piece: Piece) -> NewEvent:
    data: dict[str, JSON] = {
        "run_id": run.run_id,
        "kind": run.kind,
        "piece": piece.number,
        "document_id": piece.document_id,
        "language": piece.language,
        "format": piece.format,
        "pages": piece.pages,
        "sheets": piece.sheets,
        "first_page": piece.first_page,
        "digest": piece.sha256,
    }
    if piece.occasion:
        data["occasion"] = piece.occasion
    if piece.file > 1:
        data["file"] = piece.file
    if piece.barcode:
        data["barcode"] = piece.barcode
    if piece.archived:
        data["archive_sha256"] = piece.archived
    document, in_run = document_subject(piece.document_id), run_subject(run.run_id)
    if piece.seed:
        return NewEvent(EventType.SEED_STAGED, (document, in_run), {**data, "seed": piece.seed})
    return NewEvent(
        EventType.LETTER_STAGED, (document, member_subject(piece.key[0]), in_run), {**data, "assignment": [*piece.key]}
    )

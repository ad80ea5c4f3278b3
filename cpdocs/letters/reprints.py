"""Prints pieces of a run again: the very pages of its print files, with the very codes, for sheets that a machine
spoilt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, run_subject
from cpdocs.core.letters import Piece, RunState
from cpdocs.core.print_files import print_names
from cpdocs.errors import AnswerIsNo, InputFault, UsageFault
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.runs import letters_lock, pieces_of, run_folder, the_run

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_RANGE = re.compile(r"([1-9][0-9]{0,6})(?:-([1-9][0-9]{0,6}))?")


@dataclass(frozen=True, slots=True)
class Reprint:
    """A file with pieces of a run again: the how-manieth of that run, where it lies, its pieces, sheets and pages."""

    number: int
    file: Path
    pieces: tuple[int, ...]
    sheets: int
    pages: int


def piece_numbers(text: str) -> tuple[int, ...]:
    """``12-40,97`` as numbers, ascending and once each. Raises UsageFault for anything else."""
    numbers: set[int] = set()
    for part in text.replace(" ", "").split(","):
        match = _RANGE.fullmatch(part)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise UsageFault(f"{part!r} is no piece and no range of pieces.", todo="Write them like 12-40,97.")
        numbers.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(sorted(numbers))


def reprint(
    ws: Workspace, run_id: str, pieces: Sequence[int], reason: str, *, documents: Sequence[str] = ()
) -> Reprint:
    """Writes outbox/letters/RUN/reprint-NN.pdf with the sheets of these pieces, and of the letters with these reference
    numbers, in mailing order, and records it with its reason.

    Raises UsageFault where none is named; InputFault for a run that was cancelled or never staged, for pieces that
    it hasn't and for those that were pulled; AnswerIsNo where the pages taken out aren't the pieces' own, and nothing
    is written then.
    """
    from cpdocs.documents.printfile import extract, recount

    if not (pieces or documents):
        raise UsageFault("Which letters are to be printed again?", todo="Give --pieces or --documents.")
    with letters_lock(ws):
        run = the_run(ws.ledger, run_id)
        files = print_names(run.files)
        if run.state in (RunState.BEGUN, RunState.CANCELLED) or not files:
            raise InputFault(f"Run {run_id} is {run.state.value} or has no letters; there is nothing to print again.")
        known = {piece.number: piece for piece in pieces_of(ws.ledger, run_id)}
        by_document = {piece.document_id: number for number, piece in known.items()}
        if unknown := [text for text in documents if text not in by_document]:
            raise InputFault(
                f"{len(unknown)} of these reference numbers are of no letter of run {run_id}; nothing was printed.",
                todo=f"Read them again from the letters; `cpdocs letters show {run_id}`.",
            )
        pieces = sorted({*pieces, *(by_document[text] for text in documents)})
        lacking = [number for number in pieces if number not in known]
        if lacking:
            raise InputFault(
                f"Run {run_id} has no piece {lacking[0]}.",
                todo=f"Its pieces are 1 to {len(known)}; `cpdocs letters show {run_id}`.",
            )
        wanted = [known[number] for number in pieces]
        if gone := [piece.number for piece in wanted if piece.document_id in run.pulled]:
            raise InputFault(
                f"Piece {gone[0]} was pulled from run {run_id}; it isn't printed again, and nothing was.",
                todo="Leave it out: the next run makes the letter anew.",
            )
        paths = {number: ws.blobs.path(run.files[name]) for number, name in enumerate(files, start=1)}
        pdf = extract([(paths[piece.file], piece.first_page, 2 * piece.sheets) for piece in wanted])
        wrong = recount(pdf).differences(_expected(wanted))
        if wrong:
            raise AnswerIsNo(
                f"The pages of these pieces aren't what they should be: {wrong[0]}", todo="Run `cpdocs audit verify`."
            )
        sha = ws.blobs.put(pdf)
        with ws.ledger.write() as tx:
            number = 1 + sum(1 for _ in tx.events(subject=run_subject(run_id), types=(EventType.RUN_REPRINTED,)))
            data: dict[str, JSON] = {
                "run_id": run_id,
                "number": number,
                "pieces": [*pieces],
                "reason": reason,
                "sha256": sha,
            }
            tx.append(NewEvent(EventType.RUN_REPRINTED, (run_subject(run_id),), data))
        file = run_folder(ws, run_id) / f"reprint-{number:02d}.pdf"
        write_durably(file, pdf)
        return Reprint(
            number, file, tuple(pieces), sum(piece.sheets for piece in wanted), sum(piece.pages for piece in wanted)
        )


def _expected(pieces: Sequence[Piece]) -> list[str]:
    """The document id on each page, empty for blank backs."""
    expected: list[str] = []
    for piece in pieces:
        expected += [piece.document_id] * piece.pages + [""] * (2 * piece.sheets - piece.pages)
    return expected

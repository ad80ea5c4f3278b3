"""The record of what was mailed: a letter's printed pages, and the accessible copy that is made when it is asked for.

The print file is the record (mailroom.md, "Rendering facts" 3): it has no tags. The copy is the tagged PDF/UA-1 file of
the same letter, made from what the run recorded, and handed out only when every page of it is what was printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import Event, EventType, document_subject, run_subject
from cpdocs.core.letters import Piece, RunRecord, RunState, piece_of
from cpdocs.core.print_files import print_names
from cpdocs.errors import AnswerIsNo, InputFault
from cpdocs.letters.recorded import assignment, made_from, room_of
from cpdocs.letters.runs import all_runs
from cpdocs.people.access import record_access

if TYPE_CHECKING:
    from cpdocs.documents.preflight import Region
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Mailed:
    """A letter in a run: which piece it is there, and the SHA-256 of its own PDF in the store where there is one."""

    run: RunRecord
    piece: Piece
    archived: str

    @property
    def print_file(self) -> str:
        """The name of the print file that it is in."""
        return print_names(self.run.files)[self.piece.file - 1]


def letters_about(ws: Workspace, subject: str, *, cancelled: bool = False) -> list[Mailed]:
    """Every letter of a document id or a member (a subject) that wasn't taken back, oldest first; with ``cancelled``
    those of cancelled runs and those that were pulled too."""
    runs = all_runs(ws.ledger)
    found = []
    for event in ws.ledger.events(subject=subject, types=(EventType.LETTER_STAGED,)):
        run = runs[event.data["run_id"]]
        if cancelled or (run.state is not RunState.CANCELLED and event.data["document_id"] not in run.pulled):
            found.append(Mailed(run, piece_of(event), _own_pdf(ws, event)))
    return found


def _own_pdf(ws: Workspace, event: Event) -> str:
    named = event.data.get("archive_sha256", event.data["digest"])
    return str(named) if ws.blobs.has(named) else ""


def the_letter(ws: Workspace, document_id: str, run_id: str = "") -> Mailed:
    """The letter with this document id, in the run of that id, or in the last one that has it. Raises InputFault where
    there is none."""
    # Whoever names the run may look at a letter that was pulled from it: it was printed.
    found = [
        letter
        for letter in letters_about(ws, document_subject(document_id), cancelled=bool(run_id))
        if not run_id or (run_id == letter.run.run_id and letter.run.state is not RunState.CANCELLED)
    ]
    if not found:
        raise InputFault(
            f"There is no letter {document_id} in {f'run {run_id}' if run_id else 'any run that counts'}.",
            todo="Read the reference number again from the letter; `cpdocs letters pages -` lists a member's letters.",
        )
    return found[-1]


def printed_pages(ws: Workspace, letters: list[Mailed], how: str, *subjects: str) -> bytes:
    """The pages of these letters as they were printed, codes and all, without blank backs; the access is recorded.

    Raises AnswerIsNo where the pages found there aren't these letters' own.
    """
    pdf = pages_of(ws, letters)
    record_access(ws, how, *subjects)
    return pdf


def pages_of(ws: Workspace, letters: list[Mailed]) -> bytes:
    """The same for a machine to hold a reply slip against; nobody is shown them. Raises AnswerIsNo as that does."""
    from cpdocs.documents.printfile import extract, recount

    places = [
        (ws.blobs.path(item.run.files[item.print_file]), item.piece.first_page, item.piece.pages) for item in letters
    ]
    pdf = extract(places)
    wrong = recount(pdf).differences([item.piece.document_id for item in letters for _ in range(item.piece.pages)])
    if wrong:
        raise AnswerIsNo(f"The pages found aren't this letter's: {wrong[0]}", todo="Run `cpdocs audit verify`.")
    return pdf


def accessible_copy(ws: Workspace, item: Mailed, how: str) -> bytes:
    """The tagged PDF/UA-1 file of a letter, equal to its printed pages; that it is handed out is recorded.

    Raises InputFault for a letter of a run that recorded too little, AnswerIsNo where what is made from the record
    isn't what was printed, BlobMissing or BlobDamaged.
    """
    from cpdocs.documents.visual_diff import difference

    printed = pages_of(ws, [item])
    pdf = ws.blobs.get(item.archived) if item.archived else _made_again(ws, item)
    found = difference(pdf, printed, _marks(item))
    if found is not None:
        raise AnswerIsNo(
            f"The copy of {item.piece.document_id} isn't what was printed ({found}); it was not handed out.",
            todo="`cpdocs letters pages` gives the printed pages; run `cpdocs audit verify` and `cpdocs doctor`.",
        )
    record_access(ws, how, document_subject(item.piece.document_id))
    return pdf


def _made_again(ws: Workspace, item: Mailed) -> bytes:
    from cpdocs.documents.letters import Letter, Unprintable

    kept = made_from(_staged(ws, item.run.run_id).data)
    piece = item.piece
    letter = Letter(
        kind=item.run.kind,
        document_id=piece.document_id,
        on=item.run.on,
        language=piece.language,
        large_print=piece.format == "large_print",
        assignment=assignment(ws, kept, piece.key),
        occasion=piece.occasion,
        barcode=bool(piece.barcode),
    )
    with room_of(ws, kept) as room:
        made = room.renderer().make(letter)
    if isinstance(made, Unprintable):
        raise AnswerIsNo(
            f"The copy of {piece.document_id} can't be made from the record ({made.code}).",
            todo="Run `cpdocs doctor`; compare versions.",
        )
    return made.pdf


def _staged(ws: Workspace, run_id: str) -> Event:
    return next(iter(ws.ledger.events(subject=run_subject(run_id), types=(EventType.RUN_STAGED,))))


def _marks(item: Mailed) -> list[list[Region]]:
    """What the printed pages carry besides: the code on every sheet's front with its text, and above the address the
    barcode where there is one."""
    from cpdocs.documents.envelope import BARCODE
    from cpdocs.documents.printfile import CODE_LEFT, CODE_SIZE, CODE_TOP
    from cpdocs.documents.sheet_text import REGION

    code = (CODE_LEFT, CODE_TOP, CODE_LEFT + CODE_SIZE, CODE_TOP + CODE_SIZE)
    marks: list[list[Region]] = [[] if page % 2 else [code, REGION] for page in range(item.piece.pages)]
    if item.piece.barcode:
        marks[0].append(BARCODE)
    return marks


def as_json(item: Mailed) -> dict[str, Any]:
    """A letter of a run, for ``--json``."""
    return {
        "document_id": item.piece.document_id,
        "run_id": item.run.run_id,
        "kind": item.run.kind,
        "state": item.run.state.value,
        "date": item.run.on.isoformat(),
        "mailed_on": item.run.mailed_on.isoformat() if item.run.mailed_on else None,
        "piece": item.piece.number,
        "print_file": item.print_file,
        "print_sha256": item.run.files[item.print_file],
        "first_page": item.piece.first_page,
        "pages": item.piece.pages,
        "archived_sha256": item.archived or None,
    }

"""The letters whose reply slips come back, by the code on the slip alone: to whom, and how that stands now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import document_subject
from cpdocs.core.issued import IssuedLetter
from cpdocs.core.members import Program
from cpdocs.letters.copies import Mailed, letters_about, pages_of
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def issued_letter(ws: Workspace, document_id: str) -> IssuedLetter | None:
    """What is on record of the letter with this id, and how its assignment stands now; None where there is none."""
    letter = _letter(ws, document_id)
    if letter is None:
        return None
    member_id, program = letter.piece.key[0], letter.piece.key[1]
    register = load_register(ws, member_id)
    latest = register.latest(member_id, Program(program))
    stopped = register.enrollment.stops(latest) if latest else None
    stands = register.stated_end(member_id, Program(program)) or (stopped.value if stopped else "")
    if latest is None or latest.key != letter.piece.key:
        stands = "replaced"
    if register.has_died(member_id):
        stands = "deceased"
    went_out = letter.run.went_out(document_id)
    return IssuedLetter(document_id, member_id, program, letter.run.kind, stands, went_out)


def letter_pages(ws: Workspace, document_id: str) -> bytes:
    """The letter's pages as they were printed. Raises what the store and the print file do."""
    letter = _letter(ws, document_id)
    assert letter is not None
    return pages_of(ws, [letter])


def _letter(ws: Workspace, document_id: str) -> Mailed | None:
    found = letters_about(ws, document_subject(document_id), cancelled=True)
    out = [letter for letter in found if letter.run.went_out(document_id)]
    return next(reversed(out or found), None)

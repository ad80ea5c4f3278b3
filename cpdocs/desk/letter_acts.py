"""What is done with runs and held letters at the desk: each is one use case of ``cpdocs letters``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.ids import parse_document_id
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.desk import words
from cpdocs.desk.forms import Form, day, given, needed
from cpdocs.desk.pages import secret
from cpdocs.errors import UsageFault
from cpdocs.letters.holds import release_holds
from cpdocs.letters.pull import pull
from cpdocs.letters.release import release
from cpdocs.letters.reprints import piece_numbers
from cpdocs.letters.runs import cancel, mailed

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_NAMED = 12
"""Pieces that are named one by one in what is told."""


def act(ws: Workspace, run_id: str, form: Form) -> str:
    """Does with a run what the pressed button says, and gives what to tell. Raises as the use case does."""
    what = given(form, "do")
    if what == "release":
        return _release(ws, run_id)
    if what == "mailed":
        record = mailed(ws, run_id, day(form, "on", "The day"))
        return f"{words.counted(record.pieces, 'letter')} mailed on {words.day(record.mailed_on)}."
    if what == "cancel":
        cancel(ws, run_id, needed(form, "reason", "Why it is cancelled"))
        return "Cancelled. The next run makes its letters again."
    if what == "pull":
        numbers = piece_numbers(needed(form, "pieces", "Which pieces"))
        taken = pull(ws, run_id, needed(form, "reason", "Why they are pulled"), numbers=numbers, documents=())
        return f"{words.counted(len(taken), 'piece')} pulled. Take the sheets out; the next run letters them."
    raise UsageFault("What shall be done with the run?", todo="Choose one of the acts on the page.")


def _release(ws: Workspace, run_id: str) -> str:
    _, pulls, changed = release(ws, run_id)
    told = ["Released for mailing."]
    if pulls:
        told.append(f"Pull these pieces from what was printed: {_numbers([each.piece for each in pulls])}.")
    if changed:
        told.append(
            f"Look at these before they go, the record changed since: {_numbers([each.piece for each in changed])}."
        )
    return " ".join(told)


def _numbers(pieces: Sequence[int]) -> str:
    more = f" and {len(pieces) - _NAMED} more" if len(pieces) > _NAMED else ""
    return ", ".join(map(str, pieces[:_NAMED])) + more


def release_held(ws: Workspace, form: Form, chosen: Sequence[str]) -> str:
    """Lets the chosen held letters go, as a reviewer. Raises as the use case does."""
    if not chosen:
        raise UsageFault("No letter is ticked.", todo="Tick those that may go.")
    ids = [parse_document_id(each) or each for each in chosen]
    freed = release_holds(ws, ASSIGNMENT, ids, needed(form, "reason", "Why they may go"), secret)
    return f"{words.counted(len(freed), 'letter')} released: the next run makes them."

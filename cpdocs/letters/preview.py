"""``letters preview``: the letter that one line of a roster would get, or why it gets none. Nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.letters import RunRecord, RunState, next_run_id
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.errors import InputFault
from cpdocs.letters.batch import serials_of
from cpdocs.letters.one_letter import Addressing
from cpdocs.letters.recipients import recipients
from cpdocs.letters.renderers import RendererPool
from cpdocs.letters.runs import all_runs

if TYPE_CHECKING:
    from cpdocs.intake.tables import Choices
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Preview:
    """What a line would become: its outcome, and of a letter its reference number, language, form, pages and
    PDF, marked as no mail (empty where there is none)."""

    outcome: RosterOutcome
    document_id: str = ""
    language: str = ""
    format: str = ""
    pages: int = 0
    pdf: bytes = b""


def preview(
    ws: Workspace,
    roster: Path,
    line: int,
    *,
    kind: str,
    drafts: bool = False,
    choices: Choices | None = None,
) -> Preview:
    """What ``line`` of ``roster`` would get today: its letter, marked as no mail. Nothing is written anywhere.

    The line is judged among all others of its file, as a run would. Raises InputFault where the file or the kind can't
    be used, or the file has no such line.
    """
    from cpdocs.documents.letter_proof import marked
    from cpdocs.documents.letters import PrintedLetter

    room = RendererPool(ws.shipped_templates, ws.paths.templates, ws.senders)
    today = eastern_date(ws.clock.now())
    terms = room.terms(kind, ws.options.letter_kinds, today, drafts=drafts)
    wanted = recipients(ws, terms.kind, roster, again=False, reviewed=terms.languages, record=False, choices=choices)
    outcome = next((each for each in wanted.outcomes if each.line == line), None)
    if outcome is None:
        lines = [each.line for each in wanted.outcomes]
        raise InputFault(
            f"No line of this roster begins in line {line}.",
            todo=f"Its lines are {lines[0]} to {lines[-1]}." if lines else "It has no lines.",
        )
    if outcome.disposition is not Disposition.MAILED:
        return Preview(outcome)
    run = RunRecord(next_run_id(all_runs(ws.ledger), today), kind, today, wanted.roster, RunState.BEGUN)
    barcodes = serials_of(ws, run, len(wanted.outcomes)) is not None
    letter = Addressing(ws.id_secret, run, terms, wanted.occasions, barcodes).letter(outcome)
    made = room.renderer().make(letter)
    if not isinstance(made, PrintedLetter):
        held = RosterOutcome(line, Disposition.HELD, made.code, (), outcome.assignment, outcome.member_id)
        return Preview(held, letter.document_id)
    size = "large_print" if letter.large_print else "standard"
    return Preview(outcome, letter.document_id, letter.language, size, made.pages, marked(made.pdf))

"""``letters release``: pieces that must not go any more, and pieces that a person looks at before they go.

A run lies for days between the two, and rosters go on coming. Who died, may not be written to, declined or left in the
meantime is pulled by rule; whatever else of what a letter says or depends on is another thing now is named, so that
a person pulls the piece or lets it go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Enrollment
from cpdocs.core.events import JSON, EventType, run_subject
from cpdocs.core.letters import Piece, RunRecord, RunState
from cpdocs.core.members import ADULT, Assignment, AssignmentKey, age_on
from cpdocs.core.roster import Disposition, RosterOutcome, dispose_recorded, known_from
from cpdocs.letters.mail import apply_mail, load_mail
from cpdocs.letters.pull import pull_events
from cpdocs.letters.recorded import assignments, made_from
from cpdocs.letters.runs import advance, letters_lock, pieces_of, publish, the_run, unpublished
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_PRINTED: Mapping[str, tuple[str, ...]] = {
    "address": ("address1", "address2", "city", "state", "zip"),
    "name": ("last_name", "first_name", "middle_name", "suffix"),
    "language": ("language_written", "language_spoken"),
    "format": ("format_need",),
    "end": ("end_on",),
    "date_of_birth": ("dob",),
    "guardian": ("guardian_name", "guardian_relation"),
    "plan": ("plan_name", "plan_type"),
    "coordinator": ("coordinator",),
}
"""What a change is called → the fields of the assignment that it is seen by."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A piece that is to be taken out before mailing, and why: what was learned since it was staged."""

    piece: int
    document_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A piece of which something is another thing than when it was staged. ``what`` are names of ``_PRINTED``,
    ``eighteenth_birthday``, or ``held:`` and the code for which the letter would be held today."""

    piece: int
    document_id: str
    what: tuple[str, ...]


def release(ws: Workspace, run_id: str) -> tuple[RunRecord, tuple[Pull, ...], tuple[Changed, ...]]:
    """Releases a staged run for mailing. Gives the pieces to pull (members who since died, may not be written to,
    declined or left), which don't count as lettered from then on, and those of which something else changed, for a
    person to pull or let go.

    Raises InputFault for a run that isn't staged, Busy while another process is at work on one.
    """
    ws.require_sender()
    with letters_lock(ws):
        for waiting in unpublished(ws):
            publish(ws, waiting)
        run = the_run(ws.ledger, run_id)
        pieces = [piece for piece in pieces_of(ws.ledger, run_id) if piece.document_id not in run.pulled]
        pulls, changed = since_staging(ws, run, pieces)
        by_number = {piece.number: piece for piece in pieces}
        data: dict[str, JSON] = {
            "pull": [{"piece": pull.piece, "document_id": pull.document_id, "code": pull.code} for pull in pulls],
            "changed": [
                {"piece": item.piece, "document_id": item.document_id, "what": [*item.what]} for item in changed
            ],
        }
        out = pull_events(run, [(by_number[item.piece], item.code) for item in pulls])
        return advance(ws, run_id, RunState.RELEASED, EventType.RUN_RELEASED, data, *out), pulls, changed


def since_staging(
    ws: Workspace, run: RunRecord, pieces: Sequence[Piece]
) -> tuple[tuple[Pull, ...], tuple[Changed, ...]]:
    """The pieces of ``run`` to pull, and those of which something changed.

    Of letters that confirm a member's own word (``to`` declined or changed) none is pulled for that word.
    """
    today = eastern_date(ws.clock.now())
    register = load_register(ws)
    own_word = run.to in ("declined", "changed")
    if own_word:
        register = replace(register, enrollment=Enrollment())
    on_record = [piece for piece in pieces if piece.key in register.assignments]
    known = known_from(register, frozenset(), ages=ws.options.ages)
    outcomes = apply_mail(
        ws,
        load_mail(ws.ledger),
        tuple(dispose_recorded([register.assignments[p.key] for p in on_record], known, today)),
    )
    staged = _as_staged(ws, run.run_id)
    pulls: list[Pull] = []
    changed: list[Changed] = []
    for piece, outcome in zip(on_record, outcomes, strict=True):
        if outcome.disposition is Disposition.SUPPRESSED:
            if not (own_word and outcome.code in ("declined", "disenrolled")):
                pulls.append(Pull(piece.number, piece.document_id, outcome.code))
            continue
        what = _differences(run, staged.get(piece.key), outcome, today)
        if what:
            changed.append(Changed(piece.number, piece.document_id, what))
    return tuple(pulls), tuple(changed)


def _as_staged(ws: Workspace, run_id: str) -> dict[AssignmentKey, Assignment]:
    """By key the assignments as the run used them; empty for a run that was staged before they were kept."""
    for event in ws.ledger.events(subject=run_subject(run_id), types=(EventType.RUN_STAGED,)):
        if event.data.get("made_from"):
            return {item.key: item for item in assignments(ws, made_from(event.data))}
    return {}


def _differences(run: RunRecord, then: Assignment | None, outcome: RosterOutcome, today: date) -> tuple[str, ...]:
    now = outcome.assignment
    what: list[str] = []
    if then is not None and now is not None:
        what += [
            name
            for name, fields in _PRINTED.items()
            if any(getattr(then, field) != getattr(now, field) for field in fields)
        ]
        if age_on(then.dob, run.on) < ADULT <= age_on(now.dob, today):
            what.append("eighteenth_birthday")
    if outcome.disposition is Disposition.HELD:
        what.append(f"held:{outcome.code}")
    return tuple(what)

"""``letters hold``: assignments on record whose letter is held, and a person's decision to let one go.

A line is named by the reference number that its letter would have, which tells nobody who it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, member_subject
from cpdocs.core.holds import ADDRESS_RETURNED, RELEASABLE
from cpdocs.core.ids import parse_document_id
from cpdocs.core.letter_mail import fingerprint
from cpdocs.core.letters import ASSIGNMENT, letter_id
from cpdocs.core.members import Assignment
from cpdocs.core.people import Role
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.documents.html import template_folders
from cpdocs.documents.letter_kinds import load_kind
from cpdocs.errors import AnswerIsNo, InputFault, required_reason
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.not_mailed import NotMailed, held_csv
from cpdocs.letters.recipients import not_lettered, recipients
from cpdocs.letters.renderers import RendererPool
from cpdocs.people import people
from cpdocs.people.access import record_access

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class HeldLine:
    """An assignment whose letter is held: the letter's reference number, why, and whether a person may release it."""

    document_id: str
    code: str
    assignment: Assignment

    @property
    def releasable(self) -> bool:
        return self.code in RELEASABLE


def held_lines(ws: Workspace, kind: str) -> list[HeldLine]:
    """Every assignment on record whose letter of this kind would be held today, by the rules and by the mail.

    Raises InputFault for a kind that can't be sent.
    """
    outcomes, occasions = _outcomes(ws, kind)
    held = []
    for outcome in outcomes:
        if outcome.disposition is Disposition.HELD and outcome.assignment is not None:
            document_id = letter_id(ws.id_secret, kind, outcome.assignment.key, occasions.get(outcome.line, ""))
            held.append(HeldLine(document_id, outcome.code, outcome.assignment))
    return held


def _outcomes(ws: Workspace, kind: str) -> tuple[Sequence[RosterOutcome], Mapping[int, str]]:
    """What becomes of the assignments on record that the kind is for, and by line the occasion of each letter that has
    one."""
    if kind == ASSIGNMENT and kind in ws.options.letter_kinds:
        own = load_kind(kind, template_folders(ws.shipped_templates, ws.paths.templates))
        if own.to == "assigned" and not own.after and not own.rests_on:
            return not_lettered(ws), {}
    room = RendererPool(ws.shipped_templates, ws.paths.templates, ws.senders)
    terms = room.terms(kind, ws.options.letter_kinds, eastern_date(ws.clock.now()), drafts=False)
    found = recipients(ws, terms.kind, None, again=False, reviewed=terms.languages, record=False)
    return found.outcomes, found.occasions


def named_lines(ws: Workspace, kind: str, file: Path | None) -> list[HeldLine]:
    """The same for somebody who sees names and addresses, which is on the record; as a CSV to ``file``, over an earlier
    one, where one is named."""
    lines = held_lines(ws, kind)
    record_access(ws, "letters hold list")
    if file is not None:
        rows = [
            NotMailed(
                0,
                Disposition.HELD.value,
                line.code,
                line.assignment.full_name,
                line.assignment.member_id,
                line.document_id,
                line.assignment,
            )
            for line in lines
        ]
        write_durably(file, held_csv(rows).encode(), overwrite=True)
    return lines


def release_holds(
    ws: Workspace, kind: str, document_ids: Sequence[str], reason: str, secret: people.Secret
) -> list[HeldLine]:
    """A reviewer lets these held letters go, all of them or none; the next run makes them. What else holds one still
    does.

    Raises:
        UsageFault: no reason was given.
        InputFault: one of them isn't held.
        AnswerIsNo: one is held for something that nobody may set aside; the roster has to be mended.
        WorkspaceFault: the account is no reviewer, or its PIN is wrong.
    """
    reason = required_reason(reason)
    acting = people.require(ws, Role.REVIEWER, secret)
    held = {line.document_id: line for line in held_lines(ws, kind)}
    lines = []
    for text in dict.fromkeys(document_ids):
        line = held.get(parse_document_id(text) or "")
        if line is None:
            raise InputFault(
                "No held letter has that reference number; nothing was released.",
                todo="See `cpdocs letters hold list`.",
            )
        if not line.releasable:
            raise AnswerIsNo(
                f"{line.document_id} is held as {line.code}, which nobody can set aside; nothing was released.",
                todo="Import a roster in which that is mended.",
            )
        lines.append(line)
    ws.ledger.append(*(_event(ws, line, reason.strip(), acting.name) for line in lines))
    return lines


def _event(ws: Workspace, line: HeldLine, reason: str, by: str) -> NewEvent:
    item = line.assignment
    data: dict[str, JSON] = {
        "member_id": item.member_id,
        "assignment": [*item.key],
        "code": line.code,
        "reason": reason,
        "by": by,
    }
    if line.code == ADDRESS_RETURNED:
        data["address"] = fingerprint(ws.id_secret, item)
    return NewEvent(EventType.HOLD_RELEASED, (member_subject(item.member_id),), data)

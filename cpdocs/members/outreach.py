"""Attempts to reach a member, and the member's word to take part: recorded before any paper speaks of them (X2)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, member_subject
from cpdocs.core.ids import last_four
from cpdocs.core.outreach import OUTREACH_EVENTS, AttemptKind, Outcome, Outreach, fold_outreach
from cpdocs.errors import InputFault, required_text
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.events import Event
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

_NAME = ("Who did it must be known.", "Give --by.")


def load_outreach(source: Reads) -> Outreach:
    """Every attempt and agreement on record."""
    return fold_outreach(source.events(types=OUTREACH_EVENTS))


def record_attempt(
    ws: Workspace,
    member_id: str,
    *,
    on: date,
    kind: AttemptKind,
    outcome: Outcome,
    by: str,
    program: str | None,
    note: str,
) -> Event:
    """Records one attempt. Raises InputFault: nobody on record, a day that can't be; UsageFault without a name."""
    data: dict[str, JSON] = {"kind": kind.value, "outcome": outcome.value, "note": note.strip()}
    return _record(ws, EventType.MEMBER_ATTEMPTED, member_id, on, by, program, data)


def record_agreement(
    ws: Workspace, member_id: str, *, on: date, how: str, explained: str, by: str, program: str | None
) -> Event:
    """Records that the member agreed to take part, and how the use of their information was explained. Raises as
    ``record_attempt`` does."""
    said = required_text(
        explained, "How the use of information was explained must be known.", "Give --explained, in a few words."
    )
    return _record(ws, EventType.MEMBER_AGREED, member_id, on, by, program, {"how": how, "explained": said})


def _record(
    ws: Workspace, event: EventType, member_id: str, on: date, by: str, program: str | None, data: dict[str, JSON]
) -> Event:
    name = required_text(by, *_NAME)
    if on > eastern_date(ws.clock.now()):
        raise InputFault(f"{on.isoformat()} is in the future.", todo="Record it when it has happened.")
    known = load_register(ws, member_id).member(member_id)
    if not any(program is None or item.program.value == program for item in known):
        raise InputFault(
            f"No {program + ' ' if program else ''}assignment of member {last_four(member_id)} is on record.",
            todo="Check the id, or import the roster that has it.",
        )
    whole: dict[str, JSON] = {"member_id": member_id, "program": program, "on": on.isoformat(), "by": name, **data}
    (recorded,) = ws.ledger.append(NewEvent(event, (member_subject(member_id),), whole))
    return recorded

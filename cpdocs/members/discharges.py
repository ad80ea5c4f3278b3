"""A member was discharged: the 72 clock hours of the home visit begin (requirement B3)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.discharges import DISCHARGE_EVENTS, Discharge, fold_discharges
from cpdocs.core.events import EventType, NewEvent, member_subject
from cpdocs.core.ids import last_four
from cpdocs.core.members import Program
from cpdocs.errors import InputFault, required_text
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

_BY = ("Who took it down must be known.", "Give --by.")


def record_discharge(
    ws: Workspace, member_id: str, *, at: datetime, facility: str, how: str, by: str, program: str | None
) -> Discharge:
    """Records that the member was discharged at that moment. ``program`` None: the BH one where they have both.

    Raises UsageFault for what isn't said; InputFault: nobody enrolled, a moment ahead, or known already.
    """
    facility = required_text(facility, "A discharge is from somewhere.", "Give --facility.")
    said = {"how": required_text(how, "How it is known must be said.", "Give --how."), "by": required_text(by, *_BY)}
    now = ws.clock.now()
    if at > now:
        raise InputFault("That moment is in the future.", todo="Record a discharge when it has been.")
    with ws.ledger.write() as tx:
        register, on = load_register(ws, member_id), eastern_date(now)
        live = [each for each in Program if register.enrolled(member_id, each, on) and program in (None, each.value)]
        if not live:
            raise InputFault(
                f"Member {last_four(member_id)} has no live {program + ' ' if program else ''}assignment on record.",
                todo="Import the roster that has it.",
            )
        key = (member_id, live[0].value)
        known = _known(tx, member_id).get(key)
        if known is not None and eastern_date(known.at) >= eastern_date(at):
            raise InputFault(
                f"A discharge on {eastern_date(known.at).isoformat()} is on record.",
                todo="Where that one wasn't, say so: `cpdocs member discharged --never --reason WHY --by NAME`.",
            )
        data = {"member_id": member_id, "program": key[1], "at": at.isoformat(), "facility": facility, **said}
        tx.append(NewEvent(EventType.MEMBER_DISCHARGED, (member_subject(member_id),), dict(data)))
    return Discharge(*key, at, facility)


def take_back_discharge(ws: Workspace, member_id: str, *, reason: str, by: str, program: str | None) -> None:
    """Records that the last discharge on record never was. Raises UsageFault without a reason or name, InputFault where
    none is on record."""
    said = {"reason": required_text(reason, "Why must be said.", "Give --reason."), "by": required_text(by, *_BY)}
    with ws.ledger.write() as tx:
        known = [each for key, each in _known(tx, member_id).items() if program in (None, key[1])]
        if not known:
            raise InputFault(f"No discharge of member {last_four(member_id)} is on record.", todo="Check the id.")
        last = max(known, key=lambda each: each.at)
        data = {"member_id": member_id, "program": last.program, "at": last.at.isoformat(), **said}
        tx.append(NewEvent(EventType.DISCHARGE_CORRECTED, (member_subject(member_id),), dict(data)))


def _known(source: Reads, member_id: str) -> dict[tuple[str, str], Discharge]:
    return dict(fold_discharges(source.events(subject=member_subject(member_id), types=DISCHARGE_EVENTS)))

"""``member correct``: a person found out that a member isn't dead, or may be written to after all.

Rosters state both of a person, and no other line takes them back (``core.person_facts``); a person may, by name and
with how it was found out.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import EventType, NewEvent, member_subject
from cpdocs.core.person_facts import Fact
from cpdocs.core.register import MEMBER_EVENTS, fold
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def correct_fact(ws: Workspace, member_id: str, fact: Fact, *, on: date, how: str, by: str) -> None:
    """Records that it isn't so. Raises InputFault where it doesn't stand on record, or who and how aren't said."""
    if not how.strip() or not by.strip():
        raise InputFault("How it was found out and by whom must be known.", todo="Fill in --how and --by.")
    if on > eastern_date(ws.clock.now()):
        raise InputFault("It can't have been found out after today.")
    with ws.ledger.write() as tx:
        register = fold(tx.events(subject=member_subject(member_id), types=MEMBER_EVENTS))
        if not register.facts.holds(member_id, fact):
            raise InputFault(f"{fact.value} doesn't stand on record of this member; nothing was recorded.")
        data = {
            "member_id": member_id,
            "fact": fact.value,
            "on": on.isoformat(),
            "how": how.strip(),
            "by": by.strip(),
        }
        tx.append(NewEvent(EventType.PERSON_FACT_CORRECTED, (member_subject(member_id),), {**data}))

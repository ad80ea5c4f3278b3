"""A guardianship begins or ends: who signs for the member changes on that day (``core.guardianship``).

Nothing is withdrawn. What was signed before that day stands; the versions that are open are named, and wait on the work
list until one that names who signs now takes their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, member_subject
from cpdocs.core.guardianship import Guardianship
from cpdocs.core.ids import last_four
from cpdocs.core.names import name_words
from cpdocs.errors import InputFault, required_text
from cpdocs.plans.records import member_plans
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the guardian's name, and the open versions that were issued before."""

    name: str
    open_versions: tuple[str, ...]


def begin_guardianship(
    ws: Workspace, member_id: str, *, name: str, relation: str, authority: str, on: date, how: str, by: str
) -> Recorded:
    """Records that ``name`` is the member's guardian since ``on``, by the paper ``authority``.

    Raises UsageFault for what isn't said; InputFault: nobody on record, a day that can't be, on record already.
    """
    said: dict[str, JSON] = {
        "name": required_text(name, "A guardian has a name.", "Give --name."),
        "relation": required_text(relation, "A guardian has a relation to the member.", "Give --relation."),
        "authority": required_text(authority, "A guardianship rests on a paper.", "Name it and its date: --authority."),
    }
    with ws.ledger.write() as tx:
        known = _in_force(ws, member_id, on)
        if any(name_words(each.name) == name_words(name) for each in known):
            raise InputFault("This guardianship is on record already.", todo="See `cpdocs note -`.")
        return _record(tx, EventType.GUARDIAN_BEGAN, member_id, said, on, how, by)


def end_guardianship(ws: Workspace, member_id: str, *, name: str, on: date, how: str, by: str) -> Recorded:
    """Records that a guardianship no longer holds from ``on``; ``name`` says whose, where there are several.

    Raises UsageFault for what isn't said; InputFault: nobody on record, a day that can't be, no such guardianship.
    """
    with ws.ledger.write() as tx:
        known = _in_force(ws, member_id, on)
        found = [each for each in known if not name.strip() or name_words(each.name) == name_words(name)]
        if len(found) != 1:
            raise InputFault(
                f"{'Several guardianships are' if found else 'No such guardianship is'} on record for that day.",
                todo="Name the guardian with --name, as on record." if found else "See `cpdocs note -`.",
            )
        return _record(tx, EventType.GUARDIAN_ENDED, member_id, {"name": found[0].name}, on, how, by)


def _in_force(ws: Workspace, member_id: str, on: date) -> tuple[Guardianship, ...]:
    if on > eastern_date(ws.clock.now()):
        raise InputFault(f"{on.isoformat()} is in the future.", todo="Record it when it has happened.")
    register = load_register(ws, member_id)
    if not register.member(member_id):
        raise InputFault(
            f"No member {last_four(member_id)} is on record.", todo="Check the id, or import the roster that has it."
        )
    return register.guardians_of(member_id).acting(on)


def _record(
    tx: Transaction,
    kind: EventType,
    member_id: str,
    said: dict[str, JSON],
    on: date,
    how: str,
    by: str,
) -> Recorded:
    data: dict[str, JSON] = {
        "member_id": member_id,
        **said,
        "on": on.isoformat(),
        "how": required_text(how, "How it is known must be said.", "Give --how."),
        "by": required_text(by, "Who took it down must be known.", "Give --by."),
    }
    tx.append(NewEvent(kind, (member_subject(member_id),), data))
    open_versions = tuple(each.document_id for each in member_plans(tx, member_id) if not each.closed)
    return Recorded(str(said["name"]), open_versions)

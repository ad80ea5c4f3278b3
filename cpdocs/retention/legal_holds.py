"""Legal holds and the report of what is past retention. Nothing is deleted, here or anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.core.retention import HOLD_EVENTS, Hold, Kept, fold_holds, fold_kept, holding, keep_until
from cpdocs.errors import InputFault, UsageFault, required_text

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PastRetention:
    """A record that no rule of ours keeps any longer, and the holds that keep it all the same."""

    kept: Kept
    until: date
    holds: tuple[Hold, ...]


def holds_in_force(source: Reads) -> dict[int, Hold]:
    """Every legal hold, by number."""
    return fold_holds(source.events(types=HOLD_EVENTS))


def hold(ws: Workspace, subject: str, *, reason: str, by: str) -> Event:
    """Puts a document (``document:…``) or everything about a member (``member:…``) under a legal hold.

    Raises InputFault where nothing is recorded about it, UsageFault without a reason or a name.
    """
    reason, by = _given(reason, by)
    with ws.ledger.write() as tx:
        if next(iter(tx.events(subject=subject)), None) is None:
            raise InputFault(
                "Nothing is recorded under that id.",
                todo="Read it again; `cpdocs status` and `cpdocs letters list` show ids.",
            )
        (event,) = tx.append(NewEvent(EventType.ARCHIVE_HELD, (subject,), {"reason": reason, "by": by}))
    return event


def release(ws: Workspace, subject: str, *, reason: str, by: str, number: int | None = None) -> Event:
    """Ends a hold. ``number`` says which, where several are in force on the same record.

    Raises InputFault where there is none, UsageFault where it isn't clear which is meant.
    """
    reason, by = _given(reason, by)
    with ws.ledger.write() as tx:
        found = [
            each for each in holds_in_force(tx).values() if each.subject == subject and number in (None, each.number)
        ]
        if not found:
            raise InputFault("No such hold is in force.", todo="See them with `cpdocs archive holds`.")
        if len(found) > 1:
            numbers = ", ".join(str(each.number) for each in found)
            raise UsageFault(f"{len(found)} holds are in force on it.", todo=f"Say which with --hold: {numbers}.")
        (event,) = tx.append(
            NewEvent(EventType.ARCHIVE_RELEASED, (subject,), {"hold": found[0].number, "reason": reason, "by": by})
        )
    return event


def past_retention(ws: Workspace, on: date | None = None) -> list[PastRetention]:
    """Every record whose time is over as of ``on`` (today where None), oldest first: for a person to decide, case by
    case."""
    day = on or eastern_date(ws.clock.now())
    holds = holds_in_force(ws.ledger)
    years = ws.options.retention_years
    found = [
        PastRetention(kept, until, holding(kept, holds.values()))
        for kept in fold_kept(ws.ledger.events()).values()
        if (until := keep_until(kept, years)) < day
    ]
    return sorted(found, key=lambda each: (each.until, each.kept.subject))


def _given(reason: str, by: str) -> tuple[str, str]:
    told = ("A hold needs a reason and a name.", "Give --reason and --by; they stay on the record.")
    return required_text(reason, *told), required_text(by, *told)

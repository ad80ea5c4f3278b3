"""The home visit after a discharge, and the medication list that comes of it (contract §11, requirements B3, E5).

``MEMBER_DISCHARGED`` carries in ``data``: member_id, program, at (ISO 8601 with offset), facility, how, by.
``DISCHARGE_CORRECTED``: member_id, program, at, reason, by: no such discharge was. ``MEDICATIONS_ISSUED`` and
``PLAN_ISSUED`` tell of a discharge by what their files say of it, under ``discharge``: at, facility, visited (when the
home visit was, or null). ``MEDICATIONS_SENT``: document_id, member_id, program, practice_id, to, channel, at.

The visit is due 72 clock hours after the last discharge that is known, and waits until a list or a plan says when it
was. A discharge of the same day, told again, is the same one; an earlier one changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.deadlines import home_visit_due
from cpdocs.core.events import JSON, Event, EventType

if TYPE_CHECKING:
    from cpdocs.core.plan_surroundings import Transition
    from cpdocs.core.plans import Plan

_TOLD_BY_FILES = (EventType.MEDICATIONS_ISSUED, EventType.PLAN_ISSUED)
DISCHARGE_EVENTS = (EventType.MEMBER_DISCHARGED, EventType.DISCHARGE_CORRECTED, *_TOLD_BY_FILES)
LIST_EVENTS = (EventType.MEDICATIONS_ISSUED, EventType.MEDICATIONS_SENT)


@dataclass(frozen=True, slots=True)
class Discharge:
    """A member's last discharge, as far as is known. ``visited`` is when the home visit was, None while it waits."""

    member_id: str
    program: str
    at: datetime
    facility: str
    visited: datetime | None = None

    @property
    def due(self) -> datetime:
        """The moment by which the home visit is to be."""
        return home_visit_due(self.at)


@dataclass(frozen=True, slots=True)
class ListRecord:
    """One medication list that was put out: its paper, and when it was first sent to whom."""

    document_id: str
    member_id: str
    program: str
    practice_id: str
    sha256: str
    issued_at: datetime
    seq: int
    due: datetime | None = None
    """When the home visit was due; None for lists put out before that was recorded."""
    sent_at: datetime | None = None
    sent_to: str = ""
    version: int = 1
    """A list has no versions: what changed is another list."""
    cover_sha256: str = ""
    """Its cover; empty for lists put out before they had one."""


def tells_of_discharge(event: Event) -> bool:
    """Whether the fold of discharges follows from this event."""
    return event.type in DISCHARGE_EVENTS and (event.type not in _TOLD_BY_FILES or bool(event.data.get("discharge")))


def fold_discharges(events: Iterable[Event]) -> Mapping[tuple[str, str], Discharge]:
    """The last discharge of each (member id, program) from events in order; others pass by."""
    found: dict[tuple[str, str], Discharge] = {}
    for event in events:
        if not tells_of_discharge(event):
            continue
        key = (str(event.data["member_id"]), str(event.data["program"]))
        if event.type is EventType.DISCHARGE_CORRECTED:
            known = found.get(key)
            if known is not None and known.at == datetime.fromisoformat(event.data["at"]):
                del found[key]
            continue
        told = event.data if event.type is EventType.MEMBER_DISCHARGED else event.data["discharge"]
        found[key] = _later(found.get(key), _discharge(key, told))
    return found


def fold_lists(events: Iterable[Event]) -> Mapping[str, ListRecord]:
    """Every medication list by its document id, in the order put out."""
    found: dict[str, ListRecord] = {}
    for event in events:
        data = event.data
        if event.type is EventType.MEDICATIONS_ISSUED:
            told = data.get("discharge")
            found[data["document_id"]] = ListRecord(
                data["document_id"],
                data["member_id"],
                data["program"],
                data["practice_id"],
                data["sha256"],
                event.at,
                event.seq,
                home_visit_due(datetime.fromisoformat(told["at"])) if told else None,
                cover_sha256=str(data.get("cover_sha256") or ""),
            )
        elif event.type is EventType.MEDICATIONS_SENT:
            known = found.get(data["document_id"])
            if known is not None and known.sent_at is None:
                at = datetime.fromisoformat(data["at"])
                found[known.document_id] = replace(known, sent_at=at, sent_to=str(data["to"]))
    return found


def discharge_json(move: Transition) -> dict[str, JSON] | None:
    """What an event tells of a discharge; None where it has no time."""
    if move.discharged is None:
        return None
    visited = move.home_visit_done
    return {
        "at": move.discharged.isoformat(),
        "facility": move.facility,
        "visited": visited.isoformat() if visited else None,
    }


def last_discharge(plan: Plan) -> dict[str, JSON] | None:
    """The last discharge that a plan states, for its event; None where it states none."""
    from cpdocs.core.plan_surroundings import TransitionKind  # all that a plan can say; folds go without it

    moves = [(each.discharged, each) for each in plan.transitions if each.kind is TransitionKind.DISCHARGE]
    timed = [(at, place) for place, (at, _) in enumerate(moves) if at is not None]
    return discharge_json(moves[max(timed)[1]][1]) if timed else None


def _discharge(key: tuple[str, str], told: Mapping[str, Any]) -> Discharge:
    visited = told.get("visited")
    return Discharge(
        *key,
        datetime.fromisoformat(told["at"]),
        str(told.get("facility") or ""),
        datetime.fromisoformat(visited) if visited else None,
    )


def _later(known: Discharge | None, told: Discharge) -> Discharge:
    if known is None or eastern_date(told.at) > eastern_date(known.at):
        return told
    if eastern_date(told.at) < eastern_date(known.at):
        return known
    return replace(told, visited=told.visited or known.visited)

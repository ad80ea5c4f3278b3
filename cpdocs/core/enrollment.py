"""Whether a member still takes part: what they said after the roster, folded from the member events.

``MEMBER_DECLINED``, ``MEMBER_CHANGED_CP`` and ``MEMBER_REINSTATED`` carry in ``data``: member_id, program (``BH``,
``LTSS``, or null for every program), on (ISO date), how, by, and for a change of CP ``ended``: the keys of the
assignments that it ends, each a list of text. Subject: the member.

A decline holds until the member is reinstated. A wish for another CP ends the assignments on record when it was
recorded, also one that only begins later: one that a roster brings afterwards is the new CP's and stands (contract §4,
requirements C3, C4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from cpdocs.core.events import Event, EventType
from cpdocs.core.members import Assignment, AssignmentKey, Program, assignment_key

ENROLLMENT_EVENTS = (EventType.MEMBER_DECLINED, EventType.MEMBER_CHANGED_CP, EventType.MEMBER_REINSTATED)
"""The events that enrollment is folded from."""


class Choice(StrEnum):
    """What the member last said."""

    DECLINED = "declined"
    CHANGED_CP = "changed_cp"
    REINSTATED = "reinstated"


_CHOICES = {
    EventType.MEMBER_DECLINED: Choice.DECLINED,
    EventType.MEMBER_CHANGED_CP: Choice.CHANGED_CP,
    EventType.MEMBER_REINSTATED: Choice.REINSTATED,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What the member last said about one program: when, how it reached us, and who took it down; ``seq`` is the number
    of the event that says so."""

    choice: Choice
    on: date
    how: str
    by: str
    ended: frozenset[AssignmentKey] = frozenset()
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Enrollment:
    """Every member's last word, by (member id, program)."""

    statements: Mapping[tuple[str, str], Statement] = field(default_factory=dict)

    def statement(self, member_id: str, program: str) -> Statement | None:
        """The member's last word on ``program``; None where they never said anything."""
        return self.statements.get((member_id, program))

    def stops(self, assignment: Assignment) -> Choice | None:
        """Why letters and plans for this assignment stop (declined, changed_cp), or None where they go on."""
        said = self.statement(assignment.member_id, assignment.program.value)
        if said is None or said.choice is Choice.REINSTATED:
            return None
        if said.choice is Choice.CHANGED_CP and assignment.key not in said.ended:
            return None
        return said.choice


def enrollment(events: Iterable[Event]) -> Enrollment:
    """The members' last words from events in order; events of other kinds pass by."""
    statements: dict[tuple[str, str], Statement] = {}
    for event in events:
        choice = _CHOICES.get(event.type)
        if choice is None:
            continue
        data = event.data
        ended = frozenset(assignment_key(*key) for key in data.get("ended", ()))
        said = Statement(
            choice,
            date.fromisoformat(data["on"]),
            str(data.get("how") or ""),
            str(data.get("by") or ""),
            ended,
            event.seq,
        )
        programs = [data["program"]] if data.get("program") else [program.value for program in Program]
        for program in programs:
            statements[(data["member_id"], program)] = said
    return Enrollment(statements)

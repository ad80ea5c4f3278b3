"""Attempts to reach a member, and the member's word to take part (requirements X2, C2).

A paper that says "we tried to reach you" rests on these: without an attempt on record nobody is told that there was
one. ``MEMBER_ATTEMPTED`` carries: member_id, program (None for both), on, kind, outcome, by, note. ``MEMBER_AGREED``:
member_id, program, on, how (verbal or written), explained (how the use of information was explained), by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cpdocs.core.events import Event, EventType

OUTREACH_EVENTS = (EventType.MEMBER_ATTEMPTED, EventType.MEMBER_AGREED)


class AttemptKind(StrEnum):
    """How it was tried."""

    FACE_TO_FACE = "face_to_face"
    TELEPHONE = "telephone"
    MESSAGE = "message"
    LETTER = "letter"


class Outcome(StrEnum):
    """What came of it."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"
    WRONG_ADDRESS = "wrong_address"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt. ``program`` empty: for both. ``seq`` is the number of the event that says so."""

    member_id: str
    program: str
    on: date
    kind: AttemptKind
    outcome: Outcome
    by: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """The member's word to take part. ``how`` is verbal or written."""

    member_id: str
    program: str
    on: date
    how: str
    explained: str
    by: str


@dataclass(frozen=True, slots=True)
class Outreach:
    """Every attempt and agreement on record, by member, oldest first."""

    attempts: Mapping[str, tuple[Attempt, ...]]
    agreements: Mapping[str, tuple[Agreement, ...]]

    def tried_in_vain(self, member_id: str, program: str) -> tuple[Attempt, ...]:
        """The attempts for this program since the member was last reached; empty where they were, or nobody tried."""
        own = [each for each in self.attempts.get(member_id, ()) if each.program in ("", program)]
        since: list[Attempt] = []
        for each in own:
            since = [] if each.outcome is Outcome.REACHED else [*since, each]
        return tuple(since)

    def first_visit(self, member_id: str, program: str, since: date) -> date | None:
        """The first day from ``since`` on which somebody tried to meet the member face to face, reached or not (X2)."""
        return next(
            (
                each.on
                for each in self.attempts.get(member_id, ())
                if each.kind is AttemptKind.FACE_TO_FACE and each.program in ("", program) and each.on >= since
            ),
            None,
        )


def fold_outreach(events: Iterable[Event]) -> Outreach:
    """What these events add up to; others are passed over."""
    attempts: dict[str, list[Attempt]] = {}
    agreements: dict[str, list[Agreement]] = {}
    for event in events:
        data = event.data
        if event.type is EventType.MEMBER_ATTEMPTED:
            attempts.setdefault(data["member_id"], []).append(
                Attempt(
                    data["member_id"],
                    data["program"] or "",
                    date.fromisoformat(data["on"]),
                    AttemptKind(data["kind"]),
                    Outcome(data["outcome"]),
                    data["by"],
                    event.seq,
                )
            )
        elif event.type is EventType.MEMBER_AGREED:
            agreements.setdefault(data["member_id"], []).append(
                Agreement(
                    data["member_id"],
                    data["program"] or "",
                    date.fromisoformat(data["on"]),
                    data["how"],
                    data["explained"],
                    data["by"],
                )
            )
    return Outreach(
        {member: tuple(sorted(found, key=lambda each: each.on)) for member, found in attempts.items()},
        {member: tuple(sorted(found, key=lambda each: each.on)) for member, found in agreements.items()},
    )

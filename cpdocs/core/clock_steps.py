"""Where the machine's clock went back between two events, and what was decided by a clock that can't have been right.

Events are recorded in order, so their true clock (``recorded_at``) never runs back by more than ``SLACK`` unless the
clock was set: it was ahead before, or is behind since. ``CLOCK_CORRECTED`` (data: behind_seconds, reason) is an
administrator's word that the clock is right again; it marks the steps so far, and time counts from it.

What this can't show: a clock that was wrong from the first event on, or that was set forward and never back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cpdocs.core.events import EventType

SLACK = timedelta(minutes=5)
"""How far two machines' clocks, or one before and after it is set by the network, may be apart."""

DECISIONS = frozenset(
    kind.value
    for kind in EventType
    if kind.value.partition(".")[0] in ("plan", "slot", "signing", "return", "held", "key", "upload", "run", "letter")
)
"""Types of event by which something is decided, as far as the date of it matters."""

_KEPT = 2000
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Dated:
    """One event as far as its date is in doubt."""

    seq: int
    type: str
    recorded_at: datetime
    documents: tuple[str, ...]


@dataclass(slots=True)
class ClockStep:
    """The clock went back before event ``seq``: ``behind`` what was latest by then (event ``latest``).

    ``before`` are decisions recorded before it under a later time (the clock may have been ahead), ``since`` those
    recorded after it until the clock had caught up at event ``until`` (0: it hasn't); the first ``_TOLD`` of each.
    ``accepted`` is the event by which an administrator said that the clock is right now.
    """

    seq: int
    recorded_at: datetime
    behind: timedelta
    latest: int
    before: tuple[Dated, ...] = ()
    since: list[Dated] = field(default_factory=list)
    until: int = 0
    accepted: int = 0


class ClockWatch:
    """Reads events in order and keeps the steps back; of the others it keeps a few."""

    def __init__(self) -> None:
        self.steps: list[ClockStep] = []
        self._latest: datetime | None = None
        self._latest_seq = 0
        self._previous: datetime | None = None
        self._recent: deque[Dated] = deque(maxlen=_KEPT)

    def see(self, seq: int, kind: str, recorded_at: datetime, documents: tuple[str, ...]) -> None:
        """Takes in the next event."""
        behind = self._latest - recorded_at if self._latest else timedelta(0)
        step = self.steps[-1] if self.steps and not self.steps[-1].until else None
        if behind > SLACK:
            again = self._previous is not None and self._previous - recorded_at > SLACK
            if step is None or again:
                before = tuple(each for each in self._recent if each.recorded_at - recorded_at > SLACK)[-_TOLD:]
                step = ClockStep(seq, recorded_at, behind, self._latest_seq, before)
                self.steps.append(step)
        elif step is not None:
            step.until, step = seq, None
        if kind in DECISIONS:
            dated = Dated(seq, kind, recorded_at, documents)
            self._recent.append(dated)
            if step is not None and len(step.since) < _TOLD:
                step.since.append(dated)
        self._previous = recorded_at
        if kind == EventType.CLOCK_CORRECTED.value:
            self._accept(seq, recorded_at)
        elif self._latest is None or recorded_at > self._latest:
            self._latest, self._latest_seq = recorded_at, seq

    def _accept(self, seq: int, recorded_at: datetime) -> None:
        for step in self.steps:
            step.accepted = step.accepted or seq
            step.until = step.until or seq
        self._latest, self._latest_seq = recorded_at, seq
        self._recent.clear()

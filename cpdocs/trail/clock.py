"""The machine's clock against the record: an administrator's word that it is right, and what time stamps prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock_steps import SLACK
from cpdocs.core.events import JSON, WORKSPACE_SUBJECT, Event, EventType, NewEvent
from cpdocs.core.people import Role
from cpdocs.errors import Problem, required_reason
from cpdocs.ledger.audit import CLOCK_DISPROVEN
from cpdocs.ledger.checkpoint import CheckpointInvalid, unverified_checkpoint
from cpdocs.people.people import require
from cpdocs.people.pins import Secret
from cpdocs.system.durable import read_plain

if TYPE_CHECKING:
    from cpdocs.ledger.events import EventStore
    from cpdocs.workspace import Workspace


def correct_clock(ws: Workspace, reason: str, secret: Secret) -> Event:
    """An administrator says that the clock is right now, although events were recorded under later times, or steps back
    are on record. Time counts from here.

    Raises InputFault without a reason; WorkspaceFault and WrongPin where who acts is no administrator.
    """
    reason = required_reason(reason)
    ws.ledger.take_the_clock()
    require(ws, Role.ADMINISTRATOR, secret)
    late = int(ws.ledger.behind().total_seconds())
    data: dict[str, JSON] = {"behind_seconds": late, "reason": reason}
    return ws.ledger.append(NewEvent(EventType.CLOCK_CORRECTED, (WORKSPACE_SUBJECT,), data))[0]


def disproven(checkpoints: Path, store: EventStore) -> Iterator[Problem]:
    """Where an outside authority's time stamp over a checkpoint shows that the clock was wrong when the events next to
    it were recorded: those under it can't be later, those after it can't be earlier."""
    files = sorted(checkpoints.glob("*.tsr")) if checkpoints.is_dir() else []
    if not files:
        return
    from cpdocs.signing.timestamps import TokenInvalid, read_token

    for file in files:
        try:
            note = read_plain(file.with_suffix(".txt"))
            proven = read_token(read_plain(file), note).at
            size = unverified_checkpoint(note.decode()).head.size
        except (TokenInvalid, OSError, UnicodeDecodeError, CheckpointInvalid):
            continue  # named as a problem of its own
        around = {event.seq: event.recorded_at for event in store.events(after=max(size - 1, 0), upto=size + 1)}
        where = f"{checkpoints.name}/{file.name}"
        todo = "See what was decided around it; the time stamp's time is the authority's own."
        if size in around and around[size] > proven + SLACK:
            said = (
                f"Event {size} bears a time after {proven:%Y-%m-%d %H:%M} UTC, when it was stamped: the clock was "
                "ahead."
            )
            yield Problem(CLOCK_DISPROVEN, said, where, todo)
        if size + 1 in around and around[size + 1] < proven - SLACK:
            said = (
                f"Event {size + 1} bears a time before {proven:%Y-%m-%d %H:%M} UTC, and came after what was stamped "
                "then: the clock was behind."
            )
            yield Problem(CLOCK_DISPROVEN, said, where, todo)

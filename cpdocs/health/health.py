"""A quick answer for monitors: does the ledger open, does somebody watch, is there room, do backups and checkpoints
come?

``doctor`` looks at everything and says how to mend it; this looks at what changes by the hour, within a second, and
names no document and no person. Times are the machine's own, a sandbox's set clock left aside.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.clock_steps import SLACK, ClockStep, ClockWatch
from cpdocs.core.events import JSON, EventType
from cpdocs.core.plurals import counted, plural
from cpdocs.errors import CpdocsError
from cpdocs.health.answers import LOW_DISK
from cpdocs.index.outgoing import waiting_since
from cpdocs.index.queries import overdue_count, waiting_count
from cpdocs.retention.lists import failed_attempt, made_backups
from cpdocs.system.durable import temporary, write_all

if TYPE_CHECKING:
    from cpdocs.core.clock import Clock
    from cpdocs.workspace import Paths, Workspace

_LAST = 500
"""How many of the last events are looked at for a clock that went back; an audit looks at all."""
_FUTURE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pulse:
    """One check: ``ok`` is its answer, ``value`` what was measured (seconds, counts, bytes; None: never)."""

    check: str
    ok: bool
    message: str
    value: int | None = None


class Heartbeat:
    """Notes in state/heartbeat.json when ``watch`` last looked; every few seconds at most, and never a file's name."""

    def __init__(self, paths: Paths, clock: Clock, monotonic: Callable[[], float], every: float = 5.0) -> None:
        self._file = paths.state / "heartbeat.json"
        self._clock = clock
        self._monotonic = monotonic
        self._every = every
        self._last: float | None = None

    def beat(self) -> None:
        """A look was finished, or a file. What the disk refuses is left out: the next look will show it."""
        now = self._monotonic()
        if self._last is not None and now - self._last < self._every:
            return
        self._last = now
        text = json.dumps({"at": self._clock.true_now().isoformat(), "process": os.getpid()})
        with suppress(OSError), temporary(self._file.parent) as (descriptor, part):
            write_all(descriptor, text.encode())
            part.replace(self._file)


def last_beat(paths: Paths) -> datetime | None:
    """When a watcher last looked; None where none ever did."""
    try:
        at = datetime.fromisoformat(json.loads((paths.state / "heartbeat.json").read_text("utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return at if at.tzinfo else None


def pulses(ws: Workspace) -> list[Pulse]:
    """Every check's answer. None raises: what a check stumbles over is its answer."""
    checks: tuple[tuple[str, Callable[[Workspace], Iterator[Pulse]]], ...] = (
        ("ledger", _ledger),
        ("clock", _clock),
        ("disk", _disk),
        ("watch", _watch),
        ("held", _held),
        ("overdue", _overdue),
        ("deliveries", _deliveries),
        ("backup", _backup),
        ("checkpoint", _checkpoint),
        ("proof", _proof),
        ("revocation", _revocation),
    )
    found: list[Pulse] = []
    for name, check in checks:
        try:
            found += check(ws)
        except (CpdocsError, OSError) as error:
            found.append(
                Pulse(name, False, error.message if isinstance(error, CpdocsError) else "The system refuses to answer.")
            )
    return found


def as_values(found: list[Pulse]) -> dict[str, JSON]:
    """The answers as a monitor reads them."""
    return {each.check: {"ok": each.ok, "value": each.value, "message": each.message} for each in found}


def _ledger(ws: Workspace) -> Iterator[Pulse]:
    size = ws.ledger.head().size
    yield Pulse("ledger", size > 0, f"The ledger opens and holds {counted(size, 'event')}.", size)


def _clock(ws: Workspace) -> Iterator[Pulse]:
    """Whether the machine's clock is behind the record, or went back lately: also after it was set right again."""
    late = ws.ledger.behind()
    steps = recent_steps(ws)
    message = f"The clock is {_span(late)} behind the record." if late > SLACK else "The clock isn't behind the record."
    if steps:
        message += f" It went back before event {steps[-1].seq}."
    yield Pulse("clock", late <= SLACK and not steps, message, _seconds(late))


def recent_steps(ws: Workspace) -> list[ClockStep]:
    """The steps back among the last events that no administrator has accepted."""
    watch = ClockWatch()
    for event in ws.ledger.events(after=max(0, ws.ledger.head().size - _LAST)):
        watch.see(event.seq, event.type.value, event.recorded_at, ())
    return [step for step in watch.steps if not step.accepted]


def _disk(ws: Workspace) -> Iterator[Pulse]:
    free = min(shutil.disk_usage(folder).free for folder in (ws.paths.root, ws.paths.state))
    yield Pulse("disk", free >= LOW_DISK, f"{free // 1024**2} MB are free.", free)


def _watch(ws: Workspace) -> Iterator[Pulse]:
    allowed = timedelta(minutes=ws.options.watch_minutes)
    at = last_beat(ws.paths)
    if at is None:
        yield Pulse("watch", not allowed, "No `cpdocs watch` has ever looked.")
        return
    age = ws.clock.true_now() - at
    yield Pulse(
        "watch", not allowed or -_FUTURE <= age <= allowed, f"`cpdocs watch` last looked {_told(age)}.", _seconds(age)
    )


def _held(ws: Workspace) -> Iterator[Pulse]:
    count, oldest = waiting_count(ws.index)
    if not count:
        yield Pulse("held", True, "Nothing is held.", 0)
        return
    age = ws.clock.now() - datetime.fromisoformat(oldest)
    allowed = timedelta(days=ws.options.held_days)
    message = f"{counted(count, 'file')} held, the oldest since {_span(age)}."
    yield Pulse("held", not allowed or age <= allowed, message, _seconds(age))


def _overdue(ws: Workspace) -> Iterator[Pulse]:
    """A count and no fault: practices are late, cpdocs isn't."""
    late = overdue_count(ws.index, eastern_date(ws.clock.now()))
    yield Pulse("overdue", True, f"{counted(late, 'plan')} {plural(late, 'is', 'are')} overdue.", late)


def _deliveries(ws: Workspace) -> Iterator[Pulse]:
    """Whether what leaves arrives: how much waits, is unsure or held, and how old the oldest of it is."""
    found = waiting_since(ws.index)
    if not found:
        yield Pulse("deliveries", True, "Nothing waits to be delivered.", 0)
        return
    now, allowed = ws.clock.now(), timedelta(hours=ws.options.delivery_hours)
    ages = {state: now - datetime.fromisoformat(since) for state, (_, since) in found.items()}
    told = [
        f"{found[state][0]} {words}, the oldest for {_span(ages[state])}"
        for state, words in (("queued", "wait to be sent"), ("unsure", "are unsure"), ("held", "are held"))
        if state in found
    ]
    oldest = max(ages.values())
    yield Pulse("deliveries", not allowed or oldest <= allowed, f"Deliveries: {'; '.join(told)}.", _seconds(oldest))


def _backup(ws: Workspace) -> Iterator[Pulse]:
    allowed = timedelta(hours=ws.options.backup_hours)
    now = ws.clock.true_now()
    made = made_backups(ws.ledger)
    failed = failed_attempt(ws.paths)
    if not made:
        yield Pulse("backup", not allowed, "No backup was ever made.")
        return
    age = now - made[-1].at
    message = f"The last backup was made {_told(age)}"
    if made[-1].damaged:
        message += f", without {made[-1].damaged} damaged files"
    if failed and failed > made[-1].at:
        message += "; one was begun since and isn't done"
    yield Pulse("backup", not allowed or (age <= allowed and not made[-1].damaged), f"{message}.", _seconds(age))


def _checkpoint(ws: Workspace) -> Iterator[Pulse]:
    """How long the oldest event has been without a signed checkpoint over it; backups' own events don't count."""
    notes = ws.ledger.checkpoints()
    signed = _signed_over(notes[-1]) if notes else 0
    first = next((event for event in ws.ledger.events(after=signed) if event.type is not EventType.BACKUP_MADE), None)
    if first is None:
        yield Pulse("checkpoint", True, "Every event is under a signed checkpoint.", 0)
        return
    age = ws.clock.true_now() - first.recorded_at
    allowed = timedelta(hours=ws.options.checkpoint_hours)
    yield Pulse(
        "checkpoint",
        not allowed or age <= allowed,
        f"Events since {_span(age)} are under no checkpoint.",
        _seconds(age),
    )


def _signed_over(note: str) -> int:
    """How many events a kept checkpoint is over; 0 where it can't be read. Its signature is an audit's business."""
    from cpdocs.ledger.checkpoint import CheckpointInvalid, unverified_checkpoint  # brings cryptography

    try:
        return unverified_checkpoint(note).head.size
    except CheckpointInvalid:
        return 0


def _proof(ws: Workspace) -> Iterator[Pulse]:
    """Whether a kept signature's proof ends soon, or has: a sandbox's clock counts here, since its certificates go by
    it."""
    from cpdocs.retention.expiring import proofs

    found = proofs(ws)
    left = _seconds(found.first - ws.clock.now()) if found.first else None
    message = (
        f"Of {counted(found.files, 'signed file')} the proof of {found.ending} ends within "
        f"{counted(ws.options.renew_months, 'month')}."
    )
    message = message if found.files else "No signed file is kept yet."
    yield Pulse("proof", not found.ending, message, left)


def _revocation(ws: Workspace) -> Iterator[Pulse]:
    """Whether every outside authority's list is current: returns under one that isn't are held."""
    from cpdocs.core.authority_records import AUTHORITY_EVENTS, Binding, fold_authorities

    every = fold_authorities(ws.ledger.events(types=AUTHORITY_EVENTS)).values()
    records = [each for each in every if each.trusted and each.binding is not Binding.TIME]
    asked = [each for each in records if each.lists or not each.answers]
    ends = [min((found.next_update for found in each.lists.values()), default=None) for each in asked]
    now = ws.clock.now()
    stale = sum(end is None or end < now for end in ends)
    first = min((end for end in ends if end), default=None)
    known = counted(len(records), "outside authority", "outside authorities")
    message = f"Of {known} {stale} without a current list of revoked certificates."
    message = message if records else "No outside authority is believed here."
    yield Pulse("revocation", not stale, message, _seconds(first - now) if first else None)


def _seconds(age: timedelta) -> int:
    return int(age.total_seconds())


def _told(age: timedelta) -> str:
    return f"{_span(-age)} in the future: a clock has jumped" if age < timedelta(0) else f"{_span(age)} ago"


def _span(age: timedelta) -> str:
    seconds = _seconds(age)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds, 0)} seconds"

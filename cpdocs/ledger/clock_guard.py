"""Refuses to record by a clock that is well behind what was recorded last: nothing is dated into the past unseen."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cpdocs.core.clock_steps import SLACK
from cpdocs.core.events import EventType
from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.reading import Driver

_LOOKED_AT = 20
"""How many of the last events are looked at, so that the clock can't be led back by little steps."""
_RECORDED_AT = re.compile(r'.*"recorded_at":"([^"]+)","salt":"', re.S)


class ClockBehind(WorkspaceFault):
    """The machine's clock is behind the record."""


def latest(driver: Driver) -> datetime | None:
    """The latest true time among the last events; since the last word that the clock is right, if that is among
    them."""
    rows = driver.execute("SELECT type, body FROM events ORDER BY seq DESC LIMIT ?", (_LOOKED_AT,)).fetchall()
    found = []
    for kind, body in rows:
        match = _RECORDED_AT.match(body)
        if match:
            found.append(datetime.fromisoformat(match[1]))
        if kind == EventType.CLOCK_CORRECTED.value:
            break
    return max(found, default=None)


def behind(driver: Driver, now: datetime) -> timedelta:
    """By how much ``now`` is behind the record; zero where it isn't."""
    last = latest(driver)
    return max(last - now, timedelta(0)) if last else timedelta(0)


def refuse_if_behind(driver: Driver, now: datetime) -> None:
    """Raises ClockBehind where the clock is behind the record by more than ``SLACK``."""
    late = behind(driver, now)
    if late > SLACK:
        raise ClockBehind(
            f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, and something was recorded {told(late)} later than "
            "that: nothing is recorded by this clock.",
            todo=(
                "Set the clock (NTP). If it is right now and was ahead before, an administrator says so with "
                "`cpdocs audit clock --reason R`; that is on the record."
            ),
        )


def told(late: timedelta) -> str:
    """A span of time in words."""
    seconds = int(late.total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds // 60} minutes"

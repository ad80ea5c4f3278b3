"""How values are written on the desk's pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from cpdocs.core.clock import EASTERN
from cpdocs.core.ids import last_four
from cpdocs.core.page_facts import BoxReading

_SEEN = {
    BoxReading.SIGNED: "ink is seen",
    BoxReading.EMPTY: "no ink is seen",
    BoxReading.UNSURE: "perhaps ink: look at it",
}


def day(value: date | datetime | str | None) -> str:
    """A day as it is written here: Nov 6, 2026. Of a moment, its day in Massachusetts."""
    if not value:
        return ""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-11-06") else date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(EASTERN).date()
    return f"{value:%b} {value.day}, {value.year}"


def moment(value: datetime) -> str:
    """A moment in Massachusetts: Nov 6, 2026, 2:14 PM."""
    local = value.astimezone(EASTERN)
    return f"{day(local)}, {local.hour % 12 or 12}:{local:%M %p}"


def plain(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def counted(number: int, thing: str) -> str:
    """So many of a thing."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def span(waited: timedelta) -> str:
    """How long something took, in the largest unit that tells."""
    hours = int(waited.total_seconds() // 3600)
    if hours < 1:
        return counted(max(int(waited.total_seconds() // 60), 0), "minute")
    return counted(hours, "hour") if hours < 2 * 24 else counted(hours // 24, "day")


def seen(reading: BoxReading | None) -> str:
    """What was seen in a signature box."""
    return _SEEN[reading] if reading else "not looked at, or its page isn't there"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day,
    "moment": moment,
    "plain": plain,
    "counted": counted,
    "span": span,
    "seen": seen,
    "last_four": last_four,
}

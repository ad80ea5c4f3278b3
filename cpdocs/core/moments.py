"""Moments and days: as people type them (ISO 8601 or as they are written here, 11/2/2026 3:04 PM; in Massachusetts time
where no offset is given; contract §5), as a screen lists them, and as papers in English say them: there is no other
place for the last."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from cpdocs.core.clock import EASTERN

_US_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME_OF_DAY = re.compile(r"(.+?)(?:[ T]|, ?)([0-9]{1,2}):([0-9]{2}) ?(?:([AP])\.?M\.?)?", re.IGNORECASE)
HOW_DAY = "write it like 2026-11-02 or 11/2/2026"
HOW_MOMENT = "write it like 2026-11-02T15:04 or 11/2/2026 3:04 PM (Massachusetts time), or with an offset"
"""What is said of text that is none."""


def parse_moment(text: str) -> datetime:
    """The moment that ``text`` states, aware UTC: ``2026-11-02T15:04``, with or without seconds and offset, a day and a
    time of day (``11/2/2026 3:04 PM``), or a day alone.

    Without an offset it is Massachusetts time; of an hour that the clocks repeat, the first. A day alone is its first
    minute. Raises ValueError for anything else.
    """
    moment = _stated(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=EASTERN)
    return moment.astimezone(UTC)


def parse_day(text: str) -> date:
    """The day that ``text`` states: ``2026-11-02`` or ``11/2/2026``. Raises ValueError for anything else."""
    if match := _US_DAY.fullmatch(text.strip()):
        month, day, year = map(int, match.groups())
        return date(year, month, day)
    return date.fromisoformat(text.strip())


def _stated(text: str) -> datetime:
    if match := _TIME_OF_DAY.fullmatch(text):
        hour, half = int(match[2]), (match[4] or "").upper()
        if half and not 1 <= hour <= 12:
            raise ValueError("an hour that no clock with two halves shows")
        hour = hour % 12 + (12 if half == "P" else 0) if half else hour
        return datetime.combine(parse_day(match[1]), time(hour, int(match[3])))
    if _US_DAY.fullmatch(text):
        return datetime.combine(parse_day(text), time())
    return datetime.fromisoformat(text)


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day_text(day: date) -> str:
    """A day on a paper: ``October 21, 2026``."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def short_day_text(day: date) -> str:
    """A day in a paper's table: ``Oct 21, 2026``."""
    return f"{_MONTHS[day.month - 1][:3]} {day.day}, {day.year}"


def clock_text(moment: datetime) -> str:
    """The time in Massachusetts to the minute: ``9:00 AM``."""
    return moment.astimezone(EASTERN).strftime("%I:%M %p").lstrip("0")


def moment_text(moment: datetime) -> str:
    """A moment on a paper: Massachusetts date, time to the minute, and the zone: ``Oct 21, 2026, 9:00 AM EDT``."""
    local = moment.astimezone(EASTERN)
    return f"{short_day_text(local.date())}, {clock_text(moment)} {local.tzname()}"


def eastern_text(moment: datetime) -> str:
    """A moment on a screen or in a list: Massachusetts date, time to the minute, and the zone in letters (``2026-11-02
    10:04 EST``)."""
    return moment.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M %Z")

"""Moments and days: as people type them (ISO 8601, in Massachusetts time where no offset is given; contract §5), as a
screen lists them, and as papers in English say them: there is no other place for the last."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cpdocs.core.clock import EASTERN


def parse_moment(text: str) -> datetime:
    """The moment that ``text`` states, aware UTC: ``2026-11-02T15:04``, with or without seconds and offset, or a day
    alone.

    Without an offset it is Massachusetts time; of an hour that the clocks repeat, the first. A day alone is its first
    minute. Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=EASTERN)
    return moment.astimezone(UTC)


def parse_day(text: str) -> date:
    """The day that ``text`` states in ISO 8601 (``2026-11-02``). Raises ValueError for anything else."""
    return date.fromisoformat(text.strip())


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

"""Moments and days as people write them: ISO 8601, in Massachusetts time where no offset is given (contract §5)."""

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


def eastern_text(moment: datetime) -> str:
    """A moment for people: Massachusetts date, time to the minute, and the zone in letters (``2026-11-02 10:04
    EST``)."""
    return moment.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M %Z")

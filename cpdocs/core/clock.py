"""Where "now" comes from: a value handed in, never read from the system by a rule."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
"""Massachusetts time: the clock of business days, dates on letters and dates on the signature page."""


class Clock(Protocol):
    """Two clocks: the workspace's, which a sandbox may fix, and the true one, which every event also carries."""

    def now(self) -> datetime:
        """The workspace's time: aware, UTC."""
        ...

    def true_now(self) -> datetime:
        """The machine's own time: aware, UTC."""
        ...


def eastern_date(moment: datetime) -> date:
    """The calendar date in Massachusetts at ``moment`` (aware)."""
    return moment.astimezone(EASTERN).date()

"""Which filed plans' proof ends, or has ended: what ``doctor`` and ``health`` warn of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cpdocs.index.queries import kept_counts

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Proofs:
    """How many signed files are kept, and how many carry no time stamp that is believed; how many proofs end before the
    settings' horizon and can be renewed, when the first of these does, and how many ended under a time stamp that
    wasn't renewed."""

    files: int
    unstamped: int
    ending: int
    first: datetime | None
    ended: int


def horizon(ws: Workspace) -> datetime:
    """Until when a proof must reach at least: so many months (of 31 days) from now as the settings say."""
    return ws.clock.now() + timedelta(days=31 * ws.options.renew_months)


def proofs(ws: Workspace) -> Proofs:
    """The proofs of all filed versions as of now. Without an authority for time stamps only those count that had one
    once."""
    now, limit = (each.astimezone(UTC).isoformat() for each in (ws.clock.now(), horizon(ws)))
    files, unstamped, ending, first, ended = kept_counts(ws.index, now, limit, stamps=bool(ws.options.tsa_url))
    return Proofs(files, unstamped, ending, datetime.fromisoformat(first) if first else None, ended)

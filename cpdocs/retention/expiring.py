"""Which filed plans' proof ends, or has ended: what ``doctor`` and ``health`` warn of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cpdocs.plans.records import all_plans
from cpdocs.retention.renewal import horizon

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


def proofs(ws: Workspace) -> Proofs:
    """The proofs of all filed versions as of now. Without an authority for time stamps only those count that had one
    once."""
    now, limit = ws.clock.now(), horizon(ws)
    kept = [each for record in all_plans(ws).values() if record.filing for each in record.filing.kept]
    counted = [each for each in kept if each.until and (each.stamped_at or ws.options.tsa_url)]
    ending = [each.until for each in counted if each.until and now <= each.until < limit]
    ended = sum(bool(each.stamped_at and each.until and each.until < now) for each in kept)
    return Proofs(
        len(kept), sum(each.stamped_at is None for each in kept), len(ending), min(ending, default=None), ended
    )

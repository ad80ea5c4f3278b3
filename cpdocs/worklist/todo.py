"""The work list: everything that waits for somebody, oldest first (contract §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON
from cpdocs.core.worklist import Kind, Waiting
from cpdocs.index.queries import Page
from cpdocs.index.waiting import Tally, WorkFilter, waiting, waiting_counts, waiting_tallies

if TYPE_CHECKING:
    from datetime import date, datetime

    from cpdocs.workspace import Workspace


def todo(ws: Workspace, wanted: WorkFilter, page: Page) -> list[Waiting]:
    """What waits today of what is wanted: all of it or a page, oldest first."""
    return waiting(ws.index, eastern_date(ws.clock.now()), wanted, page, plan_days=ws.options.plan_days)


def counts(ws: Workspace, wanted: WorkFilter) -> dict[Kind, int]:
    """How much of each kind waits today."""
    return waiting_counts(ws.index, eastern_date(ws.clock.now()), wanted, plan_days=ws.options.plan_days)


def tallies(ws: Workspace, wanted: WorkFilter, soon_until: date) -> dict[Kind, Tally]:
    """How much of each kind waits today, and how much of it is late or due by ``soon_until``."""
    on = eastern_date(ws.clock.now())
    return waiting_tallies(ws.index, on, wanted, soon_until=soon_until, plan_days=ws.options.plan_days)


def as_json(item: Waiting, now: datetime) -> dict[str, JSON]:
    """One thing that waits, as the contract (§10) has it, and whether it is late at that moment (aware)."""
    return {
        "kind": item.kind.value,
        "waits_for": item.waits_for,
        "since": item.since or None,
        "due_on": item.due_on or None,
        "due_at": item.due_at.isoformat() if item.due_at else None,
        "overdue": item.is_late(now),
        "document_id": item.document_id or None,
        "member_id": item.member_id or None,
        "member": item.member or None,
        "program": item.program or None,
        "coordinator": item.coordinator or None,
        "practice_id": item.practice_id or None,
        "what_to_do": item.what_to_do,
    }

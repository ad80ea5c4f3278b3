"""The reports of ``status --report``: rows for people and for machines alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cpdocs.core import reports
from cpdocs.core.clock import eastern_date
from cpdocs.core.outreach import OUTREACH_EVENTS, fold_outreach
from cpdocs.plans.records import all_plans
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def report(ws: Workspace, kind: str) -> list[dict[str, Any]]:
    """The rows of one report as of today: ``timeliness``, ``choice``, ``affiliated`` or ``no-plan``."""
    on = eastern_date(ws.clock.now())
    records = all_plans(ws).values()
    if kind == "timeliness":
        return [asdict(row) for row in reports.timeliness(records, on)]
    if kind == "choice":
        return [
            {"program": row.program, "plans": row.plans, **dict(row.yes), "all_yes": row.all_yes}
            for row in reports.informed_choice(records)
        ]
    if kind == "affiliated":
        return [asdict(row) for row in reports.affiliated_referrals(records)]
    return [
        {
            "member_id": row.assignment.member_id,
            "program": row.assignment.program.value,
            "cp_org": row.assignment.cp_org,
            "coordinator": row.assignment.coordinator,
            "assigned_on": row.assignment.assigned_on.isoformat(),
            "days": row.days,
            "contact_by": row.contact_by.isoformat(),
            "tried_on": row.tried_on.isoformat() if row.tried_on else None,
            "tried_in_time": row.tried_on <= row.contact_by
            if row.tried_on
            else None
            if on <= row.contact_by
            else False,
        }
        for row in reports.without_plan(
            load_register(ws), records, on, fold_outreach(ws.ledger.events(types=OUTREACH_EVENTS))
        )
    ]

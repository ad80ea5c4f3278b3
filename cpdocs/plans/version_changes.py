"""What changed from one version of a plan to the next, as its cover and ``plan diff`` tell it: who signs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.guardianship import change_in_words
from cpdocs.core.members import Program
from cpdocs.core.plan_changes import Change, changes
from cpdocs.plans.records import plan_of

if TYPE_CHECKING:
    from datetime import datetime

    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.plans import Plan
    from cpdocs.core.register import Register
    from cpdocs.workspace import Workspace


def version_changes(
    ws: Workspace, register: Register, before: PlanRecord, plan: Plan, issued_at: datetime
) -> tuple[Change, ...]:
    """Everything that a reader of ``before`` must know of ``plan``, issued at ``issued_at``."""
    old, directory = plan_of(ws, before), register.directory
    names = {each.npi: each.display_name for npi in (old.pcp_npi, plan.pcp_npi) for each in directory.rows_of(npi)}
    for place in (old.practice_id, plan.practice_id):
        if place in directory.practices:
            names[place] = directory.practices[place].name
    found = changes(old, plan, names)
    member = register.latest(before.member_id, Program(before.program))
    if member is None:
        return found
    guardians = register.guardians_of(before.member_id)
    signs = change_in_words(member.dob, guardians, eastern_date(before.issued_at), eastern_date(issued_at))
    return (Change("Who signs", signs), *found) if signs else found

"""Who may sign in the member's slot of one issued version: the rules of ``core.guardianship`` as an error."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.guardianship import signing_fault
from cpdocs.errors import AnswerIsNo

if TYPE_CHECKING:
    from cpdocs.core.guardianship import Guardians
    from cpdocs.core.plan_record import PlanRecord


def may_sign(record: PlanRecord, dob: date, guardians: Guardians, *, on: date, representative: str) -> None:
    """Raises AnswerIsNo where this person (empty: the member) may not sign in the member's slot on that day."""
    issued_on = eastern_date(record.issued_at)
    fault = signing_fault(
        dob, guardians, on=on, issued_on=issued_on, representative=representative, whose=record.document_id
    )
    if fault is not None:
        raise AnswerIsNo(fault.message, todo=fault.todo)

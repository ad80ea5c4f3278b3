"""A medication list after a discharge: from the home visit, for the PCP (requirements B3, E5).

It is a report of what the member takes: from whom, as of which moment. It is reconciled only where a named clinician
did that. The home visit is due 72 clock hours after the discharge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import Program
from cpdocs.core.plan_facts import reconciliation_errors
from cpdocs.core.plan_surroundings import Transition
from cpdocs.core.plans import Medication, Reconciliation
from cpdocs.core.register import Register
from cpdocs.errors import Problem

SCHEMA = "cpdocs.medications/1"


@dataclass(frozen=True, slots=True)
class MedicationList:
    """One list, as its file says it: of whom, told by whom (``source``), as of which day, after which discharge."""

    schema: str
    member_id: str
    program: Program
    source: str
    as_of: date
    discharge: Transition
    medications: tuple[Medication, ...] = ()
    reconciled_by: Reconciliation | None = None
    comment: str = ""


def list_faults(listed: MedicationList, register: Register, on: date) -> Iterator[Problem]:
    """Everything that keeps a list from being given out on that day. Who reconciled it is judged as in a plan."""
    if listed.schema != SCHEMA:
        yield Problem("schema_invalid", f"must be {SCHEMA}.", "schema")
    if not listed.source.strip():
        yield Problem("source_missing", "says nothing.", "source", "Say who told: the member at the home visit …")
    if listed.discharge.discharged is None:
        yield Problem("discharge_missing", "has no time.", "discharge.discharged", "Date and time of the discharge.")
    elif listed.as_of < eastern_date(listed.discharge.discharged):
        yield Problem(
            "list_before_discharge",
            "is before the discharge.",
            "as_of",
            "A list from before isn't what they take at home now.",
        )
    if listed.as_of > on:
        yield Problem("as_of_in_future", "lies ahead.", "as_of", "Give the day on which the list was made.")
    for place, item in enumerate(listed.medications):
        if item.part2:
            yield Problem(
                "part2_item_in_list",
                "comes from a Part 2 program's records, and a list carries no consent to disclose them.",
                f"medications[{place}].part2",
                "Leave the medicine out here; send it in a plan with the member's consent.",
            )
    yield from reconciliation_errors(listed.reconciled_by, register, on, "reconciled_by")

"""The care coordination note: a block of plain text to paste into a chart (requirements E3, E4).

Three facts per program (enrollment status, assigned coordinator, the organization's contact), where the plan stands,
the day as of which it holds, and whom to tell when it is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Choice, Statement
from cpdocs.core.members import Assignment
from cpdocs.core.moments import eastern_text
from cpdocs.core.phones import phone
from cpdocs.core.plan_record import PlanRecord, PlanState
from cpdocs.core.senders import Sender
from cpdocs.core.verdicts import Evidence, Slot

_PROGRAMS = {
    "BH": "Behavioral Health Community Partner (BH CP)",
    "LTSS": "Long-Term Services and Supports Community Partner (LTSS CP)",
}
_STATUSES = {
    "assigned": "Enrolled (assigned, not yet engaged)",
    "engaged": "Enrolled (engaged)",
    "declined": "Disenrolled (declined)",
    "disenrolled": "Disenrolled",
    "deceased": "Disenrolled (deceased)",
}
_SAID = {
    Choice.DECLINED: "Disenrolled (member declined",
    Choice.CHANGED_CP: "Disenrolled (member asked for another Community Partner",
}
_EVIDENCE = {
    Evidence.DIGITAL_SIGNATURE: "digital signature",
    Evidence.WITNESSED_SIGNATURE: "signed in person before a witness",
    Evidence.INK_SCAN: "signed in ink, scanned",
    Evidence.RECORDED_APPROVAL: "approval conveyed and recorded",
    Evidence.CHART_NOTE: "dated chart note",
}
_STATES = {
    PlanState.ISSUED: "out for signature",
    PlanState.PARTLY_SIGNED: "partly signed",
    PlanState.COMPLETE: "approved by both, not yet filed",
    PlanState.FILED: "approved by both, package ready for upload",
    PlanState.UPLOADED: "approved by both, in the chart",
    PlanState.SUPERSEDED: "superseded",
    PlanState.WITHDRAWN: "withdrawn",
    PlanState.RETURNED: "returned by the practice with comments",
    PlanState.REFUSED: "not approved by the member",
}


HOLD = ", on hold"
"""What is added to a version's state on which nothing further happens; a chart isn't told why."""
BACK = ", returned, waiting for review"
"""What is added to a version's state where something came back that nobody has decided on yet."""


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """What the note says of one program. ``plan`` is the latest issued version, None where there is none."""

    assignment: Assignment
    statement: Statement | None
    stopped: Choice | None
    sender: Sender
    coordinator_phone: str
    plan: PlanRecord | None
    back: bool = False
    """Something came back for that version and waits for review."""
    signs: str = ""
    """Who signs for the member today, where it isn't the member as a matter of course."""


def enrollment_status(facts: ProgramFacts, on: date) -> str:
    """The enrollment line: the member's own word where they gave one, else the roster's status and end date."""
    if facts.stopped and facts.statement:
        return f"{_SAID[facts.stopped]} on {facts.statement.on.isoformat()})"
    assignment = facts.assignment
    if assignment.end_on and assignment.end_on < on:
        return f"Disenrolled (assignment ended {assignment.end_on.isoformat()})"
    return _STATUSES.get(assignment.status, assignment.status.capitalize() or "Enrolled")


def care_note(programs: Sequence[ProgramFacts], *, as_of: datetime, organization: Sender, sandbox: bool = False) -> str:
    """The note for one member: plain text, lines of at most some ninety characters, ready to paste."""
    on = eastern_date(as_of)
    lines = ["CARE COORDINATION NOTE - MassHealth Community Partners", f"As of {eastern_text(as_of)}"]
    if sandbox:
        lines.append("SANDBOX: invented data, not for a chart")
    for facts in programs:
        lines += ["", *_program_lines(facts, on)]
    correction = organization.correction_email or organization.email
    tell = f"{correction} or {phone(organization.phone)}" if correction else phone(organization.phone)
    lines += ["", f"Is this out of date or wrong? Correct the chart and tell {organization.name}: {tell}."]
    return "\n".join(lines) + "\n"


def _program_lines(facts: ProgramFacts, on: date) -> list[str]:
    assignment, sender = facts.assignment, facts.sender
    lines = [
        _PROGRAMS.get(assignment.program.value, assignment.program.value),
        f"  Status:       {enrollment_status(facts, on)}; assigned {assignment.assigned_on.isoformat()}",
        f"  Coordinator:  {assignment.coordinator or 'not yet named'}, {facts.coordinator_phone}",
        f"  Organization: {sender.name}, {phone(sender.phone)} (TTY {sender.tty}), {sender.hours}",
    ]
    if facts.signs:
        lines.append(f"  Signs:        {facts.signs}")
    if facts.plan is None:
        return [*lines, "  Plan:         none issued yet"]
    plan = facts.plan
    lines.append(
        f"  Plan:         version {plan.version} ({plan.document_id}), {_STATES[plan.state]}"
        f"{HOLD if plan.on_hold == 'consent_ended' else ''}{BACK if facts.back else ''}; "
        f"issued {eastern_date(plan.issued_at)}"
    )
    for slot, who in ((Slot.MEMBER, "Member"), (Slot.PCP, "PCP")):
        fill = plan.fills.get(slot)
        if fill is None:
            lines.append(f"    {who + ':':<8} approval outstanding")
            continue
        name = ", ".join(part for part in (fill.signer, fill.credential) if part)
        moment = fill.signed_at or fill.received_at
        when = fill.on or eastern_date(moment)
        word = "" if fill.signed_at or fill.on else "received "
        lines.append(
            f"    {who + ':':<8} {name + ', ' if name else ''}{_EVIDENCE[fill.evidence]}, {word}{when.isoformat()}"
        )
    return lines

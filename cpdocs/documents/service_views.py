"""The second half of a plan as strings: services, medicines, safety, transitions, choice (documents.md §§1–2).

Two rules are kept here whatever the plan file says: an amount is shown only with the person or body that authorized it
(requirement D12), and medicines are a report unless a named clinician reconciled them (requirement E5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cpdocs.core.clock import EASTERN
from cpdocs.core.deadlines import HOME_VISIT_HOURS, home_visit_due
from cpdocs.core.members import Program
from cpdocs.core.phones import phone
from cpdocs.core.plans import CoordinationKind, Plan, Quantity, Service, Transition, TransitionKind
from cpdocs.documents.html import long_date, short_date

_TRANSITIONS = {
    TransitionKind.ADMISSION: "Admission",
    TransitionKind.DISCHARGE: "Discharge",
    TransitionKind.EMERGENCY: "Emergency visit",
    TransitionKind.MOVE: "Move",
}
_KINDS = {
    CoordinationKind.PAYER: "Health plan",
    CoordinationKind.DMH_ACCS: "DMH Adult Community Clinical Services",
    CoordinationKind.CBHC: "Community Behavioral Health Center",
    CoordinationKind.STATE_AGENCY: "State agency",
    CoordinationKind.WAIVER: "Waiver case management",
    CoordinationKind.DDS: "Department of Developmental Services",
    CoordinationKind.SCHOOL: "School",
    CoordinationKind.LTSS_PROVIDER: "LTSS provider",
    CoordinationKind.OTHER: "",
}


def services(plan: Plan) -> dict[str, Any]:
    """Paid and unpaid supports apart; ``with_amounts`` where any may be shown."""
    rows = [_service(item) for item in plan.services]
    return {
        "paid": [row for row in rows if row["paid"]],
        "unpaid": [row for row in rows if not row["paid"]],
        "with_amounts": any(row["amount"] for row in rows),
    }


def _service(item: Service) -> dict[str, Any]:
    notes = [
        f"At {item.delivery_address}" if item.delivery_address else "",
        "Self-directed" if item.self_directed else "",
        item.comment,
    ]
    end = f" to {short_date(item.end)}" if item.end else ""
    return {
        "name": item.name,
        "provider": item.provider or item.relationship,
        "relationship": item.relationship if item.provider else "",
        "contact": phone(item.contact),
        "funding": item.funding_source,
        "start": f"{short_date(item.start)}{end}" if item.start else end.strip(),
        "paid": item.paid,
        "affiliation": _affiliation(item),
        "amount": amount_text(item.quantity),
        "notes": "; ".join(filter(None, notes)),
        "part2": item.part2,
    }


def _affiliation(item: Service) -> str:
    """Whether the provider is linked to the Community Partner, and when the member was told (requirement D10)."""
    if item.affiliated is None:
        return "Not stated"
    if not item.affiliated:
        return "No"
    return (
        f"Yes; told on {short_date(item.affiliation_disclosed_on)}"
        if item.affiliation_disclosed_on
        else "Yes; not disclosed"
    )


def amount_text(quantity: Quantity | None) -> str:
    """``14 hours per week, authorized by …``; empty without an authorizer, whatever amount the file names (requirement
    D12)."""
    if quantity is None or not quantity.authorized_by.strip():
        return ""
    amount = f"{quantity.amount:f}"
    if "." in amount:
        amount = amount.rstrip("0").rstrip(".")
    per = f" per {quantity.interval}" if quantity.interval else ""
    on = short_date(quantity.authorized_on)
    source = ", ".join(filter(None, (quantity.source, on)))
    return f"{amount} {quantity.unit}{per}, authorized by {quantity.authorized_by}{f' ({source})' if source else ''}"


def medications(plan: Plan) -> dict[str, Any]:
    """The list as reported; ``reconciled`` names the clinician who reconciled it, or is empty."""
    by = plan.medications_reconciled_by
    reconciled = ""
    if by:
        npi = f", NPI {by.npi}" if by.npi else ""
        reconciled = f"{by.name}, {by.credential}{npi}, on {long_date(by.on)}"
    rows = [
        {
            "name": item.name,
            "directions": item.directions,
            "source": ", ".join(
                filter(None, (item.source, f"prescribed by {item.prescriber}" if item.prescriber else ""))
            ),
            "as_of": short_date(item.as_of),
            "part2": item.part2,
        }
        for item in plan.medications
    ]
    return {"medications": rows, "reconciled": reconciled}


def safety(plan: Plan) -> dict[str, Any]:
    """Risks and measures, what to do in a crisis, who steps in, whom to call."""
    return {
        "risks": [{"risk": item.risk, "measure": item.measure, "part2": item.part2} for item in plan.risks],
        "crisis_plan": plan.crisis_plan,
        "backup_plan": plan.backup_plan,
        "emergency_contacts": [
            ", ".join(filter(None, (item.name, item.relation, phone(item.phone)))) for item in plan.emergency_contacts
        ],
    }


def transitions(plan: Plan) -> list[dict[str, Any]]:
    """Recent moves between settings of care and what follows each."""
    return [_transition(item) for item in plan.transitions]


def _transition(item: Transition) -> dict[str, Any]:
    follow_up = " with ".join(filter(None, (short_date(item.follow_up_on), item.follow_up_with)))
    when = [
        f"admitted {_moment(item.admitted)}" if item.admitted else "",
        f"discharged {_moment(item.discharged)}" if item.discharged else "",
    ]
    return {
        "kind": _TRANSITIONS[item.kind],
        "facility": item.facility,
        "when": "; ".join(filter(None, when)),
        "home_visit": home_visit_text(item),
        "follow_up": follow_up,
        "comment": item.comment,
        "part2": item.part2,
    }


def home_visit_text(item: Transition) -> str:
    """The home visit after a discharge, held against 72 clock hours (requirement B3); empty where there was no
    discharge."""
    if item.discharged is None:
        return ""
    due = home_visit_due(item.discharged)
    if item.home_visit_done is not None:
        return f"done {_moment(item.home_visit_done)}{_lateness(item.home_visit_done, due)}"
    if item.home_visit_scheduled is not None:
        return f"scheduled {_moment(item.home_visit_scheduled)}{_lateness(item.home_visit_scheduled, due)}"
    return f"NOT SCHEDULED; due by {_moment(due)} ({HOME_VISIT_HOURS} hours after discharge)"


def _lateness(moment: datetime, due: datetime) -> str:
    if moment <= due:
        return f" (within {HOME_VISIT_HOURS} hours of discharge)"
    hours = -((due - moment) // timedelta(hours=1))
    return f" (LATE by {hours} hour{'s' if hours > 1 else ''}: due by {_moment(due)})"


def _moment(moment: datetime) -> str:
    local = moment.astimezone(EASTERN)
    return f"{short_date(local.date())}, {local.strftime('%I:%M %p').lstrip('0')}"


def wellness(plan: Plan) -> dict[str, Any]:
    """Health and wellness, community resources, and the Flexible Services screen (requirement D15)."""
    screen = plan.flexible_services_screen
    flexible = "Not recorded."
    if screen:
        on = f" on {short_date(screen.date)}" if screen.date else ""
        flexible = f"Done{on}. Outcome: {screen.outcome or 'not recorded'}." if screen.done else "Not done."
    return {
        "wellness": [_resource(item) for item in plan.health_and_wellness],
        "resources": [_resource(item) for item in plan.community_resources],
        "flexible_services": flexible,
    }


def _resource(item: Any) -> str:
    return ", ".join(filter(None, (f"{item.name}: {item.purpose}" if item.purpose else item.name, phone(item.contact))))


def coordination(plan: Plan) -> list[dict[str, str]]:
    """Who else coordinates, and the line between their work and ours (requirement D14)."""
    return [
        {
            "who": ", ".join(filter(None, (item.who, item.organization, phone(item.phone)))),
            "kind": _KINDS[item.kind],
            "their_part": item.their_part,
            "our_part": item.our_part,
            "reference": item.reference,
        }
        for item in plan.coordination
    ]


def choice(plan: Plan) -> list[tuple[str, str]]:
    """The evidence that the member chose (LTSS: documents.md §2); an empty list where the plan holds none."""
    given = plan.choice
    if given is None:
        if plan.program is not Program.LTSS:
            return []
        return [("Choice of services and providers", "Not recorded")]
    answers = [
        ("Service options were given", _yes(given.service_options_given)),
        ("The member took part in the selection", _yes(given.took_part_in_selection)),
        ("The member agrees with the services in this plan", _yes(given.agrees_with_plan)),
        ("Provider options were given", _yes(given.provider_options_given)),
        ("The member made an informed choice of providers", _yes(given.informed_provider_choice)),
        ("Setting chosen by the member", given.setting_chosen),
        ("Alternatives considered", given.alternatives_considered),
    ]
    return [row for row in answers if row[1]]


def _yes(answer: bool) -> str:
    return "Yes" if answer else "No"

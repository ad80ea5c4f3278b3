"""The second half of a plan as strings: services, medicines, safety, transitions, choice (documents.md §§1–2).

Two rules are kept here whatever the plan file says: an amount is shown only with the person or body that authorized it
(requirement D12), and medicines are a report unless a named clinician reconciled them (requirement E5).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cpdocs.core.deadlines import HOME_VISIT_HOURS, home_visit_due
from cpdocs.core.members import Program
from cpdocs.core.phones import phone
from cpdocs.core.plans import CoordinationKind, Plan, Quantity, Service, Transition, TransitionKind
from cpdocs.documents.grids import Cell, Column, grid, small
from cpdocs.documents.phrases import NOTHING, Phrases, Said, Value

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
}


def services(plan: Plan, say: Phrases) -> dict[str, Any]:
    """Paid and unpaid supports apart, each a table or None."""
    paid = [_paid(item, say) for item in plan.services if item.paid]
    unpaid = [_unpaid(item, say) for item in plan.services if not item.paid]
    return {
        "paid": grid(
            [
                Column(say("Service"), 33),
                Column(say("Provider and contact"), 23),
                Column(say("Funding source"), 17),
                Column(say("Start"), 13),
                Column(say("Linked to the CP?"), 14),
            ],
            paid,
        ),
        "unpaid": grid(
            [
                Column(say("Support"), 32),
                Column(say("Who helps"), 34),
                Column(say("Contact"), 19),
                Column(say("Start"), 15),
            ],
            unpaid,
        ),
    }


def _paid(item: Service, say: Phrases) -> list[Cell]:
    return [
        _service_name(item, say),
        Cell(item.provider or item.relationship, small(phone(item.contact))),
        Cell(item.funding_source),
        Cell(_period(item, say)),
        Cell(_affiliation(item, say)),
    ]


def _unpaid(item: Service, say: Phrases) -> list[Cell]:
    who = item.provider or item.relationship
    also = f" ({item.relationship})" if item.provider and item.relationship else ""
    return [_service_name(item, say), Cell(f"{who}{also}"), Cell(phone(item.contact)), Cell(_period(item, say))]


def _service_name(item: Service, say: Phrases) -> Cell:
    notes = small(
        amount_text(item.quantity, say),
        say("At %(place)s", place=item.delivery_address) if item.delivery_address else "",
        say("Self-directed") if item.self_directed else "",
        item.comment,
    )
    return Cell(item.name, notes, item.part2)


def _period(item: Service, say: Phrases) -> Said:
    start, end = say.day(item.start), say.day(item.end)
    if start and end:
        return say("%(start)s to %(end)s", start=start, end=end)
    return start or (say("until %(end)s", end=end) if end else NOTHING)


def _affiliation(item: Service, say: Phrases) -> Said:
    """Whether the provider is linked to the Community Partner, and when the member was told (requirement D10)."""
    if item.affiliated is None:
        return say("Not stated")
    if not item.affiliated:
        return say("No")
    if item.affiliation_disclosed_on:
        return say("Yes; told on %(day)s", day=say.day(item.affiliation_disclosed_on))
    return say("Yes; not disclosed")


def amount_text(quantity: Quantity | None, say: Phrases) -> Said:
    """``14 hours per week, authorized by …``; empty without an authorizer, whatever amount the file names (requirement
    D12)."""
    if quantity is None or not quantity.authorized_by.strip():
        return NOTHING
    number = f"{quantity.amount:f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    amount = f"{number} {quantity.unit}{f' per {quantity.interval}' if quantity.interval else ''}"
    source = say.joined(", ", (quantity.source, say.day(quantity.authorized_on)))
    if source:
        return say(
            "%(amount)s, authorized by %(who)s (%(source)s)", amount=amount, who=quantity.authorized_by, source=source
        )
    return say("%(amount)s, authorized by %(who)s", amount=amount, who=quantity.authorized_by)


def medications(plan: Plan, say: Phrases) -> dict[str, Any]:
    """The list; ``reconciled`` names the clinician who reconciled it, ``reported`` says that nobody did: one of them is
    empty."""
    by = plan.medications_reconciled_by
    reconciled = NOTHING
    reported = say.joined(
        " ",
        (say("Not reconciled."), say("This list is what was reported. No clinician has reconciled it.")),
    )
    if by:
        npi = f", NPI {by.npi}" if by.npi else ""
        reconciled = say(
            "Reconciled by %(who)s, on %(day)s.", who=f"{by.name}, {by.credential}{npi}", day=say.day(by.on, long=True)
        )
    columns = [
        Column(say("Medicine"), 36),
        Column(say("Directions"), 25),
        Column(say("Source"), 24),
        Column(say("As of"), 15),
    ]
    rows = [
        [
            Cell(item.name, (), item.part2),
            Cell(item.directions),
            Cell(
                item.source,
                small(say("prescribed by %(name)s", name=item.prescriber) if item.prescriber else ""),
            ),
            Cell(say.day(item.as_of)),
        ]
        for item in plan.medications
    ]
    return {"medications": grid(columns, rows), "reconciled": reconciled, "reported": NOTHING if by else reported}


def safety(plan: Plan, say: Phrases) -> dict[str, Any]:
    """Risks and measures, what to do in a crisis, who steps in, whom to call."""
    columns = [Column(say("Risk"), 42), Column(say("What is done about it"), 58)]
    contacts = [
        ", ".join(filter(None, (item.name, item.relation, phone(item.phone)))) for item in plan.emergency_contacts
    ]
    blocks = [
        block(say("In a crisis"), [plan.crisis_plan]),
        block(say("If a helper does not come (backup plan)"), [plan.backup_plan]),
        block(say("Emergency contacts"), contacts),
    ]
    return {
        "risks": grid(columns, [[Cell(item.risk, (), item.part2), Cell(item.measure)] for item in plan.risks]),
        "safety": [each for each in blocks if each["texts"]],
    }


def block(label: Said, texts: list[Any]) -> dict[str, Any]:
    """A heading over one text or a list of them; texts that say nothing are left out."""
    return {"label": label, "texts": [text for text in texts if not isinstance(text, str) or text.strip()]}


def transitions(plan: Plan, say: Phrases) -> list[dict[str, Any]]:
    """Recent moves between settings of care and what follows each."""
    return [_transition(item, say) for item in plan.transitions]


def _transition(item: Transition, say: Phrases) -> dict[str, Any]:
    day = say.day(item.follow_up_on)
    follow_up: Value = item.follow_up_with
    if day:
        follow_up = say("%(day)s with %(who)s", day=day, who=item.follow_up_with) if item.follow_up_with else day
    rows: list[tuple[Said, Value]] = [
        (say("Admitted"), say.moment(item.admitted) if item.admitted else ""),
        (say("Discharged"), say.moment(item.discharged) if item.discharged else ""),
        (say("Home visit"), home_visit_text(item, say)),
        (say("Follow-up visit"), follow_up),
        (say("Comment"), item.comment),
    ]
    facts = [row for row in rows if row[1]]
    return {
        "title": say.joined(": ", (say(_TRANSITIONS[item.kind]), item.facility)),
        "facts": facts,
        "rows": [(facts[place], next(iter(facts[place + 1 : place + 2]), None)) for place in range(0, len(facts), 2)],
        "part2": item.part2,
    }


def home_visit_text(item: Transition, say: Phrases) -> Said:
    """The home visit after a discharge, held against 72 clock hours (requirement B3); empty where there was no
    discharge."""
    if item.discharged is None:
        return NOTHING
    due = home_visit_due(item.discharged)
    if item.home_visit_done is not None:
        when = say("done %(when)s", when=say.moment(item.home_visit_done))
        return say.joined(" ", (when, _lateness(item.home_visit_done, due, say)))
    if item.home_visit_scheduled is not None:
        when = say("scheduled %(when)s", when=say.moment(item.home_visit_scheduled))
        return say.joined(" ", (when, _lateness(item.home_visit_scheduled, due, say)))
    return say(
        "NOT SCHEDULED; due by %(when)s (%(hours)s hours after discharge)",
        when=say.moment(due),
        hours=str(HOME_VISIT_HOURS),
    )


def _lateness(moment: datetime, due: datetime, say: Phrases) -> Said:
    if moment <= due:
        return say("(within %(hours)s hours of discharge)", hours=str(HOME_VISIT_HOURS))
    hours = -((due - moment) // timedelta(hours=1))
    if hours == 1:
        return say("(LATE by 1 hour: due by %(when)s)", when=say.moment(due))
    return say("(LATE by %(hours)s hours: due by %(when)s)", hours=str(hours), when=say.moment(due))


def wellness(plan: Plan, say: Phrases) -> list[dict[str, Any]]:
    """Health and wellness, community resources, and the Flexible Services screen (requirement D15)."""
    screen = plan.flexible_services_screen
    flexible: list[Any] = []
    if screen and screen.done:
        done = say("Done on %(day)s.", day=say.day(screen.date)) if screen.date else say("Done.")
        outcome = say("Outcome: %(outcome)s.", outcome=screen.outcome) if screen.outcome else NOTHING
        flexible = [say.joined(" ", (done, outcome))]
    elif screen:
        flexible = [say("Not done.")]
    blocks = [
        block(say("Health and wellness"), [_resource(item) for item in plan.health_and_wellness]),
        block(say("Community resources"), [_resource(item) for item in plan.community_resources]),
        block(say("Flexible Services screen"), flexible),
    ]
    return [each for each in blocks if each["texts"]]


def _resource(item: Any) -> str:
    return ", ".join(filter(None, (f"{item.name}: {item.purpose}" if item.purpose else item.name, phone(item.contact))))


def coordination(plan: Plan, say: Phrases) -> Any:
    """Who else coordinates, and the line between their work and ours (requirement D14); None where nobody does."""
    columns = [Column(say("Who"), 30), Column(say("Their part"), 35), Column(say("Our part"), 35)]
    return grid(columns, [_coordinator(item, say) for item in plan.coordination])


def _coordinator(item: Any, say: Phrases) -> list[Cell]:
    kind = say(_KINDS[item.kind]) if item.kind in _KINDS else ""
    own = say("Their own plan: %(reference)s (not copied here)", reference=item.reference) if item.reference else ""
    who = ", ".join(filter(None, (item.who, item.organization, phone(item.phone))))
    return [Cell(who, small(kind)), Cell(item.their_part, small(own)), Cell(item.our_part)]


def choice(plan: Plan, say: Phrases) -> list[tuple[Said, Value]]:
    """The evidence that the member chose (LTSS: documents.md §2); an empty list where the plan holds none."""
    given = plan.choice
    if given is None:
        if plan.program is not Program.LTSS:
            return []
        return [(say("Choice of services and providers"), say("Not recorded"))]
    answers: list[tuple[Said, Value]] = [
        (say("Service options were given"), _yes(given.service_options_given, say)),
        (say("The member took part in the selection"), _yes(given.took_part_in_selection, say)),
        (say("The member agrees with the services in this plan"), _yes(given.agrees_with_plan, say)),
        (say("Provider options were given"), _yes(given.provider_options_given, say)),
        (say("The member made an informed choice of providers"), _yes(given.informed_provider_choice, say)),
        (say("Setting chosen by the member"), given.setting_chosen),
        (say("Alternatives considered"), given.alternatives_considered),
    ]
    return [row for row in answers if row[1]]


def _yes(answer: bool, say: Phrases) -> Said:
    return say("Yes") if answer else say("No")

"""Plans for the rules' tests: a sound one of each program, and what is on record for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from cpdocs.core.members import Program
from cpdocs.core.plans import (
    Choice,
    Consent,
    Coordinator,
    CopyGiven,
    Goal,
    Header,
    Monitor,
    Need,
    NeedDomain,
    Part2,
    Plan,
    Quantity,
    Reason,
    Service,
)
from cpdocs.core.providers import Clinician, Directory, Practice
from cpdocs.core.register import Register
from tests.core.rosters_made import GOOD, assignment

ON = date(2026, 11, 2)
PCP = "1234567893"
PRACTICE = Practice(
    "S01", "Testwell Family Medicine", "", "1 Street", "Boston", "MA", "02118", "", "", "", "", "sftp", "", False
)

CONSENT = Consent(
    discloser="Sample CP",
    scope="My care plan",
    recipients="My treating providers",
    purpose="Treatment",
    signed_on=date(2026, 10, 1),
    expires_on=date(2027, 10, 1),
    revocation="At any time, in writing",
    redisclosure="May be passed on where the law allows it",
    refusal="Care goes on without these items",
)


def header(**changed: Any) -> Header:
    """A sound header, changed."""
    base = Header(
        Program.BH, 1, Reason.INITIAL, date(2026, 10, 20), date(2026, 10, 28), date(2026, 10, 28), date(2027, 10, 27)
    )
    return replace(base, **changed)


def service(**changed: Any) -> Service:
    """A sound paid service, changed."""
    return replace(
        Service(name="Personal care attendant", provider="Evenhand Home Care", affiliated=False, choice_offered=True),
        **changed,
    )


def plan(**changed: Any) -> Plan:
    """A sound BH plan, changed."""
    base = Plan(
        schema="cpdocs.plan/1",
        plan=header(),
        member_id=GOOD["member_id"],
        pcp_npi=PCP,
        practice_id="S01",
        coordinator=Coordinator("Hedgerow Specimen", "Sample CP", "(617) 555-0100"),
        monitor=Monitor("Hedgerow Specimen"),
        part2=Part2(applies=False),
        needs=(Need(NeedDomain.SOCIAL, "No ride to appointments"),),
        goals=(Goal("I want to stay in my own apartment."),),
        services=(service(),),
        crisis_plan="Call the coordinator.",
        backup_plan="Call the agency first.",
        copy_given=CopyGiven(ON, "paper", "English"),
    )
    return replace(base, **changed)


def ltss(**changed: Any) -> Plan:
    """A sound LTSS plan, changed."""
    return plan(**{"plan": header(program=Program.LTSS), "choice": Choice(True, True, True, True, True), **changed})


def quantity(**changed: Any) -> Quantity:
    """An authorized quantity, changed."""
    from decimal import Decimal

    return replace(
        Quantity(Decimal(14), "hours", "week", "MassHealth LTSS TPA", "Prior authorization notice"), **changed
    )


def register(**changed: str) -> Register:
    """A register in which both plans' member is enrolled in both programs; ``changed`` alters the roster line."""
    items = [assignment(**{"program": program, **changed}) for program in ("BH", "LTSS")]
    directory = Directory({"S01": PRACTICE}, {PCP: (Clinician(PCP, "Testwell", "Alpha", "MD", "S01", "pcp", True),)})
    found = {item.key: item for item in items}
    return Register(directory, found, {items[0].member_id: tuple(found)})

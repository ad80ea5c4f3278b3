"""Seed pieces: letters of a run to the organization's own people, among all others, to see when and how the mail
arrives.

They hold no member's data, answer no line of a roster and letter nobody; their sheets are accounted for as seeds
(mailroom.md, "Reconciliation").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cpdocs.core.members import Assignment, Program


@dataclass(frozen=True, slots=True)
class Seed:
    """Somebody of our own who gets a letter of every run, as they stand in cpdocs.toml."""

    name: str
    address1: str
    city: str
    state: str
    zip: str
    address2: str = ""
    language: str = ""
    large_print: bool = False
    program: str = "BH"
    cp_org: str = ""


def seed_assignment(seed: Seed, on: date) -> Assignment:
    """What a letter to ``seed`` is made from: their own name and address, no member, no plan, and the day of the
    letter."""
    return Assignment(
        member_id="",
        last_name="",
        first_name=seed.name,
        middle_name="",
        suffix="",
        dob=date(1970, 1, 1),
        sex="",
        language_spoken="",
        language_written=seed.language,
        format_need="large_print" if seed.large_print else "standard",
        address1=seed.address1,
        address2=seed.address2,
        city=seed.city,
        state=seed.state,
        zip=seed.zip,
        county="",
        phone="",
        safe_contact="mail",
        guardian_name="",
        guardian_relation="",
        plan_name="",
        plan_type="",
        program=Program(seed.program),
        cp_org=seed.cp_org,
        assigned_on=on,
        end_on=None,
        status="assigned",
        assignment_source="",
        exclusion_flags=(),
        dmh_accs=False,
        pcp_npi="",
        practice_id="",
        coordinator="",
        mrn="",
    )

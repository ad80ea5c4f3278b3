"""Members and their assignments, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from sys import intern
from typing import Any, TypeAlias

from cpdocs.core.organizations import compared_name


class Program(StrEnum):
    """The two kinds of Community Partner."""

    BH = "BH"
    LTSS = "LTSS"


AssignmentKey: TypeAlias = tuple[str, str, str, str]
"""Member id, program, CP as compared, ISO date of assignment: an assignment's identity (contract §1)."""


def assignment_key(member_id: str, program: str, cp_org: str, assigned_on: str) -> AssignmentKey:
    """The identity of an assignment. How a payer writes the CP doesn't count: case, spaces, punctuation and legal form
    make no other CP, and nobody is lettered again for them (contract §3)."""
    return (member_id, program, compared_name(cp_org), assigned_on)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One roster line that could be read: a member, and the assignment to one program at one CP (contract §3).

    Text fields are trimmed and NFC; absent values are empty strings or None. Codes are in the contract's own case
    (``format_need`` lower, ``plan_type`` upper, ``status`` lower, ``exclusion_flags`` upper). An empty
    ``safe_contact`` or ``status`` says nothing of either. ``end_on`` is None where there is no end.
    """

    member_id: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    dob: date
    sex: str
    language_spoken: str
    language_written: str
    format_need: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str
    county: str
    phone: str
    safe_contact: str
    guardian_name: str
    guardian_relation: str
    plan_name: str
    plan_type: str
    program: Program
    cp_org: str
    assigned_on: date
    end_on: date | None
    status: str
    assignment_source: str
    exclusion_flags: tuple[str, ...]
    dmh_accs: bool
    pcp_npi: str
    practice_id: str
    coordinator: str
    mrn: str

    @property
    def key(self) -> AssignmentKey:
        """The assignment's identity (contract §1): member, program, CP, date. It is lettered once per kind of
        letter."""
        return assignment_key(self.member_id, self.program.value, self.cp_org, _iso(self.assigned_on))

    @property
    def full_name(self) -> str:
        """First, middle, last and suffix, as written."""
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name, self.suffix) if part)


_REPEATED = frozenset(
    {
        *(
            "sex",
            "language_spoken",
            "language_written",
            "format_need",
            "city",
            "state",
            "zip",
            "county",
            "safe_contact",
        ),
        *(
            "guardian_relation",
            "plan_name",
            "plan_type",
            "cp_org",
            "status",
            "assignment_source",
            "pcp_npi",
            "practice_id",
            "coordinator",
        ),
    }
)
"""Fields that many members have in common."""

_iso = lru_cache(maxsize=4096)(date.isoformat)


def shared(name: str, value: Any) -> Any:
    """``value``, the same object for all members who have it where the field ``name`` is one that many have in common.

    A program's worth of members is then held in a quarter of the memory.
    """
    return intern(value) if name in _REPEATED and type(value) is str else value


ADULT = 18
"""From this birthday on a member signs for themselves."""


def age_on(dob: date, day: date) -> int:
    """Whole years from ``dob`` to ``day``."""
    return day.year - dob.year - ((day.month, day.day) < (dob.month, dob.day))

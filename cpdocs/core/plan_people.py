"""The people of a plan: who it is about, who acts for them, who writes, watches and helps (documents.md §§1–3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """What the roster doesn't know of the member, or what the member told us since; empty fields leave the roster's."""

    preferred_name: str = ""
    pronouns: str = ""
    language: str = ""
    interpreter: str = ""
    format_need: str = ""
    mrn: str = ""


@dataclass(frozen=True, slots=True)
class Coordinator:
    """The care coordinator: the plan's author."""

    name: str
    organization: str
    phone: str
    email: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The clinical lead who stands by the plan, where the CP names one (documents.md §3)."""

    name: str
    credential: str = ""
    reviewed_on: date | None = None


@dataclass(frozen=True, slots=True)
class TeamMember:
    """One of the care team. ``gets_copy`` and ``channel`` say whether and how they receive the plan (X4)."""

    name: str
    role: str
    organization: str = ""
    phone: str = ""
    email: str = ""
    chosen_by_member: bool | None = None
    gets_copy: bool = False
    channel: str = ""


@dataclass(frozen=True, slots=True)
class EmergencyContact:
    """Whom to call."""

    name: str
    phone: str
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Monitor:
    """The person responsible for monitoring the plan."""

    name: str
    role: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class CopyGiven:
    """When and how the member was given a copy."""

    date: date
    format: str = ""
    language: str = ""
    interpreter: str = ""


@dataclass(frozen=True, slots=True)
class Representative:
    """Who acts for the member; ``authority`` says by what right (parent, guardian decree, health care proxy …),
    ``since`` from which day."""

    name: str
    relation: str
    authority: str = ""
    phone: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a grievance goes, if not to the organization's own number."""

    name: str
    phone: str = ""


def with_pcp(
    team: Iterable[TeamMember], former: Collection[str], name: str, organization: str
) -> tuple[TeamMember, ...]:
    """The care team with its PCP, by one of the ``former`` names, replaced by the new one; everybody else stays. How
    to reach the former one, and that the member chose them, is theirs and goes too."""
    return tuple(
        TeamMember(name, each.role, organization, gets_copy=each.gets_copy) if each.name in former else each
        for each in team
    )

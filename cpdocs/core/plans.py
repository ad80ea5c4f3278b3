"""A care plan as its author wrote it: the whole of ``cpdocs.plan/1`` as values (documents.md §§1–3, 5).

The field names are the keys of the plan file. A field with a default is an optional key; absent text is ``""``, an
absent date or block is None, an absent list is ``()``. Nothing here judges: ``plan_rules`` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from cpdocs.core.members import Program
from cpdocs.core.plan_people import (
    Contact,
    Coordinator,
    CopyGiven,
    EmergencyContact,
    MemberDetails,
    Monitor,
    Representative,
    Supervisor,
    TeamMember,
)
from cpdocs.core.plan_surroundings import (
    Coordination,
    CoordinationKind,
    Resource,
    Screen,
    Transition,
    TransitionKind,
)

__all__ = [
    "SCHEMA",
    "AboutMe",
    "Choice",
    "Consent",
    "Contact",
    "Coordination",
    "CoordinationKind",
    "Coordinator",
    "CopyGiven",
    "EmergencyContact",
    "Goal",
    "GoalStatus",
    "Header",
    "Medication",
    "MemberDetails",
    "Monitor",
    "Need",
    "NeedDomain",
    "Part2",
    "Plan",
    "PlanStatus",
    "Quantity",
    "Reason",
    "Reconciliation",
    "Representative",
    "Resource",
    "Risk",
    "Screen",
    "Service",
    "Step",
    "Supervisor",
    "TeamMember",
    "Transition",
    "TransitionKind",
]

SCHEMA = "cpdocs.plan/1"


class Reason(StrEnum):
    """Why this version was written (documents.md §1 item 2, requirement D9)."""

    INITIAL = "initial"
    ANNUAL = "annual"
    CHANGE = "change"
    TRANSITION = "transition"
    MEMBER_REQUEST = "member_request"


class PlanStatus(StrEnum):
    """How far its author has come. Approved is never claimed by a file: it is what the ledger says."""

    DRAFT = "draft"
    FOR_REVIEW = "for_review"


class NeedDomain(StrEnum):
    """The kinds of assessed need (documents.md §1 item 5)."""

    PHYSICAL_HEALTH = "physical_health"
    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    LTSS = "ltss"
    SOCIAL = "social"


class GoalStatus(StrEnum):
    """How a goal, or one of its steps, goes."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    MET = "met"
    CHANGED = "changed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Header:
    """What version of what this is. ``reason_text`` says in the author's words why it was updated."""

    program: Program
    version: int
    reason: Reason
    assessment_date: date
    plan_date: date
    effective_from: date
    next_review: date
    effective_to: date | None = None
    reason_text: str = ""
    status: PlanStatus = PlanStatus.FOR_REVIEW


@dataclass(frozen=True, slots=True)
class AboutMe:
    """The member, in the member's words; any script."""

    strengths: tuple[str, ...] = ()
    preferences: tuple[str, ...] = ()
    culture: str = ""
    what_matters: str = ""
    what_works: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """An assessed need. ``part2``: the item comes from a Part 2 program's records (documents.md §5)."""

    domain: NeedDomain
    need: str
    part2: bool = False
    self_reported: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A measurable step towards a goal: what, who does it, by when."""

    step: str
    who: str
    by: date | None = None
    status: GoalStatus = GoalStatus.NEW


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal as the member said it, in any language; ``translation`` is its English where it isn't English.

    ``in_member_words`` None leaves the judgement to the wording.
    """

    goal: str
    steps: tuple[Step, ...] = ()
    target_date: date | None = None
    status: GoalStatus = GoalStatus.NEW
    progress: str = ""
    translation: str = ""
    in_member_words: bool | None = None
    part2: bool = False


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of a service somebody else authorized; the CP never sets it (requirement D12)."""

    amount: Decimal
    unit: str
    interval: str = ""
    authorized_by: str = ""
    source: str = ""
    authorized_on: date | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A paid or unpaid support. ``relationship`` is the unpaid helper's to the member.

    ``affiliated``: the provider is owned by or linked to the CP; ``affiliation_disclosed_on`` is when the member was
    told.
    """

    name: str
    provider: str = ""
    contact: str = ""
    funding_source: str = ""
    start: date | None = None
    end: date | None = None
    paid: bool = True
    self_directed: bool = False
    relationship: str = ""
    delivery_address: str = ""
    affiliated: bool | None = None
    affiliation_disclosed_on: date | None = None
    choice_offered: bool | None = None
    quantity: Quantity | None = None
    comment: str = ""
    part2: bool = False


@dataclass(frozen=True, slots=True)
class Medication:
    """A medicine as reported, by whom, on what day: a report, not a reconciliation (requirement E5)."""

    name: str
    directions: str = ""
    source: str = ""
    as_of: date | None = None
    prescriber: str = ""
    part2: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The named clinician who reconciled the medication list, and when; without it the list is only a report."""

    name: str
    credential: str
    on: date
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk and what is done about it."""

    risk: str
    measure: str = ""
    part2: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Evidence that the member chose (documents.md §2, HL7 eLTSS); an absent answer is no answer, not a yes."""

    service_options_given: bool = False
    took_part_in_selection: bool = False
    agrees_with_plan: bool = False
    provider_options_given: bool = False
    informed_provider_choice: bool = False
    setting_chosen: str = ""
    alternatives_considered: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A written consent to disclose Part 2 records (42 CFR 2.31, documents.md §5).

    ``patient`` empty means the plan's own member. ``expires_when`` is the event that ends it, or "none", where no date
    does. ``revocation`` says that and how it may be revoked, ``redisclosure`` that a recipient may pass the records on,
    ``refusal`` what follows from not signing; ``signed_by`` names the person who signed where it wasn't the patient.
    """

    discloser: str = ""
    scope: str = ""
    recipients: str = ""
    purpose: str = ""
    signed_on: date | None = None
    expires_on: date | None = None
    expires_when: str = ""
    revoked_on: date | None = None
    patient: str = ""
    signed_by: str = ""
    revocation: str = ""
    redisclosure: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Part2:
    """Whether the plan carries Part 2 records, and the consent under which they are disclosed."""

    applies: bool
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan file."""

    schema: str
    plan: Header
    member_id: str
    pcp_npi: str
    practice_id: str
    coordinator: Coordinator
    monitor: Monitor
    part2: Part2
    member: MemberDetails = field(default_factory=MemberDetails)
    representative: Representative | None = None
    supervisor: Supervisor | None = None
    care_team: tuple[TeamMember, ...] = ()
    about_me: AboutMe = field(default_factory=AboutMe)
    needs: tuple[Need, ...] = ()
    goals: tuple[Goal, ...] = ()
    services: tuple[Service, ...] = ()
    medications: tuple[Medication, ...] = ()
    medications_reconciled_by: Reconciliation | None = None
    risks: tuple[Risk, ...] = ()
    crisis_plan: str = ""
    backup_plan: str = ""
    emergency_contacts: tuple[EmergencyContact, ...] = ()
    transitions: tuple[Transition, ...] = ()
    coordination: tuple[Coordination, ...] = ()
    health_and_wellness: tuple[Resource, ...] = ()
    community_resources: tuple[Resource, ...] = ()
    flexible_services_screen: Screen | None = None
    choice: Choice | None = None
    pcp_actions: tuple[str, ...] = ()
    copy_given: CopyGiven | None = None
    grievance: Contact | None = None

    @property
    def program(self) -> Program:
        return self.plan.program

    @property
    def version(self) -> int:
        return self.plan.version

    @property
    def carries_part2(self) -> bool:
        """Whether Part 2 records are in it: said so for the whole, or by any one item's flag."""
        lists = (self.needs, self.goals, self.services, self.medications, self.risks, self.transitions)
        return self.part2.applies or any(item.part2 for items in lists for item in items)

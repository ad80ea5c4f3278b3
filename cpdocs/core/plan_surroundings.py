"""What happens around the member: moves between settings, others who coordinate, and what the community offers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class TransitionKind(StrEnum):
    """A move between settings of care (documents.md §1 item 10)."""

    ADMISSION = "admission"
    DISCHARGE = "discharge"
    EMERGENCY = "emergency"
    MOVE = "move"


class CoordinationKind(StrEnum):
    """Who else coordinates for the member (documents.md §1 item 12, §2; requirements A8, D14, X4)."""

    PAYER = "payer"
    DMH_ACCS = "dmh_accs"
    CBHC = "cbhc"
    STATE_AGENCY = "state_agency"
    WAIVER = "waiver"
    DDS = "dds"
    SCHOOL = "school"
    LTSS_PROVIDER = "ltss_provider"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Transition:
    """An admission or discharge and what follows it; the home visit is due within 72 clock hours (requirement B3)."""

    kind: TransitionKind
    facility: str
    admitted: datetime | None = None
    discharged: datetime | None = None
    home_visit_scheduled: datetime | None = None
    home_visit_done: datetime | None = None
    follow_up_on: date | None = None
    follow_up_with: str = ""
    comment: str = ""
    part2: bool = False


@dataclass(frozen=True, slots=True)
class Coordination:
    """Somebody else who coordinates, and where their work ends and ours begins.

    ``reference`` points to a plan that they hold (waiver plan, ISP, IEP, ACCS plan); it is never copied (documents.md
    §2).
    """

    who: str
    their_part: str
    our_part: str = ""
    kind: CoordinationKind = CoordinationKind.OTHER
    organization: str = ""
    phone: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A community resource, or a way to keep well."""

    name: str
    purpose: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """The Flexible Services screen (requirement D15)."""

    done: bool
    date: date | None = None
    outcome: str = ""

"""The PDF for the chart, page by page: what each page is, and the places on it that held only until somebody approved.

A plan is issued for review. Templates name (``data-field``) what says so, and the lines that a signer would fill; the
names travel in the sealed file's structure tree. Of a filed copy the words that no longer hold are taken out, and what
is true now is written in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cpdocs.core.verdicts import Slot

PLAN_STATUS = "PlanStatus"
HOW_TO_SIGN = "HowToSign"
SEAL_CHECK = "SealCheck"
UNTIL_APPROVED = frozenset({PLAN_STATUS, HOW_TO_SIGN, SEAL_CHECK})
"""What these places say is no longer true of an approved plan."""

BOXES = {Slot.MEMBER: "MemberSig", Slot.PCP: "PCPSig"}
"""The box of each slot."""

LINES = frozenset(
    {"MemberName", "MemberRelation", "MemberDate", "PCPName", "PCPCredential", "PCPNPI", "PCPDate", "PCPIsPCP"}
    | {"PCPIsDesignee"}
)
"""Lines and small boxes that a signer would fill by hand."""

PLACES = UNTIL_APPROVED | LINES | frozenset(BOXES.values())


class PageOrigin(StrEnum):
    """Where a filed page comes from: the plan as issued, paper that came back, or our own certificate."""

    PLAN = "plan"
    PAPER = "paper"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Place:
    """A named place on a page: corners in PDF points from the lower left, and the size of its letters in points (0
    where it held none)."""

    name: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class FiledPage:
    """One page of the copy for the chart. ``number`` is the page of the plan that it shows (0: none), ``places`` what
    is to be filled on it, ``signed`` the signature fields that show a picture on it."""

    origin: PageOrigin
    number: int = 0
    places: tuple[Place, ...] = ()
    signed: tuple[str, ...] = ()

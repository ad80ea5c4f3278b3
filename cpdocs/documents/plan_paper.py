"""What one issued plan version is printed from: the plan, the people and offices on record, and the form it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cpdocs.core.members import Assignment
from cpdocs.core.plans import Plan
from cpdocs.core.providers import Clinician, Practice
from cpdocs.core.senders import Payer, Sender, Senders
from cpdocs.core.verdicts import Slot
from cpdocs.documents.letter_languages import Catalogue


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """Everything that one issued version is made from.

    ``meanings`` is what each signature says, the same words that the signature fields carry. ``supersedes`` is the
    document id of the version before, or empty;
    ``changes`` says what changed since, medicines first. ``sandbox`` marks every page as practice material.
    ``catalogue`` holds our words in the member's language, None for a plan in English alone; ``large_print`` sets
    everything that the member reads in 18 points and one column.
    ``copy_of`` is the document id of the plan that this is a copy for information of, which nobody signs; empty for the
    plan itself.
    """

    plan: Plan
    document_id: str
    member: Assignment
    pcp: Clinician
    practice: Practice
    senders: Senders
    titles: Mapping[str, str]
    meanings: Mapping[Slot, str]
    issued_at: datetime
    supersedes: str = ""
    changes: tuple[str, ...] = ()
    sandbox: bool = False
    catalogue: Catalogue | None = None
    large_print: bool = False
    copy_of: str = ""

    @property
    def sender(self) -> Sender:
        """The letterhead: that of the member's Community Partner."""
        return self.senders.for_cp(self.member.cp_org)

    @property
    def payer(self) -> Payer:
        """The terms of the member's health plan."""
        return self.senders.payer(self.member.plan_name)

    @property
    def title(self) -> str:
        """What the site calls this program's plan (requirement X5)."""
        return self.titles[self.plan.program.value]

    @property
    def language(self) -> str:
        """The member's language by name: as they told us since, else the roster's."""
        return self.plan.member.language or self.member.language_spoken

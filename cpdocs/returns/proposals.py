"""What the record proposes for the review of a held item: who may have signed, with which credential, for whom.

Proposals alone: a person reads the page and says what stands there. ``cpdocs held show`` prints them, and the desk's
form begins with them. By who was on record when the pages came, as :mod:`cpdocs.returns.attest` judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.guardianship import must_be_represented
from cpdocs.core.signers import PCP, PLAN_APPROVAL, may_approve
from cpdocs.core.verdicts import Slot
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.records import find_plan
from cpdocs.returns.attest import directory_for

if TYPE_CHECKING:
    from datetime import date, datetime

    from cpdocs.core.members import Assignment
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.review_queue import Item
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody on record who may have signed in the PCP's slot: the plan's PCP, or a designee of theirs for plan
    approval. ``role`` is ``pcp`` or ``pcp_designee``; ``against`` are the codes of contract §6 for which they may not
    approve on the day of receipt, none as a rule."""

    npi: str
    name: str
    credential: str
    role: str
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a form for one item begins with.

    ``slots`` are the approvals that are open still; ``pcp`` the signers, the plan's PCP first, then whoever may approve
    before whoever may not; ``member`` the member's name, ``representative`` and ``relation`` those of whoever
    signs for them (empty: they sign). ``received_on`` is the day by which the signature was there at the latest.
    """

    document_id: str
    slots: tuple[Slot, ...]
    pcp: tuple[Signer, ...]
    member: str
    representative: str
    relation: str
    received_on: date


def propose(ws: Workspace, item: Item) -> Proposal | None:
    """What the record proposes for ``item``; None where no plan is known to which it belongs."""
    plan = find_plan(ws.ledger, item.document_id) if item.document_id else None
    if plan is None:
        return None
    context = DecisionContext(ws)
    context.refresh()
    received_at = item.first.received_at
    member, _ = context.member_of(plan)
    acts = _acting(context, plan, member, eastern_date(received_at)) if member else ("", "")
    return Proposal(
        document_id=plan.document_id,
        slots=tuple(slot for slot in Slot if slot not in plan.fills),
        pcp=tuple(
            sorted(_signers(context, plan, received_at), key=lambda each: (each.role != PCP, bool(each.against)))
        ),
        member=member.full_name if member else "",
        representative=acts[0],
        relation=acts[1],
        received_on=eastern_date(received_at),
    )


def _acting(context: DecisionContext, plan: PlanRecord, member: Assignment, on: date) -> tuple[str, str]:
    """Who signs for the member on that day, name and relation: the guardian on record, for a minor the roster's."""
    guardians = context.guardians_of(plan)
    if acting := guardians.acting(on):
        return acting[-1].name, acting[-1].relation
    if must_be_represented(member.dob, guardians, on):
        return member.guardian_name, member.guardian_relation
    return "", ""


def _signers(context: DecisionContext, plan: PlanRecord, received_at: datetime) -> Iterator[Signer]:
    for npi in _npis(context, plan, received_at):
        standing = may_approve(
            signer_npi=npi,
            pcp_npi=plan.pcp_npi,
            practice_id=plan.practice_id,
            member_id=plan.member_id,
            directory=directory_for(context, npi, received_at),
            signed_at=received_at,
            received_at=received_at,
            current_pcp_npi=context.pcp_of(plan, received_at) or None,
        )
        row = standing.clinician
        if row is not None:
            against = tuple(each.code for each in standing.findings)
            yield Signer(npi, f"{row.first_name} {row.last_name}", row.credential, standing.role, against)


def _npis(context: DecisionContext, plan: PlanRecord, received_at: datetime) -> Iterable[str]:
    """The plan's PCP, and whom that PCP designated for plan approval by what was on record then or is now."""
    then = context.directory_at(received_at) or context.directory
    named = (
        each.designee_npi
        for each in (*then.designations, *context.directory.designations)
        if each.pcp_npi == plan.pcp_npi and PLAN_APPROVAL in each.tasks
    )
    return dict.fromkeys((plan.pcp_npi, *named))

"""What a named person attests about handwriting on a returned page: who signed, with which credential, on which day.

The evidence is ``ink_scan``, never a digital signature. Nobody attests a person into eligibility: who may approve is
judged as for any signature (contract §6), on the day that is written beside the ink and on the day of receipt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.events import JSON
from cpdocs.core.held_words import why_not_this_signer
from cpdocs.core.signers import may_approve
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.errors import AnswerIsNo, InputFault, UsageFault, required_text
from cpdocs.plans.signers import may_sign

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.providers import Directory
    from cpdocs.plans.decision_context import DecisionContext


@dataclass(frozen=True, slots=True)
class Attestation:
    """What ``by`` read from the paper about one slot. ``signed_on`` None: no date is written, and none is invented.
    ``npi`` and ``credential`` for the PCP's slot; ``representative`` and ``relation`` where somebody signed for the
    member. ``credential`` empty: as it stands on record. ``stamp``: by a rubber stamp and no pen; ``witnesses`` of a
    mark; ``seen_by_eye`` why ink is there although none was recognized; ``pages_missing`` why the pages that didn't
    come don't matter."""

    slot: Slot
    signed_on: date | None
    by: str
    npi: str = ""
    credential: str = ""
    representative: str = ""
    relation: str = ""
    stamp: bool = False
    witnesses: tuple[str, ...] = ()
    seen_by_eye: str = ""
    pages_missing: str = ""

    @property
    def how(self) -> str:
        """All of it in words, as they stay on the record and on the certificate page."""
        told = [f"{'a stamp' if self.stamp else 'handwriting'} on a returned copy, read by {self.by.strip()}"]
        if self.signed_on is None:
            told.append("no date is written")
        if self.witnesses:
            told.append(f"a mark, witnessed by {' and '.join(self.witnesses)}")
        if self.seen_by_eye:
            told.append(f"no ink was recognized in the box: {self.seen_by_eye}")
        if self.pages_missing:
            told.append(f"pages are missing: {self.pages_missing}")
        return "; ".join(told)

    def as_json(self) -> dict[str, JSON]:
        """What a second reader must attest too: everything but who reads and why."""
        return {
            "slot": self.slot.value,
            "signed_on": self.signed_on.isoformat() if self.signed_on else None,
            "npi": self.npi,
            "credential": self.credential.strip().upper(),
            "representative": self.representative,
            "relation": self.relation,
            "stamp": self.stamp,
        }


def ink_fill(
    context: DecisionContext, plan: PlanRecord, said: Attestation, *, received_at: datetime, now: datetime
) -> dict[str, JSON]:
    """The data of the ``SLOT_FILLED`` event that ``said`` comes to, but for the document and the returned file.

    Raises:
        UsageFault: something that must be attested is missing.
        InputFault: the version or its slot isn't open, or the day can't be.
        AnswerIsNo: the signer may not approve; every reason is listed.
    """
    required_text(said.by, "An attestation needs a name.", "Say with --by who read the page.")
    transitions.may_fill(plan, said.slot, on=said.signed_on or eastern_date(received_at), now=now)
    transitions.must_take_part(plan, context.member_of(plan)[1])
    if said.signed_on and said.signed_on > eastern_date(received_at):
        raise InputFault(
            f"{plan.document_id}: signed on {said.signed_on}, after it was received.", todo="Read the date again."
        )
    who = _pcp(context, plan, said, received_at) if said.slot is Slot.PCP else _member(context, plan, said, received_at)
    return {
        "slot": said.slot.value,
        "evidence": Evidence.INK_SCAN.value,
        **who,
        "signed_at": None,
        "on": said.signed_on.isoformat() if said.signed_on else None,
        "received_at": received_at.isoformat(),
        "attested_by": said.by.strip(),
        "how": said.how,
    }


def directory_for(context: DecisionContext, npi: str, received_at: datetime) -> Directory:
    """Who is judged by what: by the directory of the moment in which the page came, whatever became of it since.
    Whoever was put on record only later is judged by what is there now."""
    then = context.directory_at(received_at)
    return then if then is not None and then.rows_of(npi) else context.directory


def _pcp(context: DecisionContext, plan: PlanRecord, said: Attestation, received_at: datetime) -> dict[str, JSON]:
    if not said.npi:
        raise UsageFault(
            "The PCP's slot needs the signer's NPI.", todo="Give it with --npi, as it stands on the page or on record."
        )
    # Paper shows a day and no hour: its end, but never after the page reached us.
    day = said.signed_on or eastern_date(received_at)
    signed_at = min(datetime.combine(day, time(23, 59), EASTERN).astimezone(UTC), received_at)
    standing = may_approve(
        signer_npi=said.npi,
        pcp_npi=plan.pcp_npi,
        practice_id=plan.practice_id,
        member_id=plan.member_id,
        directory=directory_for(context, said.npi, received_at),
        signed_at=signed_at,
        received_at=received_at,
        directory_then=context.directory_at(signed_at),
        current_pcp_npi=context.pcp_of(plan, received_at) or None,
    )
    if not standing.may_approve or standing.clinician is None:
        problems = why_not_this_signer(standing.findings)
        raise AnswerIsNo(
            f"{plan.document_id}: this signer may not approve the plan; nothing was accepted.", problems=problems
        )
    row = standing.clinician
    if said.credential and said.credential.strip().upper() != row.credential.upper():
        raise AnswerIsNo(
            f"{plan.document_id}: the page says {said.credential}, and on record this clinician is {row.credential}.",
            todo="Find out which is right; import the clinicians again if the record is wrong.",
        )
    return {
        "signer": f"{row.first_name} {row.last_name}",
        "npi": said.npi,
        "credential": row.credential,
        "role": standing.role,
        "on_behalf_of": standing.on_behalf_of,
    }


def _member(context: DecisionContext, plan: PlanRecord, said: Attestation, received_at: datetime) -> dict[str, JSON]:
    if said.npi or said.credential:
        raise UsageFault("The member's slot takes no NPI and no credential.", todo="Use --slot pcp for a clinician.")
    if bool(said.representative) != bool(said.relation):
        raise UsageFault(
            "A representative has a name and a relation to the member.",
            todo="Give --representative and --relation together.",
        )
    member, _ = context.member_of(plan)
    if member is not None:
        on = said.signed_on or eastern_date(received_at)
        may_sign(plan, member.dob, context.guardians_of(plan), on=on, representative=said.representative)
    return {
        "signer": said.representative or (member.full_name if member else ""),
        "npi": "",
        "credential": "",
        "role": "representative" if said.representative else "member",
        "on_behalf_of": said.relation,
    }

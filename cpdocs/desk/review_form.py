"""What a reviewer says on the review page, read from the form: both slots in one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.ids import is_npi
from cpdocs.core.signers import PLAN_APPROVAL, may_approve
from cpdocs.core.verdicts import Slot
from cpdocs.errors import UsageFault
from cpdocs.register.load import load_register
from cpdocs.returns.attest import Attestation

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.review_queue import Item
    from cpdocs.workspace import Workspace

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody on record who may have signed as PCP: for the form to choose from. ``as_what`` says why."""

    npi: str
    name: str
    as_what: str


def signers(ws: Workspace, plan: PlanRecord, item: Item) -> list[Signer]:
    """The plan's PCP and those designees of the PCP who may approve this plan on the day of receipt."""
    directory = load_register(ws, plan.member_id).directory
    wanted = [plan.pcp_npi, *(each.designee_npi for each in directory.designations if each.pcp_npi == plan.pcp_npi
                              and PLAN_APPROVAL in each.tasks)]  # fmt: skip
    found = []
    for npi in dict.fromkeys(wanted):
        at = item.first.received_at
        standing = may_approve(
            signer_npi=npi,
            pcp_npi=plan.pcp_npi,
            practice_id=plan.practice_id,
            member_id=plan.member_id,
            directory=directory,
            signed_at=at,
            received_at=at,
        )
        if standing.clinician is not None and (npi == plan.pcp_npi or standing.may_approve):
            as_what = "PCP of this plan" if npi == plan.pcp_npi else "designee of the PCP"
            found.append(Signer(npi, standing.clinician.display_name, as_what))
    return found


def attestations(form: Mapping[str, str]) -> list[Attestation]:
    """What the form attests, the PCP's slot first. Raises UsageFault in the form's own words."""
    slots = [slot for slot in (Slot.PCP, Slot.MEMBER) if form.get(f"slot_{slot.value}")]
    if not slots:
        raise UsageFault("Nobody's signature is ticked.", todo="Tick the member, the PCP, or both.")
    by = form.get("by", "").strip()
    if not by:
        raise UsageFault("Who read the page?", todo="Give your name; it stands on the record.")
    return [_attestation(form, slot, by) for slot in slots]


def _attestation(form: Mapping[str, str], slot: Slot, by: str) -> Attestation:
    def said(name: str) -> str:
        return form.get(name, "").strip()

    seen_by_eye, pages_missing = said("seen_by_eye"), said("pages_missing")
    signed_on = _day(form, slot)
    if slot is Slot.PCP:
        npi = said("npi_other") if said("npi") == OTHER else said("npi")
        if not is_npi(npi):
            raise UsageFault(
                "Which clinician signed?", todo="Choose one, or give the ten digits of the NPI that stands on the page."
            )
        stamp = bool(said("stamp"))
        return Attestation(
            slot,
            signed_on,
            by,
            npi,
            said("credential"),
            stamp=stamp,
            seen_by_eye=seen_by_eye,
            pages_missing=pages_missing,
        )
    if bool(said("representative")) != bool(said("relation")):
        raise UsageFault(
            "A representative needs a name and a relation to the member.", todo="Fill in both, or leave both empty."
        )
    return Attestation(
        slot,
        signed_on,
        by,
        representative=said("representative"),
        relation=said("relation"),
        witnesses=tuple(each for each in (said("witness_1"), said("witness_2")) if each),
        seen_by_eye=seen_by_eye,
        pages_missing=pages_missing,
    )


def _day(form: Mapping[str, str], slot: Slot) -> date | None:
    whose = "member's" if slot is Slot.MEMBER else "PCP's"
    text, none = form.get(f"{slot.value}_on", "").strip(), bool(form.get(f"{slot.value}_no_date"))
    if bool(text) == none:
        raise UsageFault(
            f"On which day is the {whose} signature dated?",
            todo="Give the date as it is written, or tick that none is.",
        )
    if none:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"The {whose} date can't be read.", todo="Write it like 2026-11-03.") from None

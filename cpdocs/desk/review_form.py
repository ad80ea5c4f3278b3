"""What a reviewer says on the review page, read from the form: both slots in one act."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core.ids import is_npi
from cpdocs.core.signers import PCP
from cpdocs.core.verdicts import Slot
from cpdocs.desk.forms import FieldFault
from cpdocs.returns.attest import Attestation
from cpdocs.returns.proposals import Signer, propose

if TYPE_CHECKING:
    from cpdocs.core.review_queue import Item
    from cpdocs.workspace import Workspace

OTHER = "other"


def signers(ws: Workspace, item: Item) -> list[Signer]:
    """Whom the form offers as the PCP's slot's signer: the plan's PCP, and those who may approve for the PCP."""
    found = propose(ws, item)
    return [each for each in found.pcp if each.role == PCP or not each.against] if found else []


def attestations(form: Mapping[str, str]) -> list[Attestation]:
    """What the form attests, the PCP's slot first. Raises FieldFault in the form's own words."""
    slots = [slot for slot in (Slot.PCP, Slot.MEMBER) if form.get(f"slot_{slot.value}")]
    if not slots:
        raise FieldFault(
            "Nobody's signature is ticked.", field="slot_member", todo="Tick the member, the PCP, or both."
        )
    by = form.get("by", "").strip()
    if not by:
        raise FieldFault("Who read the page?", field="by", todo="Give your name; it stands on the record.")
    return [_attestation(form, slot, by) for slot in slots]


def _attestation(form: Mapping[str, str], slot: Slot, by: str) -> Attestation:
    def said(name: str) -> str:
        return form.get(name, "").strip()

    seen_by_eye, pages_missing = said("seen_by_eye"), said("pages_missing")
    signed_on = _day(form, slot)
    if slot is Slot.PCP:
        npi = said("npi_other") if said("npi") == OTHER else said("npi")
        if not is_npi(npi):
            raise FieldFault(
                "Which clinician signed?",
                field="npi_other" if said("npi") == OTHER else "npi",
                todo="Choose one, or give the ten digits of the NPI that stands on the page.",
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
        raise FieldFault(
            "A representative needs a name and a relation to the member.",
            field="relation" if said("representative") else "representative",
            todo="Fill in both, or leave both empty.",
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
        raise FieldFault(
            f"On which day is the {whose} signature dated?",
            field=f"{slot.value}_on",
            todo="Give the date as it is written, or tick that none is.",
        )
    if none:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldFault(
            f"The {whose} date can't be read.", field=f"{slot.value}_on", todo="Write it like 2026-11-03."
        ) from None

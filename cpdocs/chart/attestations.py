"""What stands behind the PCP's slot besides the signature itself: the designation, and how the signer was identified.

A designee attests by signing: the field's own text says so, and the signature carries it as its reason. Beside it the
record says who designated them, since when, and who attested that (requirements D5, X11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.key_records import KEY_EVENTS, fold_keys
from cpdocs.core.moments import day_text
from cpdocs.core.plan_record import PlanRecord, SlotFill
from cpdocs.core.signers import PCP_DESIGNEE, PLAN_APPROVAL
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.providers import Designation
    from cpdocs.workspace import Workspace


def attestations(ws: Workspace, record: PlanRecord) -> tuple[tuple[str, str], ...]:
    """Rows for the certificate page, heading and text; empty while the PCP's slot is."""
    fill = record.fills.get(Slot.PCP)
    if fill is None:
        return ()
    rows = list(_designation_rows(ws, record, fill)) if fill.role == PCP_DESIGNEE else []
    if identity := _identity(ws, fill):
        rows.append(("Identity check", identity))
    return tuple(rows)


def _designation_rows(ws: Workspace, record: PlanRecord, fill: SlotFill) -> list[tuple[str, str]]:
    directory = load_register(ws, record.member_id).directory
    day = fill.on or eastern_date(fill.signed_at or fill.received_at)
    found = [
        each
        for each in directory.designations
        if (each.designee_npi, each.pcp_npi) == (fill.npi, record.pcp_npi)
        and PLAN_APPROVAL in each.tasks
        and each.valid_from <= day
        and (each.valid_to is None or day <= each.valid_to)
    ]
    pcp = next((row.display_name for row in directory.rows_of(record.pcp_npi)), "")
    who = f"{pcp}, NPI {record.pcp_npi}" if pcp else f"NPI {record.pcp_npi}"
    if not found:
        return [("Designated by", f"{who}; the designation is no longer on record")]
    best = found[0]
    return [
        ("Designated by", f"{who}, from {day_text(best.valid_from)}{_until(best)}; attested by {best.attested_by}"),
        ("On the member's care team", _said(best, best.on_care_team, fill)),
        ("Face-to-face with the PCP", _said(best, best.face_to_face_with_pcp, fill)),
    ]


def _until(designation: Designation) -> str:
    return f" to {day_text(designation.valid_to)}" if designation.valid_to else ""


def _said(designation: Designation, yes: bool, fill: SlotFill) -> str:
    by_record = f"{'yes' if yes else 'no'}, as {designation.attested_by} attested on record"
    signed = "face-to-face" in fill.stated
    return f"{by_record}; attested by the signer in the signature's own text" if signed else by_record


def _identity(ws: Workspace, fill: SlotFill) -> str:
    """How it was established who signed (requirement X11)."""
    if fill.evidence is Evidence.INK_SCAN:
        return f"the handwriting was read by {fill.attested_by}, against who is on record at the practice"
    if fill.evidence is not Evidence.DIGITAL_SIGNATURE:
        return ""
    key = fold_keys(ws.ledger.events(types=KEY_EVENTS)).get(fill.certificate_sha256)
    if key is not None and key.identity:
        return f"{key.identity}, when the digital ID was {'confirmed' if key.pinned else 'issued'}"
    return "by the authority that issued the signer's certificate"

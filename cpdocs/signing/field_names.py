"""The names of a plan's three signature fields, and what the signature in each of them means."""

from __future__ import annotations

from cpdocs.core.verdicts import Slot

SEAL_FIELD = "OrganizationSeal"
FIELD_OF_SLOT = {Slot.MEMBER: "MemberSig", Slot.PCP: "PCPSig"}
SLOT_OF_FIELD = {name: slot for slot, name in FIELD_OF_SLOT.items()}
FIELDS = (*FIELD_OF_SLOT.values(), SEAL_FIELD)

MEANING = {
    Slot.MEMBER: "I took part in making this plan and I approve it.",
    Slot.PCP: (
        "I have reviewed this plan and I approve it as the PCP, or as the PCP's designee: designated by the PCP for "
        "this, on the member's care team, and in face-to-face contact with the PCP."
    ),
}
"""What each signature says (21 CFR 11.50): printed with it and carried in it as its reason. A designee attests by it
(requirement D5)."""

EARLIER_PCP_MEANING = "I have reviewed this plan and I approve it as the PCP or the PCP's designee."
"""What the PCP's field said on plans issued before the attestations stood in it; such plans still come back."""


def means_approval(slot: Slot, reason: str) -> bool:
    """Whether a signature's reason is what its slot means."""
    return reason == MEANING[slot] or (slot is Slot.PCP and reason == EARLIER_PCP_MEANING)

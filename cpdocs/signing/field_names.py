"""The names of a plan's three signature fields, and what the signature in each of them means."""

from __future__ import annotations

from cpdocs.core.verdicts import Slot

SEAL_FIELD = "OrganizationSeal"
FIELD_OF_SLOT = {Slot.MEMBER: "MemberSig", Slot.PCP: "PCPSig"}
SLOT_OF_FIELD = {name: slot for slot, name in FIELD_OF_SLOT.items()}
FIELDS = (*FIELD_OF_SLOT.values(), SEAL_FIELD)

MEANING = {
    Slot.MEMBER: "I took part in making this plan and I approve it.",
    Slot.PCP: "I have reviewed this plan and I approve it as the PCP or the PCP's designee.",
}
"""What each signature says (21 CFR 11.50): printed with it and carried in it as its reason."""

"""What fills a slot, as its event carries it; ``core.lifecycle`` reads it back."""

from __future__ import annotations

from cpdocs.core.events import JSON
from cpdocs.core.plan_record import SlotFill


def fill_data(fill: SlotFill) -> dict[str, JSON]:
    """The data of the ``SLOT_FILLED`` event that records ``fill``, but for the document."""
    data: dict[str, JSON] = {
        "slot": fill.slot.value,
        "evidence": fill.evidence.value,
        "signer": fill.signer,
        "npi": fill.npi,
        "credential": fill.credential,
        "role": fill.role,
        "on_behalf_of": fill.on_behalf_of,
        "signed_at": fill.signed_at.isoformat() if fill.signed_at else None,
        "received_at": fill.received_at.isoformat(),
        "return_sha256": fill.return_sha256 or None,
        "attested_by": fill.attested_by or None,
        "how": fill.how,
    }
    if fill.certificate_sha256:
        data |= {
            "certificate_sha256": fill.certificate_sha256,
            "timestamped": fill.timestamped,
            "key_issued_by_us": fill.key_issued_by_us,
        }
    if fill.on:
        data["on"] = fill.on.isoformat()
    if fill.note:
        data["note"] = fill.note
    if fill.stated:
        data["stated"] = fill.stated
    if fill.further:
        data["further_sha256"] = list(fill.further)
    return data

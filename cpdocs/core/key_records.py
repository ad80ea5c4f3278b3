"""Digital IDs on record, folded from their events: who has one, who confirmed whose it is, which were taken back.

What each event carries in ``data``:

``KEY_ISSUED``
    serial, fingerprint, npi, name, credential, practice_ids, not_before, not_after, pem, identity (how it was
    established), by (who established it), custody (``holder``: they made the key and we never held it, or
    ``organization``), authority (fingerprint).
``KEY_PINNED``
    serial, fingerprint, npi, member_id (one of the two is empty), name, credential, not_before, not_after, pem,
    identity, by.
``KEY_REVOKED``
    serial, fingerprint, reason (RFC 5280), at.
``CRL_PUBLISHED``
    authority (fingerprint), number, sha256, this_update, next_update, revoked (how many).
``SIGNING_WITNESSED``
    document_id, slot, certificate_sha256, serial, pem (of the one-time certificate), before_sha256 and after_sha256
    (the file put before the member and the signed one), signer, role (member | representative), on_behalf_of, witness,
    witness_user, signed_at, ink (bool). Subjects: the document and the member.
``WORKSPACE_CREATED`` has the organization's own in ``certificates``: {root, issuing, in-person, seal: {fingerprint,
pem}}.

Each about a digital ID has ``key:`` and the serial number among its subjects, a list of revoked certificates
``crl:issuing``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from cpdocs.core.events import Event, EventType

KEY_EVENTS = (EventType.KEY_ISSUED, EventType.KEY_PINNED, EventType.KEY_REVOKED)
CRL_SUBJECT = "crl:issuing"


class KeyStatus(StrEnum):
    """What ``keys list`` says of a digital ID (contract §4)."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One digital ID. ``fingerprint`` is the SHA-256 of the certificate's DER, ``serial`` hexadecimal, times aware.

    ``authority`` is the fingerprint of ours that certified it (empty: from before that was recorded). ``pinned`` marks
    one that somebody else issued and whose holder a person confirmed: a clinician (``npi``) or a member.
    """

    serial: str
    fingerprint: str
    npi: str
    member_id: str
    name: str
    credential: str
    not_before: datetime
    not_after: datetime
    pem: str
    identity: str
    by: str
    custody: str
    pinned: bool
    recorded_at: datetime
    authority: str = ""
    revoked_at: datetime | None = None
    reason: str = ""

    def status(self, now: datetime) -> KeyStatus:
        """Where it stands at ``now`` (aware)."""
        if self.revoked_at is not None:
            return KeyStatus.REVOKED
        if now > self.not_after:
            return KeyStatus.EXPIRED
        return KeyStatus.PINNED if self.pinned else KeyStatus.GOOD


def fold_keys(events: Iterable[Event]) -> Mapping[str, KeyRecord]:
    """Every digital ID on record by fingerprint, in the order in which each was first recorded.

    One that was revoked and is pinned anew stays revoked: the reason for which it was taken back hasn't gone away.
    """
    keys: dict[str, KeyRecord] = {}
    for event in events:
        mark = str(event.data.get("fingerprint", ""))
        match event.type:
            case EventType.KEY_ISSUED | EventType.KEY_PINNED:
                keys.setdefault(mark, _record(event))
            case EventType.KEY_REVOKED if mark in keys and keys[mark].revoked_at is None:
                keys[mark] = replace(keys[mark], revoked_at=_moment(event.data["at"]), reason=event.data["reason"])
            case _:
                pass
    return keys


def _record(event: Event) -> KeyRecord:
    data: Mapping[str, Any] = event.data
    return KeyRecord(
        serial=data["serial"],
        fingerprint=data["fingerprint"],
        npi=data["npi"],
        member_id=data.get("member_id", ""),
        name=data["name"],
        credential=data["credential"],
        not_before=_moment(data["not_before"]),
        not_after=_moment(data["not_after"]),
        pem=data["pem"],
        identity=data["identity"],
        by=data["by"],
        custody=data.get("custody", "holder"),
        pinned=event.type is EventType.KEY_PINNED,
        recorded_at=event.at,
        authority=data.get("authority", ""),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

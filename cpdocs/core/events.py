"""What happened, as values. Every state in cpdocs is a fold over these; nothing else is remembered.

An event's ``subjects`` name the things it is about, each ``kind:key`` (see the helpers below), so that one
document's, member's or run's history can be read without reading the whole ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"
"""What an event may hold: no floats, since RFC 8785 text must be the same on every machine."""


class EventType(StrEnum):
    """Every kind of event. The data each carries is set out in docs/events.md, which a test keeps complete."""

    WORKSPACE_CREATED = "workspace.created"
    USER_ENROLLED = "user.enrolled"
    PIN_SET = "pin.set"
    PIN_REFUSED = "pin.refused"
    PIN_ACCEPTED = "pin.accepted"
    SETTINGS_SEEN = "settings.seen"
    CLOCK_CORRECTED = "clock.corrected"
    RECORD_ACCESSED = "record.accessed"
    GLASS_BROKEN = "glass.broken"

    ROSTER_IMPORTED = "roster.imported"
    ASSIGNMENT_RECORDED = "assignment.recorded"
    PRACTICES_IMPORTED = "practices.imported"
    CLINICIANS_IMPORTED = "clinicians.imported"
    DESIGNATIONS_IMPORTED = "designations.imported"

    RUN_BEGUN = "run.begun"
    RUN_STAGED = "run.staged"
    LETTER_STAGED = "letter.staged"
    LETTER_PULLED = "letter.pulled"
    SEED_STAGED = "seed.staged"
    RUN_RELEASED = "run.released"
    RUN_CANCELLED = "run.cancelled"
    RUN_MAILED = "run.mailed"
    RUN_REPRINTED = "run.reprinted"
    LETTER_RETURNED = "letter.returned"
    HOLD_RELEASED = "hold.released"
    MEMBER_SUPPRESSED = "member.suppressed"
    MEMBER_UNSUPPRESSED = "member.unsuppressed"
    ADDRESSES_CHECKED = "addresses.checked"

    PLAN_ISSUED = "plan.issued"
    PLAN_SENT = "plan.sent"
    PLAN_RECEIVED = "plan.received"
    PLAN_RECEIPT_CORRECTED = "plan.receipt_corrected"
    PLAN_RETURNED = "plan.returned"
    CALL_LOGGED = "call.logged"
    PLAN_WITHDRAWN = "plan.withdrawn"
    PLAN_COPY_GIVEN = "plan.copy_given"
    PLAN_VARIANT_MADE = "plan.variant_made"
    MEDICATIONS_ISSUED = "medications.issued"
    MEDICATIONS_SENT = "medications.sent"
    CONSENT_ENDED = "consent.ended"
    SLOT_FILLED = "slot.filled"
    SLOT_REFUSED = "slot.refused"
    SLOT_EMPTIED = "slot.emptied"
    SIGNING_WITNESSED = "signing.witnessed"

    RETURN_RECEIVED = "return.received"
    RETURN_DECIDED = "return.decided"
    RETURN_COMPARED = "return.compared"
    HELD_RESOLVED = "held.resolved"
    HELD_ATTESTED = "held.attested"
    HELD_SPLIT = "held.split"
    NOTICE_WRITTEN = "notice.written"
    NOTICE_SENT = "notice.sent"

    PLAN_FILED = "plan.filed"
    FILING_HELD = "filing.held"
    UPLOAD_CONFIRMED = "upload.confirmed"

    DELIVERY_QUEUED = "delivery.queued"
    DELIVERY_ATTEMPTED = "delivery.attempted"
    DELIVERY_ANSWERED = "delivery.answered"
    DELIVERY_RETRIED = "delivery.retried"
    DELIVERY_GIVEN_UP = "delivery.given_up"
    DELIVERY_WITHDRAWN = "delivery.withdrawn"
    DELIVERY_REPORTED = "delivery.reported"

    MEMBER_DECLINED = "member.declined"
    MEMBER_CHANGED_CP = "member.changed_cp"
    MEMBER_REINSTATED = "member.reinstated"
    MEMBER_DISCHARGED = "member.discharged"
    DISCHARGE_CORRECTED = "discharge.corrected"
    GUARDIAN_BEGAN = "guardian.began"
    GUARDIAN_ENDED = "guardian.ended"
    MEMBER_ATTEMPTED = "member.attempted"
    MEMBER_AGREED = "member.agreed"
    PERSON_FACT_STATED = "person_fact.stated"
    PERSON_FACT_CORRECTED = "person_fact.corrected"

    KEY_ISSUED = "key.issued"
    KEY_REVOKED = "key.revoked"
    KEY_PINNED = "key.pinned"
    ISSUING_KEY_LOCKED = "issuing_key.locked"
    CRL_PUBLISHED = "crl.published"
    ORGANIZATION_KEY_ROTATED = "organization_key.rotated"
    AUTHORITY_TRUSTED = "authority.trusted"
    AUTHORITY_DROPPED = "authority.dropped"
    REVOCATIONS_IMPORTED = "revocations.imported"

    BACKUP_MADE = "backup.made"
    BACKUP_RESTORED = "backup.restored"
    ARCHIVE_HELD = "archive.held"
    ARCHIVE_RELEASED = "archive.released"
    ARCHIVE_EXPORTED = "archive.exported"
    ARCHIVE_RENEWED = "archive.renewed"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be recorded; the ledger adds number, times, user, host and salt."""

    type: EventType
    subjects: tuple[str, ...]
    data: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event. ``at`` is the workspace's clock, ``recorded_at`` the true one; both aware, UTC.

    ``user`` is the account of the real user id, ``sudo`` the account that sudo said it came from (empty: no sudo), and
    ``person`` the name whose PIN proved who acted (empty: nobody's was asked for).
    """

    seq: int
    type: EventType
    subjects: tuple[str, ...]
    at: datetime
    recorded_at: datetime
    user: str
    host: str
    data: Mapping[str, Any]
    person: str = ""
    sudo: str = ""

    @property
    def who(self) -> str:
        """Who stands behind it: the person whose PIN proved it, else the account."""
        return self.person or self.user

    @property
    def recorded_by(self) -> str:
        """Who recorded it, in words: the person, the account, whom sudo named, and the host."""
        account = f"{self.person} as {self.user}" if self.person and self.person != self.user else self.user
        return f"{account}{f' (said by sudo: {self.sudo})' if self.sudo else ''} on {self.host}"


WORKSPACE_SUBJECT = "workspace:"
"""The workspace as a whole."""


def document_subject(document_id: str) -> str:
    """A plan version or a letter, by its document id."""
    return f"document:{document_id}"


def member_subject(member_id: str) -> str:
    """A member, by the twelve-digit id."""
    return f"member:{member_id}"


def return_subject(sha256: str) -> str:
    """A returned file, by the SHA-256 of its bytes."""
    return f"return:{sha256}"


def run_subject(run_id: str) -> str:
    """A letter run."""
    return f"run:{run_id}"


def practice_subject(practice_id: str) -> str:
    """A practice."""
    return f"practice:{practice_id}"


def delivery_subject(delivery_id: str) -> str:
    """A delivery, by its id: what the receiver sees as control id."""
    return f"delivery:{delivery_id}"


def key_subject(serial: str) -> str:
    """A certificate, by its serial number in lower-case hexadecimal."""
    return f"key:{serial}"


def authority_subject(fingerprint: str) -> str:
    """An outside authority, by its certificate's fingerprint."""
    return f"ca:{fingerprint}"

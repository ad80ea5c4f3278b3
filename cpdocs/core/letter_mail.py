"""What came back, whom we never write to, and what an address service said: facts that hold a letter or mend its
address.

A returned letter flags the address that it went to, nothing else: a new address on record and letters go out again.
"Vacant" and the like speak of the place, so they hold for whoever lives there; "moved" and "unknown" of one member
there.

An address is known by its fingerprint: an HMAC of its lines with the workspace's id key, so that neither events nor
files for an address service tie a street to a member.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from cpdocs.core.events import Event, EventType
from cpdocs.core.holds import ADDRESS_RETURNED
from cpdocs.core.members import Assignment, AssignmentKey, assignment_key

MAIL_EVENTS = (
    *(EventType.LETTER_RETURNED, EventType.HOLD_RELEASED, EventType.MEMBER_SUPPRESSED, EventType.MEMBER_UNSUPPRESSED),
    EventType.ADDRESSES_CHECKED,
)
"""The events that :func:`fold_mail` reads."""

REASONS: Mapping[str, str] = {
    "vacant": "address",
    "no-such-address": "address",
    "insufficient-address": "address",
    "no-receptacle": "address",
    "moved": "member",
    "unknown": "member",
    "refused": "member",
    "unclaimed": "member",
    "deceased": "member",
    "other": "member",
}
"""Why a letter came back → whether that speaks of the address for everybody, or of this member there."""

CONFIRMED = frozenset({"Y", "S", "D"})
"""Delivery point codes with which an address service says that the street number exists (S, D: the unit is wrong or
lacking)."""


@dataclass(frozen=True, slots=True)
class ReturnedPiece:
    """A letter that came back: why, when, and the fingerprint of the address that it went to."""

    document_id: str
    run_id: str
    piece: int
    key: AssignmentKey
    kind: str
    reason: str
    on: date
    address: str


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """What an address service said of one address: its delivery point code, and the address as it writes it."""

    dpv: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str

    @property
    def confirmed(self) -> bool:
        return self.dpv in CONFIRMED


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything known: returned letters by document id, flags, members never written to, addresses that were
    checked."""

    returned: Mapping[str, ReturnedPiece] = field(default_factory=dict)
    flags: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(member id, or empty for everybody; address fingerprint) → reason."""
    suppressed: frozenset[str] = frozenset()
    checked: Mapping[str, CheckedAddress] = field(default_factory=dict)
    released: frozenset[tuple[str, str]] = frozenset()
    """(member id, address fingerprint) of which a person said since that letters may go there."""

    def flag(self, member_id: str, address: str) -> str:
        """Why nothing goes to this member at this address; empty where nothing is known against it."""
        if (member_id, address) in self.released:
            return ""
        return self.flags.get((member_id, address)) or self.flags.get(("", address)) or ""


def fingerprint(secret: bytes, item: Assignment) -> str:
    """The address of an assignment as 32 hexadecimal digits: the same for the same lines, whatever their case and
    spacing."""
    lines = (item.address1, item.address2, item.city, item.state, item.zip.replace("-", ""))
    text = "\x1f".join("".join(line.casefold().split()) for line in lines)
    return hmac.digest(secret, f"address\x1e{text}".encode(), sha256).hex()[:32]


def fold_mail(events: Iterable[Event]) -> Mail:
    """What the mail events, in order, add up to; other events pass by."""
    returned: dict[str, ReturnedPiece] = {}
    flags: dict[tuple[str, str], str] = {}
    suppressed: set[str] = set()
    checked: dict[str, CheckedAddress] = {}
    released: set[tuple[str, str]] = set()
    for event in events:
        data = event.data
        if event.type is EventType.LETTER_RETURNED:
            piece = _returned(event)
            returned[piece.document_id] = piece
            everybody = REASONS.get(piece.reason) == "address"
            flags[("" if everybody else piece.key[0], piece.address)] = piece.reason
            released = {(member, address) for member, address in released if address != piece.address}
        elif event.type is EventType.HOLD_RELEASED:
            if data["code"] == ADDRESS_RETURNED:
                released.add((data["member_id"], data["address"]))
        elif event.type is EventType.MEMBER_SUPPRESSED:
            suppressed.add(data["member_id"])
        elif event.type is EventType.MEMBER_UNSUPPRESSED:
            suppressed.discard(data["member_id"])
        elif event.type is EventType.ADDRESSES_CHECKED:
            for row in data["addresses"]:
                checked[row["record_id"]] = CheckedAddress(
                    row["dpv"], row["address1"], row["address2"], row["city"], row["state"], row["zip"]
                )
    return Mail(returned, flags, frozenset(suppressed), checked, frozenset(released))


def _returned(event: Event) -> ReturnedPiece:
    data = event.data
    return ReturnedPiece(
        document_id=data["document_id"],
        run_id=data["run_id"],
        piece=data["piece"],
        key=assignment_key(*data["assignment"]),
        kind=data["kind"],
        reason=data["reason"],
        on=date.fromisoformat(data["on"]),
        address=data["address"],
    )


def mended(item: Assignment, checked: CheckedAddress | None) -> Assignment:
    """The assignment with its address as the service writes it; unchanged where it said nothing or doesn't confirm
    it."""
    if checked is None or not checked.confirmed:
        return item
    return replace(
        item,
        address1=checked.address1,
        address2=checked.address2,
        city=checked.city,
        state=checked.state,
        zip=checked.zip,
    )

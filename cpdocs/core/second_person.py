"""Whether one person's hands are on both ends of an approval: who made the signer's key, and who witnessed the member.

Whoever issued (or pinned) the key in the PCP's slot and also witnessed the member's approval of the same plan could
have made both by themselves; so could who imported the signer besides. Such a plan is held for a second person, and
who made the key is refused as its witness. Only people whose PIN proved them are compared, so sandboxes aren't.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cpdocs.core.events import Event, EventType
from cpdocs.core.verdicts import Evidence

MAKER_EVENTS = (EventType.KEY_ISSUED, EventType.KEY_PINNED)
WITNESS_EVENTS = (EventType.SIGNING_WITNESSED, EventType.SLOT_FILLED)


def key_makers(events: Iterable[Event]) -> Mapping[str, str]:
    """Who issued or pinned each digital ID, by its certificate's fingerprint."""
    return {event.data["fingerprint"]: event.who for event in events if event.type in MAKER_EVENTS}


def witnesses(events: Iterable[Event]) -> frozenset[str]:
    """Who witnessed, or took down, what the member of one plan approved: from that plan's events."""
    return frozenset(
        event.who
        for event in events
        if event.type is EventType.SIGNING_WITNESSED
        or (event.type is EventType.SLOT_FILLED and event.data["evidence"] == Evidence.RECORDED_APPROVAL.value)
    )


def made_by(makers: Mapping[str, str], people: Iterable[str]) -> frozenset[str]:
    """The fingerprints of the certificates that these people issued or pinned."""
    wanted = frozenset(people)
    return frozenset(fingerprint for fingerprint, maker in makers.items() if maker in wanted)

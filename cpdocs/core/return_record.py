"""One returned file as its events tell it: when and from where it came, what was decided, and what a person resolved.

What each event carries in ``data`` (times ISO 8601 with offset, digests lower-case hexadecimal SHA-256):

``RETURN_RECEIVED``
    sha256, size (bytes), practice_id (the inbox folder it was dropped in; empty at the top). Recorded once for each
    folder that the same bytes came by. Subject: the returned file.
``RETURN_DECIDED``
    sha256, verdict, lane, document_id (or null), practice_id (the dropper's, as judged), plan_practice_id (or null),
    received_at, slots_filled, findings: [{code, message, severity}], signatures: [{slot, signer, npi, credential,
    signed_at, timestamped, trusted, intact, covers}]. Recorded again whenever a later look decides otherwise.
    Subjects: the returned file, and the plan version that it belongs to.
``HELD_RESOLVED``
    sha256, document_id (or null), decision (accepted | rejected), reason, slots_filled (all that this file filled so
    far), attested_by (or null). Subjects: as above.
``NOTICE_WRITTEN``
    document_id, practice_id, kind, file (under outbox/, POSIX), sha256; for answers to returns also return_sha256 and
    answers (the number of the event that it answers). Subjects: the plan version, the practice, and the returned file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cpdocs.core.events import Event, EventType
from cpdocs.core.verdicts import Lane, Slot, Verdict

RETURN_EVENTS = (EventType.RETURN_RECEIVED, EventType.RETURN_DECIDED, EventType.HELD_RESOLVED, EventType.NOTICE_WRITTEN)
"""The events that a returned file's record is folded from."""


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as it was recorded: the words that were true when it was given stay the words."""

    code: str
    message: str
    severity: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look at a returned file decided. ``seq`` and ``at`` are of the event that recorded it."""

    verdict: Verdict
    lane: Lane
    document_id: str
    practice_id: str
    plan_practice_id: str
    slots_filled: tuple[Slot, ...]
    findings: tuple[Said, ...]
    signatures: tuple[Mapping[str, Any], ...] = ()
    seq: int = 0
    at: datetime | None = None

    def same_answer(self, other: Decision) -> bool:
        """Whether ``other`` tells nobody anything new."""
        return self._answer == other._answer

    @property
    def _answer(self) -> tuple[object, ...]:
        return (
            self.verdict,
            self.lane,
            self.document_id,
            self.practice_id,
            self.slots_filled,
            tuple(each.code for each in self.findings),
        )


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided about a held file, and why; ``document_id`` may be what they read from its pages."""

    accepted: bool
    document_id: str
    reason: str
    by: str
    slots_filled: tuple[Slot, ...]
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """One returned file. ``received_at`` is its first arrival; ``practices`` the folders it came by, in order."""

    sha256: str
    size: int
    received_at: datetime
    practices: tuple[str, ...]
    decision: Decision | None = None
    resolution: Resolution | None = None
    answered: frozenset[int] = frozenset()
    """The numbers of the events that a notice has been written for."""

    @property
    def waiting(self) -> bool:
        """In the review queue: held, and no person has resolved it."""
        return self.decision is not None and self.decision.verdict is Verdict.HELD and self.resolution is None

    @property
    def final(self) -> bool:
        """Nothing that comes later changes it: accepted by rule, or resolved by a person."""
        return self.resolution is not None or (self.decision is not None and self.decision.verdict is Verdict.ACCEPTED)

    @property
    def verdict(self) -> Verdict | None:
        """As it stands now; None while nothing has been decided."""
        if self.resolution:
            return Verdict.ACCEPTED if self.resolution.accepted else Verdict.REJECTED
        return self.decision.verdict if self.decision else None

    @property
    def document_id(self) -> str:
        """The plan version that it belongs to, as far as that is known; else empty."""
        read = self.resolution.document_id if self.resolution else ""
        return read or (self.decision.document_id if self.decision else "")

    @property
    def slots_filled(self) -> tuple[Slot, ...]:
        """The slots that it fills as things stand."""
        if self.resolution:
            return self.resolution.slots_filled
        return self.decision.slots_filled if self.decision else ()

    @property
    def to_answer(self) -> int:
        """The number of the event that the plan's practice is still to be told of; 0 where there is none."""
        if self.decision is None or not self.document_id:
            return 0
        last = self.resolution.seq if self.resolution else self.decision.seq
        return 0 if last in self.answered else last


def fold_returns(events: Iterable[Event]) -> dict[str, ReturnRecord]:
    """Every returned file by its SHA-256, in order of arrival. Other events pass by."""
    records: dict[str, ReturnRecord] = {}
    for event in events:
        if event.type is EventType.RETURN_RECEIVED:
            _receive(records, event)
        elif event.type in RETURN_EVENTS:
            known = records.get(
                event.data.get("return_sha256" if event.type is EventType.NOTICE_WRITTEN else "sha256", "")
            )
            if known is not None:
                records[known.sha256] = _step(known, event)
    return records


def _receive(records: dict[str, ReturnRecord], event: Event) -> None:
    sha256, practice_id = event.data["sha256"], event.data["practice_id"]
    known = records.get(sha256)
    if known is None:
        records[sha256] = ReturnRecord(sha256, event.data["size"], event.at, (practice_id,))
    elif practice_id not in known.practices:
        records[sha256] = replace(known, practices=(*known.practices, practice_id))


def _step(record: ReturnRecord, event: Event) -> ReturnRecord:
    data = event.data
    if event.type is EventType.RETURN_DECIDED:
        return replace(record, decision=decision_from(data, seq=event.seq, at=event.at), resolution=None)
    if event.type is EventType.HELD_RESOLVED:
        slots = tuple(Slot(slot) for slot in data["slots_filled"])
        resolution = Resolution(
            accepted=data["decision"] == Verdict.ACCEPTED.value,
            document_id=data["document_id"] or "",
            reason=data["reason"],
            by=event.user,
            slots_filled=slots,
            seq=event.seq,
            at=event.at,
        )
        return replace(record, resolution=resolution)
    return replace(record, answered=record.answered | {data.get("answers", 0)})


def decision_from(data: Mapping[str, Any], *, seq: int, at: datetime) -> Decision:
    """The decision that a ``RETURN_DECIDED`` event's data holds."""
    return Decision(
        verdict=Verdict(data["verdict"]),
        lane=Lane(data["lane"]),
        document_id=data["document_id"] or "",
        practice_id=data["practice_id"],
        plan_practice_id=data["plan_practice_id"] or "",
        slots_filled=tuple(Slot(slot) for slot in data["slots_filled"]),
        findings=tuple(Said(each["code"], each["message"], Verdict(each["severity"])) for each in data["findings"]),
        signatures=tuple(data["signatures"]),
        seq=seq,
        at=at,
    )

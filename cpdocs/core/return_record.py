"""Returned files as their events tell them, part by part: when and from where each came, what was decided, and what a
person resolved.

What each event carries in ``data`` (times ISO 8601 with offset, digests lower-case hexadecimal SHA-256):

``RETURN_RECEIVED``
    sha256, size (bytes), practice_id (the inbox folder it was dropped in; empty at the top). Recorded once for each
    folder that the same bytes came by. Subject: the returned file.
``RETURN_DECIDED``
    sha256, verdict, lane, document_id (or null), practice_id (the dropper's, as judged), plan_practice_id (or null),
    received_at, slots_filled, findings: [{code, message, severity}], signatures: [{slot, signer, npi, credential,
    signed_at, timestamped, trusted, intact, covers}], part (from 1), parts (of how many), kind, pages: {of, seen,
    missing, extra}, boxes: {member, pcp}, marks_elsewhere; of a letter's reply slip also answer, member_id and program,
    with the letter as document_id. One for each part; what has no ``part`` is the whole file. Recorded again whenever a
    later look decides otherwise. Subjects: the returned file, the plan version or letter that the part belongs to, and
    a slip's member.
``HELD_RESOLVED``
    sha256, part, document_id (or null), decision (accepted | rejected | returned | closed), reason, slots_filled (all
    that this part filled so far), attested_by (or null), of a reply slip that was accepted the answer recorded.
    Subjects: as above.
``HELD_ATTESTED``
    sha256, part, document_id, attested (what the first of two readers attested; the second decides). Subjects: as
    above.
``NOTICE_WRITTEN``
    document_id, practice_id, kind, file (under outbox/, POSIX), sha256; for answers to returns also return_sha256 and
    answers (the number of the event that it answers). Subjects: the plan version, the practice, and the returned file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cpdocs.core.events import JSON, Event, EventType
from cpdocs.core.page_facts import BoxReading, NamedPage, PageKind
from cpdocs.core.parts import PartPages
from cpdocs.core.plan_record import SlotFill
from cpdocs.core.verdicts import Finding, Lane, Slot, Verdict, recorded_finding

RETURNED, CLOSED = "returned", "closed"
"""What a held part comes to besides being accepted or rejected: its comments are recorded, or it asks for nothing."""
_VERDICT_OF = {"accepted": Verdict.ACCEPTED, "rejected": Verdict.REJECTED}

RETURN_EVENTS = (EventType.RETURN_RECEIVED, EventType.RETURN_DECIDED, EventType.HELD_RESOLVED, EventType.NOTICE_WRITTEN)
"""The events that a returned file's record is folded from."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one look at a returned file decided about one part of it. ``seq`` and ``at`` are of the event that recorded
    it.

    ``part`` counts from 1 to ``of``. ``answer``, ``member_id`` and ``program`` are of a reply slip, whose letter is the
    ``document_id``; they are empty for all else. ``fills`` is what it puts into the slots that it fills, where it was
    decided just now. The findings' words are those that were true when it was decided.
    """

    verdict: Verdict
    lane: Lane
    document_id: str = ""
    findings: tuple[Finding, ...] = ()
    fills: Mapping[Slot, SlotFill] = field(default_factory=dict)
    signatures: tuple[Mapping[str, Any], ...] = ()
    practice_id: str = ""
    plan_practice_id: str = ""
    part: int = 1
    of: int = 1
    kind: PageKind = PageKind.UNKNOWN
    pages: PartPages = field(default_factory=PartPages)
    boxes: Mapping[Slot, BoxReading] = field(default_factory=dict)
    marks_elsewhere: tuple[int, ...] = ()
    suggested: Mapping[int, NamedPage] = field(default_factory=dict)
    answer: str = ""
    member_id: str = ""
    program: str = ""
    filled: tuple[Slot, ...] = ()
    seq: int = 0
    at: datetime | None = None

    @property
    def slots_filled(self) -> tuple[Slot, ...]:
        """The slots that it fills, the member's first."""
        return self.filled or tuple(slot for slot in Slot if slot in self.fills)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its findings."""
        return tuple(each.code for each in self.findings)

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
            self.codes,
            self.pages,
            self.answer,
        )


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was decided about a held part, and why: ``accepted``, ``rejected``, ``returned`` (its comments were
    recorded) or ``closed`` (nobody is asked anything). ``document_id`` may be what a person read from its pages."""

    decision: str
    document_id: str
    reason: str
    by: str
    slots_filled: tuple[Slot, ...]
    seq: int
    at: datetime
    answer: str = ""

    @property
    def accepted(self) -> bool:
        return self.decision == Verdict.ACCEPTED.value


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """One part of a returned file. ``received_at`` is the file's first arrival; ``practices`` the folders that it came
    by, in order."""

    sha256: str
    size: int
    received_at: datetime
    practices: tuple[str, ...]
    part: int = 1
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
            return _VERDICT_OF.get(self.resolution.decision, Verdict.HELD)
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
        """The number of the event that the plan's practice is still to be told of; 0 where there is none, as for a
        letter's reply slip."""
        if self.decision is None or not self.document_id or (self.resolution and self.resolution.decision == CLOSED):
            return 0
        if self.decision.kind is PageKind.REPLY_SLIP:
            return 0
        last = self.resolution.seq if self.resolution else self.decision.seq
        return 0 if last in self.answered else last


def fold_returns(events: Iterable[Event]) -> dict[str, tuple[ReturnRecord, ...]]:
    """The parts of every returned file by its SHA-256, in order of arrival; one part where nothing is decided. Other
    events pass by."""
    files: dict[str, dict[int, ReturnRecord]] = {}
    for event in events:
        if event.type is EventType.RETURN_RECEIVED:
            _receive(files, event)
        elif event.type in RETURN_EVENTS:
            parts = files.get(
                event.data.get("return_sha256" if event.type is EventType.NOTICE_WRITTEN else "sha256", "")
            )
            if parts is not None:
                _step(parts, event)
    return {sha256: tuple(parts[number] for number in sorted(parts)) for sha256, parts in files.items()}


def all_parts(events: Iterable[Event]) -> list[ReturnRecord]:
    """Every part of every returned file, in order of arrival."""
    return [part for parts in fold_returns(events).values() for part in parts]


_UNDECIDED = "undecided"


def perhaps_unfinished(events: Iterable[Event], waiting: dict[str, dict[str, int]] | None = None) -> list[str]:
    """The digests of the returned files that may not be decided, or not answered; whoever asks looks at each more
    closely.

    Remembers what is open only, so that a long history takes no memory. ``waiting`` is what was open before these
    events, by file and part, and is brought up to date.
    """
    waiting = {} if waiting is None else waiting
    for event in events:
        if event.type is EventType.RETURN_RECEIVED:
            waiting.setdefault(event.data["sha256"], {_UNDECIDED: -1})
        elif event.type in (EventType.RETURN_DECIDED, EventType.HELD_RESOLVED):
            parts, part = waiting.setdefault(event.data["sha256"], {}), str(event.data.get("part", 1))
            parts.pop(_UNDECIDED, None)
            closed = event.type is EventType.HELD_RESOLVED and event.data["decision"] == CLOSED
            if (
                closed
                or event.data.get("kind") == PageKind.REPLY_SLIP
                or (event.type is EventType.RETURN_DECIDED and not event.data["document_id"])
            ):
                parts.pop(part, None)
            else:
                parts[part] = event.seq
            if not parts:
                del waiting[event.data["sha256"]]
        elif event.type is EventType.NOTICE_WRITTEN:
            answered = event.data.get("return_sha256", "")
            parts = waiting.get(answered, {})
            for part in [each for each, seq in parts.items() if seq == event.data["answers"]]:
                del parts[part]
            if answered in waiting and not parts:
                del waiting[answered]
    return list(waiting)


def _receive(files: dict[str, dict[int, ReturnRecord]], event: Event) -> None:
    sha256, practice_id = event.data["sha256"], event.data["practice_id"]
    parts = files.setdefault(sha256, {1: ReturnRecord(sha256, event.data["size"], event.at, ())})
    for number, part in parts.items():
        if practice_id not in part.practices:
            parts[number] = replace(part, practices=(*part.practices, practice_id))


def _step(parts: dict[int, ReturnRecord], event: Event) -> None:
    data, number = event.data, event.data.get("part", 1)
    if event.type is EventType.RETURN_DECIDED:
        decision = decision_from(data, seq=event.seq, at=event.at)
        for gone in [each for each, part in parts.items() if each > decision.of and not part.final]:
            del parts[gone]
        known = parts.get(number) or replace(parts[min(parts)], part=number, answered=frozenset())
        parts[number] = replace(known, decision=decision, resolution=None)
    elif event.type is EventType.HELD_RESOLVED and number in parts:
        parts[number] = replace(parts[number], resolution=_resolution(event))
    elif event.type is EventType.NOTICE_WRITTEN:
        answers = data.get("answers", 0)
        for each, part in parts.items():
            parts[each] = replace(part, answered=part.answered | {answers})


def _resolution(event: Event) -> Resolution:
    data = event.data
    return Resolution(
        decision=data["decision"],
        document_id=data["document_id"] or "",
        reason=data["reason"],
        by=event.user,
        slots_filled=tuple(Slot(slot) for slot in data["slots_filled"]),
        seq=event.seq,
        at=event.at,
        answer=data.get("answer", ""),
    )


def decided_data(decision: Decision, record: ReturnRecord) -> dict[str, JSON]:
    """The data of the ``RETURN_DECIDED`` event that records ``decision``."""
    return {
        "sha256": record.sha256,
        "part": decision.part,
        "parts": decision.of,
        "verdict": decision.verdict.value,
        "lane": decision.lane.value,
        "document_id": decision.document_id or None,
        "practice_id": decision.practice_id,
        "plan_practice_id": decision.plan_practice_id or None,
        "received_at": record.received_at.isoformat(),
        "slots_filled": [slot.value for slot in decision.slots_filled],
        "findings": [
            {"code": each.code, "message": each.message, "severity": each.severity.value} for each in decision.findings
        ],
        "signatures": [dict(each) for each in decision.signatures],
        **paper_json(decision),
        **_slip_json(decision),
    }


def _slip_json(decision: Decision) -> dict[str, JSON]:
    if not decision.answer:
        return {}
    return {"answer": decision.answer, "member_id": decision.member_id, "program": decision.program}


def paper_json(decision: Decision) -> dict[str, JSON]:
    """What the pages of a part are, as the contract (§8) names it."""
    pages = decision.pages
    return {
        "kind": decision.kind.value,
        "pages": {"of": pages.of, "seen": list(pages.seen), "missing": list(pages.missing), "extra": pages.extra},
        "boxes": {slot.value: decision.boxes[slot].value if slot in decision.boxes else None for slot in Slot},
        "marks_elsewhere": list(decision.marks_elsewhere),
        "suggested": [
            {"page": page, "document_id": each.document_id, "plan_page": each.plan_page}
            for page, each in decision.suggested.items()
        ],
    }


def decision_from(data: Mapping[str, Any], *, seq: int, at: datetime) -> Decision:
    """The decision that a ``RETURN_DECIDED`` event's data holds; from before there were parts, the one part's."""
    pages = data.get("pages") or {}
    return Decision(
        verdict=Verdict(data["verdict"]),
        lane=Lane(data["lane"]),
        document_id=data["document_id"] or "",
        findings=tuple(
            recorded_finding(each["code"], each["message"], Verdict(each["severity"])) for each in data["findings"]
        ),
        signatures=tuple(data["signatures"]),
        practice_id=data["practice_id"],
        plan_practice_id=data["plan_practice_id"] or "",
        part=data.get("part", 1),
        of=data.get("parts", 1),
        kind=PageKind(data.get("kind", PageKind.UNKNOWN)),
        pages=PartPages(
            pages.get("of") or 0, tuple(pages.get("seen", ())), tuple(pages.get("missing", ())), pages.get("extra", 0)
        ),
        boxes={Slot(slot): BoxReading(seen) for slot, seen in (data.get("boxes") or {}).items() if seen},
        marks_elsewhere=tuple(data.get("marks_elsewhere", ())),
        suggested={
            each["page"]: NamedPage(each["document_id"], each["plan_page"]) for each in data.get("suggested", ())
        },
        answer=data.get("answer", ""),
        member_id=data.get("member_id", ""),
        program=data.get("program", ""),
        filled=tuple(Slot(slot) for slot in data["slots_filled"]),
        seq=seq,
        at=at,
    )

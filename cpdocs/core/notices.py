"""Notices to practices and health plans, and whether they left (contract §8, §10).

``NOTICE_WRITTEN`` says that a paper lies in ``outbox/notices/``, ``NOTICE_SENT`` that somebody sent it: reference,
file, kind, to, channel, at. A letter that says "we told your health plan" rests on the second, never on the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType

TRACKED = frozenset(
    {"member_declined", "member_changes_cp", "member_reinstated", "withdrawn", "taken_back", "recalled", "key_issued"}
)
"""The kinds that are on the work list until they were sent: somebody goes wrong who isn't told."""
HEALTH_PLANS = "_health-plans"
"""The folder under outbox/notices/ for health plans; no practice id can begin so."""
ANSWERS = frozenset({"accepted", "resend", "held", "nothing_wanted"})
"""The kinds that answer what came back: one letter a day and plan, written anew until it left (contract §8)."""
STOPS = frozenset({"withdrawn", "taken_back"})
"""The kinds that say that an earlier letter about the same version isn't true any more."""
SAYS = {
    "accepted": "an approval counts",
    "resend": "sign and send again",
    "held": "we look at it first",
    "nothing_wanted": "nothing is wanted",
    "unmatched": "nothing of ours was found",
    "reminder": "approval is due or overdue",
    "withdrawn": "stop using this version",
    "taken_back": "an approval counts no more",
    "recalled": "remove it from the chart",
    "key_issued": "a digital ID was issued",
    "member_declined": "the member declined",
    "member_changes_cp": "the member wants another CP",
    "member_reinstated": "the member takes part again",
}
"""What a notice of each kind says, in a few words."""
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
NOTICE_EVENTS = (EventType.NOTICE_WRITTEN, EventType.NOTICE_SENT)


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """One notice. ``reference`` is its file's name without ``.pdf``, ``file`` its place under outbox/ (POSIX);
    ``program`` is set for what a member said. ``leaves_by`` is the channel by which it leaves by itself (empty: a
    person sends it), ``plans`` are the plan versions that it is about. ``sent_at`` is aware, None until it left."""

    reference: str
    kind: str
    file: str
    written_at: datetime
    subjects: tuple[str, ...]
    document_id: str = ""
    practice_id: str = ""
    member_id: str = ""
    program: str = ""
    sha256: str = ""
    leaves_by: str = ""
    plans: tuple[str, ...] = ()
    to: str = ""
    channel: str = ""
    sent_at: datetime | None = None
    seq: int = 0
    """The number of the event that wrote it first."""
    sent_seq: int = 0
    """The number of the event that says that it left."""
    replaced_by: str = ""
    """The reference of a later letter that takes back what this one says, which never left."""

    @property
    def waits(self) -> bool:
        """Whether it is to leave and hasn't, as far as is on record."""
        return self.sent_at is None and not self.replaced_by

    @property
    def to_health_plan(self) -> bool:
        """Whether it is a letter to a health plan."""
        return self.file.startswith(f"notices/{HEALTH_PLANS}/")

    @property
    def in_worklist(self) -> bool:
        """Whether a person must print and send it, and hasn't: it is one of those that must leave, or a letter to a
        health plan, and has no channel. What leaves by one is on the list as a delivery where that doesn't settle."""
        return self.waits and not self.leaves_by and (self.kind in TRACKED or self.to_health_plan)

    @property
    def says(self) -> str:
        """What it says, in a few words."""
        return SAYS.get(self.kind, self.kind.replace("_", " "))

    @property
    def told_on(self) -> date | None:
        """The Massachusetts day on which it was sent."""
        return eastern_date(self.sent_at) if self.sent_at else None


def notice_file(data: dict[str, Any]) -> str:
    """The place under outbox/ of the notice that such an event is about: those to health plans were recorded without
    their first folder."""
    file = str(data.get("file") or "")
    return file if not file or file.startswith("notices/") else f"notices/{file}"


def notice_reference(data: dict[str, Any]) -> str:
    """What a notice is called: its file's name without ``.pdf``."""
    return str(data.get("file") or "").rpartition("/")[2].removesuffix(".pdf")


def fold_notices(events: Iterable[Event]) -> dict[str, NoticeRecord]:
    """Every notice by reference, in the order in which they were written."""
    found: dict[str, NoticeRecord] = {}
    for event in events:
        data = dict(event.data)
        reference = notice_reference(data)
        if event.type is EventType.NOTICE_WRITTEN and reference:
            known = found.get(reference)
            if known is None:
                found[reference] = _written(event, reference, data)
            elif known.waits and known.sha256 != data.get("sha256"):
                found[reference] = replace(_written(event, reference, data), seq=known.seq)
            if data.get("kind") in STOPS:
                _replace(found, found[reference])
        elif event.type is EventType.NOTICE_SENT and reference in found and found[reference].sent_at is None:
            found[reference] = replace(
                found[reference],
                to=data["to"],
                channel=data["channel"],
                sent_at=datetime.fromisoformat(data["at"]),
                sent_seq=event.seq,
            )
    return found


def _replace(found: dict[str, NoticeRecord], later: NoticeRecord) -> None:
    """Answers about the same version that wait for a person to send them are not sent any more."""
    for reference, each in found.items():
        untrue = each.kind in ANSWERS and each.waits and not each.leaves_by
        if untrue and each.plans == later.plans and each.practice_id == later.practice_id:
            found[reference] = replace(each, replaced_by=later.reference)


def typed_reference(typed: str) -> str:
    """The reference that a person means: the ending ``.pdf`` doesn't count, nor does case."""
    text = typed.strip()
    return text[: -len(".pdf")] if text.casefold().endswith(".pdf") else text


def _plans(reference: str, data: dict[str, Any]) -> tuple[str, ...]:
    """A notice to a health plan about what a member said has a document id of its own, and is about no version."""
    papers = [str(each.get("document_id") or "") for each in data.get("plans") or [data]]
    return tuple(each for each in papers if each and each != reference)


def _written(event: Event, reference: str, data: dict[str, Any]) -> NoticeRecord:
    return NoticeRecord(
        reference,
        str(data.get("kind") or ""),
        notice_file(data),
        event.at,
        event.subjects,
        str(data.get("document_id") or ""),
        str(data.get("practice_id") or ""),
        next((key for kind, _, key in (each.partition(":") for each in event.subjects) if kind == "member"), ""),
        str(data.get("program") or ""),
        str(data.get("sha256") or ""),
        str(data.get("channel") or ""),
        _plans(reference, data),
        seq=event.seq,
    )


def payer_folder(payer: str) -> str:
    """Where letters to a health plan lie, below outbox/notices/."""
    return f"{HEALTH_PLANS}/{_NOT_IN_A_NAME.sub('-', payer).strip('-') or 'unnamed'}"

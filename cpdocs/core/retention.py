"""Legal holds, and how long records are kept: folds over events. Nothing here, or anywhere in cpdocs, deletes anything.

``ARCHIVE_HELD`` carries reason and by; its first subject is what is held: a document, or a member and with it every
document about them. ``ARCHIVE_RELEASED`` carries hold (the number of the event that it ends), reason and by.

Records are kept for so many years after the last event about them (45 CFR 164.316(b)(2): six at least, from creation or
from when they were last in effect; a court, a payer or a minor's age may ask for longer).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType
from cpdocs.core.letters import PIECE_EVENTS

HOLD_EVENTS = (EventType.ARCHIVE_HELD, EventType.ARCHIVE_RELEASED)
_NOT_ABOUT_IT = frozenset({*HOLD_EVENTS, EventType.RECORD_ACCESSED, EventType.ARCHIVE_RENEWED})


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold in force. ``number`` is its event's; ``subject`` is ``document:…`` or ``member:…``."""

    number: int
    subject: str
    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """One document or one unmatched return: its subject, its member's (or ""), what it is, and the days of its first
    and last event."""

    subject: str
    member: str
    kind: str
    first_on: date
    last_on: date

    @property
    def key(self) -> str:
        return self.subject.partition(":")[2]


def fold_holds(events: Iterable[Event]) -> dict[int, Hold]:
    """The holds in force, by number, oldest first. Other events than :data:`HOLD_EVENTS` are passed over."""
    holds: dict[int, Hold] = {}
    for event in events:
        if event.type is EventType.ARCHIVE_HELD:
            holds[event.seq] = Hold(event.seq, event.subjects[0], event.data["reason"], event.data["by"], event.at)
        elif event.type is EventType.ARCHIVE_RELEASED:
            holds.pop(event.data["hold"], None)
    return holds


def fold_kept(events: Iterable[Event]) -> dict[str, Kept]:
    """Every document, and every return that belongs to none, by subject, in order of their first event.

    Holds, releases, views and new time stamps are no events about the document: they don't make it younger.
    """
    kept: dict[str, Kept] = {}
    for event in events:
        if event.type in _NOT_ABOUT_IT:
            continue
        documents = [subject for subject in event.subjects if subject.startswith("document:")]
        returns = [subject for subject in event.subjects if subject.startswith("return:")]
        member = next((subject for subject in event.subjects if subject.startswith("member:")), "")
        day = eastern_date(event.at)
        for subject in documents or returns:
            known = kept.get(subject)
            if known is None:
                kept[subject] = Kept(subject, member, _kind(event, subject), day, day)
            else:
                kept[subject] = replace(known, last_on=max(known.last_on, day), member=known.member or member)
        if documents:
            for subject in returns:
                kept.pop(subject, None)
    return kept


def keep_until(kept: Kept, years: int) -> date:
    """The last day on which a record must be there. 29 February counts to 1 March."""
    last = kept.last_on
    try:
        return last.replace(year=last.year + years)
    except ValueError:
        return date(last.year + years, 3, 1)


def holding(kept: Kept, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """The holds that this record is under, its member's included."""
    return tuple(hold for hold in holds if hold.subject in (kept.subject, kept.member))


def _kind(event: Event, subject: str) -> str:
    if subject.startswith("return:"):
        return "unmatched return"
    return "letter" if event.type in PIECE_EVENTS else "plan"

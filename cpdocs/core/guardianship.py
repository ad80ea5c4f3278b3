"""Who signs in the member's slot, by the day: a guardianship that began or ended, a member who turns 18.

``GUARDIAN_BEGAN`` carries in ``data``: member_id, name, relation, authority (the paper), on, how, by;
``GUARDIAN_ENDED``: member_id, name, on, how, by. Subject: the member. What a roster says of a guardian counts as news,
not as a right: for an adult nobody signs by a roster's word alone.

The rules, on the day of signing (a Massachusetts date); the first that fits decides:

1. A guardianship that began on that day or before and hasn't ended by it: the guardian signs.
2. The member is under 18: a parent or guardian signs, whom the plan names (documents.md §2). Somebody born on
   29 February is 18 on 1 March where the year has no such day.
3. The version was issued before the 18th birthday: the member signs; a parent's right ended with that day.
4. A guardianship ended, and its guardian is named: the member signs.
5. Otherwise the member signs, or whoever the plan says acts for them (health care proxy, power of attorney …).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType
from cpdocs.core.members import ADULT, Assignment, age_on
from cpdocs.core.moments import day_text
from cpdocs.core.names import name_words
from cpdocs.errors import Problem

GUARDIAN_EVENTS = (EventType.GUARDIAN_BEGAN, EventType.GUARDIAN_ENDED)
_NEW_VERSION = "Issue a version that names who signs now."


@dataclass(frozen=True, slots=True)
class Guardianship:
    """One guardianship on record. ``ended_on`` is the first day on which it no longer holds, None while it does."""

    name: str
    relation: str
    authority: str
    began_on: date
    ended_on: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the guardian acts on that day."""
        return self.began_on <= on and (self.ended_on is None or on < self.ended_on)


@dataclass(frozen=True, slots=True)
class Guardians:
    """What is on record of one member's guardians, oldest first; ``changed_on`` is the day of the last news of them,
    ``changed_seq`` the number of the event that brought it (0: there was none). ``same`` are the spans of event
    numbers, first and last (None: until now), in which the record said of them what it says now."""

    guardianships: tuple[Guardianship, ...] = ()
    changed_on: date | None = None
    changed_seq: int = 0
    same: tuple[tuple[int, int | None], ...] = ((0, None),)

    def acting(self, on: date) -> tuple[Guardianship, ...]:
        """The guardianships in force on that day."""
        return tuple(each for each in self.guardianships if each.in_force(on))


def adult_on(dob: date) -> date:
    """The member's 18th birthday."""
    try:
        return dob.replace(year=dob.year + ADULT)
    except ValueError:  # born on 29 February, and that year has none
        return date(dob.year + ADULT, 3, 1)


def signing_fault(
    dob: date, guardians: Guardians, *, on: date, issued_on: date, representative: str = "", whose: str = ""
) -> Problem | None:
    """Why this person may not sign in the member's slot on that day of a version issued on ``issued_on``; None where
    they may. ``representative`` names who signs for the member, empty: the member signs. ``whose`` begins the message.
    """
    acting = guardians.acting(on)
    if acting:
        if not representative:
            return _fault("guardian_must_sign", whose, "the member has a guardian, who signs for them.", _WHO)
        if not any(_same(representative, each.name) for each in acting):
            return _fault("guardian_differs", whose, "somebody else is the guardian on that day.", _NEW_VERSION)
        return None
    ended = [each for each in guardians.guardianships if each.ended_on and each.ended_on <= on]
    if representative and (gone := [each for each in ended if _same(representative, each.name)]):
        day = max(each.ended_on for each in gone if each.ended_on)
        return _fault("guardianship_ended", whose, f"the guardianship ended on {day.isoformat()}.", _NEW_VERSION)
    if age_on(dob, on) < ADULT:
        return None if representative else _fault("minor_signs", whose, "the member is a minor on that day.", _WHO)
    turned = adult_on(dob)
    if representative and issued_on < turned:
        return _fault(
            "member_is_adult",
            whose,
            f"the member is 18 since {turned.isoformat()} and signs for themselves.",
            f"{_NEW_VERSION} Where a guardianship is in force, record it: `cpdocs member guardian-begins`.",
        )
    return None


_WHO = "Say who signs for them: the parent or guardian whom the plan names."


def must_be_represented(dob: date, guardians: Guardians, on: date) -> bool:
    """Whether somebody else signs for the member on that day."""
    return bool(guardians.acting(on)) or age_on(dob, on) < ADULT


def signs_in_words(dob: date, guardians: Guardians, on: date) -> str:
    """Who signs on that day, as a note says it; empty for an adult of whose guardians nothing is on record."""
    if acting := guardians.acting(on):
        told = (f"{each.name} ({each.relation}), guardian since {each.began_on.isoformat()}" for each in acting)
        return "; ".join(told)
    if age_on(dob, on) < ADULT:
        return f"a parent or guardian, until the member turns 18 on {adult_on(dob).isoformat()}"
    if ended := [each for each in guardians.guardianships if each.ended_on and each.ended_on <= on]:
        last = max(ended, key=lambda each: each.ended_on or date.min)
        return f"the member; the guardianship of {last.name} ended on {last.ended_on}"
    return ""


def change_in_words(dob: date, guardians: Guardians, before: date, now: date) -> str:
    """What changed of who signs from one version's day of issue to the next one's; empty where nothing did."""
    was, acts = guardians.acting(before), guardians.acting(now)
    if was != acts and acts:
        told = "; ".join(
            f"{each.name} ({each.relation}) signs for the member, guardian since {day_text(each.began_on)}"
            for each in acts
        )
        return f"Who signs: {told}"
    if gone := [each for each in was if each not in acts]:
        day = max(each.ended_on for each in gone if each.ended_on)
        signs = "a parent or guardian signs" if age_on(dob, now) < ADULT else "the member signs for themselves"
        return f"Who signs: {signs}; the guardianship of {gone[-1].name} ended on {day_text(day)}"
    if not acts and age_on(dob, before) < ADULT <= age_on(dob, now):
        return f"Who signs: the member signs for themselves, 18 since {day_text(adult_on(dob))}"
    return ""


@dataclass(frozen=True, slots=True)
class _Said:
    """What the record says of a member's guardians: those in force on any day, and those whom a roster names anew, by
    program."""

    held: frozenset[Guardianship] = frozenset()
    named: frozenset[tuple[str, frozenset[str]]] = frozenset()


@dataclass(slots=True)
class GuardianBook:
    """Gathers what events tell of guardians, in their order."""

    _records: dict[str, Guardians] = field(default_factory=dict)
    _by_roster: dict[tuple[str, str], str] = field(default_factory=dict)
    _first_on_roster: dict[tuple[str, str], str] = field(default_factory=dict)
    _history: dict[str, list[tuple[int, _Said]]] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """One of ``GUARDIAN_EVENTS``."""
        data, on = event.data, date.fromisoformat(event.data["on"])
        known = self._records.get(data["member_id"], Guardians())
        if event.type is EventType.GUARDIAN_BEGAN:
            one = Guardianship(data["name"], data["relation"], str(data.get("authority") or ""), on)
            every = (*known.guardianships, one)
        else:
            every = tuple(
                replace(each, ended_on=on) if each.ended_on is None and _same(each.name, data["name"]) else each
                for each in known.guardianships
            )
        self._keep(data["member_id"], Guardians(every, on, event.seq))

    def add_line(self, event: Event, item: Assignment) -> None:
        """A roster's line: another guardian than the program's line before named is news; an empty cell says
        nothing."""
        key = (item.member_id, item.program.value)
        before, named = self._by_roster.get(key), item.guardian_name
        if named or before is None:
            self._by_roster[key] = named
            self._first_on_roster.setdefault(key, named)
        if before is not None and named and not _same(before, named):
            known = self._records.get(item.member_id, Guardians())
            self._keep(item.member_id, replace(known, changed_on=eastern_date(event.at), changed_seq=event.seq))

    def _keep(self, member_id: str, known: Guardians) -> None:
        """Takes in the news of ``known.changed_seq``."""
        history = self._history.setdefault(member_id, [(0, _Said())])
        history.append((known.changed_seq, self._said(member_id, known)))
        last = history[-1][1]
        ends = [*(seq - 1 for seq, _ in history[1:]), None]
        same = tuple((seq, end) for (seq, said), end in zip(history, ends, strict=True) if said == last)
        self._records[member_id] = replace(known, same=same)

    def _said(self, member_id: str, known: Guardians) -> _Said:
        """A guardianship that ended before it was in force for a day says nothing; nor does a roster that names again
        whom it named first."""
        held = (each for each in known.guardianships if each.ended_on is None or each.began_on < each.ended_on)
        named = (
            (key[1], name_words(name))
            for key, name in self._by_roster.items()
            if key[0] == member_id and not _same(name, self._first_on_roster.get(key, ""))
        )
        return _Said(frozenset(held), frozenset(named))

    @property
    def records(self) -> Mapping[str, Guardians]:
        """What is known by member id."""
        return self._records


def fold_guardians(events: Iterable[Event]) -> Mapping[str, Guardians]:
    """What ``GUARDIAN_EVENTS`` in order add up to, by member id; other events pass by."""
    book = GuardianBook()
    for event in events:
        if event.type in GUARDIAN_EVENTS:
            book.add(event)
    return book.records


def _same(one: str, other: str) -> bool:
    return name_words(one) == name_words(other)


def _fault(code: str, whose: str, message: str, todo: str) -> Problem:
    return Problem(code, f"{whose}: {message}" if whose else message, "", todo)

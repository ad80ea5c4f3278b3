"""Who is on record: members' assignments, practices, clinicians and designations, folded from their import events.

The data of the import events is set here too, so that writer and reader are one (see ``*_to_json``, ``*_from_json``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, TypeAlias

from cpdocs.core.enrollment import ENROLLMENT_EVENTS, Enrollment, enrollment
from cpdocs.core.events import JSON, Event, EventType
from cpdocs.core.guardianship import GUARDIAN_EVENTS, GuardianBook, Guardians
from cpdocs.core.members import Assignment, AssignmentKey, Program, assignment_key, shared
from cpdocs.core.person_facts import Fact, PersonFacts
from cpdocs.core.providers import Clinician, Designation, Directory, Practice

Key: TypeAlias = AssignmentKey

MEMBER_EVENTS = (
    EventType.ASSIGNMENT_RECORDED,
    EventType.HOLD_RELEASED,
    EventType.PERSON_FACT_STATED,
    EventType.PERSON_FACT_CORRECTED,
    *ENROLLMENT_EVENTS,
    *GUARDIAN_EVENTS,
)
"""What is known of members."""
DIRECTORY_EVENTS = (
    EventType.PRACTICES_IMPORTED,
    EventType.CLINICIANS_IMPORTED,
    EventType.DESIGNATIONS_IMPORTED,
    EventType.USER_ENROLLED,
)
"""What is known of practices, of who works there, and of who works here."""
REGISTER_EVENTS = (*MEMBER_EVENTS, *DIRECTORY_EVENTS)

_LIVE = frozenset({"assigned", "engaged"})
_ENDED = frozenset({"declined", "disenrolled"})
_ASSIGNMENT_FIELDS = tuple(item.name for item in fields(Assignment))


@dataclass(frozen=True, slots=True)
class Register:
    """Everyone on record. ``assignments`` keeps the order in which each was first recorded.

    ``enrollment`` is the members' own word (``member decline|change-cp|reinstate``): it outlives any roster.
    """

    directory: Directory = field(default_factory=Directory)
    assignments: Mapping[Key, Assignment] = field(default_factory=dict)
    by_member: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    enrollment: Enrollment = field(default_factory=Enrollment)
    releases: Mapping[tuple[Key, str], Assignment] = field(default_factory=dict)
    """(assignment, code of a hold that a person released) → the assignment as it was then."""
    facts: PersonFacts = field(default_factory=PersonFacts)
    """Who died, and who may not be written to, whatever the program."""
    guardians: Mapping[str, Guardians] = field(default_factory=dict)
    """Of whose guardians something is on record, by member id."""

    def member(self, member_id: str) -> tuple[Assignment, ...]:
        """The member's assignments, as first recorded; empty where the member is unknown."""
        return tuple(self.assignments[key] for key in self.by_member.get(member_id, ()))

    def enrolled(self, member_id: str, program: Program, on: date) -> Assignment | None:
        """The member's live assignment to ``program`` on that day: the latest begun, or None.

        Live: status assigned or engaged, not past its ``end_on``, and the member hasn't died, declined or left for
        another CP. One that begins later still counts, since a plan may be prepared ahead of it.
        """
        live = [item for item in self._live(member_id, program) if item.end_on is None or item.end_on >= on]
        return max(live, key=lambda item: item.assigned_on, default=None)

    def live_until(self, member_id: str, program: Program) -> date | None:
        """The last day on which ``enrolled`` finds an assignment, as things stand: ``date.max`` where one is open, None
        where none is live at all."""
        return max((item.end_on or date.max for item in self._live(member_id, program)), default=None)

    def _live(self, member_id: str, program: Program) -> list[Assignment]:
        """The member's assignments to ``program`` that are live until their end."""
        if self.has_died(member_id):
            return []
        return [
            item
            for item in self.member(member_id)
            if item.program == program
            # A death that a person took back leaves the assignment as it was.
            and (item.status in _LIVE or item.status == Fact.DECEASED)
            and not self.enrollment.stops(item)
        ]

    def latest(self, member_id: str, program: Program) -> Assignment | None:
        """The member's latest begun assignment to ``program``, live or not."""
        return max(
            (item for item in self.member(member_id) if item.program == program),
            key=lambda item: item.assigned_on,
            default=None,
        )

    def guardians_of(self, member_id: str) -> Guardians:
        """What is on record of the member's guardians."""
        return self.guardians.get(member_id, Guardians())

    def has_died(self, member_id: str) -> bool:
        """Whether any roster states that the member died, and nothing since takes it back."""
        return self.facts.holds(member_id, Fact.DECEASED) or any(
            self.facts.states(item, Fact.DECEASED) for item in self.member(member_id)
        )

    def stated_end(self, member_id: str, program: Program) -> str:
        """Why plans for ``program`` stop by what rosters state: ``deceased``, ``declined``, ``disenrolled``; empty:
        they go on.

        The latest begun assignment counts, so that a newer one takes the place of one that ended; a death counts
        whichever program it is stated for. Only what a roster states counts: a member whom a later one doesn't name
        stays as they were (contract §4).
        """
        if self.has_died(member_id):
            return Fact.DECEASED.value
        latest = self.latest(member_id, program)
        return latest.status if latest is not None and latest.status in _ENDED else ""


def fold(events: Iterable[Event]) -> Register:
    """The register that these events, in order, add up to. Other types of event are passed over."""
    assignments: dict[Key, Assignment] = {}
    by_member: dict[str, list[Key]] = {}
    said: list[Event] = []
    facts = PersonFacts()
    releases: dict[tuple[Key, str], Assignment] = {}
    practices: dict[str, Practice] = {}
    clinicians: dict[str, dict[str, Clinician]] = {}
    designations: dict[tuple[str, str], tuple[Designation, ...]] = {}
    people: set[str] = set()
    book = GuardianBook()
    for event in events:
        match event.type:
            case EventType.ASSIGNMENT_RECORDED:
                item = assignment_from_json(event.data["assignment"])
                if item.key not in assignments:
                    by_member.setdefault(item.member_id, []).append(item.key)
                assignments[item.key] = item
                facts.add(item, event.data.get("file", ""))
                book.add_line(event, item)
            case EventType.GUARDIAN_BEGAN | EventType.GUARDIAN_ENDED:
                book.add(event)
            case EventType.PERSON_FACT_STATED:
                for fact in event.data["facts"]:
                    facts.add_loose(event.data["member_id"], Fact(fact), event.data["file"])
            case EventType.PERSON_FACT_CORRECTED:
                facts.correct(event.data["member_id"], Fact(event.data["fact"]))
            case EventType.HOLD_RELEASED:
                key = assignment_key(*event.data["assignment"])
                releases[key, event.data["code"]] = assignments[key]
            case EventType.PRACTICES_IMPORTED:
                practices.update((row["practice_id"], Practice(**row)) for row in event.data["practices"])
            case EventType.CLINICIANS_IMPORTED:
                for row in event.data["clinicians"]:
                    clinicians.setdefault(row["npi"], {})[row["practice_id"]] = Clinician(**row)
            case EventType.USER_ENROLLED:
                people.update((event.data["user"], event.data["name"]))
            case EventType.DESIGNATIONS_IMPORTED:
                designations.update(_replaced_pairs(designations, event))
            case EventType.MEMBER_DECLINED | EventType.MEMBER_CHANGED_CP | EventType.MEMBER_REINSTATED:
                said.append(event)
            case _:
                pass
    directory = Directory(
        practices=practices,
        clinicians={npi: tuple(rows.values()) for npi, rows in clinicians.items()},
        designations=tuple(item for pair in sorted(designations) for item in designations[pair]),
        people=frozenset(people),
    )
    return Register(
        directory,
        assignments,
        {member: tuple(keys) for member, keys in by_member.items()},
        enrollment(said),
        releases,
        facts,
        book.records,
    )


def _replaced_pairs(
    before: Mapping[tuple[str, str], tuple[Designation, ...]], event: Event
) -> dict[tuple[str, str], tuple[Designation, ...]]:
    """The pairs that one file names, with its designations instead of the earlier ones.

    A designation that stood unchanged keeps the moment it was first recorded: a signature made since then stays good.
    """
    pairs: dict[tuple[str, str], tuple[Designation, ...]] = {}
    for row in event.data["designations"]:
        pair = (row["designee_npi"], row["pcp_npi"])
        new = designation_from_json(row, event.at)
        for old in before.get(pair, ()):
            if designation_to_json(old) == designation_to_json(new):
                new = old
                break
        pairs[pair] = (*pairs.get(pair, ()), new)
    return pairs


def assignment_to_json(item: Assignment) -> dict[str, JSON]:
    """The assignment for an event: dates as ISO text, empty fields left out."""
    row: dict[str, JSON] = {}
    for name in _ASSIGNMENT_FIELDS:
        value = getattr(item, name)
        if isinstance(value, date):
            row[name] = value.isoformat()
        elif isinstance(value, tuple):
            if value:
                row[name] = list(value)
        elif value:
            row[name] = str(value) if isinstance(value, Program) else value
    return row


def assignment_from_json(row: Mapping[str, Any]) -> Assignment:
    """The assignment that ``assignment_to_json`` wrote."""
    values: dict[str, Any] = dict.fromkeys(_ASSIGNMENT_FIELDS, "")
    values.update({name: shared(name, value) for name, value in row.items()})
    values["dob"] = date.fromisoformat(row["dob"])
    values["assigned_on"] = date.fromisoformat(row["assigned_on"])
    values["end_on"] = date.fromisoformat(row["end_on"]) if "end_on" in row else None
    values["program"] = Program(row["program"])
    values["exclusion_flags"] = tuple(row.get("exclusion_flags", ()))
    values["dmh_accs"] = bool(row.get("dmh_accs", False))
    return Assignment(**values)


def row_to_json(item: Practice | Clinician) -> dict[str, JSON]:
    """A practice or clinician for an event: every field, as it is."""
    return {part.name: getattr(item, part.name) for part in fields(item)}


def designation_to_json(item: Designation) -> dict[str, JSON]:
    """The designation for an event, without the moment of recording: the event has that."""
    return {
        "designee_npi": item.designee_npi,
        "pcp_npi": item.pcp_npi,
        "tasks": [*sorted(item.tasks)],
        "on_care_team": item.on_care_team,
        "face_to_face_with_pcp": item.face_to_face_with_pcp,
        "valid_from": item.valid_from.isoformat(),
        "valid_to": item.valid_to.isoformat() if item.valid_to else None,
        "attested_by": item.attested_by,
        "member_ids": [*sorted(item.member_ids)],
    }


def designation_from_json(row: Mapping[str, Any], recorded_at: datetime) -> Designation:
    """The designation that ``designation_to_json`` wrote, recorded at that moment (aware UTC)."""
    return Designation(
        designee_npi=row["designee_npi"],
        pcp_npi=row["pcp_npi"],
        tasks=frozenset(row["tasks"]),
        on_care_team=row["on_care_team"],
        face_to_face_with_pcp=row["face_to_face_with_pcp"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        attested_by=row["attested_by"],
        recorded_at=recorded_at,
        member_ids=frozenset(row["member_ids"]),
    )

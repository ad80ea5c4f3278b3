"""What a roster line becomes (contract §3): the first rule that fits, by exact code.

A line's fault is that line's disposition; every line gets exactly one. Reading a line (rules 1 and 2) gives an
assignment or a fault; judging an assignment (rules 3 to 6) needs what is on record, and holds as well for an
assignment recorded by an earlier import.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from cpdocs.core.addresses import is_no_place, is_remark_of_no_place, is_zip_of_another_state
from cpdocs.core.cells import tidy
from cpdocs.core.enrollment import Choice, Enrollment
from cpdocs.core.holds import still_holds
from cpdocs.core.ids import is_member_id, is_npi
from cpdocs.core.members import ADULT, Assignment, Program, age_on
from cpdocs.core.names import PersonKey, person_key
from cpdocs.core.options import AgeRange, Options
from cpdocs.core.organizations import compared_name
from cpdocs.core.person_facts import THIS_FILE, Fact, PersonFacts, loose_facts
from cpdocs.core.register import Key, Register
from cpdocs.core.roster_lines import Line, is_damaged, read_line
from cpdocs.core.zips import is_deliverable_zip

_ON_PAPER = frozenset({"standard", "large_print"})
_NOT_ELIGIBLE = frozenset({"PCC", "FFS"})
_LIVE = frozenset({"assigned", "engaged"})
_STOPPED = ("declined", "disenrolled")


class Disposition(StrEnum):
    """What becomes of a roster line (contract §1)."""

    MAILED = "mailed"
    HELD = "held"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class RosterOutcome:
    """What one line became. ``code`` is empty where it is mailed; ``warnings`` are a mailed line's only.

    ``assignment`` is None where the line is ignored or rejected; ``member_id`` is then what the cell said.
    """

    line: int
    disposition: Disposition
    code: str
    warnings: tuple[str, ...]
    assignment: Assignment | None
    member_id: str
    facts: tuple[Fact, ...] = ()
    """What a line that couldn't be recorded states of the person all the same."""
    unread_name: str = ""
    """The name on a line that couldn't be recorded, as far as there is one."""

    @property
    def name(self) -> str:
        """Whom the line is about; empty where it doesn't say."""
        return self.assignment.full_name if self.assignment is not None else self.unread_name


@dataclass(frozen=True, slots=True)
class Known:
    """What was on record before the first line.

    ``lettered``: assignments that a letter of this kind exists for. ``persons``: the member id under which each person
    was first recorded. ``reviewed``: the written languages (case-folded) in which reviewed text exists. ``releases``:
    holds that a person released, with the assignment as it was then. ``facts``: what is so of a person, whatever the
    program. ``spans``: by member and program, the assignments on record. ``cp_orgs``: the partners that the settings
    name, as compared; empty where they name none.
    """

    lettered: Container[Key] = frozenset()
    persons: Mapping[PersonKey, str] = field(default_factory=dict)
    enrollment: Enrollment = field(default_factory=Enrollment)
    ages: Mapping[str, AgeRange] = field(default_factory=lambda: Options().ages)
    reviewed: Container[str] = frozenset({"english"})
    releases: Mapping[tuple[Key, str], Assignment] = field(default_factory=dict)
    facts: PersonFacts = field(default_factory=PersonFacts)
    spans: Mapping[tuple[str, Program], tuple[Assignment, ...]] = field(default_factory=dict)
    cp_orgs: Container[str] = frozenset()

    def released(self, code: str, item: Assignment) -> bool:
        """Whether a person released this hold of the assignment, and nothing that it was judged by has changed
        since."""
        then = self.releases.get((item.key, code))
        return then is not None and still_holds(code, then, item)


def known_from(
    register: Register,
    lettered: Container[Key],
    *,
    ages: Mapping[str, AgeRange] | None = None,
    reviewed: Container[str] = frozenset({"english"}),
    cp_orgs: Container[str] = frozenset(),
) -> Known:
    """What the register knows, for judging the lines of a new roster."""
    persons: dict[PersonKey, str] = {}
    spans: dict[tuple[str, Program], tuple[Assignment, ...]] = {}
    for item in register.assignments.values():
        persons.setdefault(person_key(item), item.member_id)
        who = (item.member_id, item.program)
        spans[who] = (*spans.get(who, ()), item)
    return Known(
        lettered,
        persons,
        register.enrollment,
        ages or Options().ages,
        reviewed,
        register.releases,
        register.facts,
        spans,
        cp_orgs,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A line as rules 1 and 2 leave it: the assignment with the warnings from reading it, or a disposition and code."""

    line: int
    member_id: str
    assignment: Assignment | None
    warnings: tuple[str, ...] = ()
    disposition: Disposition = Disposition.REJECTED
    code: str = ""
    facts: tuple[Fact, ...] = ()
    """What a line that can't be recorded states of the person."""
    name: str = ""


def dispose(lines: Iterable[Line], known: Known, today: date) -> Iterator[RosterOutcome]:
    """The outcome of each line of a roster, in the file's order; ``today`` is the Massachusetts date of the run.

    All lines are read before the first is judged: what any of them states of a person holds for all (rule 4).
    """
    read = [_read(line, today) for line in lines]
    facts = known.facts.copy()
    for one in read:
        if one.assignment is not None:
            facts.add(one.assignment, THIS_FILE)
        for fact in one.facts:
            facts.add_loose(one.member_id, fact, THIS_FILE)
    items = [one.assignment for one in read if one.assignment is not None]
    judge = _Judge(replace(known, facts=facts, spans=_spans_with(known, items)), today)
    for one in read:
        if one.assignment is None:
            yield RosterOutcome(one.line, one.disposition, one.code, (), None, one.member_id, one.facts, one.name)
        else:
            yield judge.judge(one.line, one.assignment, one.warnings)


def dispose_recorded(assignments: Iterable[Assignment], known: Known, today: date) -> Iterator[RosterOutcome]:
    """The outcome of each assignment on record, numbered from 1 in the order given (a run without a roster)."""
    judge = _Judge(known, today)
    for number, assignment in enumerate(assignments, 1):
        yield judge.judge(number, assignment, ())


def _spans_with(known: Known, items: Iterable[Assignment]) -> Mapping[tuple[str, Program], tuple[Assignment, ...]]:
    """The assignments on record as these lines leave them: a line takes the place of what is on record of its own."""
    fresh: dict[tuple[str, Program], dict[Key, Assignment]] = {}
    for item in items:
        who = (item.member_id, item.program)
        if who not in fresh:
            fresh[who] = {old.key: old for old in known.spans.get(who, ())}
        fresh[who][item.key] = item
    return {who: tuple(by_key.values()) for who, by_key in fresh.items()}


def _read(line: Line, today: date) -> _Read:
    if line.blank:
        return _Read(line.line, "", None, disposition=Disposition.IGNORED, code="blank_line")
    member_id = tidy(line.cells["member_id"])
    if line.hidden:
        return _Read(line.line, member_id, None, disposition=Disposition.IGNORED, code="hidden_row")
    read = read_line(line, today)
    if isinstance(read, str):
        facts = tuple(loose_facts(line.cells)) if is_member_id(member_id) else ()
        name = " ".join(filter(None, (tidy(line.cells[part]) for part in ("first_name", "middle_name", "last_name"))))
        return _Read(line.line, member_id, None, code=read, facts=facts, name=name)
    return _Read(line.line, member_id, *read)


class _Judge:
    """Rules 3 to 6, over what is on record and the lines so far."""

    def __init__(self, known: Known, today: date) -> None:
        self._known = known
        self._today = today
        self._mailed: set[Key] = set()
        self._persons: dict[PersonKey, str] = {}

    def judge(self, line: int, item: Assignment, warnings: tuple[str, ...]) -> RosterOutcome:
        """The disposition of one assignment; remembers it for the lines that follow."""
        person = person_key(item)
        first_id = self._known.persons.get(person) or self._persons.setdefault(person, item.member_id)
        disposition, code = self._decide(item, same_person=first_id != item.member_id)
        if disposition is Disposition.MAILED:
            self._mailed.add(item.key)
            warnings = (*warnings, *self._warnings(item))
        else:
            warnings = ()
        return RosterOutcome(line, disposition, code, warnings, item, item.member_id)

    def _decide(self, item: Assignment, *, same_person: bool) -> tuple[Disposition, str]:
        if item.key in self._mailed or item.key in self._known.lettered:
            return Disposition.DUPLICATE, "same_assignment"
        if code := self._suppressed(item):
            return Disposition.SUPPRESSED, code
        for code in self._holds(item, same_person=same_person):
            if not self._known.released(code, item):
                return Disposition.HELD, code
        # What the contract doesn't name: a cell that we can't read where a mistake would reach the wrong person.
        if item.status not in _LIVE and item.status != Fact.DECEASED:
            return Disposition.HELD, "status_unknown"
        if item.safe_contact not in ("", "mail", "phone_only"):
            return Disposition.HELD, "safe_contact_unknown"
        return Disposition.MAILED, ""

    def _suppressed(self, item: Assignment) -> str:
        """Rule 4. A status or wish that a person took back (see ``person_facts``) is none of the facts any more."""
        if self._is_so(item, Fact.DECEASED):
            return Fact.DECEASED.value
        said = self._known.enrollment.stops(item)
        for status in _STOPPED:
            if item.status == status or (status == "declined" and said is Choice.DECLINED):
                return status
        if said is Choice.CHANGED_CP:
            return "disenrolled"
        if self._is_so(item, Fact.NO_MAIL):
            return Fact.NO_MAIL.value
        return "span_ended" if has_ended(item, self._today) else ""

    def _is_so(self, item: Assignment, fact: Fact) -> bool:
        return self._known.facts.holds(item.member_id, fact) or self._known.facts.states(item, fact)

    def _holds(self, item: Assignment, *, same_person: bool) -> Iterator[str]:
        """Rule 5: every reason why a letter can't go out as things are, in the order of the contract."""
        if item.plan_type in _NOT_ELIGIBLE and not item.dmh_accs:
            yield "plan_not_eligible"
        if item.exclusion_flags and item.assignment_source != "referral":
            yield "excluded_from_auto_assignment"
        if is_damaged(item):
            yield "name_damaged"
        if item.format_need not in _ON_PAPER:
            yield "format_not_printable"
        if not _has_place(item):
            yield "undeliverable_address"
        if age_on(item.dob, self._today) < ADULT and not item.guardian_name:
            yield "minor_without_guardian"
        if same_person:
            yield "possible_same_person"
        if self._is_overtaken(item):
            yield "assignments_overlap"

    def _is_overtaken(self, item: Assignment) -> bool:
        """Whether another span of the member in this program says something else for the same days: one that began
        later, or on the same day with another partner. Two such letters would contradict each other."""
        return any(
            other.key != item.key
            and other.assigned_on >= item.assigned_on
            and (item.end_on is None or other.assigned_on < item.end_on)
            and other.status in _LIVE
            and not has_ended(other, self._today)
            and not self._known.enrollment.stops(other)
            for other in self._known.spans.get((item.member_id, item.program), ())
        )

    def _warnings(self, item: Assignment) -> Iterator[str]:
        if not is_npi(item.pcp_npi):
            yield "pcp_npi_invalid" if item.pcp_npi else "pcp_npi_missing"
        ages = self._known.ages.get(item.program.value)
        if ages and not ages.lowest <= age_on(item.dob, self._today) <= ages.highest:
            yield "age_outside_program"
        language = item.language_written or item.language_spoken
        if language and language.casefold() not in self._known.reviewed:
            yield "language_fallback"
        if is_zip_of_another_state(item.zip, item.state):
            yield "zip_of_another_state"
        if self._known.cp_orgs and compared_name(item.cp_org) not in self._known.cp_orgs:
            yield "cp_org_unknown"


def has_ended(item: Assignment, today: date) -> bool:
    """Whether a span is over, or void: it ended on the day on which it began (rule 4)."""
    return item.end_on is not None and (item.end_on < today or item.end_on == item.assigned_on)


def _has_place(item: Assignment) -> bool:
    return (
        bool(item.address1 and item.city)
        and is_deliverable_zip(item.zip)
        and not any(is_no_place(cell) for cell in (item.address1, item.city))
        and not (item.address2 and is_remark_of_no_place(item.address2))
    )

"""What a roster line becomes (contract §3): the first rule that fits, by exact code.

A line's fault is that line's disposition; every line gets exactly one. Reading a line (rules 1 and 2) gives an
assignment or a fault; judging an assignment (rules 3 to 6) needs what is on record, and holds as well for an
assignment recorded by an earlier import.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Protocol, TypeAlias

from cpdocs.core.cells import is_forbidden_name, parse_date, parse_flag, split_list, tidy
from cpdocs.core.enrollment import Choice, Enrollment
from cpdocs.core.holds import still_holds
from cpdocs.core.ids import is_damaged_by_spreadsheet, is_member_id, is_npi
from cpdocs.core.members import Assignment, Program, age_on, shared
from cpdocs.core.options import AgeRange, Options
from cpdocs.core.register import Key, Register
from cpdocs.core.zips import is_deliverable_zip, repad_zip

COLUMNS = (
    *(
        "member_id",
        "last_name",
        "first_name",
        "middle_name",
        "suffix",
        "dob",
        "sex",
        "language_spoken",
        "language_written",
    ),
    *(
        "format_need",
        "address1",
        "address2",
        "city",
        "state",
        "zip",
        "county",
        "phone",
        "safe_contact",
        "guardian_name",
    ),
    *("guardian_relation", "plan_name", "plan_type", "program", "cp_org", "assigned_on", "end_on", "status"),
    *("assignment_source", "exclusion_flags", "dmh_accs", "pcp_npi", "practice_id", "coordinator", "mrn"),
)
"""A roster's columns; every one must be there (contract §3)."""

ADULT = 18
LONGEST_CELL = 400
"""Characters that any cell of a roster may have: nothing longer fits a letter, or is meant."""
_ON_PAPER = frozenset({"standard", "large_print"})
_NOT_ELIGIBLE = frozenset({"PCC", "FFS"})
_LIVE = frozenset({"assigned", "engaged"})
_STOPPED = ("deceased", "declined", "disenrolled")

PersonKey: TypeAlias = tuple[str, str, str]
"""Who somebody is but for the id: last name, first name, date of birth, as compared."""


class Disposition(StrEnum):
    """What becomes of a roster line (contract §1)."""

    MAILED = "mailed"
    HELD = "held"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    IGNORED = "ignored"


class Line(Protocol):
    """One record of a roster file: where it begins, its cells by column, and whether they can be trusted to be in
    place."""

    @property
    def line(self) -> int: ...
    @property
    def cells(self) -> Mapping[str, str]: ...
    @property
    def misaligned(self) -> bool: ...
    @property
    def blank(self) -> bool: ...


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


@dataclass(frozen=True, slots=True)
class Known:
    """What was on record before the first line.

    ``lettered``: assignments that a letter of this kind exists for. ``persons``: the member id under which each person
    was first recorded. ``reviewed``: the written languages (case-folded) in which reviewed text exists. ``releases``:
    holds that a person released, with the assignment as it was then.
    """

    lettered: Container[Key] = frozenset()
    persons: Mapping[PersonKey, str] = field(default_factory=dict)
    enrollment: Enrollment = field(default_factory=Enrollment)
    ages: Mapping[str, AgeRange] = field(default_factory=lambda: Options().ages)
    reviewed: Container[str] = frozenset({"english"})
    releases: Mapping[tuple[Key, str], Assignment] = field(default_factory=dict)

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
) -> Known:
    """What the register knows, for judging the lines of a new roster."""
    persons: dict[PersonKey, str] = {}
    for item in register.assignments.values():
        persons.setdefault(person_key(item), item.member_id)
    return Known(lettered, persons, register.enrollment, ages or Options().ages, reviewed, register.releases)


def dispose(lines: Iterable[Line], known: Known, today: date) -> Iterator[RosterOutcome]:
    """The outcome of each line of a roster, in the file's order; ``today`` is the Massachusetts date of the run."""
    judge = _Judge(known, today)
    for line in lines:
        if line.blank:
            yield RosterOutcome(line.line, Disposition.IGNORED, "blank_line", (), None, "")
            continue
        read = read_line(line, today)
        if isinstance(read, str):
            yield RosterOutcome(line.line, Disposition.REJECTED, read, (), None, tidy(line.cells["member_id"]))
        else:
            yield judge.judge(line.line, *read)


def dispose_recorded(assignments: Iterable[Assignment], known: Known, today: date) -> Iterator[RosterOutcome]:
    """The outcome of each assignment on record, numbered from 1 in the order given (a run without a roster)."""
    judge = _Judge(known, today)
    for number, assignment in enumerate(assignments, 1):
        yield judge.judge(number, assignment, ())


def read_line(line: Line, today: date) -> tuple[Assignment, tuple[str, ...]] | str:
    """Rule 2: the assignment that a line states with warnings from reading it, or the code for which it is rejected."""
    cells = line.cells
    member_id = cells["member_id"].strip()
    if not member_id:
        return "member_id_missing"
    if not is_member_id(member_id):
        return "member_id_damaged_by_spreadsheet" if is_damaged_by_spreadsheet(member_id) else "member_id_invalid"
    if not cells["last_name"].strip() or not cells["first_name"].strip():
        return "name_missing"
    if any(
        is_forbidden_name(cells[name]) for name in ("last_name", "first_name", "middle_name", "suffix", "guardian_name")
    ):
        return "name_has_forbidden_characters"
    program = cells["program"].strip().upper()
    if program not in Program.__members__:
        return "program_unknown"
    dob, assigned_on, end_on = (parse_date(cells[name]) for name in ("dob", "assigned_on", "end_on"))
    if dob is None or assigned_on is None or (end_on is None and cells["end_on"].strip()):
        return "date_invalid"
    if dob > today:
        return "date_in_future"
    if end_on is not None and end_on < assigned_on:
        return "dates_out_of_order"
    if line.misaligned:
        return "cells_misaligned"
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        return "cell_too_long"
    text = {name: shared(name, tidy(cell)) for name, cell in cells.items() if name in _TEXT}
    text["zip"], repadded = repad_zip(text["zip"], text["state"])
    assignment = Assignment(
        **text,
        member_id=member_id,
        dob=dob,
        program=Program(program),
        assigned_on=assigned_on,
        end_on=end_on,
        format_need=_code(cells["format_need"]) or "standard",
        safe_contact=_code(cells["safe_contact"]) or "mail",
        plan_type=shared("plan_type", tidy(cells["plan_type"]).upper()),
        status=_code(cells["status"]),
        assignment_source=_code(cells["assignment_source"]),
        exclusion_flags=tuple(flag.upper() for flag in split_list(cells["exclusion_flags"])),
        dmh_accs=parse_flag(cells["dmh_accs"]) is True,
    )
    return assignment, ("zip_repadded",) if repadded else ()


_TEXT = frozenset(COLUMNS) - {
    *("member_id", "dob", "program", "assigned_on", "end_on", "format_need", "safe_contact", "plan_type", "status"),
    *("assignment_source", "exclusion_flags", "dmh_accs"),
}


@lru_cache(maxsize=256)
def _code(cell: str) -> str:
    return tidy(cell).casefold().replace(" ", "_").replace("-", "_")


def person_key(item: Assignment) -> PersonKey:
    """Who somebody is but for the id (requirement X12): names without case and accents, and the date of birth."""
    return (_bare(item.last_name), _bare(item.first_name), item.dob.isoformat())


def _bare(name: str) -> str:
    if name.isascii():
        return name.casefold()
    return "".join(char for char in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(char))


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
        for code in _holds(item, self._today, same_person=same_person):
            if not self._known.released(code, item):
                return Disposition.HELD, code
        # What the contract doesn't name: a cell that we can't read where a mistake would reach the wrong person.
        if item.status not in _LIVE:
            return Disposition.HELD, "status_unknown"
        if item.safe_contact != "mail":
            return Disposition.HELD, "safe_contact_unknown"
        return Disposition.MAILED, ""

    def _suppressed(self, item: Assignment) -> str:
        said = self._known.enrollment.stops(item)
        for status in _STOPPED:
            if item.status == status or (status == "declined" and said is Choice.DECLINED):
                return status
        if said is Choice.CHANGED_CP:
            return "disenrolled"
        return "no_mail" if item.safe_contact == "phone_only" else ""

    def _warnings(self, item: Assignment) -> Iterator[str]:
        if not is_npi(item.pcp_npi):
            yield "pcp_npi_invalid" if item.pcp_npi else "pcp_npi_missing"
        ages = self._known.ages.get(item.program.value)
        if ages and not ages.lowest <= age_on(item.dob, self._today) <= ages.highest:
            yield "age_outside_program"
        language = item.language_written or item.language_spoken
        if language and language.casefold() not in self._known.reviewed:
            yield "language_fallback"
        if item.end_on and item.end_on < self._today:
            yield "assignment_ended"


def _holds(item: Assignment, today: date, *, same_person: bool) -> Iterator[str]:
    """Rule 5: every reason why a letter can't go out as things are, in the order of the contract."""
    if item.plan_type in _NOT_ELIGIBLE and not item.dmh_accs:
        yield "plan_not_eligible"
    if item.exclusion_flags and item.assignment_source != "referral":
        yield "excluded_from_auto_assignment"
    if item.format_need not in _ON_PAPER:
        yield "format_not_printable"
    if not item.address1 or not item.city or not is_deliverable_zip(item.zip):
        yield "undeliverable_address"
    if age_on(item.dob, today) < ADULT and not item.guardian_name:
        yield "minor_without_guardian"
    if same_person:
        yield "possible_same_person"

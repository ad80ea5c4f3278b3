"""Roster lines as values, for the rules: a good line, and that line with something changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cpdocs.core.members import Assignment
from cpdocs.core.roster import Known, RosterOutcome, dispose
from cpdocs.core.roster_lines import COLUMNS, read_line

TODAY = date(2026, 11, 2)

GOOD = {
    "member_id": "900000000001",
    "last_name": "Testwell",
    "first_name": "Acorn",
    "dob": "1980-05-04",
    "language_written": "English",
    "format_need": "standard",
    "address1": "1 Specimen Street",
    "city": "Boston",
    "state": "MA",
    "zip": "02118",
    "safe_contact": "mail",
    "plan_name": "Pretend Health",
    "plan_type": "ACPP",
    "program": "BH",
    "cp_org": "Sample CP",
    "assigned_on": "2026-11-01",
    "status": "assigned",
    "assignment_source": "auto",
    "dmh_accs": "N",
    "pcp_npi": "1234567893",
}


@dataclass(frozen=True)
class Line:
    """A roster line."""

    line: int
    cells: Mapping[str, str]
    misaligned: bool = False
    blank: bool = False
    hidden: bool = False


@dataclass
class Roster:
    """Lines being gathered; ``add`` takes what differs from a good line."""

    lines: list[Line] = field(default_factory=list)

    def add(self, *, misaligned: bool = False, **changed: str) -> Roster:
        cells = {**dict.fromkeys(COLUMNS, ""), **GOOD, **changed}
        self.lines.append(Line(len(self.lines) + 2, cells, misaligned, not any(cells.values())))
        return self

    def outcomes(self, known: Known | None = None, today: date = TODAY) -> list[RosterOutcome]:
        return list(dispose(self.lines, known or Known(), today))


def outcome(known: Known | None = None, *, misaligned: bool = False, **changed: str) -> RosterOutcome:
    """What one line becomes, alone in its file."""
    return Roster().add(misaligned=misaligned, **changed).outcomes(known)[0]


def assignment(**changed: str) -> Assignment:
    """The assignment that a good line states, with something changed."""
    read = read_line(Roster().add(**changed).lines[0], TODAY)
    assert not isinstance(read, str)
    return read[0]

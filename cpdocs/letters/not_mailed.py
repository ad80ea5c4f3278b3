"""The lines of a run that no letter answers: who, and why. For the operator alone; nothing of it is ever logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.holds import RELEASABLE
from cpdocs.core.letter_counts import LineResult
from cpdocs.core.line_words import what_to_do, why
from cpdocs.core.members import Assignment
from cpdocs.core.roster import Disposition, RosterOutcome

TO_LOOK_AT = (Disposition.HELD.value, Disposition.REJECTED.value)
"""Dispositions that ask something of a person."""
_ADDRESS = ("address1", "address2", "city", "state", "zip")
HELD_COLUMNS = (
    *("line", "disposition", "code", "why", "what_to_do", "release", "document_id", "member_id", "name"),
    *(*_ADDRESS, "phone", "program", "cp_org", "assigned_on", "practice_id", "coordinator"),
)
"""The columns of held.csv: ``release`` says whether a reviewer may let the letter go, by its ``document_id``."""


@dataclass(frozen=True, slots=True)
class NotMailed:
    """One line without a letter: what became of it, by which code, and who is on it. ``document_id`` is the reference
    number that a held letter would have; ``assignment`` is None where the line couldn't be read."""

    line: int
    disposition: str
    code: str
    name: str
    member_id: str
    document_id: str
    assignment: Assignment | None

    def as_json(self) -> dict[str, Any]:
        """With names, for whoever asked for JSON (contract §10)."""
        return {
            "line": self.line,
            "disposition": self.disposition,
            "code": self.code,
            "why": why(self.code),
            "what_to_do": what_to_do(self.code),
            "member": self.name,
            "member_id": self.member_id,
            "document_id": self.document_id,
        }


def not_mailed(
    outcomes: Iterable[RosterOutcome], lines: Sequence[LineResult], document_id: Callable[[RosterOutcome], str]
) -> list[NotMailed]:
    """Every line that isn't mailed, in the file's order; those to look at, and who is on them."""
    found = []
    for outcome, line in zip(outcomes, lines, strict=True):
        if line.disposition != Disposition.MAILED.value:
            reference = document_id(outcome) if line.disposition == Disposition.HELD.value else ""
            found.append(
                NotMailed(
                    line.line,
                    line.disposition,
                    line.code,
                    outcome.name,
                    outcome.member_id,
                    reference,
                    outcome.assignment,
                )
            )
    return found


def held_csv(lines: Iterable[NotMailed]) -> str:
    """A CSV of the lines that a person has to look at, with names and addresses."""
    return csv_text(HELD_COLUMNS, (_row(line) for line in lines if line.disposition in TO_LOOK_AT))


def _row(line: NotMailed) -> dict[str, object]:
    row: dict[str, object] = {
        "line": line.line or "",
        "disposition": line.disposition,
        "code": line.code,
        "why": why(line.code),
        "what_to_do": what_to_do(line.code),
        "release": "yes" if line.code in RELEASABLE else "no",
        "document_id": line.document_id,
        "member_id": line.member_id,
        "name": line.name,
    }
    item = line.assignment
    if item is not None:
        row |= {name: getattr(item, name) for name in (*_ADDRESS, "phone", "cp_org", "practice_id", "coordinator")}
        row |= {"program": item.program.value, "assigned_on": item.assigned_on.isoformat()}
    return row

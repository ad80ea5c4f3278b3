"""The month's letters in figures: by program, language and outcome; members without a letter; assignments against the
share of enrollees that MassHealth expects the payers to enroll.

The expectation (about 3.6 % a year, 2.6 % BH and 1 % LTSS; MassHealth bulletin of August 2024) is the payers' duty, not
the Community Partner's (requirement B6); every row that shows it says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from cpdocs.core.letters import RunRecord, RunState
from cpdocs.core.members import Assignment, AssignmentKey
from cpdocs.core.senders import Senders

EXPECTED_SHARE: Mapping[str, float] = {"BH": 0.026, "LTSS": 0.010}
"""The part of a payer's enrollees that it is expected to enroll in a year, by program."""

_COUNTED = (RunState.STAGED, RunState.RELEASED, RunState.MAILED)
_LIVE = frozenset({"assigned", "engaged"})


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """Lines of one month's runs of one kind: program and language as the roster names them, what became of them, how
    many."""

    month: str
    kind: str
    program: str
    language: str
    outcome: str
    lines: int


@dataclass(frozen=True, slots=True)
class UnletteredRow:
    """A live assignment without a first letter: the member, the program, since when."""

    member_id: str
    program: str
    cp_org: str
    assigned_on: date


@dataclass(frozen=True, slots=True)
class ExpectationRow:
    """One payer's assignments in twelve months against what it is expected to enroll; None where its enrollees aren't
    known."""

    payer: str
    program: str
    assignments: int
    enrollees: int | None
    expected: int | None

    @property
    def share(self) -> float | None:
        """Assignments as a part of the enrollees; None where they aren't known."""
        return self.assignments / self.enrollees if self.enrollees else None


def months(runs: Iterable[RunRecord]) -> list[str]:
    """Every month in which a run was made that wasn't cancelled, as ``2026-11``, oldest first."""
    return sorted({f"{run.on:%Y-%m}" for run in runs if run.state in _COUNTED})


def outcomes(runs: Iterable[RunRecord], month: str = "") -> list[OutcomeRow]:
    """What became of the lines of every run that wasn't cancelled, of one month or of all."""
    found: Counter[tuple[str, str, str, str, str]] = Counter()
    for run in runs:
        name = f"{run.on:%Y-%m}"
        if run.state in _COUNTED and (not month or name == month):
            for program, language, outcome, lines in run.tally:
                found[name, run.kind, program, language, outcome] += lines
    return [OutcomeRow(*key, lines) for key, lines in sorted(found.items())]


def without_letter(assignments: Iterable[Assignment], lettered: Iterable[AssignmentKey]) -> list[UnletteredRow]:
    """Live assignments on record that have no letter of the first kind, oldest first."""
    done = set(lettered)
    rows = [
        UnletteredRow(item.member_id, item.program.value, item.cp_org, item.assigned_on)
        for item in assignments
        if item.status in _LIVE and item.key not in done
    ]
    return sorted(rows, key=lambda row: (row.assigned_on, row.member_id, row.program))


def expectation(assignments: Iterable[Assignment], senders: Senders, on: date) -> list[ExpectationRow]:
    """Each payer's assignments of the twelve months up to ``on``, by program, against the expected share of its
    enrollees."""
    since = date(on.year - 1, on.month, min(on.day, 28))
    found = Counter((item.plan_name, item.program.value) for item in assignments if since < item.assigned_on <= on)
    payers = sorted({payer for payer, _ in found} | set(senders.payers))
    rows = []
    for payer in payers:
        enrollees = senders.payer(payer).enrollees
        for program, share in EXPECTED_SHARE.items():
            expected = round(enrollees * share) if enrollees else None
            rows.append(ExpectationRow(payer, program, found[payer, program], enrollees, expected))
    return rows

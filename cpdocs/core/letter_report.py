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

from cpdocs.core.letters import NOTHING_TO_PRINT, RunRecord, RunState
from cpdocs.core.members import Assignment, AssignmentKey
from cpdocs.core.senders import Senders

EXPECTED_SHARE: Mapping[str, float] = {"BH": 0.026, "LTSS": 0.010}
"""The part of a payer's enrollees that it is expected to enroll in a year, by program."""

_COUNTED = (RunState.STAGED, RunState.RELEASED, RunState.MAILED)
_LETTERED, _AGAIN, _NO_MEMBER = "mailed", "duplicate", "ignored"
_LIVE = frozenset({"assigned", "engaged"})


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One month's letters of one kind: program and language as the roster names them, what came of it, for how many
    members, and in how many lines of all runs.

    A member counts once a month, kind and program, by what came of it in the end: lettered, where any run did.
    """

    month: str
    kind: str
    program: str
    language: str
    outcome: str
    members: int
    lines: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """One line of a run as the month counts it: whom it is about (empty where it doesn't say), and what became of
    it."""

    member_id: str
    program: str
    language: str
    outcome: str


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


def counts_for_the_month(run: RunRecord) -> bool:
    """Whether a run's lines count: it was staged and not cancelled, or closed at once because it mails nobody."""
    return run.state in _COUNTED or (run.state is RunState.CANCELLED and run.reason == NOTHING_TO_PRINT)


def months(runs: Iterable[RunRecord]) -> list[str]:
    """Every month in which a run was made whose lines count, as ``2026-11``, oldest first."""
    return sorted({f"{run.on:%Y-%m}" for run in runs if counts_for_the_month(run)})


def outcomes(runs: Iterable[tuple[RunRecord, Iterable[RunLine]]], month: str = "") -> list[OutcomeRow]:
    """What came of the lines of every run that counts, of one month or of all; runs in the order of their making."""
    lines: Counter[tuple[str, str, str, str, str]] = Counter()
    members: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for run, its_lines in runs:
        name = f"{run.on:%Y-%m}"
        if not counts_for_the_month(run) or (month and name != month):
            continue
        for number, line in enumerate(its_lines):
            lines[name, run.kind, line.program, line.language, line.outcome] += 1
            if line.outcome == _NO_MEMBER:
                continue
            who = line.member_id or f"{run.run_id} {number}"
            key = (name, run.kind, line.program, who)
            if _outweighs(line.outcome, members[key][1] if key in members else None):
                members[key] = (line.language, line.outcome)
    counted = Counter((name, kind, program, *end) for (name, kind, program, _), end in members.items())
    return [OutcomeRow(*key, counted[key], number) for key, number in sorted(lines.items())]


def _outweighs(outcome: str, before: str | None) -> bool:
    """Whether a later line's outcome says more of a member than an earlier one's: a letter that went says most, that
    there was one before says least."""
    if before is None or outcome == _LETTERED:
        return True
    return before != _LETTERED and (outcome != _AGAIN or before == _AGAIN)


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

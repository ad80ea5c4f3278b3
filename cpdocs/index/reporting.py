"""Counts for the reports, out of the index: of what was issued, or came back, in a span of days."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from statistics import median
from typing import TYPE_CHECKING

from cpdocs.core.reports import CHOICES

if TYPE_CHECKING:
    from cpdocs.index.store import Index


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both ends included."""

    first: date
    last: date

    @property
    def values(self) -> tuple[str, str]:
        return self.first.isoformat(), self.last.isoformat()


@dataclass(frozen=True, slots=True)
class TimelinessRow:
    """The versions issued to one practice for one program: members (each once), versions; of first versions those
    written later than the plan is due after the assignment; sent or received, and never sent while the clock runs;
    signed by the member; approved in time and late; waiting and overdue on the day of the report (what was never sent
    is neither: the practice isn't late with it), returned with comments. The medians are of days from issue to the
    first sending, and of business days from receipt to approval; None where there are none."""

    practice_id: str
    program: str
    members: int
    issued: int
    written_late: int
    sent: int
    unsent: int
    member_signed: int
    in_time: int
    late: int
    waiting: int
    overdue: int
    returned: int
    median_days_to_send: float | None
    median_days: float | None


_OUT = "(sent_at <> '' OR received_at <> '')"
"""The practice has it, as far as is on record."""
_COUNTED = tuple(field.name for field in fields(TimelinessRow))[:-2]
"""The columns of the query, in order."""


def timeliness(
    index: Index, span: Span, on: date, *, by_practice: bool, plan_days: int, practice_id: str = ""
) -> list[TimelinessRow]:
    """Timeliness by practice and program, or by program alone (``practice_id`` empty), by name; of one practice where
    ``practice_id`` names it. A plan is written late more than ``plan_days`` days after the assignment."""
    group = "practice_id, program" if by_practice else "program"
    only = "practice_id = ? AND " if practice_id else ""
    practice = "practice_id" if by_practice else "''"
    query = (
        f"SELECT {practice}, program, count(DISTINCT member_id), count(*), "  # noqa: S608
        "sum(version = 1 AND assigned_on <> '' AND julianday(issued_on) - julianday(assigned_on) > ?), "
        f"sum({_OUT}), sum(running = 1 AND NOT {_OUT}), sum(member_evidence <> ''), "
        "sum(stopped_by = 'approved' AND stopped_on <= due_on), sum(stopped_by = 'approved' AND stopped_on > due_on), "
        f"sum(running = 1 AND {_OUT}), sum(running = 1 AND due_on < ? AND {_OUT}), sum(stopped_by = 'returned'), "
        "group_concat(CASE WHEN sent_at <> '' THEN "
        "CAST(julianday(substr(sent_at, 1, 10)) - julianday(substr(issued_at, 1, 10)) AS INTEGER) END), "
        "group_concat(CASE stopped_by WHEN 'approved' THEN business_days END) "
        f"FROM plans WHERE {only}issued_on BETWEEN ? AND ? GROUP BY {group} ORDER BY {group}"
    )
    found = []
    named = (practice_id,) if practice_id else ()
    for row in index.rows(query, (plan_days, on.isoformat(), *named, *span.values)):
        values = dict(zip(_COUNTED, row, strict=False))
        to_send, to_approve = (_median(str(text or "")) for text in tuple(row)[len(_COUNTED) :])
        found.append(TimelinessRow(**values, median_days_to_send=to_send, median_days=to_approve))
    return found


def _median(days: str) -> float | None:
    numbers = [int(each) for each in days.split(",") if each]
    return float(median(numbers)) if numbers else None


def approval_days(index: Index, span: Span, practice_id: str) -> dict[int, int]:
    """Of a practice's versions issued in these days: how many were approved after so many business days."""
    query = (
        "SELECT business_days, count(*) FROM plans WHERE practice_id = ? AND stopped_by = 'approved' "
        "AND issued_on BETWEEN ? AND ? GROUP BY business_days ORDER BY business_days"
    )
    return {int(row[0]): int(row[1]) for row in index.rows(query, (practice_id, *span.values))}


def months(index: Index, span: Span, practice_id: str) -> list[tuple[str, int, int]]:
    """Of a practice's versions issued in these days, by month (``2026-11``): approved in time, and approved or overdue
    by now, which they are measured against."""
    query = (
        "SELECT substr(issued_on, 1, 7), sum(stopped_by = 'approved' AND stopped_on <= due_on), "  # noqa: S608 ours
        f"sum(stopped_by = 'approved' OR (running = 1 AND due_on < ? AND {_OUT})) "
        "FROM plans WHERE practice_id = ? AND issued_on BETWEEN ? AND ? GROUP BY 1 ORDER BY 1"
    )
    last = span.last.isoformat()
    return [(row[0], int(row[1]), int(row[2])) for row in index.rows(query, (last, practice_id, *span.values))]


def returns_of_practice(index: Index, practice_id: str, utc: tuple[str, str]) -> tuple[int, int]:
    """Of the parts that came back for a practice's versions between two moments (as in ``held``): how many there were,
    and how many didn't count at first: rejected, or left to a person."""
    query = (
        "SELECT count(*), coalesce(sum(verdict = 'rejected' OR waiting = 1 OR resolved_at <> ''), 0) FROM returns "
        "INDEXED BY returns_of_plan WHERE document_id IN (SELECT document_id FROM plans WHERE practice_id = ?) "
        "AND received_at >= ? AND received_at < ?"
    )
    row = index.one(query, (practice_id, *utc))
    return int(row[0]), int(row[1])


def choices(index: Index, span: Span) -> list[tuple[str, int, dict[str, int], int]]:
    """Informed choice: program, versions issued that stand, how many of them say yes to each question, and to all."""
    # Few sets of answers are given at all, so they are taken apart here, and not row by row.
    query = (
        "SELECT program, choices, count(*) FROM plans WHERE closed = '' AND issued_on BETWEEN ? AND ? "
        "GROUP BY program, choices ORDER BY program"
    )
    found: dict[str, list[tuple[frozenset[str], int]]] = {}
    for program, said, count in index.rows(query, span.values):
        found.setdefault(program, []).append((frozenset(said.split()), int(count)))
    return [
        (
            program,
            sum(count for _, count in answers),
            {name: sum(count for said, count in answers if name in said) for name in CHOICES},
            sum(count for said, count in answers if said.issuperset(CHOICES)),
        )
        for program, answers in found.items()
    ]


def affiliated(index: Index, span: Span) -> list[tuple[str, int, int, int, int]]:
    """Referrals to affiliated providers: program, plans (of each member the last version issued, withdrawn or not: the
    referral was made), services, those by a provider linked to the CP, plans that name one."""
    query = (
        "SELECT program, count(*), sum(services), sum(affiliated), sum(affiliated > 0) FROM "
        "(SELECT program, services, affiliated, max(version) FROM plans WHERE issued_on BETWEEN ? AND ? "
        "GROUP BY program, member_id) GROUP BY program ORDER BY program"
    )
    return [tuple(row) for row in index.rows(query, span.values)]


def evidence(index: Index, span: Span) -> list[tuple[str, str, int]]:
    """What the approvals of the versions issued rest on: slot, kind of evidence, how many."""
    parts = " UNION ALL ".join(
        f"SELECT '{slot}', {slot}_evidence, count(*) FROM plans "  # noqa: S608 our own names
        f"WHERE {slot}_evidence <> '' AND issued_on BETWEEN ? AND ? GROUP BY {slot}_evidence"
        for slot in ("member", "pcp")
    )
    return [tuple(row) for row in index.rows(f"{parts} ORDER BY 1, 3 DESC, 2", span.values * 2)]


def held(index: Index, utc: tuple[str, str]) -> tuple[int, int, list[tuple[str, int]]]:
    """Of the parts of files that came back between two moments (UTC, ISO 8601; the second left out): how many there
    were, how many a person had or has to look at, and the codes of the findings of those, the most frequent first."""
    span = "received_at >= ? AND received_at < ?"
    (parts,) = index.one(f"SELECT count(*) FROM returns WHERE {span}", utc)  # noqa: S608 our own names
    query = f"SELECT codes FROM returns WHERE {span} AND (waiting = 1 OR resolved_at <> '')"  # noqa: S608
    counts: dict[str, int] = {}
    looked_at = 0
    for (codes,) in index.rows(query, utc):
        looked_at += 1
        for code in codes.split():
            counts[code] = counts.get(code, 0) + 1
    return int(parts), looked_at, sorted(counts.items(), key=lambda each: (-each[1], each[0]))

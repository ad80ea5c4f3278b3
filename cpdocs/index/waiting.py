"""What waits for somebody, out of the index: every kind of it, oldest first, narrowed and paged (contract §10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cpdocs.core.worklist import REVIEW_AHEAD, VISIT_AHEAD, Kind, Waiting, days_ahead
from cpdocs.index.queries import Page

if TYPE_CHECKING:
    from cpdocs.index.store import Index

_PLAN = (
    "SELECT '{kind}' kind, {since} since, {due} due_on, p.document_id, p.member_id, p.program, p.coordinator, "
    "p.practice_id, {about} about FROM plans p WHERE {where}"
)
_OPEN = "p.closed = '' AND p.live_until >= :on"
"""A version that counts, of a member who takes part."""
_SENT = "(p.sent_at <> '' OR p.received_at <> '')"


def _plan(kind: Kind, since: str, where: str, due: str = "''", about: str = "''") -> str:
    return _PLAN.format(kind=kind.value, since=since, due=due, where=where, about=about)


_RETURN = (
    "SELECT '{kind}' kind, min(r.received_at) since, '' due_on, r.document_id, coalesce(p.member_id, '') member_id, "
    "coalesce(p.program, '') program, coalesce(p.coordinator, '') coordinator, "
    "coalesce(p.practice_id, r.practice_id) practice_id, substr(r.sha256, 1, 12) about "
    "FROM returns r LEFT JOIN plans p ON p.document_id = r.document_id WHERE r.waiting = 1 AND {where} GROUP BY r.item"
)
_MEMBER = (
    "SELECT '{kind}' kind, {since} since, {due} due_on, '' document_id, m.member_id, m.program, m.coordinator, "
    "m.practice_id, '' about FROM members m "
    "WHERE m.planned = 0 AND m.live_until <> '' AND m.live_until >= :on AND {where}"
)

_KINDS: dict[Kind, str] = {
    Kind.MEMBER_SIGNATURE: _plan(
        Kind.MEMBER_SIGNATURE,
        "p.issued_at",
        f"{_OPEN} AND p.member_evidence = '' AND p.state IN ('issued', 'partly_signed') AND p.back = 0",
    ),
    Kind.PCP_SIGNATURE: _plan(
        Kind.PCP_SIGNATURE,
        "p.receipt_at",
        f"p.running = 1 AND {_OPEN} AND {_SENT} AND p.back = 0 AND p.pcp_changed = 0 AND p.practice_changed = 0",
        "p.due_on",
    ),
    Kind.RETURNED: _RETURN.format(kind=Kind.RETURNED.value, where="r.document_id <> ''"),
    Kind.HELD_PART: _RETURN.format(kind=Kind.HELD_PART.value, where="r.document_id = ''"),
    Kind.COMMENTS: _plan(Kind.COMMENTS, "p.returned_on", "p.state = 'returned_with_comments' AND p.live_until >= :on"),
    Kind.REFUSAL_RETRY: _plan(
        Kind.REFUSAL_RETRY, "p.next_try", f"p.next_try <> '' AND p.next_try <= :on AND {_OPEN}", "p.next_try"
    ),
    Kind.UNSENT: _plan(
        Kind.UNSENT, "p.issued_at", f"p.running = 1 AND {_OPEN} AND NOT {_SENT} AND p.back = 0", "p.due_on"
    ),
    Kind.REVIEW_DUE: _plan(
        Kind.REVIEW_DUE,
        f"date(p.review_on, '-{REVIEW_AHEAD.days} days')",
        f"p.review_on <> '' AND p.review_on <= :review_by AND {_OPEN}",
        "p.review_on",
    ),
    Kind.PLAN_MISSING: _MEMBER.format(
        kind=Kind.PLAN_MISSING.value, since="m.assigned_on", due="''", where="m.assigned_on <= :missing_since"
    ),
    Kind.FIRST_VISIT_DUE: _MEMBER.format(
        kind=Kind.FIRST_VISIT_DUE.value,
        since=f"date(m.contact_by, '-{VISIT_AHEAD.days} days')",
        due="m.contact_by",
        where="m.status = 'assigned' AND m.contact_by <= :visit_by",
    ),
    Kind.PCP_CHANGED: _plan(
        Kind.PCP_CHANGED,
        "p.receipt_at",
        f"(p.pcp_changed = 1 OR p.practice_changed = 1) AND p.pcp_changed = 1 AND {_OPEN}",
        "p.due_on",
    ),
    Kind.PRACTICE_CHANGED: _plan(
        Kind.PRACTICE_CHANGED,
        "p.receipt_at",
        f"(p.pcp_changed = 1 OR p.practice_changed = 1) AND p.pcp_changed = 0 AND {_OPEN}",
        "p.due_on",
    ),
    Kind.MEMBER_ENDED: _plan(
        Kind.MEMBER_ENDED,
        "CASE p.live_until WHEN '' THEN p.issued_at ELSE p.live_until END",
        "p.running = 1 AND p.live_until < :on",
    ),
    Kind.FILING_HELD: _plan(Kind.FILING_HELD, "p.stopped_on", "p.filing_held <> '' AND p.closed = ''"),
    Kind.CHART_CONFIRM: _plan(Kind.CHART_CONFIRM, "p.filed_at", "p.state = 'filed'"),
    Kind.LETTERS_HELD: (
        f"SELECT '{Kind.LETTERS_HELD.value}' kind, max(r.on_day) since, '' due_on, '' document_id, '' member_id, "  # noqa: S608
        "'' program, '' coordinator, '' practice_id, r.run_id about FROM runs r "
        "WHERE r.held > 0 AND r.state <> 'cancelled' GROUP BY r.kind"
    ),
}

_NOTHING = _plan(Kind.HOME_VISIT_DUE, "''", "0")
"""Of a kind that no event tells of yet."""


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which work is asked for; what is empty asks for nothing."""

    kinds: Sequence[Kind] = ()
    coordinator: str = ""
    practice_id: str = ""
    program: str = ""


def waiting(index: Index, on: date, wanted: WorkFilter, page: Page, *, plan_days: int) -> list[Waiting]:
    """What waits as of ``on``, oldest first. A plan is missing ``plan_days`` days after the assignment."""
    listed, values = _query(on, wanted, plan_days)
    query = (
        f"SELECT t.*, coalesce(m.name, '') member, coalesce(r.key_contact, '') key_contact FROM ({listed} "  # noqa: S608
        "ORDER BY since, document_id, member_id, kind LIMIT :limit OFFSET :offset) t "
        "LEFT JOIN members m ON m.member_id = t.member_id AND m.program = t.program "
        "LEFT JOIN practices r ON r.practice_id = t.practice_id "
        "ORDER BY t.since, t.document_id, t.member_id, t.kind"
    )
    limit, offset = page.values
    rows = index.rows(query, {**values, "limit": limit, "offset": offset})
    return [Waiting(**{**dict(row), "kind": Kind(row["kind"])}) for row in rows]


def waiting_counts(index: Index, on: date, wanted: WorkFilter, *, plan_days: int) -> dict[Kind, int]:
    """How much of each kind waits, in the order of the contract."""
    listed, values = _query(on, wanted, plan_days)
    found = {row[0]: row[1] for row in index.rows(f"SELECT kind, count(*) FROM ({listed}) GROUP BY kind", values)}  # noqa: S608
    return {kind: found[kind.value] for kind in Kind if kind.value in found}


def _query(on: date, wanted: WorkFilter, plan_days: int) -> tuple[str, dict[str, object]]:
    narrow = {"coordinator": wanted.coordinator, "practice_id": wanted.practice_id, "program": wanted.program}
    terms = " AND ".join(f"{name} = :{name}" for name, value in narrow.items() if value)
    parts = [text for kind, text in _KINDS.items() if not wanted.kinds or kind in wanted.kinds] or [_NOTHING]
    # Each part is narrowed by itself, so that its own index is used.
    narrowed = [f"SELECT * FROM ({text}) WHERE {terms}" for text in parts] if terms else parts  # noqa: S608
    values: dict[str, object] = {
        "on": on.isoformat(),
        "review_by": days_ahead(on, REVIEW_AHEAD),
        "visit_by": days_ahead(on, VISIT_AHEAD),
        "missing_since": (on - timedelta(days=plan_days)).isoformat(),
        **narrow,
    }
    return f"SELECT * FROM ({' UNION ALL '.join(narrowed)})", values  # noqa: S608 our own names

"""What waits for somebody, out of the index: every kind of it, oldest first, narrowed and paged (contract §10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cpdocs.core.worklist import (
    ACKNOWLEDGED_WITHIN,
    CONSENT_AHEAD,
    REVIEW_AHEAD,
    VISIT_AHEAD,
    Kind,
    Waiting,
    days_ahead,
)
from cpdocs.index.queries import Page

if TYPE_CHECKING:
    from cpdocs.index.store import Index

_OPEN = "p.closed = '' AND p.live_until >= :on"
"""A version that counts, of a member who takes part."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where one kind's rows come from: ``columns`` are those of ``Waiting`` besides names; ``by`` is what ``since``
    follows, in the order of ``index``, by which they are found quickly when nothing narrows them; ``always`` also when
    something does, where that would else be looked for among all that ever came. ``due`` and ``program`` are those two
    columns, ``group`` what makes one row of several."""

    columns: str
    table: str
    where: str
    by: str
    index: str = ""
    always: bool = False
    due: str = "''"
    program: str = "''"
    group: str = ""

    def text(self, terms: Sequence[str], *, hinted: bool, of_plans: str = "plans") -> str:
        """The query for those of them that the terms keep; ``of_plans`` is where plans are looked for."""
        own = self.table.startswith("plans ") and of_plans != "plans"
        hint = f" INDEXED BY {self.index}" if (hinted or self.always) and self.index and not own else ""
        table = self.table.format(hint=hint)
        table = table.replace("plans ", f"{of_plans} ", 1) if own else table
        kept = " AND ".join((self.where, *terms))
        return f"SELECT {self.columns} FROM {table} WHERE {kept}{self.group}"  # noqa: S608 our own names


def _plan(kind: Kind, since: str, where: str, *, due: str = "''", by: str = "", index: str = "") -> _Rows:
    columns = (
        f"'{kind.value}' kind, {since} since, {due} due_on, p.document_id, p.member_id, p.program, p.coordinator, "
        "p.practice_id, '' about"
    )
    order = f"{by or since}, p.document_id"
    return _Rows(columns, "plans p{hint}", where, order, index, due=due, program="p.program")


def _returned(kind: Kind) -> _Rows:
    columns = (
        f"'{kind.value}' kind, r.received_at since, '' due_on, r.document_id, r.whose member_id, "
        "r.for_program program, r.coordinator, r.at_practice practice_id, r.called about"
    )
    where, by = f"r.waits_as <> '' AND r.waits_as = '{kind.value}'", "r.received_at, r.document_id"
    return _Rows(columns, "returns r{hint}", where, by, "returns_to_look", always=True, program="r.for_program")


def _member(kind: Kind, since: str, where: str, *, due: str = "''", by: str) -> _Rows:
    columns = (
        f"'{kind.value}' kind, {since} since, {due} due_on, '' document_id, m.member_id, m.program, m.coordinator, "
        "m.practice_id, '' about"
    )
    live = "m.planned = 0 AND m.live_until <> '' AND m.live_until >= :on"
    where = f"{live} AND {where}"
    return _Rows(columns, "members m{hint}", where, by, "members_without_plan", due=due, program="m.program")


def _delivery(kind: Kind, state: str, where: str = "1") -> _Rows:
    columns = (
        f"'{kind.value}' kind, d.since since, '' due_on, d.document_id, coalesce(p.member_id, '') member_id, "
        "coalesce(p.program, '') program, coalesce(p.coordinator, '') coordinator, "
        "coalesce(nullif(d.practice_id, ''), p.practice_id, '') practice_id, d.target about"
    )
    table = "deliveries d{hint} LEFT JOIN plans p ON p.document_id = d.document_id"
    by, where = "d.since, d.document_id", f"d.state = '{state}' AND {where}"
    return _Rows(columns, table, where, by, "deliveries_waiting", program="coalesce(p.program, '')")


_MOVED = "(p.pcp_changed = 1 OR p.practice_changed = 1)"

_KINDS: dict[Kind, _Rows] = {
    Kind.MEMBER_SIGNATURE: _plan(
        Kind.MEMBER_SIGNATURE,
        "p.issued_at",
        f"{_OPEN} AND p.member_evidence = '' AND p.state IN ('issued', 'partly_signed') AND p.back = 0 "
        "AND p.consent_ended = 0",
        index="plans_to_sign",
    ),
    Kind.PCP_SIGNATURE: _plan(
        Kind.PCP_SIGNATURE,
        "p.receipt_at",
        f"p.running = 1 AND {_OPEN} AND p.back = 0 AND (p.sent_at <> '' OR p.received_at <> '') "
        "AND p.pcp_changed = 0 AND p.practice_changed = 0",
        due="p.due_on",
        index="plans_to_approve",
    ),
    Kind.RETURNED: _returned(Kind.RETURNED),
    Kind.HELD_PART: _returned(Kind.HELD_PART),
    Kind.REPLY_SLIP: _returned(Kind.REPLY_SLIP),
    Kind.CALL_WANTED: _Rows(
        f"'{Kind.CALL_WANTED.value}' kind, r.resolved_at since, '' due_on, r.document_id, r.member_id, r.program, "
        "coalesce(m.coordinator, '') coordinator, coalesce(m.practice_id, '') practice_id, '' about",
        "returns r{hint} LEFT JOIN members m ON m.member_id = r.member_id AND m.program = r.program",
        "r.answer = 'call' AND r.resolved_at <> '' AND NOT EXISTS (SELECT 1 FROM attempts a "
        "WHERE a.member_id = r.member_id AND a.program IN ('', r.program) AND a.at >= r.resolved_at)",
        "r.resolved_at, r.item",
        "returns_to_call",
        always=True,
        program="r.program",
        group=" GROUP BY r.item",
    ),
    Kind.COMMENTS: _plan(Kind.COMMENTS, "p.returned_on", "p.state = 'returned_with_comments' AND p.live_until >= :on"),
    Kind.REFUSAL_RETRY: _plan(
        Kind.REFUSAL_RETRY,
        "p.next_try",
        f"p.next_try <> '' AND p.next_try <= :on AND {_OPEN} AND p.consent_ended = 0",
        due="p.next_try",
    ),
    Kind.UNSENT: _plan(
        Kind.UNSENT,
        "p.issued_at",
        f"p.running = 1 AND {_OPEN} AND p.back = 0 AND p.sent_at = '' AND p.received_at = '' AND p.posting = '' "
        "AND p.pcp_changed = 0 AND p.practice_changed = 0",
        due="p.due_on",
        index="plans_to_send",
    ),
    Kind.REVIEW_DUE: _plan(
        Kind.REVIEW_DUE,
        f"date(p.review_on, '-{REVIEW_AHEAD.days} days')",
        "p.review_on <> '' AND p.review_on <= :review_by AND p.live_until >= :on",
        due="p.review_on",
        by="p.review_on",
        index="plans_to_review",
    ),
    Kind.PLAN_MISSING: _member(
        Kind.PLAN_MISSING, "m.assigned_on", "m.assigned_on <= :missing_since", by="m.assigned_on, m.member_id"
    ),
    Kind.FIRST_VISIT_DUE: _member(
        Kind.FIRST_VISIT_DUE,
        f"date(m.contact_by, '-{VISIT_AHEAD.days} days')",
        "m.status = 'assigned' AND m.met_on = '' AND m.contact_by <= :visit_by",
        due="m.contact_by",
        by="m.contact_by, m.member_id",
    ),
    Kind.HOME_VISIT_DUE: _Rows(
        f"'{Kind.HOME_VISIT_DUE.value}' kind, h.discharged_at since, h.visit_due_on due_on, '' document_id, "
        "h.member_id, h.program, m.coordinator, m.practice_id, h.visit_due about",
        "discharges h{hint} JOIN members m ON m.member_id = h.member_id AND m.program = h.program",
        "h.waiting = 1 AND m.live_until >= :on",
        "h.discharged_at, h.member_id",
        "discharges_waiting",
        always=True,
        due="h.visit_due_on",
        program="h.program",
    ),
    Kind.MEDICATIONS_UNSENT: _Rows(
        f"'{Kind.MEDICATIONS_UNSENT.value}' kind, k.issued_at since, k.visit_due_on due_on, k.document_id, "
        "k.member_id, k.program, m.coordinator, k.practice_id, '' about",
        "medications k{hint} JOIN members m ON m.member_id = k.member_id AND m.program = k.program",
        "k.sent_at = '' AND k.visit_due_on <> '' AND m.live_until >= :on "
        "AND NOT EXISTS (SELECT 1 FROM medications n WHERE n.member_id = "
        "k.member_id AND n.program = k.program AND n.seq > k.seq) AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE "
        "d.document_id = k.document_id AND d.purpose = 'packet' AND d.state IN ('queued', 'unsure', 'held'))",
        "k.issued_at, k.document_id",
        "medications_to_send",
        always=True,
        due="k.visit_due_on",
        program="k.program",
    ),
    Kind.PCP_CHANGED: _plan(
        Kind.PCP_CHANGED, "p.receipt_at", f"{_MOVED} AND p.pcp_changed = 1 AND {_OPEN}", due="p.due_on"
    ),
    Kind.PRACTICE_CHANGED: _plan(
        Kind.PRACTICE_CHANGED, "p.receipt_at", f"{_MOVED} AND p.pcp_changed = 0 AND {_OPEN}", due="p.due_on"
    ),
    Kind.MEMBER_ENDED: _plan(
        Kind.MEMBER_ENDED,
        "CASE p.live_until WHEN '' THEN p.issued_at ELSE p.live_until END",
        "p.closed = '' AND p.complete = 0 AND p.live_until < :on",
        index="plans_to_end",
    ),
    Kind.SIGNER_CHANGED: _plan(
        Kind.SIGNER_CHANGED,
        "p.signer_since",
        "p.signer_since <> '' AND p.signer_since <= :on AND p.closed = '' AND p.live_until >= :on",
        due="p.signer_changes_on",
        index="plans_of_new_signers",
    ),
    Kind.CONSENT_ENDING: _plan(
        Kind.CONSENT_ENDING,
        f"date(p.consent_until, '-{CONSENT_AHEAD.days} days')",
        "p.consent_until <> '' AND p.consent_until <= :consent_by AND p.closed = '' AND p.live_until >= :on",
        due="p.consent_until",
        by="p.consent_until",
        index="plans_of_consents",
    ),
    Kind.FILING_HELD: _plan(
        Kind.FILING_HELD, "p.stopped_on", "p.filing_held <> '' AND p.closed = ''", index="plans_not_filed"
    ),
    Kind.DELIVERY_UNSURE: _delivery(
        Kind.DELIVERY_UNSURE, "unsure", "(d.outcome <> 'handed_over' OR substr(d.since, 1, 10) < :acknowledged_since)"
    ),
    Kind.DELIVERY_HELD: _delivery(Kind.DELIVERY_HELD, "held"),
    Kind.CHART_CONFIRM: _plan(
        Kind.CHART_CONFIRM, "p.filed_at", "p.state = 'filed' AND p.charting <> 'open'", index="plans_to_confirm"
    ),
    Kind.NOTICE_TO_SEND: _Rows(
        f"'{Kind.NOTICE_TO_SEND.value}' kind, n.written_at since, '' due_on, n.document_id, n.member_id, '' program, "
        "'' coordinator, n.practice_id, n.reference about",
        "notices n{hint}",
        "n.waiting = 1",
        "n.written_at, n.seq",
        "notices_to_send",
    ),
    Kind.LETTERS_HELD: _Rows(
        f"'{Kind.LETTERS_HELD.value}' kind, max(r.on_day) since, '' due_on, '' document_id, '' member_id, '' program, "
        "'' coordinator, '' practice_id, r.run_id about",
        "runs r{hint}",
        "r.held > 0 AND r.state <> 'cancelled'",
        "since",
        group=" GROUP BY r.kind",
    ),
}
"""Where each kind's rows come from; of those that aren't here no event tells yet."""


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which work is asked for; what is empty asks for nothing. ``due_from`` and ``due_until`` (both included) keep what
    has its day between them, ``undated`` what has none, or one after ``due_from``."""

    kinds: Sequence[Kind] = ()
    coordinator: str = ""
    practice_id: str = ""
    program: str = ""
    due_from: str = ""
    due_until: str = ""
    undated: bool = False


def waiting(index: Index, on: date, wanted: WorkFilter, page: Page, *, plan_days: int) -> list[Waiting]:
    """What waits as of ``on``, oldest first. A plan is missing ``plan_days`` days after the assignment."""
    limit, offset = page.values
    values = {**_values(on, wanted, plan_days), "limit": limit, "offset": offset}
    # Of each kind no more than the page can need is read.
    first = "" if limit < 0 else " LIMIT :limit + :offset"
    parts = [
        f"SELECT * FROM ({_narrowed(rows, wanted)} ORDER BY {_by(rows, wanted)}{first})"  # noqa: S608 our own names
        for rows in _of(wanted).values()
    ]
    if not parts:
        return []
    query = (
        f"{_mine(wanted)}SELECT t.*, coalesce(m.name, '') member, coalesce(r.key_contact, '') key_contact "  # noqa: S608
        f"FROM (SELECT * FROM ({' UNION ALL '.join(parts)}) "
        "ORDER BY since, document_id, member_id, kind LIMIT :limit OFFSET :offset) t "
        "LEFT JOIN members m ON m.member_id = t.member_id AND m.program = t.program "
        "LEFT JOIN practices r ON r.practice_id = t.practice_id "
        "ORDER BY t.since, t.document_id, t.member_id, t.kind"
    )
    return [Waiting(**{**dict(row), "kind": Kind(row["kind"])}) for row in index.rows(query, values)]


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of one kind waits: in all, of it ``late`` (its day is over), and ``soon`` (its day comes by then)."""

    total: int
    late: int
    soon: int


def waiting_tallies(
    index: Index, on: date, wanted: WorkFilter, *, soon_until: date, plan_days: int
) -> dict[Kind, Tally]:
    """How much of each kind waits, in the order of the contract; what is due by ``soon_until`` is soon."""
    values = {**_values(on, wanted, plan_days), "soon_until": soon_until.isoformat()}
    counted = "count(*), total(due_on <> '' AND due_on < :on), total(due_on >= :on AND due_on <= :soon_until)"
    parts = [
        f"SELECT '{kind.value}', {counted} FROM ({_narrowed(rows, wanted)})"  # noqa: S608 our own names
        for kind, rows in _of(wanted).items()
    ]
    found = index.rows(_mine(wanted) + " UNION ALL ".join(parts), values) if parts else []
    tallies = {Kind(row[0]): Tally(*map(int, tuple(row)[1:])) for row in found if row[1]}
    return {kind: tallies[kind] for kind in Kind if kind in tallies}


def waiting_counts(index: Index, on: date, wanted: WorkFilter, *, plan_days: int) -> dict[Kind, int]:
    """How much of each kind waits, in the order of the contract."""
    found = waiting_tallies(index, on, wanted, soon_until=on, plan_days=plan_days)
    return {kind: each.total for kind, each in found.items()}


def _of(wanted: WorkFilter) -> dict[Kind, _Rows]:
    """Where what is wanted comes from; nothing without a day is looked for between days."""
    between = not wanted.undated and (wanted.due_from or wanted.due_until)
    return {
        kind: rows
        for kind, rows in _KINDS.items()
        if (not wanted.kinds or kind in wanted.kinds) and not (between and rows.due == "''")
    }


def _mine(wanted: WorkFilter) -> str:
    """The plans of one coordinator or practice, read once for all kinds of work."""
    if not _is_one(wanted):
        return ""
    terms = [f"{name} = :{name}" for name in ("coordinator", "practice_id") if getattr(wanted, name)]
    return f"WITH mine AS MATERIALIZED (SELECT * FROM plans WHERE {' AND '.join(terms)}) "  # noqa: S608 our own names


def _narrowed(rows: _Rows, wanted: WorkFilter) -> str:
    """The query for the rows that are wanted."""
    terms = [*([f"{rows.program} = :program"] if wanted.program else []), *_due_terms(rows, wanted)]
    if not _is_one(wanted):
        return rows.text(terms, hinted=True)
    text = rows.text(terms, hinted=False, of_plans="mine")
    theirs = [f"{name} = :{name}" for name in ("coordinator", "practice_id") if getattr(wanted, name)]
    return f"SELECT * FROM ({text}) WHERE {' AND '.join(theirs)}"  # noqa: S608 our own names


def _due_terms(rows: _Rows, wanted: WorkFilter) -> list[str]:
    due = rows.due
    if wanted.undated:
        return [f"({due} = '' OR {due} >= :due_from)" if wanted.due_from else f"{due} = ''"]
    terms = [f"{due} >= :due_from"] if wanted.due_from else []
    return [*terms, *([f"{due} <> '' AND {due} <= :due_until"] if wanted.due_until else [])]


def _by(rows: _Rows, wanted: WorkFilter) -> str:
    """In which order they come quickest, that of ``since``."""
    return "since, document_id" if _is_one(wanted) else rows.by


def _is_one(wanted: WorkFilter) -> bool:
    """Whether it is one coordinator's or practice's work: that is little, and is found by an index of its own."""
    return bool(wanted.coordinator or wanted.practice_id)


def _values(on: date, wanted: WorkFilter, plan_days: int) -> dict[str, object]:
    return {
        "on": on.isoformat(),
        "review_by": days_ahead(on, REVIEW_AHEAD),
        "consent_by": days_ahead(on, CONSENT_AHEAD),
        "visit_by": days_ahead(on, VISIT_AHEAD),
        "acknowledged_since": (on - ACKNOWLEDGED_WITHIN).isoformat(),
        "missing_since": (on - timedelta(days=plan_days)).isoformat(),
        "coordinator": wanted.coordinator,
        "practice_id": wanted.practice_id,
        "program": wanted.program,
        "due_from": wanted.due_from,
        "due_until": wanted.due_until,
    }

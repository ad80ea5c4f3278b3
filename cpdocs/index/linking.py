"""What rows tell of each other, kept in them so that a list needs one table: whose member a plan is for, whether
something came back for it, whether its PCP is still the member's, when who signs for the member changes after its
issue, whether a member has a plan.

It follows from the other tables alone, and is set anew whenever one of those rows changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from cpdocs.core.letters import ASSIGNMENT, RunState
from cpdocs.core.worklist import SIGNER_AHEAD

_MEMBER = "FROM members m WHERE m.member_id = plans.member_id AND m.program = plans.program"
_NEWS = (
    "m.guardian_same <> '[[0, null]]' AND NOT EXISTS (SELECT 1 FROM json_each(m.guardian_same) s "
    "WHERE json_extract(s.value, '$[0]') <= plans.seq "
    "AND plans.seq <= coalesce(json_extract(s.value, '$[1]'), plans.seq))"
)
"""Whether the record says something else of the member's guardians than when the version was issued."""
_AT_WORK = "FROM clinicians c WHERE c.npi = plans.pcp_npi AND c.active = 1"

_OUT = "FROM deliveries d WHERE d.document_id = plans.document_id"
_OPEN = "('queued', 'unsure', 'held')"

_PLANS = f"""
UPDATE plans SET
    coordinator = coalesce((SELECT m.coordinator {_MEMBER}), ''),
    live_until = coalesce((SELECT m.live_until {_MEMBER}), ''),
    back = EXISTS (SELECT 1 FROM returns r WHERE r.document_id = plans.document_id AND r.waiting = 1),
    pcp_changed = running = 1 AND (
        EXISTS (SELECT 1 {_MEMBER} AND m.pcp_npi NOT IN ('', plans.pcp_npi, plans.moved_from_npi))
        OR NOT EXISTS (SELECT 1 {_AT_WORK})
    ),
    signer_changes_on = coalesce((SELECT CASE
        WHEN {_NEWS} THEN m.guardian_on WHEN m.adult_on > plans.issued_on THEN m.adult_on ELSE '' END
        {_MEMBER}), ''),
    signer_since = coalesce((SELECT CASE
        WHEN {_NEWS} THEN m.guardian_on
        WHEN m.adult_on > plans.issued_on THEN date(m.adult_on, '-{SIGNER_AHEAD.days} days') ELSE '' END
        {_MEMBER}), ''),
    charting = CASE
        WHEN EXISTS (SELECT 1 {_OUT} AND d.purpose = 'package' AND d.state IN {_OPEN}) THEN 'open'
        WHEN EXISTS (SELECT 1 {_OUT} AND d.purpose IN ('package', 'recall') AND d.seq > plans.filed_seq) THEN 'done'
        ELSE '' END,
    posting = CASE WHEN EXISTS (SELECT 1 {_OUT} AND d.purpose = 'packet' AND d.state IN {_OPEN})
        THEN 'open' ELSE '' END,
    practice_changed = running = 1 AND (
        EXISTS (SELECT 1 {_MEMBER} AND m.practice_id NOT IN ('', plans.practice_id, plans.moved_from_practice))
        OR (EXISTS (SELECT 1 {_AT_WORK}) AND NOT EXISTS (SELECT 1 {_AT_WORK} AND c.practice_id = plans.practice_id))
    )
"""  # noqa: S608 our own names
_PLAN = "FROM plans p WHERE p.document_id = returns.document_id"
_SLIP = "FROM members m WHERE m.member_id = returns.member_id AND m.program = returns.program"


def _waits_as(row: str) -> str:
    """As which kind of work a part waits."""
    return (
        f"CASE WHEN {row}.document_id = '' THEN 'held_part' WHEN {row}.kind = 'reply_slip' THEN 'reply_slip' "
        "ELSE 'returned' END"
    )


# One part stands for its item: the first that came.
_RETURNS = f"""
UPDATE returns SET
    whose = coalesce((SELECT p.member_id {_PLAN}), member_id),
    for_program = coalesce((SELECT p.program {_PLAN}), program),
    coordinator = coalesce((SELECT p.coordinator {_PLAN}), (SELECT m.coordinator {_SLIP}), ''),
    at_practice = coalesce((SELECT p.practice_id {_PLAN}), practice_id),
    called = substr(sha256, 1, 12) || CASE (SELECT max(o.part) FROM returns o WHERE o.sha256 = returns.sha256)
        WHEN 1 THEN '' ELSE ':' || part END,
    waits_as = CASE WHEN EXISTS (
        SELECT 1 FROM returns o WHERE o.item = returns.item AND o.waiting = 1
        AND {_waits_as("o")} = {_waits_as("returns")}
        AND (o.received_at, o.seq, o.sha256, o.part)
          < (returns.received_at, returns.seq, returns.sha256, returns.part)
    ) THEN '' ELSE {_waits_as("returns")} END
WHERE waiting = 1
"""  # noqa: S608 our own names
_MEMBERS = """
UPDATE members SET planned = EXISTS (
    SELECT 1 FROM plans p WHERE p.member_id = members.member_id AND p.program = members.program AND p.closed = ''
)
"""
# As ``core.letters.lettered`` has it, for letters of assignment.
_ASSIGNMENTS = f"""
UPDATE assignments SET lettered = EXISTS (
    SELECT 1 FROM pieces p JOIN runs r ON r.run_id = p.run_id
    WHERE p.member_id = assignments.member_id AND p.program = assignments.program
    AND p.assigned_on = assignments.assigned_on AND p.cp_org = assignments.cp_org
    AND p.kind = '{ASSIGNMENT}' AND p.occasion = '' AND p.pulled = 0 AND r.state <> '{RunState.CANCELLED.value}'
)
"""  # noqa: S608 our own names


def link_all(index: sqlite3.Connection) -> None:
    """Every row."""
    index.execute(_ASSIGNMENTS)
    index.execute(_PLANS)
    index.execute(_MEMBERS)
    index.execute(_RETURNS)


def link(
    index: sqlite3.Connection,
    *,
    documents: Iterable[str] = (),
    returns: Iterable[str] = (),
    members: Collection[str] = (),
    items: Iterable[str] = (),
    runs: Iterable[str] = (),
    directory: bool = False,
) -> None:
    """The rows about these plans (document ids), returned files (SHA-256), members, items of the review queue and runs
    of letters; with ``directory`` every plan whose clock runs."""
    for run_id in sorted(runs):
        mailed = "SELECT member_id FROM pieces WHERE run_id = ?"
        index.execute(f"{_ASSIGNMENTS} WHERE member_id IN ({mailed})", (run_id,))
    for member_id in sorted(members):
        index.execute(f"{_ASSIGNMENTS} WHERE member_id = ?", (member_id,))
    returns = list(returns)
    ids, people = set(documents), set(members)
    for sha256 in returns:
        ids.update(row[0] for row in index.execute("SELECT document_id FROM returns WHERE sha256 = ?", (sha256,)))
    for member_id in people:
        ids.update(row[0] for row in index.execute("SELECT document_id FROM plans WHERE member_id = ?", (member_id,)))
    for document_id in sorted(ids):
        index.execute(f"{_PLANS} WHERE document_id = ?", (document_id,))
        people.update(
            row[0] for row in index.execute("SELECT member_id FROM plans WHERE document_id = ?", (document_id,))
        )
    for member_id in sorted(people):
        index.execute(f"{_MEMBERS} WHERE member_id = ?", (member_id,))
    if directory:
        index.execute(f"{_PLANS} WHERE running = 1")
    for item in sorted({*items, *_items(index, ids, returns, people)}):
        index.execute(f"{_RETURNS} AND item = ?", (item,))


def _items(
    index: sqlite3.Connection, documents: Iterable[str], returns: Iterable[str], members: Collection[str]
) -> Iterator[str]:
    """The items of the review queue that these plans, files and members are told of in."""
    for column, keys in (("document_id", documents), ("sha256", returns)):
        for key in keys:
            query = f"SELECT item FROM returns WHERE {column} = ? AND waiting = 1"  # noqa: S608 our own names
            yield from (row[0] for row in index.execute(query, (key,)).fetchall())
    if members:
        slips = index.execute(
            "SELECT item, member_id FROM returns WHERE waiting = 1 AND kind = 'reply_slip'"
        ).fetchall()
        yield from (item for item, member_id in slips if member_id in members)

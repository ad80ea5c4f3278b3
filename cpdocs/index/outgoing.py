"""What leaves, out of the index: each delivery and how far a target has come, for lists, pages and health."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.deliveries import DeliveryState
from cpdocs.index.queries import Page

if TYPE_CHECKING:
    import sqlite3

    from cpdocs.index.store import Index

_OPEN = (DeliveryState.QUEUED.value, DeliveryState.UNSURE.value, DeliveryState.HELD.value)
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are asked for; what is empty asks for nothing. ``open`` keeps those that aren't settled."""

    state: str = ""
    target: str = ""
    document_id: str = ""
    practice_id: str = ""
    open: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one target or channel has come: deliveries by state, since when (ISO 8601, or empty) the oldest of each
    open state stands there, when one was delivered last, and the last answer of all with its time."""

    target: str
    kind: str
    counts: dict[str, int]
    oldest: dict[str, str]
    delivered_at: str
    last_answer: str
    answered_at: str


def deliveries(index: Index, wanted: DeliveryFilter, page: Page) -> list[sqlite3.Row]:
    """The deliveries wanted, in the order queued: rows of ``deliveries``."""
    where, values = _where(wanted)
    return index.rows(f"SELECT * FROM deliveries{where} ORDER BY seq LIMIT ? OFFSET ?", (*values, *page.values))  # noqa: S608


def delivery_counts(index: Index, wanted: DeliveryFilter) -> dict[str, int]:
    """How many of them are in each state, in the order of the states."""
    where, values = _where(wanted)
    rows = index.rows(f"SELECT state, count(*) FROM deliveries{where} GROUP BY state", values)  # noqa: S608 our own names
    found = {row[0]: int(row[1]) for row in rows}
    return {state.value: found[state.value] for state in DeliveryState if state.value in found}


def waiting_since(index: Index) -> dict[str, tuple[int, str]]:
    """Of each open state how many deliveries there are, and since when the oldest is (ISO 8601)."""
    rows = index.rows(
        "SELECT state, count(*), min(since) FROM deliveries INDEXED BY deliveries_waiting "
        "WHERE state IN ('queued', 'unsure', 'held') GROUP BY state"
    )
    return {row[0]: (int(row[1]), str(row[2])) for row in rows}


def progress(index: Index) -> list[Progress]:
    """How far each target and channel has come that anything was ever queued for, by name."""
    of: dict[str, list[sqlite3.Row]] = {}
    for row in index.rows("SELECT target, state, count(*), min(since) FROM deliveries GROUP BY target, state"):
        of.setdefault(row[0], []).append(row)
    found = []
    for target, rows in sorted(of.items()):
        (last,) = index.rows(
            "SELECT kind, words, answered_at, (SELECT max(delivered_at) FROM deliveries WHERE target = :target) "
            "FROM deliveries WHERE target = :target ORDER BY answered_at DESC, seq DESC LIMIT 1",
            {"target": target},
        )
        found.append(
            Progress(
                target,
                kind=last[0],
                counts={row[1]: int(row[2]) for row in rows},
                oldest={row[1]: str(row[3]) for row in rows if row[1] in _OPEN},
                delivered_at=last[3],
                last_answer=last[1] if last[2] else "",
                answered_at=last[2],
            )
        )
    return found


def targets_waiting(index: Index, document_id: str = "") -> list[str]:
    """The targets and channels for which something isn't settled, in the order queued; of one document or of all."""
    where, values = _where(DeliveryFilter(document_id=document_id, open=True))
    rows = index.rows(f"SELECT target FROM deliveries{where} GROUP BY target ORDER BY min(seq)", values)  # noqa: S608
    return [row[0] for row in rows]


def open_ids(index: Index, target: str, document_id: str = "") -> Iterator[str]:
    """The ids of what isn't settled at ``target``, in the order queued, read a few at a time: what is settled meanwhile
    isn't missed, and memory doesn't grow with the queue."""
    where, values = _where(DeliveryFilter(target=target, document_id=document_id, open=True))
    after = 0
    while True:
        query = f"SELECT seq, delivery_id FROM deliveries{where} AND seq > ? ORDER BY seq LIMIT {_AT_ONCE}"  # noqa: S608
        rows = index.rows(query, (*values, after))
        if not rows:
            return
        for row in rows:
            yield row[1]
        after = rows[-1][0]


def to_queue(index: Index, targets: list[str]) -> list[tuple[str, str]]:
    """Filed versions of these targets for which nothing was queued yet: document id and target, in order of issue."""
    query = (
        "SELECT document_id, target FROM plans INDEXED BY plans_to_queue "
        "WHERE target = ? AND target <> '' AND charting = '' AND closed <> 'withdrawn' ORDER BY seq"
    )
    return [(row[0], row[1]) for target in targets for row in index.rows(query, (target,))]


def awaiting_acknowledgement(index: Index, target: str) -> str:
    """The id of one delivery that was handed to ``target`` and waits for its acknowledgement; empty where none does."""
    query = (
        "SELECT delivery_id FROM deliveries WHERE target = ? AND state = 'unsure' AND outcome = 'handed_over' LIMIT 1"
    )
    rows = index.rows(query, (target,))
    return str(rows[0][0]) if rows else ""


def _where(wanted: DeliveryFilter) -> tuple[str, tuple[object, ...]]:
    terms = [
        ("state = ?", wanted.state),
        ("target = ?", wanted.target),
        ("document_id = ?", wanted.document_id),
        ("practice_id = ?", wanted.practice_id),
    ]
    texts = [term for term, value in terms if value]
    if wanted.open:
        texts.append("state IN ('queued', 'unsure', 'held')")
    return (f" WHERE {' AND '.join(texts)}" if texts else ""), tuple(value for _, value in terms if value)

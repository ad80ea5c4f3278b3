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
        "WHERE target = ? AND target <> '' AND charting = '' AND closed <> 'withdrawn' "
        "AND consent_ended = 0 ORDER BY seq"
    )
    return [(row[0], row[1]) for target in targets for row in index.rows(query, (target,))]


def to_recall(index: Index, by_hand: list[str]) -> list[tuple[str, str]]:
    """Versions that were withdrawn, lost an approval or whose consent ended after they were filed, and that nothing
    takes back at their target yet, though something is or may be there: document id and target. ``by_hand`` are the
    targets to which packages are carried, of which no delivery tells."""
    marks = ", ".join("?" * len(by_hand))
    left = (
        "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.document_id = p.document_id AND d.target = {target} "
        "AND d.purpose = 'recall' AND d.seq > {seq}) AND ({target} IN ({marks}) OR EXISTS (SELECT 1 FROM deliveries d "
        "WHERE d.document_id = p.document_id AND d.target = {target} AND d.purpose = 'package' "
        "AND d.state <> 'withdrawn' AND d.seq > {seq}{before}))"
    )
    withdrawn = left.format(target="p.target", seq="p.filed_seq", marks=marks, before="")
    again = " AND (p.filed_seq = 0 OR d.seq < p.filed_seq)"
    unfiled = left.format(target="p.unfiled_target", seq="p.unfiled_seq", marks=marks, before=again)
    query = (
        f"SELECT document_id, target FROM plans p WHERE closed = 'withdrawn' AND target <> '' AND {withdrawn} "  # noqa: S608
        f"UNION SELECT document_id, target FROM plans p WHERE consent_ended = 1 AND target <> '' AND {withdrawn} "
        f"UNION SELECT document_id, unfiled_target FROM plans p WHERE unfiled_target <> '' AND {unfiled}"
    )
    return [(row[0], row[1]) for row in index.rows(query, (*by_hand, *by_hand, *by_hand))]


def consents_run_out(index: Index, on: str) -> list[str]:
    """Versions whose consent's last day is before ``on`` (ISO 8601), and whose end isn't on record yet, in order of
    issue."""
    query = (
        "SELECT document_id FROM plans INDEXED BY plans_of_consents_that_run "
        "WHERE consent_until <> '' AND consent_ended = 0 AND consent_until < ? ORDER BY seq"
    )
    return [row[0] for row in index.rows(query, (on,))]


def packets_to_stop(index: Index) -> list[str]:
    """The ids of packets of versions that are withdrawn or superseded, or whose consent ended, and that aren't
    settled."""
    query = (
        "SELECT d.delivery_id FROM deliveries d INDEXED BY deliveries_waiting JOIN plans p USING (document_id) "
        "WHERE d.state IN ('queued', 'unsure', 'held') AND d.purpose = 'packet' "
        "AND (p.closed <> '' OR p.consent_ended = 1)"
    )
    return [row[0] for row in index.rows(query)]


def notices_to_queue(index: Index) -> list[int]:
    """The numbers of the events that wrote notices for a channel by which they weren't queued yet; of one that was
    written anew meanwhile the last."""
    query = (
        "SELECT DISTINCT seq FROM notices n INDEXED BY notices_for_channels WHERE channel <> '' "
        "AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = n.seq AND d.notice > 0) "
        "AND NOT EXISTS (SELECT 1 FROM notices m WHERE m.reference = n.reference AND m.seq > n.seq AND m.channel <> '')"
        " ORDER BY seq"
    )
    return [int(row[0]) for row in index.rows(query)]


def notices(index: Index, page: Page, *, everything: bool = False, practice_id: str = "") -> list[int]:
    """The numbers of the events that wrote the notices that nobody logged as sent, or of every notice, oldest first;
    to one practice or to all."""
    unsent = "" if everything else " AND sent = 0"
    only = " AND practice_id = :practice" if practice_id else ""
    query = f"SELECT seq FROM notices WHERE place = 0 AND reference <> ''{unsent}{only} ORDER BY seq LIMIT :limit OFFSET :offset"  # noqa: S608, E501
    limit, offset = page.values
    rows = index.rows(query, {"practice": practice_id, "limit": limit, "offset": offset})
    return [int(row[0]) for row in rows]


def notice_counts(index: Index, *, everything: bool = False, practice_id: str = "") -> tuple[int, int]:
    """How many of these there are, and how many of those that weren't sent a person has to send."""
    unsent = "" if everything else " AND sent = 0"
    only = " AND practice_id = :practice" if practice_id else ""
    query = (
        "SELECT count(*), coalesce(sum(sent = 0 AND channel = ''), 0) FROM notices "  # noqa: S608 our own names
        f"WHERE place = 0 AND reference <> ''{unsent}{only}"
    )
    row = index.one(query, {"practice": practice_id})
    return int(row[0]), int(row[1])


def notice_named(index: Index, reference: str) -> int:
    """The number of the event that wrote the notice with this reference, whatever its case; 0 where there is none."""
    query = "SELECT min(seq) FROM notices WHERE reference = ? COLLATE NOCASE AND reference <> ''"
    return int(index.one(query, (reference,))[0] or 0)


def untold_recalls(index: Index) -> list[tuple[str, str]]:
    """Recalls of which no letter tells the practice yet: document id and delivery id."""
    query = (
        "SELECT document_id, delivery_id FROM deliveries d WHERE purpose = 'recall' AND practice_id <> '' "
        "AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.document_id = d.document_id AND n.kind = 'recalled' "
        "AND n.seq > d.seq) ORDER BY seq"
    )
    return [(row[0], row[1]) for row in index.rows(query)]


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

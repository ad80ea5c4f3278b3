"""Questions to the index, each answered within milliseconds whatever the ledger's size: which, how many, since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from cpdocs.index.store import Index

_ALL = -1
_NAMED = 500
"""Up to so many documents are named in one question; for more, everything that waits is looked through."""


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """Which plan versions are asked for; what is empty or None asks for nothing. ``overdue_on`` keeps those whose clock
    runs and whose last day is before it, ``running`` those whose clock runs."""

    state: str = ""
    practice_id: str = ""
    coordinator: str = ""
    program: str = ""
    running: bool = False
    overdue_on: date | None = None
    issued_by: date | None = None

    @property
    def everything(self) -> bool:
        return self == PlanFilter()


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: ``limit`` rows (0: all of them) after the first ``offset``."""

    limit: int = 0
    offset: int = 0

    @property
    def values(self) -> tuple[int, int]:
        """As SQLite's LIMIT and OFFSET take them."""
        return self.limit or _ALL, self.offset


@dataclass(frozen=True, slots=True)
class PracticeContact:
    """Whom to ask at a practice, and how."""

    practice_id: str
    name: str
    phone: str
    fax: str
    key_contact: str
    key_contact_email: str
    return_channel: str


def practices_of(index: Index, practice_ids: Iterable[str]) -> dict[str, PracticeContact]:
    """These practices, as far as they are on record, by id."""
    rows = index.rows_of("SELECT * FROM practices WHERE practice_id IN ({keys})", practice_ids)
    return {row["practice_id"]: PracticeContact(*row) for row in rows}


def payers_of(index: Index, document_ids: Iterable[str], member_id: str) -> list[str]:
    """The health plans on record of these plan versions and of this member (empty: of none)."""
    found = [
        row[0]
        for document_id in document_ids
        for row in index.rows("SELECT payer FROM plans WHERE document_id = ?", (document_id,))
    ]
    if member_id:
        found += [row[0] for row in index.rows("SELECT payer FROM members WHERE member_id = ?", (member_id,))]
    return [str(each) for each in dict.fromkeys(found) if each]


def member_name(index: Index, member_id: str, program: str) -> str:
    """The member's name as their latest assignment to ``program`` has it; empty where there is none."""
    found = index.rows("SELECT name FROM members WHERE member_id = ? AND program = ?", (member_id, program))
    return str(found[0][0]) if found else ""


def plan_ids(index: Index, wanted: PlanFilter, page: Page, *, by_due: bool = False) -> list[str]:
    """The document ids of the versions wanted, in order of issue, or of their due days."""
    where, values = _plans(wanted)
    order = "p.due_on, p.seq" if by_due else "p.seq"
    query = f"SELECT p.document_id FROM plans p{where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608 our own names
    return [row[0] for row in index.rows(query, (*values, *page.values))]


def plan_counts(index: Index, wanted: PlanFilter) -> dict[str, int]:
    """How many of the versions wanted are in each state, in the order in which the states first came."""
    where, values = _plans(wanted)
    query = f"SELECT p.state, count(*) FROM plans p{where} GROUP BY p.state ORDER BY min(p.seq)"  # noqa: S608
    return {row[0]: row[1] for row in index.rows(query, values)}


def overdue_count(index: Index, on: date, wanted: PlanFilter | None = None) -> int:
    """How many clocks run past their last day on ``on``."""
    where, values = _plans(wanted or PlanFilter(), ("p.running = 1", "p.due_on < ?"), (on.isoformat(),))
    return int(index.one(f"SELECT count(*) FROM plans p{where}", values)[0])  # noqa: S608 our own names


def _plans(
    wanted: PlanFilter, more: tuple[str, ...] = (), values: tuple[object, ...] = ()
) -> tuple[str, tuple[object, ...]]:
    terms: list[tuple[str, object]] = [
        ("p.state = ?", wanted.state),
        ("p.practice_id = ?", wanted.practice_id),
        ("p.program = ?", wanted.program),
        ("p.coordinator = ?", wanted.coordinator),
        ("p.issued_on <= ?", wanted.issued_by.isoformat() if wanted.issued_by else ""),
    ]
    told = [(term, value) for term, value in terms if value]
    texts, given = [*more, *(term for term, _ in told)], [*values, *(value for _, value in told)]
    if wanted.running or wanted.overdue_on:
        texts.append("p.running = 1")
    if wanted.overdue_on:
        texts.append("p.due_on < ?")
        given.append(wanted.overdue_on.isoformat())
    return f" WHERE {' AND '.join(texts)}" if texts else "", tuple(given)


def to_chase(index: Index, on: date, last: str) -> list[str]:
    """The document ids of the versions for which somebody may have to be asked on that day, in order of issue: the
    first reminder's day has come, and ``last``, the last thing that is ever said, wasn't said. Nobody is asked for what
    was never sent nor received, what came back, what names a PCP or practice that isn't the member's any more, or of a
    member who left."""
    query = (
        "SELECT document_id FROM plans WHERE running = 1 AND (sent_at <> '' OR received_at <> '') AND back = 0 "
        "AND pcp_changed = 0 AND practice_changed = 0 AND live_until >= :on AND reminder_3 <= :on "
        "AND instr(';' || asked || ';', ';' || :last || ';') = 0 ORDER BY seq"
    )
    return [row[0] for row in index.rows(query, {"on": on.isoformat(), "last": last})]


def not_asked(index: Index, on: date, document_ids: Iterable[str]) -> dict[str, str]:
    """For which of these versions no practice is asked on that day although their clocks run, and why:
    ``member_ended``, ``pcp_changed`` or ``practice_changed``, as the work list calls it."""
    query = "SELECT document_id, live_until, pcp_changed, practice_changed FROM plans WHERE document_id IN ({keys})"
    why = {
        row["document_id"]: "member_ended"
        if row["live_until"] < on.isoformat()
        else "pcp_changed"
        if int(row["pcp_changed"])
        else "practice_changed"
        if int(row["practice_changed"])
        else ""
        for row in index.rows_of(query, document_ids)
    }
    return {document_id: reason for document_id, reason in why.items() if reason}


def plans_to_finish(index: Index) -> list[str]:
    """The document ids of complete versions that weren't filed, or for which something waits for review all the same,
    in order of issue."""
    query = (
        "SELECT document_id FROM plans WHERE complete = 1 AND closed = '' AND (filed_at = '' OR back = 1) ORDER BY seq"
    )
    return [row[0] for row in index.rows(query)]


def waiting_items(index: Index, page: Page) -> list[list[tuple[str, int]]]:
    """The items of the review queue, in order of arrival: the parts that each consists of, as file's SHA-256 and which
    part."""
    query = (
        "SELECT item FROM returns INDEXED BY returns_waiting WHERE waiting = 1 GROUP BY item "
        "ORDER BY min(seq), item LIMIT ? OFFSET ?"
    )
    found: dict[str, list[tuple[str, int]]] = {row[0]: [] for row in index.rows(query, page.values)}
    parts = "SELECT item, sha256, part FROM returns WHERE item IN ({keys}) AND waiting = 1 ORDER BY seq, part"
    for item, sha256, part in index.rows_of(parts, found):
        found[item].append((sha256, part))
    return [*found.values()]


def files_waiting(index: Index) -> frozenset[str]:
    """The files, by SHA-256, of which some part waits."""
    return frozenset(row[0] for row in index.rows("SELECT DISTINCT sha256 FROM returns WHERE waiting = 1"))


def items_waiting(index: Index) -> int:
    """How many items there are in the review queue."""
    return int(index.one("SELECT count(DISTINCT item) FROM returns INDEXED BY returns_waiting WHERE waiting = 1")[0])


def items_around(index: Index, sha256: str, part: int) -> tuple[int, int, list[tuple[str, int]], list[tuple[str, int]]]:
    """Of the item with this part: its place in the review queue, from 1 (0: it isn't in it), how many items there are,
    and the parts of the one before it and of the one after it (none: there is none)."""
    query = (
        "WITH queue AS (SELECT item, row_number() OVER (ORDER BY min(seq), item) place "
        "FROM returns INDEXED BY returns_waiting WHERE waiting = 1 GROUP BY item) "
        "SELECT place, (SELECT count(*) FROM queue), (SELECT item FROM queue WHERE place = mine.place - 1), "
        "(SELECT item FROM queue WHERE place = mine.place + 1) FROM queue mine "
        "WHERE item = (SELECT item FROM returns WHERE sha256 = ? AND part = ?)"
    )
    for place, of, before, after in index.rows(query, (sha256, part)):
        near = [_parts(index, each, "waiting = 1") if each is not None else [] for each in (before, after)]
        return int(place), int(of), near[0], near[1]
    return 0, items_waiting(index), [], []


def items_named(
    index: Index, document_id: str, digits: str, part: int, *, resolved: bool
) -> list[list[tuple[str, int]]]:
    """The items of the review queue that belong to this plan, or one of whose files' SHA-256 begins with these digits
    (and is its part of that number, unless 0): as ``waiting_items``. Where there is none and ``resolved``, those that
    a person accepted. Empty names nothing."""
    named = "((? <> '' AND document_id = ?) OR (? <> '' AND substr(sha256, 1, length(?)) = ? AND (? = 0 OR part = ?)))"
    values = (document_id, document_id, digits, digits, digits, part, part)
    for which in ("waiting = 1", "resolved_at <> '' AND verdict = 'accepted'")[: 1 + resolved]:
        query = f"SELECT item FROM returns WHERE {which} AND {named} GROUP BY item ORDER BY min(seq), item"  # noqa: S608
        found = [_parts(index, row[0], which) for row in index.rows(query, values)]
        if found:
            return found
    return []


def _parts(index: Index, item: str, which: str) -> list[tuple[str, int]]:
    query = f"SELECT sha256, part FROM returns WHERE item = ? AND {which} ORDER BY seq, part"  # noqa: S608 our own names
    return [(row[0], row[1]) for row in index.rows(query, (item,))]


def waiting_count(index: Index) -> tuple[int, str]:
    """How many returned parts wait for review, and since when the oldest does (ISO 8601, or empty)."""
    count, oldest = index.one("SELECT count(*), coalesce(min(received_at), '') FROM returns WHERE waiting = 1")
    return int(count), str(oldest)


def members_with_slips(index: Index) -> frozenset[str]:
    """The members who sent a reply slip that nobody has read yet."""
    query = (
        "SELECT DISTINCT member_id FROM returns INDEXED BY returns_waiting WHERE waiting = 1 AND kind = 'reply_slip'"
    )
    return frozenset(row[0] for row in index.rows(query))


def waiting_for(index: Index, document_ids: Iterable[str]) -> dict[str, list[sqlite3.Row]]:
    """What came back for each of these documents and waits for review: document id → rows of ``returns``."""
    wanted = list(document_ids)
    found: dict[str, list[sqlite3.Row]] = {}
    if len(wanted) > _NAMED:
        for row in index.rows("SELECT * FROM returns WHERE waiting = 1 ORDER BY seq, part"):
            found.setdefault(row["document_id"], []).append(row)
        return found
    query = "SELECT * FROM returns WHERE document_id IN ({keys}) AND waiting = 1 ORDER BY seq, part"
    for row in index.rows_of(query, wanted):
        found.setdefault(row["document_id"], []).append(row)
    return found


def kept_counts(index: Index, now: str, limit: str, *, stamps: bool) -> tuple[int, int, int, str, int]:
    """Of all signed files that are kept: how many there are and how many carry no time stamp; how many proofs end from
    ``now`` until ``limit`` (times as they are kept), when the first of these does (or empty), and how many ended under
    a time stamp that wasn't renewed. Without ``stamps`` only those end that have one."""
    files, unstamped = index.one("SELECT count(*), coalesce(sum(stamped_at = ''), 0) FROM kept_files")
    counted = "until <> '' AND (stamped_at <> '' OR ?)"
    query = f"SELECT count(*), coalesce(min(until), '') FROM kept_files WHERE {counted} AND until >= ? AND until < ?"  # noqa: S608
    ending, first = index.one(query, (stamps, now, limit))
    (ended,) = index.one("SELECT count(*) FROM kept_files WHERE stamped_at <> '' AND until <> '' AND until < ?", (now,))
    return int(files), int(unstamped), int(ending), str(first), int(ended)

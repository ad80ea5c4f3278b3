"""Fills the index from the ledger by the folds that everything else uses: from nothing, or what was touched alone.

From nothing, one subject's events are held at a time, so that memory doesn't grow with the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from cpdocs.core import deliveries
from cpdocs.core.discharges import DISCHARGE_EVENTS, LIST_EVENTS, fold_discharges, fold_lists, tells_of_discharge
from cpdocs.core.events import (
    Event,
    EventType,
    delivery_subject,
    document_subject,
    member_subject,
    return_subject,
    run_subject,
)
from cpdocs.core.letters import RUN_EVENTS, fold_runs
from cpdocs.core.lifecycle import PLAN_EVENTS, fold
from cpdocs.core.notices import ANSWERS, STOPS, notice_reference
from cpdocs.core.outreach import OUTREACH_EVENTS, fold_outreach
from cpdocs.core.register import DIRECTORY_EVENTS, MEMBER_EVENTS
from cpdocs.core.register import fold as fold_register
from cpdocs.core.return_record import RETURN_EVENTS, all_parts
from cpdocs.index import rows
from cpdocs.index.linking import link, link_all
from cpdocs.index.source import Source, Tell
from cpdocs.index.tables import TABLES, insertion

_AT_ONCE = 1000


@dataclass(slots=True)
class Touched:
    """What some events are about, by kind; what only ever gains a row is kept as the event."""

    documents: set[str] = field(default_factory=set)
    returns: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    runs: set[str] = field(default_factory=set)
    discharged: set[str] = field(default_factory=set)
    """The members of whose discharges something was told."""
    lists: set[str] = field(default_factory=set)
    deliveries: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    """The documents that those deliveries are about."""
    added: list[Event] = field(default_factory=list)
    directory: bool = False

    def add(self, event: Event) -> None:
        """One more event."""
        if event.type in _PLAN:
            self.documents.update(_keys(event, "document"))
        if event.type in _RETURN:
            self.returns.update(_keys(event, "return"))
        if event.type in _MEMBER:
            self.members.update(_keys(event, "member"))
        if tells_of_discharge(event):
            self.discharged.update(_keys(event, "member"))
        if event.type in LIST_EVENTS:
            self.lists.update(_keys(event, "document"))
        if event.type in _RUN or event.type is EventType.LETTER_STAGED:
            self.runs.update(_keys(event, "run"))
        if event.type in _DELIVERY:
            self.deliveries.update(_keys(event, "delivery"))
            self.sent.update(_keys(event, "document"))
        if event.type in _DIRECTORY:
            self.directory = True
        if event.type in _ADDED or event.type in (EventType.NOTICE_SENT, EventType.LETTER_PULLED):
            self.added.append(event)
        if event.type is EventType.NOTICE_WRITTEN:
            self.documents.update(_keys(event, "document"))


_PLAN, _RETURN, _MEMBER = (
    frozenset(PLAN_EVENTS),
    frozenset(RETURN_EVENTS),
    frozenset({*MEMBER_EVENTS, *OUTREACH_EVENTS}),
)
_RUN, _DIRECTORY = frozenset(RUN_EVENTS), frozenset(DIRECTORY_EVENTS)
_DELIVERY = frozenset(deliveries.DELIVERY_EVENTS)
_ADDED: dict[EventType, tuple[str, Callable[[Event], Iterable[rows.Row]]]] = {
    EventType.NOTICE_WRITTEN: ("notices", rows.notice_rows),
    EventType.LETTER_STAGED: ("pieces", rows.piece_rows),
    EventType.MEMBER_ATTEMPTED: ("attempts", rows.attempt_rows),
}
"""The events that stand for themselves: their rows are never made anew."""


_SAME_LETTER = (
    "UPDATE notices SET place = 1 WHERE place = 0 AND EXISTS (SELECT 1 FROM notices first "
    "WHERE first.reference = notices.reference COLLATE NOCASE AND first.seq < notices.seq)"
)
"""One letter answers several files of a day: the first that tells of it stands for it, as in ``fold_notices``."""


def fill(index: sqlite3.Connection, ledger: Source, upto: int, tell: Tell | None = None) -> None:
    """Every row, from the events up to number ``upto``, into empty tables."""
    steps = _Steps(tell, upto)
    for kind in _ADDED:
        _put_added(index, kind, steps.each(ledger.events(types=(kind,), upto=upto)))
    index.execute(_SAME_LETTER)
    _mark_sent(index, steps.each(ledger.events(types=(EventType.NOTICE_SENT,), upto=upto)))
    _mark_pulled(index, ledger.events(types=(EventType.LETTER_PULLED,), upto=upto))
    _take_back(index)
    for key, events in steps.groups(ledger.grouped("document", types=PLAN_EVENTS, upto=upto)):
        _put_plan(index, key, events)
    for _, events in steps.groups(ledger.grouped("return", types=RETURN_EVENTS, upto=upto)):
        _put_returns(index, events)
    for _, events in steps.groups(ledger.grouped("delivery", types=deliveries.DELIVERY_EVENTS, upto=upto)):
        _put_deliveries(index, events)
    runs = fold_runs(ledger.events(types=RUN_EVENTS, upto=upto))
    _put(index, "runs", map(rows.run_row, runs.values()))
    register = fold_register(steps.each(ledger.events(types=MEMBER_EVENTS, upto=upto)))
    outreach = fold_outreach(steps.each(ledger.events(types=OUTREACH_EVENTS, upto=upto)))
    _put(index, "members", rows.member_rows(register, outreach, register.by_member))
    _put(index, "assignments", rows.assignment_rows(register, register.by_member))
    discharges = fold_discharges(ledger.events(types=DISCHARGE_EVENTS, upto=upto))
    _put(index, "discharges", rows.discharge_rows(discharges))
    _put(index, "medications", rows.list_rows(fold_lists(ledger.events(types=LIST_EVENTS, upto=upto))))
    _put_directory(index, ledger, upto)
    link_all(index)


def refold(index: sqlite3.Connection, ledger: Source, touched: Touched, upto: int) -> None:
    """The rows of whatever was touched, folded anew from its own events up to number ``upto``."""
    for kind in _ADDED:
        _put_added(index, kind, (event for event in touched.added if event.type is kind))
    for event in touched.added:
        if event.type is EventType.NOTICE_WRITTEN:
            index.execute(f"{_SAME_LETTER} AND seq = ?", (event.seq,))
    _mark_sent(index, (event for event in touched.added if event.type is EventType.NOTICE_SENT))
    _mark_pulled(index, (event for event in touched.added if event.type is EventType.LETTER_PULLED))
    stopped = {str(each.data["document_id"]) for each in touched.added if each.data.get("kind") in STOPS}
    if stopped:
        _take_back(index, sorted(stopped))
    for key in sorted(touched.documents):
        events = ledger.events(subject=document_subject(key), types=PLAN_EVENTS, upto=upto)
        _put_plan(index, key, events)
    # What a file belonged to until now loses it where it belongs elsewhere from now on.
    query = "SELECT document_id, item FROM returns WHERE sha256 = ?"
    belonged = [row for key in touched.returns for row in index.execute(query, (key,)).fetchall()]
    before, items = {row[0] for row in belonged}, {row[1] for row in belonged}
    for key in sorted(touched.returns):
        index.execute("DELETE FROM returns WHERE sha256 = ?", (key,))
        _put_returns(index, ledger.events(subject=return_subject(key), types=RETURN_EVENTS, upto=upto))
    for key in sorted(touched.deliveries):
        found = ledger.events(subject=delivery_subject(key), types=deliveries.DELIVERY_EVENTS, upto=upto)
        _put_deliveries(index, found)
    for key in sorted(touched.members):
        register = fold_register(ledger.events(subject=member_subject(key), types=MEMBER_EVENTS, upto=upto))
        outreach = fold_outreach(ledger.events(subject=member_subject(key), types=OUTREACH_EVENTS, upto=upto))
        _put(index, "members", rows.member_rows(register, outreach, (key,)))
        _put(index, "assignments", rows.assignment_rows(register, (key,)))
    for key in sorted(touched.discharged):
        index.execute("DELETE FROM discharges WHERE member_id = ?", (key,))
        events = ledger.events(subject=member_subject(key), types=DISCHARGE_EVENTS, upto=upto)
        _put(index, "discharges", rows.discharge_rows(fold_discharges(events)))
    for key in sorted(touched.lists):
        events = ledger.events(subject=document_subject(key), types=LIST_EVENTS, upto=upto)
        _put(index, "medications", rows.list_rows(fold_lists(events)))
    for key in sorted(touched.runs):
        runs = fold_runs(ledger.events(subject=run_subject(key), types=RUN_EVENTS, upto=upto))
        _put(index, "runs", map(rows.run_row, runs.values()))
    if touched.directory:
        for table in ("practices", "clinicians"):
            index.execute(f"DELETE FROM {table}")  # noqa: S608 our own name
        _put_directory(index, ledger, upto)
    link(
        index,
        documents=touched.documents | touched.sent | before,
        returns=touched.returns,
        members=touched.members,
        items=items,
        runs=touched.runs,
        directory=touched.directory,
    )


def _put_added(index: sqlite3.Connection, kind: EventType, events: Iterable[Event]) -> None:
    table, rows_of = _ADDED[kind]
    _put(index, table, (row for event in events for row in rows_of(event)))


def _mark_sent(index: sqlite3.Connection, events: Iterable[Event]) -> None:
    """A notice that left waits no more."""
    for event in events:
        reference = notice_reference(dict(event.data))
        index.execute("UPDATE notices SET waiting = 0, sent = 1 WHERE reference = ? COLLATE NOCASE", (reference,))


def _mark_pulled(index: sqlite3.Connection, events: Iterable[Event]) -> None:
    """A letter that was taken out of its run went to nobody."""
    for event in events:
        index.execute(
            "UPDATE pieces SET pulled = 1 WHERE run_id = ? AND piece = ?", (event.data["run_id"], event.data["piece"])
        )


def _take_back(index: sqlite3.Connection, documents: Iterable[str] | None = None) -> None:
    """A letter that a later one makes untrue, of these documents or of all, waits no more, as in ``fold_notices``."""
    stops, answers = (", ".join(f"'{kind}'" for kind in sorted(kinds)) for kinds in (STOPS, ANSWERS))
    found = f"SELECT document_id, practice_id, seq FROM notices WHERE kind IN ({stops})"  # noqa: S608 our own words
    if documents is None:
        stopped = index.execute(found).fetchall()
    else:
        query = f"{found} AND document_id = ?"
        stopped = [row for each in documents for row in index.execute(query, (each,)).fetchall()]
    index.executemany(
        "UPDATE notices SET waiting = 0, sent = 1 WHERE document_id = ? AND practice_id = ? AND seq < ? "  # noqa: S608
        f"AND sent = 0 AND channel = '' AND kind IN ({answers})",
        stopped,
    )


def _put_plan(index: sqlite3.Connection, document_id: str, events: Iterable[Event]) -> None:
    record = fold(events, document_id)
    if record is None:
        return  # a letter, or another paper
    asked = index.execute("SELECT stage FROM notices WHERE document_id = ? AND stage <> ''", (document_id,)).fetchall()
    index.execute(_INTO["plans"], rows.plan_row(record, (stage for (stage,) in asked)))
    if record.filing:
        index.execute("DELETE FROM kept_files WHERE document_id = ?", (document_id,))
        _put(index, "kept_files", rows.kept_rows(record))


def _put_returns(index: sqlite3.Connection, events: Iterable[Event]) -> None:
    events = list(events)
    first = min((event.seq for event in events if event.type is EventType.RETURN_RECEIVED), default=0)
    _put(index, "returns", (rows.return_row(part, first) for part in all_parts(events)))


def _put_deliveries(index: sqlite3.Connection, events: Iterable[Event]) -> None:
    _put(index, "deliveries", map(rows.delivery_row, deliveries.fold(events).values()))


def _put_directory(index: sqlite3.Connection, ledger: Source, upto: int) -> None:
    directory = fold_register(ledger.events(types=DIRECTORY_EVENTS, upto=upto)).directory
    _put(index, "practices", rows.practice_rows(directory))
    _put(index, "clinicians", rows.clinician_rows(directory))


_INTO = {table: insertion(table) for table in TABLES}


def _put(index: sqlite3.Connection, table: str, values: Iterable[rows.Row]) -> None:
    source = iter(values)
    while some := list(islice(source, _AT_ONCE)):
        index.executemany(_INTO[table], some)


def _keys(event: Event, kind: str) -> list[str]:
    return [key for named, _, key in (subject.partition(":") for subject in event.subjects) if named == kind]


class _Steps:
    """Counts events on their way, and tells of every thousandth. Those that no row comes of aren't counted, so the end
    comes early."""

    def __init__(self, tell: Tell | None, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def groups(self, groups: Iterable[tuple[str, list[Event]]]) -> Iterator[tuple[str, list[Event]]]:
        """The groups as they come, each counted by its events."""
        for key, events in groups:
            self._more(len(events))
            yield key, events

    def each(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events as they come."""
        for event in events:
            self._more(1)
            yield event

    def _more(self, count: int) -> None:
        before, self._done = self._done, self._done + count
        if self._tell and before // _AT_ONCE != self._done // _AT_ONCE:
            self._tell(self._done // _AT_ONCE * _AT_ONCE, self._total)

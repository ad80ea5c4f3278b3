"""Comments that came back on paper or in a file: the practice's return of the plan (contract §8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.events import EventType
from cpdocs.core.page_facts import PageKind
from cpdocs.core.people import Role
from cpdocs.core.return_record import RETURNED
from cpdocs.core.review_queue import Item
from cpdocs.errors import InputFault, required_reason
from cpdocs.people import people
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import the_plan
from cpdocs.returns.held import finish_item, still_waiting
from cpdocs.returns.judging import MEGABYTES, SECONDS
from cpdocs.returns.records import the_part
from cpdocs.returns.review_queue import find_held
from cpdocs.returns.settled import resolved
from cpdocs.sandbox.run import Stopped, run_sandboxed

if TYPE_CHECKING:
    from cpdocs.signing.file_facts import Note
    from cpdocs.workspace import Workspace


def comments_in(ws: Workspace, item: Item) -> tuple[Note, ...]:
    """The comments that readers left in the item's files, in their own words, read anew for whoever reviews them: they
    are recorded nowhere. None where a file has none, or can't be read within the limits."""
    if not any("comments" in each.codes or each.kind is PageKind.REPLY_SLIP for each in item.decisions):
        return ()
    found: list[Note] = []
    for sha256 in item.files:
        try:
            found += run_sandboxed(
                "cpdocs.sandbox.reading:see_words", ws.blobs.get(sha256), seconds=SECONDS, megabytes=MEGABYTES
            )
        except Stopped:
            continue
    return tuple(found)


def return_with_comments(ws: Workspace, which: str, *, reason: str, secret: people.Secret) -> Item:
    """A reviewer records the comments on a held item as ``plan return``: the clock stops when the file came.

    Raises InputFault where it belongs to no plan or the plan can't be returned; otherwise as ``held.accept``.
    """
    reason = required_reason(reason)
    people.require(ws, Role.REVIEWER, secret)
    item = find_held(ws, which)
    if not item.document_id:
        raise InputFault("We can't tell which plan these comments are about.", todo="Close it, or ask the sender.")
    at = item.first.received_at
    with ws.ledger.write() as tx:
        plan = the_plan(tx, item.document_id)
        transitions.may_return(plan, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.PLAN_RETURNED, plan, at=at.isoformat(), reason=reason, by=""))
        for part in item.parts:
            record = the_part(tx, part)
            still_waiting(record)
            tx.append(resolved(record, record.document_id, RETURNED, reason, ()))
    return finish_item(ws, item)

"""Pages of a held file that a person gives to the plan that they are of, since their codes couldn't be read.

The file is judged anew with them: they are pages of that plan then, in a part of their own or in the one that is there.
Nothing is accepted by it; what a page's own codes say can't be set aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.people import Role
from cpdocs.core.review_queue import Item
from cpdocs.errors import InputFault, UsageFault, required_reason
from cpdocs.people import people
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.records import the_plan
from cpdocs.returns.receiving import decide, finish
from cpdocs.returns.review_queue import SHORT, find_held

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.return_record import ReturnRecord
    from cpdocs.workspace import Workspace


def split(
    ws: Workspace, which: str, *, pages: Sequence[int], document_id: str, first: int, reason: str, secret: people.Secret
) -> list[ReturnRecord]:
    """Names ``pages`` (by their number in the file, from 1) as pages of the plan ``document_id``, from its page
    ``first`` on (0: each as it was suggested); gives the file's parts as they stand then.

    Raises:
        UsageFault, InputFault: no such page, or none was suggested.
        WorkspaceFault: the account may not review, or its PIN is wrong.
    """
    reason = required_reason(reason)
    people.require(ws, Role.REVIEWER, secret)
    item = find_held(ws, which)
    sha256 = _file(item, which)
    plan = the_plan(ws.ledger, document_id)
    places = _places(item, plan, pages, first)
    named: list[JSON] = [
        {"page": page, "document_id": document_id, "plan_page": place} for page, place in places.items()
    ]
    data: dict[str, JSON] = {"sha256": sha256, "pages": named, "reason": reason}
    with ws.ledger.write() as tx:
        tx.append(NewEvent(EventType.HELD_SPLIT, (return_subject(sha256), document_subject(document_id)), data))
    parts = decide(ws, DecisionContext(ws), sha256, again=True)
    parts = tuple(finish(ws, part)[0] for part in parts)
    there = {place for part in parts if part.document_id == document_id and part.decision
             for place in part.decision.pages.seen}  # fmt: skip
    lacking = [page for page, place in places.items() if place not in there]
    if lacking:
        raise InputFault(
            f"Page {', '.join(map(str, lacking))} of the file can't be given to {document_id}: there is none, or its "
            "own codes name something.",
            todo="See the pages with `cpdocs held show --pictures`.",
        )
    return list(parts)


def _file(item: Item, which: str) -> str:
    """The file of the item whose pages are meant."""
    digits = which.strip().lower().partition(":")[0]
    found = [sha256 for sha256 in item.files if sha256.startswith(digits)]
    if not found and len(item.files) > 1:
        names = ", ".join(each[:SHORT] for each in item.files)
        raise UsageFault(f"It came in {len(item.files)} files.", todo=f"Name the one whose pages are meant: {names}")
    return (found or item.files)[0]


def _places(item: Item, plan: PlanRecord, pages: Sequence[int], first: int) -> dict[int, int]:
    """Which page of the plan each page of the file is."""
    if first:
        places = {page: first + number for number, page in enumerate(pages)}
    else:
        suggested = {
            page: each.plan_page
            for decision in item.decisions
            for page, each in decision.suggested.items()
            if each.document_id == plan.document_id
        }
        places = {page: suggested[page] for page in pages if page in suggested}
        if len(places) < len(pages):
            raise UsageFault(
                "Nothing suggests which pages of the plan these are.",
                todo="Look at them, and say with --plan-page which page of the plan the first of them is.",
            )
    if not pages or any(not 1 <= place <= plan.pages for place in places.values()):
        raise UsageFault(f"{plan.document_id} has pages 1 to {plan.pages}.")
    return places

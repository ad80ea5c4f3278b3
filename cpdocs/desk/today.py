"""Today: what waits for somebody, by urgency, each with the way to where it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from flask import Blueprint

from cpdocs.core.clock import eastern_date
from cpdocs.core.verdicts import Lane
from cpdocs.desk import words
from cpdocs.desk.pages import ROWS, page, saw, workspace
from cpdocs.index.lookups import member_names, unfiled, without_member
from cpdocs.index.queries import Page, PlanFilter, practices_of
from cpdocs.plans.records import the_plan
from cpdocs.plans.status import Due, due_counts, what_is_due
from cpdocs.returns.recovery import finish_all
from cpdocs.returns.review_queue import how_many, item_id, queue

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.core.review_queue import Item
    from cpdocs.workspace import Workspace

part = Blueprint("today", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that waits: ``what`` is to be done at ``address``, about whom, by whom, since when, until when."""

    what: str
    address: str
    who: str
    plan: str
    waits_for: str
    since: str
    due: str = ""
    late: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What is alike urgent. ``more`` is how many others there are, at ``all_at``."""

    title: str
    tone: str
    rows: Sequence[Row]
    more: int = 0
    all_at: str = ""


@part.get("/")
def today() -> ResponseReturnValue:
    ws = workspace()
    finish_all(ws)
    saw("today", once=True)
    on = eastern_date(ws.clock.now())
    due = what_is_due(ws, on, PlanFilter(), Page(ROWS))
    late = [each for each in due if each.action == "overdue"]
    soon = [each for each in due if each.action in ("due_today", "reminder")]
    running, overdue = due_counts(ws, on)
    came, open_slots, packages = queue(ws, Page(ROWS)), without_member(ws.index, Page(ROWS)), unfiled(ws.index, Page())
    names = member_names(
        ws.index, [*(each.standing.record.member_id for each in due), *(row["member_id"] for row in open_slots)]
    )
    groups = [
        Group("Came back: decide", "came", _came(ws, came), how_many(ws) - len(came), "/review"),
        Group("Overdue at the practice", "late", _due(late, names, on), overdue - len(late), "/plans?overdue=1"),
        Group("Due today, or to be reminded", "soon", _due(soon, names, on)),
        Group("Complete, but not in a package", "late", _unfiled(ws, [row["document_id"] for row in packages])),
        Group(
            "The member's signature is missing",
            "soon",
            [
                Row(
                    "Get the member's approval",
                    f"/plans/{row['document_id']}",
                    names.get(row["member_id"], ""),
                    f"{row['program']}, version {row['version']}",
                    "the member",
                    words.day(row["issued_at"]),
                )
                for row in open_slots
            ],
        ),
    ]
    return page("today.html", here="Today", groups=[each for each in groups if each.rows], running=running)


def _came(ws: Workspace, items: Sequence[Item]) -> list[Row]:
    rows = []
    for item in items:
        plan = the_plan(ws.ledger, item.document_id) if item.document_id else None
        names = member_names(ws.index, [plan.member_id]) if plan else {}
        rows.append(
            Row(
                f"Review {KIND.get(item.decisions[0].lane, 'what came back')}",
                f"/review/{item_id(item.first)}",
                names.get(plan.member_id, "") if plan else "no plan known",
                f"{plan.program}, version {plan.version}" if plan else "",
                "a reviewer",
                words.moment(item.first.received_at),
                detail=" ".join(each.message for each in item.findings[:1]),
            )
        )
    return rows


KIND: Mapping[Lane, str] = {
    Lane.INK: "the paper that came back",
    Lane.DIGITAL: "the signed file",
    Lane.ESIGN_SERVICE: "the file from a signing service",
    Lane.UNMATCHED: "a page without a plan",
}
"""What a returned file is called, by how it came."""


def _due(items: Sequence[Due], names: Mapping[str, str], on: date) -> list[Row]:
    rows = []
    for item in items:
        record, clock, practice = item.standing.record, item.standing.clock, item.practice
        asked = practice.key_contact if practice and practice.key_contact else "the key contact"
        left = (clock.due_on - on).days
        at = ", ".join(part for part in (practice.name, practice.phone) if part) if practice else record.practice_id
        rows.append(
            Row(
                f"Ask {asked} for the PCP's signature",
                f"/plans/{record.document_id}",
                names.get(record.member_id, ""),
                f"{record.program}, version {record.version}",
                at,
                words.day(clock.receipt),
                f"{words.day(clock.due_on)}: {_left(left)}",
                late=left < 0,
            )
        )
    return rows


def _left(days: int) -> str:
    if days < 0:
        return f"{words.counted(-days, 'day')} late"
    return "today" if not days else f"in {words.counted(days, 'day')}"


def _unfiled(ws: Workspace, document_ids: Sequence[str]) -> list[Row]:
    rows = []
    for document_id in document_ids:
        plan = the_plan(ws.ledger, document_id)
        practice = practices_of(ws.index, [plan.practice_id]).get(plan.practice_id)
        why = " ".join(f"{each.get('message', '')} {each.get('todo', '')}".strip() for each in plan.filing_held)
        rows.append(
            Row(
                "File it for the chart",
                f"/plans/{document_id}",
                member_names(ws.index, [plan.member_id]).get(plan.member_id, ""),
                f"{plan.program}, version {plan.version}",
                practice.name if practice else plan.practice_id,
                words.day(plan.issued_at),
                detail=why,
            )
        )
    return rows

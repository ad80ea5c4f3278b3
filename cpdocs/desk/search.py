"""Search by name, member id, document id or practice; posted, so that no address holds what was searched for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request

from cpdocs.core.events import member_subject
from cpdocs.core.ids import is_member_id, parse_document_id
from cpdocs.desk.pages import ROWS, page, saw, session, workspace
from cpdocs.index.lookups import member_names, members_like, plans_of_member
from cpdocs.index.queries import practices_of
from cpdocs.plans.records import find_plan

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

part = Blueprint("search", __name__)


@part.post("/search")
def search() -> ResponseReturnValue:
    ws, asked = workspace(), request.form.get("q", "").strip()[:200]
    document_id = parse_document_id(asked)
    if document_id and find_plan(ws.ledger, document_id):
        return redirect(f"/plans/{document_id}", 303)
    if practices_of(ws.index, [asked]):
        return redirect(f"/practices/{asked}", 303)
    digits = "".join(asked.split())
    if is_member_id(digits):
        saw("search", member_subject(digits))
        if member_names(ws.index, [digits]):
            return redirect(session().address_of(digits), 303)
        found = {}
    else:
        saw("search")
        found = {row["member_id"]: row["name"] for row in members_like(ws.index, asked, ROWS)} if asked else {}
    members = [
        (name, member_id, session().address_of(member_id), plans_of_member(ws.index, member_id))
        for member_id, name in found.items()
        if name
    ]
    return page("search.html", here="Search", asked=asked, members=members, rows_at_once=ROWS)

"""Deliveries: how far each target has come, what is unsure or held, and what a person decides about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.core.deliveries import DeliveryState
from cpdocs.core.ids import parse_document_id
from cpdocs.desk.forms import Form, needed
from cpdocs.desk.pages import ROWS, done, page, saw, workspace
from cpdocs.errors import CpdocsError, UsageFault
from cpdocs.index.lookups import names_of_plans
from cpdocs.index.outgoing import DeliveryFilter, deliveries, delivery_counts, progress
from cpdocs.index.queries import Page
from cpdocs.sending import decisions
from cpdocs.sending.queue import recall
from cpdocs.sending.record import deliveries_of
from cpdocs.sending.send import deliver

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

part = Blueprint("deliveries", __name__)
_STATES = [each.value for each in DeliveryState]


@part.get("/deliveries")
def listed() -> ResponseReturnValue:
    return _show(None)


@part.post("/deliveries")
def decide() -> ResponseReturnValue:
    try:
        told = _act(workspace(), request.form)
    except CpdocsError as error:
        return _show(error)
    return done(told, "/deliveries")


def _act(ws: Workspace, form: Form) -> str:
    """What the pressed button says: each is one use case of ``cpdocs deliver`` or ``recall``."""
    what = form.get("do", "")
    if what == "deliver":
        return _told(deliver(ws))
    document_id = parse_document_id(form.get("document", ""))
    if document_id is None:
        raise UsageFault("Which delivery?", todo="Choose one from the list.")
    target = needed(form, "target", "The target")
    if what == "retry":
        decisions.retry(ws, document_id, target)
        deliver(ws, [document_id])
    elif what == "give-up":
        decisions.give_up(ws, document_id, target, needed(form, "reason", "Why it is given up"))
    elif what == "recall":
        recall(ws, document_id, target, needed(form, "reason", "Why it is taken back"))
        deliver(ws, [document_id])
    else:
        raise UsageFault("What shall be done with it?", todo="Choose one of the decisions.")
    found = [each for each in deliveries_of(ws.ledger, document_id) if each.target == target]
    return f"{document_id} to {target}: {found[-1].state.value}. {found[-1].words}".strip() if found else "Done."


def _told(looked: list[str]) -> str:
    return f"Looked at {len(looked)}; where each stands is in the list." if looked else "Nothing waits to be sent."


def _show(error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    saw("deliveries", once=True)
    state, target = request.args.get("state", ""), request.args.get("target", "")
    wanted = DeliveryFilter(
        state=state if state in _STATES else "", target=target, open=state == "open" or (not state and not target)
    )
    offset = max(request.args.get("after", 0, int), 0)
    counts = delivery_counts(ws.index, wanted)
    rows = deliveries(ws.index, wanted, Page(ROWS, offset))
    return page(
        "deliveries.html",
        here="Deliveries",
        status=200 if error is None else 422,
        error=error,
        targets=progress(ws.index),
        rows=rows,
        names=names_of_plans(ws.index, [row["document_id"] for row in rows]),
        states=["open", *_STATES],
        chosen={"state": state or ("" if target else "open"), "target": target},
        total=sum(counts.values()),
        offset=offset,
        rows_at_once=ROWS,
    )

"""Letters: the runs, what became of every line, held lines with names, a look at a letter, release and what follows."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from cpdocs.core.events import document_subject, run_subject
from cpdocs.core.ids import parse_document_id
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.core.letters import ASSIGNMENT, RunRecord, RunState
from cpdocs.desk.album import png_of
from cpdocs.desk.letter_acts import act, release_held
from cpdocs.desk.pages import ROWS, begin, done, page, saw, session, workspace
from cpdocs.errors import CpdocsError, InputFault
from cpdocs.index.lookups import count_pieces, member_names, pieces_of_run, runs
from cpdocs.index.queries import Page
from cpdocs.letters.copies import printed_pages, the_letter
from cpdocs.letters.holds import HeldLine, held_lines
from cpdocs.letters.runs import RECONCILIATION, run_folder, the_run
from cpdocs.sandbox.drawing import page_pictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.typing import ResponseReturnValue

    from cpdocs.returns.album import Shot
    from cpdocs.workspace import Workspace

part = Blueprint("letters", __name__)
_KEPT = 4
_drawn: OrderedDict[tuple[str, str], tuple[Shot, ...]] = OrderedDict()
"""The pages of the letters that were looked at last."""


@part.get("/letters")
def letters() -> ResponseReturnValue:
    ws = workspace()
    offset = max(request.args.get("after", 0, int), 0)
    rows = runs(ws.index, Page(ROWS, offset))
    kinds = ws.options.letter_kinds
    return page("letters.html", here="Letters", rows=rows, offset=offset, rows_at_once=ROWS, kinds=kinds)


@part.get("/letters/held")
def held() -> ResponseReturnValue:
    return _show_held({}, None)


@part.post("/letters/held")
def release() -> ResponseReturnValue:
    try:
        told = release_held(workspace(), request.form, request.form.getlist("letter"))
    except CpdocsError as error:
        return _show_held(request.form, error)
    return done(told, "/letters/held")


@part.get("/letters/<run_id>")
def run(run_id: str) -> ResponseReturnValue:
    return _show_run(the_run(workspace().ledger, run_id), {}, None)


@part.post("/letters/<run_id>")
def decide(run_id: str) -> ResponseReturnValue:
    ws = workspace()
    try:
        if request.form.get("do") == "reprint":
            said = {name: request.form.get(name, "") for name in ("pieces", "reason")}
            return begin("reprint", {**said, "run": run_id}, None, here="Letters", back=f"/letters/{run_id}")
        told = act(ws, run_id, request.form)
    except CpdocsError as error:
        return _show_run(the_run(ws.ledger, run_id), request.form, error)
    return done(told, f"/letters/{run_id}")


@part.get("/letters/<run_id>/<which>")
def letter(run_id: str, which: str) -> ResponseReturnValue:
    ws = workspace()
    document_id = parse_document_id(which)
    if document_id is None:
        raise InputFault("That is no reference number.", todo="Choose a letter from the run.")
    mailed = the_letter(ws, document_id, run_id)
    shots = _pages(ws, run_id, document_id)
    name = member_names(ws.index, [mailed.piece.key[0]]).get(mailed.piece.key[0], "")
    return page("letter.html", here="Letters", run=mailed.run, piece=mailed.piece, name=name, shots=shots)


@part.get("/letters/<run_id>/<which>/page-<int:number>.png")
def letter_page(run_id: str, which: str, number: int) -> ResponseReturnValue:
    shots = _pages(workspace(), run_id, parse_document_id(which) or "")
    if not 1 <= number <= len(shots):
        raise NotFound
    return Response(shots[number - 1].png, mimetype="image/png")


def _pages(ws: Workspace, run_id: str, document_id: str) -> tuple[Shot, ...]:
    """A letter's pages as they were printed; the look is recorded before they are drawn, once in a session."""
    key, mark = (run_id, document_id), f"letter {run_id} {document_id}"
    if key not in _drawn or mark not in session().looked:
        found = the_letter(ws, document_id, run_id)
        pdf = printed_pages(ws, [found], "desk letter", document_subject(document_id))
        session().looked.add(mark)
        drawn = page_pictures(pdf)
        _drawn[key] = tuple(map(png_of, drawn.pages)) if drawn else ()
    _drawn.move_to_end(key)
    while len(_drawn) > _KEPT:
        _drawn.popitem(last=False)
    return _drawn[key]


def _show_run(record: RunRecord, form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    saw("letters run", run_subject(record.run_id))
    offset = max(request.args.get("after", 0, int), 0)
    pieces = pieces_of_run(ws.index, record.run_id, Page(ROWS, offset))
    values: dict[str, Any] = {}
    if RECONCILIATION in record.files:
        values = json.loads(ws.blobs.get(record.files[RECONCILIATION]))
    codes = values.get("codes", {})
    if record.pulled:
        codes = {**codes, "suppressed": {**codes.get("suppressed", {}), "pulled": len(record.pulled)}}
    return page(
        "run.html",
        here="Letters",
        status=200 if error is None else 422,
        error=error,
        doing=form.get("do", ""),
        form={"on": ws_today(ws), **form},
        run=record,
        dispositions=[(name, record.outcomes.get(name, 0), codes.get(name, {})) for name in DISPOSITIONS],
        warnings=values.get("warnings", {}),
        folder=run_folder(ws, record.run_id).relative_to(ws.paths.root),
        pieces=pieces,
        names=member_names(ws.index, [row["member_id"] for row in pieces]),
        total=count_pieces(ws.index, record.run_id),
        offset=offset,
        rows_at_once=ROWS,
        may={
            "release": record.state is RunState.STAGED,
            "mailed": record.state is RunState.RELEASED,
            "pull": record.state in (RunState.STAGED, RunState.RELEASED),
            "reprint": record.state in (RunState.STAGED, RunState.RELEASED, RunState.MAILED),
            "cancel": record.state in (RunState.STAGED, RunState.RELEASED),
        },
    )


def ws_today(ws: Workspace) -> str:
    """Today in Massachusetts, as a date field takes it."""
    from cpdocs.core.clock import eastern_date

    return eastern_date(ws.clock.now()).isoformat()


def _show_held(form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    saw("letters held")
    lines: list[HeldLine] = held_lines(ws, ASSIGNMENT)
    offset = max(request.args.get("after", 0, int), 0)
    return page(
        "letters_held.html",
        here="Letters",
        status=200 if error is None else 422,
        error=error,
        form=form,
        lines=lines[offset : offset + ROWS],
        total=len(lines),
        offset=offset,
        rows_at_once=ROWS,
        names={line.document_id: f"{line.assignment.first_name} {line.assignment.last_name}".strip() for line in lines},
    )

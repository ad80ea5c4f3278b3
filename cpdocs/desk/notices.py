"""Notices: what was written to practices and health plans, what somebody has to send, logged for many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from cpdocs.core.clock import EASTERN
from cpdocs.desk import words
from cpdocs.desk.forms import given, moment, ticked
from cpdocs.desk.pages import ROWS, done, page, saw, workspace
from cpdocs.errors import CpdocsError
from cpdocs.index.lookups import practice_names
from cpdocs.index.outgoing import notice_counts
from cpdocs.index.queries import Page
from cpdocs.plans.notice_files import the_notice
from cpdocs.sending.notice_list import list_notices, log_sent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.typing import ResponseReturnValue

part = Blueprint("notices", __name__)


@part.get("/notices")
def notices() -> ResponseReturnValue:
    return _show({}, None)


@part.post("/notices")
def sent() -> ResponseReturnValue:
    form = request.form
    try:
        chosen = ticked(form, "notice", "No notice is ticked.", "Tick those that were sent.")
        at = moment(form, "at", "When they were sent")
        logged = log_sent(workspace(), chosen, to=given(form, "to"), channel=given(form, "channel"), at=at)
    except CpdocsError as error:
        return _show(form, error)
    return done(f"{words.counted(len(logged), 'notice')} logged as sent.", "/notices")


@part.get("/notices/<reference>.pdf")
def file(reference: str) -> ResponseReturnValue:
    ws = workspace()
    notice = the_notice(ws, reference)
    saw("notice file", *notice.subjects)
    headers = {"Content-Disposition": f'attachment; filename="{notice.reference}.pdf"'}
    return Response(ws.blobs.get(notice.sha256), mimetype="application/pdf", headers=headers)


def _show(form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws = workspace()
    practice, everything = request.args.get("practice", "").strip(), bool(request.args.get("all"))
    offset = max(request.args.get("after", 0, int), 0)
    rows = list_notices(ws, everything=everything, practice_id=practice, page=Page(ROWS, offset))
    total, _ = notice_counts(ws.index, everything=everything, practice_id=practice)
    _, by_hand = notice_counts(ws.index, practice_id=practice)
    return page(
        "notices.html",
        here="Notices",
        status=200 if error is None else 422,
        error=error,
        form={"at": f"{ws.clock.now().astimezone(EASTERN):%Y-%m-%dT%H:%M}", **form},
        rows=rows,
        chosen={"practice": practice, "all": "1" if everything else ""},
        practices=practice_names(ws.index),
        total=total,
        by_hand=by_hand,
        offset=offset,
        rows_at_once=ROWS,
    )

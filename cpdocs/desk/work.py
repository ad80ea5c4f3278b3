"""Work that a process of its own does: how far it is, and then what came of it, as the part shows it that it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, Response, make_response
from werkzeug.exceptions import NotFound

from cpdocs.desk import chasing, imports, letter_runs, plan_writing
from cpdocs.desk.pages import page, session

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.desk.jobs import Job

part = Blueprint("work", __name__)
_AGAIN_SECONDS = 3
_SHOWN: Mapping[str, Callable[[str, Job], ResponseReturnValue]] = {
    "look_at_table": imports.show,
    "import_table": imports.show,
    "run_letters": letter_runs.show,
    "preview_letter": letter_runs.show_preview,
    "check_plan": plan_writing.show,
    "issue_plan": plan_writing.show,
    "chase": chasing.show,
    "reprint": letter_runs.show_reprint,
}
_FAULTS_OF_THEIR_OWN = frozenset({"check_plan", "issue_plan"})


@part.get("/work/<handle>")
def shown(handle: str) -> ResponseReturnValue:
    job = _job(handle)
    if job.running:  # by the time the page is made it may be over
        answer = make_response(page("work.html", here=job.here, job=job, running=True))
        answer.headers["Refresh"] = str(_AGAIN_SECONDS)
        return answer
    if job.fault and job.what not in _FAULTS_OF_THEIR_OWN:
        return page("work.html", here=job.here, job=job, running=False, status=422)
    return _SHOWN[job.what](handle, job)


@part.get("/work/<handle>/page-<int:number>.png")
def picture(handle: str, number: int) -> ResponseReturnValue:
    shots = letter_runs.preview_pages(_job(handle))
    if not 1 <= number <= len(shots):
        raise NotFound
    return Response(shots[number - 1].png, mimetype="image/png")


def _job(handle: str) -> Job:
    found = session().jobs.get(handle)
    if found is None:
        raise NotFound
    return found

"""A run of letters at the desk: rehearsed first, single letters looked at, then made; and pieces printed again."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from flask import Blueprint, redirect, request

from cpdocs.core.letters import ASSIGNMENT
from cpdocs.desk import words
from cpdocs.desk.album import png_of
from cpdocs.desk.forms import given
from cpdocs.desk.jobs import Job
from cpdocs.desk.pages import begin, done, job_named, page, saw, uploaded
from cpdocs.sandbox.drawing import page_pictures

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.returns.album import Shot

part = Blueprint("letter_runs", __name__)
_drawn: WeakKeyDictionary[Job, tuple[Shot, ...]] = WeakKeyDictionary()
"""The pages of the letters that were previewed."""
_FIELDS = ("kind", "again", "drafts", "sheet", "hidden_rows")


@part.post("/letters/rehearse")
def rehearse() -> ResponseReturnValue:
    said = {name: given(request.form, name) for name in _FIELDS}
    file = uploaded("file", needed=False)
    return begin("run_letters", {**said, "dry_run": "1"}, file, here="Letters", back="/letters")


@part.post("/letters/make")
def make() -> ResponseReturnValue:
    rehearsed = job_named(request.form, "run_letters")
    said = {**rehearsed.said, "dry_run": ""}
    return begin("run_letters", said, rehearsed.upload, here="Letters", back="/letters")


@part.post("/letters/preview")
def look() -> ResponseReturnValue:
    rehearsed = job_named(request.form, "run_letters")
    said = {**rehearsed.said, "line": given(request.form, "line")}
    back = f"/work/{given(request.form, 'job')}"
    return begin("preview_letter", said, rehearsed.upload, here="Letters", back=back)


def show(handle: str, job: Job) -> ResponseReturnValue:
    """What a rehearsal found; of a run that was made, on to its own page."""
    assert job.result is not None
    if not job.result["dry_run"]:
        job.upload = None
        letters = words.counted(job.result["counts"]["mailed"], "letter")
        return done(f"Made: {letters}. Look at them, then release the run.", f"/letters/{job.result['run_id']}")
    saw("letters rehearsal")
    kind = job.said["kind"] or ASSIGNMENT
    return page("rehearsal.html", here="Letters", handle=handle, job=job, found=job.result, kind=kind)


def show_preview(handle: str, job: Job) -> ResponseReturnValue:
    """The letter that one line would get, as pictures, or why it gets none."""
    saw("letters preview")
    return page("letter_preview.html", here="Letters", handle=handle, job=job, found=job.result,
                shots=preview_pages(job))  # fmt: skip


def preview_pages(job: Job) -> tuple[Shot, ...]:
    """The pages of a previewed letter; none of another job."""
    if job not in _drawn:
        pdf = b64decode(job.result["pdf"]) if job.what == "preview_letter" and job.result else b""
        drawn = page_pictures(pdf) if pdf else None
        _drawn[job] = tuple(map(png_of, drawn.pages)) if drawn else ()
    return _drawn[job]


def show_reprint(_: str, job: Job) -> ResponseReturnValue:
    """Where the sheets lie that are printed again."""
    found = job.result
    assert found is not None
    pieces, sheets = words.counted(found["pieces"], "piece"), words.counted(found["sheets"], "sheet")
    job.result = {**found, "told": True}
    if found.get("told"):
        return redirect(f"/letters/{found['run']}", 303)
    return done(f"{pieces} on {sheets} to print again: {found['file']}.", f"/letters/{found['run']}")

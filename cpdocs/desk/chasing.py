"""Reminders: who would be asked today, and then the letters, as ``cpdocs chase`` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.desk.forms import given
from cpdocs.desk.pages import begin, page, workspace

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.desk.jobs import Job

part = Blueprint("chasing", __name__)


@part.get("/reminders")
def form() -> ResponseReturnValue:
    return _show(None)


@part.post("/reminders")
def ask() -> ResponseReturnValue:
    dry_run = "" if given(request.form, "do") == "write" else "1"
    return begin("chase", {"dry_run": dry_run}, None, here="Today", back="/reminders")


def show(_: str, job: Job) -> ResponseReturnValue:
    """Who would be asked, or was."""
    return _show(job)


def _show(job: Job | None) -> ResponseReturnValue:
    options = workspace().options
    found = job.result if job else None
    return page("reminders.html", here="Today", found=found, contact_day=options.contact_day,
                health_plan_day=options.health_plan_day)  # fmt: skip

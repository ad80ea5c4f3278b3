"""Imports: a roster or a directory is brought, looked at line by line, and recorded when somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.desk.forms import given, one_of
from cpdocs.desk.pages import begin, job_named, page, saw, uploaded
from cpdocs.errors import UsageFault

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.desk.jobs import Job

part = Blueprint("imports", __name__)
TABLES = {
    "roster": ("A roster", "Each line gets its disposition; the good lines are recorded."),
    "practices": ("Practices", "All rows or none."),
    "clinicians": ("Clinicians", "All rows or none; only a registrar or an administrator may."),
    "designations": ("Designations", "All rows or none; only a registrar or an administrator may."),
}


@part.get("/imports")
def form() -> ResponseReturnValue:
    return page("imports.html", here="Imports", tables=TABLES, error=None, form={})


@part.post("/imports/look")
def look() -> ResponseReturnValue:
    said = {name: given(request.form, name) for name in ("table", "sheet", "hidden_rows")}
    try:
        file = uploaded("file")
        one_of(request.form, "table", TABLES, "What kind of table is it?")
    except UsageFault as error:
        return page("imports.html", here="Imports", status=422, tables=TABLES, error=error, form=said)
    return begin("look_at_table", said, file, here="Imports", back="/imports")


@part.post("/imports/record")
def record() -> ResponseReturnValue:
    looked = job_named(request.form, "look_at_table")
    return begin("import_table", looked.said, looked.upload, here="Imports", back="/imports")


def show(handle: str, job: Job) -> ResponseReturnValue:
    """What the lines would become, or became."""
    saw(f"import {job.said['table']}")
    recorded = job.what == "import_table"
    if recorded:
        job.upload = None
    title = TABLES[job.said["table"]][0]
    return page("import_result.html", here="Imports", handle=handle, job=job, found=job.result, title=title,
                recorded=recorded)  # fmt: skip

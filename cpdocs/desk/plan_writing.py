"""Writing a plan: its file is brought or written on the page, checked, and issued; or begun from what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.desk.forms import given
from cpdocs.desk.jobs import Upload
from cpdocs.desk.pages import begin, done, page, uploaded, workspace
from cpdocs.errors import UsageFault

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.desk.jobs import Job
    from cpdocs.errors import CpdocsError

part = Blueprint("plan_writing", __name__)
_NAME = "plan.yaml"


@part.get("/plans/write")
def empty() -> ResponseReturnValue:
    return show_text("")


@part.post("/plans/write")
def written() -> ResponseReturnValue:
    text = request.form.get("text", "").replace("\r\n", "\n")
    file = uploaded("file", needed=False) or (Upload(_NAME, text.encode()) if text.strip() else None)
    if file is None:
        error = UsageFault("There is no plan yet.", todo="Choose a plan file, or write it below.")
        return show_text("", error=error)
    what = "issue_plan" if given(request.form, "do") == "issue" else "check_plan"
    said = {name: request.form.get(name, "") for name in ("drafts", "token_pin")}
    return begin(what, said, file, here="Plans", back="/plans/write")


def show(_: str, job: Job) -> ResponseReturnValue:
    """What a check found, beside the text; of a plan that was issued, on to its own page."""
    if job.what == "issue_plan" and job.result is not None:
        job.upload = None
        told = f"Issued: version {job.result['version']}, sealed. Next: send it to the practice."
        warned = " ".join(each["message"] for each in job.result["warnings"])
        return done(f"{told} {warned}".strip(), f"/plans/{job.result['document_id']}")
    text = job.upload.data.decode("utf-8-sig", "replace") if job.upload else ""
    return show_text(text, error=job.fault, found=job.result, name=job.upload.name if job.upload else "")


def show_text(
    text: str, *, error: CpdocsError | None = None, found: dict[str, object] | None = None, name: str = ""
) -> tuple[str, int]:
    """The page with this text, and what was found in it."""
    return page(
        "plan_write.html",
        here="Plans",
        status=422 if error else 200,
        text=text,
        error=error,
        found=found,
        name=name if name != _NAME else "",
        asked=text.count("ASK"),
        token=bool(workspace().options.tokens),
    )

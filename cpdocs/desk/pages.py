"""What every page of the desk needs: the session at hand, the workspace of who is logged in, how a page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, redirect, render_template, request
from werkzeug.wrappers import Response

from cpdocs.core.deliveries import DeliveryState
from cpdocs.core.events import WORKSPACE_SUBJECT
from cpdocs.desk.forms import FieldFault
from cpdocs.desk.jobs import Job, Upload
from cpdocs.desk.wrong_fields import with_wrong_field
from cpdocs.errors import Busy, InputFault, UsageFault
from cpdocs.index.outgoing import waiting_since
from cpdocs.people.access import record_access
from cpdocs.returns.review_queue import how_many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpdocs.desk.sessions import Session
    from cpdocs.workspace import Workspace

ROWS = 50
"""Rows of a list on one page."""
_AT_ONCE = 1.5
"""Seconds for which a page waits for work: most is done by then."""
_AT_WORK = 2
"""Jobs of one session at once."""


def session() -> Session:
    """The session of the request at hand; the application has found it or begun it."""
    found: Session = g.session
    return found


def workspace() -> Workspace:
    """The workspace, opened in the name of who is logged in."""
    ws = session().ws
    assert ws is not None
    return ws


def secret() -> bytes:
    """The PIN of who is logged in: each decision is held against it anew."""
    return session().pin


def page(template: str, *, here: str, status: int = 200, **values: Any) -> tuple[str, int]:
    """A page in the house's layout. ``here`` is the part of the desk that it belongs to."""
    told, session().told = session().told, ""
    waiting, index = how_many(workspace()), workspace().index
    stuck = sum(count for state, (count, _) in waiting_since(index).items() if state != DeliveryState.QUEUED)
    counts = {"Review": waiting, "Deliveries": stuck}
    shown = render_template(template, here=here, told=told, waiting=waiting, counts=counts, **values)
    if isinstance(error := values.get("error"), FieldFault):
        shown = with_wrong_field(shown, error, request.form.get("do", ""))
    return shown, status


def done(told: str, address: str) -> Response:
    """After something was done: on to ``address``, where ``told`` is said once."""
    session().told = told
    return redirect(address, 303)


def begin(what: str, said: Mapping[str, str], upload: Upload | None, *, here: str, back: str) -> Response:
    """Gives work to a process of its own, and leads to the page that says what comes of it. Raises Busy while so many
    are at work for this session already."""
    if sum(job.running for job in session().jobs.values()) >= _AT_WORK:
        raise Busy("What you asked for before is still at work.", todo="Wait for it, then ask again.")
    root, person, pin = workspace().paths.root, session().person, session().pin
    job = Job(root, person, pin, what, said, upload, here=here, back=back)
    handle = session().keep(job)
    job.wait(_AT_ONCE)
    return redirect(f"/work/{handle}", 303)


def job_named(form: Mapping[str, str], what: str) -> Job:
    """The job that a form goes on from. Raises InputFault where it is forgotten."""
    found = session().jobs.get(form.get("job", ""))
    if found is None or found.what != what:
        raise InputFault("What you looked at is forgotten by now.", todo="Begin again with the file.")
    return found


def uploaded(name: str, *, needed: bool = True) -> Upload | None:
    """The file that a form brought; None where none was chosen and none is needed, which raises UsageFault else."""
    file = request.files.get(name)
    if file is None or not file.filename:
        if needed:
            raise UsageFault("No file was chosen.", todo="Choose one.")
        return None
    return Upload(file.filename, file.stream.read())


def saw(what: str, *subjects: str, once: bool = False) -> None:
    """Records the look before anything is shown. ``once``: in a session once, for lists that are looked at all day."""
    if once and what in session().looked:
        return
    record_access(workspace(), f"desk {what}", *(subjects or (WORKSPACE_SUBJECT,)))
    session().looked.add(what)

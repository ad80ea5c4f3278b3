"""What every page of the desk needs: the session at hand, the workspace of who is logged in, how a page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, redirect, render_template
from werkzeug.wrappers import Response

from cpdocs.core.deliveries import DeliveryState
from cpdocs.core.events import WORKSPACE_SUBJECT
from cpdocs.index.outgoing import waiting_since
from cpdocs.people.access import record_access
from cpdocs.returns.review_queue import how_many

if TYPE_CHECKING:
    from cpdocs.desk.sessions import Session
    from cpdocs.workspace import Workspace

ROWS = 50
"""Rows of a list on one page."""


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
    return shown, status


def done(told: str, address: str) -> Response:
    """After something was done: on to ``address``, where ``told`` is said once."""
    session().told = told
    return redirect(address, 303)


def saw(what: str, *subjects: str, once: bool = False) -> None:
    """Records the look before anything is shown. ``once``: in a session once, for lists that are looked at all day."""
    if once and what in session().looked:
        return
    record_access(workspace(), f"desk {what}", *(subjects or (WORKSPACE_SUBJECT,)))
    session().looked.add(what)

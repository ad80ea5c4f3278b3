"""The application and its walls: whom it answers, what a browser may do with an answer, and errors as pages in words.

No address holds a name or a member's id: documents and files are named by ids that mean something only to the ledger,
and what is searched for is posted.
"""

from __future__ import annotations

import hmac
import io
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from flask import Flask, Request, g, redirect, render_template, request, send_file
from jinja2 import StrictUndefined
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from cpdocs import __version__
from cpdocs.core.clock import EASTERN
from cpdocs.desk import words
from cpdocs.desk.defects import defect_of
from cpdocs.desk.log_in import OpenFor, log_in
from cpdocs.desk.sessions import IDLE_SECONDS, Session, Sessions
from cpdocs.errors import AnswerIsNo, Busy, CpdocsError, InputFault, UsageFault, WorkspaceFault

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

COOKIE = "cpdocs_desk"
HOSTS = ["127.0.0.1", "localhost"]
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a browser calls its own forms' origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PARTS = (
    *("today", "chasing", "review", "plans", "plan_writing", "story", "members", "practices"),
    *("letters", "letter_runs", "notices"),
    *("deliveries", "imports", "reports", "settings_view", "search", "work"),
)
_OPEN = frozenset({"static", "font", "enter", "entered"})
"""What is answered without a log-in: the log-in itself, and what it is drawn with."""
_UNWRITTEN = frozenset({"csrf", "do", "job", "token_pin", "slot", "npi", "table", "kind", "program", "sheet"})
"""Fields of forms that nobody writes into, and the one that is secret."""
MINUTES = int(IDLE_SECONDS // 60)
_FONTS = frozenset({"NotoSans-Regular.ttf", "NotoSans-Bold.ttf"})
_MOST_BYTES = 64 * 1024
MOST_UPLOADED = 32 * 1024**2
"""Bytes of a file that somebody brings; a larger one is for the command."""
_BIGGER = {
    "imports.look": MOST_UPLOADED,
    "letter_runs.rehearse": MOST_UPLOADED,
    "plan_writing.written": 5 * 1024**2,
}
"""What takes more than a form of a few fields, and how much: a table, a plan file twice (as a file and as text)."""
_STATUS: dict[type[CpdocsError], int] = {
    UsageFault: 400,
    InputFault: 404,
    AnswerIsNo: 409,
    WorkspaceFault: 403,
    Busy: 503,
}


class InMemory(Request):
    """A request whose files stay in memory: what somebody brings may name members, and no temporary file does."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


def make_app(ws: Workspace, open_for: OpenFor, sessions: Sessions | None = None) -> Flask:
    """The desk of the workspace ``ws``; ``open_for`` opens it in the name of who logs in."""
    app = Flask("cpdocs.desk", root_path=str(Path(__file__).parent))
    app.request_class = InMemory
    app.config.update(TRUSTED_HOSTS=HOSTS, MAX_CONTENT_LENGTH=_MOST_BYTES, MAX_FORM_MEMORY_SIZE=_MOST_BYTES)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(words.FILTERS)
    known = sessions or Sessions()
    _walls(app, known)
    _doors(app, ws, open_for, known)
    _errors(app)
    for part in _PARTS:
        app.register_blueprint(import_module(f"cpdocs.desk.{part}").part)

    @app.context_processor
    def common() -> dict[str, Any]:
        found = g.get("session")
        return {
            "person": found.person if found else "",
            "csrf": found.csrf if found else "",
            "sandbox": ws.sandbox,
            "organization": ws.senders.organization.name,
            "as_of": ws.clock.now().astimezone(EASTERN),
            "version": __version__,
            "minutes": MINUTES,
        }

    return app


def _walls(app: Flask, sessions: Sessions) -> None:
    @app.before_request
    def admit() -> ResponseReturnValue | None:
        if isinstance(request.routing_exception, NotFound):
            g.session = sessions.find(request.cookies.get(COOKIE, ""))
        if request.routing_exception is not None:
            raise request.routing_exception  # a stranger's Host, or no such page
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise BadRequest("Another site sent this request.")
        if request.headers.get("Origin") not in (None, request.host_url.rstrip("/")):
            raise BadRequest("Another site sent this request.")
        if request.endpoint in ("static", "font"):
            return None
        g.cookie = request.cookies.get(COOKIE, "")
        g.session = sessions.find(g.cookie)
        over = bool(g.cookie) and g.session is None and request.endpoint not in _OPEN
        if g.session is None:
            g.cookie, g.session = sessions.begin()
        if over:
            return _over(g.session)
        if g.session.person and request.endpoint in _BIGGER:
            request.max_content_length = _BIGGER[request.endpoint] + _MOST_BYTES
            request.max_form_memory_size = min(_BIGGER[request.endpoint], 5 * 1024**2)
        if request.method == "POST" and not hmac.compare_digest(
            request.form.get("csrf", "").encode(), g.session.csrf.encode()
        ):
            raise BadRequest("This form is too old, or not ours. Go back, load the page again and repeat the step.")
        if request.endpoint not in _OPEN and not g.session.person:
            return redirect("/log-in", 303)
        return None

    @app.after_request
    def close_up(response: Response) -> Response:
        response.headers.update(HEADERS)
        cookie = g.get("cookie", "")
        if cookie and cookie != request.cookies.get(COOKIE):
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
        return response


def _over(begun: Session) -> ResponseReturnValue:
    """What somebody sees whose session is over: in words, with what they had written, or on to the log-in and back."""
    if request.method == "POST":
        try:
            written = [(name, text) for name, text in request.form.items() if text.strip() and name not in _UNWRITTEN]
        except RequestEntityTooLarge:
            written = []
        return render_template("ended.html", written=written), 403
    begun.told = f"You were logged out after {MINUTES} minutes without a request. Log in to go on where you were."
    if not request.path.startswith(("/members/", "/work/")):  # those meant something to the session that is over
        begun.back = request.full_path.rstrip("?")
    return redirect("/log-in", 303)


def _doors(app: Flask, ws: Workspace, open_for: OpenFor, sessions: Sessions) -> None:
    @app.get("/log-in")
    def enter() -> ResponseReturnValue:
        told, g.session.told = g.session.told, ""
        return render_template("log_in.html", error=None, name="", told=told)

    @app.post("/log-in")
    def entered() -> ResponseReturnValue:
        name = request.form.get("name", "")
        back = g.session.back
        sessions.end(g.cookie)  # another id than before the log-in, which somebody may have set
        g.cookie, g.session = sessions.begin()
        g.session.back = back
        try:
            log_in(g.session, open_for, name, request.form.get("pin", "").strip().encode())
        except CpdocsError as error:
            return render_template("log_in.html", error=error, name=name), 403
        return redirect(back or "/", 303)

    @app.post("/log-out")
    def leave() -> ResponseReturnValue:
        sessions.end(g.cookie)
        g.cookie, g.session = sessions.begin()
        return redirect("/log-in", 303)

    @app.get("/fonts/<name>")
    def font(name: str) -> ResponseReturnValue:
        if name not in _FONTS:
            raise NotFound
        return send_file(ws.shipped_templates / "fonts" / name, mimetype="font/ttf")


def _errors(app: Flask) -> None:
    @app.errorhandler(CpdocsError)
    def ours(error: CpdocsError) -> ResponseReturnValue:
        status = next((number for kind, number in _STATUS.items() if isinstance(error, kind)), 500)
        return _error_page(error.message, error.todo, status, problems=[str(each) for each in error.problems])

    @app.errorhandler(HTTPException)
    def of_the_web(error: HTTPException) -> ResponseReturnValue:
        if isinstance(error, RequestEntityTooLarge):
            todo = f"A file may have {MOST_UPLOADED // 1024**2} MB here; the commands take larger ones."
            return _error_page("That is more than the desk takes.", todo, 413)
        if isinstance(error, NotFound):
            return _error_page("There is no such page.", "Go on from one of the pages above.", 404)
        return _error_page(error.description or error.name, "", error.code or 500)

    @app.errorhandler(Exception)
    def defect(error: Exception) -> ResponseReturnValue:
        return ours(defect_of(error))


def _error_page(message: str, todo: str, status: int, problems: list[str] | None = None) -> ResponseReturnValue:
    return render_template("error.html", message=message, todo=todo, problems=problems or []), status

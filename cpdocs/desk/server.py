"""Serves the desk on 127.0.0.1, to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cpdocs.desk.app import MOST_UPLOADED, make_app
from cpdocs.desk.log_in import OpenFor
from cpdocs.desk.sessions import Sessions
from cpdocs.errors import Busy

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

ADDRESS = "127.0.0.1"
MOST_SENT = MOST_UPLOADED + 128 * 1024
_CONNECTIONS = 32
"""At once: each may hold as much as one file."""


def serve(ws: Workspace, open_for: OpenFor, *, port: int, tell: Callable[[str], None]) -> None:
    """Answers until it is interrupted; ``tell`` is given the address once it can be opened. ``port`` 0 takes any.

    Raises Busy where the port is taken.
    """
    from waitress.server import create_server

    sessions = Sessions()
    try:
        # One thread: each request opens what it needs alone, and a decision is never made beside another.
        # What is sent stays in memory: waitress would put much of it into a temporary file.
        server = create_server(
            make_app(ws, open_for, sessions),
            host=ADDRESS,
            port=port,
            threads=1,
            ident=None,
            connection_limit=_CONNECTIONS,
            max_request_body_size=MOST_SENT,
            inbuf_overflow=MOST_SENT,
        )
    except OSError:
        raise Busy(f"Port {port} of this machine is taken.", todo="Name another with --port, or 0 for any.") from None
    try:
        tell(f"http://{ADDRESS}:{server.effective_port}/")
        server.run()
    finally:
        server.close()
        sessions.end_all()

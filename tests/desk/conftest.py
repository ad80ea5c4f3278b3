"""The desk in front of an office with issued plans: Flask's own client in place of a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cpdocs.desk.app import make_app
from cpdocs.desk.sessions import Sessions
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.flows.conftest import Office, _answers, _issued, _kept, _peopled, issued, office, sample  # noqa: F401 fixtures
from tests.flows.returning import RETURN, Desk

AT = "http://127.0.0.1:8137"


class Browser:
    """A browser at the desk, without JavaScript: it keeps its cookie, and posts the forms that it was shown."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.client.get(address, base_url=AT, headers=headers)

    def csrf(self, address: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(address).text)
        assert found
        return found[1]

    def post(self, address: str, seen_at: str = "", **form: str) -> TestResponse:
        return self.client.post(address, base_url=AT, data={"csrf": self.csrf(seen_at or address), **form})

    def log_in(self, name: str = "rita", pin: str = "") -> TestResponse:
        return self.post("/log-in", name=name, pin=pin)


@contextmanager
def at_the_desk(root: Path, now: str, sessions: Sessions | None = None) -> Iterator[Browser]:
    """A browser in front of the workspace's desk, at a fixed time where it is a sandbox's."""
    fixed = pytest.MonkeyPatch()
    known = sessions or Sessions()
    try:
        if now:
            fixed.setenv("CPDOCS_NOW", now)
        ws = open_workspace(root)

        def open_for(person: str) -> Workspace:
            return open_workspace(root, person=person)

        yield Browser(make_app(ws, open_for, known).test_client())
        ws.close()
    finally:
        known.end_all()
        fixed.undo()


@pytest.fixture
def desk(issued: Office) -> Desk:  # noqa: F811 the fixture
    """An office with issued plans."""
    return Desk(issued)


@pytest.fixture
def browser(desk: Desk) -> Iterator[Browser]:
    """Somebody who has logged in at its desk."""
    with at_the_desk(desk.root, RETURN) as found:
        found.log_in()
        yield found

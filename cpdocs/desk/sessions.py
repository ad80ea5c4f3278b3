"""Who is logged in: kept on the server and forgotten with it. The browser holds an opaque id and nothing else."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpdocs.desk.jobs import Job
    from cpdocs.workspace import Workspace

IDLE_SECONDS = 15 * 60.0
"""After so long without a request a session is over: the screen may stand open in an office."""
_JOBS = 6
"""Jobs that are over and remembered."""
MOST = 100
"""Sessions at once; one more ends the one that was unused the longest."""


@dataclass(eq=False)
class Session:
    """One browser. ``person`` is empty until somebody logged in; then ``ws`` is the workspace opened in their name, and
    ``pin`` what they gave, since each decision is held against it anew. ``csrf`` stands in every form."""

    used_at: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    person: str = ""
    ws: Workspace | None = None
    pin: bytes = b""
    told: str = ""
    """What the next page says once: what became of the last request."""
    back: str = ""
    """Where a log-in leads: the address that was asked for when the session before was over (empty: Today)."""
    looked: set[str] = field(default_factory=set)
    """What was shown, and recorded as seen, in this session."""
    jobs: OrderedDict[str, Job] = field(default_factory=OrderedDict)
    """The last pieces of work that it gave to a process of their own, with the files that were brought for them."""
    members: dict[str, str] = field(default_factory=dict)
    """The members that were looked at, by what stands for them in an address: it means something to this session
    alone."""

    def address_of(self, member_id: str) -> str:
        """Where this session finds the member: no address holds a member's id."""
        for handle, known in self.members.items():
            if known == member_id:
                return f"/members/{handle}"
        handle = secrets.token_urlsafe(9)
        self.members[handle] = member_id
        return f"/members/{handle}"

    def keep(self, job: Job) -> str:
        """Remembers a job, and forgets the oldest that is over; gives what stands for it in an address."""
        handle = secrets.token_urlsafe(9)
        self.jobs[handle] = job
        while len(over := [each for each, known in self.jobs.items() if not known.running]) > _JOBS:
            del self.jobs[over[0]]
        return handle

    def end(self) -> None:
        """Forgets the PIN and lets go of the workspace."""
        self.pin, self.person = b"", ""
        self.jobs.clear()
        self.members.clear()
        if self.ws is not None:
            self.ws.close()
            self.ws = None


class Sessions:
    """The open sessions by their cookie. ``seconds`` is a clock that only ever goes on."""

    def __init__(self, seconds: Callable[[], float] = monotonic) -> None:
        self._seconds = seconds
        self._open: dict[str, Session] = {}

    def find(self, cookie: str) -> Session | None:
        """The session of that cookie, used now; None where there is none or it is over."""
        self._end_idle()
        found = self._open.get(cookie)
        if found is not None:
            found.used_at = self._seconds()
        return found

    def begin(self) -> tuple[str, Session]:
        """A new session, and the cookie that names it."""
        self._end_idle()
        while len(self._open) >= MOST:
            self.end(min(self._open, key=lambda cookie: self._open[cookie].used_at))
        cookie, session = secrets.token_urlsafe(32), Session(self._seconds())
        self._open[cookie] = session
        return cookie, session

    def end(self, cookie: str) -> None:
        """Ends a session, if it is open."""
        session = self._open.pop(cookie, None)
        if session is not None:
            session.end()

    def end_all(self) -> None:
        """Ends every session."""
        for cookie in list(self._open):
            self.end(cookie)

    def _end_idle(self) -> None:
        limit = self._seconds() - IDLE_SECONDS
        for cookie in [each for each, session in self._open.items() if session.used_at < limit]:
            self.end(cookie)

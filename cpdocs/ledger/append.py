"""How the ledger grows: an event's text, its leaf, and what the tree gains by it, on their way into the database.

One event is the canonical JSON of ``{v, seq, type, subjects, at, recorded_at, user, host, salt, data}``, with
``person`` and ``sudo`` where there is something to say (:class:`cpdocs.core.events.Event`); that text is the entry of
leaf ``seq - 1`` in the Merkle tree. The salt, 16 random bytes, keeps a leaf's hash from telling anyone who holds a
package what the event says.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cpdocs.core.events import NewEvent
from cpdocs.ledger.canonical import canonical
from cpdocs.ledger.reading import Driver, edge_of
from cpdocs.ledger.rows import put
from cpdocs.ledger.tree import SUBTREE_LEVELS, Frontier, leaf_hash

FORMAT = 1
"""The ``v`` of every event's text."""

_EVENTS = ("seq", "type", "at", "body", "leaf")
_SUBJECTS = ("subject", "seq")
_SUBTREES = ("level", "place", "hash")


class Appender:
    """Events on their way into the ledger, with all that the tree gains by them; ``write`` puts them there."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        edge = edge_of(driver)
        self._frontier = Frontier.from_bytes(edge.size, edge.frontier)
        self._events: list[tuple[int, str, str, str, bytes]] = []
        self._subjects: list[tuple[str, int]] = []
        self._subtrees: list[tuple[int, int, bytes]] = []

    @property
    def size(self) -> int:
        """How many events there are, those not yet written included."""
        return self._frontier.size

    def add(self, kind: str, subjects: Sequence[str], at: str, body: str) -> None:
        """The next event; ``body`` is its canonical text."""
        seq = self._frontier.size + 1
        leaf = leaf_hash(body.encode())
        self._events.append((seq, kind, at, body, leaf))
        self._subjects += [(subject, seq) for subject in subjects]
        for level, index, node in self._frontier.append(leaf):
            if level % SUBTREE_LEVELS == 0:
                self._subtrees.append((level, index, node))

    def write(self) -> None:
        """Inserts what was added since the last time."""
        if not self._events:
            return
        put(self._driver, "events", _EVENTS, self._events)
        if self._subjects:
            put(self._driver, "event_subjects", _SUBJECTS, self._subjects)
        if self._subtrees:
            put(self._driver, "subtrees", _SUBTREES, self._subtrees)
        for written in (self._events, self._subjects, self._subtrees):
            written.clear()
        frontier = self._frontier
        self._driver.execute(
            "UPDATE tree_head SET size = ?, frontier = ?, root = ?",
            (frontier.size, frontier.to_bytes(), frontier.root()),
        )


class Envelope:
    """The canonical text around an event's data: what the events of one append have in common is encoded once."""

    def __init__(
        self, at: datetime, recorded_at: datetime, user: str, host: str, person: str = "", sudo: str = ""
    ) -> None:
        self.at = _stamp(at)
        self._recorded_at = _stamp(recorded_at)
        self._user, self._host = _quoted(user), _quoted(host)
        self._person = f'"person":{_quoted(person)},' if person else ""
        self._sudo = f'"sudo":{_quoted(sudo)},' if sudo else ""

    def around(self, seq: int, event: NewEvent, data: str) -> str:
        """The whole text; ``data`` is canonical already. Raises ValueError for subjects that an event can't have."""
        subjects = event.subjects
        if len(set(subjects)) != len(subjects) or not all([":" in subject for subject in subjects]):  # noqa: C419  # a list is twice as quick
            raise ValueError("subjects are distinct and each is kind:key")
        # Keys in RFC 8785's order; a time, a type and a salt need no escapes.
        return (
            f'{{"at":"{self.at}","data":{data},"host":{self._host},{self._person}"recorded_at":"{self._recorded_at}","salt":"{os.urandom(16).hex()}",'
            f'"seq":{seq},"subjects":{canonical(list(subjects)).decode()},{self._sudo}"type":"{event.type.value}","user":{self._user},"v":{FORMAT}}}'
        )


@lru_cache(maxsize=16)
def _quoted(text: str) -> str:
    return canonical(text).decode()


def _stamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a time without an offset says nothing")
    return moment.astimezone(UTC).isoformat()

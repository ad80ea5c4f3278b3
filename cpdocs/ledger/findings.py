"""What an audit has found in the ledger so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DBAPIError

from cpdocs.core.clock_steps import ClockWatch
from cpdocs.errors import Problem
from cpdocs.ledger.tree import EMPTY_ROOT, Head

RESTORE = "Restore the ledger from a backup."


@dataclass(slots=True)
class RecordAudit:
    """The ledger's true size and root, the roots at the sizes asked for, and what is wrong.

    ``references`` are the SHA-256 that events mention, each with the first event that does; ``notes`` the checkpoints
    kept in it, by number; ``begins`` the first event's data, ``named_keys`` the checkpoint key in it.
    ``where`` is what the ledger as a whole is called. ``restored`` holds for each restore that it tells of the head of
    what was restored.
    ``pages_compared`` says whether the file's bytes could be held against the sums of its pages; None in a database
    that has none. ``clock`` watches the events' times.
    """

    where: str = "ledger.db"
    size: int = 0
    root: bytes = EMPTY_ROOT
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    references: dict[bytes, int] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    begins: Mapping[str, Any] = field(default_factory=dict)
    named_keys: tuple[bytes, ...] = ()
    restored: list[Head] = field(default_factory=list)
    missing: bool = False
    pages_compared: bool | None = False
    clock: ClockWatch = field(default_factory=ClockWatch)

    def fault(self, code: str, message: str, where: str = "", todo: str = "") -> None:
        """Notes a problem."""
        self.problems.append(Problem(code, message, where or self.where, todo))

    def unreadable(self, code: str, what: str, error: DBAPIError | UnicodeError, where: str = "") -> None:
        """Notes that the database gave an error; only the error's name, since its text could hold values."""
        origin = error.orig if isinstance(error, DBAPIError) else error
        name = getattr(origin, "sqlite_errorname", type(origin).__name__)
        self.fault(code, f"{what} ({name}).", where, RESTORE)


def as_text(value: Any) -> str:
    """A value of the database as text; what isn't UTF-8 comes out marked, and so differs from what was written."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)

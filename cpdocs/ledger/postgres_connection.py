"""A connection to the database that keeps a ledger, by the driver alone: for whoever only reads, and under whoever
writes; and the database's errors in words for a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from cpdocs.errors import Busy, CpdocsError, WorkspaceFault
from cpdocs.ledger.faults import DAMAGED_TODO, LedgerDamaged, LedgerMissing
from cpdocs.ledger.reading import Driver

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

SCHEMA = "cpdocs"
"""The schema that holds the ledger's tables."""
CONNECT_SECONDS = 10

_ASK = "Ask whoever looks after the database."
_ELSEWHERE = "Correct [ledger] url, or restore the database from its backup."
_BY_STATE: dict[str, tuple[type[CpdocsError], str, str]] = {
    # SQLSTATE, or its class: the error, what is wrong, what to do
    "55P03": (
        Busy,
        "Another machine or process holds the ledger {}.",
        "Wait until it is done, then run the command again.",
    ),
    "40": (Busy, "Another machine or process came between in the ledger {}.", "Run the command again."),
    "57": (
        Busy,
        "The database of the ledger {} is stopping or starting.",
        "Wait a moment, then run the command again.",
    ),
    "3D000": (LedgerMissing, "There is no database for the ledger {}.", _ELSEWHERE),
    "3F000": (LedgerMissing, "There is no ledger at {}.", _ELSEWHERE),
    "42P01": (LedgerDamaged, "The ledger {} lacks a table.", DAMAGED_TODO),
    "42501": (
        WorkspaceFault,
        "The database gives this user too few rights to the ledger {}.",
        f"{_ASK} docs/ledger.md names the rights.",
    ),
    "25006": (
        WorkspaceFault,
        "The database of the ledger {} can only be read: is it a standby?",
        "Name the primary in [ledger] url.",
    ),
    "28": (
        WorkspaceFault,
        "The database of the ledger {} doesn't know this user.",
        f"{_ASK} docs/ledger.md tells how.",
    ),
    "53": (WorkspaceFault, "The database of the ledger {} is out of room or connections; nothing was recorded.", _ASK),
    "58": (
        WorkspaceFault,
        "The disk under the database of the ledger {} reports an error; nothing was recorded.",
        _ASK,
    ),
    "XX": (LedgerDamaged, "The database says that the ledger {} is damaged.", DAMAGED_TODO),
}
_UNREACHED = (
    "The database of the ledger {} can't be reached, or the connection broke.",
    (
        "Check the network, the server and its certificate, then run the command again: what was recorded isn't "
        "recorded twice."
    ),
)


def connect(conninfo: str, busy_seconds: float, *, reading: bool = False) -> psycopg.Connection:
    """A connection to the database at ``conninfo``, in which whoever waits for a lock longer than ``busy_seconds``
    gives up. With ``reading`` it can't write, and every statement is a transaction of its own. Raises WorkspaceFault
    where the driver isn't installed, psycopg's own errors."""
    try:
        import psycopg
    except ImportError:
        raise WorkspaceFault(
            "[ledger] url names a PostgreSQL database, and its driver isn't installed.",
            todo="pip install 'cpdocs[postgres]'",
        ) from None

    settings = {
        "search_path": SCHEMA,
        "lock_timeout": max(1, round(busy_seconds * 1000)),
        # Whatever the server's own settings are: an event that a command was told of survives a power cut, and who
        # has waited for the write lock sees what was recorded meanwhile, where a stricter isolation would end in an
        # error.
        "synchronous_commit": "on",
        "default_transaction_isolation": r"read\ committed",
        # A machine that vanishes in the middle of an append is given up after a minute, and its lock with it.
        "tcp_keepalives_idle": 30,
        "tcp_keepalives_interval": 10,
        "tcp_keepalives_count": 3,
        # A claim is held for as long as its file is worked on.
        "idle_in_transaction_session_timeout": 0,
        **({"default_transaction_read_only": "on"} if reading else {}),
    }
    given = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return psycopg.connect(
        conninfo,
        autocommit=reading,
        options=given,
        connect_timeout=CONNECT_SECONDS,
        client_encoding="UTF8",
        application_name="cpdocs",
    )


class LastingDriver(Driver):
    """A connection for reading that is made anew where the old one is gone, and then asked once more: every statement
    is a transaction of its own, so nothing is lost between two. No round trip is spent on asking whether it lives."""

    __slots__ = ("_connect",)

    def __init__(self, connect: Callable[[], psycopg.Connection]) -> None:
        super().__init__(connect(), "%s")
        self._connect = connect

    def execute(self, statement: str, values: Collection[object] = ()) -> Any:
        return once_more(self, self._connect, lambda: Driver.execute(self, statement, values))


def once_more(driver: Driver, connect: Callable[[], psycopg.Connection], ask: Callable[[], T]) -> T:
    """What ``ask`` gives; where the connection turns out to be gone, it is asked once more by a new one. Only for what
    a transaction begins with."""
    from psycopg import OperationalError
    from psycopg.errors import AdminShutdown, CrashShutdown

    try:
        return ask()
    except OperationalError as error:
        if not (driver.connection.closed or isinstance(error, AdminShutdown | CrashShutdown)):
            raise
    driver.connection.close()
    driver.connection = connect()
    return ask()


@contextmanager
def faults_named(name: str) -> Iterator[None]:
    """Turns the database's errors into errors for a person; none of their text (which may hold values) is kept.
    ``name`` is what they call the ledger."""
    from psycopg import Error

    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)  # SQLAlchemy's errors carry the driver's own
        if not isinstance(cause, Error):
            raise
        raise _named(cause, name, broken=bool(getattr(error, "connection_invalidated", False))) from None


def shown(url: str) -> str:
    """The address without what only the connection needs."""
    with suppress(ValueError):
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return "in the database"


def _named(error: BaseException | None, name: str, *, broken: bool) -> CpdocsError:
    state = getattr(error, "sqlstate", None)
    if not state or state[:2] == "08" or broken:
        if _absent(str(error)):
            kind, message, todo = _BY_STATE["3D000"]
            return kind(message.format(name), todo=todo)
        return WorkspaceFault(_UNREACHED[0].format(name), todo=_UNREACHED[1])
    found = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if found is None:
        return LedgerDamaged(f"The ledger {name} doesn't work as a ledger ({state}).", todo=DAMAGED_TODO)
    kind, message, todo = found
    return kind(message.format(name), todo=todo)


def _absent(text: str) -> bool:
    """Whether a refused connection says that there is no such database: then libpq gives no SQLSTATE."""
    return 'database "' in text and "does not exist" in text

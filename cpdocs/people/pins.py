"""PINs: what they are held against, and how many wrong ones are borne.

A PIN's verifier (scrypt) lies in state/users/<name>.json, mode 0600. The ledger holds that file's SHA-256, so that
putting another file there opens nothing. Wrong PINs are events, and the tries are counted from them: after five a
person waits, and deleting a file changes nothing about it.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import Event, EventType, NewEvent
from cpdocs.core.people import Enrolled, user_subject
from cpdocs.core.plurals import counted
from cpdocs.errors import UsageFault, WorkspaceFault
from cpdocs.system.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

Secret = Callable[[], bytes]
"""Gives the PIN when it is needed: from a file or by asking. Never from an argument or the environment."""

LEAST_PIN = 6
TRIES = 5
WAIT = timedelta(minutes=15)
COST = 2**15
"""scrypt's cost (its N) of a new PIN's verifier, which says by which it was made."""
_BLOCK, _LANES = 8, 1
_TRIES = (EventType.PIN_SET, EventType.PIN_REFUSED, EventType.PIN_ACCEPTED)


class WrongPin(WorkspaceFault):
    """A PIN that isn't the person's, or one asked for too soon after too many wrong ones."""


def check_pin(ws: Workspace, person: Enrolled, pin: bytes) -> None:
    """Raises WrongPin unless ``pin`` is the person's.

    Counting and checking are one transaction, so that parallel tries count. A wrong one is an event, and so is a right
    one that follows it: from there the count begins anew.
    """
    user = person.user
    right = False
    with ws.ledger.write() as tx:
        now = ws.clock.true_now()
        wrong = _wrong_ones(tx.events(subject=user_subject(user), types=_TRIES), now)
        if len(wrong) >= TRIES:
            left = WAIT - (now - wrong[-TRIES])
            raise WrongPin(
                f"Too many wrong PINs for {user}.",
                todo=f"Wait {counted(int(left.total_seconds() // 60) + 1, 'minute')}, then try again.",
            )
        kept = _verifier_of(ws, person)
        right = hmac.compare_digest(_stretch(pin, bytes.fromhex(kept["salt"]), kept), bytes.fromhex(kept["hash"]))
        if not right or wrong:
            kind = EventType.PIN_ACCEPTED if right else EventType.PIN_REFUSED
            tx.append(NewEvent(kind, (user_subject(user),), {"user": user}))
    if not right:
        raise WrongPin(
            f"That is not the PIN of {user}.",
            todo=f"Try again; after {TRIES} wrong PINs they wait {WAIT.seconds // 60} minutes.",
        )


@contextmanager
def setting_pin(ws: Workspace, user: str, pin: bytes, how: str) -> Iterator[NewEvent]:
    """Puts a new PIN's verifier into state/users/, beside the one that counts; gives the event that makes it count, and
    lets it take the other's place when the block has recorded that. Raises UsageFault for a short one.

    A kill leaves both: the recorded one is found.
    """
    if len(pin) < LEAST_PIN:
        raise UsageFault(f"A PIN has at least {LEAST_PIN} characters.", todo="Choose a longer one.")
    salt = secrets.token_bytes(16)
    kept = {"v": 1, "kdf": "scrypt", "n": COST, "r": _BLOCK, "p": _LANES, "salt": salt.hex()}
    kept["hash"] = _stretch(pin, salt, kept).hex()
    data = json.dumps(kept).encode()
    beside = _beside(_file(ws, user))
    write_durably(beside, data, overwrite=True)
    yield NewEvent(
        EventType.PIN_SET, (user_subject(user),), {"user": user, "verifier": sha256(data).hexdigest(), "how": how}
    )
    beside.replace(_file(ws, user))


def one_time_pin() -> bytes:
    """A PIN to be told once: ten digits."""
    return f"{secrets.randbelow(10**10):010d}".encode()


def forget_pin(ws: Workspace, user: str) -> None:
    """Removes the verifier of somebody who has no role any more."""
    for path in (_file(ws, user), _beside(_file(ws, user))):
        path.unlink(missing_ok=True)


def _wrong_ones(events: Iterable[Event], now: datetime) -> list[datetime]:
    """When a wrong PIN was given since the last right or new one, within ``WAIT``."""
    wrong: list[datetime] = []
    for event in events:
        wrong = [*wrong, event.recorded_at] if event.type is EventType.PIN_REFUSED else []
    return [at for at in wrong if now - at < WAIT]


def _stretch(pin: bytes, salt: bytes, kept: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=int(kept["n"]), r=int(kept["r"]), p=int(kept["p"])).derive(pin)


def _file(ws: Workspace, user: str) -> Path:
    return ws.paths.users / f"{user}.json"


def _beside(path: Path) -> Path:
    return path.with_suffix(".next")


def _verifier_of(ws: Workspace, person: Enrolled) -> dict[str, Any]:
    path = _file(ws, person.user)
    if person.verifier and (beside := _beside(path)).exists():
        with suppress(OSError):
            path = beside if sha256(read_plain(beside)).hexdigest() == person.verifier else path
    todo = f"Let an administrator reset the PIN: `cpdocs user reset {person.user}`."
    try:
        data = read_plain(path)
        read = json.loads(data)
    except (OSError, ValueError):
        read = data = None
    if not isinstance(read, dict) or data is None:
        raise WorkspaceFault(f"state/users/{path.name} is missing or damaged.", todo=todo)
    if person.verifier and sha256(data).hexdigest() != person.verifier:
        raise WorkspaceFault(
            f"state/users/{path.name} is not the file that was recorded when the PIN was set: somebody replaced it.",
            todo=f"Find out who. {todo}",
        )
    return read

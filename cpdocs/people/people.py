"""Roles and PINs: who acts is the operating-system account, and outside a sandbox its PIN says that it is really them.

A PIN's verifier (scrypt) lies in state/users/<account>.json, mode 0600; which roles an account has is in the ledger
alone, so putting a file there gives nobody a role. Wrong PINs are counted: after five the account waits a quarter of an
hour.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.people import CLASHES, Enrolled, Role, fold_people, user_subject
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.system.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

Secret = Callable[[], bytes]
"""Gives the PIN when it is needed: from a file or by asking. Never from an argument or the environment."""

LEAST_PIN = 6
TRIES = 5
WAIT = timedelta(minutes=15)
_COST, _BLOCK, _LANES = 2**15, 8, 1


class WrongPin(WorkspaceFault):
    """A PIN that isn't the account's, or one asked for too soon after too many wrong ones."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: the account, the name on record, and the PIN that they gave (empty in a sandbox, which asks for
    none)."""

    user: str
    name: str
    pin: bytes = b""
    emergency: str = ""
    """Why they act without the role; empty where they have it."""


def people(source: Reads) -> Mapping[str, Enrolled]:
    """Every enrolled account, by account name."""
    return fold_people(source.events(types=(EventType.USER_ENROLLED,)))


def require(ws: Workspace, role: Role, secret: Secret, *, emergency: str = "") -> Acting:
    """The acting account, if it has ``role`` and its PIN is right. A sandbox asks for neither (contract §4).

    With ``emergency``, the reason for it, an account that has another role may act; never where the two roles clash.
    The caller records :func:`cpdocs.people.access.break_glass_event` with what is done.

    Raises:
        WorkspaceFault: the account isn't enrolled with that role.
        WrongPin: the PIN is wrong, or too many wrong ones were given.
    """
    user = ws.actor.user
    found = people(ws.ledger).get(user)
    if ws.sandbox:
        return Acting(user, found.name if found else user, emergency=emergency)
    roles = found.roles if found else frozenset()
    if found is None or (role not in roles and not emergency):
        raise WorkspaceFault(
            f"The account {user} is not enrolled as {role.value}.",
            todo=f"Enrol it with `cpdocs user add {user} --role {role.value}`, or act from an account that is.",
        )
    if frozenset({role, *roles}) >= CLASHES and role not in roles:
        raise WorkspaceFault(
            (
                f"The account {user} is enrolled as {', '.join(sorted(roles))}, which rules out {role.value}, in an "
                "emergency too."
            ),
            todo="Let somebody act who can't make the keys that are being decided on.",
        )
    pin = secret()
    check_pin(ws, user, pin)
    return Acting(user, found.name, pin, "" if role in roles else emergency)


def enroll(ws: Workspace, user: str, role: Role, secret: Secret, *, name: str = "") -> Enrolled:
    """Gives ``user`` (an operating-system account) one more role; the first time their PIN is set, later it must be
    theirs.

    Raises:
        UsageFault: a name that is no account's, or a PIN that is too short.
        InputFault: the account would both issue keys and accept returns.
        WrongPin: another PIN than the account's.
    """
    _check_user(user)
    pin = b"" if ws.sandbox else secret()
    with ws.ledger.write() as tx:
        before = people(tx).get(user)
        roles = frozenset({role, *(before.roles if before else ())})
        if roles >= CLASHES and not ws.sandbox:
            raise InputFault(
                f"{user} can't be both issuer and reviewer.",
                todo=(
                    "Let one person issue digital IDs and another decide on held returns; whoever can make a "
                    "key must not accept with it."
                ),
            )
        if not ws.sandbox:
            if before and _verifier(ws, user).exists():
                check_pin(ws, user, pin)
            else:
                _set_pin(ws, user, pin)
        shown = name.strip() or (before.name if before else user)
        return _record(ws, tx, Enrolled(user, shown, roles))


def take_off(ws: Workspace, user: str) -> None:
    """Takes every role from ``user`` and removes their PIN. Raises InputFault where they have none."""
    with ws.ledger.write() as tx:
        before = people(tx).get(user)
        if before is None:
            raise InputFault(f"{user} is not enrolled.", todo="See who is with `cpdocs user list`.")
        _record(ws, tx, Enrolled(user, before.name, frozenset()))
    for path in (_verifier(ws, user), _tries(ws, user)):
        with suppress(FileNotFoundError):
            path.unlink()


def change_pin(
    ws: Workspace, user: str, old: Secret, new: Secret, *, reprotect: Callable[[bytes, bytes], None]
) -> None:
    """Sets a new PIN for ``user``, who knows the old one. The issuing key, where it opens with the old one, moves with
    it: ``reprotect`` takes the old and the new PIN and raises InputFault where the old one doesn't open it.

    Raises:
        InputFault: not enrolled.
        WorkspaceFault: a sandbox, which asks for no PIN.
        WrongPin: the old PIN is wrong.
        UsageFault: the new one is too short.
    """
    person = people(ws.ledger).get(user)
    if person is None:
        raise InputFault(f"{user} is not enrolled.", todo="See who is with `cpdocs user list`.")
    if ws.sandbox:
        raise WorkspaceFault("A sandbox asks for no PIN.", todo="There is nothing to change.")
    before = old()
    check_pin(ws, user, before)
    after = new()
    _set_pin(ws, user, after)
    if Role.ISSUER in person.roles and not (ws.paths.keys / "issuing.pass").exists():
        with suppress(InputFault):  # locked with another issuer's PIN: theirs it stays
            reprotect(before, after)


def check_pin(ws: Workspace, user: str, pin: bytes) -> None:
    """Raises WrongPin unless ``pin`` is the account's. A try is counted before it is checked, so that parallel tries
    count."""
    now = ws.clock.true_now()
    tries = _read_json(_tries(ws, user)) if _tries(ws, user).exists() else {}
    waited = now - datetime.fromisoformat(tries["last"]) if tries else WAIT
    failed = int(tries["failed"]) if waited < WAIT else 0
    if failed >= TRIES:
        raise WrongPin(
            f"Too many wrong PINs for {user}.",
            todo=f"Wait {int((WAIT - waited).total_seconds() // 60) + 1} minutes, then try again.",
        )
    counted = json.dumps({"failed": failed + 1, "last": now.isoformat()}).encode()
    write_durably(_tries(ws, user), counted, overwrite=True)
    kept = _read_json(_verifier(ws, user))
    if not hmac.compare_digest(_stretch(pin, bytes.fromhex(kept["salt"]), kept), bytes.fromhex(kept["hash"])):
        raise WrongPin(
            f"That is not the PIN of {user}.",
            todo=f"Try again; after {TRIES} wrong PINs the account waits {WAIT.seconds // 60} minutes.",
        )
    with suppress(FileNotFoundError):
        _tries(ws, user).unlink()


def _record(ws: Workspace, tx: Any, person: Enrolled) -> Enrolled:
    data: dict[str, JSON] = {
        "user": person.user,
        "name": person.name,
        "roles": [*sorted(role.value for role in person.roles)],
        "by": ws.actor.user,
    }
    tx.append(NewEvent(EventType.USER_ENROLLED, (user_subject(person.user),), data))
    return person


def _set_pin(ws: Workspace, user: str, pin: bytes) -> None:
    if len(pin) < LEAST_PIN:
        raise UsageFault(f"A PIN has at least {LEAST_PIN} characters.", todo="Choose a longer one.")
    salt = secrets.token_bytes(16)
    kept = {"v": 1, "kdf": "scrypt", "n": _COST, "r": _BLOCK, "p": _LANES, "salt": salt.hex()}
    kept["hash"] = _stretch(pin, salt, kept).hex()
    write_durably(_verifier(ws, user), json.dumps(kept).encode(), overwrite=True)


def _stretch(pin: bytes, salt: bytes, kept: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=int(kept["n"]), r=int(kept["r"]), p=int(kept["p"])).derive(pin)


def _verifier(ws: Workspace, user: str) -> Path:
    return ws.paths.users / f"{user}.json"


def _tries(ws: Workspace, user: str) -> Path:
    return ws.paths.users / f"{user}.tries"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(read_plain(path))
    except (OSError, ValueError):
        read = None
    if not isinstance(read, dict):
        raise WorkspaceFault(
            f"state/users/{path.name} is missing or damaged.",
            todo="Take the account off with `cpdocs user remove`, then enrol it again.",
        )
    return read


def _check_user(user: str) -> None:
    if not user or user.startswith(".") or len(user) > 64 or not all(char.isalnum() or char in "._-@" for char in user):
        raise UsageFault(f"{user!r} is no account name.", todo="Give the name with which they log in to this machine.")

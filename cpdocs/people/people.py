"""Roles: who acts is a person with a name on record, and outside a sandbox their PIN says that it is really them.

The name is the account's own, or what ``--as`` gave. Which roles a person has is in the ledger alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.people import CLASHES, PEOPLE_EVENTS, Enrolled, Role, fold_everybody, fold_people
from cpdocs.errors import WorkspaceFault
from cpdocs.people.pins import LEAST_PIN, Secret, check_pin

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

__all__ = ["LEAST_PIN", "Acting", "Secret", "everybody", "people", "require"]


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts: the enrolled name, the name for paper, and the PIN that they gave (empty in a sandbox, which asks for
    none)."""

    user: str
    name: str
    pin: bytes = b""
    emergency: str = ""
    """Why they act without the role; empty where they have it."""


def people(source: Reads) -> Mapping[str, Enrolled]:
    """Everybody with a role, by enrolled name."""
    return fold_people(source.events(types=PEOPLE_EVENTS))


def everybody(source: Reads) -> Mapping[str, Enrolled]:
    """Everybody who has a role or had one, by enrolled name."""
    return fold_everybody(source.events(types=PEOPLE_EVENTS))


def require(ws: Workspace, role: Role | Collection[Role], secret: Secret, *, emergency: str = "") -> Acting:
    """Who acts, if they have ``role`` (or one of several) and their PIN is right: what is recorded from now on bears
    their name. A sandbox asks for neither (contract §4).

    With ``emergency``, the reason for it, somebody who has another role may act; never where the two roles clash.
    The caller records :func:`cpdocs.people.access.break_glass_event` with what is done.

    Raises:
        WorkspaceFault: nobody of that name is enrolled with that role, or their PIN was reset and isn't theirs yet.
        WrongPin: the PIN is wrong, or too many wrong ones were given.
    """
    wanted = frozenset({role} if isinstance(role, Role) else role)
    user = ws.actor.claimed
    found = people(ws.ledger).get(user)
    if ws.sandbox:
        return Acting(user, found.name if found else user, emergency=emergency)
    # The one that may least first: nobody is to be given more than the work needs.
    by_reach = [each for each in reversed(Role) if each in wanted]
    named = " or ".join(by_reach)
    if found is None or (not wanted & found.roles and not emergency):
        raise WorkspaceFault(
            f"{user} is not enrolled as {named}.",
            todo=(
                "Say who you are with `--as NAME` if that isn't your name on record; an administrator gives the role "
                f"with `cpdocs user add {user} --role {by_reach[0]}`."
            ),
        )
    if wanted & CLASHES and not wanted & found.roles and frozenset({*wanted, *found.held}) >= CLASHES:
        raise WorkspaceFault(
            (f"{user} is or was {', '.join(sorted(found.held))}, which rules out {named}, in an emergency too."),
            todo="Let somebody act who can't make the keys that are being decided on.",
        )
    pin = secret()
    check_pin(ws, found, pin)
    if found.once:
        raise WorkspaceFault(
            f"The PIN of {user} was reset, and the one-time PIN is good for one thing.",
            todo=f"Set a PIN of your own with `cpdocs user pin {user}`.",
        )
    ws.ledger.acts_for(user)
    return Acting(user, found.name, pin, "" if wanted & found.roles else emergency)

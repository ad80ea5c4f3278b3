"""Who may do what in a workspace, folded from the events of people (``PEOPLE_EVENTS``).

``USER_ENROLLED`` carries in ``data``: user (the enrolled name; it needs no account of the machine), name (as it will
stand on paper), roles (all that they have from now on; none left means that they were removed), by (who did it).
``PIN_SET`` carries user, verifier (the SHA-256 of the file in state/users/ that the PIN is held against, so that no
other file counts) and how (``enrolled``, ``own``, or ``reset``: good for nothing but setting one of their own). Both
have the subject ``user:`` and the name. PINs and what they are checked by are never in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cpdocs.core.events import Event, EventType


class Role(StrEnum):
    """What a person may do with their PIN."""

    ADMINISTRATOR = "administrator"
    """Enrolls and removes people, gives and takes roles, resets PINs."""
    REVIEWER = "reviewer"
    """Decides on held returns, and on chart notes in place of a PCP's signature."""
    ISSUER = "issuer"
    """Issues, pins and revokes digital IDs."""
    WITNESS = "witness"
    """Attests that a member signed in person, or conveyed an approval in another way."""
    REGISTRAR = "registrar"
    """Imports clinicians and designations, on which it rests who may approve; an administrator may too."""


CLASHES = frozenset({Role.ISSUER, Role.REVIEWER})
"""Nobody has both, nor one after the other by their own doing: who can mint a clinician's key must not be able to
accept what was signed with it."""

PEOPLE_EVENTS = (EventType.USER_ENROLLED, EventType.PIN_SET)
RESET = "reset"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One person: what they may do, and ever could (``held``). ``verifier`` binds the file that their PIN is held
    against (empty: enrolled before that was recorded); ``once`` says that the PIN was reset and theirs must be set."""

    user: str
    name: str
    roles: frozenset[Role]
    held: frozenset[Role] = frozenset()
    verifier: str = ""
    once: bool = False


def user_subject(user: str) -> str:
    """The subject under which events about a person are found."""
    return f"user:{user}"


def fold_everybody(events: Iterable[Event]) -> Mapping[str, Enrolled]:
    """Everybody who ever had a role, by enrolled name; those who were removed have none left."""
    people: dict[str, Enrolled] = {}
    for event in events:
        data = event.data
        if event.type is EventType.USER_ENROLLED:
            roles = frozenset(Role(role) for role in data["roles"])
            before = people.get(data["user"], Enrolled(data["user"], "", frozenset()))
            people[data["user"]] = replace(before, name=data["name"], roles=roles, held=before.held | roles)
        elif event.type is EventType.PIN_SET and (found := people.get(data["user"])) is not None:
            people[found.user] = replace(found, verifier=data["verifier"], once=data["how"] == RESET)
    return people


def fold_people(events: Iterable[Event]) -> Mapping[str, Enrolled]:
    """Every person with at least one role, by enrolled name."""
    return {user: each for user, each in fold_everybody(events).items() if each.roles}

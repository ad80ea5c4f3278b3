"""Who may do what in a workspace, folded from ``USER_ENROLLED`` events.

``USER_ENROLLED`` carries in ``data``: user (the operating-system account), name (as it will stand on paper), roles (all
that the account has from now on; none left means that it was taken off), by (the account that enrolled it). Its subject
is ``user:`` and the account. The PIN's verifier is in state/users/, never in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cpdocs.core.events import Event, EventType


class Role(StrEnum):
    """What an account may do with its PIN."""

    REVIEWER = "reviewer"
    """Decides on held returns, and on chart notes in place of a PCP's signature."""
    ISSUER = "issuer"
    """Issues, pins and revokes digital IDs."""
    WITNESS = "witness"
    """Attests that a member signed in person, or conveyed an approval in another way."""


CLASHES = frozenset({Role.ISSUER, Role.REVIEWER})
"""Nobody has both: who can mint a clinician's key must not be able to accept what was signed with it."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One account and what it may do."""

    user: str
    name: str
    roles: frozenset[Role]


def user_subject(user: str) -> str:
    """The subject under which events about an account are found."""
    return f"user:{user}"


def fold_people(events: Iterable[Event]) -> Mapping[str, Enrolled]:
    """Every account with at least one role, by account name."""
    people: dict[str, Enrolled] = {}
    for event in events:
        if event.type is not EventType.USER_ENROLLED:
            continue
        data = event.data
        found = Enrolled(data["user"], data["name"], frozenset(Role(role) for role in data["roles"]))
        people.pop(found.user, None)
        if found.roles:
            people[found.user] = found
    return people

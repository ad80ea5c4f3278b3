"""Roles that nobody has, what removed people still hold, and what was done about people within a month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from cpdocs.core.events import Event, EventType
from cpdocs.core.people import RESET, Enrolled, Role
from cpdocs.core.plurals import counted, plural
from cpdocs.health.answers import Checked, Level
from cpdocs.workspace import Workspace

_SHOWN = timedelta(days=30)
_NEEDED = {
    Role.ADMINISTRATOR: "enrolls people and resets PINs",
    Role.REVIEWER: "decides on held returns",
    Role.ISSUER: "issues and revokes digital IDs",
    Role.WITNESS: "takes down what members approve",
}
"""What each role is needed for; a registrar isn't: an administrator may do that too."""


def roles(ws: Workspace) -> Iterator[Checked]:
    """A role that nobody has leaves work undone that nobody else may do."""
    from cpdocs.people.people import people

    if ws.sandbox:
        return
    having = Counter(role for each in people(ws.ledger).values() for role in each.roles)
    for role, use in _NEEDED.items():
        if not having[role]:
            first = role is Role.ADMINISTRATOR
            todo = "Run `cpdocs setup`." if first else f"cpdocs user add NAME --role {role.value}"
            yield Checked("people", Level.FAULT, f"Nobody is {role.value}, who {use}.", todo)
    if all(having[role] for role in _NEEDED):
        yield Checked("people", Level.OK, "Every role has somebody.")


def removed(ws: Workspace) -> Iterator[Checked]:
    """What somebody whose role was taken away may still have in their hands."""
    from cpdocs.keys.organization_keys import issuing_locked_by
    from cpdocs.people.people import everybody

    if ws.sandbox:
        return
    known = everybody(ws.ledger)
    gone = {user: each for user, each in known.items() if Role.ISSUER in each.held - each.roles}
    holder = issuing_locked_by(ws.ledger)
    if holder in gone:
        yield Checked(
            "people",
            Level.FAULT,
            f"The issuing key still opens with the PIN of {holder}, who is no issuer any more.",
            (
                "If they tell it, the new issuer runs `cpdocs keys protect --old-pin-file FILE`; where they may have a "
                "copy of the key, or are gone, `cpdocs keys rotate issuing` with the root's key at hand."
            ),
        )
    elif known.get(holder, Enrolled(holder, "", frozenset())).once:
        yield Checked(
            "people",
            Level.WARNING,
            f"The issuing key still opens with the PIN that {holder} forgot.",
            "Run `cpdocs keys rotate issuing` with the root's key at hand.",
        )
    for user, number in sorted(_handed_out(ws, set(gone)).items()):
        yield Checked(
            "people",
            Level.WARNING,
            f"{user}, who is no issuer any more, made {number} digital IDs whose keys passed through their hands.",
            "See them with `cpdocs keys list`; revoke and issue anew those that you can't vouch for.",
        )


def _handed_out(ws: Workspace, issuers: set[str]) -> Counter[str]:
    """How many IDs that are still good each of ``issuers`` made with the key, not from the holder's own request."""
    from cpdocs.keys.issue import key_records

    if not issuers:
        return Counter()
    made = {
        event.data["fingerprint"]: event.who
        for event in ws.ledger.events(types=(EventType.KEY_ISSUED,))
        if event.data.get("custody") == "organization"
    }
    now = ws.clock.now()
    return Counter(
        made[key.fingerprint]
        for key in key_records(ws.ledger).values()
        if made.get(key.fingerprint) in issuers and key.revoked_at is None and key.not_after > now
    )


def lately(ws: Workspace) -> Iterator[Checked]:
    """For a month: emergencies, who was enrolled, removed or reset and by whom, and wrong PINs."""
    since = ws.clock.true_now() - _SHOWN
    kinds = (EventType.GLASS_BROKEN, EventType.USER_ENROLLED, EventType.PIN_SET, EventType.PIN_REFUSED)
    known: set[str] = set()
    wrong: Counter[str] = Counter()
    for event in ws.ledger.events(types=kinds):
        if event.recorded_at >= since:
            wrong[event.data.get("user", "")] += event.type is EventType.PIN_REFUSED
            yield from _told(event, known)
        if event.type is EventType.USER_ENROLLED:
            known.add(event.data["user"])
    for user, times in sorted((+wrong).items()):
        yield Checked(
            "wrong PIN",
            Level.WARNING,
            f"{counted(times, 'wrong PIN')} {plural(times, 'was', 'were')} given for {user} within {_SHOWN.days} days.",
            f"Ask {user} whether it was them; if not, see `cpdocs audit export` for when and from which account.",
        )


def _told(event: Event, known: set[str]) -> Iterator[Checked]:
    data, on = event.data, f"on {event.recorded_at:%Y-%m-%d} (event {event.seq})"
    if event.type is EventType.GLASS_BROKEN:
        yield Checked(
            "emergency",
            Level.WARNING,
            f"{event.who} acted without the role of {data['role']} {on}.",
            "Have a second person look at what was decided: `cpdocs audit show` tells why.",
        )
    elif event.type is EventType.USER_ENROLLED:
        roles = ", ".join(data["roles"])
        said = (
            f"{data['by']} made {data['user']} {roles} {on}." if roles else f"{data['by']} removed {data['user']} {on}."
        )
        again = data["user"] in known
        yield Checked("people", Level.WARNING if again else Level.OK, said, "Is that right?" if again else "")
    elif event.type is EventType.PIN_SET and data["how"] == RESET:
        yield Checked(
            "people",
            Level.WARNING,
            f"{event.who} reset the PIN of {data['user']} {on}.",
            f"Ask {data['user']} whether they wanted it.",
        )

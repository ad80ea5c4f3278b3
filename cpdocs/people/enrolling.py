"""What an administrator does: enrolls people, gives and takes roles, resets PINs; and what each does for themselves.

The first administrator is made where there never was one (``init``, ``setup``). From then on each of these needs an
administrator's PIN and is an event of theirs. Sandboxes ask for none (contract §4).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.people import CLASHES, RESET, Enrolled, Role, user_subject
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.people.people import Acting, everybody, people, require
from cpdocs.people.pins import Secret, check_pin, forget_pin, one_time_pin, setting_pin

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

_LONGEST_NAME = 64


def ever_administered(ws: Workspace) -> bool:
    """Whether anybody is administrator, or was."""
    return any(Role.ADMINISTRATOR in each.held for each in everybody(ws.ledger).values())


def first_administrator(
    ws: Workspace, user: str, new_pin: Secret, *, name: str = "", roles: Collection[Role] = ()
) -> Enrolled:
    """Makes ``user`` the first administrator, with more ``roles`` where they are given. Somebody enrolled already
    proves it by the PIN that they have.

    Raises:
        InputFault: there is an administrator, or was; or they would both issue keys and accept returns.
        UsageFault: a name that can't be enrolled, or a short PIN.
        WrongPin: another PIN than the person's.
    """
    _check_name(user)
    if ever_administered(ws):
        raise InputFault(
            "This workspace has an administrator, or had one.", todo="Administrators enroll others: `cpdocs user add`."
        )
    before = people(ws.ledger).get(user)
    pin = b"" if ws.sandbox else new_pin()
    if before and not ws.sandbox:
        check_pin(ws, before, pin)
    with _new_pin(ws, user, None if before else pin, "enrolled") as pin_set, ws.ledger.write() as tx:
        if any(Role.ADMINISTRATOR in each.held for each in everybody(tx).values()):
            raise InputFault("Somebody else has just been made administrator.", todo="See `cpdocs user list`.")
        shown = name.strip() or (before.name if before else user)
        every = frozenset({Role.ADMINISTRATOR, *roles, *(before.roles if before else ())})
        _refuse_clash(ws, Acting(user, shown), user, everybody(tx).get(user), every)
        person = _record(tx, Enrolled(user, shown, every), by=user)
        tx.append(*pin_set)
    return person


def enroll(
    ws: Workspace, user: str, roles: Collection[Role], secret: Secret, new_pin: Secret, *, name: str = ""
) -> Enrolled:
    """Gives ``user`` more roles, by an administrator whose PIN ``secret`` gives; the first time ``new_pin`` gives the
    PIN that they choose.

    Raises:
        UsageFault: a name that can't be enrolled, or a PIN that is too short.
        InputFault: they would both issue keys and accept returns, or turn from one to the other by their own hand.
        WorkspaceFault, WrongPin: the acting person is no administrator, or the PIN isn't theirs.
    """
    _check_name(user)
    acting = _administrator(ws, secret)
    _refuse_clash(ws, acting, user, everybody(ws.ledger).get(user), roles)
    _refuse_lookalike(user, everybody(ws.ledger))
    known = everybody(ws.ledger).get(user)
    pin = None if ws.sandbox or (known and known.roles) else new_pin()
    # Who is enrolled again proves themselves by setting a PIN of their own, as after a reset.
    with _new_pin(ws, user, pin, RESET if known else "enrolled") as pin_set, ws.ledger.write() as tx:
        before = people(tx).get(user)
        _refuse_clash(ws, acting, user, everybody(tx).get(user), roles)
        shown = name.strip() or (before.name if before else user)
        after = Enrolled(user, shown, frozenset({*roles, *(before.roles if before else ())}))
        person = _record(tx, after, by=acting.user)
        tx.append(*pin_set)
    return person


def take_off(ws: Workspace, user: str, secret: Secret, roles: Collection[Role] = ()) -> Enrolled:
    """Takes ``roles`` (all where none are named) from ``user``; who has none left has no PIN either.

    Raises InputFault where they haven't them, or nobody would be administrator any more; what ``enroll`` raises.
    """
    acting = _administrator(ws, secret)
    with ws.ledger.write() as tx:
        now = people(tx)
        before = now.get(user)
        if before is None:
            raise InputFault(f"{user} is not enrolled.", todo="See who is with `cpdocs user list`.")
        left = before.roles - frozenset(roles) if roles else frozenset[Role]()
        if left == before.roles:
            raise InputFault(f"{user} has no such role.", todo="See who has which with `cpdocs user list`.")
        others = [each for each in now.values() if each.user != user and Role.ADMINISTRATOR in each.roles]
        if Role.ADMINISTRATOR in before.roles and Role.ADMINISTRATOR not in left and not others and not ws.sandbox:
            raise InputFault(
                f"{user} is the only administrator.", todo="Make another one first: nobody could enroll people."
            )
        person = _record(tx, Enrolled(user, before.name, left), by=acting.user)
    if not left:
        forget_pin(ws, user)
    return person


def reset_pin(ws: Workspace, user: str, secret: Secret) -> bytes:
    """Replaces a forgotten PIN by a one-time one, which is given back: the person's own next log-in sets theirs.

    Raises InputFault where they aren't enrolled; WorkspaceFault in a sandbox; what ``enroll`` raises.
    """
    if ws.sandbox:
        raise WorkspaceFault("A sandbox asks for no PIN.", todo="There is nothing to reset.")
    _administrator(ws, secret)
    if user not in people(ws.ledger):
        raise InputFault(f"{user} is not enrolled.", todo="See who is with `cpdocs user list`.")
    pin = one_time_pin()
    with setting_pin(ws, user, pin, RESET) as pin_set:
        ws.ledger.append(pin_set)
    return pin


def change_pin(
    ws: Workspace, user: str, old: Secret, new: Secret, *, reprotect: Callable[[bytes, bytes, str], None]
) -> None:
    """Sets a new PIN for ``user``, who knows the old one. The issuing key, where it opens with the old one, moves with
    it: ``reprotect`` takes the old and the new PIN and the name, and raises InputFault where the old one doesn't open
    it.

    Raises:
        InputFault: not enrolled.
        WorkspaceFault: a sandbox, which asks for no PIN.
        WrongPin: the old PIN is wrong.
        UsageFault: the new one is too short, or the one-time PIN again.
    """
    person = people(ws.ledger).get(user)
    if person is None:
        raise InputFault(f"{user} is not enrolled.", todo="See who is with `cpdocs user list`.")
    if ws.sandbox:
        raise WorkspaceFault("A sandbox asks for no PIN.", todo="There is nothing to change.")
    before = old()
    check_pin(ws, person, before)
    after = new()
    if person.once and after == before:
        raise UsageFault("That is the one-time PIN again.", todo="Choose a PIN that nobody else knows.")
    ws.ledger.acts_for(user)
    with setting_pin(ws, user, after, "own") as pin_set:
        ws.ledger.append(pin_set)
    if Role.ISSUER in person.roles and not (ws.paths.keys / "issuing.pass").exists():
        with suppress(InputFault):  # locked with another issuer's PIN: theirs it stays
            reprotect(before, after, user)


@contextmanager
def _new_pin(ws: Workspace, user: str, pin: bytes | None, how: str) -> Iterator[tuple[NewEvent, ...]]:
    """The event that sets ``pin``; none where none is to be set (None, or a sandbox)."""
    if pin is None or ws.sandbox:
        yield ()
        return
    with setting_pin(ws, user, pin, how) as event:
        yield (event,)


def _administrator(ws: Workspace, secret: Secret) -> Acting:
    if not ws.sandbox and not ever_administered(ws):
        raise WorkspaceFault(
            "Nobody is administrator here yet.", todo="Make the first one with `cpdocs setup`; they enroll the others."
        )
    return require(ws, Role.ADMINISTRATOR, secret)


def _refuse_clash(ws: Workspace, acting: Acting, user: str, before: Enrolled | None, roles: Collection[Role]) -> None:
    """Nobody is issuer and reviewer at once; and who was one becomes the other only by somebody else's hand."""
    if ws.sandbox:
        return
    if frozenset({*roles, *(before.roles if before else ())}) >= CLASHES:
        raise InputFault(
            f"{user} can't be both issuer and reviewer.",
            todo=(
                "Let one person issue digital IDs and another decide on held returns; whoever can make a "
                "key must not accept with it."
            ),
        )
    if acting.user == user and frozenset({*roles, *(before.held if before else ())}) >= CLASHES:
        raise InputFault(
            f"{user} was {' and '.join(sorted(CLASHES & (before.held if before else CLASHES)))} before, and can't "
            "turn from issuer to reviewer, or back, by their own hand.",
            todo="Let a second administrator give the role.",
        )


def _refuse_lookalike(user: str, known: Collection[str]) -> None:
    """One name on the screen is one person: ``jdoe`` and ``JDoe`` aren't two."""
    for other in known:
        if other != user and other.casefold() == user.casefold():
            raise InputFault(f"{user} would look like {other}, who is on record.", todo="Choose another name.")


def _record(tx: Transaction, person: Enrolled, *, by: str) -> Enrolled:
    data: dict[str, JSON] = {
        "user": person.user,
        "name": person.name,
        "roles": [*sorted(role.value for role in person.roles)],
        "by": by,
    }
    tx.append(NewEvent(EventType.USER_ENROLLED, (user_subject(person.user),), data))
    return person


def _check_name(user: str) -> None:
    """A name is ASCII letters, digits and ``._-@``: what stands in a list must be what it looks like."""
    if (
        not user
        or user.startswith(".")
        or len(user) > _LONGEST_NAME
        or not user.isascii()
        or not all(char.isalnum() or char in "._-@" for char in user)
    ):
        raise UsageFault(
            f"{user!r} is no account name that can be enrolled.",
            todo="Take letters without accents, digits and . _ - @; the name as written goes into --full-name.",
        )

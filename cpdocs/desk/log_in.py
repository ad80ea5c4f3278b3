"""Log-in: by enrolled name and PIN; a sandbox asks for a name alone. The one place where the desk says who acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cpdocs.errors import UsageFault, WorkspaceFault
from cpdocs.people.people import people
from cpdocs.people.pins import check_pin

if TYPE_CHECKING:
    from cpdocs.desk.sessions import Session
    from cpdocs.workspace import Workspace

OpenFor = Callable[[str], "Workspace"]
"""Opens the workspace in a person's name."""
_LONGEST = 100


def log_in(session: Session, open_for: OpenFor, name: str, pin: bytes) -> None:
    """Makes ``session`` that person's: from now on what is recorded in it bears their name.

    Raises UsageFault for no name, WorkspaceFault (WrongPin among them) where nobody may log in so.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise UsageFault("Who are you?", todo="Give the name under which you are enrolled.")
    ws = open_for(name)
    try:
        if not ws.sandbox:
            _prove(ws, name, pin)
            ws.ledger.acts_for(name)
    except BaseException:
        ws.close()
        raise
    session.person, session.ws, session.pin = name, ws, pin


def _prove(ws: Workspace, name: str, pin: bytes) -> None:
    person = people(ws.ledger).get(name)
    if person is None:
        raise WorkspaceFault(
            "Nobody of that name may log in.", todo="Check the name; an administrator enrolls with `cpdocs user add`."
        )
    check_pin(ws, person, pin)
    if person.once:
        raise WorkspaceFault(
            f"The PIN of {name} was reset, and the one-time PIN is good for one thing.",
            todo=f"Set a PIN of your own with `cpdocs user pin {name}`, then log in.",
        )

"""Who is on record, read from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import member_subject
from cpdocs.core.register import DIRECTORY_EVENTS, MEMBER_EVENTS, REGISTER_EVENTS, Register, fold

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def load_register(ws: Workspace, *member_ids: str) -> Register:
    """The whole register; with ``member_ids`` the directory and these members alone, which is quicker.

    Two people who may be one (``possible_same_person``) can only be told from the whole.
    """
    if not member_ids:
        return fold(ws.ledger.events(types=REGISTER_EVENTS))
    events = list(ws.ledger.events(types=DIRECTORY_EVENTS))
    for member_id in sorted(set(member_ids)):
        events.extend(ws.ledger.events(subject=member_subject(member_id), types=MEMBER_EVENTS))
    return fold(events)

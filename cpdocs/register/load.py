"""Who is on record, read from the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.register import DIRECTORY_EVENTS, MEMBER_EVENTS, REGISTER_EVENTS, Register, fold

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def load_register(ws: Workspace, *member_ids: str) -> Register:
    """The whole register; with ``member_ids`` the directory and these members alone, which is quicker while they are
    not too many.

    Two people who may be one (``possible_same_person``) can only be told where both are among them.
    """
    if not member_ids:
        return fold(ws.ledger.events(types=REGISTER_EVENTS))
    events = {event.seq: event for event in ws.ledger.events(types=DIRECTORY_EVENTS)}
    for _, about in ws.ledger.about("member", member_ids, types=MEMBER_EVENTS):
        events.update((event.seq, event) for event in about)
    return fold(events[seq] for seq in sorted(events))

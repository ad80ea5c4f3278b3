"""The key by which outsiders check packages and checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import EventType
from cpdocs.errors import Defect

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def package_key(ws: Workspace) -> bytes:
    """The organization's public key for packages, 32 raw bytes, as the ledger's first event has it."""
    for event in ws.ledger.events(types=(EventType.WORKSPACE_CREATED,)):
        return bytes.fromhex(event.data["checkpoint_key"])
    raise Defect("The ledger has no beginning.")

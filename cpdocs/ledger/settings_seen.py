"""A change of cpdocs.toml is an event: recorded by the first command that writes under the new settings.

Kept are digests alone, one of the file and one of each of its tables, so that the record says which table changed and
when; the file's own versions are in the backups.
"""

from __future__ import annotations

import json
import tomllib
from hashlib import sha256
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, WORKSPACE_SUBJECT, EventType, NewEvent

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction

_DIGITS = 16


def settings_event(text: bytes, before: dict[str, str] | None = None) -> NewEvent:
    """The event that says which settings hold from now on. ``before`` are the tables' digests until now (None: the
    first)."""
    tables = {
        name: sha256(json.dumps(table, sort_keys=True, default=str).encode()).hexdigest()[:_DIGITS]
        for name, table in tomllib.loads(text.decode()).items()
    }
    known = before or {}
    changed: list[JSON] = [*sorted(name for name in {*tables, *known} if tables.get(name) != known.get(name))]
    data: dict[str, JSON] = {
        "settings_external_sha256": sha256(text).hexdigest(),
        "tables": {**tables},
        "changed": changed,
    }
    return NewEvent(EventType.SETTINGS_SEEN, (WORKSPACE_SUBJECT,), data)


def note_settings(tx: Transaction, *, text: bytes) -> None:
    """Records the settings of this command where they aren't those that were recorded last."""
    last = None
    for event in tx.events(types=(EventType.SETTINGS_SEEN,)):
        last = event
    if last is None or last.data["settings_external_sha256"] != sha256(text).hexdigest():
        tx.append(settings_event(text, last.data["tables"] if last else None))

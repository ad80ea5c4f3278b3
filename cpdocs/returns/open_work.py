"""What of the returns on record isn't finished, remembered between runs, so that an idle start reads what is new.

``state/derived/intake.json`` says up to which event the record was read, which returns and plans were open there, and
on which day the once-a-day work was done. It may be deleted at any time, and counts for nothing where the ledger isn't
the one that it was read from: then everything is read again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import EventType
from cpdocs.core.lifecycle import PLAN_EVENTS
from cpdocs.core.register import REGISTER_EVENTS
from cpdocs.core.return_record import RETURN_EVENTS, perhaps_unfinished
from cpdocs.index.queries import plans_to_finish
from cpdocs.system.durable import make_folder, temporary, write_all

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_FILE = "intake.json"
_REMINDED_OF = (*PLAN_EVENTS, *REGISTER_EVENTS)
"""What may make a reminder due on a day whose reminders were written."""


@dataclass(slots=True)
class OpenWork:
    """``open_returns`` are digests of files that may not be decided or answered, with their parts (see
    ``perhaps_unfinished``), ``plans``
    document ids of versions that may be complete and not filed. ``as_of`` is the last event that was read."""

    as_of: int = 0
    root: str = ""
    open_returns: dict[str, dict[str, int]] = field(default_factory=dict)
    plans: list[str] = field(default_factory=list)
    reminded_on: str = ""
    reminded_as_of: int = 0
    swept_on: str = ""

    @classmethod
    def load(cls, ws: Workspace) -> OpenWork:
        """What is open as of now. Raises CpdocsError where the ledger can't be read."""
        found = _remembered(ws)
        head = ws.ledger.head()
        if head.size > found.as_of:
            new = ws.ledger.events(types=RETURN_EVENTS, after=found.as_of)
            perhaps_unfinished(new, found.open_returns)
            if found.as_of:
                filled = ws.ledger.events(types=(EventType.SLOT_FILLED,), after=found.as_of)
                found.plans = list(dict.fromkeys((*found.plans, *(event.data["document_id"] for event in filled))))
            else:
                # Of a whole history the index knows the few; looking each up would take minutes.
                found.plans = plans_to_finish(ws.index)
            found.as_of, found.root = head.size, head.root.hex()
        return found

    def save(self, ws: Workspace) -> None:
        """Remembers it; what the disk refuses is left out, and read again next time."""
        text = json.dumps({name: getattr(self, name) for name in self.__slots__})
        with suppress(OSError):
            make_folder(ws.paths.derived)
            with temporary(ws.paths.derived) as (descriptor, part):
                write_all(descriptor, text.encode())
                part.replace(ws.paths.derived / _FILE)

    def reminded(self, ws: Workspace, on: date) -> bool:
        """Whether the day's reminders were written and nothing came since that may make another due."""
        if self.reminded_on != on.isoformat():
            return False
        return next(iter(ws.ledger.events(types=_REMINDED_OF, after=self.reminded_as_of)), None) is None


def _remembered(ws: Workspace) -> OpenWork:
    """What was saved, if it is whole and about this ledger; else nothing."""
    try:
        said: dict[str, Any] = json.loads((ws.paths.derived / _FILE).read_bytes())
        found = OpenWork(**said)
        typed = all(type(getattr(found, name)) is type(getattr(OpenWork(), name)) for name in OpenWork.__slots__)
        head = ws.ledger.head()
        if not typed or found.as_of > head.size:
            return OpenWork()
        root = head.root if found.as_of == head.size else ws.ledger.root_at(found.as_of)
    except (OSError, ValueError, TypeError):
        return OpenWork()
    return found if root.hex() == found.root else OpenWork()

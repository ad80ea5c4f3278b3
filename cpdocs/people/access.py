"""Who looked at what, and who acted without the role: events of their own (reliability.md, "People and keys").

A view or an export is recorded before anything is shown, so that nothing is seen without its event. Lists that name
members by document id or four digits (``status``, ``due``, ``held list``) are not recorded, nor is ``verify``, which
writes nothing. Files that leave by other commands have events of their own: packages, backups, archives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import WORKSPACE_SUBJECT, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.people import Role, user_subject

if TYPE_CHECKING:
    from cpdocs.core.return_record import ReturnRecord
    from cpdocs.people.people import Acting
    from cpdocs.workspace import Workspace


def record_access(ws: Workspace, how: str, *subjects: str) -> None:
    """Records that the acting account is about to see what ``subjects`` name (all of it where none is named), by the
    command ``how``.

    Raises Busy, WorkspaceFault: then nothing may be shown.
    """
    ws.ledger.append(NewEvent(EventType.RECORD_ACCESSED, subjects or (WORKSPACE_SUBJECT,), {"how": how}))


def about_return(record: ReturnRecord) -> tuple[str, ...]:
    """The subjects of a returned file: itself, and its plan where it has one."""
    return (return_subject(record.sha256), *((document_subject(record.document_id),) if record.document_id else ()))


def break_glass_event(acting: Acting, role: Role, how: str, *subjects: str) -> NewEvent:
    """The event of somebody who acts without ``role`` in an emergency; recorded in one transaction with what they
    do."""
    return NewEvent(
        EventType.GLASS_BROKEN,
        (user_subject(acting.user), *subjects),
        {"role": role.value, "how": how, "reason": acting.emergency},
    )

"""What becomes of a held part that nobody needs to decide on any more, and the event that ends any of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.page_facts import PageKind
from cpdocs.core.return_record import CLOSED, RETURN_EVENTS, ReturnRecord, all_parts
from cpdocs.core.verdicts import Slot
from cpdocs.plans.records import find_plan

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

NO_LONGER_NEEDED = "no_longer_needed"
"""The reason that is on record where a completed plan closed what was left of it in the queue."""
_FOR_A_PERSON = frozenset({"comments", "marks_elsewhere", "wrong_return_folder", "active_content", "encrypted"})
"""What a person reads even of a plan that is complete: words, a disclosure, a file that acts."""


def resolved(
    record: ReturnRecord,
    document_id: str,
    decision: str,
    reason: str,
    slots: Sequence[Slot],
    *,
    by: str = "",
    answer: str = "",
) -> NewEvent:
    """The event that ends a held part: ``accepted``, ``rejected``, ``returned`` or ``closed``. ``answer`` is what a
    reply slip was read to say."""
    about = (return_subject(record.sha256), *((document_subject(document_id),) if document_id else ()))
    kind = record.decision.kind if record.decision else PageKind.UNKNOWN
    data: dict[str, JSON] = {
        "sha256": record.sha256,
        "part": record.part,
        "document_id": document_id or None,
        "decision": decision,
        "reason": reason,
        "slots_filled": [slot.value for slot in dict.fromkeys(slots)],
        "attested_by": by or None,
        "kind": kind.value,
        **({"answer": answer} if answer else {}),
    }
    return NewEvent(EventType.HELD_RESOLVED, about, data)


def close_what_is_settled(ws: Workspace, document_id: str) -> int:
    """Closes what a completed plan left in the queue, copies too, without another letter; gives how many parts.

    Comments, and what a person must look at for another reason, stay.
    """
    plan = find_plan(ws.ledger, document_id)
    if plan is None or not plan.complete or plan.closed:
        return 0
    about = document_subject(document_id)
    files = dict.fromkeys(
        event.data["sha256"] for event in ws.ledger.events(subject=about, types=(EventType.RETURN_DECIDED,))
    )
    with ws.ledger.write() as tx:
        parts = [
            part
            for sha256 in files
            for part in all_parts(tx.events(subject=return_subject(sha256), types=RETURN_EVENTS))
            if part.waiting and part.document_id == document_id and not _FOR_A_PERSON & set(_codes(part))
        ]
        for part in parts:
            tx.append(resolved(part, document_id, CLOSED, NO_LONGER_NEEDED, ()))
    return len(parts)


def _codes(part: ReturnRecord) -> tuple[str, ...]:
    return part.decision.codes if part.decision else ()

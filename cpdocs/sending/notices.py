"""Notices and reminders go to practices by the practices' channels, and a recall is told to the key contact by letter.

Whoever writes a notice notes the channel that the practice has at that moment; the next look queues it there, once. One
that was written without is carried by hand, and stays so when a channel is added later.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.deliveries import Delivery, Purpose
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, practice_subject
from cpdocs.delivery.parcel import Content
from cpdocs.errors import InputFault
from cpdocs.index.outgoing import notices_to_queue, untold_recalls
from cpdocs.plans.notice_files import channel_name, practice_address, practice_of
from cpdocs.plans.records import the_plan
from cpdocs.sending.channels import address_of, for_channel
from cpdocs.sending.record import Way, delivery_id, find_delivery, queue, the_delivery_of, ways
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from cpdocs.core.providers import Practice
    from cpdocs.workspace import Workspace


def opaque(ws: Workspace, *parts: str) -> str:
    """Tells two notices about one plan apart, and says nothing to who can't compute it."""
    return hmac.digest(ws.id_secret, "\x1f".join(("notice", *parts)).encode(), sha256).hex()[:10]


def queue_notices(ws: Workspace, say: Callable[[str], object] = lambda _: None) -> int:
    """Writes the letters about recalls, and queues every notice that was written for a channel; gives how many."""
    _tell_of_recalls(ws)
    known = ways(ws)
    count = 0
    for seq in notices_to_queue(ws.index):
        event = next(ws.ledger.events(types=(EventType.NOTICE_WRITTEN,), after=seq - 1, upto=seq))
        way = known.get(str(event.data["channel"]))
        practice = practice_of(ws.ledger, str(event.data["practice_id"]))
        if way is None or practice is None:
            continue
        try:
            count += _queue(ws, event.data, seq, way, practice)
        except InputFault as error:
            say(f"{event.data['document_id']}: its notice isn't sent. {error.message} {error.todo}".strip())
    return count


def _queue(ws: Workspace, data: Mapping[str, Any], seq: int, way: Way, practice: Practice) -> bool:
    document_id = str(data["document_id"])
    delivery = delivery_id(ws, Purpose.NOTICE.value, document_id, way.name, str(seq))
    if find_delivery(ws.ledger, delivery) is not None:
        return False
    record = the_plan(ws.ledger, document_id)
    channel = next(each for each in ws.options.channels if each.name == way.name)
    to = address_of(channel, practice)
    name = PurePosixPath(str(data["file"])).name
    files = for_channel(
        ws,
        way,
        practice,
        (Content(name, ws.blobs.get(str(data["sha256"]))),),
        delivery=delivery,
        document_id=document_id,
        to=to,
        text=f"A letter about document {document_id} is attached.\r\n",
    )
    return queue(
        ws,
        delivery,
        record,
        way,
        Purpose.NOTICE,
        to=to,
        parts=[(each.name, each.data) for each in files],
        details={
            "practice_id": practice.practice_id,
            "notice": seq,
            "kind": data["kind"],
            "to_name": practice.key_contact or practice.name or practice.practice_id,
        },
    )


def _tell_of_recalls(ws: Workspace) -> None:
    """One letter a document to its practice's key contact, about every recall that no letter told of yet."""
    of: dict[str, list[Delivery]] = {}
    for document_id, delivery in untold_recalls(ws.index):
        of.setdefault(document_id, []).append(the_delivery_of(ws.ledger, delivery))
    for document_id, recalls in of.items():
        _letter(ws, document_id, recalls)


def _letter(ws: Workspace, document_id: str, recalls: list[Delivery]) -> None:
    from cpdocs.documents.notices import Notice, NoticeKind, render_notice  # brings the whole renderer

    record = the_plan(ws.ledger, document_id)
    places = dict.fromkeys(f"{each.target}, as {each.details.get('file', '')}" for each in recalls)
    reference = f"{document_id}-{opaque(ws, 'recall', *(each.delivery_id for each in recalls))}"
    notice = Notice(
        kind=NoticeKind.RECALLED,
        to=practice_address(ws.ledger, record.practice_id),
        sender=ws.senders.organization,
        at=recalls[-1].queued_at,
        reference=reference,
        facts=(
            ("Document", f"{document_id}, version {record.version}"),
            ("Filed at", "; ".join(places)),
            ("SHA-256", str(recalls[-1].details.get("pdf_sha256", ""))),
            ("Recalled on", eastern_date(recalls[-1].queued_at).isoformat()),
        ),
        findings=(str(recalls[-1].details["reason"]),),
        document_id=document_id,
        sandbox=ws.sandbox,
    )
    pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
    digest = ws.blobs.put(pdf)
    file = f"{record.practice_id}/{reference}.pdf"
    write_durably(ws.paths.notices / file, pdf, overwrite=True)
    data: dict[str, JSON] = {
        "document_id": document_id,
        "practice_id": record.practice_id,
        "kind": notice.kind.value,
        "file": f"notices/{file}",
        "sha256": digest,
        "channel": channel_name(ws, record.practice_id),
        "rests_on": [each.seq for each in recalls],
    }
    about = (document_subject(document_id), practice_subject(record.practice_id))
    with ws.ledger.write() as tx:
        written = tx.events(subject=document_subject(document_id), types=(EventType.NOTICE_WRITTEN,))
        if all(event.data["file"] != data["file"] for event in written):
            tx.append(NewEvent(EventType.NOTICE_WRITTEN, about, data))

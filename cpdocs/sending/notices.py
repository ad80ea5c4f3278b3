"""Notices, reminders and letters go to practices and health plans by the channels that they have, and a recall is told
to the key contact by letter.

Whoever writes one notes the channel that its addressee has at that moment; the next look queues it there, once. One
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
from cpdocs.core.events import JSON, Event, EventType, NewEvent, document_subject, practice_subject
from cpdocs.core.ids import derive_document_id
from cpdocs.core.notices import notice_file, notice_reference
from cpdocs.delivery.parcel import Content
from cpdocs.errors import InputFault
from cpdocs.index.outgoing import notices_to_queue, untold_recalls
from cpdocs.plans.notice_files import channel_name, practice_address, practice_of
from cpdocs.plans.records import find_plan, the_plan
from cpdocs.sending.channels import Addressee, address_of, for_channel, the_health_plan, the_practice
from cpdocs.sending.record import OwnPaper, Sent, Way, delivery_id, find_delivery, queue, the_delivery_of, ways
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
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
        whom = _addressee(ws, event.data)
        if way is None or whom is None:
            what = f"the channel {event.data['channel']}" if way is None else "the practice"
            say(f"{notice_reference(dict(event.data))}: not sent, {what} isn't known any more. Print it and send it.")
            continue
        try:
            count += _queue(ws, event, way, whom)
        except InputFault as error:
            say(f"{notice_reference(dict(event.data))}: not sent. {error.message} {error.todo}".strip())
    return count


def _addressee(ws: Workspace, data: Mapping[str, Any]) -> Addressee | None:
    """Whom a notice is for; None where the practice isn't on record."""
    if data.get("payer"):
        return the_health_plan(ws.senders.payer(str(data["payer"])))
    practice = practice_of(ws.ledger, str(data.get("practice_id") or ""))
    return the_practice(practice) if practice else None


def _about(ws: Workspace, event: Event) -> Sent:
    """The plan version that a notice is about, else the letter itself, under a document id of its own."""
    document_id = str(event.data.get("document_id") or "") or derive_document_id(
        ws.id_secret, "notice", notice_reference(dict(event.data)), str(event.data.get("practice_id") or "")
    )
    members = [key for kind, _, key in (each.partition(":") for each in event.subjects) if kind == "member"]
    return find_plan(ws.ledger, document_id) or OwnPaper(document_id, members[0] if members else "")


def _queue(ws: Workspace, event: Event, way: Way, whom: Addressee) -> bool:
    data, about = event.data, _about(ws, event)
    document_id = about.document_id
    delivery = delivery_id(ws, Purpose.NOTICE.value, document_id, way.name, str(event.seq))
    if find_delivery(ws.ledger, delivery) is not None:
        return False
    channel = next(each for each in ws.options.channels if each.name == way.name)
    to = address_of(channel, whom)
    name = PurePosixPath(notice_file(dict(data))).name
    files = for_channel(
        ws,
        way,
        whom,
        (Content(name, ws.blobs.get(str(data["sha256"]))),),
        delivery=delivery,
        document_id=document_id,
        to=to,
        text=f"A letter about document {document_id} is attached.\r\n",
    )
    return queue(
        ws,
        delivery,
        about,
        way,
        Purpose.NOTICE,
        to=to,
        parts=[(each.name, each.data) for each in files],
        details={
            "practice_id": whom.practice_id,
            "folder": whom.folder,
            "notice": event.seq,
            "kind": data["kind"],
            "to_name": whom.name,
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

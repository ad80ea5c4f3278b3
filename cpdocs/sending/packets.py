"""Packets to practices: a cover with a plan or a medication list, by the practice's own channel; what was sent to whom
is then on record by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.deliveries import Delivery, Purpose
from cpdocs.core.discharges import ListRecord
from cpdocs.core.events import EventType, practice_subject
from cpdocs.core.plan_record import PlanRecord
from cpdocs.delivery.parcel import Content
from cpdocs.errors import InputFault, UsageFault
from cpdocs.plans.medications import all_lists, find_list
from cpdocs.plans.papers import paper_of
from cpdocs.plans.records import all_plans, the_plan
from cpdocs.register.load import load_register
from cpdocs.sending.channels import address_of, channel_of, for_channel, the_practice
from cpdocs.sending.record import Way, deliveries_of, delivery_id, find_delivery, queue
from cpdocs.sending.send import deliver

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def send_packets(
    ws: Workspace,
    document_ids: Collection[str],
    *,
    all_new: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> list[Delivery]:
    """Queues the packets of these versions and lists, or of all that were never sent, and sends what is due.

    Raises UsageFault where neither or both are named, InputFault where a named one can't be sent: closed, its practice
    unknown, or without a channel or an address.
    """
    if bool(document_ids) == all_new:
        raise UsageFault("Say which plans to send.", todo="Name their document ids, or give --all-new.")
    if all_new:
        records: list[PlanRecord | ListRecord] = [
            *(each for each in all_plans(ws).values() if not (each.closed or each.sent_at or each.complete)),
            *(each for each in all_lists(ws).values() if each.sent_at is None),
        ]
    else:
        records = [
            find_list(ws.ledger, document_id) or the_plan(ws.ledger, document_id)
            for document_id in dict.fromkeys(document_ids)
        ]
    names = []
    for record in records:
        try:
            _queue(ws, record)
            names.append(record.document_id)
        except InputFault as error:
            if not all_new:
                raise
            say(f"{record.document_id}: not sent. {error.message} {error.todo}".strip())
    if names:
        deliver(ws, names, say=say)
    return [each for name in names for each in deliveries_of(ws.ledger, name) if each.purpose is Purpose.PACKET]


def _queue(ws: Workspace, record: PlanRecord | ListRecord) -> None:
    """Queues a packet once for each practice and channel; the same one again is sent by `deliver retry`."""
    if isinstance(record, PlanRecord) and record.closed:
        raise InputFault(f"{record.document_id} is {record.closed}; it isn't sent.")
    if isinstance(record, PlanRecord) and (over := record.consent_over(eastern_date(ws.clock.now()))):
        raise InputFault(
            f"{record.document_id}: the consent to disclose its Part 2 records {over}; it isn't sent.",
            todo="Take those items out, or get a new consent, and issue a new version.",
        )
    practice = load_register(ws, record.member_id).directory.practices.get(record.practice_id)
    if practice is None:
        raise InputFault(f"Practice {record.practice_id} is no longer on record.", todo="Import the practices again.")
    channel = channel_of(ws, practice)
    way = Way(channel.name, channel.kind, channel.place)
    delivery = delivery_id(ws, Purpose.PACKET.value, record.document_id, way.name, practice.practice_id)
    if find_delivery(ws.ledger, delivery) is not None:
        return
    whom = the_practice(practice)
    to = address_of(channel, whom)
    files, text = _files(ws, record), _LETTERS[type(record)].format(record=record)
    files = for_channel(ws, way, whom, files, delivery=delivery, document_id=record.document_id, to=to, text=text)
    queue(
        ws,
        delivery,
        record,
        way,
        Purpose.PACKET,
        to=to,
        parts=[(each.name, each.data) for each in files],
        details={
            "practice_id": practice.practice_id,
            "channel": practice.return_channel or channel.name,
            "to_name": whom.name,
        },
    )


_LETTERS: Mapping[type, str] = {
    PlanRecord: (
        "Document {record.document_id}, version {record.version}, is attached with its cover sheet.\r\n"
        "The cover sheet says what is asked of you and how to return it.\r\n"
    ),
    ListRecord: (
        "Document {record.document_id}, a list of medicines after a discharge, is attached with its cover sheet.\r\n"
        "It is for the member's PCP.\r\n"
        "It is for information. Nothing needs to be returned.\r\n"
    ),
}
"""What a message says beside what is attached: nothing of the member."""


def _files(ws: Workspace, record: PlanRecord | ListRecord) -> tuple[Content, ...]:
    """The cover, then the plan or the list; for a practice that was sent no plan before the guide to signing between
    them. Names say nothing of the member. The plan is the last: a fax edition bears its name."""
    cover = (
        [Content(f"{record.document_id}-cover.pdf", ws.blobs.get(record.cover_sha256))] if record.cover_sha256 else []
    )
    plan = Content(f"{record.document_id}.pdf", ws.blobs.get(record.sha256))
    if isinstance(record, ListRecord) or _knows_us(ws, record):
        return (*cover, plan)
    from cpdocs.documents.leaflets import render_guide

    guide = render_guide(paper_of(ws, record), shipped=ws.shipped_templates, site=ws.paths.templates)
    return (*cover, Content(f"{record.document_id}-how-to-sign.pdf", guide.pdf), plan)


def _knows_us(ws: Workspace, record: PlanRecord) -> bool:
    """Whether the practice was sent another plan before: packets that wait to leave count."""
    events = ws.ledger.events(subject=practice_subject(record.practice_id), types=(EventType.PLAN_ISSUED,))
    others = (str(event.data["document_id"]) for event in events)
    return any(
        the_plan(ws.ledger, other).sent_at or deliveries_of(ws.ledger, other)
        for other in others
        if other != record.document_id
    )

"""Sending: for each target one sender at a time, the attempt recorded before anything is connected to.

A kill between the two leaves an attempt without an answer. Whoever comes next has the target's lock, so that nobody is
at it any more, and asks the decider what that means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Action, Answer, Delivery, Outcome, Purpose, next_step
from cpdocs.core.events import EventType
from cpdocs.delivery.parcel import Content, NothingSent, Parcel
from cpdocs.errors import Busy, CpdocsError
from cpdocs.sending.answers import record_answer
from cpdocs.sending.queue import queue_filed
from cpdocs.sending.record import Way, all_deliveries, deliveries_of, delivery_event, find_delivery, ways
from cpdocs.system.exclusive_lock import only_one

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

Transport = Callable[[Parcel], Answer]


def deliver(
    ws: Workspace, document_ids: Collection[str] = (), *, say: Callable[[str], object] = lambda _: None
) -> list[Delivery]:
    """Queues what was filed, takes in acknowledgements, and sends everything that is due, or these documents alone.

    Gives the deliveries that it looked at, as they stand now. ``say`` gets a line for each that was tried. Raises Busy
    where another sender has every target that there was something to do for.
    """
    from cpdocs.sending.acknowledgements import take_acknowledgements

    queue_filed(ws)
    take_acknowledgements(ws, say)
    looked: list[str] = []
    busy: list[Busy] = []
    done = 0
    known = ways(ws)
    waiting = [each for each in _those(ws, document_ids) if _open(each)]
    for target in dict.fromkeys(each.target for each in waiting):
        mine = [each.delivery_id for each in waiting if each.target == target]
        looked += mine
        way = known.get(target)
        if way is None:
            say(f"{target}: no longer in cpdocs.toml; {len(mine)} deliveries wait.")
            continue
        try:
            with _sender(ws, target):
                for delivery_id in mine:
                    _advance(ws, delivery_id, way, say)
                done += 1
        except Busy as error:
            busy.append(error)
    if busy and not done:
        raise busy[0]
    now = all_deliveries(ws.ledger) if looked else {}
    return [now[each] for each in looked]


def _those(ws: Workspace, document_ids: Collection[str]) -> Iterator[Delivery]:
    if not document_ids:
        yield from all_deliveries(ws.ledger).values()
    for document_id in dict.fromkeys(document_ids):
        yield from deliveries_of(ws.ledger, document_id)


def _open(delivery: Delivery) -> bool:
    return not delivery.ended and not delivery.delivered_at


def _sender(ws: Workspace, target: str) -> AbstractContextManager[None]:
    return only_one(
        ws.ledger.exclusively,
        f"deliver {target}",
        ws.paths.state / f"deliver-{target}.lock",
        f"Another process is sending to {target}.",
        shared=bool(ws.options.ledger_url),
    )


def _advance(ws: Workspace, delivery_id: str, way: Way, say: Callable[[str], object]) -> None:
    """Makes the attempt that is due, if one is. Decided and recorded under the write lock."""
    with ws.ledger.write() as tx:
        delivery = find_delivery(tx, delivery_id)
        assert delivery is not None
        step = next_step(delivery, now=ws.clock.now(), tells_apart=way.place.tells_apart)
        if step.action is not Action.SEND:
            return
        tx.append(delivery_event(EventType.DELIVERY_ATTEMPTED, delivery))
    answer = _attempt(ws, delivery, way)
    record_answer(ws, delivery, answer)
    say(f"{delivery.document_id} to {delivery.target}: {answer.words}")


def _attempt(ws: Workspace, delivery: Delivery, way: Way) -> Answer:
    """Hands the bytes that were fixed to the transport. A fault of ours before anything left is said as such."""
    try:
        parts = tuple(Content(part.name, ws.blobs.get(part.sha256)) for part in delivery.parts)
    except CpdocsError as error:
        return Answer(Outcome.NOT_SENT, error.message)
    earlier = delivery.answer.outcome if delivery.answer else None
    parcel = Parcel(
        delivery.delivery_id,
        delivery.document_id,
        parts,
        to=delivery.to,
        details=delivery.details,
        look_first=delivery.trying or earlier is Outcome.UNKNOWN,
        folder=ws.paths.plans if delivery.purpose is Purpose.PACKET else ws.paths.ehr / way.name,
    )
    try:
        return transport_of(ws, way)(parcel)
    except NothingSent as error:
        return Answer(Outcome.NOT_SENT, f"{error.message} {error.todo}".strip())
    except CpdocsError as error:
        return Answer(Outcome.UNKNOWN, f"{error.message} {error.todo}".strip())


def transport_of(ws: Workspace, way: Way) -> Transport:
    """The transport of a kind; what only one kind needs is imported for that kind alone."""
    place = way.place
    if way.kind == "hl7v2":
        from cpdocs.delivery import mllp

        return lambda parcel: mllp.send(parcel, place)
    if way.kind == "fhir":
        from cpdocs.delivery import fhir

        return lambda parcel: fhir.send(parcel, place, int(ws.clock.true_now().timestamp()))
    if way.kind == "smtp":
        from cpdocs.delivery import smtp

        return lambda parcel: smtp.send(parcel, place)
    if way.kind == "sftp":
        from cpdocs.delivery import sftp

        return lambda parcel: sftp.send(parcel, place)
    from cpdocs.delivery import files

    return lambda parcel: files.send(parcel, place)

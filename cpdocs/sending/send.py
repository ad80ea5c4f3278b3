"""Sending: for each target one sender at a time, the attempt recorded before anything is connected to.

A kill between the two leaves an attempt without an answer. Whoever comes next has the target's lock, so that nobody is
at it any more, and asks the decider what that means.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Action, Answer, Delivery, Outcome, Purpose, Step, next_step
from cpdocs.core.events import EventType
from cpdocs.delivery.parcel import Content, NothingSent, Parcel
from cpdocs.errors import Busy, CpdocsError
from cpdocs.index.outgoing import open_ids, targets_waiting
from cpdocs.sending.answers import record_answer
from cpdocs.sending.queue import queue_filed
from cpdocs.sending.record import Way, delivery_event, the_delivery_of, ways
from cpdocs.system.exclusive_lock import only_one

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

Transport = Callable[[Parcel], Answer]

_MOST_FAILURES = 3
"""So many attempts in a row that don't reach a target end the look at it."""


def deliver(
    ws: Workspace, document_ids: Collection[str] = (), *, say: Callable[[str], object] = lambda _: None
) -> list[str]:
    """Ends the consents that ran out, queues what was filed, takes in acknowledgements, and sends everything that
    is due, or these documents alone.

    Gives the ids of the deliveries that it looked at. ``say`` gets a line for each that was tried. Raises Busy where
    another sender has every target that there was something to do for.
    """
    from cpdocs.sending.acknowledgements import take_acknowledgements
    from cpdocs.sending.consents import end_consents_by_date
    from cpdocs.sending.notices import queue_notices

    for document_id in end_consents_by_date(ws):
        say(f"{document_id}: its Part 2 consent has expired; it isn't filed any more, and is recalled where it was.")
    queue_filed(ws)
    queue_notices(ws, say)
    take_acknowledgements(ws, say)
    looked: list[str] = []
    busy: list[Busy] = []
    done = 0
    known = ways(ws)
    wanted = tuple(dict.fromkeys(document_ids)) or ("",)
    for target in dict.fromkeys(target for each in wanted for target in targets_waiting(ws.index, each)):
        way = known.get(target)
        if way is None:
            say(f"{target}: no longer in cpdocs.toml; what was queued for it waits.")
            continue
        try:
            with _sender(ws, target):
                looked += _send_to(ws, way, wanted, say)
                done += 1
        except Busy as error:
            busy.append(error)
    if busy and not done:
        raise busy[0]
    return looked


def _send_to(ws: Workspace, way: Way, wanted: Collection[str], say: Callable[[str], object]) -> list[str]:
    """Sends what is due at one target, its lock held. One that can't be reached several times in a row is left alone
    until the next look: what waits behind would only grow old by trying."""
    looked = []
    failures = 0
    for delivery_id in (found for each in wanted for found in open_ids(ws.index, way.name, each)):
        looked.append(delivery_id)
        if failures >= _MOST_FAILURES:
            continue
        answer = _advance(ws, delivery_id, way, say)
        if answer is not None:
            failures = failures + 1 if answer.outcome in (Outcome.NOT_SENT, Outcome.BUSY) else 0
            if failures == _MOST_FAILURES:
                say(f"{way.name}: not reached {failures} times in a row; the rest waits for the next look.")
    return looked


def _sender(ws: Workspace, target: str) -> AbstractContextManager[None]:
    return only_one(
        ws.ledger.exclusively,
        f"deliver {target}",
        ws.paths.state / f"deliver-{target}.lock",
        f"Another process is sending to {target}.",
        shared=bool(ws.options.ledger_url),
    )


def _advance(ws: Workspace, delivery_id: str, way: Way, say: Callable[[str], object]) -> Answer | None:
    """Makes the attempt that is due, if one is, and gives its answer. Decided and recorded under the write lock; what
    isn't due is seen without it."""
    if _step(ws, ws.ledger, delivery_id, way).action is not Action.SEND:
        return None
    with ws.ledger.write() as tx:
        if _step(ws, tx, delivery_id, way).action is not Action.SEND:
            return None
        delivery = the_delivery_of(tx, delivery_id)
        tx.append(delivery_event(EventType.DELIVERY_ATTEMPTED, delivery))
    answer = _attempt(ws, delivery, way)
    record_answer(ws, delivery, answer)
    say(f"{delivery.document_id} to {delivery.target}: {answer.words}")
    return answer


def _step(ws: Workspace, source: Reads, delivery_id: str, way: Way) -> Step:
    delivery = the_delivery_of(source, delivery_id)
    return next_step(delivery, now=ws.clock.now(), tells_apart=way.place.tells_apart)


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
        folder=_folder(ws, delivery, way),
    )
    try:
        return transport_of(ws, way)(parcel)
    except NothingSent as error:
        return Answer(Outcome.NOT_SENT, f"{error.message} {error.todo}".strip())
    except CpdocsError as error:
        return Answer(Outcome.UNKNOWN, f"{error.message} {error.todo}".strip())


def _folder(ws: Workspace, delivery: Delivery, way: Way) -> Path:
    """Where the files of a delivery lie when the settings name no folder."""
    if delivery.purpose is Purpose.PACKET:
        return ws.paths.plans
    return ws.paths.notices if delivery.purpose is Purpose.NOTICE else ws.paths.ehr / way.name


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

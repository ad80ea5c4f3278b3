"""Bounces and receipts that were dropped into the inbox, matched to the delivery whose Message-ID they bear.

A Message-ID is the delivery's id, which nobody can make up who wasn't sent the message. A report counts only where it
names exactly one such message that was sent by mail, to the address that was sent to, and came by the top of the inbox
or that practice's own folder. It never says more than a mail system can: a bounce takes *delivered* back, a receipt
adds a word to it. Anything else changes nothing and waits for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Delivery, Report
from cpdocs.core.events import EventType
from cpdocs.intake.mail_reports import MailReport, is_report
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.sending.record import delivery_event, find_delivery, ways

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

_SECONDS = 10.0
_MEGABYTES = 512
_WORDS = {
    Report.FAILED: "Bounced{code}: a mail system gave the message back.",
    Report.DELAYED: "A mail system reports that it is delayed{code}; it goes on trying.",
    Report.DELIVERED: "A mail system reports that it lies in the mailbox.",
    Report.RELAYED: "A mail system reports that it was passed on to one that reports nothing.",
    Report.DISPLAYED: "A receipt says that it was opened.",
    Report.DELETED: "A receipt says that it was deleted unread.",
}
_MEANS = {
    "failed": Report.FAILED,
    "denied": Report.FAILED,
    "delayed": Report.DELAYED,
    "delivered": Report.DELIVERED,
    "relayed": Report.RELAYED,
    "expanded": Report.RELAYED,
    "displayed": Report.DISPLAYED,
    "dispatched": Report.DISPLAYED,
    "processed": Report.DELIVERED,
    "deleted": Report.DELETED,
}


def take_report(ws: Workspace, data: bytes, sha256: str, practice_id: str) -> str:
    """Records what a report says of a delivery, once. Gives the sentence that ends the returned file, or nothing where
    ``data`` is no report on a delivery of ours."""
    report = _read(ws, data)
    if report is None:
        return ""
    with ws.ledger.write() as tx:
        delivery = _about(ws, tx, report, practice_id)
        if delivery is None:
            return ""
        meant = _meaning(report)
        if meant is None:
            return ""
        events = tx.events(subject=f"delivery:{delivery.delivery_id}", types=(EventType.DELIVERY_REPORTED,))
        if all(event.data["return_sha256"] != sha256 for event in events):
            code = f" ({report.code})" if report.code else ""
            words = _WORDS[meant].format(code=code)
            told = delivery_event(
                EventType.DELIVERY_REPORTED, delivery, report=meant.value, words=words, return_sha256=sha256
            )
            tx.append(told)
    return f"a report on the message with document {delivery.document_id} to {delivery.target}"


def _read(ws: Workspace, data: bytes) -> MailReport | None:
    if not is_report(data) or len(data) > ws.options.max_return_bytes:
        return None
    try:
        report: MailReport | None = run_sandboxed(
            "cpdocs.intake.mail_reports:read_report", data, seconds=_SECONDS, megabytes=_MEGABYTES
        )
    except Stopped:
        return None
    return report


def _about(ws: Workspace, source: Reads, report: MailReport, practice_id: str) -> Delivery | None:
    """The one delivery that the report is about, if all of it fits."""
    from cpdocs.delivery.smtp import message_id

    known = ways(ws)
    found = {}
    for each in report.message_ids:
        delivery = find_delivery(source, each.strip("<>").partition("@")[0])
        way = known.get(delivery.target) if delivery else None
        if delivery is None or way is None or delivery.kind != "smtp" or not delivery.attempts:
            continue
        if message_id(delivery.delivery_id, way.place.sender) == each:
            found[delivery.delivery_id] = delivery
    if len(found) != 1:
        return None
    (delivery,) = found.values()
    if report.recipients and delivery.to.lower() not in report.recipients:
        return None
    return delivery if practice_id in ("", delivery.practice_id) else None


def _meaning(report: MailReport) -> Report | None:
    """What the report says; the worst where it says several things. None where it says nothing that is known."""
    said = {_MEANS[action] for action in report.actions if action in _MEANS}
    return next((each for each in Report if each in said), None)

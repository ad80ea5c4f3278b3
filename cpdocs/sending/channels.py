"""The channels to practices: which one reaches whom, at which address, and files in the form that its kind takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cpdocs.core.phones import phone
from cpdocs.core.places import Channel, channel_for
from cpdocs.delivery.parcel import Content
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.core.providers import Practice
    from cpdocs.sending.record import Way
    from cpdocs.workspace import Workspace


def channel_of(ws: Workspace, practice: Practice) -> Channel:
    """The channel that reaches a practice. Raises InputFault where there is none."""
    channel = channel_for(ws.options.channels, practice)
    if channel is None:
        wanted = (practice.channel or practice.return_channel).strip()
        raise InputFault(
            f"There is no way to practice {practice.practice_id}: no [channel.{wanted or 'NAME'}] in cpdocs.toml.",
            todo="Add one by the name of its channel or return_channel (docs/delivery.md), or carry it by hand.",
        )
    return channel


def for_channel(
    ws: Workspace,
    way: Way,
    practice: Practice,
    files: tuple[Content, ...],
    *,
    delivery: str,
    document_id: str,
    to: str,
    text: str,
) -> tuple[Content, ...]:
    """The files as a channel of this kind takes them: one message with all of them, or each under the practice's
    folder; in the fax edition they are one file."""
    if way.place.edition == "fax":
        from cpdocs.sandbox.drawing import fax_edition

        name = files[-1].name.removesuffix(".pdf")
        files = (Content(f"{name}-fax.pdf", fax_edition([each.data for each in files])),)
    if way.kind == "smtp":
        from cpdocs.delivery.smtp import message

        sender = ws.senders.organization
        mail = message(
            delivery_id=delivery,
            document_id=document_id,
            sender=way.place.sender,
            to=to,
            at=ws.clock.now(),
            files=files,
            text=f"{text}\r\n{sender.name}, {phone(sender.phone)}\r\n",
        )
        return (Content("message.eml", mail),)
    if way.kind == "folder":
        return tuple(Content(f"{practice.practice_id}/{each.name}", each.data) for each in files)
    return files


def address_of(channel: Channel, practice: Practice) -> str:
    """Where a message to this practice goes; empty where the kind has no addresses. Raises InputFault where the
    practice's record lacks what the pattern asks for."""
    if channel.kind != "smtp":
        return ""
    fax = re.sub(r"[^0-9]", "", practice.fax)
    if "{fax}" in channel.place.to:
        if len(fax) not in (10, 11):
            raise InputFault(f"Practice {practice.practice_id} has no usable fax number on record.")
        return channel.place.to.replace("{fax}", fax)
    if channel.place.to != "{email}":
        return channel.place.to
    email = practice.key_contact_email.strip()
    if not re.fullmatch(r"[^@\s<>,;\"()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", email):
        raise InputFault(f"Practice {practice.practice_id} has no usable key_contact_email on record.")
    return email

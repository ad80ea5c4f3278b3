"""The channels to practices and health plans: which one reaches whom, at which address, and files in the form that its
kind takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.phones import phone
from cpdocs.core.places import Channel, channel_for
from cpdocs.delivery.parcel import Content
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.core.providers import Practice
    from cpdocs.core.senders import Payer
    from cpdocs.sending.record import Way
    from cpdocs.workspace import Workspace

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets something by a channel: ``name`` as letters say it, the ``folder`` that a channel of files has for it,
    fax and e-mail; ``called`` and ``kept`` tell a person who lacks an address, and where to enter it."""

    name: str
    folder: str
    fax: str
    email: str
    called: str
    kept: str
    practice_id: str = ""


def the_practice(practice: Practice) -> Addressee:
    """A practice, by its key contact."""
    return Addressee(
        practice.key_contact or practice.name or practice.practice_id,
        practice.practice_id,
        practice.fax,
        practice.key_contact_email,
        f"Practice {practice.practice_id}",
        "on record",
        practice.practice_id,
    )


def the_health_plan(payer: Payer) -> Addressee:
    """A health plan, as the settings know it."""
    folder = f"_health-plan-{_NOT_IN_A_NAME.sub('-', payer.name).strip('-')}"
    return Addressee(
        payer.name, folder, payer.fax, payer.email, f"Health plan {payer.name}", "under its [payer] in cpdocs.toml"
    )


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
    whom: Addressee,
    files: tuple[Content, ...],
    *,
    delivery: str,
    document_id: str,
    to: str,
    text: str,
) -> tuple[Content, ...]:
    """The files as a channel of this kind takes them: one message with all of them, or each under the addressee's
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
        return tuple(Content(f"{whom.folder}/{each.name}", each.data) for each in files)
    return files


def address_of(channel: Channel, whom: Addressee) -> str:
    """Where a message to them goes; empty where the kind has no addresses. Raises InputFault where what is known of
    them lacks what the pattern asks for."""
    if channel.kind != "smtp":
        return ""
    fax = re.sub(r"[^0-9]", "", whom.fax)
    if "{fax}" in channel.place.to:
        if len(fax) not in (10, 11):
            raise InputFault(f"{whom.called} has no usable fax number {whom.kept}.")
        return channel.place.to.replace("{fax}", fax)
    if channel.place.to != "{email}":
        return channel.place.to
    email = whom.email.strip()
    if not re.fullmatch(r"[^@\s<>,;\"()]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", email):
        wanted = "key_contact_email" if whom.practice_id else "email"
        raise InputFault(f"{whom.called} has no usable {wanted} {whom.kept}.")
    return email

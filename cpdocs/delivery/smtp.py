"""SMTP: to a fax gateway, secure mail or a HISP, always encrypted, the delivery's id as Message-ID.

Subject, names of files and the text name a document, never a member. Delivered means that the server took
responsibility for the message (RFC 5321 §4.2.5 and §6.1: 250 after the end of data); a bounce takes that back.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import stat
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.parcel import (
    Content,
    Deadline,
    NothingSent,
    Parcel,
    accepted,
    cut_socket,
    not_sent,
    refused,
    unknown,
)
from cpdocs.delivery.tls import client_context, tls_fault
from cpdocs.system.durable import read_plain


def message(
    *, delivery_id: str, document_id: str, sender: str, to: str, at: datetime, files: tuple[Content, ...], text: str
) -> bytes:
    """One message with its files, the same bytes for the same values."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = f"Document {document_id}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id(delivery_id, sender)
    mail["Disposition-Notification-To"] = sender
    mail.set_content(text)
    for file in files:
        mail.add_attachment(file.data, maintype="application", subtype="pdf", filename=file.name)
    mail.set_boundary(f"=_{delivery_id}")
    return mail.as_bytes()


def message_id(delivery_id: str, sender: str) -> str:
    """The Message-ID of a delivery: its id, at the sender's domain."""
    return f"<{delivery_id}@{sender.rpartition('@')[2]}>"


def send(parcel: Parcel, place: Place) -> Answer:
    """Sends the message of ``parcel`` to its one address."""
    deadline = Deadline(place.deadline_seconds)
    context = client_context(place.ca_file)
    where = f"{place.host}:{place.port}"
    try:
        if place.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(place.host, place.port, timeout=deadline.left, context=context)
        else:
            server = smtplib.SMTP(place.host, place.port, timeout=deadline.left)
    except ssl.SSLError as error:
        return not_sent(f"No connection to {where}: {tls_fault(error)}")
    except (OSError, smtplib.SMTPException):
        return not_sent(f"No connection to {where}.")
    with deadline.cutting(lambda: cut_socket(server.sock)):
        try:
            return _converse(server, parcel, place, context)
        except ssl.SSLError as error:
            return not_sent(f"No encrypted connection to {where}: {tls_fault(error)}")
        except (OSError, smtplib.SMTPException):
            return not_sent("The connection broke before the message was sent.")
        finally:
            server.close()


def _converse(server: smtplib.SMTP, parcel: Parcel, place: Place, context: ssl.SSLContext) -> Answer:
    server.ehlo()
    if place.tls == "starttls":
        if not server.has_extn("starttls"):
            return refused("The server offers no STARTTLS; nothing is sent in the clear.")
        code, _ = server.starttls(context=context)
        if code != 220:
            return _no(code, "STARTTLS")
        server.ehlo()
    if place.user:
        try:
            server.login(place.user, _password(Path(place.password_file)))
        except smtplib.SMTPAuthenticationError as error:
            return _no(error.smtp_code, "our user and password")
    for command, what in ((f"MAIL FROM:<{place.sender}>", "the sender"), (f"RCPT TO:<{parcel.to}>", "the address")):
        code, _ = server.docmd(command)
        if code not in (250, 251):
            return _no(code, what)
    code, _ = server.docmd("DATA")
    if code != 354:
        return _no(code, "the message")
    server.send(re.sub(rb"(?m)^\.", b"..", parcel.parts[0].data))
    try:
        server.send(b"\r\n.\r\n" if not parcel.parts[0].data.endswith(b"\r\n") else b".\r\n")
        code, _ = server.getreply()
    except (OSError, smtplib.SMTPException):
        return unknown("The message was sent and the server's answer didn't come: it may have it.")
    if code != 250:
        return _no(code, "the message")
    return accepted("250: the server took the message on.")


def _no(code: int, what: str) -> Answer:
    """A refusal: 4yz asks to come again, 5yz doesn't (RFC 5321 §4.2.1)."""
    if 400 <= code < 500:
        return Answer(Outcome.BUSY, f"{code}: the server doesn't take {what} now.")
    return refused(f"{code}: the server doesn't take {what}.")


def _password(file: Path) -> str:
    """The password of a file that nobody else may read. Raises NothingSent."""
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise NothingSent("password_file may be read by others.", todo=f"chmod 600 {file}")
        return read_plain(file).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NothingSent("password_file of a channel can't be read.", todo="Check its path in cpdocs.toml.") from error

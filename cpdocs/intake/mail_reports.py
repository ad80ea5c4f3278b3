"""What a mail system or a reader reports of a message afterwards: bounces and delays (RFC 3464), receipts (RFC 8098).

For a child process with limits. Nothing is believed here: a report is a stranger's mail, and whether it is about a
message of ours is decided by who knows what was sent.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.policy import compat32

_MOST_PARTS = 50
_MOST_IDS = 20
_ID = re.compile(r"<[^<>\s]{3,200}>")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s;<>]+@[^\s;<>]+")
_ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
_DISPOSITIONS = frozenset({"displayed", "deleted", "dispatched", "processed", "denied", "failed"})
_KINDS = ("delivery-status", "disposition-notification")


@dataclass(frozen=True, slots=True)
class MailReport:
    """One report: ``message_ids`` are those that it says it is about, in angle brackets; ``recipients`` the addresses
    that it names, lower case. ``actions`` are RFC 3464's or RFC 8098's words, one for each recipient, ``code`` the
    first status code (such as 5.1.1), or empty."""

    message_ids: tuple[str, ...]
    recipients: tuple[str, ...]
    actions: tuple[str, ...]
    code: str


def is_report(data: bytes) -> bool:
    """Whether ``data`` may be such a report: told from its head, before anything is parsed."""
    head = data[:65536].lower()
    return b"multipart/report" in head and any(kind.encode() in head for kind in _KINDS)


def read_report(data: bytes) -> MailReport | None:
    """The report in a mail; None where it is none. Never raises for bad bytes."""
    try:
        message = email.message_from_bytes(data, policy=compat32)
        if message.get_content_type() != "multipart/report":
            return None
        parts = _parts(message)
        told = next((part for part in parts if part.get_content_subtype() in _KINDS), None)
        if told is None:
            return None
        return _report(told, parts)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload[:_MOST_PARTS] if isinstance(part, Message)] if isinstance(payload, list) else []


def _report(told: Message, parts: list[Message]) -> MailReport:
    groups = _groups(told)
    ids = [found for group in groups for found in _ID.findall(str(group.get("Original-Message-ID", "")))]
    for part in parts:
        ids += _ids_of_returned(part)
    actions: list[str] = []
    recipients: list[str] = []
    code = ""
    for group in groups:
        action = str(group.get("Action", "")).strip().lower()
        disposition = str(group.get("Disposition", "")).partition(";")[2].split("/")[0].split(",")[0].strip().lower()
        actions += [word for word in (action,) if word in _ACTIONS]
        actions += [word for word in (disposition,) if word in _DISPOSITIONS]
        status = _STATUS.search(str(group.get("Status", "")))
        code = code or (status[1] if status else "")
        for name in ("Original-Recipient", "Final-Recipient"):
            recipients += [found.lower() for found in _ADDRESS.findall(str(group.get(name, "")))]
    return MailReport(tuple(dict.fromkeys(ids))[:_MOST_IDS], tuple(dict.fromkeys(recipients)), tuple(actions), code)


def _groups(told: Message) -> list[Message]:
    """The groups of fields of a report's second part: a library may give them as messages, or as one text."""
    payload = told.get_payload()
    if isinstance(payload, list):
        return [part for part in payload[:_MOST_PARTS] if isinstance(part, Message)]
    text = told.get_payload(decode=True)
    blocks = re.split(rb"\r?\n\r?\n", text if isinstance(text, bytes) else b"")
    return [email.message_from_bytes(block, policy=compat32) for block in blocks[:_MOST_PARTS]]


def _ids_of_returned(part: Message) -> Iterator[str]:
    """The Message-ID of the returned message, or of its head (RFC 6522 §3)."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        for inner in _parts(part):
            yield from _ID.findall(str(inner.get("Message-ID", "")))
    elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
        payload = part.get_payload()
        if isinstance(payload, list):
            heads = [each for each in payload[:1] if isinstance(each, Message)]
        else:
            raw = part.get_payload(decode=True)
            heads = [email.message_from_bytes(raw, policy=compat32)] if isinstance(raw, bytes) else []
        for head in heads:
            yield from _ID.findall(str(head.get("Message-ID", "")))

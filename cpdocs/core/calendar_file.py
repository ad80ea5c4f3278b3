"""Due days as a calendar file (RFC 5545), for whoever keeps them beside their appointments. It names no member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_LONGEST = 75
"""Octets of a content line (RFC 5545 §3.1)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An all-day entry; ``uid`` stays the same whenever the file is written again."""

    uid: str
    day: date
    summary: str
    description: str = ""


def calendar(entries: Iterable[Entry], made: datetime) -> bytes:
    """The entries as one calendar, written at ``made`` (aware)."""
    stamp = made.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cpdocs//due//EN"]
    for each in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(each.uid)}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{each.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{each.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(each.summary)}",
            *([f"DESCRIPTION:{_text(each.description)}"] if each.description else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return b"".join(map(_folded, [*lines, "END:VCALENDAR"]))


def _text(text: str) -> str:
    """A value of type TEXT (RFC 5545 §3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return "".join(character for character in text if character >= " ")


def _folded(line: str) -> bytes:
    """The line with its end, folded where it is long, never within a character (RFC 5545 §3.1)."""
    parts: list[bytes] = [b""]
    for character in line:
        encoded = character.encode()
        if len(parts[-1]) + len(encoded) > _LONGEST:
            parts.append(b" ")
        parts[-1] += encoded
    return b"\r\n".join(parts) + b"\r\n"

"""What a practice's key contact is told about digital IDs made for its clinicians: each one, without being asked.

A key that somebody had made in a clinician's name comes to light here: the office that never asked for it reads of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.events import EventType, NewEvent, key_subject, practice_subject
from cpdocs.core.key_records import KeyRecord
from cpdocs.core.providers import Practice
from cpdocs.core.senders import Sender
from cpdocs.ledger.durable import write_durably

if TYPE_CHECKING:
    from cpdocs.mailroom.workspace import Workspace

_WIDTH = 90


def tell_key_contacts(ws: Workspace, record: KeyRecord, practices: Iterable[Practice]) -> None:
    """Puts a notice of the new digital ID out for each of ``practices``, after keeping its bytes and recording it."""
    sender = ws.senders.organization
    for practice in practices:
        text = key_notice(record, practice, sender).encode()
        digest = ws.blobs.put(text)
        name = f"digital-id-{record.serial[:12]}.txt"
        about = (practice_subject(practice.practice_id), key_subject(record.serial))
        data = {
            "kind": "key_issued",
            "practice_id": practice.practice_id,
            "sha256": digest,
            "file": f"notices/{practice.practice_id}/{name}",
        }
        ws.ledger.append(NewEvent(EventType.NOTICE_WRITTEN, about, data))
        write_durably(ws.paths.notices / practice.practice_id / name, text, overwrite=True)


def key_notice(record: KeyRecord, practice: Practice, sender: Sender) -> str:
    """The notice as plain text. It names a clinician and never a member."""
    mark = " ".join(record.fingerprint[place : place + 4].upper() for place in range(0, 64, 4))
    how = (
        "The key was made by the clinician's own office; we hold only the certificate."
        if record.custody == "holder"
        else "We made the key and gave it out as a file; its passphrase was given separately. We kept no copy."
    )
    paragraphs = (
        f"{sender.name} has issued a digital ID for a clinician of your practice. With it, plans can be signed in this clinician's name.",
        f"Clinician: {record.name} (NPI {record.npi})",
        f"Issued: {record.recorded_at.astimezone(EASTERN):%Y-%m-%d %H:%M} Eastern. Valid until {eastern_date(record.not_after)}.",
        f"Serial number: {record.serial}",
        f"SHA-256 fingerprint: {mark}",
        how,
        f"If your practice did not ask for this, or the file may be in other hands, call us at once: {sender.phone} "
        f"({sender.hours}). We take it back the same day, and nothing signed with it afterwards counts.",
    )
    head = f"To: {practice.key_contact}, {practice.name}\nFrom: {sender.name}\nAbout: a new digital ID\n"
    return head + "".join("\n" + fill(paragraph, _WIDTH) + "\n" for paragraph in paragraphs)

"""What a practice's key contact is told about digital IDs made for its clinicians: each one, without being asked.

A key that somebody had made in a clinician's name comes to light here: the office that never asked for it reads of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, key_subject, practice_subject
from cpdocs.core.key_records import KeyRecord
from cpdocs.core.moments import day_text, moment_text
from cpdocs.core.places import channel_for
from cpdocs.core.providers import Practice
from cpdocs.core.second_person import MAKER_EVENTS
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from cpdocs.documents.notices import Notice
    from cpdocs.workspace import Workspace

_MADE_THERE = "The key was made by the clinician's own office; we hold only the certificate."
_MADE_HERE = "We made the key, gave it out as a file and kept no copy; its passphrase is given separately."


def tell_key_contacts(ws: Workspace, record: KeyRecord, practices: Iterable[Practice]) -> None:
    """Puts a notice of the new digital ID out for each of ``practices``: kept, written, then recorded."""
    from cpdocs.documents.notices import render_notice

    for practice in practices:
        notice = key_notice(ws, record, practice)
        pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
        digest = ws.blobs.put(pdf)
        name = f"{notice.reference}.pdf"
        write_durably(ws.paths.notices / practice.practice_id / name, pdf, overwrite=True)
        channel = channel_for(ws.options.channels, practice)
        about = (practice_subject(practice.practice_id), key_subject(record.serial))
        said: dict[str, JSON] = {
            "kind": notice.kind.value,
            "practice_id": practice.practice_id,
            "file": f"notices/{practice.practice_id}/{name}",
            "sha256": digest,
            "rests_on": [
                event.seq for event in ws.ledger.events(subject=key_subject(record.serial), types=MAKER_EVENTS)
            ],
            "channel": channel.name if channel else "",
        }
        ws.ledger.append(NewEvent(EventType.NOTICE_WRITTEN, about, said))


def key_notice(ws: Workspace, record: KeyRecord, practice: Practice) -> Notice:
    """The notice about ``record``. It names a clinician and never a member."""
    from cpdocs.documents.notices import Notice, NoticeKind

    lines = (
        practice.key_contact,
        practice.name,
        practice.address1,
        f"{practice.city}, {practice.state} {practice.zip}",
    )
    return Notice(
        kind=NoticeKind.KEY_ISSUED,
        to=tuple(line for line in lines if line.strip(" ,")),
        sender=ws.senders.organization,
        at=record.recorded_at,
        reference=f"digital-id-{record.serial[:12]}",
        facts=(
            ("Clinician", record.name),
            ("NPI", record.npi),
            ("Issued", moment_text(record.recorded_at)),
            ("Valid until", day_text(eastern_date(record.not_after))),
            ("Serial number", record.serial),
            ("SHA-256 fingerprint", " ".join(record.fingerprint[place : place + 8] for place in range(0, 64, 8))),
        ),
        findings=(_MADE_THERE if record.custody == "holder" else _MADE_HERE,),
        sandbox=ws.sandbox,
    )

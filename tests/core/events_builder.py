"""Events of an invented plan version, numbered and timed, as the ledger would give them back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cpdocs.core.events import Event, EventType, document_subject, member_subject

START = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
MEMBER = "100000000017"
FIRST = "AAAA-AAAA-AAB"
SECOND = "BBBB-BBBB-BBC"


class History:
    """Records events one after another, an hour apart."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.now = START

    def add(self, kind: EventType, document_id: str = FIRST, **data: Any) -> Event:
        event = Event(
            seq=len(self.events) + 1,
            type=kind,
            subjects=(document_subject(document_id), member_subject(MEMBER)),
            at=self.now,
            recorded_at=self.now,
            user="tester",
            host="here",
            data={"document_id": document_id, **data},
        )
        self.events.append(event)
        self.now += timedelta(hours=1)
        return event

    def issue(self, document_id: str = FIRST, version: int = 1, supersedes: str | None = None, **data: Any) -> Event:
        return self.add(
            EventType.PLAN_ISSUED,
            document_id,
            **{
                "member_id": MEMBER,
                "program": "BH",
                "version": version,
                "practice_id": "P0001",
                "pcp_npi": "1234567893",
                "payer": "Sample Health Plan",
                "sha256": "a" * 64,
                "size": 100_000,
                "pages": 9,
                "seal_fingerprint": "b" * 64,
                "plan_sha256": "c" * 64,
                "cover_sha256": "d" * 64,
                "file": f"P0001/{document_id}.pdf",
                "cover_file": f"P0001/{document_id}-cover.pdf",
                "part2": False,
                "reason": "initial",
                "supersedes": supersedes,
                "due_days": 7,
                "suffolk": False,
                **data,
            },
        )

    def fill(self, slot: str, evidence: str = "digital_signature", document_id: str = FIRST, **data: Any) -> Event:
        return self.add(
            EventType.SLOT_FILLED,
            document_id,
            **{
                "slot": slot,
                "evidence": evidence,
                "signer": "Test Signer",
                "npi": "1234567893" if slot == "pcp" else "",
                "credential": "MD" if slot == "pcp" else "",
                "role": slot,
                "on_behalf_of": "",
                "signed_at": self.now.isoformat(),
                "received_at": self.now.isoformat(),
                "return_sha256": "e" * 64,
                "attested_by": None,
                "how": "",
                **data,
            },
        )

    def received(self, at: datetime) -> Event:
        return self.add(EventType.PLAN_RECEIVED, at=at.isoformat(), how="fax confirmation")

    def filed(self, document_id: str = FIRST) -> Event:
        return self.add(
            EventType.PLAN_FILED,
            document_id,
            target="chart",
            package=f"chart/{document_id}",
            upload_sha256="1" * 64,
            manifest_sha256="2" * 64,
        )

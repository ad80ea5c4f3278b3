"""What the messages say of a document: one filed version, as values that every kind of target takes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256

LOINC = "18776-5"
LOINC_NAME = "Plan of care note"
"""ehr.md, "Codes": 52521-2, 61145-9 and 67853-2 are deprecated, 64290-0 is an insurance card."""


@dataclass(frozen=True, slots=True)
class Document:
    """One filed plan version. Times are aware, dates Massachusetts dates; ``supersedes`` is the earlier version's
    document id where that lies at the same target."""

    document_id: str
    delivery_id: str
    version: int
    program: str
    document_type: str
    title: str
    description: str
    plan_date: date
    signed_on: date
    queued_at: datetime
    mrn: str
    last_name: str
    first_name: str
    middle_name: str
    dob: date
    sex: str
    signer: str
    signer_npi: str
    practice_id: str
    practice: str
    organization: str
    part2: bool
    file_name: str
    pdf: bytes
    pages: int
    supersedes: str = ""
    coordinator: str = ""
    enrollment: str = ""
    """The member's status in the program as of filing (contract §3), and since when, ISO."""
    enrolled_since: str = ""
    sandbox: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """The upload PDF's."""
        return sha256(self.pdf).hexdigest()

    @property
    def confidentiality(self) -> str:
        """``R``; a plan with Part 2 content says so (ehr.md, "Codes")."""
        return "R 42CFRPart2" if self.part2 else "R"

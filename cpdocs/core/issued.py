"""A plan version as it was issued: what a returned file is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class IssuedPlan:
    """What the ledger says of one issued plan version.

    ``sha256`` and ``size`` (bytes) are of the sealed PDF as issued; ``seal_fingerprint`` is the SHA-256 of the
    sealing certificate's DER, lower-case hexadecimal. ``closed`` is empty while a return may still count, else why
    not: ``superseded`` or ``withdrawn``. ``pages`` counts those issued (0: not on record).
    """

    document_id: str
    member_id: str
    program: str
    version: int
    practice_id: str
    pcp_npi: str
    sha256: str
    size: int
    seal_fingerprint: str
    issued_at: datetime
    closed: str = ""
    pages: int = 0

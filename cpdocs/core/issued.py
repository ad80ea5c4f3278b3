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


@dataclass(frozen=True, slots=True)
class IssuedLetter:
    """What is on record of a letter whose reply slip came back: whom it was to, and in which program and kind.

    ``stands`` is empty where the assignment that it was about is the member's current one, else what became of it: a
    fact of the person or a status (``deceased``, ``declined``, ``disenrolled``, ``changed_cp``), or ``replaced`` where
    another assignment followed. ``mailed`` is whether its run was released.
    """

    document_id: str
    member_id: str
    program: str
    kind: str
    stands: str = ""
    mailed: bool = True

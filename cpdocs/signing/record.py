"""What an examination is given besides the file: what is on record, and how large a file may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cpdocs.core.issued import IssuedPlan
from cpdocs.core.providers import Directory
from cpdocs.core.verdicts import Slot


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of one ``plan`` when a return of it is judged. Times are aware.

    ``directory_then`` is the directory at a given time of signing, where the ledger can tell; ``filled`` the slots that
    are filled already, with the SHA-256 of the certificate in each ("" for other evidence). ``member_name`` is whom a
    signature of the member's own certificate stands for, which may hold any name. ``self_witnessed`` are the
    fingerprints of certificates that a witness of this plan issued or pinned themselves, and nobody else looked at.
    """

    plan: IssuedPlan
    directory: Directory
    received_at: datetime
    directory_then: Directory | None = None
    current_pcp_npi: str | None = None
    filled: Mapping[Slot, str] = field(default_factory=dict)
    member_name: str = ""
    self_witnessed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a returned file may be at most."""

    bytes: int = 64 * 1024 * 1024
    pages: int = 400

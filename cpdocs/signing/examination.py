"""What an examination of a returned file comes to: the verdict and everything that it rests on, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cpdocs.core.verdicts import Evidence, Finding, Lane, Slot, Verdict


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature for the reader of a verdict (contract §4, ``verify``).

    ``signed_at`` is the signer's own claim, never to be read as proven; ``timestamped`` is a trusted time stamp's time,
    None without one. ``slot`` is ``member``, ``pcp``, ``seal`` or ``timestamp``; ``covers`` how much of the file, and
    ``changes_after`` what came into the file behind it. The certificate had to be valid at ``judged_at``. Whether it
    was revoked is known from ``revocation_source``: our ``ledger``, or an outside authority's ``crl`` or ``ocsp``
    answer with that SHA-256, made at ``revocation_from`` and good until ``revocation_until``; empty where nobody says.
    ``level`` is how far the proof reaches (PAdES); empty for a time stamp. ``serial`` is the certificate's,
    hexadecimal; ``authority`` the fingerprint of the outside authority that is believed and signed it; ``chain`` the
    certificates from above the signer's up to the one that is believed by itself, each as its name and fingerprint. The
    signature came with ``revision`` (from 1) and covers the file up to the offset ``end``.
    """

    slot: str
    field: str
    signer: str
    npi: str
    credential: str
    signed_at: datetime | None
    timestamped: datetime | None
    trusted: bool
    intact: bool
    covers: str
    vouching: str = ""
    fingerprint: str = ""
    reason: str = ""
    digest: str = ""
    subfilter: str = ""
    issuer: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    judged_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_because: str = ""
    revocation_source: str = ""
    revocation_sha256: str = ""
    revocation_from: datetime | None = None
    revocation_until: datetime | None = None
    changes_after: str = ""
    level: str = ""
    serial: str = ""
    authority: str = ""
    chain: tuple[str, ...] = ()
    revision: int = 0
    end: int = 0
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The contract's object, and what else we know."""
        return {
            "slot": self.slot,
            "field": self.field,
            "signer": self.signer,
            "npi": self.npi,
            "credential": self.credential,
            "signed_at": _iso(self.signed_at),
            "timestamped": _iso(self.timestamped),
            "trusted": self.trusted,
            "intact": self.intact,
            "covers": self.covers,
            "identity": self.vouching,
            "certificate_sha256": self.fingerprint,
            "reason": self.reason,
            "digest": self.digest,
            "format": self.subfilter,
            "issuer": self.issuer,
            "valid_from": _iso(self.valid_from),
            "valid_until": _iso(self.valid_until),
            "judged_at": _iso(self.judged_at),
            "revoked_at": _iso(self.revoked_at),
            "revoked_because": self.revoked_because,
            "revocation_source": self.revocation_source,
            "revocation_sha256": self.revocation_sha256 or None,
            "revocation_from": _iso(self.revocation_from),
            "revocation_until": _iso(self.revocation_until),
            "changes_after": self.changes_after,
            "level": self.level or None,
            "serial": self.serial,
            "authority": self.authority or None,
            "chain": list(self.chain),
            "revision": self.revision,
            "covers_bytes": self.end,
            "problem": self.problem,
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@dataclass(frozen=True, slots=True)
class SlotApproval:
    """What fills a slot. ``role`` is member, representative, pcp or pcp_designee; ``on_behalf_of`` the PCP's NPI for a
    designee, the relation to the member for a representative.

    ``signed_at`` is a proven time where ``timestamped`` or witnessed, else the signer's claim. ``signer`` is empty for
    a member's own certificate, which may hold any name; ``how`` names the witness.
    """

    slot: Slot
    evidence: Evidence
    signer: str
    npi: str
    credential: str
    role: str
    on_behalf_of: str
    signed_at: datetime | None
    timestamped: bool
    certificate_sha256: str
    key_issued_by_us: bool
    how: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """The verdict on one file. ``slots`` is what it fills: empty unless accepted."""

    verdict: Verdict
    lane: Lane
    document_id: str | None
    findings: tuple[Finding, ...]
    slots: Mapping[Slot, SlotApproval] = field(default_factory=dict)
    signatures: tuple[SignatureReport, ...] = ()

    @property
    def slots_filled(self) -> tuple[Slot, ...]:
        """The slots that the file fills, the member's first."""
        return tuple(slot for slot in Slot if slot in self.slots)

"""Whom we believe, as a value: our own certificates, what was revoked, who was pinned, what was witnessed.

Nothing here reads a file or the clock. For the organization's own authorities the ledger is the source of revocation
(shared signing rules, check 9); a certificate of anybody else counts only once a person has pinned it, or where an
authority signed it that was recorded for that (check 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from cpdocs.signing.outside import OutsideAuthority, OutsideFacts, is_authority, outside_facts

COMPROMISE = frozenset({"keyCompromise", "cACompromise", "aACompromise"})
"""Reasons after which no signature of the key stands, however early it was made (RFC 5280 §5.3.1)."""


class Vouching(StrEnum):
    """Why a signer's certificate may be believed, or that it may not."""

    ISSUING = "issued by the organization"
    IN_PERSON = "certified for one signature in person"
    PINNED = "identity confirmed and recorded"
    OUTSIDE = "issued by an outside authority that is believed"
    SEAL = "the organization's seal"
    NOBODY = "nobody vouches for it"


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate taken back: since when (aware), and why (an RFC 5280 reason)."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A certificate whose holder a person has identified: a clinician by NPI, or a member; ``at`` is when."""

    at: datetime
    npi: str = ""
    member_id: str = ""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A signing at a visit: which document, the SHA-256 of the bytes put before the signer, when, who saw it, and who
    signed.

    ``relation`` is what a representative is to the member; empty where the member signed.
    """

    document_id: str
    sha256: str
    at: datetime
    witness: str = ""
    signer: str = ""
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything that decides whether a certificate is believed. Certificates are DER.

    ``revoked``, ``pins`` and ``witnessed`` are by fingerprint (SHA-256, hexadecimal), never by serial number, which
    whoever makes a certificate chooses. A pin that was taken back is in ``revoked`` too. ``timestamp_roots`` are the
    authorities whose time stamps prove a time. ``issued`` are the fingerprints that our issuing authority is on record
    to have made (None: not asked): what somebody made with its key and didn't record could never be taken back.
    ``lost_keys`` are the SHA-256 of the public keys that were taken back as compromised, in whatever certificate they
    stand. ``true_now`` is set in a sandbox alone, whose own clock may stand still while those who sign and make
    certificates elsewhere go by the true one.
    """

    roots: tuple[bytes, ...] = ()
    issuing: tuple[bytes, ...] = ()
    in_person: tuple[bytes, ...] = ()
    seals: tuple[bytes, ...] = ()
    pinned: tuple[bytes, ...] = ()
    timestamp_roots: tuple[bytes, ...] = ()
    issued: frozenset[str] | None = None
    lost_keys: frozenset[str] = frozenset()
    outside: tuple[OutsideAuthority, ...] = ()
    revoked: Mapping[str, Revoked] = field(default_factory=dict)
    pins: Mapping[str, Pin] = field(default_factory=dict)
    witnessed: Mapping[str, Witnessed] = field(default_factory=dict)
    true_now: datetime | None = None

    @property
    def seal_fingerprints(self) -> frozenset[str]:
        """The fingerprints of every seal of ours, past ones too."""
        return frozenset(fingerprint(der) for der in self.seals)

    @property
    def member_keys(self) -> frozenset[str]:
        """The SHA-256 of the public keys of members whose certificates are pinned."""
        theirs = (load(der) for der in self.pinned if (pin := self.pins.get(fingerprint(der))) and pin.member_id)
        return frozenset(key_sha256(each) for each in theirs if each)

    @property
    def all_anchors(self) -> frozenset[bytes]:
        """Every certificate (DER) that is believed by itself."""
        return frozenset(
            (*self.roots, *self.pinned, *self.timestamp_roots, *(each.certificate for each in self.outside))
        )

    def latest_claim(self, received_at: datetime) -> datetime:
        """The latest time that a signer's clock can truly show for a file received at ``received_at``."""
        return max(received_at, self.true_now) if self.true_now else received_at

    def vouching_for(self, der: bytes) -> Vouching:
        """Why ``der`` may be believed. A chain is one step long: our authorities certify people directly.

        A seal is known by its fingerprint alone, never because one of our authorities made it (check 5); a pinned
        certificate vouches for itself and for nobody else.
        """
        mark = fingerprint(der)
        if mark in self.seal_fingerprints:
            return Vouching.SEAL
        if mark in self.pins:
            return Vouching.PINNED
        certificate = load(der)
        if certificate is None:
            return Vouching.NOBODY
        for authorities, vouching in ((self.issuing, Vouching.ISSUING), (self.in_person, Vouching.IN_PERSON)):
            if any(_issued_by(certificate, authority) for authority in authorities):
                unrecorded = vouching is Vouching.ISSUING and self.issued is not None and mark not in self.issued
                return Vouching.NOBODY if unrecorded else vouching
        if self.outside_authority(der) is not None:
            return Vouching.OUTSIDE
        return Vouching.NOBODY

    def outside_authority(self, der: bytes) -> OutsideAuthority | None:
        """The outside authority that signed ``der`` for a person; None for what may sign certificates itself."""
        certificate = load(der)
        if not self.outside or certificate is None or is_authority(certificate):
            return None
        return next((each for each in self.outside if _issued_by(certificate, each.certificate)), None)

    def outside_facts(self, der: bytes) -> OutsideFacts | None:
        """What the outside authority that signed ``der`` says of it; None where none that is believed did."""
        certificate, authority = load(der), self.outside_authority(der)
        if certificate is None or authority is None:
            return None
        return outside_facts(certificate, authority, fingerprint(authority.certificate))


def fingerprint(der: bytes) -> str:
    """The SHA-256 of a certificate's DER, lower-case hexadecimal."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def key_sha256(certificate: x509.Certificate) -> str:
    """The SHA-256 of the certificate's public key (DER SubjectPublicKeyInfo), lower-case hexadecimal."""
    return public_key_sha256(certificate.public_key())


def public_key_sha256(key: CertificatePublicKeyTypes) -> str:
    """The SHA-256 of a public key (DER SubjectPublicKeyInfo), lower-case hexadecimal."""
    return fingerprint(key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))


@lru_cache(maxsize=64)
def load(der: bytes) -> x509.Certificate | None:
    """The certificate, or None where the bytes are none that can be read."""
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError):
        return None


def anchors(trust: Trust, der: bytes) -> tuple[bytes, ...]:
    """The certificates at which the chain of ``der`` may end. None where nobody vouches for it: a stranger may bear any
    name, that of our authorities or of somebody who is pinned."""
    vouching = trust.vouching_for(der)
    if vouching is Vouching.NOBODY:
        return ()
    authority = trust.outside_authority(der) if vouching is Vouching.OUTSIDE else None
    if authority is not None:
        return (authority.certificate,)
    return (der,) if vouching in (Vouching.PINNED, Vouching.SEAL) else trust.roots


def _issued_by(certificate: x509.Certificate, authority: bytes) -> bool:
    issuer = load(authority)
    if issuer is None:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True

"""What is told of each signature to the reader of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cpdocs.core.verdicts import Slot
from cpdocs.signing.baseline_level import level_of
from cpdocs.signing.certificates import CertificateFacts, common_name
from cpdocs.signing.field_names import SEAL_FIELD, SLOT_OF_FIELD
from cpdocs.signing.file_facts import FileFacts, SignatureFacts
from cpdocs.signing.outside import Status
from cpdocs.signing.slotchecks import SlotOutcome
from cpdocs.signing.trust import Revoked, Trust, Vouching, fingerprint, load

_UNTRUSTED = frozenset(
    {
        "revoked",
        "revocation_unknown",
        "revocation_stale",
        "organization_not_covered",
        "expired",
        "not_yet_valid",
        "wrong_key_usage",
    }
)


def reports(facts: FileFacts, outcomes: Mapping[Slot, SlotOutcome], trust: Trust) -> tuple[dict[str, Any], ...]:
    """A report on every signature in the order in which they were made; ``outcomes`` for the slots that were judged."""
    return tuple(_report(each, facts, outcomes, trust) for each in facts.signatures)


def _report(
    signature: SignatureFacts, facts: FileFacts, outcomes: Mapping[Slot, SlotOutcome], trust: Trust
) -> dict[str, Any]:
    slot = SLOT_OF_FIELD.get(signature.field)
    outcome = outcomes.get(slot) if slot else None
    certificate = signature.certificate
    known = certificate is not None and certificate.vouching is not Vouching.NOBODY
    believed = signature.timestamp_trusted if signature.is_timestamp else known and signature.chain_ok
    refused = outcome is not None and any(each.code in _UNTRUSTED for each in outcome.findings)
    signer = outcome.signer if outcome else ""
    source, revoked, status = _revocation(certificate, trust)
    level = "" if signature.is_timestamp or signature.problem else level_of(facts, signature).value
    return {
        "slot": _slot_name(signature, slot),
        "field": signature.field,
        "signer": signer or (certificate.name if certificate else ""),
        "npi": outcome.npi if outcome else (certificate.vouched_npi if certificate and known else ""),
        "credential": outcome.credential if outcome else "",
        "signed_at": _iso(signature.claimed_at),
        "timestamped": _iso(signature.timestamp_at if signature.timestamp_trusted else None),
        "trusted": signature.sound and believed and not refused,
        "intact": signature.sound,
        "covers": signature.covers.value,
        "identity": _vouching(signature),
        "certificate_sha256": certificate.fingerprint if certificate else "",
        "reason": signature.reason,
        "digest": signature.digest,
        "format": signature.subfilter.removeprefix("/"),
        "issuer": certificate.issuer if certificate else "",
        "valid_from": _iso(certificate.not_before if certificate else None),
        "valid_until": _iso(certificate.not_after if certificate else None),
        "judged_at": _iso(signature.judged_at),
        "revoked_at": _iso(revoked.at if revoked else None),
        "revoked_because": revoked.reason if revoked else "",
        "revocation_source": source,
        "revocation_sha256": status.sha256 if status else None,
        "revocation_from": _iso(status.this_update if status else None),
        "revocation_until": _iso(status.next_update if status else None),
        "changes_after": signature.change.value,
        "level": level or None,
        "serial": f"{certificate.serial:x}" if certificate else "",
        "authority": (certificate.outside.authority if certificate and certificate.outside else "") or None,
        "chain": list(_chain(certificate, trust)),
        "revision": signature.revision + 1,
        "covers_bytes": signature.end,
        "problem": signature.problem,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _vouching(signature: SignatureFacts) -> str:
    if signature.certificate is None:
        return ""
    if signature.is_timestamp:
        return (
            "a time-stamping authority's that is believed"
            if signature.timestamp_trusted
            else "a time-stamping authority's that isn't believed"
        )
    return signature.certificate.vouching.value


def _chain(certificate: CertificateFacts | None, trust: Trust) -> tuple[str, ...]:
    """The certificates above the signer's that are on record, up to the one that is believed by itself."""
    if certificate is None:
        return ()
    own = {Vouching.ISSUING: trust.issuing, Vouching.IN_PERSON: trust.in_person, Vouching.SEAL: ()}
    outside = tuple(each.certificate for each in trust.outside) if certificate.vouching is Vouching.OUTSIDE else ()
    middle = _named(certificate.issuer_name, (*own.get(certificate.vouching, ()), *outside))
    above = middle
    if certificate.vouching in own:
        issuers = [found.issuer.rfc4514_string() for der in middle if (found := load(der))] or [certificate.issuer_name]
        above = (*middle, *_named(issuers[0], trust.roots))
    return tuple(f"{common_name(found.subject)} ({fingerprint(der)})" for der in above if (found := load(der)))


def _named(name: str, certificates: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The certificate among these that has the name; the newest, where several have."""
    found = [der for der in certificates if (each := load(der)) and each.subject.rfc4514_string() == name]
    return tuple(found[-1:])


def _slot_name(signature: SignatureFacts, slot: Slot | None) -> str:
    if slot is not None:
        return slot.value
    if signature.field == SEAL_FIELD:
        return "seal"
    return "timestamp" if signature.is_timestamp else "other"


def _revocation(certificate: CertificateFacts | None, trust: Trust) -> tuple[str, Revoked | None, Status | None]:
    """Who says whether the certificate was revoked (ledger, crl, ocsp; empty: nobody), what they say, and in what."""
    if certificate is None:
        return "", None, None
    revoked = trust.revoked.get(certificate.fingerprint)
    outside = certificate.outside
    if revoked is not None or outside is None:
        return "" if certificate.vouching is Vouching.NOBODY else "ledger", revoked, None
    status = outside.revocation or outside.latest
    if status is None:
        return "", None, None
    return status.kind, Revoked(status.revoked_at, status.reason) if status.revoked_at else None, status

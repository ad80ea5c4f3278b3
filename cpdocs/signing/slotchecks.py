"""The checks on one slot's signature: whose certificate it is, whether it counts, and whether that person may approve.

Facts are matched here against what is on record; no certificate or PDF library is known. Numbered as in ``verify``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.plan_record import SlotFill
from cpdocs.core.signers import may_approve
from cpdocs.core.verdicts import Evidence, Finding, Slot
from cpdocs.signing.certificates import STRONG_DIGESTS, CertificateFacts
from cpdocs.signing.field_names import means_approval
from cpdocs.signing.file_facts import SignatureFacts
from cpdocs.signing.record import Record
from cpdocs.signing.trust import COMPROMISE, Revoked, Trust, Vouching

CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a signer's clock may be off before we remark on it."""


@dataclass(frozen=True, slots=True)
class SlotOutcome:
    """What one slot's signature comes to. ``fill`` is what would fill the slot, if nothing stood against the file."""

    findings: tuple[Finding, ...]
    fill: SlotFill | None
    npi: str = ""
    signer: str = ""
    credential: str = ""


def check_slot(
    slot: Slot, signature: SignatureFacts, plan: IssuedPlan, trust: Trust, record: Record, before: frozenset[str]
) -> SlotOutcome:
    """8 and 9. Judges the signature in ``slot``. ``before`` holds the SHA-256 of what its signer may have been
    shown."""
    certificate = signature.certificate
    if signature.problem or certificate is None:
        return SlotOutcome((finding("unverifiable", signature.field),), None)
    findings = [*_method(signature, certificate), *_meaning(slot, signature)]
    dates = _dates(signature, certificate, trust, record)
    findings += [*dates, *_chain(signature, certificate, dates), *_revocation(signature, certificate, trust, record)]
    other = next((record.filled[each] for each in Slot if each is not slot and each in record.filled), "")
    if other and other == certificate.fingerprint:
        findings.append(finding("same_certificate_both_slots"))
    signed_at, remarks = _signing_time(signature, plan, trust, record)
    findings += remarks
    if slot is Slot.PCP:
        return _pcp(signature, certificate, plan, trust, record, signed_at, findings)
    return _member(signature, certificate, plan, trust, record, findings, before)


def _method(signature: SignatureFacts, certificate: CertificateFacts) -> list[Finding]:
    findings = []
    if not {signature.digest, signature.signed_with} <= STRONG_DIGESTS or not certificate.strong_key:
        findings.append(finding("weak_digest"))
    if not certificate.for_signing:
        findings.append(finding("wrong_key_usage"))
    return findings


def _meaning(slot: Slot, signature: SignatureFacts) -> list[Finding]:
    if not signature.reason:
        return [finding("no_reason")]
    return [] if means_approval(slot, signature.reason) else [finding("reason_differs")]


def _dates(signature: SignatureFacts, certificate: CertificateFacts, trust: Trust, record: Record) -> list[Finding]:
    """The certificate is valid at receipt; one that ended before then, at a time that is proven: by a trusted time
    stamp or by the record of the visit. What a stranger's stamp says proves nothing."""
    moment = signature.judged_at
    assert moment is not None
    stamped = signature.timestamp_at if signature.timestamp_trusted else None
    if stamped is not None and certificate.not_before <= stamped <= certificate.not_after:
        return []
    if moment < certificate.not_before:
        return [finding("not_yet_valid")]
    proven = record.received_at <= certificate.not_after or certificate.fingerprint in trust.witnessed
    return [] if proven and moment <= certificate.not_after else [finding("expired")]


def _revocation(
    signature: SignatureFacts, certificate: CertificateFacts, trust: Trust, record: Record
) -> list[Finding]:
    """9. The ledger says what we revoked, an outside authority what it did. What was proven to be there before stands,
    except after a compromise. Of an outside authority's certificate it must be known that it stood at receipt: no word
    holds it, and so does one that was out of date by then."""
    if certificate.key_sha256 in trust.lost_keys:
        return [finding("revoked")]
    revoked = trust.revoked.get(certificate.fingerprint)
    outside = certificate.outside
    if (
        revoked is None
        and outside is not None
        and outside.revocation is not None
        and outside.revocation.revoked_at is not None
    ):
        revoked = Revoked(outside.revocation.revoked_at, outside.revocation.reason)
    if revoked is None:
        if outside is None or certificate.vouching is not Vouching.OUTSIDE:
            return []
        if not outside.statuses:
            return [finding("revocation_unknown")]
        return (
            [] if any(each.fresh_at(record.received_at) for each in outside.statuses) else [finding("revocation_stale")]
        )
    proven = record.received_at
    if signature.timestamp_trusted and signature.timestamp_at is not None:
        proven = min(proven, signature.timestamp_at)
    if revoked.reason in COMPROMISE or revoked.at <= proven:
        return [finding("revoked")]
    return [finding("revoked_later")]


def _signing_time(
    signature: SignatureFacts, plan: IssuedPlan, trust: Trust, record: Record
) -> tuple[datetime, list[Finding]]:
    """The proven time of signing, else the claimed one as far as it can be true: after issue and before receipt."""
    if signature.timestamp_trusted and signature.timestamp_at is not None:
        return signature.timestamp_at, []
    remarks = [finding("timestamp_untrusted")] if signature.timestamp_at is not None else []
    claimed = signature.claimed_at
    if claimed is None:
        return record.received_at, remarks
    if claimed > trust.latest_claim(record.received_at) + CLOCK_TOLERANCE:
        remarks.append(finding("clock_ahead"))
    if claimed < plan.issued_at - CLOCK_TOLERANCE:
        remarks.append(finding("clock_behind"))
    return min(max(claimed, plan.issued_at), record.received_at), remarks


def _pcp(
    signature: SignatureFacts,
    certificate: CertificateFacts,
    plan: IssuedPlan,
    trust: Trust,
    record: Record,
    signed_at: datetime,
    findings: list[Finding],
) -> SlotOutcome:
    npi = ""
    if certificate.vouching is Vouching.SEAL:
        findings.append(finding("seal_in_slot"))
    elif certificate.vouching is Vouching.IN_PERSON:
        findings.append(finding("member_in_pcp_slot"))
    elif certificate.vouching is Vouching.NOBODY:
        findings.append(_unvouched(certificate))
    elif certificate.vouching is Vouching.PINNED:
        pin = trust.pins[certificate.fingerprint]
        npi = pin.npi
        if pin.member_id:
            findings.append(finding("member_in_pcp_slot"))
    elif certificate.key_sha256 in trust.member_keys:
        findings.append(finding("member_in_pcp_slot"))
    else:
        npi = certificate.vouched_npi
        if certificate.outside and not certificate.outside.organization_covered:
            findings.append(finding("organization_not_covered"))
    if not npi:
        believed = certificate.vouching in (Vouching.ISSUING, Vouching.PINNED, Vouching.OUTSIDE)
        if believed and not any(each.code == "member_in_pcp_slot" for each in findings):
            findings.append(finding("certificate_names_nobody"))
        return SlotOutcome(tuple(findings), None, signer=certificate.name)
    standing = may_approve(
        signer_npi=npi,
        pcp_npi=plan.pcp_npi,
        practice_id=plan.practice_id,
        member_id=plan.member_id,
        directory=record.directory,
        signed_at=signed_at,
        received_at=record.received_at,
        directory_then=record.directory_then,
        current_pcp_npi=record.current_pcp_npi,
    )
    findings += standing.findings
    row = standing.clinician
    name = f"{row.first_name} {row.last_name}" if row else certificate.name
    credential = row.credential if row else certificate.named.credential
    fill = SlotFill(
        slot=Slot.PCP,
        evidence=Evidence.DIGITAL_SIGNATURE,
        signer=name,
        npi=npi,
        credential=credential,
        role=standing.role,
        on_behalf_of=standing.on_behalf_of,
        signed_at=signature.timestamp_at if signature.timestamp_trusted else signature.claimed_at,
        received_at=record.received_at,
        timestamped=signature.timestamp_trusted,
        certificate_sha256=certificate.fingerprint,
        key_issued_by_us=certificate.vouching is Vouching.ISSUING,
        stated=signature.reason if signature.reason and means_approval(Slot.PCP, signature.reason) else "",
    )
    return SlotOutcome(tuple(findings), fill, npi, name, credential)


def _member(
    signature: SignatureFacts,
    certificate: CertificateFacts,
    plan: IssuedPlan,
    trust: Trust,
    record: Record,
    findings: list[Finding],
    before: frozenset[str],
) -> SlotOutcome:
    evidence = Evidence.DIGITAL_SIGNATURE
    witnessed = trust.witnessed.get(certificate.fingerprint)
    if certificate.vouching is Vouching.SEAL:
        findings.append(finding("seal_in_slot"))
    elif certificate.vouching is Vouching.NOBODY:
        findings.append(_unvouched(certificate))
    elif certificate.vouching is Vouching.ISSUING or (
        certificate.vouching is Vouching.PINNED and trust.pins[certificate.fingerprint].npi
    ):
        findings.append(finding("clinician_in_member_slot"))
    elif certificate.vouching is Vouching.PINNED:
        if trust.pins[certificate.fingerprint].member_id != plan.member_id:
            findings.append(finding("member_identity_unproven"))
    elif certificate.vouching is Vouching.OUTSIDE:
        findings.append(finding("clinician_in_member_slot" if certificate.vouched_npi else "member_identity_unproven"))
    else:
        evidence = Evidence.WITNESSED_SIGNATURE
        if certificate.named.document_id != plan.document_id:
            findings.append(finding("witnessed_elsewhere"))
        elif witnessed is None:
            findings.append(finding("not_witnessed"))
        elif (
            witnessed.document_id != plan.document_id
            or certificate.named.digest not in before
            or witnessed.sha256 not in before
        ):
            findings.append(finding("witnessed_elsewhere"))
    stamped = signature.timestamp_at if signature.timestamp_trusted else None
    fill = SlotFill(
        slot=Slot.MEMBER,
        evidence=evidence,
        signer=(witnessed.signer if witnessed else "") or record.member_name,
        npi="",
        credential="",
        role="representative" if witnessed and witnessed.relation else "member",
        on_behalf_of=witnessed.relation if witnessed else "",
        signed_at=witnessed.at if witnessed else stamped or signature.claimed_at,
        received_at=record.received_at,
        timestamped=stamped is not None,
        certificate_sha256=certificate.fingerprint,
        key_issued_by_us=certificate.vouching is Vouching.IN_PERSON,
        how=witnessed.witness if witnessed else "",
    )
    return SlotOutcome(tuple(findings), fill, signer=certificate.name)


def _unvouched(certificate: CertificateFacts) -> Finding:
    return finding("self_signed_unpinned" if certificate.self_signed else "unknown_ca")


def _chain(signature: SignatureFacts, certificate: CertificateFacts, dates: list[Finding]) -> list[Finding]:
    """The library's own judgment of the chain must agree where somebody vouches; ``dates`` and key usage have findings
    of their own."""
    explained = certificate.vouching is Vouching.NOBODY or not certificate.for_signing or bool(dates)
    explained = explained or (certificate.vouching is Vouching.OUTSIDE and not certificate.strong_key)
    return (
        []
        if signature.chain_ok or explained or not signature.sound
        else [finding("unverifiable", "the certificate's chain")]
    )

"""How far a signature's proof reaches, in the words of PAdES (ETSI EN 319 142-1), and until when.

B-B    the signature alone: it proves itself while its certificate is good and its authority can be asked
B-T    a time stamp proves that it was there at a time
B-LT   and the file says of each certificate whether it was revoked
B-LTA  and a document time stamp covers all of that: it is proven until that stamp's certificate ends, then a new one
must lie over it

A time stamp counts only by an authority that is believed (``keys import-ca --vouches-for time``): a stranger's says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cpdocs.core.plan_record import ProofLevel
from cpdocs.signing.field_names import SLOT_OF_FIELD
from cpdocs.signing.file_facts import FileFacts, SignatureFacts
from cpdocs.signing.trust import Vouching


@dataclass(frozen=True, slots=True)
class Proof:
    """The least that is proven of the slots' signatures in a file. ``until`` is when what proves it ends: the newest
    document time stamp's certificate, else the first of the signers' (None: only one-time ones). ``stamped_at`` and
    ``authority`` are of that stamp."""

    level: ProofLevel
    until: datetime | None
    stamped_at: datetime | None = None
    authority: str = ""


def level_of(facts: FileFacts, signature: SignatureFacts) -> ProofLevel:
    """The level of one signature in its file. A stamp made after the signer's certificate had ended doesn't show that
    it was good when they signed (EN 319 102-1, proof of existence)."""
    over = [each for each in _stamps(facts) if each.revision > signature.revision]
    times = [each.timestamp_at for each in over]
    if signature.timestamp_trusted:
        times.append(signature.timestamp_at)
    if signature.certificate is None or not any(each and each <= signature.certificate.not_after for each in times):
        return ProofLevel.BASIC
    if signature.field not in facts.material:
        return ProofLevel.TIMED
    return ProofLevel.ARCHIVAL if over else ProofLevel.LONG_TERM


def proof_of(facts: FileFacts) -> Proof:
    """The proof of the slots' signatures in the file."""
    slots = [each for each in facts.signatures if each.field in SLOT_OF_FIELD]
    level = min((level_of(facts, each) for each in slots), key=list(ProofLevel).index, default=ProofLevel.BASIC)
    newest = max(_stamps(facts), key=lambda each: each.revision, default=None)
    if newest is not None and newest.certificate is not None and all(newest.revision > each.revision for each in slots):
        return Proof(level, newest.certificate.not_after, newest.timestamp_at, newest.certificate.name)
    # A one-time key's certificate lives minutes: what shows its signature's time is the record of the visit.
    ends = [
        each.certificate.not_after
        for each in slots
        if each.certificate and each.certificate.vouching is not Vouching.IN_PERSON
    ]
    return Proof(level, min(ends, default=None))


def _stamps(facts: FileFacts) -> list[SignatureFacts]:
    """The document time stamps that hold and whose authority is believed."""
    return [each for each in facts.signatures if each.is_timestamp and each.sound and each.timestamp_trusted]

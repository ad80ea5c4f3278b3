"""The checks on the whole file: seal, coverage, fields, what was changed. Numbered as in ``verify``.

Each takes facts and gives findings; none knows of a PDF library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.verdicts import Finding
from cpdocs.signing.field_names import FIELDS, SEAL_FIELD, SLOT_OF_FIELD
from cpdocs.signing.file_facts import Change, Covers, FileFacts, GateFacts, SignatureFacts, Tail
from cpdocs.signing.trust import COMPROMISE, Trust

FILL_FORMS = 2
"""The DocMDP permission under which a plan is sealed."""


def check_prefix(facts: FileFacts) -> Iterator[Finding]:
    """1. (its second half) The revisions that a reader sees begin with ours: bytes alone could be skipped over."""
    if not facts.extends_issued:
        yield finding("not_issued_bytes", "its cross-reference passes over the plan that we issued")


def check_structure(gate: GateFacts) -> Iterator[Finding]:
    """11. Two parsers of different make read the file as it stands: where one must guess, readers see different
    documents."""
    if not gate.readable or gate.repaired:
        yield finding("unverifiable", "its structure must be repaired to be read")


def check_coverage(tail: Tail, facts: FileFacts) -> Iterator[Finding]:
    """2. The last signature covers the file to its end; only archival revisions may follow it."""
    if not facts.signatures or any(each.problem for each in facts.signatures):
        return  # held as unverifiable; how far such a signature reaches can't be told
    if tail is Tail.RESTORED:
        yield finding("line_end_lost")
        tail = Tail.NOTHING
    last = max(facts.signatures, key=lambda each: each.end)
    if last.covers is Covers.WHOLE_FILE:
        return
    if tail is Tail.SPACE and last.covers is Covers.REVISION and last.revision == facts.revisions - 1:
        yield finding("line_end_added")  # white space alone is transport: nothing that anybody signed is touched
        return
    if tail is not Tail.NOTHING or (last.covers is Covers.REVISION and last.revision == facts.revisions - 1):
        yield finding("trailing_bytes")
    elif last.covers is not Covers.REVISION or last.change is not Change.ARCHIVAL:
        yield finding("not_whole_file")


def check_signatures(tail: Tail, facts: FileFacts) -> Iterator[Finding]:
    """3 and 6. Every signature is sound, covers its revision, and is followed by nothing but what the policy allows."""
    end = max((each.end for each in facts.signatures), default=0)
    for each in facts.signatures:
        is_seal = each.field == SEAL_FIELD
        if each.problem:
            yield finding("unverifiable", f"{each.field}: {each.problem}")
            continue
        if not each.sound and tail is Tail.UNPROVEN and each.end == end:
            yield finding("line_end_missing", each.field)  # it can't be checked, so nobody altered it for all we know
        elif not each.sound:
            yield finding("seal_broken" if is_seal else "signature_broken", each.field)
        if each.covers is Covers.UNCLEAR:
            yield finding("not_whole_file", each.field)
        if each.change is Change.OTHER:
            yield finding("changed_after_signing", f"after {each.field}")
        elif each.change is Change.UNCLEAR:
            yield finding("changes_unclear", f"after {each.field}")
        if bool(each.certifies) != is_seal:
            yield finding(
                "unverifiable", f"{each.field}: {'certifies' if each.certifies else 'does not certify'} the document"
            )


def check_additions(facts: FileFacts) -> Iterator[Finding]:
    """2 and 6. Every byte behind the issued plan is accounted for, as a signature or as proof for one."""
    if facts.additions.doubt:
        yield finding("additions_unclear", facts.additions.doubt)


def check_pages(facts: FileFacts) -> Iterator[Finding]:
    """6. Each parser reaches from each page what it reaches in the plan as issued."""
    if facts.other_pages:
        yield finding("pages_read_differently", facts.other_pages)


def check_attributes(facts: FileFacts) -> Iterator[Finding]:
    """3. The key signed attributes: what is signed as what. A bare digest says neither (EN 319 122-1, 5.1)."""
    for each in facts.signatures:
        if not each.problem and not each.attributes_signed:
            yield finding("unverifiable", f"{each.field}: nothing but a digest is signed")


def check_fields(facts: FileFacts) -> Iterator[Finding]:
    """4. The form has our three fields, each once, and besides them only document time stamps."""
    names = Counter(each.name for each in facts.fields if not each.is_timestamp)
    kinds = {each.name: each.kind for each in facts.fields}
    for name in sorted(names):
        if name not in FIELDS or names[name] > 1:
            yield finding("extra_field")
    for name in FIELDS:
        if name not in names or kinds[name] != "/Sig":
            yield finding("field_missing", name)
    if any(each.is_timestamp and each.name in FIELDS for each in facts.fields):
        yield finding("extra_field")


def check_seal(facts: FileFacts, plan: IssuedPlan, trust: Trust) -> Iterator[Finding]:
    """5. The seal is there, made with the very certificate that sealed this plan, at the permission that we give."""
    seal = facts.signature_in(SEAL_FIELD)
    if seal is None or seal.is_timestamp:
        yield finding("seal_missing")
        return
    if seal.problem:
        return
    certificate = seal.certificate
    ours = trust.seal_fingerprints
    if certificate is None or certificate.fingerprint != plan.seal_fingerprint or certificate.fingerprint not in ours:
        yield finding("seal_not_ours")
        return
    revoked = trust.revoked.get(certificate.fingerprint)
    if revoked is not None and revoked.reason in COMPROMISE:
        yield finding("revoked", "the organization's seal")
    if seal.certifies not in (0, FILL_FORMS):
        yield finding("seal_broken", "another permission than ours")


def check_distinct(facts: FileFacts) -> Iterator[Finding]:
    """7. No signature stands in two fields, no certificate and no key in two of seal, member and PCP."""
    readable = [each for each in facts.signatures if not each.problem]
    if _repeated(each.blob_sha256 for each in readable):
        yield finding("same_signature_twice")
    in_slots = [each for each in readable if each.field in SLOT_OF_FIELD and each.certificate]
    if _repeated(_key_of(each) for each in in_slots):
        yield finding("same_certificate_both_slots")
    seal = facts.signature_in(SEAL_FIELD)
    if seal and seal.certificate and any(_key_of(each) == _key_of(seal) for each in in_slots):
        yield finding("seal_in_slot")


def check_particulars(facts: FileFacts) -> Iterator[Finding]:
    """10. Title and other particulars are as they were sealed."""
    if not facts.same_particulars:
        yield finding("title_changed")


def _key_of(signature: SignatureFacts) -> str:
    return signature.certificate.key_sha256 if signature.certificate else ""


def _repeated(values: Iterator[str] | list[str]) -> bool:
    return any(count > 1 for count in Counter(values).values())

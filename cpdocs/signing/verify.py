"""The verdict on a returned file: one numbered procedure from bytes to yes, no, or a person must look.

``verify_return`` is what ``verify`` and ``intake`` both ask. It never raises, whatever the bytes, and changes nothing.
Unsure is held, never accepted (contract §1).

First, what came back:

A. The gate (``gate``): too large, empty, no PDF, encrypted, too many pages: nothing further is parsed. Scripts,
   attachments and actions, found through the objects, hold a file by whatever lane it came.
B. The lane (``lanes``). *Digital* is only what begins with the issued bytes; everything else is held or rejected there.

Then, for the digital lane, twelve checks:

 1. The returned bytes begin with exactly the issued bytes, and the revisions that a reader sees begin with ours.
 2. The last signature covers the file to its end, its own value's digits alone left out. Only a revision of validation
    material or a document time stamp may follow it, and nothing may stand behind the last end mark.
 3. Every signature is sound, the seal first, and not the last one alone: each was made over its bytes by its key, and
    with the attributes that say so.
 4. The fields are exactly ours; a new one only for a document time stamp, filled and invisible.
 5. The seal is made by the very certificate that sealed this plan, at the permission that we give.
 6. What changed after each signature is on the allow-list (``difference.StrictPolicy``), and so is, by a grammar of our
    own, every appended byte and every object that it writes (``additions``); every parser in use reaches from each page
    what it reaches in the plan as issued (``page_views``).
 7. Signature values, certificates and keys are distinct: none in two fields, nor in both slots.
 8. Each slot's certificate is tied to a person: by one of our authorities and the NPI in it, by an outside one on
    record and the NPI at the one place for which it is believed, by a pin, or, for a member, by the record of the
    visit; that person may approve (contract §6, ``cpdocs.core.signers``).
 9. Nothing used was revoked: for our authorities the ledger says so, an outside one must have said so itself, freshly.
    A signature received before stands, except after a compromise of the key. Dates, key usage and methods are as they
    must be; a time before receipt counts only where it is proven.
10. The document's title and other particulars are as sealed.
11. Whatever a parser throws is a finding; what can't be read is never skipped.
12. The library's summary ("bottom line") is not used: each of its parts is a fact that is checked here by itself.

Last, the plan's own state: a superseded or withdrawn version is held, and a slot that is filled stays as it is.

``tests/signing/test_checks_carry.py`` takes out one check after the other and shows a file that then loses its finding.

What this can't show: that the person at the keyboard was the certificate's holder; that a page was read; anything
about a reader's screen. A signer's own clock (``signed_at``) is a claim; the time of receipt is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.verdicts import Finding, Lane, Slot, Verdict, worst
from cpdocs.signing import filechecks, lanes
from cpdocs.signing.examination import Examination, SignatureReport, SlotApproval
from cpdocs.signing.facts import read_facts
from cpdocs.signing.fields import SLOT_OF_FIELD
from cpdocs.signing.file_facts import FileFacts, SignatureFacts
from cpdocs.signing.gate import GateReport, look
from cpdocs.signing.increments import MOST_REVISIONS
from cpdocs.signing.record import Limits, Record
from cpdocs.signing.reports import reports
from cpdocs.signing.slotchecks import check_slot
from cpdocs.signing.trust import Trust

_CLOSED = {
    "superseded": "superseded_version",
    "withdrawn": "withdrawn_version",
    **dict.fromkeys(("deceased", "declined", "disenrolled", "changed_cp"), "member_not_enrolled"),
}


def verify_return(
    data: bytes,
    *,
    plan: IssuedPlan | None,
    issued: bytes | None,
    trust: Trust,
    record: Record,
    marks: Iterable[str] = (),
    limits: Limits | None = None,
) -> Examination:
    """The verdict on ``data``, which was matched to ``plan`` (None: to nothing of ours), issued as the bytes
    ``issued``.

    ``marks`` are document ids read from page codes on pages that are pictures of paper.
    """
    gate = look(data, limits or Limits())
    try:
        return _examine(data, plan, issued, trust, record, tuple(marks), gate)
    except Exception as error:  # noqa: BLE001 check 11, the outermost net: a fault of ours must hold the file, not lose it
        return _result(Lane.UNMATCHED, plan, (*gate.findings, finding("unverifiable", type(error).__name__)))


def _examine(
    data: bytes,
    plan: IssuedPlan | None,
    issued: bytes | None,
    trust: Trust,
    record: Record,
    marks: tuple[str, ...],
    gate: GateReport,
) -> Examination:
    if gate.shut:
        lane = Lane.INK if marks and plan is not None else Lane.UNMATCHED
        return _result(lane, plan, (*gate.findings, *_ink(lane), *_state(plan)))
    if plan is None or issued is None:
        facts = read_facts(data, trust, record.received_at)
        return _result(
            Lane.UNMATCHED, None, (*gate.findings, finding("unmatched")), signatures=reports(facts, {}, trust)
        )
    if not data.startswith(issued):
        facts = read_facts(data, trust, record.received_at)
        lane, findings = lanes.classify(data, issued, facts, gate, plan, marked=bool(marks))
        return _result(lane, plan, (*gate.findings, *findings, *_state(plan)), signatures=reports(facts, {}, trust))
    return _digital(data, plan, issued, trust, record, gate)


def _digital(
    data: bytes, plan: IssuedPlan, issued: bytes, trust: Trust, record: Record, gate: GateReport
) -> Examination:
    facts = read_facts(data, trust, record.received_at, issued=issued, most_revisions=MOST_REVISIONS)
    if facts.problem:
        lane, findings = lanes.unreadable(data, facts)
        return _result(lane, plan, (*gate.findings, *findings, *_state(plan)))
    signed = {SLOT_OF_FIELD[each.field]: each for each in facts.signatures if each.field in SLOT_OF_FIELD}
    outcomes = {
        slot: check_slot(slot, each, plan, trust, record, _seen_before(data, issued, facts, each))
        for slot, each in signed.items()
    }
    findings = (
        *gate.findings,
        *filechecks.check_structure(gate),  # 11
        *filechecks.check_prefix(facts),  # 1
        *filechecks.check_seal(facts, plan, trust),  # 5
        *filechecks.check_signatures(facts),  # 3 and 6
        *filechecks.check_attributes(facts),  # 3
        *filechecks.check_fields(facts),  # 4
        *filechecks.check_distinct(facts),  # 7
        *filechecks.check_particulars(facts),  # 10
        *filechecks.check_coverage(data, facts),  # 2
        *filechecks.check_additions(facts),  # 2 and 6
        *filechecks.check_pages(facts),  # 6
        *(each for outcome in outcomes.values() for each in outcome.findings),  # 8 and 9
        *(() if signed else (finding("no_signature"),)),
        *_state(plan),
    )
    approvals = {slot: outcome.approval for slot, outcome in outcomes.items() if outcome.approval}
    new = {slot: approval for slot, approval in approvals.items() if slot not in record.filled}
    if signed and all(slot in record.filled for slot in signed):
        findings = (*findings, finding("already_filled"))
    return _result(Lane.DIGITAL, plan, findings, approvals=new, signatures=reports(facts, outcomes, trust))


def _seen_before(data: bytes, issued: bytes, facts: FileFacts, signature: SignatureFacts) -> frozenset[str]:
    """The digests of what a signer may have been shown: the plan as issued, or with the signatures that came before."""
    ends = {each.end for each in facts.signatures if each.revision < signature.revision and each.end <= len(data)}
    return frozenset({sha256(issued).hexdigest()} | {sha256(data[:end]).hexdigest() for end in ends})


def _state(plan: IssuedPlan | None) -> Iterator[Finding]:
    """The plan's own state: what is closed is held (contract §4)."""
    if plan is not None and plan.closed:
        yield finding(_CLOSED.get(plan.closed, "not_open"))


def _ink(lane: Lane) -> Iterator[Finding]:
    if lane is Lane.INK:
        yield finding("ink_scan")


def _result(
    lane: Lane,
    plan: IssuedPlan | None,
    findings: Iterable[Finding],
    *,
    approvals: dict[Slot, SlotApproval] | None = None,
    signatures: tuple[SignatureReport, ...] = (),
) -> Examination:
    """Adds up the findings. Only the digital lane accepts, and only an accepted file fills a slot."""
    unique = tuple(dict.fromkeys(findings))
    verdict = worst(unique)
    if verdict is Verdict.REJECTED:
        # The copy goes back whatever is in it: that nobody could look inside asks nothing more of the practice.
        unique = tuple(each for each in unique if each.code != "unsearchable")
    if lane is not Lane.DIGITAL and verdict is Verdict.ACCEPTED:
        unique, verdict = (*unique, finding("unverifiable")), Verdict.HELD
    fills = (approvals or {}) if verdict is Verdict.ACCEPTED else {}
    return Examination(verdict, lane, plan.document_id if plan else None, unique, fills, signatures)

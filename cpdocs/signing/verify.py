"""The verdict on a returned file: one numbered, pure procedure from facts to yes, no, or a person must look.

``decide`` is what ``verify`` and ``intake`` both ask. What the file says was read before, in a confined child
(``reading``), and is kept: a changed directory is decided on anew from the same facts. It never raises, whatever the
facts, and changes nothing. Unsure is held, never accepted (contract §1).

A file is decided on in *parts*: what it holds of one document each, with its own verdict, findings and slots.

First, what came back:

A. The gate: too large, empty, no PDF, encrypted, too many pages: nothing further was parsed. Scripts, attachments and
   actions, found through the objects, hold a file by whatever lane it came.
B. The parts (``cpdocs.core.parts``): a file that begins with issued bytes is that plan's; any other is what its pages'
   codes name, else what its metadata do.
C. The lane (``lanes``). *Digital* is only what begins with the issued bytes; everything else is held or rejected there.

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

Last, the plan's own state: a superseded or withdrawn version is held, and a slot that is filled stays as it is; by
whose folder it came; and whether one person made the PCP's key and witnessed the member (``core.second_person``).

``tests/signing/test_checks_carry.py`` takes out one check after the other and shows a file that then loses its finding.

What this can't show: that the person at the keyboard was the certificate's holder; that a page was read; anything
about a reader's screen. A signer's own clock (``signed_at``) is a claim; the time of receipt is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedLetter, IssuedPlan
from cpdocs.core.page_facts import BoxReading, PageKind
from cpdocs.core.parts import PageGroup, PartPages, extra_pages, grouped
from cpdocs.core.reply_slips import IN_WORDS, Answer, answer_of
from cpdocs.core.return_record import Decision
from cpdocs.core.review_queue import WHOSE_BOX
from cpdocs.core.verdicts import Finding, Lane, Slot, Verdict, worst
from cpdocs.signing import filechecks, lanes
from cpdocs.signing.comments import beside_comments, comments_on, on_pages
from cpdocs.signing.field_names import FIELD_OF_SLOT, SLOT_OF_FIELD
from cpdocs.signing.file_facts import Beside, ReturnFacts, SignatureFacts
from cpdocs.signing.record import Record
from cpdocs.signing.reports import reports
from cpdocs.signing.slotchecks import check_slot
from cpdocs.signing.trust import Trust

_CLOSED = {
    "superseded": "superseded_version",
    "withdrawn": "withdrawn_version",
    **dict.fromkeys(("deceased", "declined", "disenrolled", "changed_cp"), "member_not_enrolled"),
}


def decide(
    facts: ReturnFacts,
    records: Sequence[Record],
    trust: Trust,
    *,
    practice_id: str = "",
    also_by: Collection[str] = (),
    letters: Sequence[IssuedLetter] = (),
) -> tuple[Decision, ...]:
    """What a file with these ``facts`` comes to, part by part; there is always one.

    ``records`` are of the plans on record that it begins with or names, ``letters`` those whose reply slips are in it.
    It was dropped in ``practice_id``'s folder
    (empty: in none's); ``also_by`` are the practices by whose folders the same bytes came too: once the plan's own has
    brought them, whoever drops them again makes nothing doubtful.
    """
    by_id = {record.plan.document_id: record for record in records}
    try:
        parts = [*_parts(facts, by_id, {each.document_id: each for each in letters}, trust)]
    except Exception as error:  # noqa: BLE001 check 11, the outermost net: a fault of ours must hold the file, not lose it
        parts = [_result(Lane.UNMATCHED, None, (*_noted(facts), finding("unverifiable", type(error).__name__)))]
    return tuple(
        replace(_by_folder(part, by_id, practice_id, also_by), part=number, of=len(parts))
        for number, part in enumerate(parts, 1)
    )


def signing_claimed(facts: ReturnFacts, plan: IssuedPlan, received_at: datetime) -> datetime:
    """When the PCP's slot was signed: proven, else claimed as far as it can be true; receipt where nothing says."""
    signature = facts.signed.signature_in(FIELD_OF_SLOT[Slot.PCP])
    if signature is None:
        return received_at
    proven = signature.timestamp_at if signature.timestamp_trusted else None
    return min(max(proven or signature.claimed_at or received_at, plan.issued_at), received_at)


def _parts(
    facts: ReturnFacts, by_id: dict[str, Record], letters: dict[str, IssuedLetter], trust: Trust
) -> Iterator[Decision]:
    if facts.stopped:
        record = by_id.get(facts.begins_with)
        code = "resource_limit" if facts.stopped == "limit" else "unverifiable"
        yield _result(Lane.DIGITAL if record else Lane.UNMATCHED, record, (finding(code),))
        return
    if facts.begins_with in by_id:
        yield _issued(facts, by_id[facts.begins_with], trust)
        return
    groups = grouped(facts.pages, {*by_id, *letters})
    slips = [group for group in groups if group.document_id in letters]
    named = [group for group in groups if group.document_id in by_id] or [
        PageGroup(each) for each in facts.named if each in by_id and not slips
    ]
    for group in slips:
        yield _slip(facts, group, letters[group.document_id])
    if slips and not named:
        yield from (_unmatched(facts, group, trust, []) for group in groups if not group.document_id)
        return
    if not named or (len(named) > 1 and not named[0].pages):
        # Nothing of ours, or only words in it that name several plans: nobody guesses which.
        several = [finding("several_plans", ", ".join(group.document_id for group in named))] if named else []
        yield _unmatched(facts, groups[0] if groups else PageGroup("", facts.pages.pages), trust, several)
        return
    for group in named:
        yield _other(facts, group, by_id[group.document_id], trust, alone=len(named) + len(slips) == 1)
    for group in groups:
        if not group.document_id:
            yield _unmatched(facts, group, trust, [])


def _slip(facts: ReturnFacts, group: PageGroup, letter: IssuedLetter) -> Decision:
    """A letter's reply slip: held with what its ticks say, for a person to record."""
    answer = answer_of(group.ticks)
    findings = [*_noted(facts), finding("reply_slip", f"It seems that the member {IN_WORDS[answer]}.")]
    if answer is Answer.UNSURE:
        findings[-1] = finding("reply_slip", f"What the member wants {IN_WORDS[answer]}.")
    if not letter.mailed:
        findings.append(finding("letter_not_mailed"))
    if letter.stands == "replaced":
        findings.append(finding("old_letter"))
    elif letter.stands:
        findings.append(finding("member_not_enrolled", letter.stands.replace("_", " ")))
    mine = {page.number for page in group.pages}
    noted = any(note.page in mine for note in facts.notes)
    findings += _stopped(facts)
    if group.marks_elsewhere or noted:
        findings.append(finding("marks_elsewhere", "a comment in the file" if noted else ""))
    extra = extra_pages(facts.pages)
    return replace(
        _result(Lane.INK, None, findings),
        document_id=letter.document_id,
        member_id=letter.member_id,
        program=letter.program,
        kind=PageKind.REPLY_SLIP,
        pages=PartPages(extra=extra),
        marks_elsewhere=group.marks_elsewhere,
        answer=answer.value,
    )


def _unmatched(facts: ReturnFacts, group: PageGroup, trust: Trust, also: list[Finding]) -> Decision:
    noted = _noted(facts)
    findings = noted if _shut(facts) else (*noted, finding("unmatched"), *also)
    decision = _result(Lane.UNMATCHED, None, findings)
    signatures = tuple(reports(facts.signed, {}, trust))
    return replace(decision, kind=group.kind, pages=group.counted(), signatures=signatures)


def _other(facts: ReturnFacts, group: PageGroup, record: Record, trust: Trust, *, alone: bool) -> Decision:
    """A part of a file that doesn't begin with the issued bytes of what it names. ``alone``: it is the only one."""
    plan = record.plan
    findings: tuple[Finding, ...] = ()
    if _shut(facts):
        lane = Lane.INK if group.pages else Lane.UNMATCHED
        findings = (finding("ink_scan"),) if group.pages else ()
    else:
        beside = facts.beside.get(plan.document_id, Beside()) if alone else Beside()
        lane, findings = lanes.classify(facts, group, beside, plan)
    # What a signing service wrote anew has annotations of its own.
    comments = () if lane is Lane.ESIGN_SERVICE else tuple(comments_on(facts, group))
    if comments and lane is Lane.DAMAGED:
        findings = tuple(beside_comments(findings, signed=False))
    pages = group.counted(plan.pages, extra_pages(facts.pages))
    if lane is Lane.INK:
        findings = (
            *_paper(group, pages, record, findings, commented=bool(comments)),
            *_unread(facts, alone=alone),
            *_stopped(facts),
        )
    findings = (*comments, *findings)
    kind = group.kind if group.pages else PageKind.PLAN
    decision = _result(lane, record, (*_noted(facts), *findings, *_state(plan)))
    return replace(
        decision,
        kind=kind,
        pages=pages,
        boxes=group.boxes,
        marks_elsewhere=group.marks_elsewhere,
        suggested={
            page.number: page.looks_like
            for page in facts.pages.pages
            if page.looks_like and page.looks_like.document_id == plan.document_id
        },
        signatures=tuple(reports(facts.signed, {}, trust)) if alone else (),
    )


def _paper(
    group: PageGroup, pages: PartPages, record: Record, findings: Iterable[Finding], *, commented: bool
) -> Iterator[Finding]:
    """What the pages of a scan come to besides: a cover alone, pages that are missing, boxes without visible ink."""
    if group.kind is PageKind.COVER:
        yield from (each for each in findings if each.code != "ink_scan")
        if not commented:
            yield finding("cover_alone")
        return
    yield from findings
    if pages.missing:
        yield finding("pages_missing", f"not seen: {', '.join(map(str, pages.missing))} of {pages.of}")
    empty = [
        whose
        for slot, whose in WHOSE_BOX.items()
        if group.boxes.get(slot) is BoxReading.EMPTY and slot not in record.filled
    ]
    if empty:
        yield finding("box_empty", " and ".join(empty))
    if group.marks_elsewhere or (group.written_on_cover and not commented):
        yield finding("marks_elsewhere", on_pages(group.marks_elsewhere, cover=group.written_on_cover))


def _unread(facts: ReturnFacts, *, alone: bool) -> Iterator[Finding]:
    if facts.pages.disagreeing and alone:
        where = ", ".join(map(str, facts.pages.disagreeing))
        yield finding("pages_missing", f"contradictory codes on page {where} of the file")


def _stopped(facts: ReturnFacts) -> Iterator[Finding]:
    """Pages of the file that nobody could look at within the limits: each may be any part's."""
    if lost := [page.number for page in facts.pages.pages if page.stopped]:
        yield finding("page_not_drawn", f"page {', '.join(map(str, lost))} of the file")


def _issued(facts: ReturnFacts, record: Record, trust: Trust) -> Decision:
    """The digital lane: the file begins with the issued bytes."""
    plan, signed_facts, gate = record.plan, facts.signed, facts.gate
    pages = PartPages(plan.pages, tuple(range(1, plan.pages + 1)))
    if gate.shut:
        lane, findings = Lane.UNMATCHED, _noted(facts)
        return replace(_result(lane, record, (*findings, *_state(plan))), kind=PageKind.PLAN, pages=pages)
    if signed_facts.problem:
        lane, findings = lanes.unreadable(facts)
        decision = _result(lane, record, (*_noted(facts), *findings, *_state(plan)))
        return replace(decision, kind=PageKind.PLAN, pages=pages)
    signed = {SLOT_OF_FIELD[each.field]: each for each in signed_facts.signatures if each.field in SLOT_OF_FIELD}
    outcomes = {
        slot: check_slot(slot, each, plan, trust, record, _seen_before(facts, plan, each))
        for slot, each in signed.items()
    }
    findings = (
        *_noted(facts),
        *filechecks.check_structure(gate),  # 11
        *filechecks.check_prefix(signed_facts),  # 1
        *filechecks.check_seal(signed_facts, plan, trust),  # 5
        *filechecks.check_signatures(facts.tail, signed_facts),  # 3 and 6
        *filechecks.check_attributes(signed_facts),  # 3
        *filechecks.check_fields(signed_facts),  # 4
        *filechecks.check_distinct(signed_facts),  # 7
        *filechecks.check_particulars(signed_facts),  # 10
        *filechecks.check_coverage(facts.tail, signed_facts),  # 2
        *filechecks.check_additions(signed_facts),  # 2 and 6
        *filechecks.check_pages(signed_facts),  # 6
        *(each for outcome in outcomes.values() for each in outcome.findings),  # 8 and 9
        *(() if signed else (finding("no_signature"),)),
        *_one_person(signed, record),
        *_state(plan),
    )
    fills = {slot: outcome.fill for slot, outcome in outcomes.items() if outcome.fill and slot not in record.filled}
    if signed and all(slot in record.filled for slot in signed):
        findings = (*findings, finding("already_filled"))
    if facts.notes:
        comments = comments_on(facts, PageGroup(plan.document_id))
        findings = (*comments, *beside_comments(findings, signed=bool(signed)))
    decision = _result(Lane.DIGITAL, record, findings)
    return replace(
        decision,
        kind=PageKind.PLAN,
        pages=pages,
        fills=fills if decision.verdict is Verdict.ACCEPTED else {},
        signatures=tuple(reports(signed_facts, outcomes, trust)),
    )


def _one_person(signed: Mapping[Slot, SignatureFacts], record: Record) -> Iterator[Finding]:
    """Whoever made the key in the PCP's slot witnessed the member too: nobody else was there."""
    pcp = signed.get(Slot.PCP)
    certificate = pcp.certificate.fingerprint if pcp and pcp.certificate else record.filled.get(Slot.PCP, "")
    if certificate in record.self_witnessed:
        yield finding("second_person_needed")


def _seen_before(facts: ReturnFacts, plan: IssuedPlan, signature: SignatureFacts) -> frozenset[str]:
    """The digests of what a signer may have been shown: the plan as issued, or with the signatures that came before."""
    earlier = (each for each in facts.signed.signatures if each.revision < signature.revision)
    return frozenset({plan.sha256} | {each.covered_sha256 for each in earlier if each.covered_sha256})


def _noted(facts: ReturnFacts) -> tuple[Finding, ...]:
    """What the gate noted. A fax is a picture, and that is no fault of the office."""
    drawn = bool(facts.pages.pages)
    return tuple(finding(code, detail) for code, detail in facts.gate.noted if not (code == "not_a_pdf" and drawn))


def _shut(facts: ReturnFacts) -> bool:
    return facts.gate.shut and not (facts.pages.pages and [code for code, _ in facts.gate.noted] == ["not_a_pdf"])


def _state(plan: IssuedPlan) -> Iterator[Finding]:
    """The plan's own state: what is closed is held (contract §4)."""
    if plan.closed:
        yield finding(_CLOSED.get(plan.closed, "not_open"))


def _by_folder(part: Decision, by_id: dict[str, Record], practice_id: str, also_by: Collection[str]) -> Decision:
    """The part as it is judged by whose folder it came: another practice's holds it."""
    record = by_id.get(part.document_id)
    part = replace(part, practice_id=practice_id, plan_practice_id=record.plan.practice_id if record else "")
    if not record or not practice_id or record.plan.practice_id in (practice_id, *also_by):
        return part
    findings = (*part.findings, finding("wrong_return_folder"))
    return replace(part, findings=findings, verdict=worst(findings), fills={})


def _result(lane: Lane, record: Record | None, findings: Iterable[Finding]) -> Decision:
    """Adds up the findings. Only the digital lane accepts."""
    unique = tuple({f"{each.code} {each.detail}": each for each in reversed((*findings,))}.values())[::-1]
    verdict = worst(unique)
    if verdict is Verdict.REJECTED:
        # The copy goes back whatever is in it: that nobody could look inside asks nothing more of the practice.
        unique = tuple(each for each in unique if each.code != "unsearchable")
    if lane is not Lane.DIGITAL and verdict is Verdict.ACCEPTED:
        unique, verdict = (*unique, finding("unverifiable")), Verdict.HELD
    return Decision(verdict, lane, record.plan.document_id if record else "", unique)

"""The one procedure by which a returned file is judged, for ``verify`` and ``intake`` alike. It changes nothing.

1. What the file says is read once, in a confined child with limits (``sandbox``): facts, and no decision. A child that
   dies is a fact too; the pages of a scan that one page keeps from being read are then read each alone.
2. The plans that it begins with or names are looked up; a file that begins with none is held beside each of them.
3. What is on record of each is put beside the facts: the directory now and on the day of signing, the member, the
   slots that are filled, what closed the plan.
4. ``cpdocs.signing.verify`` decides from these, part by part. Where only the record has changed since, the facts are
   kept and decided on anew: no child is run again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import EventType, NewEvent, document_subject, member_subject, return_subject
from cpdocs.core.file_kind import kind_of
from cpdocs.core.findings import finding
from cpdocs.core.issued import IssuedLetter
from cpdocs.core.lifecycle import issued_plan
from cpdocs.core.page_facts import PageKind
from cpdocs.core.page_names import named_pages, with_names
from cpdocs.core.return_record import Decision, ReturnRecord, decided_data
from cpdocs.core.second_person import WITNESS_EVENTS, made_by, witnesses
from cpdocs.core.slot_fills import fill_data
from cpdocs.core.verdicts import Finding, Slot
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import find_plan
from cpdocs.plans.variants import copy_by_digest, given_copies
from cpdocs.returns.page_by_page import read_page_by_page
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.signing.line_ends import as_issued

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.ledger.reads import Reads
    from cpdocs.signing.file_facts import ReturnFacts
    from cpdocs.signing.record import Record
    from cpdocs.signing.trust import Trust
    from cpdocs.workspace import Workspace

SECONDS = 20.0
"""For reading one file that begins with a plan's issued bytes; ordinary ones take a quarter of a second."""
SCAN_SECONDS = 60.0
"""For reading any other, page by page."""
INK_SECONDS = 120.0
"""For what a pen left on them; a page takes a third of a second."""
MEGABYTES = 1024
_OF_PAGES = frozenset({"pdf", "tif"})
"""Kinds of files with several pages: a picture is one, and has had its limit."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided about one file, part by part, as of event ``as_of``, and the plans on record that it names; and
    the letters whose reply slips are in it."""

    parts: tuple[Decision, ...]
    as_of: int
    plans: Mapping[str, PlanRecord] = field(default_factory=dict)
    letters: tuple[IssuedLetter, ...] = ()

    @property
    def rests_on(self) -> tuple[PlanRecord | IssuedLetter, ...]:
        """What it is about: whatever is recorded of these, or of their members, may change it."""
        return (*self.plans.values(), *self.letters)

    def events(self, decision: Decision, record: ReturnRecord) -> tuple[NewEvent, ...]:
        """The decision on one part and the slots that it fills, as events."""
        subject = return_subject(record.sha256)
        about = (
            subject,
            *((document_subject(decision.document_id),) if decision.document_id else ()),
            *((member_subject(decision.member_id),) if decision.member_id else ()),
        )
        decided = NewEvent(EventType.RETURN_DECIDED, about, decided_data(decision, record))
        return (decided, *self.fills(decision, record.sha256))

    def fills(self, decision: Decision, digest: str) -> tuple[NewEvent, ...]:
        """The slots that a part of the file with this digest fills, as events."""
        fills = [replace(decision.fills[slot], return_sha256=digest) for slot in Slot if slot in decision.fills]
        return tuple(
            plan_event(
                EventType.SLOT_FILLED, self.plans[decision.document_id], return_subject(digest), **fill_data(fill)
            )
            for fill in fills
        )


def judge(
    ws: Workspace,
    data: bytes,
    *,
    practice_id: str,
    received_at: datetime,
    context: DecisionContext | None = None,
    also_by: Collection[str] = (),
    seconded: bool = False,
) -> Judgement:
    """The verdict on ``data``, dropped in ``practice_id``'s folder (empty: at the top), by what is on record now.

    ``also_by`` are the practices by whose folders the same bytes came too. ``seconded``: a second
    person looked at what one did alone.

    Never raises for any bytes; raises what the ledger and the store raise.
    """
    from cpdocs.signing.verify import decide

    context = context or DecisionContext(ws)
    context.refresh()
    as_of = context.as_of
    trust = replace(context.trust, true_now=ws.clock.true_now()) if ws.sandbox else context.trust
    facts, plans, letters = _read(ws, data, context, trust, received_at)
    records = [_record(ws, context, facts, plan, received_at, seconded=seconded) for plan in plans.values()]
    parts = decide(facts, records, trust, practice_id=practice_id, also_by=also_by, letters=letters)
    if any("unmatched" in part.codes for part in parts) and (known := _as_copies(ws, data, facts)):
        parts = tuple(_called(part, known) for part in parts)
    return Judgement(parts, as_of, plans, letters)


def _as_copies(ws: Workspace, data: bytes, facts: ReturnFacts) -> tuple[Finding, ...]:
    """What to call pages that match no plan, where they are those of copies for information: such a copy byte for byte,
    or pages that bear its id, whatever came on them since."""
    copy = copy_by_digest(ws.ledger, sha256(data).hexdigest())
    if copy is not None:
        return (finding("information_copy", f"copy {copy.variant_id} of plan {copy.document_id}"),)
    named = dict.fromkeys((*facts.pages.documents, *facts.named))
    copies = (given for each in named for given in given_copies(ws.ledger, each)[-1:] if given.variant_id == each)
    return tuple(finding("copy_not_plan", f"copy {each.variant_id} of plan {each.document_id}") for each in copies)


def _called(part: Decision, known: tuple[Finding, ...]) -> Decision:
    """The part with ``known`` in the place of a finding that nothing is known of it."""
    found = [(each,) if each.code != "unmatched" else known for each in part.findings]
    return replace(part, findings=tuple(each for several in found for each in several))


def judge_oversized(ws: Workspace, size: int, *, practice_id: str) -> Judgement:
    """The verdict on a file too large to be read: held, and nothing of it parsed."""
    from cpdocs.signing.file_facts import GateFacts, ReturnFacts
    from cpdocs.signing.trust import Trust
    from cpdocs.signing.verify import decide

    noted = (("too_large", f"{size} bytes; at most {ws.options.max_return_bytes}"),)
    facts = ReturnFacts(GateFacts(False, False, False, noted=noted))
    return Judgement(decide(facts, (), Trust(), practice_id=practice_id), ws.ledger.head().size)


def _read(
    ws: Workspace, data: bytes, context: DecisionContext, trust: Trust, received_at: datetime
) -> tuple[ReturnFacts, dict[str, PlanRecord], tuple[IssuedLetter, ...]]:
    """The facts of ``data``, the plans on record that it begins with or names, by document id, and the letters whose
    reply slips are in it."""
    digest = sha256(data).hexdigest()
    named = named_pages(ws.ledger.events(subject=return_subject(digest), types=(EventType.HELD_SPLIT,)))
    kept = f"{digest}:{sorted(named.items(), key=lambda each: each[0])}" if named else digest
    # A mail system may have taken the line end at its end from the plan that we issued, or changed it.
    begins_with = context.index.by_bytes(data) or context.index.by_bytes(as_issued(data)) or ""
    facts = context.kept_facts(kept, begins_with, received_at)
    if facts is None:
        facts = _facts(ws, data, begins_with, trust, received_at)
        facts = replace(facts, pages=with_names(facts.pages, named))
    documents = (begins_with,) if begins_with else _named(context, facts)
    plans = {each: plan for each in documents if (plan := find_plan(ws.ledger, each)) is not None}
    if not begins_with and not facts.stopped and set(plans) - set(facts.beside):
        facts = _beside(ws, data, facts, plans)
    letters = _letters(ws, facts)
    if letters and not any(page.ticks for page in facts.pages.pages):
        facts = _ticked(ws, data, facts, letters)
    context.keep_facts(kept, begins_with, received_at, facts)
    return facts, plans, letters


def _letters(ws: Workspace, facts: ReturnFacts) -> tuple[IssuedLetter, ...]:
    """The letters on record whose reply slips are among the pages."""
    slips = [page.document_id for page in facts.pages.pages if page.kind is PageKind.REPLY_SLIP and page.document_id]
    if not slips:
        return ()
    from cpdocs.returns.issued_letters import issued_letter

    found = (issued_letter(ws, each) for each in dict.fromkeys(slips))
    return tuple(letter for letter in found if letter is not None)


def _ticked(ws: Workspace, data: bytes, facts: ReturnFacts, letters: Sequence[IssuedLetter]) -> ReturnFacts:
    """The facts with what is ticked on the reply slips, each laid on its letter as it was printed."""
    from cpdocs.returns.issued_letters import letter_pages

    printed = {each.document_id: letter_pages(ws, each.document_id) for each in letters}
    most = ws.options.max_return_pages
    try:
        return _sandboxed("cpdocs.sandbox.reading:see_ticks", INK_SECONDS, data, printed, facts, most_pages=most)
    except Stopped:
        # Whose slips they are is known all the same; nobody has looked into the boxes then.
        return facts


def _named(context: DecisionContext, facts: ReturnFacts) -> tuple[str, ...]:
    """The plans on record that the pages' codes name; where none does, those that the file's metadata name."""
    return context.index.known(facts.pages.documents) or context.index.known(facts.named)


def _facts(ws: Workspace, data: bytes, begins_with: str, trust: Trust, received_at: datetime) -> ReturnFacts:
    from cpdocs.signing.record import Limits

    limits = Limits(ws.options.max_return_bytes, ws.options.max_return_pages)
    given: dict[str, Any] = {"trust": trust, "received_at": received_at, "limits": limits}
    try:
        if begins_with:
            plan = find_plan(ws.ledger, begins_with)
            assert plan is not None
            issued = ws.blobs.get(plan.sha256)
            return _sandboxed(
                "cpdocs.signing.reading:read_signed", SECONDS, data, begins_with=begins_with, issued=issued, **given
            )
        try:
            return _sandboxed("cpdocs.sandbox.reading:read_other", SCAN_SECONDS, data, **given)
        except Stopped as stopped:
            if stopped.why != "limit" or kind_of(data) not in _OF_PAGES:
                raise
            return read_page_by_page(data, seconds=SECONDS, megabytes=MEGABYTES, **given)
    except Stopped as stopped:
        return _unread(stopped, begins_with)


def _beside(ws: Workspace, data: bytes, facts: ReturnFacts, plans: Mapping[str, PlanRecord]) -> ReturnFacts:
    issued = {document_id: ws.blobs.get(plan.sha256) for document_id, plan in plans.items()}
    try:
        facts = _sandboxed("cpdocs.sandbox.reading:hold_beside", SECONDS, data, issued, facts)
    except Stopped as stopped:
        return replace(facts, stopped=stopped.why)
    if not any(page.scanned for page in facts.pages.pages) and _was_signed_anew(facts):
        return facts
    most = ws.options.max_return_pages
    back = {page.document_id for page in facts.pages.pages if page.kind is PageKind.COVER}
    covers = {
        each: ws.blobs.get(plan.cover_sha256) for each, plan in plans.items() if each in back and plan.cover_sha256
    }
    try:
        return _sandboxed("cpdocs.sandbox.reading:see_ink", INK_SECONDS, data, issued, covers, facts, most_pages=most)
    except Stopped:
        # What its pages are is known all the same; nobody has looked into the boxes then.
        return facts


def _was_signed_anew(facts: ReturnFacts) -> bool:
    """Whether a signing service wrote the file: what it adds to the pages is its own."""
    from cpdocs.signing.lanes import signed_whole

    return bool(signed_whole(facts.signed))


def _unread(stopped: Stopped, begins_with: str) -> ReturnFacts:
    """A file that has cost its limit once: it isn't tried on the next parser."""
    from cpdocs.signing.file_facts import GateFacts, ReturnFacts

    return ReturnFacts(GateFacts(False, False, False), begins_with=begins_with, stopped=stopped.why)


def _sandboxed(function: str, seconds: float, *given: Any, **named: Any) -> ReturnFacts:
    facts: ReturnFacts = run_sandboxed(function, *given, seconds=seconds, megabytes=MEGABYTES, **named)
    return facts


def _record(
    ws: Workspace,
    context: DecisionContext,
    facts: ReturnFacts,
    plan: PlanRecord,
    received_at: datetime,
    *,
    seconded: bool,
) -> Record:
    """What is on record of one plan that the file names."""
    from cpdocs.signing.record import Record
    from cpdocs.signing.verify import signing_claimed

    member, stopped = context.member_of(plan)
    closed = plan.closed or ("returned" if plan.returned else "") or stopped
    subject = replace(issued_plan(plan), closed=closed)
    return Record(
        plan=subject,
        directory=context.directory,
        received_at=received_at,
        directory_then=context.directory_at(signing_claimed(facts, subject, received_at)),
        current_pcp_npi=(plan.pcp_now(member.pcp_npi) or None) if member else None,
        filled={slot: fill.certificate_sha256 for slot, fill in plan.fills.items()},
        member_name=member.full_name if member else "",
        self_witnessed=frozenset() if seconded else self_witnessed(ws.ledger, context, plan.document_id),
    )


def self_witnessed(source: Reads, context: DecisionContext, document_id: str) -> frozenset[str]:
    """The certificates that a witness of this plan issued or pinned themselves."""
    seen = witnesses(source.events(subject=document_subject(document_id), types=WITNESS_EVENTS))
    return made_by(context.key_makers, seen) if seen else frozenset()

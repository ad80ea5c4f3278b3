"""The one procedure by which a returned file is judged, for ``verify`` and ``intake`` alike. It changes nothing.

1. A file that begins with a plan's issued bytes is that plan's; what it holds is judged by ``signing.verify``.
2. Any other file is looked at for page codes, and then for ids in it, to find the plan that it may have been.
3. What the plan's own road says is added: closed, returned with comments, the member no longer taking part.
4. So is what only the mailroom knows: whose folder it was dropped in, which pages of a scan came back.

A stranger's bytes are parsed in child processes with limits (``apart``); the child that dies is a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.findings import finding
from cpdocs.core.lifecycle import issued_plan
from cpdocs.core.page_facts import FilePages
from cpdocs.core.return_record import Decision, ReturnRecord, Said
from cpdocs.core.verdicts import Finding, Lane, Slot, Verdict, worst
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import find_plan
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.signing.index import Match

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.signing.examination import Examination, SlotApproval
    from cpdocs.workspace import Workspace

SECONDS = 20.0
"""For the examination of one file; ordinary ones take a quarter of a second."""
SCAN_SECONDS = 60.0
"""For the search for its plan, page by page."""
MEGABYTES = 1024


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided about one file, as of event ``as_of``; ``fills`` is the data of the slots that it fills."""

    decision: Decision
    received_at: datetime
    as_of: int
    plan: PlanRecord | None = None
    fills: tuple[dict[str, JSON], ...] = ()

    def events(self, record: ReturnRecord) -> tuple[NewEvent, ...]:
        """The decision on ``record`` and the slots that it fills, as events."""
        decision = self.decision
        about = (
            return_subject(record.sha256),
            *((document_subject(decision.document_id),) if decision.document_id else ()),
        )
        data: dict[str, JSON] = {
            "sha256": record.sha256,
            "verdict": decision.verdict.value,
            "lane": decision.lane.value,
            "document_id": decision.document_id or None,
            "practice_id": decision.practice_id,
            "plan_practice_id": decision.plan_practice_id or None,
            "received_at": self.received_at.isoformat(),
            "slots_filled": [slot.value for slot in decision.slots_filled],
            "findings": [
                {"code": each.code, "message": each.message, "severity": each.severity.value}
                for each in decision.findings
            ],
            "signatures": [dict(each) for each in decision.signatures],
        }
        decided = NewEvent(EventType.RETURN_DECIDED, about, data)
        if self.plan is None:
            return (decided,)
        subject = return_subject(record.sha256)
        fills = [
            plan_event(EventType.SLOT_FILLED, self.plan, subject, **fill, return_sha256=record.sha256)
            for fill in self.fills
        ]
        return (decided, *fills)


def judge(
    ws: Workspace,
    data: bytes,
    *,
    practice_id: str,
    received_at: datetime,
    context: DecisionContext | None = None,
    also_by: Collection[str] = (),
) -> Judgement:
    """The verdict on ``data``, dropped in ``practice_id``'s folder (empty: at the top), by what is on record now.

    ``also_by`` are the practices by whose folders the same bytes came too: once the plan's own has brought them,
    whoever drops them again makes nothing doubtful.

    Never raises for any bytes; raises what the ledger and the store raise.
    """
    context = context or DecisionContext(ws)
    context.refresh()
    as_of = context.as_of
    known = context.index.by_bytes(data)
    matched = Match(known, by_bytes=True, candidates=(known,)) if known else None
    reading = FilePages()
    if matched is None and 0 < len(data) <= ws.options.max_return_bytes:
        try:
            most = ws.options.max_return_pages
            reading, matched = _sandboxed(
                "cpdocs.sandbox.matching:look_for_plan", SCAN_SECONDS, data, context.index, most_pages=most
            )
        except Stopped as stopped:
            # It has cost its limit once: it isn't tried on the next parser.
            unread = _unread(_unanswered(stopped, "while its plan was looked for"))
            return _judgement(
                unread, [*unread.findings], None, context, practice_id=practice_id, received_at=received_at, as_of=as_of
            )
    plan = find_plan(ws.ledger, matched.document_id) if matched and matched.document_id else None
    on_paper = plan is not None and any(page.scanned for page in reading.of_document(plan.document_id))
    examination = _examine(ws, data, plan, context, received_at, reading.documents if on_paper else ())
    findings = [*examination.findings, *_scan_findings(examination.lane, matched, reading, plan)]
    if plan and practice_id and plan.practice_id not in (practice_id, *also_by):
        findings.append(finding("wrong_return_folder"))
    return _judgement(
        examination, findings, plan, context, practice_id=practice_id, received_at=received_at, as_of=as_of
    )


def judge_oversized(ws: Workspace, size: int, *, practice_id: str, received_at: datetime) -> Judgement:
    """The verdict on a file too large to be read: held, and nothing of it parsed."""
    found = finding("too_large", f"{size} bytes; at most {ws.options.max_return_bytes}")
    decision = Decision(Verdict.HELD, Lane.UNMATCHED, "", practice_id, "", (), (_said(found),))
    return Judgement(decision, received_at, ws.ledger.head().size)


def _examine(
    ws: Workspace,
    data: bytes,
    plan: PlanRecord | None,
    context: DecisionContext,
    received_at: datetime,
    marks: Iterable[str],
) -> Examination:
    from cpdocs.signing.examination import Examination
    from cpdocs.signing.record import Limits, Record

    issued = None
    member = None
    closed = ""
    if plan is not None:
        issued = ws.blobs.get(plan.sha256)
        member, stopped = context.member_of(plan)
        closed = plan.closed or ("returned" if plan.returned else "") or stopped
    record = Record(
        directory=context.directory,
        received_at=received_at,
        current_pcp_npi=member.pcp_npi or None if member else None,
        filled={slot: fill.certificate_sha256 for slot, fill in plan.fills.items()} if plan else {},
    )
    trust = replace(context.trust, true_now=ws.clock.true_now()) if ws.sandbox else context.trust
    limits = Limits(ws.options.max_return_bytes, ws.options.max_return_pages)
    subject = replace(issued_plan(plan), closed=closed) if plan else None

    def look(record: Record) -> Examination:
        given = {
            "plan": subject,
            "issued": issued,
            "trust": trust,
            "record": record,
            "marks": tuple(marks),
            "limits": limits,
        }
        examined: Examination = _sandboxed("cpdocs.signing.verify:verify_return", SECONDS, data, **given)
        return examined

    try:
        first = look(record)
        then = context.directory_at(_signed_at(first, plan, received_at)) if plan else None
        return first if then is None else look(replace(record, directory_then=then))
    except Stopped as stopped_by:
        lane = Lane.DIGITAL if issued and data.startswith(issued) else Lane.UNMATCHED
        return Examination(Verdict.HELD, lane, plan.document_id if plan else None, (_unanswered(stopped_by),))


def _unanswered(stopped: Stopped, when: str = "") -> Finding:
    """What is said of a file whose child gave no answer: it took too much, or the parser failed."""
    return finding("resource_limit" if stopped.why == "limit" else "unverifiable", when)


def _unread(found: Finding) -> Examination:
    from cpdocs.signing.examination import Examination

    return Examination(Verdict.HELD, Lane.UNMATCHED, None, (found,))


def _sandboxed(function: str, seconds: float, *given: Any, **named: Any) -> Any:
    return run_sandboxed(function, *given, seconds=seconds, megabytes=MEGABYTES, **named)


def _signed_at(examination: Examination, plan: PlanRecord | None, received_at: datetime) -> datetime:
    """When the PCP's slot was signed: proven, else claimed as far as it can be true; receipt where nothing says."""
    for each in examination.signatures:
        if each.slot == Slot.PCP.value:
            signed = each.timestamped or each.signed_at or received_at
            return min(max(signed, plan.issued_at) if plan else signed, received_at)
    return received_at


def _scan_findings(lane: Lane, matched: Match | None, reading: FilePages, plan: PlanRecord | None) -> list[Finding]:
    """What the page codes add: pages of several plans, pages that are missing."""
    findings = []
    if matched and matched.document_id is None and len(matched.candidates) > 1:
        findings.append(finding("several_plans", ", ".join(matched.candidates)))
    if lane is not Lane.INK or plan is None:
        return findings
    if len(reading.documents) > 1:
        findings.append(finding("several_plans"))
    missing = sorted(set(range(1, plan.pages + 1)) - reading.present(plan.document_id))
    if missing:
        findings.append(finding("pages_missing", f"not seen: {', '.join(map(str, missing))} of {plan.pages}"))
    if reading.disagreeing:
        findings.append(finding("pages_missing", f"contradictory codes on {len(reading.disagreeing)}"))
    return findings


def _judgement(
    examination: Examination,
    findings: list[Finding],
    plan: PlanRecord | None,
    context: DecisionContext,
    *,
    practice_id: str,
    received_at: datetime,
    as_of: int,
) -> Judgement:
    if examination.lane is Lane.INK:
        # A fax is a picture, and that is no fault of the office; the page count by codes is the better one.
        said = [each for each in findings if each.code != "not_a_pdf" and (each.code != "pages_missing" or each.detail)]
    else:
        said = findings
    kinds: dict[str, Finding] = {}
    for each in said:
        kinds.setdefault(f"{each.code} {each.detail}", each)
    verdict = worst(kinds.values())
    if examination.verdict is not Verdict.ACCEPTED and verdict is Verdict.ACCEPTED:
        verdict = examination.verdict
    slots = examination.slots if verdict is Verdict.ACCEPTED else {}
    name = _member_name(context, plan) if plan and Slot.MEMBER in slots else ""
    decision = Decision(
        verdict=verdict,
        lane=examination.lane,
        document_id=plan.document_id if plan else "",
        practice_id=practice_id,
        plan_practice_id=plan.practice_id if plan else "",
        slots_filled=tuple(slot for slot in Slot if slot in slots),
        findings=tuple(_said(each) for each in kinds.values()),
        signatures=tuple(each.as_json() for each in examination.signatures),
    )
    fills = tuple(_fill(slots[slot], name, received_at) for slot in decision.slots_filled)
    return Judgement(decision, received_at, as_of, plan, fills)


def _said(found: Finding) -> Said:
    return Said(found.code, found.message, found.severity)


def _member_name(context: DecisionContext, plan: PlanRecord) -> str:
    member, _ = context.member_of(plan)
    return member.full_name if member else ""


def _fill(approval: SlotApproval, member_name: str, received_at: datetime) -> dict[str, Any]:
    """The data of a ``SLOT_FILLED`` event but for the document and the returned file."""
    return {
        "slot": approval.slot.value,
        "evidence": approval.evidence.value,
        "signer": approval.signer or (member_name if approval.slot is Slot.MEMBER else ""),
        "npi": approval.npi,
        "credential": approval.credential,
        "role": approval.role,
        "on_behalf_of": approval.on_behalf_of,
        "signed_at": approval.signed_at.isoformat() if approval.signed_at else None,
        "received_at": received_at.isoformat(),
        "attested_by": None,
        "how": approval.how,
        "certificate_sha256": approval.certificate_sha256,
        "timestamped": approval.timestamped,
        "key_issued_by_us": approval.key_issued_by_us,
    }

"""The review queue: what the rules can't decide, what a person must decide about it, and what they may not.

The queue is folded from events. A person may attest handwriting, confirm that a file from another folder belongs where
it says, and reject anything, always with a reason. Nobody can let somebody sign who may not (contract §6), nor make a
digital signature of one that failed: there the cause is mended and the file judged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.ids import parse_document_id
from cpdocs.core.people import Role
from cpdocs.core.return_record import RETURN_EVENTS, ReturnRecord, all_parts
from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.errors import AnswerIsNo, InputFault, Problem, UsageFault, required_reason
from cpdocs.people import people
from cpdocs.people.access import about_return, break_glass_event
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import the_plan
from cpdocs.returns.attest import Attestation, ink_fill
from cpdocs.returns.judging import judge
from cpdocs.returns.receiving import decide, finish, the_part
from cpdocs.sandbox.drawing import flat_pdf, what_acts
from cpdocs.signing.record import Limits

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

SHORT = 12
"""Digits of a file's SHA-256 by which it is named in the queue."""
_SHORTEST = 6
_ON_PAPER = frozenset({Lane.INK, Lane.ESIGN_SERVICE, Lane.UNMATCHED})
"""Lanes by which a page may have come that a person can read a signature from."""
_NOT_TO_BE_READ = frozenset(
    {"active_content", "encrypted", "unsearchable", "resource_limit", "too_large", "too_many_pages", "several_plans"}
)
_CONFIRMABLE = frozenset({"wrong_return_folder"})


def queue(ws: Workspace) -> list[ReturnRecord]:
    """Everything held that no person has resolved, in order of arrival."""
    return [record for record in all_parts(ws.ledger.events(types=RETURN_EVENTS)) if record.waiting]


def item_id(record: ReturnRecord) -> str:
    """How an item is named: by the first digits of its file's SHA-256, and by its part where the file has several."""
    several = record.decision is not None and record.decision.of > 1
    return f"{record.sha256[:SHORT]}:{record.part}" if several else record.sha256[:SHORT]


def find_held(ws: Workspace, which: str, *, resolved: bool = False) -> ReturnRecord:
    """The item that ``which`` names: the first digits of its SHA-256 (with ``:2`` the second part of that file), or its
    plan's document id.

    ``resolved`` takes accepted items too (for a page's second signature). Raises InputFault for none or several.
    """
    records = all_parts(ws.ledger.events(types=RETURN_EVENTS))
    open_ones = [
        each for each in records if each.waiting or (resolved and each.resolution and each.resolution.accepted)
    ]
    document_id = parse_document_id(which)
    digits, _, part = which.strip().lower().partition(":")
    found = [
        each
        for each in open_ones
        if (document_id and each.decision and each.decision.document_id == document_id)
        or (len(digits) >= _SHORTEST and each.sha256.startswith(digits) and part in ("", str(each.part)))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(item_id(each) for each in found)
        raise InputFault(f"That names {len(found)} held items.", todo=f"Name one of them: {names}")
    raise InputFault("That names nothing that is held.", todo="See what is with `cpdocs held list`.")


def accept(
    ws: Workspace,
    which: str,
    *,
    reason: str,
    secret: people.Secret,
    attestation: Attestation | None = None,
    document_id: str = "",
    emergency: str = "",
) -> ReturnRecord:
    """A reviewer accepts a held file: by attesting the handwriting on it, or by confirming what was in doubt about a
    digital one. ``document_id`` says to which plan a page belongs whose codes couldn't be read. ``emergency``, a
    reason, lets somebody act who is enrolled and no reviewer; it sets aside nothing but the role, and is an event of
    its own.

    Raises:
        UsageFault, InputFault: something is missing, or doesn't fit what is held.
        AnswerIsNo: what stands against it isn't a reviewer's to set aside.
        WorkspaceFault: the account may not review, or its PIN is wrong.
    """
    reason = required_reason(reason)
    acting = people.require(ws, Role.REVIEWER, secret, emergency=emergency.strip())
    context = DecisionContext(ws)
    item = find_held(ws, which, resolved=attestation is not None)
    if attestation is not None:
        _require_pages(ws, item.sha256)
    with ws.ledger.write() as tx:
        record = the_part(tx, item)
        context.refresh()
        if attestation is not None:
            _attest(ws, tx, context, record, attestation, reason, document_id)
        else:
            _confirm(ws, tx, context, record, reason)
        if acting.emergency:
            tx.append(break_glass_event(acting, Role.REVIEWER, "held accept", *about_return(the_part(tx, item))))
    return _finish(ws, item)


def reject(ws: Workspace, which: str, *, reason: str, secret: people.Secret) -> ReturnRecord:
    """A reviewer rejects a held file for good; the reason goes to the practice in the notice. Raises as
    :func:`accept`."""
    reason = required_reason(reason)
    people.require(ws, Role.REVIEWER, secret)
    item = find_held(ws, which)
    with ws.ledger.write() as tx:
        record = the_part(tx, item)
        _still_waiting(record)
        tx.append(
            _resolved(record, record.decision.document_id if record.decision else "", Verdict.REJECTED, reason, ())
        )
    return _finish(ws, item)


def recheck(ws: Workspace, which: Sequence[str] = ()) -> list[ReturnRecord]:
    """Judges held files (all, or those named) again by what is on record today; gives their records."""
    chosen = [find_held(ws, each) for each in which] if which else queue(ws)
    context = DecisionContext(ws)
    files = dict.fromkeys(record.sha256 for record in chosen)
    wanted = {(record.sha256, record.part) for record in chosen}
    parts = [part for sha256 in files for part in decide(ws, context, sha256, again=True)]
    return [finish(ws, part)[0] for part in parts if (part.sha256, part.part) in wanted or part.waiting]


def _finish(ws: Workspace, item: ReturnRecord) -> ReturnRecord:
    """Answers and files; the decision stands even where filing fails, and that is said."""
    record, unfiled = finish(ws, the_part(ws.ledger, item))
    if unfiled:
        raise unfiled
    return record


def _require_pages(ws: Workspace, sha256: str) -> None:
    """Raises InputFault where the file has no page that can be drawn: nobody read a signature from it, and it can't be
    filed. AnswerIsNo where something in it acts, whatever was found when it came: no chart is given such a file."""
    if (ws.blobs.path(sha256).stat().st_size) > ws.options.max_return_bytes:
        return
    data = ws.blobs.get(sha256)
    if acts := what_acts(data, Limits(ws.options.max_return_bytes, ws.options.max_return_pages)):
        raise AnswerIsNo(
            f"The file holds {', '.join(acts)}; it can't be attested or filed.",
            todo="Reject it, and ask for a plain scan or the signed plan.",
        )
    flat_pdf(data, most_pages=ws.options.max_return_pages)


def _attest(
    ws: Workspace,
    tx: Transaction,
    context: DecisionContext,
    record: ReturnRecord,
    said: Attestation,
    reason: str,
    document_id: str,
) -> None:
    decision = record.decision
    assert decision is not None
    if record.resolution and not record.resolution.accepted:
        _still_waiting(record)
    if decision.lane not in _ON_PAPER:
        raise AnswerIsNo(
            "A digital file can't be accepted as ink.",
            todo="Mend the cause that `cpdocs held show` names and recheck, or reject it and ask for a new signature.",
        )
    against = [each for each in decision.findings if each.code in _NOT_TO_BE_READ]
    if against:
        raise AnswerIsNo(
            "This file can't be accepted.", problems=[Problem(each.code, each.message) for each in against]
        )
    if decision.document_id and document_id and document_id != decision.document_id:
        raise InputFault(f"The file is a return of {decision.document_id}, not of {document_id}.")
    plan_id = decision.document_id or document_id
    if not plan_id:
        raise UsageFault(
            "We can't tell which plan this page belongs to.", todo="Read its document id and give it with --document."
        )
    plan = the_plan(tx, plan_id)
    before = record.resolution.slots_filled if record.resolution else ()
    fill = ink_fill(context, plan, said, received_at=record.received_at, now=ws.clock.now())
    tx.append(
        _resolved(record, plan_id, Verdict.ACCEPTED, reason, (*before, said.slot), by=said.by.strip()),
        plan_event(EventType.SLOT_FILLED, plan, return_subject(record.sha256), **fill, return_sha256=record.sha256),
    )


def _confirm(ws: Workspace, tx: Transaction, context: DecisionContext, record: ReturnRecord, reason: str) -> None:
    """Accepts a digital file against which only something confirmable stood; judged anew as if it had come by the
    plan's own folder, so that nothing else is set aside with it."""
    _still_waiting(record)
    decision = record.decision
    assert decision is not None
    if decision.lane is not Lane.DIGITAL:
        raise UsageFault(
            "Handwriting must be attested.", todo="Give --slot, --signed-on and --by, and --npi for the PCP's slot."
        )
    judgement = judge(
        ws,
        ws.blobs.get(record.sha256),
        practice_id=decision.plan_practice_id,
        received_at=record.received_at,
        context=context,
    )
    found = next((each for each in judgement.parts if each.document_id == decision.document_id), judgement.parts[0])
    if found.verdict is not Verdict.ACCEPTED or not _CONFIRMABLE & set(decision.codes):
        raise AnswerIsNo(
            "A reviewer can't set this aside: only the cause can be mended.",
            problems=[
                Problem(each.code, each.message) for each in found.findings if each.severity is not Verdict.ACCEPTED
            ],
            todo="Mend it (import, pin, ask for a new signature), then `cpdocs held recheck`.",
        )
    tx.append(
        _resolved(record, found.document_id, Verdict.ACCEPTED, reason, found.slots_filled),
        *judgement.fills(found, record.sha256),
    )


def _resolved(
    record: ReturnRecord, document_id: str, decision: Verdict, reason: str, slots: Sequence[Slot], *, by: str = ""
) -> NewEvent:
    about = (return_subject(record.sha256), *((document_subject(document_id),) if document_id else ()))
    data: dict[str, JSON] = {
        "sha256": record.sha256,
        "part": record.part,
        "document_id": document_id or None,
        "decision": decision.value,
        "reason": reason,
        "slots_filled": [slot.value for slot in dict.fromkeys(slots)],
        "attested_by": by or None,
    }
    return NewEvent(EventType.HELD_RESOLVED, about, data)


def _still_waiting(record: ReturnRecord) -> None:
    if not record.waiting:
        raise InputFault(f"{record.sha256[:SHORT]} isn't held any more.", todo="See what is with `cpdocs held list`.")

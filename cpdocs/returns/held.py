"""The review queue: what the rules can't decide, what a person must decide about it, and what they may not.

The queue is folded from events. A person may attest handwriting, confirm that a file from another folder belongs where
it says, and reject anything, always with a reason. Nobody can let somebody sign who may not (contract §6), nor make a
digital signature of one that failed: there the cause is mended and the file judged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.page_facts import BoxReading, PageKind
from cpdocs.core.people import Role
from cpdocs.core.return_record import CLOSED, ReturnRecord
from cpdocs.core.review_queue import Item
from cpdocs.core.second_person import WITNESS_EVENTS, witnesses
from cpdocs.core.verdicts import Lane, Slot, Verdict
from cpdocs.errors import AnswerIsNo, InputFault, Problem, UsageFault, required_reason
from cpdocs.people import people
from cpdocs.people.access import about_return, break_glass_event
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import the_plan
from cpdocs.returns.attest import Attestation, ink_fill
from cpdocs.returns.judging import judge
from cpdocs.returns.receiving import decide, finish
from cpdocs.returns.records import the_part
from cpdocs.returns.review_queue import SHORT, find_held, queue
from cpdocs.returns.settled import resolved
from cpdocs.sandbox.drawing import flat_scan, what_acts
from cpdocs.signing.record import Limits

if TYPE_CHECKING:
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

_ON_PAPER = frozenset({Lane.INK, Lane.ESIGN_SERVICE, Lane.UNMATCHED})
"""Lanes by which a page may have come that a person can read a signature from."""
_NOT_TO_BE_READ = frozenset(
    {"active_content", "encrypted", "unsearchable", "resource_limit", "too_large", "too_many_pages", "several_plans"}
    | {"page_not_drawn"}  # the chart's copy of the scan would have to be drawn from it
)
_COSTLY = frozenset({"resource_limit", "page_not_drawn"})
_SECOND = "second_person_needed"
_CONFIRMABLE = frozenset({"wrong_return_folder", _SECOND})


def accept(
    ws: Workspace,
    which: str,
    *,
    reason: str,
    secret: people.Secret,
    attestations: Sequence[Attestation] = (),
    document_id: str = "",
    emergency: str = "",
) -> Item:
    """A reviewer accepts a held item: by attesting the handwriting on it, for one slot or both in one act, or by
    confirming what was in doubt about a digital one. ``document_id`` says to which plan a page belongs whose codes
    couldn't be read. ``emergency``, a reason, lets somebody act who is enrolled and no reviewer; it sets aside nothing
    but the role, and is an event of its own.

    Where the settings ask for a second reader, the first one's attestation is recorded and the item waits on.

    Raises:
        UsageFault, InputFault: something is missing, or doesn't fit what is held.
        AnswerIsNo: what stands against it isn't a reviewer's to set aside.
        WorkspaceFault: the account may not review, or its PIN is wrong.
    """
    reason = required_reason(reason)
    acting = people.require(ws, Role.REVIEWER, secret, emergency=emergency.strip())
    context = DecisionContext(ws)
    item = find_held(ws, which, resolved=bool(attestations))
    if item.kind is PageKind.REPLY_SLIP:
        raise InputFault("This is a letter's reply slip.", todo="Record what it says with --answer.")
    if attestations:
        _refuse(item, _COSTLY)  # first: to draw it once more would cost the limit again
        for sha256 in item.files:
            _require_pages(ws, sha256)
    with ws.ledger.write() as tx:
        item = Item(tuple(the_part(tx, part) for part in item.parts))
        context.refresh()
        if attestations:
            _attest(ws, tx, context, item, attestations, reason, document_id, acting.user)
        else:
            _confirm(ws, tx, context, item.first, reason, acting.user)
        if acting.emergency:
            tx.append(break_glass_event(acting, Role.REVIEWER, "held accept", *about_return(the_part(tx, item.first))))
    return finish_item(ws, item)


def reject(ws: Workspace, which: str, *, reason: str, secret: people.Secret) -> Item:
    """A reviewer rejects a held item for good; the reason goes to the practice in the notice. Raises as
    :func:`accept`."""
    return resolve(ws, which, Verdict.REJECTED.value, reason=reason, secret=secret)


def close(ws: Workspace, which: str, *, reason: str, secret: people.Secret) -> Item:
    """A reviewer ends an item of which nobody is asked anything: a duplicate, foreign post. No notice is written.
    Raises as :func:`accept`."""
    return resolve(ws, which, CLOSED, reason=reason, secret=secret)


def resolve(ws: Workspace, which: str, decision: str, *, reason: str, secret: people.Secret) -> Item:
    """Records what a reviewer decided about a held item that fills no slot. Raises as :func:`accept`."""
    reason = required_reason(reason)
    people.require(ws, Role.REVIEWER, secret)
    item = find_held(ws, which)
    with ws.ledger.write() as tx:
        for part in item.parts:
            record = the_part(tx, part)
            still_waiting(record)
            tx.append(resolved(record, record.document_id, decision, reason, ()))
    return finish_item(ws, item)


def recheck(ws: Workspace, which: Sequence[str] = ()) -> list[ReturnRecord]:
    """Judges held files (all, or those named) again by what is on record today; gives their records."""
    chosen = [part for each in which for part in find_held(ws, each).parts]
    if not which:
        chosen = [part for item in queue(ws) for part in item.parts]
    context = DecisionContext(ws)
    files = dict.fromkeys(record.sha256 for record in chosen)
    wanted = {(record.sha256, record.part) for record in chosen}
    parts = [part for sha256 in files for part in decide(ws, context, sha256, again=True)]
    return [finish(ws, part)[0] for part in parts if (part.sha256, part.part) in wanted or part.waiting]


def finish_item(ws: Workspace, item: Item) -> Item:
    """Answers and files; the decision stands even where filing fails, and that is said."""
    finished = []
    unfiled = []
    # What fills a slot is answered for first: the rest of the item then has nothing to add.
    for part in sorted(item.parts, key=lambda each: not the_part(ws.ledger, each).slots_filled):
        record, error = finish(ws, the_part(ws.ledger, part))
        finished.append(record)
        unfiled += [error] if error else []
    for error in unfiled:
        raise error
    return Item(tuple(finished))


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
    flat_scan([data], most_pages=ws.options.max_return_pages)


def _refuse(item: Item, codes: frozenset[str]) -> None:
    """Raises AnswerIsNo where one of these stands against the item."""
    if against := [each for each in item.findings if each.code in codes]:
        raise AnswerIsNo(
            "This file can't be accepted.", problems=[Problem(each.code, each.message) for each in against]
        )


def _attest(
    ws: Workspace,
    tx: Transaction,
    context: DecisionContext,
    item: Item,
    attestations: Sequence[Attestation],
    reason: str,
    document_id: str,
    user: str,
) -> None:
    plan = the_plan(tx, _may_be_read(item, document_id))
    said = attestations[0]
    for each in attestations:
        _box_may_be_attested(item, each)
    if item.pages.missing and item.kind is PageKind.PLAN and not said.pages_missing:
        missing = ", ".join(map(str, item.pages.missing))
        raise UsageFault(
            f"{plan.document_id}: page {missing} of {item.pages.of} didn't come.",
            todo="Wait for it, or say with --pages-missing why it doesn't matter.",
        )
    fills = {
        each.slot: ink_fill(context, plan, each, received_at=item.first.received_at, now=ws.clock.now())
        for each in attestations
    }
    if ws.options.second_reader and not _second_reading(tx, item, plan.document_id, attestations, user):
        return
    for part in item.parts:
        mine = [slot for slot in fills if item.holding(slot) is part]
        before = part.resolution.slots_filled if part.resolution else ()
        tx.append(
            resolved(part, plan.document_id, Verdict.ACCEPTED.value, reason, (*before, *mine), by=said.by.strip()),
            *(
                plan_event(
                    EventType.SLOT_FILLED,
                    plan,
                    return_subject(part.sha256),
                    **fills[slot],
                    return_sha256=part.sha256,
                    **_further(item, part),
                )
                for slot in mine
            ),
        )


def _further(item: Item, part: ReturnRecord) -> dict[str, JSON]:
    others: list[JSON] = [sha256 for sha256 in item.files if sha256 != part.sha256]
    return {"further_sha256": others} if others else {}


def _may_be_read(item: Item, document_id: str) -> str:
    """The plan that the item's pages belong to. Raises where no person may read a signature from them."""
    record = item.first
    if record.resolution and not record.resolution.accepted:
        still_waiting(record)
    if any(decision.lane not in _ON_PAPER for decision in item.decisions):
        raise AnswerIsNo(
            "A digital file can't be accepted as ink.",
            todo="Mend the cause that `cpdocs held show` names and recheck, or reject it and ask for a new signature.",
        )
    _refuse(item, _NOT_TO_BE_READ)
    known = item.document_id
    if known and document_id and document_id != known:
        raise InputFault(f"The file is a return of {known}, not of {document_id}.")
    if not known and not document_id:
        raise UsageFault(
            "We can't tell which plan this page belongs to.", todo="Read its document id and give it with --document."
        )
    return known or document_id


def _box_may_be_attested(item: Item, said: Attestation) -> None:
    """A box in which no ink is visible, and a page that isn't there, hold no signature that a person could attest,
    unless they say why. Raises AnswerIsNo."""
    seen = item.boxes.get(said.slot)
    if said.seen_by_eye or seen in (BoxReading.SIGNED, BoxReading.UNSURE):
        return
    todo = "Look at the page with `cpdocs held show --pictures`; if ink is there, say so with --seen-by-eye REASON."
    whose = "member's" if said.slot is Slot.MEMBER else "PCP's"
    if seen is BoxReading.EMPTY:
        raise AnswerIsNo(f"No ink can be seen in the {whose} box.", todo=todo)
    if item.boxes or item.kind is PageKind.COVER:
        raise AnswerIsNo(f"The page with the {whose} box isn't there.", todo=todo)


def _second_reading(
    tx: Transaction, item: Item, document_id: str, attestations: Sequence[Attestation], user: str
) -> bool:
    """Whether another person attested the same before; where nobody did, this reading is recorded as the first.

    Raises AnswerIsNo where two people read different things.
    """
    mine: list[JSON] = [each.as_json() for each in attestations]
    about = return_subject(item.first.sha256)
    events = [*tx.events(subject=about, types=(EventType.HELD_ATTESTED,))]
    others = [event for event in events if event.user != user and event.data["part"] == item.first.part]
    if others and others[-1].data["attested"] == mine:
        return True
    if others:
        raise AnswerIsNo(
            "The first reader attested something else.",
            todo="Look at the page together; whoever was wrong attests again.",
        )
    data: dict[str, JSON] = {
        "sha256": item.first.sha256,
        "part": item.first.part,
        "document_id": document_id,
        "attested": mine,
    }
    tx.append(NewEvent(EventType.HELD_ATTESTED, (about, document_subject(document_id)), data))
    return False


def _confirm(
    ws: Workspace, tx: Transaction, context: DecisionContext, record: ReturnRecord, reason: str, by: str
) -> None:
    """Accepts a digital file against which only something confirmable stood; judged anew as if it had come by the
    plan's own folder, so that nothing else is set aside with it."""
    still_waiting(record)
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
        seconded=_SECOND in decision.codes,
    )
    if _SECOND in decision.codes and by in _alone(tx, context, decision.document_id):
        raise AnswerIsNo(
            f"{by} made the signer's key and witnessed the member: a second person must look.",
            todo="Let another reviewer decide.",
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
        resolved(record, found.document_id, Verdict.ACCEPTED.value, reason, found.slots_filled),
        *judgement.fills(found, record.sha256),
    )


def _alone(tx: Transaction, context: DecisionContext, document_id: str) -> frozenset[str]:
    """Who witnessed this plan and also made somebody's key."""
    seen = witnesses(tx.events(subject=document_subject(document_id), types=WITNESS_EVENTS))
    return seen & frozenset(context.key_makers.values())


def still_waiting(record: ReturnRecord) -> None:
    """Raises InputFault where somebody decided meanwhile."""
    if not record.waiting:
        raise InputFault(f"{record.sha256[:SHORT]} isn't held any more.", todo="See what is with `cpdocs held list`.")

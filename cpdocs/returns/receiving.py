"""A returned file's way through the house: into the store, onto the record, judged, answered, filed.

Every step is durable before the next begins and can be done again: the store knows bytes by their content, the ledger
knows a return by its SHA-256, and a decision is made inside the transaction that records it. So a kill anywhere is
finished by the next start, and two workers on one inbox do nothing twice.

1. The bytes go into the store.
2. ``RETURN_RECEIVED``: the first time these bytes come, or come by another folder.
3. ``RETURN_DECIDED`` for each part and a ``SLOT_FILLED`` for each slot that it fills, in one transaction. The judging
   itself happens before, outside the lock; what was recorded meanwhile and could change the answer makes it decide
   anew, from the facts that were read.
4. For what a person must compare, its pages beside the issued ones. The notice to the practice, then the package where
   the plan is now complete.
5. Only then does the claim end. The file stays a while among the retained, in case its writer isn't done.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cpdocs.chart.file import file_if_complete
from cpdocs.core.events import EventType, NewEvent, return_subject
from cpdocs.core.return_record import Decision, ReturnRecord
from cpdocs.errors import CpdocsError, Defect
from cpdocs.ledger.blobs import SourceChanged
from cpdocs.plans.records import find_plan
from cpdocs.returns import claims, comparing, notices, retained, wrapped
from cpdocs.returns.judging import Judgement, judge, judge_oversized
from cpdocs.returns.records import Taken, find_return, the_part, the_return
from cpdocs.returns.return_lock import in_hand
from cpdocs.returns.settled import close_what_is_settled

if TYPE_CHECKING:
    from pathlib import Path

    from cpdocs.core.events import JSON
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.plans.decision_context import DecisionContext
    from cpdocs.returns.open_work import OpenWork
    from cpdocs.workspace import Workspace

_TRIES_OUTSIDE_THE_LOCK = 2


def take_claim(ws: Workspace, context: DecisionContext, claim: claims.Claim, now: float) -> tuple[Taken, ...]:
    """Takes in one claimed file and ends the claim; gives what became of each part. None where its writer turned out
    not to be done: it is back in the inbox. ``now`` is in monotonic seconds.

    Raises CpdocsError where the disk, the ledger or a template refuses; the claim stays and is finished later.
    """
    try:
        sha256 = ws.blobs.put_file(claim.file)
    except SourceChanged:
        claims.put_back(ws.paths, claim)
        return ()
    taken = _take(ws, context, sha256, ws.paths.inbox / claim.folder / claim.file.name, claim.folder)
    if not retained.retain(ws.paths, claim, sha256, now):
        # Whoever wrote it was still at it: what it is now settles anew and is another return.
        claims.put_back(ws.paths, claim)
    return taken


def take_file(ws: Workspace, context: DecisionContext, file: Path) -> tuple[Taken, ...]:
    """Takes in a copy of a file that somebody named, wherever it lies; the file itself stays untouched.

    Raises InputFault where it can't be read; CpdocsError as :func:`take_claim`.
    """
    return _take(ws, context, ws.blobs.put_file(file.resolve()), file, "")


def finish_returns(ws: Workspace, context: DecisionContext, work: OpenWork) -> Iterator[ReturnRecord]:
    """Decides on and answers what an earlier run received but didn't get to finish; then files what is complete.

    What another worker has in hand is that worker's to finish and to report. ``work`` keeps what stays open.
    """
    for sha256 in list(work.open_returns):
        with in_hand(ws, sha256, wait=False) as mine:
            if not mine:
                continue
            parts = the_return(ws.ledger, sha256)
            if any(part.decision is None or part.to_answer for part in parts):
                parts = tuple(finish(ws, part)[0] for part in decide(ws, context, sha256))
                yield from parts
            if not any(part.decision is None or part.to_answer for part in parts):
                del work.open_returns[sha256]
    unfiled = []
    for document_id in list(work.plans):
        plan = find_plan(ws.ledger, document_id)
        if plan and plan.complete and not plan.filing and not plan.closed:
            unfiled.append(_file(ws, document_id))
            plan = find_plan(ws.ledger, document_id)
        if plan and plan.complete:
            close_what_is_settled(ws, document_id)
        if plan is None or plan.filing or plan.closed or not plan.complete:
            work.plans.remove(document_id)
    for error in filter(None, unfiled):
        raise error


def decide(ws: Workspace, context: DecisionContext, sha256: str, *, again: bool = False) -> tuple[ReturnRecord, ...]:
    """Judges a received file and records the decisions with all that follows from them; gives its parts.

    One that was decided is left as it is, unless ``again``: then whatever isn't final is judged by today's register,
    and a decision is recorded where it differs.
    """
    for attempt in range(_TRIES_OUTSIDE_THE_LOCK + 1):
        parts = the_return(ws.ledger, sha256)
        if all(part.final or (part.decision and not again) for part in parts):
            return parts
        if attempt == _TRIES_OUTSIDE_THE_LOCK:
            # Too much goes on: hold everything still and judge under the lock.
            with ws.ledger.write() as tx:
                return _record(tx, sha256, _judge(ws, context, parts))
        judgement = _judge(ws, context, parts)
        with ws.ledger.write() as tx:
            if not context.outdated(tx, judgement.as_of, judgement.rests_on):
                return _record(tx, sha256, judgement)
    raise Defect("A loop that always returns didn't.")


def _judge(ws: Workspace, context: DecisionContext, parts: tuple[ReturnRecord, ...]) -> Judgement:
    first = parts[0]
    practice_id = first.practices[-1]
    if first.size > ws.options.max_return_bytes:
        return judge_oversized(ws, first.size, practice_id=practice_id)
    data = ws.blobs.get(first.sha256)
    return judge(
        ws, data, practice_id=practice_id, received_at=first.received_at, context=context, also_by=first.practices
    )


def _record(tx: Transaction, sha256: str, judgement: Judgement) -> tuple[ReturnRecord, ...]:
    """Appends each part's decision and slots, unless somebody else was quicker or it says nothing new."""
    known = the_return(tx, sha256)
    for decision in _numbered(judgement.parts, known):
        before = next((part for part in known if part.part == decision.part), known[0])
        same_part = before.part == decision.part
        if same_part and (before.final or (before.decision and before.decision.same_answer(decision))):
            continue
        tx.append(*judgement.events(decision, before))
    return the_return(tx, sha256)


def _numbered(parts: tuple[Decision, ...], known: tuple[ReturnRecord, ...]) -> list[Decision]:
    """The parts under the numbers that they have on record: a plan that was issued since may have brought another one,
    and what is final keeps its number and its document."""
    final = {part.document_id: part.part for part in known if part.final}
    taken = set(final.values())
    free = (number for number in itertools.count(1) if number not in taken)
    numbered = [replace(each, part=final.get(each.document_id) or next(free)) for each in parts]
    numbers = taken | {each.part for each in numbered}
    return [replace(each, of=max(numbers)) for each in numbered]


def _take(ws: Workspace, context: DecisionContext, sha256: str, shown: Path, folder: str) -> tuple[Taken, ...]:
    """Takes in a file; of one that holds others, such as a mail, these first, each as a return of its own."""
    if told := _mail_report(ws, context, sha256, folder):
        with in_hand(ws, sha256, wait=True):
            return _take_in_hand(ws, context, sha256, shown, folder, ended=told)
    inner = wrapped.take_out(ws, sha256)
    found = [taken for each in inner.files for taken in _take(ws, context, each, shown, folder)]
    with in_hand(ws, sha256, wait=True):
        return (
            *found,
            *_take_in_hand(ws, context, sha256, shown, folder, ended=wrapped.OPENED if inner.nothing_left else ""),
        )


def _mail_report(ws: Workspace, context: DecisionContext, sha256: str, folder: str) -> str:
    """What a bounce or a receipt is about, where it is about a message of ours: nothing is then taken out of it, since
    what it holds is what we sent."""
    if ws.blobs.path(sha256).stat().st_size > ws.options.max_return_bytes:
        return ""
    from cpdocs.sending.mail_reports import take_report

    return take_report(ws, ws.blobs.get(sha256), sha256, context.practice_of(folder))


def _take_in_hand(
    ws: Workspace, context: DecisionContext, sha256: str, shown: Path, folder: str, *, ended: str = ""
) -> tuple[Taken, ...]:
    """Takes in one file; ``ended`` says why nothing of it is left for a person, where that is so."""
    practice_id = context.practice_of(folder)
    with ws.ledger.write() as tx:
        known = find_return(tx, sha256)
        if not known or practice_id not in known[0].practices:
            data: dict[str, JSON] = {
                "sha256": sha256,
                "size": ws.blobs.path(sha256).stat().st_size,
                "practice_id": practice_id,
            }
            tx.append(NewEvent(EventType.RETURN_RECEIVED, (return_subject(sha256),), data))
    repeated = any(part.decision is not None for part in known)
    taken = []
    parts = decide(ws, context, sha256, again=bool(known))
    if ended:
        parts = wrapped.close(ws, parts, ended)
    for part in parts:
        finished, unfiled = finish(ws, part)
        taken.append(Taken(shown, finished, repeated=repeated, unfiled=unfiled))
    return tuple(taken)


def finish(ws: Workspace, record: ReturnRecord) -> tuple[ReturnRecord, CpdocsError | None]:
    """Answers the practice about one part, then files the plan if it is complete now; each is done once however often
    asked.

    Gives the part's record, and what kept the plan from being filed: `cpdocs file`, or the next start, tries that
    again.
    """
    if record.document_id and (record.slots_filled or record.waiting):
        close_what_is_settled(ws, record.document_id)
        record = the_part(ws.ledger, record)
    comparing.compare(ws, record)
    notices.answer(ws, record)
    unfiled = None
    if record.document_id and record.slots_filled:
        unfiled = _file(ws, record.document_id)
    return the_part(ws.ledger, record), unfiled


def _file(ws: Workspace, document_id: str) -> CpdocsError | None:
    """Files the plan if it is complete; what kept it from that, unless another worker has filed it by now."""
    try:
        file_if_complete(ws, document_id)
    except CpdocsError as error:
        plan = find_plan(ws.ledger, document_id)
        return None if plan and plan.filing else error
    return None

"""A returned file's way through the house: into the store, onto the record, judged, answered, filed.

Every step is durable before the next begins and can be done again: the store knows bytes by their content, the ledger
knows a return by its SHA-256, and a decision is made inside the transaction that records it. So a kill anywhere is
finished by the next start, and two workers on one inbox do nothing twice.

1. The bytes go into the store.
2. ``RETURN_RECEIVED``: the first time these bytes come, or come by another folder.
3. ``RETURN_DECIDED`` and a ``SLOT_FILLED`` for each slot that it fills, in one transaction. The judging itself happens
   before, outside the lock; what was recorded meanwhile and could change the answer makes it judge again.
4. For what a person must compare, its pages beside the issued ones. The notice to the practice, then the package where
   the plan is now complete.
5. Only then does the file leave the inbox's claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING

from cpdocs.chart.file import file_if_complete
from cpdocs.core.events import EventType, NewEvent, return_subject
from cpdocs.core.return_record import RETURN_EVENTS, ReturnRecord, fold_returns
from cpdocs.errors import CpdocsError, Defect
from cpdocs.index.queries import unfiled_plans, unfinished_returns
from cpdocs.ledger.blobs import SourceChanged
from cpdocs.plans.records import find_plan
from cpdocs.returns import claims, comparing, notices
from cpdocs.returns.judging import Judgement, judge, judge_oversized
from cpdocs.system.durable import open_plain

if TYPE_CHECKING:
    from pathlib import Path

    from cpdocs.core.events import JSON
    from cpdocs.ledger.reads import Reads
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.plans.decision_context import DecisionContext
    from cpdocs.workspace import Workspace

_TRIES_OUTSIDE_THE_LOCK = 2


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: where it was found, its record, and whether the same bytes had come before.

    ``unfiled`` is what kept the plan that it completes from being filed; the return itself is done with.
    """

    file: Path
    record: ReturnRecord
    repeated: bool
    unfiled: CpdocsError | None = None


def find_return(source: Reads, sha256: str) -> ReturnRecord | None:
    """The record of the returned file with this digest; None where it never came."""
    return fold_returns(source.events(subject=return_subject(sha256), types=RETURN_EVENTS)).get(sha256)


def the_return(source: Reads, sha256: str) -> ReturnRecord:
    """The record of a returned file that is known to be there."""
    record = find_return(source, sha256)
    if record is None:
        raise Defect("A returned file is in the store without its event.")
    return record


def take_claim(ws: Workspace, context: DecisionContext, claim: claims.Claim) -> Taken | None:
    """Takes in one claimed file and ends the claim. None where its writer turned out not to be done: it is back in the
    inbox.

    Raises CpdocsError where the disk, the ledger or a template refuses; the claim stays and is finished later.
    """
    try:
        sha256 = ws.blobs.put_file(claim.file)
    except SourceChanged:
        claims.put_back(ws.paths, claim)
        return None
    taken = _take(ws, context, sha256, ws.paths.inbox / claim.folder / claim.file.name, claim.folder)
    if _digest(claim.file) == sha256:
        claims.release(claim)
    else:
        # Whoever wrote it was still at it: what it is now settles anew and is another return.
        claims.put_back(ws.paths, claim)
    return taken


def take_file(ws: Workspace, context: DecisionContext, file: Path) -> Taken:
    """Takes in a copy of a file that somebody named, wherever it lies; the file itself stays untouched.

    Raises InputFault where it can't be read; CpdocsError as :func:`take_claim`.
    """
    return _take(ws, context, ws.blobs.put_file(file.resolve()), file, "")


def finish_returns(ws: Workspace, context: DecisionContext) -> Iterator[ReturnRecord]:
    """Decides on and answers what an earlier run received but didn't get to finish; then files what is complete."""
    for sha256 in unfinished_returns(ws.index):
        record = the_return(ws.ledger, sha256)
        if record.decision is None or record.to_answer:
            yield finish(ws, decide(ws, context, record.sha256))[0]
    unfiled = [_file(ws, document_id) for document_id in unfiled_plans(ws.index)]
    for error in filter(None, unfiled):
        raise error


def decide(ws: Workspace, context: DecisionContext, sha256: str, *, again: bool = False) -> ReturnRecord:
    """Judges a received file and records the decision with all that follows from it; gives its record.

    One that was decided is left as it is, unless ``again``: then whatever isn't final is judged by today's register,
    and a decision is recorded where it differs.
    """
    for attempt in range(_TRIES_OUTSIDE_THE_LOCK + 1):
        record = the_return(ws.ledger, sha256)
        if record.final or (record.decision and not again):
            return record
        if attempt == _TRIES_OUTSIDE_THE_LOCK:
            # Too much goes on: hold everything still and judge under the lock.
            with ws.ledger.write() as tx:
                return _record(tx, the_return(tx, sha256), _judge(ws, context, record))
        judgement = _judge(ws, context, record)
        with ws.ledger.write() as tx:
            if not context.outdated(tx, judgement.as_of, judgement.plan):
                return _record(tx, the_return(tx, sha256), judgement)
    raise Defect("A loop that always returns didn't.")


def _judge(ws: Workspace, context: DecisionContext, record: ReturnRecord) -> Judgement:
    practice_id = record.practices[-1]
    if record.size > ws.options.max_return_bytes:
        return judge_oversized(ws, record.size, practice_id=practice_id, received_at=record.received_at)
    data = ws.blobs.get(record.sha256)
    return judge(
        ws, data, practice_id=practice_id, received_at=record.received_at, context=context, also_by=record.practices
    )


def _record(tx: Transaction, record: ReturnRecord, judgement: Judgement) -> ReturnRecord:
    """Appends the decision and its slots, unless somebody else was quicker or it says nothing new."""
    if record.final or (record.decision and record.decision.same_answer(judgement.decision)):
        return record
    tx.append(*judgement.events(record))
    return the_return(tx, record.sha256)


def _take(ws: Workspace, context: DecisionContext, sha256: str, shown: Path, folder: str) -> Taken:
    practice_id = context.practice_of(folder)
    with ws.ledger.write() as tx:
        known = find_return(tx, sha256)
        if known is None or practice_id not in known.practices:
            data: dict[str, JSON] = {
                "sha256": sha256,
                "size": ws.blobs.path(sha256).stat().st_size,
                "practice_id": practice_id,
            }
            tx.append(NewEvent(EventType.RETURN_RECEIVED, (return_subject(sha256),), data))
    record = decide(ws, context, sha256, again=known is not None)
    finished, unfiled = finish(ws, record)
    return Taken(shown, finished, repeated=known is not None and known.decision is not None, unfiled=unfiled)


def finish(ws: Workspace, record: ReturnRecord) -> tuple[ReturnRecord, CpdocsError | None]:
    """Answers the practice, then files the plan if it is complete now; each is done once however often asked.

    Gives the record, and what kept the plan from being filed: `cpdocs file`, or the next start, tries that again.
    """
    comparing.compare(ws, record)
    notices.answer(ws, record)
    unfiled = None
    if record.document_id and record.slots_filled:
        unfiled = _file(ws, record.document_id)
    return the_return(ws.ledger, record.sha256), unfiled


def _file(ws: Workspace, document_id: str) -> CpdocsError | None:
    """Files the plan if it is complete; what kept it from that, unless another worker has filed it by now."""
    try:
        file_if_complete(ws, document_id)
    except CpdocsError as error:
        plan = find_plan(ws.ledger, document_id)
        return None if plan and plan.filing else error
    return None


def _digest(file: Path) -> str:
    with suppress(OSError), open(open_plain(file), "rb") as stream:  # noqa: PTH123 an open file has no path
        return file_digest(stream, "sha256").hexdigest()
    return ""

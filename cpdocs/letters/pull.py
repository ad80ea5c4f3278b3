"""``letters pull``: single pieces taken out of a run before it is mailed; the next run letters them again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, run_subject
from cpdocs.core.letters import Piece, RunRecord, RunState
from cpdocs.errors import InputFault, UsageFault
from cpdocs.letters.runs import letters_lock, pieces_of, the_run

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_MAY_BE_PULLED = (RunState.STAGED, RunState.RELEASED)


def pull(
    ws: Workspace, run_id: str, reason: str, *, numbers: Collection[int] = (), documents: Collection[str] = ()
) -> list[Piece]:
    """Takes these pieces out of a run that is staged or released, all of them or none; gives them in mailing order.

    They don't count as lettered any more. Whoever has the paper takes the sheets out: the print file stays as it is.

    Raises:
        UsageFault: no piece or no reason was named.
        InputFault: the run was mailed or cancelled, hasn't such a piece, or it is a seed piece or was pulled before.
    """
    if not reason.strip() or not (numbers or documents):
        raise UsageFault(
            "Pulling a piece needs the piece and a reason.", todo="Give --pieces or --documents, and --reason."
        )
    with letters_lock(ws), ws.ledger.write() as tx:
        run = the_run(tx, run_id)
        if run.state not in _MAY_BE_PULLED:
            raise InputFault(
                f"Run {run_id} is {run.state.value}: pieces are pulled from one that is staged or released.",
                todo="Record mail that comes back with `cpdocs letters returned`.",
            )
        pieces = {piece.number: piece for piece in pieces_of(tx, run_id) if not piece.seed}
        by_document = {piece.document_id: piece for piece in pieces.values()}
        wanted = [pieces.get(number) for number in numbers] + [by_document.get(document) for document in documents]
        found = [piece for piece in wanted if piece is not None and piece.document_id not in run.pulled]
        if len(found) < len(wanted):
            raise InputFault(
                f"{len(wanted) - len(found)} of these are no letters of run {run_id}, or were pulled before; nothing "
                "was pulled.",
                todo=f"See `cpdocs letters show {run_id}`.",
            )
        chosen = sorted(set(found), key=lambda piece: piece.number)
        tx.extend(pull_events(run, [(piece, reason.strip()) for piece in chosen]))
    return chosen


def pull_events(run: RunRecord, pieces: Iterable[tuple[Piece, str]]) -> Sequence[NewEvent]:
    """What the ledger is told of pieces that were taken out, each with why."""
    found = []
    for piece, reason in pieces:
        data: dict[str, JSON] = {
            "run_id": run.run_id,
            "kind": run.kind,
            "piece": piece.number,
            "document_id": piece.document_id,
            "assignment": [*piece.key],
            "occasion": piece.occasion,
            "reason": reason,
        }
        subjects = (document_subject(piece.document_id), member_subject(piece.key[0]), run_subject(run.run_id))
        found.append(NewEvent(EventType.LETTER_PULLED, subjects, data))
    return found

"""The life of letter runs: one at a time, what the ledger says of them, their files in outbox/, and what may follow
what."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, run_subject
from cpdocs.core.letters import (
    PIECE_EVENTS,
    RUN_EVENTS,
    Piece,
    RunRecord,
    RunState,
    fold_runs,
    is_run_id,
    may_become,
    piece_of,
)
from cpdocs.core.print_files import print_names
from cpdocs.errors import InputFault
from cpdocs.system.durable import disk_fault, fsync_folder, make_folder, stream_durably
from cpdocs.system.exclusive_lock import only_one

if TYPE_CHECKING:
    from cpdocs.ledger.events import EventStore
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

MANIFEST = "manifest.csv"
RECONCILIATION = "reconciliation.json"
RECONCILIATION_PDF = "reconciliation.pdf"
HELD = "held.csv"
"""Whom somebody has to look at, with names and addresses; not there where nobody has to."""


def letters_lock(ws: Workspace) -> AbstractContextManager[None]:
    """Only one process at a time makes or changes runs. Raises Busy at once where another does."""
    return only_one(
        ws.ledger.exclusively,
        "letters",
        ws.paths.state / "letters.lock",
        "Another process is at work on a letter run.",
        shared=bool(ws.options.ledger_url),
    )


def all_runs(source: EventStore | Transaction) -> dict[str, RunRecord]:
    """Every run by id, in the order in which they began."""
    return fold_runs(source.events(types=RUN_EVENTS))


def the_run(source: EventStore | Transaction, run_id: str) -> RunRecord:
    """The run with this id. Raises InputFault where there is none."""
    runs = fold_runs(source.events(subject=run_subject(run_id), types=RUN_EVENTS)) if is_run_id(run_id) else {}
    if run_id not in runs:
        raise InputFault("There is no letter run of that id.", todo="List the runs with `cpdocs letters list`.")
    return runs[run_id]


def pieces_of(source: EventStore | Transaction, run_id: str) -> tuple[Piece, ...]:
    """The pieces of a run, seeds among them, in mailing order."""
    found = (piece_of(event) for event in source.events(subject=run_subject(run_id), types=PIECE_EVENTS))
    return tuple(sorted(found, key=lambda piece: piece.number))


def run_folder(ws: Workspace, run_id: str) -> Path:
    """Where a run's files lie in outbox/."""
    return ws.paths.letters / run_id


def publish(ws: Workspace, run: RunRecord) -> None:
    """Puts the run's files from the store into outbox/letters/, all of them or none. Harmless when they are there."""
    folder = run_folder(ws, run.run_id)
    if folder.is_dir():
        return
    part = folder.with_name(f".part-{run.run_id}")
    shutil.rmtree(part, ignore_errors=True)
    make_folder(part)
    for name, sha in run.files.items():
        stream_durably(part / name, ws.blobs.chunks(sha))
    try:
        part.rename(folder)
        fsync_folder(folder.parent)
    except OSError as error:
        raise disk_fault(error, folder.parent) from error


def unpublished(ws: Workspace) -> list[RunRecord]:
    """Staged runs whose files never reached outbox/: what a crash after the ledger's transaction left."""
    return [
        run
        for run in all_runs(ws.ledger).values()
        if run.state is RunState.STAGED and not run_folder(ws, run.run_id).is_dir()
    ]


def cancel(ws: Workspace, run_id: str, reason: str) -> RunRecord:
    """Cancels a run that wasn't mailed: its pieces are not lettered, and its print files leave outbox/."""
    with letters_lock(ws):
        run = advance(ws, run_id, RunState.CANCELLED, EventType.RUN_CANCELLED, {"reason": reason})
        try:
            for name in print_names(run.files):
                (run_folder(ws, run_id) / name).unlink(missing_ok=True)
        except OSError as error:
            raise disk_fault(error, run_folder(ws, run_id)) from error
        return run


def mailed(ws: Workspace, run_id: str, on: date, *, correct: bool = False) -> RunRecord:
    """Records that a released run was mailed on that day, which can't be before its letters' date nor after today.

    With ``correct`` another day is put in place of the one that was recorded. Raises InputFault.
    """
    with letters_lock(ws):
        run = the_run(ws.ledger, run_id)
        if not run.on <= on <= eastern_date(ws.clock.now()):
            raise InputFault(
                f"Run {run_id} can't have been mailed on {on.isoformat()}.",
                todo=f"Its letters are dated {run.on.isoformat()}; give a day from then until today.",
            )
        if correct:
            if run.state is not RunState.MAILED:
                raise InputFault(f"Run {run_id} is {run.state.value}: there is no mailing date to correct.")
            data: dict[str, JSON] = {"run_id": run_id, "on": on.isoformat(), "instead_of": str(run.mailed_on)}
            ws.ledger.append(NewEvent(EventType.RUN_MAILED, (run_subject(run_id),), data))
            return the_run(ws.ledger, run_id)
        return advance(ws, run_id, RunState.MAILED, EventType.RUN_MAILED, {"on": on.isoformat()})


def advance(
    ws: Workspace, run_id: str, target: RunState, type_: EventType, data: Mapping[str, JSON], *more: NewEvent
) -> RunRecord:
    """Records that a run became ``target``, with ``more`` that goes with it. Raises InputFault where it can't."""
    with ws.ledger.write() as tx:
        run = the_run(tx, run_id)
        if not may_become(run.state, target):
            if run.state is target:
                raise InputFault(
                    f"Run {run_id} is {target.value} already; nothing was changed.",
                    todo=f"See `cpdocs letters show {run_id}`.",
                )
            raise InputFault(
                f"Run {run_id} is {run.state.value}; it can't become {target.value}.",
                todo="A run is staged, then released, then mailed; one that wasn't mailed can be cancelled.",
            )
        tx.append(NewEvent(type_, (run_subject(run_id),), {"run_id": run_id, **data}), *more)
        return the_run(tx, run_id)

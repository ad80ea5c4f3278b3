"""``letters run``: from a roster, or from what is on record, to a print file in which every piece is accounted for.

Order of writing: the roster and the run's beginning into the ledger; every letter, the print file and its papers into
the store; one transaction that makes the pieces lettered; then the files in outbox/. A crash before the transaction
leaves a begun run that the next one finishes under its id and date; one after it leaves files that the next run puts
out.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, run_subject
from cpdocs.core.letters import (
    ASSIGNMENT,
    LETTERED_EVENTS,
    NOTHING_TO_PRINT,
    RunRecord,
    RunState,
    lettered_occasions,
    next_run_id,
)
from cpdocs.core.organizations import nearest_name
from cpdocs.core.plurals import counted
from cpdocs.core.roster import Disposition
from cpdocs.errors import AnswerIsNo, InputFault
from cpdocs.letters.batch import Batch, Made, Production, assemble, batch_without_print, serials_of, staged_events
from cpdocs.letters.cluster import Cluster
from cpdocs.letters.mail_merge import MergedLetters, Waiting
from cpdocs.letters.not_mailed import NotMailed, not_mailed
from cpdocs.letters.one_letter import Addressing
from cpdocs.letters.recipients import Recipients, recipients
from cpdocs.letters.recorded import keep
from cpdocs.letters.renderers import RendererPool, Terms, make_letters
from cpdocs.letters.reports import report_files, report_values
from cpdocs.letters.runs import RECONCILIATION, all_runs, letters_lock, publish, run_folder, unpublished
from cpdocs.letters.sources import missing, sources_of

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.documents.letters import Letter, Unprintable
    from cpdocs.intake.tables import Choices
    from cpdocs.workspace import Workspace

Progress = Callable[[int, int], None]
"""Told after each letter: how many are made, of how many."""

_SAME_RUN = timedelta(days=1)
"""A run that was begun and not finished keeps its date for this long; after that a new one is begun."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to: ``values`` is reconciliation.json; ``folder`` holds its files, None for a rehearsal."""

    values: dict[str, Any]
    folder: Path | None
    roster: dict[str, Any] | None = None
    """How the roster was read, and what in it the settings don't know; None without one."""
    not_mailed: Sequence[NotMailed] = ()
    """Of a rehearsal the lines that no letter answers, and who is on them."""

    def file(self, name: str) -> Path | None:
        """Where the run's file of that name is; None where the run has none."""
        path = self.folder / name if self.folder else None
        return path if path is not None and path.is_file() else None

    @property
    def print_files(self) -> list[Path]:
        """The run's print files, in order."""
        found = (self.file(file["name"]) for file in self.values["print"]["files"])
        return [path for path in found if path is not None]


def run_letters(
    ws: Workspace,
    *,
    roster: Path | None = None,
    kind: str = ASSIGNMENT,
    again: bool = False,
    dry_run: bool = False,
    drafts: bool = False,
    jobs: int | None = None,
    archive: bool = False,
    scheduler: str = "",
    progress: Progress | None = None,
    choices: Choices | None = None,
) -> RunReport:
    """One run over ``roster``, or over every assignment on record that has no letter of this kind; or with ``again``
    over those whose letter came back and who have another address since.

    ``dry_run`` makes the letters and writes nothing. With ``drafts`` translations that nobody reviewed are printed.
    ``jobs`` is how many processes make letters; all cores by default. With ``archive`` each letter's own tagged PDF
    goes into the store besides. With ``scheduler``, the address of a Dask scheduler, its workers make the letters.
    ``choices`` say how a workbook is read that can be read in more ways than one.

    Raises:
        InputFault: the roster can't be read, or a template can't be used.
        AnswerIsNo: the run doesn't add up, or its print file read back isn't what it should be; nothing was staged.
        Busy: another process is at work on a run.
        WorkspaceFault: the disk refuses, or cpdocs.toml still has the example organization.
    """
    ws.require_sender()
    cluster = Cluster(scheduler, ws.options.scheduler) if scheduler else None
    if cluster is not None:
        cluster.check()
    with letters_lock(ws):
        if not dry_run and (finished := _finish_after_crash(ws, kind, roster)) is not None:
            return finished
        room = RendererPool(ws.shipped_templates, ws.paths.templates, ws.senders)
        terms = room.terms(kind, ws.options.letter_kinds, eastern_date(ws.clock.now()), drafts=drafts)
        wanted = recipients(
            ws, terms.kind, roster, again=again, reviewed=terms.languages, record=not dry_run, choices=choices
        )
        run = _planned(ws, terms.kind, wanted.roster) if dry_run else _begin(ws, terms.kind, wanted.roster)
        order = _Order(
            ws,
            room,
            terms,
            run,
            wanted,
            jobs or os.cpu_count() or 1,
            progress,
            Addressing(ws.id_secret, run, terms, wanted.occasions, _barcodes(ws, run, wanted)),
            archive and not dry_run,
            cluster,
        )
        try:
            batch = _merged(order, dry_run=dry_run) or _laid_out(order, dry_run=dry_run)
        except InputFault:
            # A template's fault that no letter to an invented member has: nothing is left begun.
            if not dry_run:
                _give_up(ws, run)
            raise
        if dry_run:
            report = RunReport(report_values(ws, run, batch, terms.grade), None, not_mailed=order.not_mailed(batch))
        else:
            report = _stage(order, batch)
        return replace(report, roster=_about_roster(ws, wanted))


def _about_roster(ws: Workspace, to: Recipients) -> dict[str, Any] | None:
    """How the roster was read, and the partners in it that the settings don't name, each with the nearest that they do;
    None without a roster."""
    if to.imported is None:
        return None
    unknown = Counter(
        outcome.assignment.cp_org
        for outcome in to.outcomes
        if outcome.assignment is not None and "cp_org_unknown" in outcome.warnings
    )
    found = to.imported.found
    strangers = [
        {"name": name, "lines": lines, "nearest": nearest_name(name, ws.senders.cp_orgs)}
        for name, lines in unknown.most_common()
    ]
    return {
        "header_line": found.header_line,
        "sheet": found.sheet,
        "other_sheets": [*found.other_sheets],
        "hidden_rows": found.hidden_rows,
        "ignored_columns": [*to.imported.ignored_columns],
        "unknown_cp_orgs": strangers,
        "remarks": [*found.remarks, *_remarks(to.imported.ignored_columns, strangers)],
    }


def _remarks(ignored_columns: Sequence[str], strangers: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What to know of a roster before anything is printed."""
    if ignored_columns:
        yield f"Columns that nothing was taken from: {', '.join(ignored_columns)}."
    for one in strangers:
        lines = f"{one['lines']} {'line' if one['lines'] == 1 else 'lines'}"
        near = f"; did the roster mean {one['nearest']!r}?" if one["nearest"] else "."
        yield f"{one['name']!r} ({lines}) is no Community Partner that cpdocs.toml names{near}"


@dataclass(frozen=True, slots=True)
class _Order:
    """What a run is to make, and with what."""

    ws: Workspace
    room: RendererPool
    terms: Terms
    run: RunRecord
    to: Recipients
    jobs: int
    progress: Progress | None
    addressing: Addressing
    archive: bool
    cluster: Cluster | None

    @property
    def used(self) -> Iterator[Assignment]:
        """The assignments to which letters were made."""
        for outcome in self.to.outcomes:
            if outcome.disposition is Disposition.MAILED and outcome.assignment is not None:
                yield outcome.assignment

    def not_mailed(self, batch: Batch) -> list[NotMailed]:
        """The lines that no letter answers."""
        return not_mailed(self.to.outcomes, batch.lines, self.addressing.document_id)

    def batch(self, made: Production, merged: MergedLetters | None, *, dry_run: bool) -> Batch:
        if dry_run:
            return batch_without_print(self.ws, self.run, self.to.outcomes, made)
        return assemble(self.ws, self.run, self.to.outcomes, made, merged)


def _barcodes(ws: Workspace, run: RunRecord, to: Recipients) -> bool:
    """Whether letters get barcodes: somebody's are set, and there are serials for as many as there may be."""
    return serials_of(ws, run, len(to.outcomes) + len(ws.options.seeds)) is not None


def _merged(order: _Order, *, dry_run: bool) -> Batch | None:
    """The batch of letters that were laid out once and merged; None where that can't be trusted."""
    from cpdocs.documents.mail_merge.internals.canvas import FacesDiffer
    from cpdocs.documents.mail_merge.renderer import MailMergeDiffers

    merged = MergedLetters(order.room, order.ws.paths.state, order.ws.blobs.root if order.archive else None)
    try:
        return order.batch(
            _make(order, lambda letters: merged.make(letters, order.jobs, order.cluster)), merged, dry_run=dry_run
        )
    except (MailMergeDiffers, FacesDiffer):
        return None
    finally:
        merged.close()


def _laid_out(order: _Order, *, dry_run: bool) -> Batch:
    """The batch of letters that were laid out one by one."""
    keep = _digest if dry_run else order.ws.blobs.put

    def waiting(letters: Sequence[Letter]) -> Iterator[Waiting | Unprintable]:
        for item in make_letters(order.room, letters, order.jobs):
            if isinstance(item, PrintedLetter):
                kept = keep(item.pdf)
                yield Waiting(item.pages, kept, None, item.address.barcode, kept if order.archive else "")
            else:
                yield item

    from cpdocs.documents.letters import PrintedLetter

    return order.batch(_make(order, waiting), None, dry_run=dry_run)


def _finish_after_crash(ws: Workspace, kind: str, roster: Path | None) -> RunReport | None:
    """Puts out the files of runs that were staged and never reached outbox/; the report of the one this call asks
    for."""
    waiting = unpublished(ws)
    for run in waiting:
        publish(ws, run)
    if not waiting or roster is None:
        return None
    from cpdocs.intake.limits import MAX_BYTES
    from cpdocs.system.input_files import read_input

    asked = _digest(read_input(roster, MAX_BYTES))
    for run in waiting:
        if (run.kind, run.roster) == (kind, asked):
            return stored_report(ws, run)
    return None


def stored_report(ws: Workspace, run: RunRecord) -> RunReport:
    """The report of a staged run, from the store."""
    return RunReport(json.loads(ws.blobs.get(run.files[RECONCILIATION])), run_folder(ws, run.run_id))


def _planned(ws: Workspace, kind: LetterKind, roster_sha: str) -> RunRecord:
    """The run that would be begun now, or was begun for the same roster and not finished."""
    today = eastern_date(ws.clock.now())
    runs = all_runs(ws.ledger)
    for run in runs.values():
        if (
            run.state is RunState.BEGUN
            and (run.kind, run.roster) == (kind.name, roster_sha)
            and abs(today - run.on) <= _SAME_RUN
        ):
            return run
    return RunRecord(next_run_id(runs, today), kind.name, today, roster_sha, RunState.BEGUN, to=kind.to)


def _begin(ws: Workspace, kind: LetterKind, roster_sha: str) -> RunRecord:
    """Begins the run in the ledger, and gives up others that were begun and never finished."""
    run = _planned(ws, kind, roster_sha)
    runs = all_runs(ws.ledger)
    new = [
        NewEvent(
            EventType.RUN_CANCELLED, (run_subject(old.run_id),), {"run_id": old.run_id, "reason": "never finished"}
        )
        for old in runs.values()
        if old.state is RunState.BEGUN and old.run_id != run.run_id
    ]
    if run.run_id not in runs:
        data = {"run_id": run.run_id, "kind": run.kind, "to": run.to, "on": run.on.isoformat(), "roster": roster_sha}
        new.append(NewEvent(EventType.RUN_BEGUN, (run_subject(run.run_id),), {**data}))
    if new:
        ws.ledger.append(*new)
    return run


def _give_up(ws: Workspace, run: RunRecord) -> None:
    data: dict[str, JSON] = {"run_id": run.run_id, "reason": "its letters can't be made"}
    ws.ledger.append(NewEvent(EventType.RUN_CANCELLED, (run_subject(run.run_id),), data))


def _make(order: _Order, renderer: Callable[[Sequence[Letter]], Iterable[Waiting | Unprintable]]) -> Production:
    """Every letter that the run is for, and the seed pieces, or why one can't be made."""
    from cpdocs.documents.letters import Unprintable

    wanted = [outcome for outcome in order.to.outcomes if outcome.disposition is Disposition.MAILED]
    letters = [(outcome.line, "", order.addressing.letter(outcome)) for outcome in wanted]
    if letters:
        letters += [
            (0, seed.name, order.addressing.seed_letter(number, seed))
            for number, seed in enumerate(order.ws.options.seeds, start=1)
        ]
    # In the order of the print file, as nearly as it is known: what is alike lies together.
    letters.sort(key=lambda item: (item[2].assignment.zip, item[2].document_id))
    lines: dict[int, Made | str] = {}
    seeds: list[Made] = []
    not_made: list[tuple[str, str]] = []
    results = renderer([letter for _, _, letter in letters])
    for done, ((line, seed_name, letter), result) in enumerate(zip(letters, results, strict=True), start=1):
        if isinstance(result, Unprintable):
            if seed_name:
                not_made.append((seed_name, result.code))
            else:
                lines[line] = result.code
        else:
            made = Made(letter, result.pages, result.sha256, result, seed_name)
            if seed_name:
                seeds.append(made)
            else:
                lines[line] = made
        if order.progress is not None:
            order.progress(done, len(letters))
    return Production(lines, tuple(seeds), tuple(not_made), order.terms.unreviewed)


def _stage(order: _Order, batch: Batch) -> RunReport:
    """Checks that everything adds up, keeps the files, records the pieces in one transaction, and puts the files
    out."""
    ws, run = order.ws, order.run
    if batch.faults:
        raise AnswerIsNo(
            f"Run {run.run_id} doesn't add up; nothing was staged: {' '.join(batch.faults[:5])}",
            todo="Look at the templates that the site has changed; the same command starts the run again.",
        )
    sources = sources_of(ws, order.to, batch.lines)
    if unproven := missing(order.terms.kind, sources):
        raise AnswerIsNo(
            f"Run {run.run_id}: the letters of lines {', '.join(map(str, unproven[:5]))} state what no event is named "
            "for; nothing was staged.",
            todo="This is a defect of ours, or of the kind's kind.toml: docs/letters.md lists what each kind rests on.",
        )
    files = report_files(ws, run, batch, order.terms.grade, order.not_mailed(batch), sources)
    kept = (
        keep(ws, order.room, order.used, sorted({piece.language for piece in batch.pieces})) if batch.pieces else None
    )
    with ws.ledger.write() as tx:
        before = lettered_occasions(tx.events(types=LETTERED_EVENTS))
        twice = [piece for piece in batch.letters if (run.kind, piece.key, piece.occasion) in before]
        if twice:
            raise AnswerIsNo(
                f"Somebody else staged {counted(len(twice), 'letter')} of run {run.run_id} meanwhile; "
                "nothing was staged."
            )
        tx.extend(staged_events(run, batch, files, kept))
        if not batch.letters:
            nothing: dict[str, JSON] = {"run_id": run.run_id, "reason": NOTHING_TO_PRINT}
            tx.append(NewEvent(EventType.RUN_CANCELLED, (run_subject(run.run_id),), nothing))
    staged = all_runs(ws.ledger)[run.run_id]
    publish(ws, staged)
    return stored_report(ws, staged)


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()

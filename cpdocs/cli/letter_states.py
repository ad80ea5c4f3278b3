"""``cpdocs letters release|cancel|mailed|pull``: what becomes of a run."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, chosen_pieces
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.core.letters import RunRecord
from cpdocs.core.plurals import counted
from cpdocs.workspace import Workspace


@click.command()
@click.argument("run_id", metavar="RUN")
@AS_JSON
@click.pass_context
@pass_workspace
def release(ws: Workspace, ctx: click.Context, run_id: str, as_json: bool) -> None:
    """Release a staged run for mailing; says which pieces to pull, and which to look at before they go.

    \b
    cpdocs letters release 2026-11-02-01

    To pull: somebody died, may not be written to, declined or left since the run was staged. To look at: a roster has
    brought another address, name, language, format or end since, or the member turned 18; pull the piece or let it go.
    """
    from cpdocs.letters.release import release as release_run

    record, pulls, changed = release_run(ws, run_id)
    pull = [{"piece": item.piece, "document_id": item.document_id, "code": item.code} for item in pulls]
    look_at = [{"piece": item.piece, "document_id": item.document_id, "what": item.what} for item in changed]
    if as_json:
        print_json({**run_json(record), "pull": pull, "changed": look_at})
        return
    for item in pulls:
        click.echo(f"pull piece {item.piece}: {item.document_id} ({item.code})")
    for one in changed:
        click.echo(f"look at piece {one.piece}: {one.document_id}: {', '.join(map(_change_in_words, one.what))}")
    say(ctx, f"Run {run_id} is released. Next: `cpdocs letters mailed {run_id} --on DAY`.")


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--reason", default="cancelled by hand", show_default=True, help="Why, for the record. Name no member.")
@AS_JSON
@click.pass_context
@pass_workspace
def cancel(ws: Workspace, ctx: click.Context, run_id: str, reason: str, as_json: bool) -> None:
    """Cancel a run that wasn't mailed: its pieces are not lettered, and the next run makes them again.

    \b
    cpdocs letters cancel 2026-11-02-01 --reason "printed on the wrong paper"
    """
    from cpdocs.letters.runs import cancel as cancel_run

    record = cancel_run(ws, run_id, reason)
    if as_json:
        print_json(run_json(record))
    say(ctx, f"Run {run_id} is cancelled; what was to be printed was taken out of outbox/ and stays in the store.")


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--on", "on", type=DAY, help="The day on which the letters went into the mail; today otherwise.")
@click.option("--correct", is_flag=True, help="Put this day in place of the one that was recorded.")
@AS_JSON
@click.pass_context
@pass_workspace
def mailed(ws: Workspace, ctx: click.Context, run_id: str, on: date | None, correct: bool, as_json: bool) -> None:
    """Record that a released run was mailed.

    \b
    cpdocs letters mailed 2026-11-02-01
    cpdocs letters mailed 2026-11-02-01 --on 2026-11-03
    cpdocs letters mailed 2026-11-02-01 --on 2026-11-04 --correct
    """
    from cpdocs.core.clock import eastern_date
    from cpdocs.letters.runs import mailed as mailed_run

    on = on or eastern_date(ws.clock.now())
    record = mailed_run(ws, run_id, on, correct=correct)
    if as_json:
        print_json(run_json(record))
    say(ctx, f"Run {run_id}: {counted(record.pieces, 'letter')} mailed on {on.isoformat()}.")


@click.command()
@click.argument("run_id", metavar="RUN")
@chosen_pieces
@AS_JSON
@click.pass_context
@pass_workspace
def pull(
    ws: Workspace, ctx: click.Context, run_id: str, pieces: str, documents: str, reason: str, as_json: bool
) -> None:
    """Take single pieces out of a run before it is mailed; the next run letters them again.

    \b
    cpdocs letters pull 2026-11-02-01 --pieces 12,40-42 --reason "another address since"
    cpdocs letters pull 2026-11-02-01 --documents 7K3M-9QXW-2RR --reason "spoke with the family"

    The sheets are to be taken out of what was printed: the print file stays as it is.
    """
    from cpdocs.core.ids import parse_document_id
    from cpdocs.letters.pull import pull as pull_pieces
    from cpdocs.letters.reprints import piece_numbers

    wanted = [parse_document_id(text) or "" for text in documents.split(",") if text.strip()]
    done = pull_pieces(ws, run_id, reason, numbers=piece_numbers(pieces) if pieces.strip() else (), documents=wanted)
    if as_json:
        print_json([{"piece": piece.number, "document_id": piece.document_id} for piece in done])
    say(ctx, f"{counted(len(done), 'piece')} pulled from run {run_id}. Take the sheets out; the next run letters them.")


def run_json(record: RunRecord) -> dict[str, Any]:
    """One run, as JSON answers have it."""
    return {
        "run_id": record.run_id,
        "kind": record.kind,
        "state": record.state.value,
        "date": record.on.isoformat(),
        "records_in": record.records_in,
        **{name: record.outcomes.get(name, 0) for name in DISPOSITIONS},
        "pages": record.pages,
        "sheets": record.sheets,
        "mailed_on": record.mailed_on.isoformat() if record.mailed_on else None,
        "reason": record.reason,
        "pulled": len(record.pulled),
    }


_CHANGES = {
    "eighteenth_birthday": "the member is 18 now, and the letter goes to a parent or guardian",
    "end": "another end of the assignment",
    "date_of_birth": "another date of birth",
    "plan": "another health plan",
}


def _change_in_words(what: str) -> str:
    """One change since staging, as a person reads it."""
    if what.startswith("held:"):
        return f"it would be held now ({what.removeprefix('held:')})"
    return _CHANGES.get(what, f"another {what}")

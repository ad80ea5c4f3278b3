"""``cpdocs letters``: runs, and what becomes of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.letter_archive import copy, pages
from cpdocs.cli.letter_holds import hold
from cpdocs.cli.letter_mail import addresses, proof, report, reprint, returned, suppress
from cpdocs.cli.letter_preview import preview
from cpdocs.cli.letter_words import not_mailed_in_words, reason_in_words, roster_in_words, warning_in_words
from cpdocs.cli.output import AS_JSON, counted, print_json, say
from cpdocs.cli.params import DAY
from cpdocs.cli.progress import progress
from cpdocs.cli.tables import print_table
from cpdocs.cli.workbooks import workbook_options
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.core.letters import ASSIGNMENT, Piece, RunRecord, RunState
from cpdocs.documents.reading_level import TARGET
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.intake.tables import Choices


@click.group()
def letters() -> None:
    """Runs of letters: everyone newly assigned, each once, every piece accounted for.

    \b
    cpdocs letters run --roster november.csv --dry-run    what would be mailed and what held
    cpdocs letters run --roster november.csv              print file, manifest, reconciliation
    cpdocs letters release 2026-11-02-01                  checked again: which pieces to pull
    cpdocs letters mailed 2026-11-02-01 --on 2026-11-03   they are in the mail
    """


@letters.command("run")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Import this roster first, and letter it.",
)
@click.option(
    "--kind",
    default=ASSIGNMENT,
    show_default=True,
    metavar="KIND",
    help="The kind of letter: a folder of templates/letters/.",
)
@click.option(
    "--returned", "again", is_flag=True, help="Send letters that came back once more, to addresses that are new since."
)
@click.option(
    "--allow-draft-translations",
    "drafts",
    is_flag=True,
    help="Print translations that nobody has reviewed; the report says so.",
)
@click.option(
    "--dry-run", is_flag=True, help="Make the letters, say what would be mailed and what held, write nothing."
)
@click.option(
    "--archive",
    type=click.Choice(["each"]),
    help="Put every letter's own tagged PDF (PDF/UA-1) into the store besides.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N", help="How many processes make letters; all cores by default."
)
@click.option(
    "--scheduler",
    default="",
    metavar="ADDRESS",
    help="Make the letters on the workers of this Dask scheduler: tls://HOST:PORT.",
)
@workbook_options
@AS_JSON
@click.pass_context
@pass_workspace
def run(
    ws: Workspace,
    ctx: click.Context,
    roster: Path | None,
    kind: str,
    again: bool,
    drafts: bool,
    dry_run: bool,
    archive: str | None,
    jobs: int | None,
    scheduler: str,
    choices: Choices,
    as_json: bool,
) -> None:
    """One run: a letter for everyone newly assigned, one print file, a manifest and a reconciliation.

    \b
    cpdocs letters run --roster roster.csv
    cpdocs letters run --roster roster.csv --dry-run
    cpdocs letters run                       every assignment on record without a letter
    cpdocs letters run --kind reminder       those to whom the first letter was mailed a month ago
    cpdocs letters run --returned            letters that came back, to addresses that are new since
    cpdocs letters run --archive each        an accessible PDF of every letter now, not only when asked for
    cpdocs letters run --scheduler tls://scheduler.example.org:8786

    An assignment is lettered once: the same roster again mails nobody twice. A run that was killed is finished by the
    same command. The files are in outbox/letters/RUN/.
    """
    from cpdocs.letters.run import run_letters
    from cpdocs.letters.runs import HELD, MANIFEST, RECONCILIATION, RECONCILIATION_PDF

    with progress(ctx, "letters") as tell:
        report = run_letters(
            ws,
            roster=roster,
            kind=kind,
            again=again,
            dry_run=dry_run,
            drafts=drafts,
            jobs=jobs,
            archive=archive == "each",
            scheduler=scheduler,
            progress=tell,
            choices=choices,
        )
    prints = report.print_files
    paths = {
        "print_file": prints[0] if prints else None,
        "manifest": report.file(MANIFEST),
        "reconciliation": report.file(RECONCILIATION),
        "reconciliation_pdf": report.file(RECONCILIATION_PDF),
        "held_file": report.file(HELD),
    }
    if as_json:
        named = {"not_mailed": [line.as_json() for line in report.not_mailed]} if dry_run else {}
        about = {"roster": report.roster, "dry_run": dry_run, **named}
        print_json({**report.values, **about, **paths, "print_files": prints})
        return
    _show_counts(report.values)
    for sentence in not_mailed_in_words(report.not_mailed):
        click.echo(sentence)
    for sentence in roster_in_words(report.roster) if report.roster else ():
        click.echo(sentence)
    run_id = report.values["run_id"]
    if report.values["reading_grade"] > TARGET:
        say(
            ctx,
            (
                f"The letter reads at grade {report.values['reading_grade']}; shorter sentences and words would "
                f"bring it to {TARGET:.0f}."
            ),
        )
    if dry_run:
        say(ctx, "Nothing was written. Leave out --dry-run to make the run.")
        return
    for path in [*prints, *(path for name, path in paths.items() if name != "print_file")]:
        if path is not None:
            say(ctx, str(path))
    if report.values["mailed"]:
        say(ctx, f"Next: look at the print file, then `cpdocs letters release {run_id}` (or `cancel`).")
    else:
        say(ctx, "Nothing to print: this run mails nobody. Its papers say what became of every line.")


def _show_counts(values: dict[str, Any]) -> None:
    rows = []
    for name in DISPOSITIONS:
        codes = values["codes"].get(name, {})
        first, *others = [f"{number}: {reason_in_words(code)}" for code, number in codes.items()] or [""]
        rows.append([name, str(values[name]), first])
        rows += [["", "", reason] for reason in others]
    rows.append(["lines in", str(values["records_in"]), ""])
    click.echo(f"Run {values['run_id']}")
    print_table(["", "lines", "why"], rows)
    separators = f", and {counted(len(values['groups']), 'separator sheet')}" if values["groups"] else ""
    click.echo(f"{counted(values['pages'], 'page')} on {counted(values['sheets'], 'sheet')}{separators}")
    if values["seeds"]:
        click.echo(
            f"{counted(len(values['seeds']), 'seed piece')} on "
            f"{counted(sum(seed['sheets'] for seed in values['seeds']), 'sheet')} besides"
        )
    for seed in values["seeds_not_made"]:
        click.echo(f"seed piece to {seed['name']} not made: {seed['code']}")
    for warning, number in values["warnings"].items():
        click.echo(warning_in_words(warning, number))


@letters.command()
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
        print_json({**_run_json(record), "pull": pull, "changed": look_at})
        return
    for item in pulls:
        click.echo(f"pull piece {item.piece}: {item.document_id} ({item.code})")
    for one in changed:
        click.echo(f"look at piece {one.piece}: {one.document_id}: {', '.join(map(_change_in_words, one.what))}")
    say(ctx, f"Run {run_id} is released. Next: `cpdocs letters mailed {run_id} --on DAY`.")


@letters.command()
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
        print_json(_run_json(record))
    say(ctx, f"Run {run_id} is cancelled; what was to be printed was taken out of outbox/ and stays in the store.")


@letters.command()
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
        print_json(_run_json(record))
    say(ctx, f"Run {run_id}: {record.pieces} letters mailed on {on.isoformat()}.")


@letters.command()
@click.argument("run_id", metavar="RUN")
@click.option("--pieces", default="", metavar="LIST", help="Which pieces: numbers and ranges, like 12-40,97.")
@click.option("--documents", default="", metavar="LIST", help="Which letters: reference numbers, with commas between.")
@click.option("--reason", required=True, metavar="WHY", help="Why, for the record. Name no member.")
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


@letters.command("list")
@AS_JSON
@pass_workspace
def list_(ws: Workspace, as_json: bool) -> None:
    """Every run, and where it stands.

    \b
    cpdocs letters list
    """
    from cpdocs.letters.runs import all_runs

    runs = list(all_runs(ws.ledger).values())
    if as_json:
        print_json([_run_json(record) for record in runs])
        return
    rows = [
        [
            record.run_id,
            record.kind,
            record.state.value,
            str(record.records_in),
            str(record.pieces),
            str(record.sheets),
            record.mailed_on.isoformat() if record.mailed_on else "",
        ]
        for record in runs
    ]
    print_table(["run", "kind", "state", "lines", "letters", "sheets", "mailed on"], rows)


@letters.command()
@click.argument("run_id", metavar="RUN")
@AS_JSON
@pass_workspace
def show(ws: Workspace, run_id: str, as_json: bool) -> None:
    """One run: its counts, and each piece with its document id, pages and sheets.

    \b
    cpdocs letters show 2026-11-02-01
    """
    from cpdocs.letters.runs import pieces_of, the_run

    record = the_run(ws.ledger, run_id)
    pieces = pieces_of(ws.ledger, run_id)
    if as_json:
        print_json({**_run_json(record), "pieces": [_piece_json(piece) for piece in pieces]})
        return
    click.echo(f"Run {run_id}: {record.kind}, {record.state.value}, letters dated {record.on.isoformat()}")
    if record.state is not RunState.BEGUN:
        click.echo(", ".join(f"{name} {record.counts.get(name, 0)}" for name in DISPOSITIONS))
    rows = [
        [str(p.number), p.document_id, p.language, p.format, str(p.pages), str(p.sheets), p.seed and "seed"]
        for p in pieces
    ]
    print_table(["piece", "document", "language", "format", "pages", "sheets", ""], rows)


def _run_json(record: RunRecord) -> dict[str, Any]:
    return {
        "run_id": record.run_id,
        "kind": record.kind,
        "state": record.state.value,
        "date": record.on.isoformat(),
        "records_in": record.records_in,
        **{name: record.counts.get(name, 0) for name in DISPOSITIONS},
        "pages": record.pages,
        "sheets": record.sheets,
        "mailed_on": record.mailed_on.isoformat() if record.mailed_on else None,
        "reason": record.reason,
        "pulled": record.pulled,
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


def _piece_json(piece: Piece) -> dict[str, Any]:
    return {
        "piece": piece.number,
        "document_id": piece.document_id,
        "language": piece.language,
        "format": piece.format,
        "pages": piece.pages,
        "sheets": piece.sheets,
        "file": piece.file,
        "first_page": piece.first_page,
        "sha256": piece.sha256,
        **({"barcode": piece.barcode} if piece.barcode else {}),
        **({"seed": piece.seed} if piece.seed else {}),
    }


for _command in (preview, hold, pages, copy, reprint, returned, suppress, addresses, report, proof):
    letters.add_command(_command)

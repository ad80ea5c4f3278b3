"""``cpdocs letters``: runs, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.letter_archive import copy, pages
from cpdocs.cli.letter_holds import hold
from cpdocs.cli.letter_mail import addresses, proof, report, reprint, returned, suppress
from cpdocs.cli.letter_preview import preview
from cpdocs.cli.letter_states import cancel, mailed, pull, release, run_json
from cpdocs.cli.letter_words import not_mailed_in_words, reason_in_words, warning_in_words
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.progress import progress
from cpdocs.cli.tables import print_table
from cpdocs.cli.workbooks import workbook_options
from cpdocs.core.letter_counts import DISPOSITIONS
from cpdocs.core.letters import ASSIGNMENT, Piece, RunRecord, RunState
from cpdocs.core.plurals import counted
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
    for sentence in report.roster["remarks"] if report.roster else ():
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
        print_json([run_json(record) for record in runs])
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
        print_json({**run_json(record), "pieces": [_piece_json(record, piece) for piece in pieces]})
        return
    click.echo(f"Run {run_id}: {record.kind}, {record.state.value}, letters dated {record.on.isoformat()}")
    if record.state is not RunState.BEGUN:
        click.echo(", ".join(f"{name} {record.outcomes.get(name, 0)}" for name in DISPOSITIONS))
    if record.pulled:
        click.echo(
            f"{counted(len(record.pulled), 'letter')} pulled and counted as suppressed. The print file and its sheets "
            "are as they were printed."
        )
    rows = [
        [
            *(str(p.number), p.document_id, p.language, p.format, str(p.pages), str(p.sheets)),
            "seed" if p.seed else "pulled" if p.document_id in record.pulled else "",
        ]
        for p in pieces
    ]
    print_table(["piece", "document", "language", "format", "pages", "sheets", ""], rows)


def _piece_json(record: RunRecord, piece: Piece) -> dict[str, Any]:
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
        **({"pulled": record.pulled[piece.document_id]} if piece.document_id in record.pulled else {}),
    }


for _command in (
    release,
    cancel,
    mailed,
    pull,
    preview,
    hold,
    pages,
    copy,
    reprint,
    returned,
    suppress,
    addresses,
    report,
    proof,
):
    letters.add_command(_command)

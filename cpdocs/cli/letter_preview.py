"""``cpdocs letters preview``: one line's letter, before anything is printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.letter_words import warning_in_words, who
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.workbooks import workbook_options
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.core.line_words import what_to_do, why
from cpdocs.core.plurals import counted
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.intake.tables import Choices


@click.command()
@click.option("--line", required=True, type=click.IntRange(1), metavar="N", help="Which line: the file's own number.")
@click.option(
    "--roster", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="The roster."
)
@click.option("--kind", default=ASSIGNMENT, show_default=True, metavar="KIND", help="The kind of letter.")
@click.option("--allow-draft-translations", "drafts", is_flag=True, help="Use translations that nobody has reviewed.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; outbox/letters/preview.pdf by default.",
)
@workbook_options
@AS_JSON
@click.pass_context
@pass_workspace
def preview(
    ws: Workspace,
    ctx: click.Context,
    line: int,
    roster: Path,
    kind: str,
    drafts: bool,
    output: Path | None,
    choices: Choices,
    as_json: bool,
) -> None:
    """The letter that one line of a roster would get, or why it gets none. Nothing is recorded.

    \b
    cpdocs letters preview --roster november.csv --line 17
    cpdocs letters preview --roster november.csv --line 17 -o letter.pdf
    """
    from cpdocs.letters.preview import preview as one_letter
    from cpdocs.system.durable import write_durably

    found = one_letter(ws, roster, line, kind=kind, drafts=drafts, choices=choices)
    outcome = found.outcome
    file = (output or ws.paths.letters / "preview.pdf") if found.pdf else None
    if file is not None:
        write_durably(file, found.pdf, overwrite=True)
    if as_json:
        print_json(
            {
                "line": line,
                "disposition": outcome.disposition.value,
                "code": outcome.code,
                "why": why(outcome.code) if outcome.code else "",
                "what_to_do": what_to_do(outcome.code),
                "warnings": [*outcome.warnings],
                "document_id": found.document_id,
                "language": found.language,
                "format": found.format,
                "pages": found.pages,
                "file": file,
            }
        )
        return
    member = who(outcome.name, outcome.member_id)
    if file is None:
        click.echo(f"line {line}, {member}: no letter, {outcome.disposition.value} ({outcome.code}).")
        click.echo(f"{why(outcome.code)} {what_to_do(outcome.code)}".rstrip())
        return
    click.echo(f"line {line}, {member}: a letter of {counted(found.pages, 'page')} ({found.language}, {found.format})")
    for warning in outcome.warnings:
        click.echo(warning_in_words(warning, 1))
    say(ctx, str(file))

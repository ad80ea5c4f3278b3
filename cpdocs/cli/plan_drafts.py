"""``cpdocs plan draft|diff``: the next version begun from what is known, and what differs between two."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.status import read_member_id
from cpdocs.core.members import Program
from cpdocs.workspace import Workspace


@click.command()
@click.option("--program", type=click.Choice([each.value for each in Program]), required=True, help="BH or LTSS.")
@click.option(
    "--from", "begin_from", metavar="ID", type=DOCUMENT_ID, default=None, help="Another version to begin from."
)
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Where to; standard output otherwise.")
@click.pass_context
@pass_workspace
def draft(ws: Workspace, ctx: click.Context, program: str, begin_from: str | None, out: Path | None) -> None:
    """Begin the member's next plan from what is on record; the member id is read from standard input.

    \b
    cpdocs plan draft --program LTSS -o next.yaml

    What must be asked stands as a comment that begins with ASK. The file holds the member's data: keep it as you
    keep the chart.
    """
    from cpdocs.plans.drafting import draft as begin
    from cpdocs.system.durable import write_durably

    text = begin(ws, read_member_id(), Program(program), begin_from=begin_from or "")
    if out is None:
        click.echo(text, nl=False)
        return
    write_durably(out, text.encode())
    say(ctx, f"{out}: {text.count('ASK')} lines to ask about. Next: `cpdocs plan check {out}`.")


@click.command("diff")
@click.argument("old", metavar="A", type=DOCUMENT_ID)
@click.argument("new", metavar="B", type=DOCUMENT_ID)
@AS_JSON
@pass_workspace
def diff(ws: Workspace, old: str, new: str, as_json: bool) -> None:
    """Say in words what changed from version A to version B, medicines first.

    \b
    cpdocs plan diff 7K3M-9QXW-2RC 4HNP-2TVY-8WD
    """
    from cpdocs.plans.drafting import difference

    found = difference(ws, old, new)
    if as_json:
        print_json([{"section": each.section, "text": each.text} for each in found])
        return
    for each in found:
        click.echo(each.text)
    if not found:
        click.echo("Nothing that a reader would notice: the same plan under another version.")

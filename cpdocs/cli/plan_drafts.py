"""``cpdocs plan draft|diff|transfer``: the next version begun from what is known, or for another PCP; what differs."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID, DRAFTS
from cpdocs.cli.secrets import TOKEN_PIN_FILE, token_pin_from
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


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option("--to-npi", required=True, metavar="NPI", help="The new PCP, on record as one.")
@click.option("--practice", "practice_id", default="", metavar="ID", help="At which practice, where they have several.")
@click.option("--reason", required=True, metavar="R", help="Why; it stands on the cover and on the record.")
@DRAFTS
@TOKEN_PIN_FILE
@AS_JSON
@pass_workspace
def transfer(
    ws: Workspace,
    document_id: str,
    to_npi: str,
    practice_id: str,
    reason: str,
    allow_drafts: bool,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Issue the plan's next version for another PCP. No approval of the old one is carried over.

    \b
    cpdocs plan transfer 7K3M-9QXW-2RC --to-npi 1234567893 --reason "The member has a new PCP"
    """
    from cpdocs.plans.transfer import transfer as move

    ctx = click.get_current_context()
    made = move(
        ws,
        document_id,
        to_npi=to_npi,
        practice_id=practice_id,
        reason=reason,
        drafts=allow_drafts,
        token_pin=token_pin_from(ctx, token_pin_file),
    )
    if as_json:
        print_json(made.as_json())
    say(
        ctx,
        f"{made.record.document_id}: version {made.record.version} → {made.file}. Next: send it to the new practice.",
    )

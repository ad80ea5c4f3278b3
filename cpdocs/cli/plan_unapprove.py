"""``cpdocs plan unapprove``: an approval that was recorded by mistake is taken back."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.core.verdicts import Slot
from cpdocs.workspace import Workspace


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option("--slot", required=True, type=click.Choice(["member", "pcp"]), help="Whose approval is taken back.")
@click.option("--reason", required=True, metavar="TEXT", help="What was wrong; it stays on the record.")
@PIN_FILE
@AS_JSON
@pass_workspace
def unapprove(ws: Workspace, document_id: str, slot: str, reason: str, pin_file: Path | None, as_json: bool) -> None:
    """Take back an approval that was recorded by mistake: ink, a recorded approval or a chart note.

    \b
    cpdocs plan unapprove 7K3M-9QXW-2RC --slot pcp --reason "read from the wrong page"

    The slot is open again and the plan counts as filed no more. A digital signature stands and can't be taken back;
    withdraw the version instead. Outside a sandbox a reviewer does this, with their PIN.
    """
    from cpdocs.plans.approvals import unapprove as take_back

    secret = pin_from(click.get_current_context(), pin_file)
    record = take_back(ws, document_id, slot=Slot(slot), reason=reason, secret=secret)
    if as_json:
        print_json({"document_id": document_id, "state": record.state.value})
        return
    click.echo(f"{document_id}: the {'PCP' if slot == 'pcp' else slot}'s approval is taken back; it is open again.")

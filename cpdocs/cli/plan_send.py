"""``cpdocs plan send``: packets to practices. What deliveries are is imported only when one is sent."""

from __future__ import annotations

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, say
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.workspace import Workspace


@click.command("send")
@click.argument("document_ids", metavar="[ID…]", nargs=-1, type=DOCUMENT_ID)
@click.option("--all-new", is_flag=True, help="Every open plan and list that was never sent.")
@AS_JSON
@pass_workspace
def plan_send(ws: Workspace, document_ids: tuple[str, ...], all_new: bool, as_json: bool) -> None:
    """Send plans with their covers, or medication lists, by the practices' channels; each is then logged as sent.

    \b
    cpdocs plan send 7K3M-9QXW-2RC
    cpdocs plan send --all-new
    """
    from cpdocs.cli.delivery import tell
    from cpdocs.sending.packets import send_packets

    ctx = click.get_current_context()
    told: list[str] = []

    def saying(line: str) -> None:
        told.append(line)
        say(ctx, line)

    found = send_packets(ws, document_ids, all_new=all_new, say=saying)
    tell(found, as_json, "Nothing was sent; each line says why." if told else "No plan waits to be sent.")

"""``cpdocs held split``: which pages of a held file are of which plan, where their codes can't be read."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.held_views import item_json, line_of
from cpdocs.cli.output import AS_JSON, print_json
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.core.review_queue import Item
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--pages", required=True, metavar="N,N", help="Pages of the file, by their number in it.")
@click.option("--document", type=DOCUMENT_ID, required=True, metavar="ID", help="The plan that they are of.")
@click.option(
    "--plan-page",
    "first",
    type=click.IntRange(min=1),
    metavar="M",
    help="The plan's page that the first is; else as suggested.",
)
@click.option("--reason", required=True, metavar="TEXT", help="How that is known. No names of members.")
@PIN_FILE
@AS_JSON
@pass_workspace
def split(
    ws: Workspace,
    item: str,
    pages: str,
    document: str,
    first: int | None,
    reason: str,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Give pages whose codes can't be read to the plan that they are of; the file is then judged anew.

    \b
    cpdocs held split 3f9ac0 --pages 4 --document 7K3M-9QXW-2RC --reason "looked at beside the plan"
    cpdocs held split 3f9ac0 --pages 7,8 --document 7K3M-9QXW-2RC --plan-page 1 --reason "the member's name is on both"

    Several plans in one file are several items anyway, by the codes on their pages. Nothing is accepted by this, and
    what a page's own codes say can't be set aside.
    """
    from cpdocs.returns.split import split as split_held

    try:
        numbers = [int(each) for each in pages.split(",")]
    except ValueError:
        raise UsageFault(f"{pages!r} are no page numbers.", todo="Give them like --pages 4,5.") from None
    secret = pin_from(click.get_current_context(), pin_file)
    parts = split_held(ws, item, pages=numbers, document_id=document, first=first or 0, reason=reason, secret=secret)
    if as_json:
        print_json([item_json(ws, Item((part,))) for part in parts])
        return
    for part in parts:
        click.echo(line_of(Item((part,))))

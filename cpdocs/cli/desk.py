"""``cpdocs desk``: the same use cases in a browser."""

from __future__ import annotations

from functools import partial

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.workspace import Workspace

_PORT = 8137


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    metavar="N",
    help="Which port of this machine; 0 takes any.",
)
@pass_workspace
def desk(ws: Workspace, port: int) -> None:
    """What waits, the review queue, plans and practices in a browser on this machine; until Ctrl-C.

    \b
    cpdocs desk
    cpdocs desk --port 8200

    Prints one address. Nobody on another machine reaches it. Each logs in by their enrolled name and PIN; a sandbox
    asks for a name alone. After 15 minutes without a request a session is over.
    """
    from cpdocs.desk.server import serve
    from cpdocs.wiring import open_workspace

    def open_for(person: str) -> Workspace:
        return open_workspace(ws.paths.root, person=person)

    serve(ws, open_for, port=port, tell=partial(click.echo))

"""``cpdocs init``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import click

from cpdocs.cli.context import chosen_person
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import PIN_FILE, TOKEN_PIN_FILE, pin_from, token_pin_from


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--sandbox",
    is_flag=True,
    help="For trying things out: CPDOCS_NOW may fix the clock, no PIN is asked, and everything says so.",
)
@click.option("--administrator", metavar="NAME", help="Make NAME the first administrator; they choose a PIN.")
@PIN_FILE
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
def init(
    ctx: click.Context,
    folder: Path,
    sandbox: bool,
    administrator: str | None,
    pin_file: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Make a workspace: settings, folders, the organization's seal key and its authority for digital IDs.

    \b
    cpdocs init /srv/cpdocs --administrator ada
    cpdocs init try --sandbox

    A cpdocs.toml that lies there already is used: where it puts keys on tokens (docs/keys.md), they are made or found
    there. With --pin-file and no name, whoever runs this is the first administrator; without either nobody is yet.

    `cpdocs setup` does this and all that comes after it, in one go.
    """
    from cpdocs.people.enrolling import first_administrator
    from cpdocs.wiring import acting_account, create_workspace

    name = administrator or chosen_person() or (acting_account().user if pin_file else "")
    secret = cache(pin_from(ctx, pin_file, f"PIN for {name}", twice=True))
    if name and not sandbox:
        secret()  # asked for before anything is made
    workspace = create_workspace(folder, sandbox=sandbox, token_pin=token_pin_from(ctx, token_pin_file))
    ctx.call_on_close(workspace.close)
    root = workspace.paths.root
    if name:
        first_administrator(workspace, name, secret)
    if as_json:
        print_json({"workspace": str(root), "sandbox": sandbox, "settings": str(workspace.paths.settings)})
    kind = "sandbox" if sandbox else "workspace"
    say(ctx, f"Made the {kind} {root}")
    say(ctx, f"Next: say who you are in {workspace.paths.settings}, then `cpdocs --workspace {root} doctor`.")

"""``cpdocs init``."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import TOKEN_PIN_FILE, token_pin_from


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--sandbox",
    is_flag=True,
    help="For trying things out: CPDOCS_NOW may fix the clock, no PIN is asked, and everything says so.",
)
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
def init(ctx: click.Context, folder: Path, sandbox: bool, token_pin_file: Path | None, as_json: bool) -> None:
    """Make a workspace: settings, folders, the organization's seal key and its authority for digital IDs.

    \b
    cpdocs init /srv/cpdocs
    cpdocs init try --sandbox

    A cpdocs.toml that lies there already is used: where it puts keys on tokens (docs/keys.md), they are made or found
    there.

    Then say who you are in cpdocs.toml, move the root key out of state/keys/ to a safe place, and run `cpdocs doctor`.
    """
    from cpdocs.wiring import create_workspace

    workspace = create_workspace(folder, sandbox=sandbox, token_pin=token_pin_from(ctx, token_pin_file))
    root = workspace.paths.root
    if as_json:
        print_json({"workspace": str(root), "sandbox": sandbox, "settings": str(workspace.paths.settings)})
    kind = "sandbox" if sandbox else "workspace"
    say(ctx, f"Made the {kind} {root}")
    say(ctx, f"Next: say who you are in {workspace.paths.settings}, then `cpdocs --workspace {root} doctor`.")

"""``cpdocs init``."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.output import print_json, say


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--sandbox", is_flag=True, help="For trying things out: CPDOCS_NOW may fix the clock, no PIN is asked, and everything says so."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
def init(ctx: click.Context, folder: Path, sandbox: bool, as_json: bool) -> None:
    """Make a workspace: settings, folders, the organization's seal key and its authority for digital IDs.

    \b
    cpdocs init /srv/cpdocs
    cpdocs init try --sandbox

    Then say who you are in cpdocs.toml, move the root key out of state/keys/ to a safe place, and run `cpdocs doctor`.
    """
    from cpdocs.wiring import create_workspace

    workspace = create_workspace(folder, sandbox=sandbox)
    root = workspace.paths.root
    if as_json:
        print_json({"workspace": str(root), "sandbox": sandbox, "settings": str(workspace.paths.settings)})
    kind = "sandbox" if sandbox else "workspace"
    say(ctx, f"Made the {kind} {root}")
    say(ctx, f"Next: say who you are in {workspace.paths.settings}, then `cpdocs --workspace {root} doctor`.")

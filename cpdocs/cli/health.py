"""``cpdocs health``."""

from __future__ import annotations

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json
from cpdocs.workspace import Workspace


@click.command()
@AS_JSON
@click.pass_context
@pass_workspace
def health(ws: Workspace, ctx: click.Context, as_json: bool) -> None:
    """A quick answer for monitors: exit status 0 where all is at work, 1 where something isn't.

    \b
    cpdocs health
    cpdocs health --json

    Looks at the ledger, the disk, the last look of `cpdocs watch`, the review queue, overdue plans, deliveries, the
    last backup and the last checkpoint; the limits are in cpdocs.toml. It names no document and no person. `cpdocs
    doctor` says how to mend things.
    """
    from cpdocs.health.health import as_values, pulses

    found = pulses(ws)
    well = all(each.ok for each in found)
    if as_json:
        print_json({"ok": well, "checks": as_values(found)})
    else:
        for each in found:
            click.echo(f"{'ok ' if each.ok else 'NO '}  {each.check}: {each.message}")
    ctx.exit(0 if well else 1)

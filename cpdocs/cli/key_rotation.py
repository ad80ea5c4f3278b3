"""``cpdocs keys rotate``: the organization's own keys."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE_HELP, pin_from
from cpdocs.mailroom.workspace import Workspace


@click.command()
@click.argument("which", type=click.Choice(["seal"]))
@click.option("--reason", required=True, metavar="TEXT", help="Why it is changed.")
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--pin-file", type=FILE, help=PIN_FILE_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@pass_workspace
def rotate(ws: Workspace, ctx: click.Context, which: str, reason: str, by: str, pin_file: Path | None, as_json: bool) -> None:
    """Change the document seal. Plans sealed with the old one can still be signed and sent back.

    Needs the root's key, brought back into state/keys/ for this.

    \b
    cpdocs keys rotate seal --reason "ends in two months" --by "Sam Sample"
    """
    from cpdocs.mailroom.keys.rotation import rotate_seal
    from cpdocs.signing.keyfiles import fingerprint

    made = rotate_seal(ws, reason=reason, by=by, secret=pin_from(ctx, pin_file))
    if as_json:
        print_json({"key": which, "fingerprint": fingerprint(made), "not_after": made.not_valid_after_utc.isoformat()})
        return
    say(ctx, f"The seal is new, until {made.not_valid_after_utc:%Y-%m-%d}: {fingerprint(made)}")
    if not ws.sandbox:
        say(ctx, "Next: take root.p12 and root.pass away again.")

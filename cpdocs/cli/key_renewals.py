"""``cpdocs keys renew``: the successor of a digital ID."""

from __future__ import annotations

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.new_keys import NewKey, asks_for_new_key, made_row
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.workspace import Workspace


@click.command()
@click.argument("serial")
@click.option("--by", required=True, metavar="NAME", help="Who vouches that it is still the same person.")
@asks_for_new_key
@AS_JSON
@click.pass_context
@pass_workspace
def renew(
    ws: Workspace,
    ctx: click.Context,
    serial: str,
    by: str,
    new_key: NewKey,
    as_json: bool,
) -> None:
    """Issue the successor of a digital ID before it ends. Both are good until then.

    \b
    cpdocs keys renew 4f3a09 --by "Sam Sample" --csr ada.csr --out ada-2027.crt
    """
    from cpdocs.keys.renew import renew as renew_key

    old, new = renew_key(
        ws,
        serial,
        by=by,
        out=new_key.out,
        pin=new_key.pin,
        token_pin=new_key.token_pin,
        request=new_key.request,
        passphrase=new_key.passphrase,
    )
    if as_json:
        print_json({**made_row(ws, new, new_key), "renews": old.serial, "old_not_after": old.not_after.isoformat()})
        return
    say(ctx, f"Issued {new.serial} to {new.name} until {new.not_after:%Y-%m-%d}: {new_key.out}")
    say(
        ctx,
        f"{old.serial} stays good until {old.not_after:%Y-%m-%d}. Once it is out of use, take it back as superseded.",
    )

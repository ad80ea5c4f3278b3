"""``cpdocs keys renew``: the successor of a digital ID."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE_HELP, TOKEN_PIN_FILE, pin_from, secret_file, token_pin_from
from cpdocs.errors import UsageFault
from cpdocs.mailroom.workspace import Workspace


@click.command()
@click.argument("serial")
@click.option("--by", required=True, metavar="NAME", help="Who vouches that it is still the same person.")
@click.option("--csr", type=FILE, help="The office's own certificate request: then we never hold the key.")
@click.option("--out", type=FILE, required=True, help="The new file: a certificate with --csr, else a .p12.")
@click.option("--passphrase-file", type=FILE, help="What locks the .p12, on the first line of a file; give it to the clinician separately.")
@click.option("--pin-file", type=FILE, help=PIN_FILE_HELP)
@TOKEN_PIN_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@pass_workspace
def renew(
    ws: Workspace,
    ctx: click.Context,
    serial: str,
    by: str,
    csr: Path | None,
    out: Path,
    passphrase_file: Path | None,
    pin_file: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Issue the successor of a digital ID before it ends. Both are good until then.

    \b
    cpdocs keys renew 4f3a09 --by "Sam Sample" --csr ada.csr --out ada-2027.crt
    """
    from cpdocs.mailroom.keys.renew import renew as renew_key
    from cpdocs.mailroom.plans.signing import read_input

    if (csr is None) == (passphrase_file is None):
        raise UsageFault("Give --csr FILE, or --passphrase-file FILE for a key made here.", todo="One of the two; a request is better.")
    old, new = renew_key(
        ws,
        serial,
        by=by,
        out=out,
        pin=pin_from(ctx, pin_file),
        token_pin=token_pin_from(ctx, token_pin_file),
        request=read_input(csr, "a certificate request") if csr else None,
        passphrase=secret_file(ctx, passphrase_file) if passphrase_file else b"",
    )
    if as_json:
        print_json(
            {
                "serial": new.serial,
                "npi": new.npi,
                "name": new.name,
                "credential": new.credential,
                "not_after": new.not_after.isoformat(),
                "status": new.status(ws.clock.now()).value,
                "fingerprint": new.fingerprint,
                "custody": new.custody,
                "file": str(out.resolve()),
                "renews": old.serial,
                "old_not_after": old.not_after.isoformat(),
            }
        )
        return
    say(ctx, f"Issued {new.serial} to {new.name} until {new.not_after:%Y-%m-%d}: {out}")
    say(ctx, f"{old.serial} stays good until {old.not_after:%Y-%m-%d}. Once it is out of use, take it back as superseded.")

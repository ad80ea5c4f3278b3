"""``cpdocs keys``: digital IDs for clinicians."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import click

from cpdocs.cli import key_authorities, key_renewals, key_rotation
from cpdocs.cli.context import pass_workspace
from cpdocs.cli.new_keys import NewKey, asks_for_new_key, key_row, made_row
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE, TOKEN_PIN_FILE, pin_from, token_pin_from
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace

_BY = "Who established the identity; the acting account otherwise."


@click.group()
def keys() -> None:
    """Digital IDs: issue them to clinicians whose office has none, pin those of others, take them back.

    \b
    cpdocs keys issue --npi 1234567893 --identity "badge seen at the practice" \\
        --by "Sam Sample" --csr ada.csr --out ada.crt
    cpdocs keys list
    """


@keys.command()
@click.option("--npi", required=True, help="The clinician's NPI; they must be on record and active.")
@click.option("--identity", required=True, metavar="HOW", help="How their identity was established.")
@click.option("--by", required=True, metavar="NAME", help="Who established it.")
@asks_for_new_key
@AS_JSON
@click.pass_context
@pass_workspace
def issue(
    ws: Workspace,
    ctx: click.Context,
    npi: str,
    identity: str,
    by: str,
    new_key: NewKey,
    as_json: bool,
) -> None:
    """Issue a digital ID to one active clinician. The practice's key contact is told.

    \b
    cpdocs keys issue --npi 1234567893 --identity "video call, licence shown" \\
        --by "Sam Sample" --csr ada.csr --out ada.crt
    cpdocs keys issue --npi 1234567893 --identity "badge seen" --by "Sam Sample" \\
        --out ada.p12 --passphrase-file pass.txt
    """
    from cpdocs.keys.issue import issue as issue_key

    if (ws.paths.keys / "issuing.pass").exists() and not ws.sandbox:
        say(ctx, "Warning: the issuing key is not protected by an issuer's PIN yet. Run `cpdocs keys protect`.")
    record = issue_key(
        ws,
        npi,
        identity=identity,
        by=by,
        out=new_key.out,
        pin=new_key.pin,
        token_pin=new_key.token_pin,
        request=new_key.request,
        passphrase=new_key.passphrase,
    )
    if as_json:
        print_json(made_row(ws, record, new_key))
        return
    say(ctx, f"Issued {record.serial} to {record.name} until {record.not_after:%Y-%m-%d}: {new_key.out}")
    secret = "" if new_key.request else " Give the passphrase another way than the file."
    say(ctx, f"The practice's key contact has a notice in outbox/notices/.{secret}")


@keys.command()
@click.argument("serial")
@click.option(
    "--reason",
    required=True,
    metavar="R",
    help="RFC 5280: keyCompromise, affiliationChanged, superseded, cessationOfOperation …",
)
@PIN_FILE
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def revoke(
    ws: Workspace,
    ctx: click.Context,
    serial: str,
    reason: str,
    pin_file: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Take a digital ID back, from now on, and publish the lists of revoked certificates at once.

    What was received before stands, except after keyCompromise.

    \b
    cpdocs keys revoke 4f3a… --reason keyCompromise
    """
    from cpdocs.keys.issue import revoke as revoke_key

    record, published = revoke_key(
        ws, serial, reason=reason, pin=pin_from(ctx, pin_file), token_pin=token_pin_from(ctx, token_pin_file)
    )
    if as_json:
        print_json({**key_row(ws, record), "reason": record.reason, "lists_missing": list(published.missing)})
    else:
        say(ctx, f"Revoked {record.serial} of {record.name} ({record.reason}). The list is in outbox/crl/.")
        _say_missing(ctx, published.missing)


@keys.command("list")
@AS_JSON
@pass_workspace
def list_(ws: Workspace, as_json: bool) -> None:
    """Every digital ID on record.

    \b
    cpdocs keys list --json
    """
    from cpdocs.keys.issue import key_records

    rows = [key_row(ws, record) for record in key_records(ws.ledger).values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        # A member's name isn't told in a list; --json has it.
        holder, name = (row["npi"], row["name"]) if row["npi"] else ("member", "-")
        click.echo(f"{row['status']:8}  {row['not_after'][:10]}  {holder:10}  {name}  {row['serial']}")


@keys.command()
@click.option("--root", is_flag=True, help="The root's list too; its key must be back in state/keys/ for this.")
@PIN_FILE
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def crl(
    ws: Workspace, ctx: click.Context, root: bool, pin_file: Path | None, token_pin_file: Path | None, as_json: bool
) -> None:
    """Publish the lists of revoked certificates anew, before they grow stale: every month, and the root's every year.

    \b
    cpdocs keys crl
    cpdocs keys crl --root
    """
    from cpdocs.keys.issue import republish
    from cpdocs.keys.rotation import republish_root

    secret, token_pin = cache(pin_from(ctx, pin_file)), token_pin_from(ctx, token_pin_file)
    roots = republish_root(ws, secret=secret, token_pin=token_pin) if root else None
    published = republish(ws, pin=secret, token_pin=token_pin)
    missing = {**published.missing, **(dict.fromkeys(roots.missing, "its key is not in state/keys/") if roots else {})}
    files = [published.file, *(roots.files if roots else ())]
    if as_json:
        print_json(
            {"file": str(published.file), "files": [str(each) for each in files], "lists_missing": sorted(missing)}
        )
        return
    for each in files:
        say(ctx, f"Published {each}")
    _say_missing(ctx, missing)


@keys.command()
@click.argument("certificate", type=FILE)
@click.option("--npi", default="", help="The clinician whose certificate it is.")
@click.option("--member", is_flag=True, help="It is a member's: the member id comes on standard input.")
@click.option("--identity", required=True, metavar="HOW", help="How it was established whose it is.")
@click.option("--by", default="", metavar="NAME", help=_BY)
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def pin(
    ws: Workspace,
    ctx: click.Context,
    certificate: Path,
    npi: str,
    member: bool,
    identity: str,
    by: str,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Record whose a certificate is that somebody else issued, or that its holder made.

    \b
    cpdocs keys pin ada.cer --npi 1234567893 --identity "fingerprint read back by telephone"
    """
    from cpdocs.keys.pin import pin as pin_key
    from cpdocs.plans.signing import read_input

    if bool(npi) == member:
        raise UsageFault("Say whose it is: --npi N for a clinician, or --member.", todo="One of the two.")
    member_id = sys.stdin.readline().strip() if member else ""
    data = read_input(certificate, "a certificate")
    record = pin_key(
        ws,
        data,
        name=certificate.name,
        npi=npi,
        member_id=member_id,
        identity=identity,
        by=by,
        secret=pin_from(ctx, pin_file),
    )
    if as_json:
        print_json({**key_row(ws, record), "fingerprint": record.fingerprint})
    else:
        say(ctx, f"Pinned {record.serial} for {'the member' if member else record.npi}.")
        say(ctx, "Next: returns held for it can be decided again with `cpdocs held recheck`.")


@keys.command()
@PIN_FILE
@click.option(
    "--old-pin-file", type=FILE, help="The PIN of the issuer who held the key until now, when it changes hands."
)
@click.pass_context
@pass_workspace
def protect(ws: Workspace, ctx: click.Context, pin_file: Path | None, old_pin_file: Path | None) -> None:
    """Lock the issuing key with your PIN, as the person who issues digital IDs.

    \b
    cpdocs keys protect --pin-file pin.txt
    """
    from cpdocs.core.people import Role
    from cpdocs.errors import WorkspaceFault
    from cpdocs.keys.organization_keys import protect_issuing
    from cpdocs.people import people

    if ws.sandbox:
        raise WorkspaceFault("A sandbox asks for no PIN, so its issuing key has none.", todo="There is nothing to do.")
    acting = people.require(ws, Role.ISSUER, pin_from(ctx, pin_file))
    old = pin_from(ctx, old_pin_file)() if old_pin_file else acting.pin
    protect_issuing(ws, old, acting.pin, acting.user)
    say(ctx, "The issuing key opens with your PIN and nothing else.")


for _command in (key_renewals.renew, *key_authorities.COMMANDS, key_rotation.rotate):
    keys.add_command(_command)


def _say_missing(ctx: click.Context, missing: Mapping[str, str]) -> None:
    for name, why in missing.items():
        say(ctx, f"Warning: no list could be made for {name}: {why}")

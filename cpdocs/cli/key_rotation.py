"""``cpdocs keys rotate``: the organization's own keys."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import PIN_FILE, TOKEN_PIN_FILE, pin_from, token_pin_from
from cpdocs.workspace import Workspace

_STAYS = {
    "seal": "Plans sealed with the old one can still be signed and sent back.",
    "issuing": (
        "Digital IDs of the old one stay good until they end; its list of revoked certificates goes on being published."
    ),
    "in-person": "What members signed before stands.",
    "root": (
        "What the old one certified stays believed. Next: rotate issuing, in-person and seal, so that the "
        "new one certifies them."
    ),
}


@click.command()
@click.argument("which", type=click.Choice(["seal", "issuing", "in-person", "root"]))
@click.option("--reason", required=True, metavar="TEXT", help="Why it is changed.")
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--compromised", is_flag=True, help="Others may have the old key: the root's list says so from now on.")
@PIN_FILE
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def rotate(
    ws: Workspace,
    ctx: click.Context,
    which: str,
    reason: str,
    by: str,
    compromised: bool,
    pin_file: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Change one of the organization's keys. Nothing that the old one sealed or certified breaks.

    Needs the root's key, brought back into state/keys/ for this. Where cpdocs.toml puts the key on a token, the new one
    is made there.

    \b
    cpdocs keys rotate seal --reason "ends in two months" --by "Sam Sample"
    cpdocs keys rotate issuing --reason "moved to the token" --by "Sam Sample" --token-pin-file pin.txt
    """
    from cpdocs.keys.rotation import rotate as rotate_key
    from cpdocs.signing.keyfiles import fingerprint

    done = rotate_key(
        ws,
        which,
        reason=reason,
        by=by,
        compromised=compromised,
        secret=pin_from(ctx, pin_file),
        token_pin=token_pin_from(ctx, token_pin_file),
    )
    mark, ends = fingerprint(done.certificate), done.certificate.not_valid_after_utc
    if as_json:
        print_json(
            {
                "key": which,
                "fingerprint": mark,
                "not_after": ends.isoformat(),
                "adopted": done.adopted,
                "on_token": which in ws.options.tokens,
                "cross_certificate": str(done.cross) if done.cross else None,
                "lists": [str(each) for each in done.lists],
                "lists_missing": list(done.missing),
            }
        )
        return
    if done.adopted:
        say(
            ctx,
            f"The {which} key is used on its token from now on; its file is gone. Its certificate is the same: {mark}",
        )
        return
    say(ctx, f"The {which} key is new, until {ends:%Y-%m-%d}: {mark}")
    say(ctx, _STAYS[which])
    for each in done.missing:
        say(ctx, f"Warning: no list of revoked certificates could be made for {each}")
    if which == "root" and done.cross is None:
        say(
            ctx, "Warning: the old root was not at hand, so it doesn't certify the new one: tell those who check by it."
        )
    if not ws.sandbox and "root" not in ws.options.tokens:
        say(ctx, "Next: take the root's .p12 and .pass away again.")

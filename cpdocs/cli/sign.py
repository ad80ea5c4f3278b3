"""``cpdocs sign``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import chosen_workspace, opened_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE, pin_from
from cpdocs.errors import UsageFault, WorkspaceFault

if TYPE_CHECKING:
    from cpdocs.core.clock import Clock
    from cpdocs.plans.signing import Signed


@click.command()
@click.argument("file", type=FILE)
@click.option("--slot", type=click.Choice(["pcp", "member"]), required=True, help="Whose signature this is.")
@click.option("--key", type=FILE, help="pcp: your digital ID (.p12, .pfx).")
@click.option(
    "--passphrase-file",
    type=FILE,
    help="pcp: the digital ID's passphrase, on the first line of a file; else you are asked.",
)
@click.option("--in-person", is_flag=True, help="member: the member signs now, at a visit, before a witness.")
@click.option("--witness", help="member: the name of whoever watches, who runs this command.")
@click.option("--ink", type=FILE, help="member: a PNG of the member's handwriting, to be shown on the page.")
@click.option(
    "--representative", is_flag=True, help="member: the representative whom the plan names signs (for a minor, always)."
)
@PIN_FILE
@click.option(
    "--tsa-url",
    metavar="URL",
    help="Prove the time by this time-stamping authority (RFC 3161); else by the workspace's, if any.",
)
@click.option(
    "-o", "--out", type=FILE, help="The signed file; else FILE with -signed in its name. Never written over another."
)
@AS_JSON
@click.pass_context
def sign(
    ctx: click.Context,
    file: Path,
    slot: str,
    key: Path | None,
    passphrase_file: Path | None,
    in_person: bool,
    witness: str | None,
    ink: Path | None,
    representative: bool,
    pin_file: Path | None,
    tsa_url: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Sign an issued plan as PCP or designee, or let the member sign at a visit.

    A PCP's office needs nothing but the plan and a digital ID; a member's signature needs the workspace that issued the
    plan.

    \b
    cpdocs sign plan.pdf --slot pcp --key me.p12
    cpdocs sign plan.pdf --slot pcp --key me.p12 --passphrase-file pass.txt -o signed.pdf
    cpdocs sign plan.pdf --slot pcp --key me.p12 --tsa-url http://tsa.example.org/
    cpdocs sign plan.pdf --slot member --in-person --witness "Sam Sample" --ink ink.png

    Where an authority that --tsa-url names doesn't answer, nothing is signed; where the workspace's doesn't, the
    signature has no time stamp.
    """
    _check_usage(slot, key=key, in_person=in_person, witness=witness)
    if slot == "pcp":
        assert key is not None
        done = _sign_as_clinician(ctx, file, key, passphrase_file, out, tsa_url)
        following = "Send it back the way it came: to the Community Partner, or into inbox/."
    else:
        from cpdocs.plans.signing import Stamping, sign_in_person

        ws = opened_workspace()
        done = sign_in_person(
            ws,
            file,
            witness=witness or "",
            secret=pin_from(ctx, pin_file),
            ink=ink,
            out=out,
            representative=representative,
            stamping=Stamping(tsa_url or ws.options.tsa_url, required=bool(tsa_url)),
        )
        following = f"Put it into {ws.paths.inbox} and run `cpdocs intake`, or send it on for the PCP to sign."
    if as_json:
        print_json(
            {
                "file": str(done.file.resolve()),
                "document_id": done.document_id,
                "slot": slot,
                "signer": done.signer.name,
                "npi": done.signer.npi or None,
                "credential": done.signer.credential or None,
                "timestamped": done.timestamped,
            }
        )
        return
    say(ctx, f"Signed {done.document_id}{' with a time stamp' if done.timestamped else ''}: {done.file}")
    if done.why_not:
        say(ctx, f"The signature has no time stamp: {done.why_not}")
    if slot == "pcp" and not done.signer.npi:
        say(
            ctx,
            "This digital ID names no NPI: the signature counts once the Community Partner has confirmed whose it is.",
        )
    say(ctx, f"Next: {following}")


def _check_usage(slot: str, *, key: Path | None, in_person: bool, witness: str | None) -> None:
    if slot == "pcp":
        if in_person or witness:
            raise UsageFault(
                "--in-person and --witness are for the member's slot.",
                todo="Sign as PCP with --slot pcp --key FILE.p12.",
            )
        if key is None:
            raise UsageFault(
                "Signing as PCP needs --key FILE.p12.",
                todo="An office that has no digital ID can ask the Community Partner for one.",
            )
    elif key is not None:
        raise UsageFault(
            "A member signs with a key made for this one signature; --key is for the PCP's slot.",
            todo="Leave --key out.",
        )
    elif not in_person or not witness:
        raise UsageFault(
            "A member signs at a visit, before a witness: --in-person --witness NAME.",
            todo="An approval given another way is recorded with `cpdocs plan approve ID --slot member`.",
        )


def _sign_as_clinician(
    ctx: click.Context, file: Path, key: Path, passphrase_file: Path | None, out: Path | None, tsa_url: str | None
) -> Signed:
    from cpdocs import wiring
    from cpdocs.plans.signing import Stamping, sign_as_clinician

    clock: Clock
    stamping = Stamping(tsa_url or "", required=True)
    try:
        ws = wiring.open_workspace(chosen_workspace())
        clock, templates = ws.clock, ws.shipped_templates
        stamping = Stamping(tsa_url or ws.options.tsa_url, required=bool(tsa_url))
    except WorkspaceFault:
        if chosen_workspace() is not None:
            raise
        clock, templates = wiring.SystemClock(), wiring.shipped_templates()
    passphrase = pin_from(ctx, passphrase_file, "passphrase") if passphrase_file or sys.stdin.isatty() else None
    return sign_as_clinician(file, key, passphrase, out=out, now=clock.now(), templates=templates, stamping=stamping)

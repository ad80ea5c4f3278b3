"""``cpdocs keys import-ca|cas|drop-ca|import-crl``: authorities outside the organization, and what they revoked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE_HELP, pin_from
from cpdocs.core.authority_records import Binding
from cpdocs.mailroom.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.core.authority_records import AuthorityRecord


@click.command("import-ca")
@click.argument("certificate", type=FILE)
@click.option(
    "--vouches-for",
    type=click.Choice([each.value for each in Binding]),
    required=True,
    help="Where its certificates name the clinician's NPI: the one thing that it is believed for.",
)
@click.option("--organization", multiple=True, metavar="NAME", help="Believe it for certificates of this organization only; repeatable.")
@click.option("--by", required=True, metavar="NAME", help="Who decided that it is believed.")
@click.option("--pin-file", type=FILE, help=PIN_FILE_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@pass_workspace
def import_ca(
    ws: Workspace,
    ctx: click.Context,
    certificate: Path,
    vouches_for: str,
    organization: tuple[str, ...],
    by: str,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Believe the certificates that an authority elsewhere signs for clinicians.

    CERTIFICATE is that of the authority which signs people's certificates itself, not one above it. A signature counts only
    with its current list of revoked certificates on record (keys import-crl).

    \b
    cpdocs keys import-ca hospital-ca.crt --vouches-for npi-in-serial-number --by "Sam Sample"
    cpdocs keys import-ca ca.crt --vouches-for npi-in-san --organization "Example Health Center" --by "Sam Sample"
    """
    from cpdocs.mailroom.keys.authorities import trust_authority
    from cpdocs.mailroom.plans.signing import read_input

    record = trust_authority(
        ws,
        read_input(certificate, "a certificate"),
        name=certificate.name,
        binding=Binding(vouches_for),
        organizations=organization,
        by=by,
        secret=pin_from(ctx, pin_file),
    )
    if as_json:
        print_json(_row(ws, record))
        return
    say(ctx, f"Believed for {record.binding.value}: {record.name}")
    say(ctx, "Next: record its list of revoked certificates with `cpdocs keys import-crl FILE`; without one its signatures are held.")


@click.command("cas")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@pass_workspace
def cas(ws: Workspace, as_json: bool) -> None:
    """Every outside authority on record, and until when its word on revocation is good.

    \b
    cpdocs keys cas
    """
    from cpdocs.mailroom.keys.authorities import authority_records

    rows = [_row(ws, record) for record in authority_records(ws.ledger).values()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        until = max((each["next_update"] for each in row["lists"]), default="")[:10] or "no list"
        click.echo(f"{row['status']:8}  {until:10}  {row['vouches_for']:20}  {row['fingerprint'][:16]}  {row['name']}")


@click.command("drop-ca")
@click.argument("fingerprint")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is believed no longer.")
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--pin-file", type=FILE, help=PIN_FILE_HELP)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@pass_workspace
def drop_ca(ws: Workspace, ctx: click.Context, fingerprint: str, reason: str, by: str, pin_file: Path | None, as_json: bool) -> None:
    """Believe an outside authority no longer. What was accepted stays accepted.

    \b
    cpdocs keys drop-ca 3f0c92aa --reason "contract ended" --by "Sam Sample"
    """
    from cpdocs.mailroom.keys.authorities import drop_authority

    record = drop_authority(ws, fingerprint, reason=reason, by=by, secret=pin_from(ctx, pin_file))
    if as_json:
        print_json(_row(ws, record))
    else:
        say(ctx, f"Dropped {record.name}. What comes from now on is held.")


@click.command("import-crl")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@pass_workspace
def import_crl(ws: Workspace, ctx: click.Context, file: Path, as_json: bool) -> None:
    """Record what an outside authority revoked: its list (CRL) or its answer about one certificate (OCSP).

    It must be signed by an authority on record; so no PIN is asked, and a scheduled job can do it.

    \b
    cpdocs keys import-crl hospital.crl
    """
    from cpdocs.mailroom.keys.authorities import import_revocations
    from cpdocs.mailroom.plans.signing import read_input

    done = import_revocations(ws, read_input(file, "a list of revoked certificates"), name=file.name)
    if as_json:
        print_json(
            {
                "authority": done.authority.fingerprint,
                "kind": done.kind,
                "sha256": done.sha256,
                "this_update": done.this_update,
                "next_update": done.next_update,
                "revoked": done.revoked,
                "new": done.new,
            }
        )
        return
    what = "list" if done.kind == "crl" else "answer"
    say(ctx, f"{'Recorded the' if done.new else 'Had already the'} {what} of {done.authority.name}: {done.revoked} revoked.")
    say(ctx, f"It is good until {done.next_update[:16].replace('T', ' ')} UTC. Returns held for it: `cpdocs held recheck`.")


def _row(ws: Workspace, record: AuthorityRecord) -> dict[str, Any]:
    now = ws.clock.now()
    status = "dropped" if not record.trusted else "expired" if now > record.not_after else "trusted"
    return {
        "fingerprint": record.fingerprint,
        "name": record.name,
        "status": status,
        "vouches_for": record.binding.value,
        "organizations": list(record.organizations),
        "not_after": record.not_after.isoformat(),
        "by": record.by,
        "lists": [
            {
                "sha256": each.sha256,
                "this_update": each.this_update.isoformat(),
                "next_update": each.next_update.isoformat(),
                "revoked": each.revoked,
                "scope": list(each.scope),
                "status": "current" if now <= each.next_update else "stale",
            }
            for each in record.lists.values()
        ],
        "answers": len(record.answers),
    }


COMMANDS = (import_ca, cas, drop_ca, import_crl)

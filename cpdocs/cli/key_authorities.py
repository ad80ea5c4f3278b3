"""``cpdocs keys import-ca|cas|drop-ca|import-crl``: authorities outside the organization, and what they revoked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE, pin_from
from cpdocs.core.authority_records import Binding
from cpdocs.core.plurals import counted
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.core.authority_records import AuthorityRecord


@click.command("import-ca")
@click.argument("certificate", type=FILE)
@click.option(
    "--vouches-for",
    type=click.Choice([each.value for each in Binding]),
    required=True,
    help=(
        "The one thing that it is believed for: where its certificates name the clinician's NPI, or the time "
        "in its stamps."
    ),
)
@click.option(
    "--organization",
    multiple=True,
    metavar="NAME",
    help="Believe it for certificates of this organization only; repeatable.",
)
@click.option(
    "--crl-url", multiple=True, metavar="URL", help="Where its list of revoked certificates lies; repeatable."
)
@click.option("--ocsp-url", default="", metavar="URL", help="Where it answers about one certificate.")
@click.option("--by", required=True, metavar="NAME", help="Who decided that it is believed.")
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def import_ca(
    ws: Workspace,
    ctx: click.Context,
    certificate: Path,
    vouches_for: str,
    organization: tuple[str, ...],
    crl_url: tuple[str, ...],
    ocsp_url: str,
    by: str,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Believe the certificates that an authority elsewhere signs for clinicians, or the time in its time stamps.

    CERTIFICATE is that of the authority which signs people's certificates itself, not one above it. A signature counts
    only with its current list of revoked certificates on record (keys import-crl, or keys fetch where addresses are
    given).

    \b
    cpdocs keys import-ca hospital-ca.crt --vouches-for npi-in-serial-number --by "Sam Sample"
    cpdocs keys import-ca ca.crt --vouches-for npi-in-san --organization "Example Health Center" --by "Sam Sample"
    cpdocs keys import-ca tsa.crt --vouches-for time --by "Sam Sample"
    """
    from cpdocs.keys.authorities import trust_authority
    from cpdocs.plans.signing import read_input

    record = trust_authority(
        ws,
        read_input(certificate, "a certificate"),
        name=certificate.name,
        binding=Binding(vouches_for),
        organizations=organization,
        by=by,
        secret=pin_from(ctx, pin_file),
        crl_urls=crl_url,
        ocsp_url=ocsp_url,
    )
    if as_json:
        print_json(_row(ws, record))
        return
    say(ctx, f"Believed for {record.binding.value}: {record.name}")
    if record.binding is Binding.TIME:
        say(
            ctx,
            "Next: record its list of revoked certificates too, if it publishes one: it is kept with what is filed.",
        )
    elif record.crl_urls or record.ocsp_url:
        say(
            ctx,
            (
                "Next: `cpdocs keys fetch`, now and by a schedule; `cpdocs watch` does it too where "
                "fetch_revocation allows it."
            ),
        )
    else:
        say(
            ctx,
            (
                "Next: record its list of revoked certificates with `cpdocs keys import-crl FILE`; without one its "
                "signatures are held."
            ),
        )


@click.command("cas")
@AS_JSON
@pass_workspace
def cas(ws: Workspace, as_json: bool) -> None:
    """Every outside authority on record, and until when its word on revocation is good.

    \b
    cpdocs keys cas
    """
    from cpdocs.keys.authorities import authority_records

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
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def drop_ca(
    ws: Workspace, ctx: click.Context, fingerprint: str, reason: str, by: str, pin_file: Path | None, as_json: bool
) -> None:
    """Believe an outside authority no longer. What was accepted stays accepted.

    \b
    cpdocs keys drop-ca 3f0c92aa --reason "contract ended" --by "Sam Sample"
    """
    from cpdocs.keys.authorities import drop_authority

    record = drop_authority(ws, fingerprint, reason=reason, by=by, secret=pin_from(ctx, pin_file))
    if as_json:
        print_json(_row(ws, record))
    else:
        say(ctx, f"Dropped {record.name}. What comes from now on is held.")


@click.command("import-crl")
@click.argument("file", type=FILE)
@AS_JSON
@click.pass_context
@pass_workspace
def import_crl(ws: Workspace, ctx: click.Context, file: Path, as_json: bool) -> None:
    """Record what an outside authority revoked: its list (CRL) or its answer about one certificate (OCSP).

    It must be signed by an authority on record; so no PIN is asked, and a scheduled job can do it.

    \b
    cpdocs keys import-crl hospital.crl
    """
    from cpdocs.keys.authorities import import_revocations
    from cpdocs.plans.signing import read_input

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
    say(
        ctx,
        f"{'Recorded the' if done.new else 'Had already the'} {what} of {done.authority.name}: {done.revoked} revoked.",
    )
    say(
        ctx,
        f"It is good until {done.next_update[:16].replace('T', ' ')} UTC. Returns held for it: `cpdocs held recheck`.",
    )


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
        "crl_urls": list(record.crl_urls),
        "ocsp_url": record.ocsp_url,
    }


@click.command("fetch")
@AS_JSON
@click.pass_context
@pass_workspace
def fetch(ws: Workspace, ctx: click.Context, as_json: bool) -> None:
    """Ask outside authorities what they revoked, at the addresses on record, and decide again on what waited for it.

    \b
    cpdocs keys fetch

    Only hosts that fetch_revocation under [signing] names are asked. Exit status 1 where one gave nothing that counts.
    What is fetched must be signed by the authority, so no PIN is asked, and a scheduled job can do it.
    """
    from cpdocs.errors import AnswerIsNo
    from cpdocs.keys.fetch import fetch_all, waiting_for_word
    from cpdocs.returns.held import recheck

    done = list(fetch_all(ws))
    waiting = [each.sha256 for each in waiting_for_word(ws)] if any(each.new for each in done) else []
    rechecked = recheck(ws, waiting) if waiting else []
    failed = [each for each in done if each.problem]
    if as_json:
        decided = [
            {"sha256": each.sha256, "verdict": each.verdict.value if each.verdict else None} for each in rechecked
        ]
        print_json({"fetched": [each.as_json() for each in done], "rechecked": decided})
    for each in done:
        came = each.problem or (f"new, good until {each.next_update[:16]} UTC" if each.new else "nothing new")
        say(ctx, f"{each.authority[:12]} {each.kind} {each.url}: {came}")
    if rechecked:
        say(ctx, f"{counted(len(rechecked), 'held return')} decided again.")
    if failed:
        raise AnswerIsNo(
            f"{len(failed)} of {len(done)} questions brought nothing that counts.",
            todo="Each is named above with the reason.",
        )


COMMANDS = (import_ca, cas, drop_ca, import_crl, fetch)

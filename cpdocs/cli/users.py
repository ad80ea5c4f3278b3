"""``cpdocs user``: who may review, issue keys and witness."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import FILE, pin_from
from cpdocs.workspace import Workspace

_NEW_PIN = "The account's PIN, on the first line of a file that only they can read; else it is asked."


@click.group()
def user() -> None:
    """Who may review held returns, issue digital IDs or witness a member's signature, and their PINs.

    \b
    cpdocs user add jdoe --role reviewer
    cpdocs user list
    """


@user.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(["reviewer", "issuer", "witness"]),
    multiple=True,
    required=True,
    help="What the account may do; may be given more than once.",
)
@click.option("--full-name", default="", help="The name that stands on paper; the account's name otherwise.")
@click.option("--pin-file", type=FILE, help=_NEW_PIN)
@AS_JSON
@click.pass_context
@pass_workspace
def add(
    ws: Workspace,
    ctx: click.Context,
    name: str,
    roles: tuple[str, ...],
    full_name: str,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Give the operating-system account NAME a role, beside those that it has.

    The first time its PIN is set; later the same PIN must be given. Nobody can be both issuer and reviewer.

    \b
    cpdocs user add jdoe --role witness --full-name "Jay Doe" --pin-file pin.txt
    """
    from cpdocs.core.people import Role
    from cpdocs.people import people

    secret = cache(pin_from(ctx, pin_file, f"PIN for {name}", twice=True))
    *_, person = [people.enroll(ws, name, Role(role), secret, name=full_name) for role in roles]
    if as_json:
        print_json({"user": person.user, "name": person.name, "roles": sorted(person.roles)})
    else:
        say(ctx, f"{person.user} is now {', '.join(sorted(person.roles))}.")


@user.command("list")
@AS_JSON
@pass_workspace
def list_(ws: Workspace, as_json: bool) -> None:
    """Everybody who has a role.

    \b
    cpdocs user list --json
    """
    from cpdocs.people import people

    found = sorted(people.people(ws.ledger).values(), key=lambda person: person.user)
    if as_json:
        print_json([{"user": person.user, "name": person.name, "roles": sorted(person.roles)} for person in found])
        return
    if not found:
        say(click.get_current_context(), "Nobody has a role yet: `cpdocs user add LOGIN --role ROLE`.")
    for person in found:
        click.echo(f"{person.user}  {person.name}  {', '.join(sorted(person.roles))}")


@user.command()
@click.argument("name")
@click.option("--pin-file", type=FILE, help="The PIN until now.")
@click.option("--new-pin-file", type=FILE, help="The PIN from now on.")
@click.pass_context
@pass_workspace
def pin(ws: Workspace, ctx: click.Context, name: str, pin_file: Path | None, new_pin_file: Path | None) -> None:
    """Change the PIN of the account NAME; an issuer's also locks the issuing key.

    \b
    cpdocs user pin jdoe
    """
    from cpdocs.keys.organization_keys import protect_issuing
    from cpdocs.people import people

    old, new = pin_from(ctx, pin_file, "present PIN"), pin_from(ctx, new_pin_file, "new PIN", twice=True)
    people.change_pin(ws, name, old, new, reprotect=partial(protect_issuing, ws))
    say(ctx, f"The PIN of {name} is changed.")


@user.command()
@click.argument("name")
@click.pass_context
@pass_workspace
def remove(ws: Workspace, ctx: click.Context, name: str) -> None:
    """Take every role from the account NAME. What it did stays on record.

    \b
    cpdocs user remove jdoe
    """
    from cpdocs.people import people

    people.take_off(ws, name)
    say(ctx, f"{name} has no role any more.")

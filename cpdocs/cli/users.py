"""``cpdocs user``: who may administer, review, issue keys, witness and import; and their PINs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import FILE, PIN_FILE, pin_from
from cpdocs.workspace import Workspace

ROLES = ("administrator", "reviewer", "issuer", "witness", "registrar")
_ADMINISTRATOR = "administrator's PIN"


@click.group()
def user() -> None:
    """Who may administer, review held returns, issue digital IDs, witness signatures or import clinicians; their PINs.

    People are enrolled by name; they need no account on this machine, and say with --as who they are. All but `list`
    and `pin` need an administrator's PIN; `cpdocs init` or `cpdocs setup` makes the first administrator.

    \b
    cpdocs user add jdoe --role reviewer --as ada
    cpdocs user list
    """


@user.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(ROLES),
    multiple=True,
    required=True,
    help="What they may do; may be given more than once.",
)
@click.option("--full-name", default="", help="The name that stands on paper; the enrolled name otherwise.")
@click.option("--new-pin-file", type=FILE, help="The PIN that NAME chooses, on the first line of a file; else asked.")
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def add(
    ws: Workspace,
    ctx: click.Context,
    name: str,
    roles: tuple[str, ...],
    full_name: str,
    new_pin_file: Path | None,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Enroll NAME, or give them more roles, with an administrator's PIN.

    The first time NAME chooses a PIN. Nobody can be both issuer and reviewer, nor turn from one to the other without a
    second administrator.

    \b
    cpdocs user add jdoe --role witness --full-name "Jay Doe" --as ada --pin-file pin.txt
    """
    from cpdocs.core.people import Role
    from cpdocs.people import enrolling

    person = enrolling.enroll(
        ws,
        name,
        [Role(role) for role in roles],
        pin_from(ctx, pin_file, _ADMINISTRATOR),
        pin_from(ctx, new_pin_file, f"PIN for {name}", twice=True, option="--new-pin-file"),
        name=full_name,
    )
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
        say(click.get_current_context(), "Nobody has a role yet: `cpdocs setup` makes the first administrator.")
    for person in found:
        click.echo(f"{person.user}  {person.name}  {', '.join(sorted(person.roles))}")


@user.command()
@click.argument("name")
@click.option("--pin-file", type=FILE, help="The PIN until now, or the one-time PIN.")
@click.option("--new-pin-file", type=FILE, help="The PIN from now on.")
@click.pass_context
@pass_workspace
def pin(ws: Workspace, ctx: click.Context, name: str, pin_file: Path | None, new_pin_file: Path | None) -> None:
    """Change the PIN of NAME, who knows the present one; an issuer's also locks the issuing key.

    \b
    cpdocs user pin jdoe
    """
    from cpdocs.keys.organization_keys import protect_issuing
    from cpdocs.people import enrolling

    old = pin_from(ctx, pin_file, "present PIN")
    new = pin_from(ctx, new_pin_file, "new PIN", twice=True, option="--new-pin-file")
    enrolling.change_pin(ws, name, old, new, reprotect=partial(protect_issuing, ws))
    say(ctx, f"The PIN of {name} is changed.")


@user.command()
@click.argument("name")
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def reset(ws: Workspace, ctx: click.Context, name: str, pin_file: Path | None, as_json: bool) -> None:
    """Replace a PIN that NAME forgot by a one-time PIN, which is shown once, with an administrator's PIN.

    With it NAME can do nothing but set a PIN of their own: `cpdocs user pin NAME`. What was locked with the forgotten
    PIN stays locked: an issuer also needs `cpdocs keys rotate issuing`.

    \b
    cpdocs user reset jdoe --as ada
    """
    from cpdocs.people import enrolling

    one_time = enrolling.reset_pin(ws, name, pin_from(ctx, pin_file, _ADMINISTRATOR)).decode()
    if as_json:
        print_json({"user": name, "one_time_pin": one_time})
    else:
        click.echo(one_time)
        say(ctx, f"That is the one-time PIN of {name}. Next, {name} themselves: `cpdocs user pin {name}`.")


@user.command()
@click.argument("name")
@click.option(
    "--role", "roles", type=click.Choice(ROLES), multiple=True, help="Take this role alone; every role otherwise."
)
@PIN_FILE
@click.pass_context
@pass_workspace
def remove(ws: Workspace, ctx: click.Context, name: str, roles: tuple[str, ...], pin_file: Path | None) -> None:
    """Take every role from NAME, or the named ones, with an administrator's PIN. What they did stays on record.

    \b
    cpdocs user remove jdoe --as ada
    """
    from cpdocs.core.people import Role
    from cpdocs.people import enrolling

    secret = pin_from(ctx, pin_file, _ADMINISTRATOR)
    person = enrolling.take_off(ws, name, secret, [Role(role) for role in roles])
    if person.roles:
        say(ctx, f"{name} is now {', '.join(sorted(person.roles))}.")
    else:
        say(ctx, f"{name} has no role any more. `cpdocs doctor` says what they still hold.")

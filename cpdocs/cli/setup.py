"""``cpdocs init`` and ``cpdocs setup``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import chosen_person
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import PIN_FILE, TOKEN_PIN_FILE, pin_from, secret_file, token_pin_from
from cpdocs.errors import UsageFault

if TYPE_CHECKING:
    from cpdocs.setup.answers import Answers
    from cpdocs.setup.steps import Step


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--sandbox",
    is_flag=True,
    help="For trying things out: CPDOCS_NOW may fix the clock, no PIN is asked, and everything says so.",
)
@click.option("--administrator", metavar="NAME", help="Make NAME the first administrator; they choose a PIN.")
@PIN_FILE
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
def init(
    ctx: click.Context,
    folder: Path,
    sandbox: bool,
    administrator: str | None,
    pin_file: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Make a workspace: settings, folders, the organization's seal key and its authority for digital IDs.

    \b
    cpdocs init /srv/cpdocs --administrator ada
    cpdocs init try --sandbox

    A cpdocs.toml that lies there already is used: where it puts keys on tokens (docs/keys.md), they are made or found
    there. With --pin-file and no name, whoever runs this is the first administrator; without either nobody is yet.

    `cpdocs setup` does this and all that comes after it, in one go.
    """
    from cpdocs.people.enrolling import first_administrator
    from cpdocs.wiring import acting_account, create_workspace

    name = administrator or chosen_person() or (acting_account().user if pin_file else "")
    secret = cache(pin_from(ctx, pin_file, f"PIN for {name}", twice=True))
    if name and not sandbox:
        secret()  # asked for before anything is made
    workspace = create_workspace(folder, sandbox=sandbox, token_pin=token_pin_from(ctx, token_pin_file))
    ctx.call_on_close(workspace.close)
    root = workspace.paths.root
    if name:
        first_administrator(workspace, name, secret)
    if as_json:
        print_json({"workspace": str(root), "sandbox": sandbox, "settings": str(workspace.paths.settings)})
    kind = "sandbox" if sandbox else "workspace"
    say(ctx, f"Made the {kind} {root}")
    say(ctx, f"Next: say who you are in {workspace.paths.settings}, then `cpdocs --workspace {root} doctor`.")


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The answers as TOML (docs/setup.md); else you are asked.",
)
@AS_JSON
@click.pass_context
def setup(ctx: click.Context, folder: Path, answers_file: Path | None, as_json: bool) -> None:
    """From nothing to a clear `cpdocs doctor`: the workspace, who you are, people, backups, the root key, the service.

    \b
    cpdocs setup /srv/cpdocs                          asks
    cpdocs setup /srv/cpdocs --answers answers.toml   the same, from a file

    It can be run again at any time: what is done is left as it is, what is new is added. As root, with a [service]
    among the answers, it also makes the account that owns the workspace, works as that account, and installs the
    sudoers line and the units. Exit status 1 where something is left to do; it says what.
    """
    from cpdocs.setup.answers import read_answers
    from cpdocs.system.input_files import read_input

    root = folder.resolve()
    if answers_file is not None:
        answers = read_answers(read_input(answers_file, 1 << 20), answers_file.name)
    elif sys.stdin.isatty():
        answers = _asked(root)
    else:
        raise UsageFault("There is no terminal to ask at.", todo="Give the answers with --answers FILE.")
    steps = []
    for step in _steps(root, answers, _secrets(ctx, answers, answers_file)):
        steps.append(step)
        say(ctx, f"{'done' if step.done else 'LEFT'}  {step.name}: {step.message}")
    left = [step for step in steps if not step.done]
    if as_json:
        rows = [{"step": s.name, "done": s.done, "new": s.new, "message": s.message} for s in steps]
        print_json({"workspace": str(root), "ok": not left, "steps": rows})
    say(ctx, f"Next: `cpdocs --workspace {root} doctor`.")
    ctx.exit(1 if left else 0)


def _steps(root: Path, answers: Answers, secrets: Callable[[str], bytes]) -> Iterator[Step]:
    """Every step in order: as root for a service account, the workspace's own in a child that is that account."""
    from cpdocs.setup import service
    from cpdocs.setup.steps import Step, carry_root_away, set_up
    from cpdocs.workspace import Paths

    wanted = answers.service if os.geteuid() == 0 else None
    if wanted is None:
        yield from set_up(root, answers, secrets)
    else:
        for person in answers.person:
            secrets(person.name)  # asked for and read as root, before the account takes over
        yield service.make_account(root, answers, wanted)
        yield from service.as_account(wanted.account, lambda: set_up(root, answers, secrets))
    if answers.root_key:
        yield carry_root_away(Paths(root), Path(answers.root_key.carry_to))
    elif any((root / "state" / "keys").glob("root*.p12")):
        yield Step("root key", False, False, "The root key is still in state/keys/: answer with [root_key] carry_to.")
    if wanted is not None:
        yield from service.install(root, answers, wanted)
    elif answers.service:
        yield Step("service", False, False, "Accounts and units are root's to make: run setup again as root.")


def _secrets(ctx: click.Context, answers: Answers, beside: Path | None) -> Callable[[str], bytes]:
    """Gives each person's PIN: from their file, else by asking; once."""
    from cpdocs.setup.answers import secret_path

    files = {each.name: secret_path(each, beside.parent if beside else None) for each in answers.person}

    @cache
    def secret(name: str) -> bytes:
        file = files.get(name)
        if file is not None:
            return secret_file(ctx, file)
        return pin_from(ctx, None, f"PIN of {name}", twice=True, option="pin_file in the answers")()

    return secret


def _asked(root: Path) -> Answers:
    """The answers of somebody at the terminal; what stands in cpdocs.toml is offered."""
    from cpdocs import settings
    from cpdocs.cli.users import ROLES
    from cpdocs.core.senders import still_shipped
    from cpdocs.setup.answers import checked

    file = root / "cpdocs.toml"
    now = settings.load(file.read_text("utf-8") if file.is_file() else settings.default_text()).senders.organization
    shipped = still_shipped(now)
    organization = {
        key: click.prompt(
            f"Your organization's {said}", default=None if key in shipped else getattr(now, key), err=True
        )
        for key, said in _ORGANIZATION.items()
    }
    people: list[dict[str, Any]] = []
    click.echo("The people, one after the other: an administrator first; issuer and reviewer are two people.", err=True)
    while name := click.prompt("Name on record (empty: no more)", default="", show_default=False, err=True):
        full = click.prompt("Full name, for paper", default=name, err=True)
        roles = click.prompt(f"Roles, with spaces ({', '.join(ROLES)})", err=True).replace(",", " ").split()
        people.append({"name": name, "full_name": full, "roles": roles})
    answers: dict[str, Any] = {"organization": organization, "person": people}
    recipient = click.prompt("age public key for backups (empty: later)", default="", show_default=False, err=True)
    if recipient:
        answers["backup"] = {
            "recipients": recipient.split(),
            "folder": click.prompt("Folder for backups, on another disk", err=True),
        }
    carry = click.prompt("Folder on media for the root key (empty: later)", default="", show_default=False, err=True)
    if carry:
        answers["root_key"] = {"carry_to": carry}
    if os.geteuid() == 0 and click.confirm("Install it as a service, under an account of its own?", err=True):
        answers["service"] = {
            "account": click.prompt("Account", default="cpdocs", err=True),
            "program": click.prompt("Program", default=str(Path(sys.argv[0]).resolve()), err=True),
            "staff_group": click.prompt("Group whose members may run it", default="", show_default=False, err=True),
            "checkpoints": click.prompt("Folder for checkpoints", default="/mnt/compliance", err=True),
        }
    return checked(answers, "What was answered")


_ORGANIZATION = {
    "name": "name",
    "address1": "street",
    "city": "city",
    "state": "state",
    "zip": "ZIP",
    "phone": "phone",
    "hours": "office hours",
    "tty": "TTY",
    "fax": "fax",
    "email": "e-mail for plans",
    "correction_email": "e-mail for corrections of notes",
}

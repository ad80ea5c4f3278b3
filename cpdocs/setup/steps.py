"""The steps of ``cpdocs setup``, each of which is done once and found done the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cpdocs.core.people import Role
from cpdocs.core.senders import still_shipped
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.people.enrolling import enroll, ever_administered, first_administrator
from cpdocs.people.people import people
from cpdocs.setup.answers import Answers, Person
from cpdocs.system.durable import fsync_folder, read_plain, write_durably
from cpdocs.workspace import Paths, Workspace

RECIPIENTS = "backup-recipients.txt"
Secrets = Callable[[str], bytes]
"""Gives the PIN of the person so named."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to: ``done`` says that it is so now, ``new`` that this run did it."""

    name: str
    done: bool
    new: bool
    message: str


def set_up(root: Path, answers: Answers, secrets: Secrets) -> Iterator[Step]:
    """Does what is answered and isn't done yet, in the workspace at ``root``, as its owner.

    Raises what each step raises; what was done before stays, and the next run goes on from there.
    """
    from cpdocs.wiring import create_workspace, open_workspace

    paths = Paths(root.resolve())
    there = paths.settings.is_file() and paths.ledger.is_file()
    if not there:
        create_workspace(root, sandbox=False).close()
    yield Step("workspace", True, not there, f"{paths.root} is a workspace.")
    yield _organization(paths, answers.organization)
    ws = open_workspace(root)
    try:
        pin = cache(secrets)
        yield from _people(ws, answers.person, pin)
        yield _issuing_key(ws, pin)
        yield from _backups(ws, answers)
    finally:
        ws.close()


def _organization(paths: Paths, values: Mapping[str, str]) -> Step:
    from cpdocs import settings, settings_edit

    text = paths.settings.read_text("utf-8")
    changed = settings_edit.with_organization(text, values) if values else text
    if changed != text:
        write_durably(paths.settings, changed.encode(), overwrite=True)
    left = still_shipped(settings.load(changed, str(paths.settings)).senders.organization)
    if left:
        return Step("organization", False, changed != text, f"Still the shipped example's: {', '.join(left)}.")
    return Step("organization", True, changed != text, "cpdocs.toml says who sends.")


def _people(ws: Workspace, wanted: list[Person], secrets: Secrets) -> Iterator[Step]:
    if not ever_administered(ws):
        first = next((each for each in wanted if "administrator" in each.roles), None)
        if first is None:
            yield Step("people", False, False, "Nobody is administrator: answer with a [[person]] who is.")
            return
        roles = [Role(each) for each in first.roles]
        first_administrator(ws, first.name, lambda: secrets(first.name), name=first.full_name, roles=roles)
        yield Step("people", True, True, f"{first.name} is the first administrator.")
    for person in wanted:
        now = people(ws.ledger)
        missing = frozenset(map(Role, person.roles)) - (now[person.name].roles if person.name in now else frozenset())
        if not missing:
            continue
        by = next((each.name for each in wanted if _administers(ws, each.name)), None)
        if by is None:
            raise UsageFault(
                f"{person.name} can be enrolled by an administrator only.",
                todo="Name one who is on record as a [[person]], with their PIN.",
            )
        acting = _as(ws, by)
        enroll(acting, person.name, missing, lambda: secrets(by), lambda: secrets(person.name), name=person.full_name)  # noqa: B023 called at once
        yield Step("people", True, True, f"{person.name} is {', '.join(sorted(missing))}, by {by}.")
    left = {role.value for role in (Role.REVIEWER, Role.ISSUER, Role.WITNESS)} - {
        role.value for each in people(ws.ledger).values() for role in each.roles
    }
    if left:
        yield Step("people", False, False, f"Nobody is {', '.join(sorted(left))}.")
    else:
        yield Step("people", True, False, "Every role has somebody.")


def _administers(ws: Workspace, name: str) -> bool:
    found = people(ws.ledger).get(name)
    return found is not None and Role.ADMINISTRATOR in found.roles


def _as(ws: Workspace, name: str) -> Workspace:
    """The workspace with ``name`` acting; it shares the open ledger."""
    from dataclasses import replace

    acting = replace(ws, actor=replace(ws.actor, person=name))
    acting.__dict__["ledger"] = ws.ledger
    return acting


def _issuing_key(ws: Workspace, secrets: Secrets) -> Step:
    from cpdocs.keys.organization_keys import protect_issuing, token_place
    from cpdocs.people.people import require

    if not (ws.paths.keys / "issuing.pass").exists() or token_place(ws.paths, "issuing"):
        return Step("issuing key", True, False, "The issuing key is protected.")
    issuer = next((each.user for each in people(ws.ledger).values() if Role.ISSUER in each.roles), None)
    if issuer is None:
        return Step("issuing key", False, False, "Nobody is issuer: the issuing key lies unprotected.")
    acting = require(_as(ws, issuer), Role.ISSUER, lambda: secrets(issuer))
    protect_issuing(ws, acting.pin, acting.pin, issuer)
    return Step("issuing key", True, True, f"The issuing key opens with the PIN of {issuer} and nothing else.")


def _backups(ws: Workspace, answers: Answers) -> Iterator[Step]:
    from cpdocs.retention.backup import create_backup
    from cpdocs.retention.lists import made_backups
    from cpdocs.system.age import read_recipients

    file = ws.paths.root / RECIPIENTS
    if answers.backup is None:
        made = bool(made_backups(ws.ledger))
        yield Step("backup", made, False, "Backups are made." if made else "No backup is set up: answer with [backup].")
        return
    text = "".join(f"{each}\n" for each in answers.backup.recipients).encode()
    new = not file.exists() or read_plain(file) != text
    recipients = read_recipients(answers.backup.recipients, ())
    if new:
        write_durably(file, text, overwrite=True)
    yield Step("recipients", True, new, f"Backups are encrypted to the public keys in {file}.")
    if made_backups(ws.ledger) and not new:
        yield Step("backup", True, False, "A backup was made before.")
        return
    try:
        made_now = create_backup(ws, Path(answers.backup.folder), recipients)
    except (InputFault, WorkspaceFault) as fault:  # the folder is another's, or no disk is there: all else goes on
        yield Step("backup", False, False, f"{fault.message} {fault.todo}".rstrip())
        return
    yield Step("backup", True, True, f"The first backup is {made_now.file}")


def carry_root_away(paths: Paths, folder: Path) -> Step:
    """Moves the root's key to media that go into the safe: copied, read back, and only then removed here.

    Raises InputFault where ``folder`` is no folder outside the workspace, WorkspaceFault where the copy isn't the same.
    """
    keys = sorted({*paths.keys.glob("root*.p12"), *paths.keys.glob("root*.pass")})
    if not keys:
        return Step("root key", True, False, "The root key is not on this machine's disk.")
    if not folder.is_dir() or folder.resolve().is_relative_to(paths.root):
        raise InputFault(
            f"{folder} is no folder outside the workspace.",
            todo="Put in the media that go into the safe, and name them.",
        )
    for key in keys:
        write_durably(folder / key.name, read_plain(key))
    if any(read_plain(folder / key.name) != read_plain(key) for key in keys):
        raise WorkspaceFault(f"What {folder} gives back isn't what was written.", todo="Use other media.")
    for key in keys:
        key.unlink()
    fsync_folder(paths.keys)
    return Step("root key", True, True, f"The root key is in {folder}: put that into the safe now.")

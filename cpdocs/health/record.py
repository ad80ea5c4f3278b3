"""The workspace and its record: folders, permissions, database, settings, backups."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from cpdocs.core.plurals import counted
from cpdocs.core.senders import still_shipped
from cpdocs.health.answers import Checked, Level
from cpdocs.system.accounts import account_name
from cpdocs.system.ownership import of_others
from cpdocs.workspace import Workspace

_NAMED = 5


def folders(ws: Workspace) -> Iterator[Checked]:
    paths = ws.paths
    places = {
        name: path.resolve()
        for name, path in (("inbox", paths.inbox), ("outbox", paths.outbox), ("state", paths.state))
    }
    faults = 0
    for name, place in places.items():
        if not place.is_dir():
            faults += 1
            yield Checked("folders", Level.FAULT, f"{name}/ is missing.", f"mkdir {name}/ in the workspace")
        for other, elsewhere in places.items():
            if name != other and place.is_relative_to(elsewhere):
                faults += 1
                yield Checked(
                    "folders",
                    Level.FAULT,
                    f"{name}/ lies inside {other}/.",
                    "Keep the three apart; one must never feed another.",
                )
    if paths.inbox.is_dir() and paths.claims.is_dir() and paths.inbox.stat().st_dev != paths.claims.stat().st_dev:
        faults += 1
        yield Checked(
            "folders", Level.WARNING, "inbox/ and state/ are on different disks: claims are copied instead of renamed."
        )
    if not faults:
        yield Checked("folders", Level.OK, "inbox/, outbox/ and state/ are apart.")


def permissions(ws: Workspace) -> Iterator[Checked]:
    loose = 0
    for path in (ws.paths.state, *_inside(ws.paths.state)):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            loose += 1
    if loose:
        yield Checked(
            "permissions",
            Level.FAULT,
            f"Others can read {counted(loose, 'file or folder', 'files or folders')} in state/.",
            f"chmod -R go= {ws.paths.state}",
        )
    else:
        yield Checked("permissions", Level.OK, "state/ is for its owner alone.")


def owners(ws: Workspace) -> Iterator[Checked]:
    """What root or another account left here can't be read by the workspace's owner, and reads as damage."""
    foreign = of_others(ws.paths.root, _NAMED)
    if foreign:
        named = ", ".join(map(str, foreign))
        owner = account_name(ws.paths.state.stat().st_uid)
        yield Checked(
            "owners",
            Level.FAULT,
            f"These belong to another account than {owner}{' (perhaps more)' if len(foreign) == _NAMED else ''}"
            f": {named}.",
            f"Find out who ran what; then as root: chown -R -h {owner}: {ws.paths.state} {ws.paths.outbox}",
        )
    else:
        yield Checked("owners", Level.OK, "All in state/ and outbox/ belongs to one account.")


def _inside(folder: Path) -> Iterator[Path]:
    """The folder's own files and folders, two levels deep: enough to see a loose mode without walking every blob."""
    for child in sorted(folder.iterdir()):
        yield child
        if child.is_dir():
            yield from sorted(child.iterdir())[:1000]


def database(ws: Workspace) -> Iterator[Checked]:
    head = ws.ledger.head()
    if head.size == 0:
        yield Checked("ledger", Level.FAULT, "The ledger is empty.", "Restore it from the backup.")
    else:
        yield Checked(
            "ledger",
            Level.OK,
            f"The ledger opens and holds {counted(head.size, 'event')}; `cpdocs audit verify` proves them.",
        )


def templates(ws: Workspace) -> Iterator[Checked]:
    from cpdocs.documents.template_files import faults_in

    if not ws.paths.templates.is_dir():
        return
    for path, fault in faults_in(ws.paths.templates):
        yield Checked(
            "templates",
            Level.FAULT,
            f"templates/{path} {fault}.",
            "Put a real file there, or remove it to use the one that came with cpdocs.",
        )


def settings(ws: Workspace) -> Iterator[Checked]:
    shipped = () if ws.sandbox else still_shipped(ws.senders.organization)
    if shipped:
        name = "name" in shipped
        yield Checked(
            "settings",
            Level.FAULT if name else Level.WARNING,
            "cpdocs.toml still has the example organization."
            if name
            else f"[organization] still has the shipped example's {', '.join(shipped)}.",
            f"Say who you are in {ws.paths.settings}, or run `cpdocs setup`.",
        )
    else:
        yield Checked("settings", Level.OK, "cpdocs.toml is read and complete.")


def backups(ws: Workspace) -> Iterator[Checked]:
    """A backup that is old, was never made, failed, or had to leave damaged files out."""
    from cpdocs.retention.lists import failed_attempt, made_backups

    allowed = timedelta(hours=ws.options.backup_hours)
    made = made_backups(ws.ledger)
    failed = failed_attempt(ws.paths)
    if failed and (not made or failed > made[-1].at):
        yield Checked(
            "backup",
            Level.WARNING,
            f"The backup begun on {failed:%Y-%m-%d at %H:%M} UTC was not finished.",
            "Run `cpdocs backup create` by hand, and mend what it says.",
        )
    elif not made:
        if allowed and not ws.sandbox:
            yield Checked(
                "backup", Level.WARNING, "No backup was ever made.", "Set up `cpdocs backup create`: docs/backup.md."
            )
    elif allowed and ws.clock.true_now() - made[-1].at > allowed:
        age = ws.clock.true_now() - made[-1].at
        yield Checked(
            "backup",
            Level.WARNING,
            f"The last backup is {counted(age.days, 'day')} and {counted(age.seconds // 3600, 'hour')} old.",
            "See why it isn't made.",
        )
    elif made[-1].damaged:
        yield Checked(
            "backup",
            Level.WARNING,
            f"The last backup left {made[-1].damaged} damaged files out.",
            "Run `cpdocs audit verify`.",
        )
    else:
        yield Checked("backup", Level.OK, f"The last backup was made on {made[-1].at:%Y-%m-%d at %H:%M} UTC.")

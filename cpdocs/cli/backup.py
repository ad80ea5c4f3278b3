"""``cpdocs backup create|verify|restore|new-key``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.core.clock import EASTERN
from cpdocs.core.plurals import counted
from cpdocs.errors import AnswerIsNo, Problem, UsageFault
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.retention.restore import Restored

_SHOWN = 12
_PATH = click.Path(path_type=Path)
_LOG_KEY = click.option(
    "--log-key",
    metavar="KEY",
    help="The ledger's public key, as `audit checkpoint --public-key` printed it: the archive must be signed with it.",
)
_UNSIGNED = click.option("--unsigned", is_flag=True, help="Take an archive that was made before backups were signed.")


@click.group()
def backup() -> None:
    """Encrypted copies of everything, made while the work goes on; and the way back.

    \b
    cpdocs backup new-key /media/safe/backup-key.txt
    cpdocs backup create --to /mnt/backup --recipients-file /etc/cpdocs/backup-recipients.txt
    cpdocs backup verify /mnt/backup/cpdocs-….tar.age
    cpdocs backup restore /mnt/backup/cpdocs-….tar.age --into /srv/cpdocs --identity-file /media/safe/backup-key.txt
    """


@backup.command("new-key")
@click.argument("file", metavar="FILE", type=_PATH)
@AS_JSON
def new_key_(file: Path, as_json: bool) -> None:
    """Make an age key: the private one into FILE, the public one printed.

    \b
    cpdocs backup new-key /media/safe/backup-key.txt

    Keep FILE where this machine's users can't reach it, and a second copy elsewhere: without it no backup opens.
    """
    from cpdocs.system.age import new_key

    public = new_key(file)
    if as_json:
        print_json({"recipient": public, "identity_file": str(file.absolute())})
        return
    click.echo(public)
    say(click.get_current_context(), f"The private key is in {file}: keep it off this machine, and twice.")


@backup.command()
@click.option(
    "--to",
    "folder",
    required=True,
    type=_PATH,
    metavar="DIR",
    help="Where archives are kept: another disk, machine or share.",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="AGE-KEY",
    help="A public key (age1… or ssh-…) that may open it. Repeatable.",
)
@click.option("--recipients-file", "files", multiple=True, type=_PATH, metavar="FILE", help="Public keys, one a line.")
@click.option("--with-keys", is_flag=True, help="The private keys and PIN verifiers of state/ as well.")
@click.option("--full", is_flag=True, help="Build on no earlier archive.")
@AS_JSON
@pass_workspace
def create(
    ws: Workspace,
    folder: Path,
    recipients: tuple[str, ...],
    files: tuple[Path, ...],
    with_keys: bool,
    full: bool,
    as_json: bool,
) -> None:
    """Back up the ledger, every stored file, settings and templates, while everything goes on.

    \b
    cpdocs backup create --to /mnt/backup --recipients-file /etc/cpdocs/backup-recipients.txt
    cpdocs backup create --to /media/safe/keys --recipient age1… --with-keys --full

    Stored files that an archive in DIR holds already are not copied again: keep the archives together. What was written
    is read back and compared. Exit status 1 where stored files are damaged: they are named and left out.
    """
    from cpdocs.retention.backup import create_backup
    from cpdocs.system.age import read_recipients

    made = create_backup(ws, folder, read_recipients(recipients, files), with_keys=with_keys, full=full)
    if as_json:
        print_json(
            {
                "file": str(made.file),
                "sha256": made.sha256,
                "size": made.size,
                "events": made.events,
                "stored_new": made.new,
                "stored_earlier": made.earlier,
                "based_on": list(made.based_on),
                "with_keys": made.with_keys,
                "damaged": list(made.damaged),
                "left_out": list(made.left_out),
            }
        )
    else:
        click.echo(str(made.file))
        more = f" ({made.earlier} more in {counted(len(made.based_on), 'earlier archive')})" if made.based_on else ""
        say(
            click.get_current_context(),
            f"{counted(made.events, 'event')} and {counted(made.new, 'stored file')}{more}, "
            f"{counted(made.size, 'byte')}.",
        )
    if made.left_out:
        say(
            click.get_current_context(),
            f"Not backed up, since cpdocs doesn't know them: {', '.join(made.left_out)}. Keep them elsewhere.",
        )
    if made.damaged:
        raise AnswerIsNo(
            "The backup is made, without stored files that are damaged:",
            problems=[
                Problem("file_damaged", "Its bytes are not those that were stored.", f"store/{sha}")
                for sha in made.damaged
            ],
            todo="Run `cpdocs audit verify`, and restore them from an earlier backup.",
        )


@backup.command()
@click.argument("file", metavar="FILE", type=_PATH)
@click.option(
    "--identity-file", type=_PATH, metavar="FILE", help="The private key: then every byte inside is checked as well."
)
@_LOG_KEY
@_UNSIGNED
@AS_JSON
def verify(file: Path, identity_file: Path | None, log_key: str | None, unsigned: bool, as_json: bool) -> None:
    """Check an archive and those it builds on; writes nothing.

    \b
    cpdocs backup verify /mnt/backup/cpdocs-….tar.age
    cpdocs backup verify /mnt/backup/cpdocs-….tar.age --identity-file /media/safe/backup-key.txt

    Without the private key the archives are held against the receipts beside them, which anybody who writes there could
    make; with it what is inside is held against its manifest and the signature of the ledger's key. What proves the
    ledger is `cpdocs backup restore` into a scratch folder: do so from time to time.
    """
    from cpdocs.retention.archive_reading import check_archive, check_receipt, trusting
    from cpdocs.system.age import read_identities

    if identity_file is None:
        receipt = check_receipt(file)
        events, based_on, opened = receipt["events"], [each["name"] for each in receipt["based_on"]], False
    else:
        contents = check_archive(file, read_identities(identity_file), trusting((), log_key, unsigned=unsigned))
        events, based_on, opened = contents.events, list(contents.based_on), True
    if as_json:
        print_json({"ok": True, "file": str(file.absolute()), "events": events, "based_on": based_on, "opened": opened})
        return
    click.echo(
        f"{file.name} and {counted(len(based_on), 'archive')} that it builds on: as they were written "
        f"({counted(events, 'event')})."
    )


@backup.command()
@click.argument("file", metavar="FILE", type=_PATH)
@click.option("--into", required=True, type=_PATH, metavar="DIR", help="A new or empty folder.")
@click.option("--identity-file", required=True, type=_PATH, metavar="FILE", help="The private key.")
@click.option(
    "--against",
    multiple=True,
    type=_PATH,
    metavar="CHECKPOINT",
    help="A checkpoint that was kept elsewhere. Repeatable.",
)
@click.option(
    "--keys",
    type=_PATH,
    metavar="FILE",
    help="The archive made --with-keys: its keys and PINs come back in the same step.",
)
@_LOG_KEY
@_UNSIGNED
@AS_JSON
@click.pass_context
def restore(
    ctx: click.Context,
    file: Path,
    into: Path,
    identity_file: Path,
    against: tuple[Path, ...],
    keys: Path | None,
    log_key: str | None,
    unsigned: bool,
    as_json: bool,
) -> None:
    """Make a workspace of a backup: proven before it gets its name, and never over another.

    \b
    cpdocs backup restore /mnt/backup/cpdocs-….tar.age --into /srv/cpdocs --identity-file /media/safe/backup-key.txt \\
      --keys /media/safe/cpdocs-….tar.age --against /media/compliance/checkpoint.txt

    Every file must be one that was signed with the ledger's key, every stored file is hashed and the whole ledger
    replayed. --against shows that this is the history that was signed, and how many events are lost since. What steers
    cpdocs there (settings, templates, users, keys) is named and not used: look at it before you start anything. Never
    let the old workspace run on beside the restored one: two ledgers would grow apart.
    """
    from cpdocs.retention.archive_reading import trusting
    from cpdocs.retention.restore import record_restore
    from cpdocs.retention.restore import restore as restore_
    from cpdocs.system.age import read_identities
    from cpdocs.wiring import open_restored

    if ctx.find_root().obj["workspace"] is not None:
        raise UsageFault(
            "A restore makes a workspace of its own.", todo="Leave --workspace out; name the new folder with --into."
        )
    trusted = trusting(against, log_key, unsigned=unsigned)
    done = restore_(file, into, read_identities(identity_file), trusted, keys=keys)
    ledger = open_restored(done.root, sandbox=done.report.sandbox)
    try:
        record_restore(ledger, done)
    finally:
        ledger.close()
    made = done.contents.made_at.astimezone(EASTERN)
    if as_json:
        print_json(
            {
                "workspace": str(done.root),
                "events": done.report.events,
                "files": done.report.files,
                "root": done.report.root.hex(),
                "made_at": done.contents.made_at.isoformat(),
                "anchored": done.anchored,
                "lost_events": done.lost_events,
                "signed": done.contents.signed,
                "missing_keys": list(done.missing_keys),
                "stale_keys": list(done.stale_keys),
                "beside": list(done.beside),
                "settings_that_reach_out": list(done.reaching),
                "left_out": list(done.contents.foreign),
                "damaged": list(done.contents.damaged),
            }
        )
    else:
        click.echo(
            f"{done.root} holds {counted(done.report.events, 'event')} and "
            f"{counted(done.report.files, 'stored file')}, as of "
            f"{made:%Y-%m-%d %H:%M:%S %Z}."
        )
    if done.lost_events:
        say(
            ctx,
            (
                f"{counted(done.lost_events, 'event')} that the checkpoint knows came after this backup: lost. Ask the "
                "practices to send again."
            ),
        )
    elif done.lost_events is None:
        say(
            ctx,
            (
                "No checkpoint was given (--against): what came after the backup is unknown, and nothing from "
                "outside proves this history."
            ),
        )
    if done.missing_keys:
        say(
            ctx,
            (
                f"Not in this backup: {', '.join(done.missing_keys)}. Restore with --keys and the backup made "
                "--with-keys, or put state/keys/ and state/users/ back from it."
            ),
        )
    if done.stale_keys:
        say(
            ctx,
            (
                f"Renewed since the backup with the keys was made, and left out: {', '.join(done.stale_keys)}. Make a "
                "new one of those (`cpdocs keys rotate`), or find a later backup."
            ),
        )
    _show_what_steers(ctx, done)


def _show_what_steers(ctx: click.Context, done: Restored) -> None:
    """Names what was restored besides the record, none of which was used yet."""
    kinds = {"templates/": "templates", "state/users/": "users' PINs", "state/keys/": "keys and certificates"}
    found = ["cpdocs.toml"]
    for start, word in kinds.items():
        names = [name.removeprefix(start) for name in done.beside if name.startswith(start)]
        if names:
            found.append(f"{len(names)} {word} ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})")
    say(ctx, f"Look at these before you start anything there; none was used yet: {'; '.join(found)}.")
    if done.reaching:
        say(ctx, f"Settings in cpdocs.toml that name a file or an address: {', '.join(done.reaching)}.")
    if done.contents.foreign:
        say(ctx, f"{counted(len(done.contents.foreign), 'file')} of this archive no backup holds: left out.")

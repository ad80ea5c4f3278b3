"""The root command: finds commands by name without importing them, and turns errors into exit statuses."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from cpdocs import __version__
from cpdocs.cli.output import OwnLog, show_error
from cpdocs.errors import CpdocsError

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: (module, attribute, one line of help); in the order of the work (contract §4)
    "setup": ("setup", "setup", "From nothing to a working office, in one go; can be run again."),
    "init": ("setup", "init", "Make a workspace: settings, folders, keys."),
    "demo": ("demo", "demo", "The whole road on invented data, in one go."),
    "import": ("imports", "import_", "Record a roster, practices, clinicians or designations."),
    "letters": ("letters", "letters", "Runs of letters: run, release, cancel, mailed, list, show."),
    "plan": ("plans", "plan", "Plans: check, issue, and the road of each version."),
    "medications": ("medications", "medications", "The medication list after a discharge, for the PCP."),
    "consent": ("consent", "consent", "A Part 2 consent is revoked or expires."),
    "member": ("members", "member", "A member declines, changes CP or is reinstated."),
    "sign": ("sign", "sign", "Sign an issued plan as PCP, designee, or member at a visit."),
    "intake": ("returns", "intake", "Decide on everything in inbox/, once."),
    "watch": ("returns", "watch", "The same, for ever."),
    "verify": ("returns", "verify", "The verdict on any file, changing nothing."),
    "held": ("held", "held", "The review queue: what a person must decide."),
    "desk": ("desk", "desk", "The same in a browser on this machine."),
    "todo": ("work", "todo", "Everything that waits for somebody, oldest first."),
    "status": ("status", "status", "Where every plan stands."),
    "due": ("status", "due", "What is due or overdue, and for whom."),
    "chase": ("work", "chase", "Ask for what nobody answered, once a practice and day."),
    "notices": ("notices", "notices", "Notices that must leave: list, log as sent."),
    "call": ("work", "call", "Log a telephone call about a plan."),
    "report": ("work", "report", "Timeliness, choice, referrals, returns, by days."),
    "file": ("filing", "file", "Build upload packages; confirm them in the chart."),
    "deliver": ("delivery", "deliver", "Send what waits; list, retry, give up."),
    "recall": ("delivery", "recall", "Take a filed plan back at its target."),
    "note": ("status", "note", "The care coordination note, ready to paste."),
    "audit": ("audit", "audit", "Prove the trail; show or export it."),
    "keys": ("keys", "keys", "Digital IDs for clinicians: issue, revoke, pin, list."),
    "user": ("users", "user", "Who may review, issue keys or witness, and their PINs."),
    "backup": ("backup", "backup", "Encrypted backups: create, verify, restore."),
    "archive": ("archive", "archive", "Legal holds, what is past retention, and an open export."),
    "health": ("health", "health", "A quick answer for monitors: is everything at work?"),
    "doctor": ("doctor", "doctor", "What is missing or unsafe here, and how to mend it."),
    "config": ("config", "config", "The settings: whether they can be used, what each means."),
    "completion": ("completion", "completion", "Let bash, zsh or fish complete commands and options."),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command runs: ``--help`` costs what click costs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(f"cpdocs.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands, in the order of the work"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The workspace to work in; else CPDOCS_WORKSPACE, else the nearest cpdocs.toml upwards.",
)
@click.option("--as", "person", metavar="NAME", help="Who you are on record, where the account isn't your own.")
@click.option("-q", "--quiet", is_flag=True, help="Only errors on standard error.")
@click.option("-v", "--verbose", is_flag=True, help="More about what is being done, on standard error.")
@click.version_option(__version__, prog_name="cpdocs")
@click.pass_context
def cpdocs(ctx: click.Context, workspace: Path | None, person: str | None, quiet: bool, verbose: bool) -> None:
    """Letters, care plans and signatures for MassHealth Community Partners.

    \b
    cpdocs demo                          the whole road on invented data
    cpdocs init /srv/cpdocs              make a workspace
    cpdocs letters run --roster r.csv    letter everybody newly assigned
    cpdocs plan issue plan.yaml          seal a plan and put it out for its practice
    cpdocs intake                        decide on everything in inbox/
    cpdocs status                        where every plan stands
    """
    ctx.obj = {"workspace": workspace, "person": person, "quiet": quiet, "verbose": verbose}


def run(argv: Sequence[str]) -> int:
    """Runs one command line and gives its exit status (contract §4). Never raises for what a person can mend."""
    os.umask(0o077)
    _keep_to_ourselves()
    try:
        result = cpdocs.main(args=list(argv), prog_name="cpdocs", standalone_mode=False)
    except CpdocsError as error:
        show_error(error)
        return error.exit_status
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        return 0
    except OSError as error:
        from cpdocs.system.durable import machine_fault

        refused = machine_fault(error)
        if refused is None:
            _show_defect(error)
            return 70
        show_error(refused)
        return refused.exit_status
    except Exception as error:  # noqa: BLE001 the last net: whatever went wrong, say so without showing data
        _show_defect(error)
        return 70
    return result if isinstance(result, int) else 0


def _keep_to_ourselves() -> None:
    """What libraries would say on their own account stays unsaid, since it may quote what they work on; no memory is
    dumped."""
    import logging
    import resource
    import warnings

    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())  # else Python prints their warnings to standard error by itself
    ours = logging.getLogger("cpdocs")
    if not ours.handlers:
        ours.addHandler(OwnLog(logging.WARNING))
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _show_defect(error: Exception) -> None:
    """Names the fault and the lines it came through, never its text: exception text can hold member data."""
    click.echo(
        (
            f"cpdocs: a defect of ours ({type(error).__name__}). Nothing that was recorded is lost; please report "
            "these lines:"
        ),
        err=True,
    )
    for frame in traceback.extract_tb(error.__traceback__):
        if f"{os.sep}cpdocs{os.sep}" in frame.filename:
            click.echo(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}", err=True)

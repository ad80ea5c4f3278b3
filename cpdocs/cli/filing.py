"""``cpdocs file`` and ``cpdocs file confirm``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID, MOMENT
from cpdocs.core.moments import eastern_text
from cpdocs.core.plurals import counted
from cpdocs.errors import AnswerIsNo, UsageFault
from cpdocs.workspace import Workspace

_BUILD = "build"


class _FileGroup(click.Group):
    """``file confirm …`` is a command of its own; anything else after ``file`` are document ids to build packages
    for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_BUILD, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != _BUILD]


@click.group(cls=_FileGroup, subcommand_metavar="[ID…] [--json] | confirm ID …")
def file() -> None:
    """Build the upload packages of complete plans: those named, or all that aren't filed yet.

    \b
    cpdocs file
    cpdocs file 7K3M-9QXW-2RC --json
    cpdocs file confirm 7K3M-9QXW-2RC --by "Sample Clerk" --at 2026-11-06T09:30

    A package holds the upload PDF, the signed originals, index.csv, the audit trail and a signed manifest. Plans that
    can't be filed for certain wait, with the reason. A plan is filed once; its name is never given again.
    """


@file.command(_BUILD, hidden=True)
@click.argument("document_ids", metavar="[ID…]", nargs=-1, type=DOCUMENT_ID)
@AS_JSON
@pass_workspace
def build(ws: Workspace, document_ids: tuple[str, ...], as_json: bool) -> None:
    """Build the packages of these plans, or of all complete ones that aren't filed yet.

    \b
    cpdocs file
    cpdocs file 7K3M-9QXW-2RC --json

    Exit status 1 where a plan that was named must wait; what is said shows why.
    """
    from cpdocs.chart.file import file_plans

    outcomes = file_plans(ws, document_ids)
    if as_json:
        print_json([outcome.as_json() for outcome in outcomes])
    ctx = click.get_current_context()
    for outcome in outcomes:
        say(ctx, outcome.sentence)
    waiting = [outcome for outcome in outcomes if outcome.package is None]
    if document_ids and waiting:
        raise AnswerIsNo(
            f"{len(waiting)} of {len(outcomes)} can't be filed yet.",
            todo="Mend what is said above, then file them again.",
        )
    if not outcomes:
        say(ctx, "Nothing to file: no complete plan is waiting.")


@file.command()
@click.argument("document_id", metavar="[ID]", required=False, type=DOCUMENT_ID)
@click.option("--by", default="", metavar="NAME", help="Who saw it in the chart, or what acknowledged it.")
@click.option("--at", type=MOMENT, metavar="TIME", help="When; Massachusetts time where no offset is given.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Instead of ID: a CSV of document_id, and at, by, sha256, file, status where known.",
)
@AS_JSON
@pass_workspace
def confirm(
    ws: Workspace, document_id: str | None, by: str, at: datetime | None, source: Path | None, as_json: bool
) -> None:
    """Confirm that a filed plan is in the chart, or all those that a file of acknowledgements names.

    \b
    cpdocs file confirm 7K3M-9QXW-2RC --by "Sample Clerk" --at 2026-11-06T09:30
    cpdocs file confirm --from indexed.csv --by "Sample Clerk"
    """
    from cpdocs.plans.status import standing_of, status_json
    from cpdocs.sending.acknowledgements import confirm_seen

    if source is not None:
        _confirm_many(ws, source, by.strip(), as_json)
        return
    if document_id is None or at is None or not by.strip():
        raise UsageFault("Say what is confirmed.", todo="Give ID, --by and --at; or --from FILE.")
    record = confirm_seen(ws, document_id, by=by.strip(), at=at)
    if as_json:
        print_json(status_json(standing_of(ws, record)))
    say(click.get_current_context(), f"{document_id}: in the chart, {eastern_text(at)}.")


def _confirm_many(ws: Workspace, source: Path, by: str, as_json: bool) -> None:
    from cpdocs.sending.acknowledgements import confirm_file

    done = confirm_file(ws, source, by=by)
    if as_json:
        problems = [{"where": each.where, "code": each.code, "message": each.message} for each in done.problems]
        print_json({"confirmed": list(done.confirmed), "already": list(done.already), "problems": problems})
    say(
        click.get_current_context(),
        f"{len(done.confirmed)} confirmed, {len(done.already)} confirmed before, "
        f"{counted(len(done.problems), 'line')} left out.",
    )
    if done.problems:
        raise AnswerIsNo("Some lines confirm nothing.", problems=done.problems)

"""``cpdocs doctor``."""

from __future__ import annotations

from dataclasses import asdict

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json
from cpdocs.workspace import Workspace

_SIGNS = {"ok": "ok     ", "warning": "warning", "fault": "FAULT  "}


@click.command()
@AS_JSON
@click.pass_context
@pass_workspace
def doctor(ws: Workspace, ctx: click.Context, as_json: bool) -> None:
    """What is missing or unsafe here, and how to mend it. Exit status 1 where there is a fault.

    \b
    cpdocs doctor
    cpdocs doctor --json
    """
    from cpdocs.health.answers import Level
    from cpdocs.health.examine import examine

    answers = examine(ws)
    healthy = all(answer.level is not Level.FAULT for answer in answers)
    if as_json:
        print_json({"ok": healthy, "checks": [asdict(answer) for answer in answers]})
    else:
        for answer in answers:
            click.echo(f"{_SIGNS[answer.level]}  {answer.check}: {answer.message}")
            if answer.todo:
                click.echo(f"           → {answer.todo}")
    ctx.exit(0 if healthy else 1)

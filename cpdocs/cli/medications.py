"""``cpdocs medications``: the medication list after a discharge, for the PCP."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.core.moments import eastern_text
from cpdocs.workspace import Workspace


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@AS_JSON
@click.pass_context
@pass_workspace
def medications(ws: Workspace, ctx: click.Context, file: Path, as_json: bool) -> None:
    """Put out the list of what a member takes after a discharge, as the home visit found it, for their PCP.

    \b
    cpdocs medications list.yaml

    The file says who told, as of which day, and after which discharge; docs/plans.md shows one. The home visit is held
    against 72 clock hours. The list says that it isn't reconciled, unless the file names the clinician who did that.
    """
    from cpdocs.plans.medications import issue_list

    made = issue_list(ws, file)
    word = {True: "in time", False: "late", None: "not on record"}[made.in_time]
    if as_json:
        print_json(
            {
                "document_id": made.document_id,
                "practice_id": made.practice_id,
                "file": str(made.file),
                "sha256": made.sha256,
                "home_visit_due": made.visit_due.isoformat(),
                "home_visit_in_time": made.in_time,
            }
        )
    say(ctx, f"{made.document_id} → {made.file}. Home visit due {eastern_text(made.visit_due)}: {word}.")

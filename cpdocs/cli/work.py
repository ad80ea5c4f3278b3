"""``cpdocs todo``: what waits for whom."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, plan_filters, say_how_many
from cpdocs.cli.tables import print_table
from cpdocs.core.clock import eastern_date
from cpdocs.core.ids import last_four
from cpdocs.core.worklist import Kind, Waiting
from cpdocs.index.queries import Page, PlanFilter
from cpdocs.workspace import Workspace


@click.command()
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Only what waits like this; can be given several times.",
)
@plan_filters
@pages
@AS_JSON
@pass_workspace
def todo(ws: Workspace, kinds: tuple[str, ...], narrowed: PlanFilter, page: Page, as_json: bool) -> None:
    """Everything that waits for somebody, oldest first: for whom, since when, and what to do next.

    \b
    cpdocs todo
    cpdocs todo --coordinator "Dana Sample"
    cpdocs todo --kind pcp_signature --practice P0041

    Members' names are shown on a terminal and in JSON; where the output goes elsewhere, the last four digits of their
    ids. Names stay out of logs.
    """
    from cpdocs.index.waiting import WorkFilter
    from cpdocs.returns.recovery import finish_all
    from cpdocs.worklist.todo import as_json as item_json
    from cpdocs.worklist.todo import counts
    from cpdocs.worklist.todo import todo as what_waits

    finish_all(ws)
    wanted = WorkFilter(
        tuple(Kind(each) for each in kinds), narrowed.coordinator, narrowed.practice_id, narrowed.program
    )
    items = what_waits(ws, wanted, page)
    if as_json:
        print_json([item_json(item) for item in items])
        return
    rows = [
        [
            _day(item.since),
            item.due_on,
            item.kind.value.replace("_", " "),
            item.waits_for,
            _who(item),
            item.program,
            item.document_id or item.about,
            item.what_to_do,
        ]
        for item in items
    ]
    print_table(["since", "due", "what", "waits for", "member", "plan", "document", "next"], rows)
    by_kind = counts(ws, wanted)
    ctx = click.get_current_context()
    told = ", ".join(f"{count} {kind.value.replace('_', ' ')}" for kind, count in by_kind.items())
    say(ctx, f"{told}." if told else "Nothing waits.")
    say_how_many(ctx, len(items), sum(by_kind.values()), page)


def _who(item: Waiting) -> str:
    if not item.member_id:
        return ""
    return item.member if item.member and sys.stdout.isatty() else last_four(item.member_id)


def _day(since: str) -> str:
    return eastern_date(datetime.fromisoformat(since)).isoformat() if "T" in since else since

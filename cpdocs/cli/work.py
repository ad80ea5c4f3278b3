"""``cpdocs todo``, ``chase``, ``call`` and ``report``: what waits for whom, asking for it, and counting it."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, plan_filters, say_how_many, say_unknown
from cpdocs.cli.params import DAY, DOCUMENT_ID
from cpdocs.cli.tables import print_table
from cpdocs.core.clock import eastern_date
from cpdocs.core.ids import last_four
from cpdocs.core.plurals import counted
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
    say_unknown(click.get_current_context(), ws, narrowed)
    if as_json:
        print_json([item_json(item, ws.clock.now()) for item in items])
        return
    rows = [
        [
            _day(item.since),
            f"{item.due_on} LATE" if item.is_late(ws.clock.now()) else item.due_on,
            item.kind.value.replace("_", " "),
            item.waits_for,
            _who(item),
            item.program,
            item.document_id or ("" if item.due_at else item.about),
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


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say who would be asked today; write and record nothing.")
@AS_JSON
@pass_workspace
def chase(ws: Workspace, dry_run: bool, as_json: bool) -> None:
    """Ask for what nobody answered: one letter a practice and day, listing its plans.

    \b
    cpdocs chase --dry-run
    cpdocs chase

    Practices are reminded on business days 3 and 6 after receipt and told once a plan is overdue; then the key contact
    is asked by name and the health plan is told, on the days that [work] in cpdocs.toml sets. Nothing is said twice,
    and nobody is asked for what has come back, or for a member who left. The letters lie in outbox/notices/. `watch`
    and `intake` do this by themselves once a day.
    """
    from cpdocs.returns.chase import as_json as letters_json
    from cpdocs.returns.chase import chase as ask
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    written = ask(ws, record=not dry_run)
    if as_json:
        print_json(letters_json(written))
        return
    rows = [
        [
            each.letter.practice_id or "health plan",
            (each.practice.key_contact or each.practice.name) if each.practice else each.letter.payer,
            each.letter.stage,
            ", ".join(asked.record.document_id for asked in each.letter.asked),
            each.channel or "-",
            each.file or "not written",
        ]
        for each in written
    ]
    print_table(["to", "for", "what", "plans", "channel", "letter"], rows)
    plans = sum(len(each.letter.asked) for each in written)
    ctx = click.get_current_context()
    say(
        ctx,
        f"{counted(len(written), 'letter')} about {counted(plans, 'plan')}"
        f"{'; nothing was written' if dry_run else ''}.",
    )


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option("--to", required=True, metavar="NAME", help="Who was spoken to.")
@click.option("--note", required=True, metavar="TEXT", help="What was said. No names of members.")
@AS_JSON
@pass_workspace
def call(ws: Workspace, document_id: str, to: str, note: str, as_json: bool) -> None:
    """Log a telephone call about a plan: with whom, and what was said.

    \b
    cpdocs call 7K3M-9QXW-2RC --to "Kim Contact" --note "The fax is with the PCP; back by Friday"

    `cpdocs plan show ID` shows the calls.
    """
    from cpdocs.plans.log import log_call

    record = log_call(ws, document_id, to=to, note=note)
    if as_json:
        print_json({"document_id": record.document_id, "to": to.strip(), "note": note.strip()})
        return
    say(click.get_current_context(), f"{record.document_id}: the call is logged.")


@click.command()
@click.option("--from", "first", type=DAY, required=True, metavar="DATE", help="The first day.")
@click.option("--to", "last", type=DAY, required=True, metavar="DATE", help="The last day.")
@click.option("--csv", "as_csv", is_flag=True, help="One CSV on standard output: a line for each count.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one page that needs nothing else, with bars, to look at and to print.",
)
@AS_JSON
@pass_workspace
def report(ws: Workspace, first: date, last: date, as_csv: bool, html: Path | None, as_json: bool) -> None:
    """What MassHealth watches, counted over a span of days: timeliness by practice and program, informed choice,
    referrals to affiliated providers; and what approvals rest on, what came back, why a person had to look.

    \b
    cpdocs report --from 2026-10-01 --to 2026-10-31
    cpdocs report --from 2026-10-01 --to 2026-10-31 --csv > october.csv
    cpdocs report --from 2026-10-01 --to 2026-10-31 --html october.html

    Versions are counted by the day of their issue, members once, by the practice and program that the version names: a
    roster that is corrected later changes no past month. It names no member.
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.worklist import report as reports

    ctx = click.get_current_context()
    found = reports.tables(ws, first, last)
    if html is not None:
        write_durably(html, reports.as_page(ws, found, first, last).encode(), overwrite=True)
        say(ctx, f"The report is in {html}.")
    elif as_json:
        print_json(reports.as_json(found, first, last))
    elif as_csv:
        click.echo(reports.as_csv(found), nl=False)
    else:
        for table in found:
            click.echo(f"\n{table.title}")
            names = [name.removesuffix("_id").replace("_", " ") for name in table.columns]
            rows = [["–" if value is None else str(value) for value in row.values()] for row in table.records()]
            print_table(names, rows)

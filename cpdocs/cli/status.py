"""``cpdocs status``, ``cpdocs due`` and ``cpdocs note``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, plan_filters, say_how_many, say_unknown
from cpdocs.cli.params import DAY
from cpdocs.cli.tables import print_table
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON
from cpdocs.core.ids import last_four, parse_document_id
from cpdocs.core.moments import eastern_text
from cpdocs.core.plan_record import PlanRecord, PlanState
from cpdocs.core.plurals import counted
from cpdocs.core.verdicts import Slot
from cpdocs.errors import UsageFault
from cpdocs.index.queries import Page, PlanFilter
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.plans.status import Due

_FEW = 200
"""Of so many plans the deliveries are looked up one by one; of more all are read at once."""
KINDS = ("timeliness", "choice", "affiliated", "no-plan")


@click.command()
@click.option(
    "--report", "kind", type=click.Choice(KINDS), help="Counts instead: what MassHealth watches, or who has no plan."
)
@click.option("--state", type=click.Choice([state.value for state in PlanState]), help="Only plans in this state.")
@click.option("--overdue", is_flag=True, help="Only plans that are overdue.")
@plan_filters
@pages
@AS_JSON
@pass_workspace
def status(
    ws: Workspace,
    kind: str | None,
    state: str | None,
    overdue: bool,
    narrowed: PlanFilter,
    page: Page,
    as_json: bool,
) -> None:
    """Where every plan stands: its state, both approvals, and the clock.

    \b
    cpdocs status
    cpdocs status --overdue --coordinator "Dana Sample"
    cpdocs status --limit 50 --page 3
    cpdocs status --json
    cpdocs status --report timeliness    approvals in time, by payer
    cpdocs status --report choice        evidence of informed choice, by program
    cpdocs status --report affiliated    services by providers linked to the CP
    cpdocs status --report no-plan       members without a plan, and until when they are to be met

    A receipt in brackets wasn't logged: the clock then runs from the moment of issue. One with a star was corrected;
    `cpdocs plan show ID` says from what.
    """
    from cpdocs.plans.status import counts, standings, status_json
    from cpdocs.returns.recovery import finish_all

    if kind is not None:
        _report(ws, kind, as_json)
        return
    finish_all(ws)
    on = eastern_date(ws.clock.now()) if overdue else None
    wanted = replace(narrowed, state=state or "", overdue_on=on)
    shown = standings(ws, wanted, page)
    say_unknown(click.get_current_context(), ws, narrowed)
    if as_json:
        print_json(_with_deliveries(ws, [status_json(standing) for standing in shown]))
        return
    rows = []
    for standing in shown:
        record, clock = standing.record, standing.clock
        day = eastern_date(clock.receipt).isoformat()
        receipt = (day if record.received_at else f"({day})") + ("*" if record.receipt_corrections else "")
        due = clock.due_on.isoformat() + (" OVERDUE" if standing.overdue else "")
        rows.append(
            [
                record.document_id,
                last_four(record.member_id),
                f"{record.program} v{record.version}",
                standing.words,
                _slot_word(record, Slot.MEMBER),
                _slot_word(record, Slot.PCP),
                receipt,
                due if clock.running else clock.stopped_words,
                record.practice_id,
            ]
        )
    print_table(["document", "member", "plan", "state", "member's", "PCP's", "received", "due", "practice"], rows)
    by_state, late = counts(ws, wanted)
    summary = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in by_state.items())
    nothing = "no plan has been issued" if wanted.everything else "no plan is like that"
    ctx = click.get_current_context()
    as_of = f"As of {eastern_text(ws.clock.now())}: "
    say(ctx, f"{as_of}{summary}; {late} overdue." if by_state else f"{as_of}{nothing}.")
    say_how_many(ctx, len(rows), sum(by_state.values()), page)


def _with_deliveries(ws: Workspace, rows: list[dict[str, JSON]]) -> list[dict[str, JSON]]:
    """Each plan with what left of it and where that stands (contract §9)."""
    from cpdocs.core.deliveries import as_json
    from cpdocs.sending.record import all_deliveries, deliveries_of

    of: dict[str, list[JSON]] = {}
    if len(rows) <= _FEW:
        found = [each for row in rows for each in deliveries_of(ws.ledger, str(row["document_id"]))]
    else:
        found = list(all_deliveries(ws.ledger).values())
    for delivery in found:
        of.setdefault(delivery.document_id, []).append(as_json(delivery))
    return [{**row, "deliveries": of.get(str(row["document_id"]), [])} for row in rows]


@click.command()
@click.option("--on", type=DAY, metavar="DATE", help="As of this day instead of today.")
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the due days as a calendar file instead (RFC 5545).",
)
@plan_filters
@pages
@AS_JSON
@pass_workspace
def due(ws: Workspace, on: date | None, ics: Path | None, narrowed: PlanFilter, page: Page, as_json: bool) -> None:
    """What is due or overdue, and for whom: every plan that waits for its PCP, the most pressing first.

    \b
    cpdocs due
    cpdocs due --on 2026-11-12
    cpdocs due --practice P0041
    cpdocs due --ics due.ics --limit 1000

    Key contacts are reminded on business days 3 and 6 after receipt; from day 8 the plan is overdue. Where the member
    left, or the PCP or practice isn't theirs any more, nobody is asked: `cpdocs todo` says what to do. The calendar
    leaves those out.
    """
    from cpdocs.plans.status import REVIEW_WORDS, due_counts, due_json, what_is_due
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    items = what_is_due(ws, on, narrowed, page)
    say_unknown(click.get_current_context(), ws, narrowed)
    if ics is not None:
        _write_calendar(ws, [item for item in items if not item.aside], ics)
        return
    if as_json:
        print_json([due_json(item) for item in items])
        return
    rows = []
    for item in items:
        record, clock, practice = item.standing.record, item.standing.clock, item.practice
        words = {
            "overdue": "OVERDUE",
            "due_today": "due today",
            "reminder": f"reminder, day {item.reminder}",
            "review": REVIEW_WORDS,
            "wait": "",
            "member_ended": "nobody is asked: the member left",
            "pcp_changed": "nobody is asked: another PCP",
            "practice_changed": "nobody is asked: another practice",
        }
        contact = " ".join(part for part in (practice.key_contact, practice.phone) if part) if practice else ""
        receipt = "logged" if record.received_at else "assumed from issue"
        rows.append(
            [
                clock.due_on.isoformat(),
                words[item.action],
                record.document_id,
                record.program,
                record.practice_id,
                contact,
                receipt,
            ]
        )
    print_table(["due", "today", "document", "plan", "practice", "for", "receipt"], rows)
    ctx = click.get_current_context()
    waiting, late = due_counts(ws, on, narrowed)
    day = f", for {on.isoformat()}" if on else ""
    say(ctx, f"As of {eastern_text(ws.clock.now())}{day}: {waiting} waiting, {late} overdue.")
    say_how_many(ctx, len(rows), waiting, page)


def _write_calendar(ws: Workspace, items: Sequence[Due], file: Path) -> None:
    from cpdocs.core.calendar_file import Entry, calendar
    from cpdocs.ledger.blobs import write_durably

    entries = [
        Entry(
            uid=f"{item.standing.record.document_id}@cpdocs",
            day=item.standing.clock.due_on,
            summary=f"Plan {item.standing.record.document_id} is due from practice {item.standing.record.practice_id}",
            description=" ".join(filter(None, (item.practice.key_contact, item.practice.phone)))
            if item.practice
            else "",
        )
        for item in items
    ]
    write_durably(file, calendar(entries, ws.clock.now()), overwrite=True)
    say(click.get_current_context(), f"{counted(len(entries), 'due day')} in {file}.")


@click.command()
@click.argument("who", metavar="ID")
@AS_JSON
@pass_workspace
def note(ws: Workspace, who: str, as_json: bool) -> None:
    """The care coordination note, ready to paste into a chart: enrollment, coordinator, contact, plan, and as of when.

    \b
    cpdocs note 7K3M-9QXW-2RC
    cpdocs note - < member-id.txt      the member id on standard input, never as an argument
    """
    from cpdocs.plans.status import note_for_member, note_for_plan

    if who == "-":
        text = note_for_member(ws, read_member_id())
    else:
        document_id = parse_document_id(who)
        if document_id is None:
            raise UsageFault(
                "That is no document id.",
                todo="Read it again from the plan; for a member id use `cpdocs note -` and type it there.",
            )
        text = note_for_plan(ws, document_id)
    if as_json:
        print_json({"note": text})
        return
    click.echo(text, nl=False)


def _report(ws: Workspace, kind: str, as_json: bool) -> None:
    from cpdocs.plans.reports import report

    rows = report(ws, kind)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        if "member_id" in row:
            row["member_id"] = last_four(str(row["member_id"]))
    if rows:
        headers = [name.removesuffix("_id").replace("_", " ") for name in rows[0]]
        print_table(headers, [["" if value is None else str(value) for value in row.values()] for row in rows])
    say(click.get_current_context(), counted(len(rows), "row") + "." if rows else "Nothing to report.")


def _slot_word(record: PlanRecord, slot: Slot) -> str:
    fill = record.fills.get(slot)
    if fill:
        return fill.evidence.value.replace("_", " ")
    return "refused" if record.refusal and record.refusal.slot is slot else "-"

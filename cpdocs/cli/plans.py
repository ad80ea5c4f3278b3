"""``cpdocs plan``: check and issue plan files, show and list what was issued."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from cpdocs.cli import plan_drafts, plan_log, plan_papers, plan_send
from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, plan_filters, say_how_many, say_unknown
from cpdocs.cli.params import DOCUMENT_ID, DRAFTS
from cpdocs.cli.plan_unapprove import unapprove
from cpdocs.cli.secrets import TOKEN_PIN_FILE, token_pin_from
from cpdocs.cli.tables import print_table
from cpdocs.core.clock import eastern_date
from cpdocs.core.ids import last_four
from cpdocs.core.moments import eastern_text
from cpdocs.core.plan_record import KeptFile, PlanState
from cpdocs.core.plurals import counted
from cpdocs.core.verdicts import Slot
from cpdocs.errors import AnswerIsNo
from cpdocs.index.queries import Page, PlanFilter
from cpdocs.workspace import Workspace

_FILES = click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def plan() -> None:
    """Plans: check and issue them, then the road of each version.

    \b
    cpdocs plan check plan.yaml                  what is wrong with it
    cpdocs plan issue plan.yaml                  sealed, and put out for its practice with a cover sheet
    cpdocs plan sent ID --to NAME --channel fax --at TIME
    cpdocs plan received ID --at TIME            starts the clock
    cpdocs plan show ID
    """


for _command in (
    plan_drafts.draft,
    plan_drafts.diff,
    plan_drafts.transfer,
    plan_send.plan_send,
    plan_log.sent,
    plan_log.received,
    plan_log.return_,
    plan_log.withdraw,
    plan_log.copy,
    plan_papers.print_,
    plan_papers.audience,
    plan_log.code,
    plan_log.approve,
    unapprove,
    plan_log.refuse,
):
    plan.add_command(_command)


@plan.command()
@_FILES
@AS_JSON
@pass_workspace
def check(ws: Workspace, files: tuple[Path, ...], as_json: bool) -> None:
    """Say everything that is wrong with plan files, changing nothing. Exit status 1 where there is an error.

    \b
    cpdocs plan check plan.yaml
    cpdocs plan check plans/*.yaml --json
    """
    from cpdocs.plans.check import check_files

    reports = check_files(ws, files)
    faulty = [report for report in reports if report.errors]
    if as_json:
        print_json([report.as_json() for report in reports])
    else:
        for report in reports:
            click.echo(f"{report.name}: {'errors' if report.errors else 'can be issued'}")
            for kind, problems in (("error", report.errors), ("warning", report.warnings)):
                for problem in problems:
                    click.echo(f"  {kind} {problem.code}: {problem}")
    if faulty:
        raise AnswerIsNo(
            "This plan can't be issued as it is."
            if len(reports) == 1
            else f"{len(faulty)} of {len(reports)} plans can't be issued as they are.",
            todo="Mend what is named above and check again.",
        )
    say(click.get_current_context(), f"{len(reports)} checked, no errors.")


@plan.command()
@_FILES
@DRAFTS
@TOKEN_PIN_FILE
@AS_JSON
@pass_workspace
def issue(
    ws: Workspace, files: tuple[Path, ...], allow_drafts: bool, token_pin_file: Path | None, as_json: bool
) -> None:
    """Issue plans: checked, rendered, sealed, and put out for their practices with a cover sheet.

    \b
    cpdocs plan issue plan.yaml
    cpdocs plan issue plans/*.yaml --json

    All files are checked first; those without errors are issued. A new version supersedes the last one. Our own words
    stand in the member's language, as the plan file or the roster names it, with the English beside them, and in large
    print where that is needed.
    """
    from cpdocs.plans.issue import issue_files

    ctx = click.get_current_context()
    outcome = issue_files(
        ws,
        files,
        token_pin=token_pin_from(ctx, token_pin_file),
        drafts=allow_drafts,
        issued=lambda one: say(ctx, f"{one.record.document_id}: version {one.record.version} → {one.file}"),
    )
    if as_json:
        print_json([one.as_json() for one in outcome.issued])
    for one in outcome.issued:
        for warning in one.warnings:
            say(ctx, f"{one.name}: warning {warning.code}: {warning}")
    if outcome.refused:
        raise outcome.refused
    say(
        ctx,
        f"{len(outcome.issued)} issued. Next: send each to the practice's key contact, then `cpdocs plan sent ID …`.",
    )


@plan.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@AS_JSON
@pass_workspace
def show(ws: Workspace, document_id: str, as_json: bool) -> None:
    """Show one version: where it stands, both approvals, its clock and its files.

    \b
    cpdocs plan show 7K3M-9QXW-2RC
    """
    from cpdocs.core.events import document_subject
    from cpdocs.people.access import record_access
    from cpdocs.plans.log import calls
    from cpdocs.plans.records import the_plan
    from cpdocs.plans.status import standing_of, status_json
    from cpdocs.plans.variants import given_copies
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    standing = standing_of(ws, the_plan(ws.ledger, document_id))
    given = given_copies(ws.ledger, document_id)
    record_access(ws, "plan show", document_subject(document_id))
    record, clock = standing.record, standing.clock
    if as_json:
        print_json(
            {
                **status_json(standing),
                "file": str(ws.paths.plans / record.file),
                "cover": str(ws.paths.plans / record.cover_file),
                "sha256": record.sha256,
                "pages": record.pages,
                "part2": record.part2,
                "supersedes": record.supersedes or None,
                "sendings": [{"to": s.to, "channel": s.channel, "at": s.at.isoformat()} for s in record.sendings],
                "copies": [
                    {"on": each.on.isoformat(), "format": each.format, "language": each.language, "by": each.by}
                    for each in record.copies
                ],
                "copies_without_part2": [
                    {"variant_id": each.variant_id, "to": each.to, "at": each.at.isoformat(), "sha256": each.sha256}
                    for each in given
                ],
                "returned": record.returned.text if record.returned else None,
                "withdrawn": record.withdrawn.text if record.withdrawn else None,
                "package": str(ws.paths.ehr / record.filing.package) if record.filing else None,
            }
        )
        return
    lines = [
        ("Document", record.document_id),
        ("Plan", f"{record.program}, version {record.version}, member {last_four(record.member_id)}"),
        ("State", standing.words),
        ("Issued", f"{eastern_text(record.issued_at)} by {record.issued_by} for practice {record.practice_id}"),
        *[("Sent", f"{eastern_text(s.at)} to {s.to} by {s.channel}") for s in record.sendings],
        (
            "Receipt",
            f"{eastern_text(clock.receipt)} ({'logged' if record.received_at else 'not logged: assumed from issue'})",
        ),
        *[
            (
                "Corrected",
                (
                    f"{eastern_text(each.at)} by {each.by}: receipt was {eastern_text(each.was)}; `audit show` has "
                    "the reason"
                ),
            )
            for each in record.receipt_corrections
        ],
        (
            "Due",
            f"{clock.due_on.isoformat()}{' OVERDUE' if standing.overdue else ''}"
            f"{f', {clock.stopped_words}' if clock.stopped_by else ''}",
        ),
    ]
    for slot in Slot:
        fill = record.fills.get(slot)
        word = "open"
        if fill:
            day = fill.on or eastern_date(fill.signed_at or fill.received_at)
            word = f"{fill.evidence.value.replace('_', ' ')}, {day.isoformat()}"
        elif record.refusal and record.refusal.slot is slot:
            word = f"refused {record.refusal.on.isoformat()}"
        lines.append(("Member" if slot is Slot.MEMBER else "PCP", word))
    lines += [
        ("Call", f"{eastern_text(each.at)} with {each.data['to']}: {each.data['note']}")
        for each in calls(ws, document_id)
    ]
    lines += [("Copy", f"given {each.on.isoformat()}, {each.format}, {each.language}") for each in record.copies]
    if record.consent_ended:
        lines.append(("Consent", record.consent_ended.words))
    lines += [
        (
            "For others",
            f"{each.variant_id}, without Part 2, {eastern_text(each.at)}{f' for {each.to}' if each.to else ''}",
        )
        for each in given
    ]
    if record.returned:
        lines.append(("Returned", f"{eastern_text(record.returned.at)}: {record.returned.text}"))
    if record.superseded_by:
        lines.append(("Superseded", f"by {record.superseded_by}"))
    if record.filing:
        lines.append(("Filed", f"{eastern_text(record.filing.at)} → {ws.paths.ehr / record.filing.package}"))
        lines += [("Proof", _proof(each)) for each in record.filing.kept]
    lines += [("Not filed", f"{reason['message']} {reason.get('todo', '')}".rstrip()) for reason in record.filing_held]
    if record.uploaded:
        lines.append(("In chart", f"{eastern_text(record.uploaded.at)}, confirmed by {record.uploaded.by}"))
    lines.append(("File", str(ws.paths.plans / record.file)))
    for label, text in lines:
        click.echo(f"{label + ':':<12}{text}")


def _proof(kept: KeptFile) -> str:
    stamp = (
        f", time stamp of {eastern_text(kept.stamped_at)} by {kept.authority or 'an authority without a name'}"
        if kept.stamped_at
        else ""
    )
    until = f", good until {eastern_date(kept.until).isoformat()}" if kept.until else ""
    return f"PAdES {kept.level.value}{stamp}{until}"


@plan.command("list")
@click.option("--state", type=click.Choice([state.value for state in PlanState]), help="Only plans in this state.")
@plan_filters
@pages
@AS_JSON
@pass_workspace
def list_(ws: Workspace, state: str | None, narrowed: PlanFilter, page: Page, as_json: bool) -> None:
    """List what was issued, oldest first.

    \b
    cpdocs plan list
    cpdocs plan list --state partly_signed --practice P0041
    """
    from cpdocs.plans.status import counts, standings, status_json
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    wanted = replace(narrowed, state=state or "")
    shown = standings(ws, wanted, page)
    say_unknown(click.get_current_context(), ws, narrowed)
    if as_json:
        print_json([status_json(standing) for standing in shown])
        return
    print_table(
        ["document", "member", "plan", "state", "issued", "practice"],
        [
            [
                standing.record.document_id,
                last_four(standing.record.member_id),
                f"{standing.record.program} v{standing.record.version}",
                standing.words,
                eastern_date(standing.record.issued_at).isoformat(),
                standing.record.practice_id,
            ]
            for standing in shown
        ],
    )
    ctx = click.get_current_context()
    all_of_them = sum(counts(ws, wanted)[0].values())
    say(ctx, f"{counted(all_of_them, 'plan')}.")
    say_how_many(ctx, len(shown), all_of_them, page)

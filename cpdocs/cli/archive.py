"""``cpdocs archive hold|release|holds|due|renew|export``."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, DOCUMENT_ID
from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.events import document_subject, member_subject
from cpdocs.core.ids import last_four, parse_document_id
from cpdocs.core.plurals import counted
from cpdocs.errors import AnswerIsNo, UsageFault
from cpdocs.workspace import Workspace

_WHO = click.argument("who", metavar="ID")
_REASON = click.option("--reason", required=True, help="Why; it stays on the record.")
_BY = click.option("--by", required=True, metavar="NAME", help="Who decided it.")


@click.group()
def archive() -> None:
    """Legal holds, what is past its time, and everything as open files. Nothing is ever deleted.

    \b
    cpdocs archive hold 7K3M-9QXW-2RC --reason "subpoena of 2 November" --by "Your Name"
    cpdocs archive due
    cpdocs archive renew --dry-run
    cpdocs archive export /media/archive/2026
    """


@archive.command()
@_WHO
@_REASON
@_BY
@AS_JSON
@pass_workspace
def hold(ws: Workspace, who: str, reason: str, by: str, as_json: bool) -> None:
    """Put a document, or everything about a member, under a legal hold.

    \b
    cpdocs archive hold 7K3M-9QXW-2RC --reason "subpoena of 2 November" --by "Your Name"
    cpdocs archive hold - --reason "complaint" --by "Your Name" < member-id.txt
    """
    from cpdocs.retention.legal_holds import hold as hold_

    event = hold_(ws, _subject(who), reason=reason, by=by)
    if as_json:
        print_json({"hold": event.seq})
        return
    say(click.get_current_context(), f"Hold {event.seq} is in force.")


@archive.command()
@_WHO
@_REASON
@_BY
@click.option("--hold", "number", type=int, metavar="N", help="Which, where several are in force.")
@AS_JSON
@pass_workspace
def release(ws: Workspace, who: str, reason: str, by: str, number: int | None, as_json: bool) -> None:
    """End a legal hold.

    \b
    cpdocs archive release 7K3M-9QXW-2RC --reason "case closed" --by "Your Name"
    """
    from cpdocs.retention.legal_holds import release as release_

    event = release_(ws, _subject(who), reason=reason, by=by, number=number)
    if as_json:
        print_json({"released": event.data["hold"]})
        return
    say(click.get_current_context(), f"Hold {event.data['hold']} is released.")


@archive.command()
@AS_JSON
@pass_workspace
def holds(ws: Workspace, as_json: bool) -> None:
    """The legal holds in force.

    \b
    cpdocs archive holds
    """
    from cpdocs.retention.legal_holds import holds_in_force

    found = list(holds_in_force(ws.ledger).values())
    if as_json:
        print_json(
            [
                {
                    "hold": each.number,
                    "on": _shown(each.subject),
                    "reason": each.reason,
                    "by": each.by,
                    "since": each.since.isoformat(),
                }
                for each in found
            ]
        )
        return
    for each in found:
        click.echo(
            f"{each.number:>8}  {_shown(each.subject)}  since {eastern_date(each.since)}, by {each.by}: {each.reason}"
        )
    if not found:
        say(click.get_current_context(), "No legal hold is in force.")


@archive.command()
@click.option("--on", type=DAY, help="As of this day instead of today.")
@AS_JSON
@pass_workspace
def due(ws: Workspace, on: date | None, as_json: bool) -> None:
    """What is past its retention time, for a person to decide about. A report, nothing more.

    \b
    cpdocs archive due
    cpdocs archive due --on 2033-01-01 --json

    The time is `retention_years` in cpdocs.toml after the last event about a document.
    """
    from cpdocs.retention.legal_holds import past_retention

    found = past_retention(ws, on)
    if as_json:
        print_json(
            [
                {
                    "id": each.kept.key,
                    "kind": each.kept.kind,
                    "last_event": each.kept.last_on.isoformat(),
                    "kept_until": each.until.isoformat(),
                    "holds": [hold.number for hold in each.holds],
                }
                for each in found
            ]
        )
        return
    for each in found:
        held = f"  HELD ({', '.join(str(hold.number) for hold in each.holds)})" if each.holds else ""
        click.echo(f"{each.kept.key}  {each.kept.kind}  kept until {each.until}{held}")
    say(
        click.get_current_context(),
        f"{counted(len(found), 'record')} past its time; nothing is deleted." if found else "Nothing is past its time.",
    )


@archive.command()
@click.argument("documents", metavar="[ID…]", nargs=-1, type=DOCUMENT_ID)
@click.option("--before", type=DAY, help="What ends before this day; else before renew_months from now have passed.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Every signed file, whenever its proof ends: before an algorithm ages out.",
)
@click.option(
    "--dry-run", is_flag=True, help="Say what would be stamped anew, and what no longer verifies; change nothing."
)
@AS_JSON
@pass_workspace
def renew(
    ws: Workspace, documents: tuple[str, ...], before: date | None, everything: bool, dry_run: bool, as_json: bool
) -> None:
    """Lay a new time stamp over filed plans before what proves their signatures ends.

    \b
    cpdocs archive renew --dry-run
    cpdocs archive renew --before 2031-01-01
    cpdocs archive renew 7K3M-9QXW-2RC
    cpdocs archive renew --all

    The file before stays the beginning of the new one, and nothing is written over: the new file and a signed manifest
    are put into outbox/renewed/. One that no longer verifies is left as it is and named, with exit status 1.
    """
    from cpdocs.retention.renewal import ageing
    from cpdocs.retention.renewal import renew as renew_files

    if sum((bool(documents), before is not None, everything)) > 1:
        raise UsageFault("ID, --before and --all exclude each other.", todo="Give one of them, or none.")
    limit = datetime.combine(before, time(), EASTERN) if before else None
    files = ageing(ws, before=limit, ids=documents, everything=everything)
    outcomes = []
    ctx = click.get_current_context()
    for each in renew_files(ws, files, gain=not (everything or documents), dry_run=dry_run) if files else ():
        outcomes.append(each)
        if each.why_not:
            say(ctx, f"{each.document_id}: not renewed. {each.why_not} {each.todo}")
        elif each.after is None:
            say(
                ctx,
                (
                    f"{each.document_id}: would be stamped anew (PAdES "
                    f"{each.before.level.value}{_until(each.before.until)})."
                ),
            )
        else:
            say(ctx, f"{each.document_id}: PAdES {each.after.level.value}{_until(each.after.until)}.")
    if as_json:
        print_json([each.as_json() for each in outcomes])
    refused = sum(bool(each.why_not) for each in outcomes)
    say(
        ctx,
        f"{len(outcomes) - refused} of {counted(len(outcomes), 'file')}: "
        f"{'can be stamped anew' if dry_run else 'stamped anew'}.",
    )
    if refused:
        raise AnswerIsNo(f"{counted(refused, 'file')} not renewed.", todo="Each is named above with the reason.")


def _until(moment: datetime | None) -> str:
    return f", good until {eastern_date(moment).isoformat()}" if moment else ""


@archive.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@AS_JSON
@pass_workspace
def export(ws: Workspace, folder: Path, as_json: bool) -> None:
    """Everything as open files, by document, readable without cpdocs.

    \b
    cpdocs archive export /media/archive/2026

    DIR must be new or empty. It holds members' data in the clear: put it on an encrypted disk. A folder with
    manifest.sha256 is a whole one.
    """
    from cpdocs.retention.archive import export_archive

    done = export_archive(ws, folder)
    if as_json:
        print_json(
            {
                "folder": str(done.folder),
                "documents": done.documents,
                "files": done.files,
                "manifest_sha256": done.manifest_sha256,
            }
        )
        return
    say(
        click.get_current_context(),
        f"{counted(done.documents, 'document')}, {counted(done.files, 'file')} in {done.folder}.",
    )


def _subject(who: str) -> str:
    if who == "-":
        return member_subject(read_member_id())
    document_id = parse_document_id(who)
    if document_id is None:
        raise UsageFault(
            "That is no document id.",
            todo="Read it again from the document; for a member give - and the member id on standard input.",
        )
    return document_subject(document_id)


def _shown(subject: str) -> str:
    """A member by their last four digits, a document by its id."""
    kind, _, key = subject.partition(":")
    return f"member {last_four(key)}" if kind == "member" else key

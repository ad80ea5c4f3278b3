"""``cpdocs notices``: what we wrote to practices and health plans and somebody must send."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, say_how_many
from cpdocs.cli.params import MOMENT
from cpdocs.cli.tables import print_table
from cpdocs.core.events import JSON
from cpdocs.core.moments import eastern_text
from cpdocs.core.notices import NoticeRecord
from cpdocs.index.queries import Page
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.sending.notice_list import Addressed


@click.group()
def notices() -> None:
    """Notices to practices and health plans: which wait to be sent, and which left.

    \b
    cpdocs notices list
    cpdocs notices sent 7K3M-9QXW-2RC --to "Sample Health Plan" --channel fax --at 2026-11-05T10:15
    """


@notices.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were sent.")
@click.option("--practice", "practice_id", default="", metavar="ID", help="Those to this practice.")
@pages
@AS_JSON
@pass_workspace
def list_(ws: Workspace, everything: bool, practice_id: str, page: Page, as_json: bool) -> None:
    """What waits to be sent, oldest first: for whom it is, what it says of which plan, and the file.

    \b
    cpdocs notices list
    cpdocs notices list --practice S01
    cpdocs notices list --all --json

    A notice to a practice with a channel leaves by it, with `cpdocs deliver`; send the others, then log them.
    """
    from cpdocs.index.outgoing import notice_counts
    from cpdocs.returns.recovery import finish_all
    from cpdocs.sending.notice_list import list_notices

    finish_all(ws)
    found = list_notices(ws, everything=everything, practice_id=practice_id, page=page)
    if as_json:
        print_json([_addressed_json(each) for each in found])
        return
    rows = [
        [
            each.notice.reference,
            each.name,
            each.notice.says,
            ", ".join(each.notice.plans) or "-",
            eastern_text(each.notice.written_at),
            _state(each.notice),
            each.notice.file,
        ]
        for each in found
    ]
    print_table(["notice", "to", "says", "plan", "written", "sent", "file under outbox/"], rows)
    ctx = click.get_current_context()
    waiting, by_hand = notice_counts(ws.index, practice_id=practice_id)
    text = f"{by_hand} to send." if by_hand else "Nothing waits to be sent by hand."
    if waiting > by_hand:
        text += f" {waiting - by_hand} leave by a channel, with `cpdocs deliver`."
    say(ctx, text)
    if everything:
        waiting, _ = notice_counts(ws.index, everything=True, practice_id=practice_id)
    say_how_many(ctx, len(found), waiting, page)


@notices.command()
@click.argument("reference", metavar="NOTICE")
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write the notice's PDF there.")
@AS_JSON
@click.pass_context
@pass_workspace
def show(ws: Workspace, ctx: click.Context, reference: str, out: Path | None, as_json: bool) -> None:
    """Say of one notice to whom it is, what it says, where it lies, and whether it left.

    \b
    cpdocs notices show 7K3M-9QXW-2RC
    cpdocs notices show 7K3M-9QXW-2RC -o notice.pdf

    -o writes it out of the store, also where it was taken from the outbox. One to a health plan names the member.
    """
    from cpdocs.plans.notice_files import the_notice
    from cpdocs.returns.recovery import finish_all
    from cpdocs.sending.notice_list import addressed
    from cpdocs.system.durable import write_durably

    finish_all(ws)
    (found,) = addressed(ws, [the_notice(ws, reference)])
    notice = found.notice
    if out is not None:
        write_durably(out, ws.blobs.get(notice.sha256))
    if as_json:
        print_json(_addressed_json(found))
    else:
        place = ws.paths.outbox / notice.file
        rows = [
            ("Notice", notice.reference),
            ("To", ", ".join(dict.fromkeys(each for each in (found.name, found.to) if each))),
            ("Says", notice.says),
            ("Plan", ", ".join(notice.plans)),
            ("Written", eastern_text(notice.written_at)),
            ("Sent", _state(notice)),
            ("File", str(place) if place.is_file() else f"{place} (not there any more; -o FILE writes it)"),
        ]
        for name, value in rows:
            if value:
                click.echo(f"{name + ':':9}{value}")
    if out is not None:
        say(ctx, f"{out}: written.")


@notices.command()
@click.argument("references", metavar="NOTICE…", nargs=-1, required=True)
@click.option("--to", default="", metavar="NAME", help="Who it went to; the practice's key contact otherwise.")
@click.option("--channel", default="", metavar="C", help="fax, mail, by hand …; the practice's own otherwise.")
@click.option("--at", required=True, type=MOMENT, metavar="TIME", help="When it left; Massachusetts time.")
@AS_JSON
@pass_workspace
def sent(ws: Workspace, references: tuple[str, ...], to: str, channel: str, at: datetime, as_json: bool) -> None:
    """Log that notices left, all of them or none. Only then may a letter say that the health plan was told.

    \b
    cpdocs notices sent 7K3M-9QXW-2RC --to "Sample Health Plan" --channel fax --at 2026-11-05T10:15
    cpdocs notices sent 7K3M-9QXW-2RC 8M4N-2PXW-7RB --at 2026-11-05T10:15
    """
    from cpdocs.sending.notice_list import log_sent

    done = log_sent(ws, references, to=to, channel=channel, at=at)
    if as_json:
        print_json([notice_json(each) for each in done])
    for each in done:
        # What was typed isn't repeated: it may be a member's name.
        from_record = ("" if channel.strip() else f" by {each.channel}") + ("" if to.strip() else f" to {each.to}")
        say(click.get_current_context(), f"{each.reference}: logged as sent {eastern_text(at)}{from_record}.")


def _state(notice: NoticeRecord) -> str:
    if notice.sent_at is not None:
        return eastern_text(notice.sent_at)
    if notice.replaced_by:
        return f"never: {notice.replaced_by} says otherwise"
    return f"leaves by {notice.leaves_by}" if notice.leaves_by else "waits"


def _addressed_json(each: Addressed) -> dict[str, JSON]:
    return {**notice_json(each.notice), "name": each.name, "send_to": each.to or None, "send_by": each.channel or None}


def notice_json(each: NoticeRecord) -> dict[str, JSON]:
    """One notice for machines; it names no member."""
    return {
        "reference": each.reference,
        "kind": each.kind,
        "says": each.says,
        "document_id": each.document_id,
        "plans": list(each.plans),
        "practice_id": each.practice_id or None,
        "file": each.file,
        "written_at": each.written_at.isoformat(),
        "leaves_by": each.leaves_by or None,
        "sent_at": each.sent_at.isoformat() if each.sent_at else None,
        "to": each.to or None,
        "channel": each.channel or None,
        "waits": each.waits,
        "replaced_by": each.replaced_by or None,
    }

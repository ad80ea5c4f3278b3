"""``cpdocs notices``: what we wrote to practices and health plans and somebody must send."""

from __future__ import annotations

from datetime import datetime

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import MOMENT
from cpdocs.cli.tables import print_table
from cpdocs.core.events import JSON
from cpdocs.core.moments import eastern_text
from cpdocs.core.notices import NoticeRecord
from cpdocs.workspace import Workspace


@click.group()
def notices() -> None:
    """Notices that must leave: those to health plans, and those that tell a practice to stop.

    \b
    cpdocs notices list
    cpdocs notices sent 7K3M-9QXW-2RC --to "Sample Health Plan" --channel fax --at 2026-11-05T10:15
    """


@notices.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that were sent, and every other notice.")
@AS_JSON
@pass_workspace
def list_(ws: Workspace, everything: bool, as_json: bool) -> None:
    """What waits to be sent, oldest first: the file, and for whom it is.

    \b
    cpdocs notices list
    cpdocs notices list --all --json
    """
    from cpdocs.plans.notice_files import load_notices
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    found = [each for each in load_notices(ws.ledger).values() if everything or each.waits]
    if as_json:
        print_json([notice_json(each) for each in found])
        return
    rows = [
        [
            each.reference,
            each.kind.replace("_", " "),
            each.practice_id or "health plan",
            eastern_text(each.written_at),
            eastern_text(each.sent_at) if each.sent_at else "waits" if each.waits else "-",
            each.file,
        ]
        for each in found
    ]
    print_table(["notice", "says", "to", "written", "sent", "file under outbox/"], rows)
    waiting = sum(each.waits for each in found)
    say(click.get_current_context(), f"{waiting} to send." if waiting else "Nothing waits to be sent.")


@notices.command()
@click.argument("references", metavar="NOTICE…", nargs=-1, required=True)
@click.option("--to", required=True, metavar="NAME", help="Who it went to.")
@click.option("--channel", required=True, metavar="C", help="fax, secure_email, portal, mail, by hand …")
@click.option("--at", required=True, type=MOMENT, metavar="TIME", help="When it left; Massachusetts time.")
@AS_JSON
@pass_workspace
def sent(ws: Workspace, references: tuple[str, ...], to: str, channel: str, at: datetime, as_json: bool) -> None:
    """Log that notices left. Only then may a letter say that the health plan was told.

    \b
    cpdocs notices sent 7K3M-9QXW-2RC --to "Sample Health Plan" --channel fax --at 2026-11-05T10:15
    """
    from cpdocs.plans.notice_files import log_notice_sent

    done = [log_notice_sent(ws, each.strip().upper(), to=to, channel=channel, at=at) for each in references]
    if as_json:
        print_json([notice_json(each) for each in done])
    for each in done:
        say(click.get_current_context(), f"{each.reference}: sent {eastern_text(at)} to {to.strip()}.")


def notice_json(each: NoticeRecord) -> dict[str, JSON]:
    """One notice for machines; it names no member."""
    return {
        "reference": each.reference,
        "kind": each.kind,
        "document_id": each.document_id,
        "practice_id": each.practice_id or None,
        "file": each.file,
        "written_at": each.written_at.isoformat(),
        "sent_at": each.sent_at.isoformat() if each.sent_at else None,
        "to": each.to or None,
        "channel": each.channel or None,
        "waits": each.waits,
    }

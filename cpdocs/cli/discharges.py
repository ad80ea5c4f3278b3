"""``cpdocs member discharged``: the 72 hours of the home visit begin."""

from __future__ import annotations

from datetime import datetime

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import MOMENT
from cpdocs.core.ids import last_four
from cpdocs.core.moments import eastern_text
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace


@click.command("discharged")
@click.option("--at", type=MOMENT, metavar="TIME", help="When; Massachusetts time where no offset is given.")
@click.option("--facility", default="", metavar="NAME", help="From where.")
@click.option("--how", default="", metavar="HOW", help="How it is known: call of the hospital, alert …")
@click.option("--by", required=True, metavar="NAME", help="Who took it down.")
@click.option("--never", is_flag=True, help="In place of --at: the last one on record never was.")
@click.option("--reason", default="", metavar="R", help="With --never: why.")
@click.option(
    "--program", type=click.Choice(["BH", "LTSS"], case_sensitive=False), help="For this program; else BH first."
)
@AS_JSON
@pass_workspace
def discharged(
    ws: Workspace,
    at: datetime | None,
    facility: str,
    how: str,
    by: str,
    never: bool,
    reason: str,
    program: str | None,
    as_json: bool,
) -> None:
    """The member was discharged: the home visit is due in 72 clock hours; the member id is read from standard input.

    \b
    cpdocs member discharged --at 2026-11-02T14:00 --facility "Sample Hospital" --how alert --by "A. Sample" < id.txt

    The visit waits on the work list until a medication list (`cpdocs medications`) or a plan says when it was.
    """
    from cpdocs.members.discharges import record_discharge, take_back_discharge

    if (at is None) is not never:
        raise UsageFault("Say when the member was discharged, or that they weren't.", todo="Give --at or --never.")
    member_id = read_member_id()
    ctx = click.get_current_context()
    if at is None:
        take_back_discharge(ws, member_id, reason=reason, by=by, program=program)
        if as_json:
            print_json({"member": last_four(member_id), "home_visit_due": None})
        say(ctx, f"Recorded: that discharge of member {last_four(member_id)} never was.")
        return
    done = record_discharge(ws, member_id, at=at, facility=facility, how=how, by=by, program=program)
    if as_json:
        print_json({"member": last_four(member_id), "program": done.program, "home_visit_due": done.due.isoformat()})
    say(
        ctx,
        f"Member {last_four(member_id)}: home visit due {eastern_text(done.due)}. Next: `cpdocs medications FILE`.",
    )

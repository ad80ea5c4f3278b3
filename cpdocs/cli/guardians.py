"""``cpdocs member guardian-begins|guardian-ends``: who signs for the member changes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY
from cpdocs.core.ids import last_four
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.members.guardians import Recorded

_BY = click.option("--by", required=True, metavar="NAME", help="Who took it down.")
_HOW = click.option("--how", required=True, metavar="HOW", help="How it is known: decree seen, letter of the court …")


@click.command("guardian-begins")
@click.option("--name", required=True, metavar="NAME", help="The guardian.")
@click.option("--relation", required=True, metavar="R", help="Parent, sibling, appointed guardian …")
@click.option("--authority", required=True, metavar="PAPER", help="The paper, and its date.")
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The first day on which it holds.")
@_HOW
@_BY
@AS_JSON
@pass_workspace
def guardian_begins(
    ws: Workspace, name: str, relation: str, authority: str, on: date, how: str, by: str, as_json: bool
) -> None:
    """Somebody is the member's guardian from a day on, and signs for them; the member id is read from standard input.

    \b
    cpdocs member guardian-begins --name "Pat Sample" --relation sister --authority "Decree of 2026-10-30" \\
        --on 2026-10-30 --how "decree seen" --by "Sample Coordinator" < id.txt

    What was signed before stands. Open versions wait on the work list until one takes their place that names the
    guardian: nobody else signs for the member meanwhile.
    """
    from cpdocs.members.guardians import begin_guardianship

    member_id = read_member_id()
    done = begin_guardianship(ws, member_id, name=name, relation=relation, authority=authority, on=on, how=how, by=by)
    _tell(member_id, done, f"a guardian signs from {on.isoformat()} on", on, as_json)


@click.command("guardian-ends")
@click.option("--name", default="", metavar="NAME", help="The guardian, where there are several.")
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The first day on which it no longer holds.")
@_HOW
@_BY
@AS_JSON
@pass_workspace
def guardian_ends(ws: Workspace, name: str, on: date, how: str, by: str, as_json: bool) -> None:
    """A guardianship that is on record ends: the member signs again; the member id is read from standard input.

    \b
    cpdocs member guardian-ends --on 2026-11-02 --how "letter of the court" --by "Sample Coordinator" < id.txt
    """
    from cpdocs.members.guardians import end_guardianship

    member_id = read_member_id()
    done = end_guardianship(ws, member_id, name=name, on=on, how=how, by=by)
    _tell(member_id, done, f"the guardianship ended on {on.isoformat()}", on, as_json)


def _tell(member_id: str, done: Recorded, what: str, on: date, as_json: bool) -> None:
    if as_json:
        print_json({"member": last_four(member_id), "on": on.isoformat(), "open_versions": list(done.open_versions)})
    ctx = click.get_current_context()
    say(ctx, f"Member {last_four(member_id)}: {what}.")
    for document_id in done.open_versions:
        say(
            ctx,
            f"Open, and issued before: {document_id}. It waits for a version that names who signs now: `cpdocs todo`.",
        )

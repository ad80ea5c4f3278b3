"""``cpdocs letters hold list|release``: held letters, and a person's decision about one."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, counted, print_json, say
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.tables import print_table
from cpdocs.core.ids import last_four
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.workspace import Workspace

_KIND = click.option("--kind", default=ASSIGNMENT, show_default=True, metavar="KIND", help="The kind of letter.")


@click.group()
def hold() -> None:
    """Letters that are held: which, why, and the decision to let one go.

    \b
    cpdocs letters hold list
    cpdocs letters hold release 7K3M-9QXW-2RR --reason "two people, called both"
    """


@hold.command("list")
@_KIND
@AS_JSON
@pass_workspace
def list_(ws: Workspace, kind: str, as_json: bool) -> None:
    """Every assignment on record whose letter is held today, under the reference number that its letter would have.

    \b
    cpdocs letters hold list
    cpdocs letters hold list --kind reminder --json

    What "release" says "no" to is mended by a roster.
    """
    from cpdocs.letters.holds import held_lines

    lines = held_lines(ws, kind)
    if as_json:
        print_json(
            [
                {
                    "document_id": line.document_id,
                    "code": line.code,
                    "releasable": line.releasable,
                    "member": last_four(line.assignment.member_id),
                    "program": line.assignment.program.value,
                    "assigned_on": line.assignment.assigned_on,
                }
                for line in lines
            ]
        )
        return
    rows = [
        [
            line.document_id,
            line.code,
            last_four(line.assignment.member_id),
            line.assignment.program.value,
            line.assignment.assigned_on.isoformat(),
            "yes" if line.releasable else "no",
        ]
        for line in lines
    ]
    print_table(["reference", "why", "member", "program", "assigned on", "release"], rows)


@hold.command()
@click.argument("document_ids", metavar="REFERENCE…", nargs=-1, required=True)
@click.option("--reason", required=True, metavar="WHY", help="Why it may go, for the record. Name no member.")
@PIN_FILE
@_KIND
@AS_JSON
@click.pass_context
@pass_workspace
def release(
    ws: Workspace,
    ctx: click.Context,
    document_ids: tuple[str, ...],
    reason: str,
    pin_file: Path | None,
    kind: str,
    as_json: bool,
) -> None:
    """Let held letters go, as a reviewer: the next run makes them.

    \b
    cpdocs letters hold release 7K3M-9QXW-2RR --reason "two people, called both"

    It answers the reason that the list shows, for that assignment as it is on record: after a roster that changes what
    was looked at, the letter is held again. Nothing that is suppressed or rejected can be released.
    """
    from cpdocs.letters.holds import release_holds

    done = release_holds(ws, kind, document_ids, reason, pin_from(ctx, pin_file))
    if as_json:
        print_json([{"document_id": line.document_id, "code": line.code} for line in done])
    say(ctx, f"{counted(len(done), 'letter')} released. The next `cpdocs letters run` makes them.")

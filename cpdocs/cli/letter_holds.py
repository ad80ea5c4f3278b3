"""``cpdocs letters hold list|release``: held letters, and a person's decision about one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli import letter_words
from cpdocs.cli.context import pass_workspace
from cpdocs.cli.letter_words import reason_in_words, who
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.tables import print_table
from cpdocs.core.ids import last_four
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.core.line_words import what_to_do, why
from cpdocs.core.plurals import counted
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.letters.holds import HeldLine

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
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the list, with names and addresses, as a CSV.",
)
@AS_JSON
@click.pass_context
@pass_workspace
def list_(ws: Workspace, ctx: click.Context, kind: str, csv_file: Path | None, as_json: bool) -> None:
    """Every assignment on record whose letter is held today, under the reference number that its letter would have.

    \b
    cpdocs letters hold list
    cpdocs letters hold list --csv held.csv          for whoever calls, asks and mends
    cpdocs letters hold list --kind reminder --json

    What "release" says "no" to is mended by a roster. Names and addresses are shown on a terminal and in JSON, and
    that somebody saw them is on the record; where the output goes elsewhere, the last four digits of ids are.
    """
    from cpdocs.letters.holds import held_lines, named_lines

    named = as_json or csv_file is not None or letter_words.at_terminal()
    lines = named_lines(ws, kind, csv_file) if named else held_lines(ws, kind)
    if as_json:
        print_json([_as_json(line) for line in lines])
        return
    rows = [
        [
            line.document_id,
            who(line.assignment.full_name, line.assignment.member_id),
            *([_address(line.assignment)] if letter_words.at_terminal() else []),
            line.assignment.program.value,
            line.assignment.assigned_on.isoformat(),
            "yes" if line.releasable else "no",
            reason_in_words(line.code),
        ]
        for line in lines
    ]
    address = ["address"] if letter_words.at_terminal() else []
    print_table(["reference", "member", *address, "program", "assigned on", "release", "why"], rows)
    if csv_file is not None:
        say(ctx, str(csv_file))


def _as_json(line: HeldLine) -> dict[str, Any]:
    item = line.assignment
    return {
        "document_id": line.document_id,
        "code": line.code,
        "why": why(line.code),
        "what_to_do": what_to_do(line.code),
        "releasable": line.releasable,
        "member": last_four(item.member_id),
        "name": item.full_name,
        "address": _address(item),
        "program": item.program.value,
        "assigned_on": item.assigned_on,
    }


def _address(item: Assignment) -> str:
    return ", ".join(filter(None, (item.address1, item.address2, item.city, f"{item.state} {item.zip}".strip())))


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

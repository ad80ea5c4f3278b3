"""``cpdocs held``: the review queue."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.held_accept import accept
from cpdocs.cli.held_split import split
from cpdocs.cli.held_views import (
    item_json,
    line_of,
    paper_in_words,
    plain,
    proposal_in_words,
    proposal_json,
    signature_in_words,
    tell,
)
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, say_how_many
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.tables import print_table
from cpdocs.core.moments import eastern_text
from cpdocs.core.review_queue import Item
from cpdocs.errors import InputFault
from cpdocs.index.queries import Page
from cpdocs.workspace import Workspace

_SHORT = 12
_ON_PAPER = ("ink", "esign_service", "unmatched")
"""The lanes of which a person may attest handwriting."""
_MOST_LINES = 40


@click.group()
def held() -> None:
    """The review queue: what the rules can't decide, and what a person must decide about it.

    \b
    cpdocs held list
    cpdocs held show 3f9ac0
    cpdocs held accept 3f9ac0 --slot pcp --npi 1234567893 --signed-on 2026-11-04 \\
        --by "Sample Clerk" --reason "read from the fax"
    cpdocs held reject 3f9ac0 --reason "no signature on page 5"
    cpdocs held recheck

    An item is named by the first digits of its file's SHA-256, or by its plan's document id.
    """


@held.command("list")
@pages
@AS_JSON
@pass_workspace
def list_(ws: Workspace, page: Page, as_json: bool) -> None:
    """Everything that waits for a person, and why.

    \b
    cpdocs held list --json
    cpdocs held list --limit 20
    """
    from cpdocs.returns.review_queue import how_many, item_id, queue

    found = queue(ws, page)
    if as_json:
        print_json([item_json(ws, item) for item in found])
        return
    rows = []
    for item in found:
        codes = ", ".join(each.code for each in item.findings)
        lane = item.decisions[0].lane.value.replace("_", " ")
        files = f" ({len(item.files)} files)" if len(item.files) > 1 else ""
        rows.append(
            [item_id(item.first), item.document_id or "-", lane, eastern_text(item.first.received_at), codes + files]
        )
    print_table(["file", "document", "lane", "received", "why"], rows)
    ctx, waiting = click.get_current_context(), how_many(ws)
    say(ctx, f"{waiting} held." + (" See one with `cpdocs held show FILE`." if rows else ""))
    say_how_many(ctx, len(rows), waiting, page)


@held.command()
@click.argument("item", metavar="ITEM")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a copy of the returned file, to look at.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write its pages upright beside the issued ones, the boxes enlarged (PDF).",
)
@AS_JSON
@pass_workspace
def show(ws: Workspace, item: str, save: Path | None, pictures: Path | None, as_json: bool) -> None:
    """One held file: what is known of it, why it is held, and what to decide.

    \b
    cpdocs held show 3f9ac0 --save return.pdf
    cpdocs held show 3f9ac0 --pictures compared.pdf

    With --pictures every page is drawn upright beside the one issued, whatever kind of file it came in, with signature
    boxes enlarged, and handwriting or what differs marked. For a file that a signing service or program wrote anew, the
    words on its further pages are shown. Each look is an event.
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.people.access import about_return, record_access
    from cpdocs.returns.comments import comments_in
    from cpdocs.returns.comparing import compare
    from cpdocs.returns.proposals import propose
    from cpdocs.returns.review_queue import find_held

    waiting = find_held(ws, item)
    record = waiting.first
    wanted = [name for name, chosen in (("--save", save), ("--pictures", pictures)) if chosen]
    record_access(ws, " ".join(["held show", *wanted]), *about_return(record))
    seen = compare(ws, record)
    if save is not None:
        write_durably(save, ws.blobs.get(record.sha256))
    if pictures is not None:
        write_durably(pictures, _pictures(ws, waiting))
    found = item_json(ws, waiting)
    notes = comments_in(ws, waiting)
    found["comments"] = [{"page": each.page, "kind": each.kind, "words": each.words} for each in notes]
    proposal = propose(ws, waiting) if record.waiting and found["lane"] in _ON_PAPER else None
    found["proposed"] = proposal_json(proposal)
    words = ws.blobs.get(seen.words).decode() if seen and seen.words else ""
    if seen is not None:
        found["comparison"] = {
            "pictures_sha256": seen.pictures or None,
            "pages": [
                {"page": each.number, "marked": each.marked, "only_in": each.only_in or None} for each in seen.pages
            ],
            "cut_short": seen.cut_short,
            "words": words,
        }
    if as_json:
        print_json(found)
        return
    click.echo(
        f"{found['id']}: {found['lane'].replace('_', ' ')}, {found['size']} bytes, received "
        f"{eastern_text(record.received_at)}"
    )
    if found["document_id"] and not found["answer"]:
        click.echo(f"Plan {found['document_id']}, of practice {found['plan_practice_id']}")
    click.echo(f"Handed in by {', '.join(each or 'nobody named (top of inbox/)' for each in record.practices)}")
    if len(found["files"]) > 1:
        click.echo(f"Came in {len(found['files'])} files: {', '.join(each[:_SHORT] for each in found['files'])}")
    for told in paper_in_words(found):
        click.echo(told)
    click.echo("Why it is held:")
    for each in found["findings"]:
        click.echo(f"  {each['code']}: {each['message']}")
    for each in notes:
        click.echo(f"Comment on page {each.page}: {plain(each.words) or f'{each.kind} without words'}")
    for told in map(signature_in_words, found["signatures"]):
        click.echo(f"Signed: {told}")
    if seen is not None:
        click.echo("Beside the issued plan:")
        for told in seen.sentences:
            click.echo(f"  {told}")
    if words:
        click.echo("On the pages that only this file has, it says:")
        for line in words.splitlines()[:_MOST_LINES]:
            click.echo(f"  | {line}")
    click.echo(f"To decide: {found['decide']}")
    for told in proposal_in_words(found, proposal) if proposal else ():
        click.echo(told)
    click.echo(f"The file: {found['stored']}")
    if pictures is None:
        say(click.get_current_context(), f"To see its pages: `cpdocs held show {found['id']} --pictures FILE.pdf`.")
    if save is None:
        say(click.get_current_context(), f"To look at it: `cpdocs held show {found['id']} --save FILE.pdf`.")


def _pictures(ws: Workspace, item: Item) -> bytes:
    """The PDF of an item's pages. Raises InputFault where none can be drawn."""
    from cpdocs.returns.comparing import pictures

    made = pictures(ws, item.files, item.document_id)
    if made is None:
        raise InputFault(
            "No page of it can be drawn within the limits.",
            todo="Write the file itself with --save and look at it on a machine that may be lost, or ask for it again.",
        )
    return made.pdf


@held.command()
@click.argument("item", metavar="ITEM")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why; the practice reads it in the notice. No names of members."
)
@PIN_FILE
@AS_JSON
@pass_workspace
def reject(ws: Workspace, item: str, reason: str, pin_file: Path | None, as_json: bool) -> None:
    """Reject a held file for good, and tell the practice why.

    \b
    cpdocs held reject 3f9ac0 --reason "the signature line on page 5 is empty"
    """
    from cpdocs.returns.held import reject as reject_held

    secret = pin_from(click.get_current_context(), pin_file)
    tell(ws, reject_held(ws, item, reason=reason, secret=secret), as_json=as_json)


@held.command("return")
@click.argument("item", metavar="ITEM")
@click.option("--reason", required=True, metavar="TEXT", help="What the comments ask for. No names of members.")
@PIN_FILE
@AS_JSON
@pass_workspace
def return_(ws: Workspace, item: str, reason: str, pin_file: Path | None, as_json: bool) -> None:
    """Record the comments on a held file as the practice's return of the plan, which stops its clock at receipt.

    \b
    cpdocs held return 3f9ac0 --reason "asks for another pharmacy"
    """
    from cpdocs.returns.comments import return_with_comments

    secret = pin_from(click.get_current_context(), pin_file)
    tell(ws, return_with_comments(ws, item, reason=reason, secret=secret), as_json=as_json)


@held.command()
@click.argument("item", metavar="ITEM")
@click.option("--reason", required=True, metavar="TEXT", help="Why nobody is asked anything. No names of members.")
@PIN_FILE
@AS_JSON
@pass_workspace
def close(ws: Workspace, item: str, reason: str, pin_file: Path | None, as_json: bool) -> None:
    """End an item of which nobody is asked anything, a duplicate or foreign post; no notice is written.

    \b
    cpdocs held close 3f9ac0 --reason "an advertisement"
    """
    from cpdocs.returns.held import close as close_held

    secret = pin_from(click.get_current_context(), pin_file)
    tell(ws, close_held(ws, item, reason=reason, secret=secret), as_json=as_json)


@held.command()
@click.argument("items", metavar="[ITEM…]", nargs=-1)
@AS_JSON
@pass_workspace
def recheck(ws: Workspace, items: tuple[str, ...], as_json: bool) -> None:
    """Judge held files again by what is on record now: after an import, a designation, or `cpdocs keys pin`.

    \b
    cpdocs held recheck
    cpdocs held recheck 3f9ac0
    """
    from cpdocs.returns.held import recheck as recheck_held

    records = recheck_held(ws, items)
    if as_json:
        print_json([item_json(ws, Item((record,))) for record in records])
        return
    for record in records:
        click.echo(line_of(Item((record,))))
    say(
        click.get_current_context(),
        f"{len(records)} judged again, {sum(record.waiting for record in records)} still held.",
    )


held.add_command(accept)
held.add_command(split)

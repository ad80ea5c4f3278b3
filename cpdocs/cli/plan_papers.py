"""``cpdocs plan print|audience``: a version on paper for each who reads it, and for those outside a consent."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.secrets import TOKEN_PIN_FILE, token_pin_from
from cpdocs.core.plurals import counted
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace


@click.command("print")
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option(
    "--for", "reader", type=click.Choice(["visit", "member", "pcp"]), required=True, help="Who it is printed for."
)
@click.option("--consent-form", is_flag=True, help="For a visit: with a blank consent to share Part 2 records.")
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Where to; ID-visit.pdf … otherwise.")
@click.pass_context
@pass_workspace
def print_(
    ws: Workspace, ctx: click.Context, document_id: str, reader: str, consent_form: bool, out: Path | None
) -> None:
    """Put a version into one PDF to print: for a visit, for the member to keep, or for the PCP.

    \b
    cpdocs plan print 7K3M-9QXW-2RC --for visit

    For a visit: a summary in plain words, the plan with its signature page, a page for the reply envelope; where the
    consent to share Part 2 records ends or has ended, or with --consent-form, a consent form to fill in. For the
    member: the summary and the plan; `plan copy` records that they were given it. For the PCP: the cover, the plan, and
    the guide to signing. The file holds the member's data: keep it as you keep the chart.
    """
    from cpdocs.plans.papers import Reader, print_for
    from cpdocs.system.durable import write_durably

    if consent_form and reader != "visit":
        raise UsageFault("A consent form is printed for a visit alone.", todo="Give --for visit, or leave it out.")
    where = out or Path(f"{document_id}-{reader}.pdf")
    write_durably(where, print_for(ws, document_id, Reader(reader), consent_form=consent_form))
    say(ctx, f"{where}: print all pages, on one side.")


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option("--without-part2", "wanted", is_flag=True, required=True, help="Leave out the items marked part2.")
@click.option("--to", default="", metavar="NAME", help="Whom it is for.")
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Where to; its own ID.pdf otherwise.")
@TOKEN_PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def audience(
    ws: Workspace,
    ctx: click.Context,
    document_id: str,
    wanted: bool,
    to: str,
    out: Path | None,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Make the copy for recipients outside the Part 2 consent: without the marked items, under an id of its own.

    \b
    cpdocs plan audience 7K3M-9QXW-2RC --without-part2 --to "Sample Day Program"

    It is for information and isn't signed. The organization's seal lets anybody see that it is ours and unchanged;
    `verify` knows it, `plan show` lists to whom it was given. It doesn't say that anything was left out, since that
    would tell. Where words that aren't marked seem to be about substance use, nothing is made, and they are named.
    """
    from cpdocs.plans.variants import without_part2
    from cpdocs.system.durable import write_durably

    if not wanted:
        raise UsageFault("Say what the copy is to leave out.", todo="Give --without-part2.")
    made = without_part2(ws, document_id, to=to, token_pin=token_pin_from(ctx, token_pin_file))
    where = out or Path(f"{made.variant_id}.pdf")
    write_durably(where, made.pdf)
    if as_json:
        print_json(
            {
                "document_id": document_id,
                "variant_id": made.variant_id,
                "file": str(where.resolve()),
                "left_out": made.left_out,
                "sha256": made.sha256,
                "pages": made.pages,
            }
        )
    items = counted(made.left_out, "marked item")
    say(ctx, f"{where}: {items} left out. Read it before you give it to anybody.")

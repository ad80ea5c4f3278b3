"""``cpdocs plan draft|diff|transfer``: the next version begun from what is known, or for another PCP; what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID, DRAFTS
from cpdocs.cli.secrets import TOKEN_PIN_FILE, token_pin_from
from cpdocs.core.members import Program
from cpdocs.core.plan_draft import asked_count
from cpdocs.core.plurals import counted
from cpdocs.errors import UsageFault
from cpdocs.system.durable import write_durably
from cpdocs.workspace import Workspace


class _Source(click.ParamType[Path | str]):
    """Another version by its document id, or a file: a form that was filled in, or a FHIR bundle."""

    name = "source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        if isinstance(value, Path) or str(value).casefold().endswith((".xlsx", ".json")):
            return Path(value)
        return DOCUMENT_ID.convert(value, param, ctx)


@click.command()
@click.option(
    "--program",
    type=click.Choice([each.value for each in Program], case_sensitive=False),
    help="BH or LTSS; a form says it.",
)
@click.option(
    "--from",
    "begin_from",
    metavar="ID|FILE",
    type=_Source(),
    default=None,
    help="Another version to begin from, a filled-in form (.xlsx), or a FHIR bundle (.json).",
)
@click.option("--form", is_flag=True, help="Write a spreadsheet form to fill in (XLSX), instead of a plan file.")
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Where to; standard output otherwise.")
@click.pass_context
@pass_workspace
def draft(
    ws: Workspace,
    ctx: click.Context,
    program: str | None,
    begin_from: Path | str | None,
    form: bool,
    out: Path | None,
) -> None:
    """Begin the member's next plan from what is on record; the member id is read from standard input.

    \b
    cpdocs plan draft --program LTSS -o next.yaml
    cpdocs plan draft --program LTSS --form -o next.xlsx      a form to fill in
    cpdocs plan draft --from next.xlsx -o next.yaml           the plan file of a filled-in form
    cpdocs plan draft --program LTSS --from bundle.json -o next.yaml

    What must be asked stands as a comment that begins with ASK, in a form beside its field. A filled-in form says
    itself whose plan it is; every fault in it is told with its sheet and cell. Of a FHIR R4 bundle (eLTSS, US Core
    CarePlan) is taken what a plan file has a place for; the rest is listed by path. Its patient must be the member. The
    file holds the member's data: keep it as you keep the chart.
    """
    from cpdocs.plans import drafting

    if form and out is None:
        raise UsageFault("A form is a workbook, not text.", todo="Say with -o where to write it: -o next.xlsx.")
    untaken: tuple[str, ...] = ()
    bundle = begin_from if isinstance(begin_from, Path) and begin_from.suffix.casefold() == ".json" else None
    if isinstance(begin_from, Path) and bundle is None:
        if form:
            raise UsageFault("A filled-in form isn't made a form again.", todo="Leave --form out.")
        text = drafting.plan_from_form(ws, begin_from)
    elif program is None:
        raise UsageFault("Say which plan to begin.", todo="Give --program BH or --program LTSS.")
    else:
        version = begin_from if isinstance(begin_from, str) else ""
        made = drafting.draft(ws, read_member_id(), Program(program), begin_from=version, bundle=bundle)
        text, untaken = made.text, made.untaken
    for path in untaken:
        say(ctx, f"not taken: {path}")
    if out is None:
        click.echo(text, nl=False)
        return
    write_durably(out, drafting.as_form(ws, text) if form else text.encode())
    if form:
        say(ctx, f"{out}: fill it in. Next: `cpdocs plan draft --from {out} -o PLAN.yaml`.")
    else:
        say(ctx, f"{out}: {counted(asked_count(text), 'line')} to ask about. Next: `cpdocs plan check {out}`.")


@click.command("diff")
@click.argument("old", metavar="A", type=DOCUMENT_ID)
@click.argument("new", metavar="B", type=DOCUMENT_ID)
@AS_JSON
@pass_workspace
def diff(ws: Workspace, old: str, new: str, as_json: bool) -> None:
    """Say in words what changed from version A to version B, medicines first.

    \b
    cpdocs plan diff 7K3M-9QXW-2RC 4HNP-2TVY-8WD
    """
    from cpdocs.plans.drafting import difference

    found = difference(ws, old, new)
    if as_json:
        print_json([{"section": each.section, "text": each.text} for each in found])
        return
    for each in found:
        click.echo(each.text)
    if not found:
        click.echo("Nothing that a reader would notice: the same plan under another version.")


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@click.option("--to-npi", required=True, metavar="NPI", help="The new PCP, on record as one.")
@click.option("--practice", "practice_id", default="", metavar="ID", help="At which practice, where they have several.")
@click.option("--reason", required=True, metavar="R", help="Why; it stands on the cover and on the record.")
@DRAFTS
@TOKEN_PIN_FILE
@AS_JSON
@pass_workspace
def transfer(
    ws: Workspace,
    document_id: str,
    to_npi: str,
    practice_id: str,
    reason: str,
    allow_drafts: bool,
    token_pin_file: Path | None,
    as_json: bool,
) -> None:
    """Issue the plan's next version for another PCP. No approval of the old one is carried over.

    \b
    cpdocs plan transfer 7K3M-9QXW-2RC --to-npi 1234567893 --reason "The member has a new PCP"
    """
    from cpdocs.plans.transfer import transfer as move

    ctx = click.get_current_context()
    made = move(
        ws,
        document_id,
        to_npi=to_npi,
        practice_id=practice_id,
        reason=reason,
        drafts=allow_drafts,
        token_pin=token_pin_from(ctx, token_pin_file),
    )
    if as_json:
        print_json(made.as_json())
    say(
        ctx,
        f"{made.record.document_id}: version {made.record.version} → {made.file}. Next: send it to the new practice.",
    )

"""The road of one version on the command line: ``plan sent|received|return|withdraw|approve|refuse``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, DOCUMENT_ID, MOMENT
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.core.ids import is_npi
from cpdocs.core.moments import eastern_text
from cpdocs.core.plan_record import PlanRecord
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace

_ID = click.argument("document_id", metavar="ID", type=DOCUMENT_ID)


@click.command()
@_ID
@click.option(
    "--to", required=True, metavar="NAME", help="Who it went to, by name: the practice's key contact as a rule."
)
@click.option("--channel", required=True, metavar="C", help="fax, sftp, secure_email, mail, by hand …")
@click.option(
    "--at", required=True, type=MOMENT, metavar="TIME", help="When; Massachusetts time where no offset is given."
)
@AS_JSON
@pass_workspace
def sent(ws: Workspace, document_id: str, to: str, channel: str, at: datetime, as_json: bool) -> None:
    """Log that a plan, or a medication list, was sent to somebody.

    \b
    cpdocs plan sent 7K3M-9QXW-2RC --to "Sample Contact" --channel fax --at 2026-11-02T14:05
    """
    from cpdocs.plans.log import log_sent
    from cpdocs.plans.medications import find_list, log_list_sent

    if find_list(ws.ledger, document_id) is not None:
        log_list_sent(ws, document_id, to=to, channel=channel, at=at)
        if as_json:
            print_json({"document_id": document_id, "sent_at": at.isoformat()})
        say(click.get_current_context(), f"{document_id}: sent {eastern_text(at)}.")
        return
    record = log_sent(ws, document_id, to=to, channel=channel, at=at)
    _tell(ws, record, f"{document_id}: sent {eastern_text(at)}.", as_json)


@click.command()
@_ID
@click.option(
    "--at", type=MOMENT, metavar="TIME", help="When the practice had it; Massachusetts time without an offset."
)
@click.option("--how", default="", metavar="HOW", help="How that is known: fax confirmation, portal, telephone …")
@click.option(
    "--corrects", is_flag=True, help="The receipt that is logged was wrong; this one counts. Both stay on record."
)
@click.option("--never", is_flag=True, help="With --corrects, in place of --at: it was never received.")
@click.option("--reason", default="", metavar="R", help="With --corrects: why the logged one was wrong.")
@AS_JSON
@pass_workspace
def received(
    ws: Workspace,
    document_id: str,
    at: datetime | None,
    how: str,
    corrects: bool,
    never: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Log when the practice received a plan: that starts its clock.

    \b
    cpdocs plan received 7K3M-9QXW-2RC --at 2026-11-02T14:07 --how "fax confirmation"
    cpdocs plan received 7K3M-9QXW-2RC --at 2026-11-03T09:00 --corrects --reason "Another plan's confirmation"
    cpdocs plan received 7K3M-9QXW-2RC --never --corrects --reason "Logged for the wrong plan"

    After 17:00 or on a closed day it counts as the next business day. A correction takes nothing back: it is an event
    of its own, the due date follows it, and `plan show` and `status` say that there was one.
    """
    from cpdocs.core.plan_clock import plan_clock
    from cpdocs.plans.log import correct_receipt, log_received

    if corrects != bool(reason.strip()):
        raise UsageFault(
            "A correction needs its reason, and a reason belongs to a correction.",
            todo="Give --corrects --reason R, or neither.",
        )
    if (at is None) != never or (never and not corrects):
        raise UsageFault(
            "Say when it was received.", todo="Give --at TIME; or, where one was logged wrongly, --corrects --never."
        )
    if corrects:
        record = correct_receipt(ws, document_id, at=at, how=how, reason=reason)
    else:
        assert at is not None
        record = log_received(ws, document_id, at=at, how=how)
    word = f"received {eastern_text(at)}" if at else "not received"
    _tell(
        ws,
        record,
        f"{document_id}: {word}{' (corrected)' if corrects else ''}, due {plan_clock(record).due_on.isoformat()}.",
        as_json,
    )
    if corrects and record.filing:
        say(click.get_current_context(), "Its package was built before this correction and tells the earlier receipt.")


@click.command("return")
@_ID
@click.option("--reason", required=True, metavar="R", help="The practice's comments.")
@click.option("--at", required=True, type=MOMENT, metavar="TIME", help="When it came back.")
@click.option("--by", default="", metavar="NAME", help="Who returned it.")
@AS_JSON
@pass_workspace
def return_(ws: Workspace, document_id: str, reason: str, at: datetime, by: str, as_json: bool) -> None:
    """Log that the practice returned a plan with comments: that stops its clock. The corrected plan is a new version.

    \b
    cpdocs plan return 7K3M-9QXW-2RC --reason "Wrong pharmacy" --at 2026-11-04T10:30
    """
    from cpdocs.plans.log import log_returned

    record = log_returned(ws, document_id, reason=reason, at=at, by=by)
    _tell(
        ws,
        record,
        f"{document_id}: returned with comments; its clock has stopped. Next: issue version {record.version + 1}.",
        as_json,
    )


@click.command()
@_ID
@click.option("--reason", required=True, metavar="R", help="Why.")
@AS_JSON
@pass_workspace
def withdraw(ws: Workspace, document_id: str, reason: str, as_json: bool) -> None:
    """Withdraw a plan: whatever comes back for it is held.

    \b
    cpdocs plan withdraw 7K3M-9QXW-2RC --reason "Issued for the wrong practice"
    """
    from cpdocs.plans.log import withdraw as withdraw_plan

    record = withdraw_plan(ws, document_id, reason=reason)
    _tell(ws, record, f"{document_id}: withdrawn.", as_json)
    if record.filing:
        package = ws.paths.ehr / record.filing.package
        say(click.get_current_context(), f"Its package was built already. See that nobody uploads it: {package}")


@click.command("code")
@_ID
@AS_JSON
@pass_workspace
def code(ws: Workspace, document_id: str, as_json: bool) -> None:
    """What anybody who asks may be told of a plan's or a copy's number: open, on hold, replaced or withdrawn.

    \b
    cpdocs plan code 7K3M-9QXW-2RC

    On hold: it stands, and nothing is to be signed on it now. Nothing else is told, and not why.
    """
    from cpdocs.plans.records import the_plan
    from cpdocs.plans.variants import given_copies

    copies = given_copies(ws.ledger, document_id)
    about = copies[0].document_id if copies else document_id
    word = the_plan(ws.ledger, about).public_word
    if as_json:
        print_json({"document_id": document_id, "word": word})
        return
    click.echo(word)


@click.command("copy")
@_ID
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The day on which the member was given it.")
@click.option("--format", "form", required=True, metavar="F", help="paper, large print, read aloud, e-mail …")
@click.option("--language", required=True, metavar="L", help="In which language.")
@click.option("--interpreter", default="", metavar="NAME", help="Who interpreted.")
@click.option("--by", required=True, metavar="NAME", help="Who gave it.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the copy here: a summary in plain words, and the plan.",
)
@AS_JSON
@pass_workspace
def copy(
    ws: Workspace,
    document_id: str,
    on: date,
    form: str,
    language: str,
    interpreter: str,
    by: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Record that the member was given a copy of a version: not before it was issued, nor ahead of time.

    \b
    cpdocs plan copy 7K3M-9QXW-2RC --on 2026-11-03 --format paper --language Spanish --by "Sample Coordinator"
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.plans.log import log_copy_given
    from cpdocs.plans.papers import Reader, print_for

    record = log_copy_given(ws, document_id, on=on, form=form, language=language, by=by, interpreter=interpreter)
    if output is not None:
        write_durably(output, print_for(ws, record.document_id, Reader.MEMBER))
    _tell(ws, record, f"{document_id}: the member was given a copy on {on.isoformat()}.", as_json)


@click.command()
@_ID
@click.option("--slot", required=True, type=click.Choice(["member", "pcp"]), help="Whose approval.")
@click.option("--how", metavar="HOW", help="member: how it was conveyed (telephone, visit, interpreter …).")
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The day of the approval, or of the chart note.")
@click.option("--by", required=True, metavar="NAME", help="Who took it down, or saw the chart note.")
@click.option("--representative", default="", metavar="NAME", help="member: who approved on the member's behalf.")
@click.option("--relation", default="", metavar="R", help="member: what the representative is to the member.")
@click.option(
    "--chart-note",
    metavar="TEXT",
    help="pcp: the note, or where it stands in the chart; only where the payer allows it.",
)
@click.option("--npi", metavar="NPI", help="pcp: who wrote the note.")
@PIN_FILE
@AS_JSON
@pass_workspace
def approve(
    ws: Workspace,
    document_id: str,
    slot: str,
    how: str | None,
    on: date,
    by: str,
    representative: str,
    relation: str,
    chart_note: str | None,
    npi: str | None,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Record an approval that no file carries: the member's, conveyed another way, or the PCP's by a dated chart note.

    \b
    cpdocs plan approve 7K3M-9QXW-2RC --slot member --how "telephone, with interpreter" \\
        --on 2026-11-03 --by "Sample Coordinator"
    cpdocs plan approve 7K3M-9QXW-2RC --slot pcp --chart-note "Progress note, reviewed and agreed" \\
        --npi 1234567893 --on 2026-11-03 --by "Sample Coordinator"

    Outside a sandbox the member's approval is recorded by a witness, a chart note by a reviewer, each with their PIN.
    A plan that this completes is packed for its chart at once. An approval never carries over to a new version.
    """
    from cpdocs.chart.file import file_if_complete
    from cpdocs.plans.approvals import record_approval, record_chart_note

    secret = pin_from(click.get_current_context(), pin_file)
    if slot == "member":
        if chart_note is not None or npi is not None:
            raise UsageFault("--chart-note and --npi belong to --slot pcp.")
        if not how or not how.strip():
            raise UsageFault("How did the member convey it?", todo='Say it: --how "telephone".')
        if bool(representative.strip()) != bool(relation.strip()):
            raise UsageFault("--representative and --relation go together.")
        record = record_approval(
            ws,
            document_id,
            how=how.strip(),
            on=on,
            by=by.strip(),
            secret=secret,
            representative=representative.strip(),
            relation=relation.strip(),
        )
    else:
        if how is not None or representative or relation:
            raise UsageFault(
                "--how, --representative and --relation belong to --slot member.",
                todo="The PCP signs, or writes a chart note.",
            )
        if not chart_note or not chart_note.strip() or npi is None:
            raise UsageFault(
                "A PCP's approval needs a signature or a dated chart note.",
                todo="Give --chart-note TEXT and --npi of who wrote it.",
            )
        if not is_npi(npi):
            raise UsageFault("--npi is no NPI: ten digits with a check digit.")
        record = record_chart_note(
            ws, document_id, note=chart_note.strip(), npi=npi, on=on, by=by.strip(), secret=secret
        )
    filed = file_if_complete(ws, document_id)
    _tell(ws, record, f"{document_id}: the {'PCP' if slot == 'pcp' else slot}'s approval is recorded.", as_json)
    if filed is not None:
        say(click.get_current_context(), filed.sentence)


@click.command()
@_ID
@click.option(
    "--slot", required=True, type=click.Choice(["member"]), help="Whose refusal; a practice returns a plan instead."
)
@click.option("--offered", required=True, metavar="TEXT", help="What was offered to the member.")
@click.option("--by", required=True, metavar="NAME", help="Who offered it.")
@click.option("--language", required=True, metavar="L", help="In which language (and format).")
@click.option(
    "--reason", required=True, metavar="R", help="The reason that the member stated, or why they couldn't answer."
)
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The day.")
@click.option("--verbal-consent", default="", metavar="TEXT", help="What they agreed to by word of mouth, if anything.")
@click.option("--next-try", type=DAY, metavar="DATE", help="When it will be offered again.")
@AS_JSON
@pass_workspace
def refuse(
    ws: Workspace,
    document_id: str,
    slot: str,
    offered: str,
    by: str,
    language: str,
    reason: str,
    on: date,
    verbal_consent: str,
    next_try: date | None,
    as_json: bool,
) -> None:
    """Record that the member refused: what was offered, by whom, in which language, and why.

    \b
    cpdocs plan refuse 7K3M-9QXW-2RC --slot member --offered "plan read aloud, copy left" --by "Sample Coordinator" \\
        --language Spanish --reason "Wants to talk with family first" --on 2026-11-03 --next-try 2026-11-10

    It never puts a signature on the plan; a member who signs later has approved.
    """
    from cpdocs.plans.approvals import record_refusal

    record = record_refusal(
        ws,
        document_id,
        offered=offered,
        by=by,
        language=language,
        reason=reason,
        on=on,
        verbal_consent=verbal_consent,
        next_try=next_try,
    )
    _tell(ws, record, f"{document_id}: the {slot}'s refusal is recorded.", as_json)


def _tell(ws: Workspace, record: PlanRecord, message: str, as_json: bool) -> None:
    """The version's status as JSON where asked for (as it stands by now), and one sentence for people."""
    if as_json:
        from cpdocs.plans.records import the_plan
        from cpdocs.plans.status import standing_of, status_json

        print_json(status_json(standing_of(ws, the_plan(ws.ledger, record.document_id))))
    say(click.get_current_context(), message)

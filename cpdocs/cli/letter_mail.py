"""``cpdocs letters reprint|returned|suppress|addresses|report|proof``: what happens around the mail itself."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, chosen_pieces
from cpdocs.cli.tables import print_table
from cpdocs.core.ids import last_four
from cpdocs.core.letter_mail import REASONS
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.core.plurals import counted
from cpdocs.errors import InputFault, UsageFault
from cpdocs.workspace import Workspace


@click.command()
@click.argument("run_id", metavar="RUN")
@chosen_pieces
@AS_JSON
@click.pass_context
@pass_workspace
def reprint(
    ws: Workspace, ctx: click.Context, run_id: str, pieces: str, documents: str, reason: str, as_json: bool
) -> None:
    """Print pieces again: the very sheets of the run's print file, for those that a machine spoilt.

    \b
    cpdocs letters reprint 2026-11-02-01 --pieces 12-40,97 --reason "jam in the folder"
    cpdocs letters reprint 2026-11-02-01 --documents 7K3M-9QXW-2RR --reason "torn"

    Piece and sheet stand under the code on the front of every sheet, the reference number at its foot.
    """
    from cpdocs.core.ids import parse_document_id
    from cpdocs.letters.reprints import piece_numbers
    from cpdocs.letters.reprints import reprint as reprint_pieces

    wanted = [parse_document_id(text) or "" for text in documents.split(",") if text.strip()]
    numbers = piece_numbers(pieces) if pieces.strip() else ()
    done = reprint_pieces(ws, run_id, numbers, reason, documents=wanted)
    if as_json:
        print_json(
            {
                "run_id": run_id,
                "reprint": done.number,
                "file": done.file,
                "pieces": list(done.pieces),
                "pages": done.pages,
                "sheets": done.sheets,
            }
        )
        return
    click.echo(f"{counted(len(done.pieces), 'piece')} on {counted(done.sheets, 'sheet')}")
    say(ctx, str(done.file))


@click.command()
@click.argument("codes", metavar="CODE…", nargs=-1)
@click.option(
    "--reason", required=True, type=click.Choice([*REASONS]), help="Why it came back, as the yellow label says."
)
@click.option("--on", "on", type=DAY, help="The day on which it came back; today by default.")
@AS_JSON
@click.pass_context
@pass_workspace
def returned(
    ws: Workspace, ctx: click.Context, codes: tuple[str, ...], reason: str, on: date | None, as_json: bool
) -> None:
    """Letters that came back: scan or type each one's sheet code or reference number. That address gets no more
    letters.

    \b
    cpdocs letters returned L261102-01/12/1/2 --reason moved
    cpdocs letters returned 7K3M-9QXW-2RR --reason vacant --on 2026-11-20
    cpdocs letters returned - --reason moved          a scanner, one code a line

    When the member has another address on record, `cpdocs letters run --returned` sends the letter once more.
    """
    from cpdocs.core.clock import eastern_date
    from cpdocs.letters.mail import record_returned

    given = [line.strip() for line in sys.stdin if line.strip()] if codes == ("-",) else list(codes)
    done = record_returned(ws, given, reason, on or eastern_date(ws.clock.now()))
    if as_json:
        recorded = [
            {"document_id": piece.document_id, "run_id": piece.run_id, "piece": piece.piece, "reason": piece.reason}
            for piece in done.recorded
        ]
        print_json(
            {"recorded": recorded, "problems": [{"code": item.code, "where": item.where} for item in done.problems]}
        )
    say(ctx, f"{counted(len(done.recorded), 'letter')} recorded as returned ({reason}).")
    if done.problems:
        raise InputFault(
            f"{counted(len(done.problems), 'code')} left out; all others were recorded.", problems=done.problems
        )


@click.command()
@click.option("--reason", required=True, metavar="WHY", help="Why, for the record.")
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--lift", is_flag=True, help="Take the members off the list again.")
@AS_JSON
@click.pass_context
@pass_workspace
def suppress(ws: Workspace, ctx: click.Context, reason: str, by: str, lift: bool, as_json: bool) -> None:
    """Never write to these members, whatever a roster says. Member ids on standard input, one a line.

    \b
    cpdocs letters suppress --reason "safety plan" --by "Sample Coordinator" < ids.txt
    cpdocs letters suppress --lift --reason "plan ended" --by "Sample Coordinator" < ids.txt
    """
    from cpdocs.letters.mail import suppress as suppress_members

    changed = suppress_members(ws, [line.strip() for line in sys.stdin if line.strip()], reason, by, lift=lift)
    if as_json:
        print_json({"changed": changed, "lifted": lift})
    say(ctx, f"{counted(changed, 'member')} {'taken off' if lift else 'put on'} the list of those never written to.")


@click.group()
def addresses() -> None:
    """Addresses for a checking service (CASS, DPV), and its answer.

    \b
    cpdocs letters addresses export addresses.csv
    cpdocs letters addresses import checked.csv
    """


@addresses.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@AS_JSON
@click.pass_context
@pass_workspace
def export_(ws: Workspace, ctx: click.Context, file: Path, as_json: bool) -> None:
    """Write every address of a live assignment, once each, under an id that names nobody.

    \b
    cpdocs letters addresses export addresses.csv
    """
    from cpdocs.letters.mail import write_addresses

    written = write_addresses(ws, file)
    if as_json:
        print_json({"file": str(file.resolve()), "addresses": written})
    say(ctx, f"{written} addresses in {file}")


@addresses.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@AS_JSON
@click.pass_context
@pass_workspace
def import_(ws: Workspace, ctx: click.Context, file: Path, as_json: bool) -> None:
    """Record what the service says: record_id, the address as it writes it, and dpv (Y, S, D, N or empty).

    \b
    cpdocs letters addresses import checked.csv

    A confirmed address (Y, S, D) is printed as the service writes it; one that isn't is mailed with a warning.
    """
    from cpdocs.letters.mail import import_addresses

    done = import_addresses(ws, file)
    if as_json:
        print_json({"rows": done.rows, "confirmed": done.confirmed, "unconfirmed": done.unconfirmed})
    say(ctx, f"{counted(done.rows, 'address', 'addresses')}: {done.confirmed} confirmed, {done.unconfirmed} not.")


@click.command()
@click.option("--month", default="", metavar="YYYY-MM", help="One month's runs; all of them by default.")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the figures as a CSV.",
)
@click.option(
    "--html",
    "html_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one page with plots.",
)
@AS_JSON
@click.pass_context
@pass_workspace
def report(
    ws: Workspace, ctx: click.Context, month: str, csv_file: Path | None, html_file: Path | None, as_json: bool
) -> None:
    """The month's letters by program, language and outcome; who has no letter; assignments against the payers' share.

    \b
    cpdocs letters report --month 2026-11
    cpdocs letters report --month 2026-11 --csv november.csv --html november.html
    """
    from cpdocs.letters.month import month_report, report_page, write_report

    figures = month_report(ws, month)
    if csv_file is not None:
        say(ctx, str(write_report(csv_file, figures.as_csv())))
    if html_file is not None:
        say(ctx, str(write_report(html_file, report_page(ws, figures))))
    if as_json:
        print_json(figures.as_json())
        return
    rows = [
        [row.month, row.kind, row.program, row.language, row.outcome, str(row.members), str(row.lines)]
        for row in figures.rows
    ]
    print_table(["month", "kind", "program", "language", "outcome", "members", "lines"], rows)
    click.echo(f"{counted(len(figures.unlettered), 'live assignment')} without a first letter")
    for item in figures.unlettered[:20]:
        click.echo(f"  member {last_four(item.member_id)}, {item.program}, since {item.assigned_on.isoformat()}")
    shares = [
        [row.payer, row.program, str(row.assignments), str(row.enrollees or "not stated"), str(row.expected or "")]
        for row in figures.expectation
    ]
    print_table(["health plan", "program", "in 12 months", "enrollees", "expected of the payer"], shares)


@click.command()
@click.option(
    "--kind",
    default=ASSIGNMENT,
    show_default=True,
    metavar="KIND",
    help="The kind of letter: a folder of templates/letters/.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; outbox/letters/proof-KIND.pdf by default.",
)
@click.option("--review", metavar="LANG", default="", help="Instead: a page to review this language on (es, pt-BR …).")
@click.option(
    "--marked",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --review: take the marked page back.",
)
@AS_JSON
@click.pass_context
@pass_workspace
def proof(
    ws: Workspace,
    ctx: click.Context,
    kind: str,
    output: Path | None,
    review: str,
    marked: Path | None,
    as_json: bool,
) -> None:
    """A letter to invented members in every language and both sizes, to be looked at before anybody gets one.

    \b
    cpdocs letters proof
    cpdocs letters proof --kind reminder -o reminder.pdf
    cpdocs letters proof --review es
    cpdocs letters proof --review es --marked review-es.html

    Drafts are in it too. Proofs count nowhere. With --review somebody fluent gets one page with the English and the
    translation side by side, types in it and sends it back; what they changed goes into your own catalogue, which
    stays a draft until its header says who read all of it.
    """
    from cpdocs.letters.proofs import take_review, write_proof, write_review

    if marked is not None and not review:
        raise UsageFault("--marked belongs to --review.", todo="Say which language: --review es --marked FILE.")
    if review:
        if marked is None:
            file, count = write_review(ws, review, output), 0
            say(ctx, f"The page for whoever reviews {review}: {file}")
        else:
            file, count = take_review(ws, review, marked)
            say(ctx, f"{counted(count, 'text')} of {review} changed{f' in {file}' if count else ''}; it stays a draft.")
        if as_json:
            print_json({"file": file, "language": review, "changed": count})
        return
    done = write_proof(ws, kind, output)
    if as_json:
        made = [
            {"language": language, "format": size, "program": program, "pages": pages}
            for language, size, program, pages in done.letters
        ]
        print_json({"file": done.file, "kind": kind, "letters": made, "unreviewed": list(done.unreviewed)})
        return
    say(ctx, f"{counted(len(done.letters), 'letter')} in {done.file}")
    if done.unreviewed:
        say(ctx, f"Not reviewed by anybody fluent: {', '.join(done.unreviewed)}.")

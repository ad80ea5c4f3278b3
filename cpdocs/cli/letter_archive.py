"""``cpdocs letters pages|copy``: what was mailed, from the record."""

from __future__ import annotations

from pathlib import Path

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.tables import print_table
from cpdocs.core.events import document_subject, member_subject
from cpdocs.core.plurals import counted
from cpdocs.workspace import Workspace

_RUN = click.option(
    "--run",
    "run_id",
    default="",
    metavar="RUN",
    help="In which run, where it went out more than once; the last otherwise.",
)


@click.command()
@click.argument("who", metavar="ID")
@_RUN
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write these pages into this PDF.",
)
@AS_JSON
@click.pass_context
@pass_workspace
def pages(ws: Workspace, ctx: click.Context, who: str, run_id: str, output: Path | None, as_json: bool) -> None:
    """Where a letter was printed, and with -o its pages exactly as they were: of one letter, or of all of a member's.

    \b
    cpdocs letters pages 7K3M-9QXW-2RR
    cpdocs letters pages 7K3M-9QXW-2RR -o printed.pdf
    cpdocs letters pages - < member-id.txt       the member id on standard input, never as an argument

    Looking is an event of its own.
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.letters.copies import as_json as mailed_json
    from cpdocs.letters.copies import letters_about, printed_pages, the_letter
    from cpdocs.people.access import record_access

    if who == "-":
        subject = member_subject(read_member_id())
        found = [item for item in letters_about(ws, subject) if run_id in ("", item.run.run_id)]
    else:
        document_id = DOCUMENT_ID.convert(who, None, ctx)
        subject = document_subject(document_id)
        found = [the_letter(ws, document_id, run_id)]
    if output is not None and found:
        write_durably(output.absolute(), printed_pages(ws, found, "letters pages -o", subject))
    else:
        record_access(ws, "letters pages", subject)
    if as_json:
        print_json([{**mailed_json(item), "file": output.absolute() if output else None} for item in found])
        return
    rows = []
    for item in found:
        piece, run = item.piece, item.run
        where = f"{piece.first_page}-{piece.first_page + piece.pages - 1}"
        rows.append(
            [piece.document_id, run.kind, run.run_id, run.state.value, str(piece.number), item.print_file, where]
        )
    print_table(["document", "kind", "run", "state", "piece", "print file", "pages"], rows)
    if output is not None and found:
        say(ctx, f"{counted(sum(item.piece.pages for item in found), 'page')} in {output}")


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@_RUN
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to; ID.pdf in this folder by default.",
)
@AS_JSON
@click.pass_context
@pass_workspace
def copy(ws: Workspace, ctx: click.Context, document_id: str, run_id: str, output: Path | None, as_json: bool) -> None:
    """The accessible copy of a letter: a tagged PDF (PDF/UA-1) for a screen reader, equal to the printed pages.

    \b
    cpdocs letters copy 7K3M-9QXW-2RR
    cpdocs letters copy 7K3M-9QXW-2RR -o letter.pdf

    It is made from what the run recorded: data, templates and fonts of that day. Every page is compared with the print
    file, picture and text; a copy that differs is not handed out (exit 1). Every copy is an event.
    """
    from hashlib import sha256

    from cpdocs.ledger.blobs import write_durably
    from cpdocs.letters.copies import accessible_copy, the_letter
    from cpdocs.letters.copies import as_json as mailed_json

    item = the_letter(ws, document_id, run_id)
    pdf = accessible_copy(ws, item, "letters copy")
    file = (output or Path(f"{document_id}.pdf")).absolute()
    write_durably(file, pdf)
    if as_json:
        print_json({**mailed_json(item), "file": file, "sha256": sha256(pdf).hexdigest()})
        return
    say(ctx, f"{counted(item.piece.pages, 'page')}, equal to those printed in run {item.run.run_id}: {file}")

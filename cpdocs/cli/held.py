"""``cpdocs held``: the review queue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, DOCUMENT_ID
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.tables import print_table
from cpdocs.core.held_words import what_to_decide
from cpdocs.core.moments import eastern_text
from cpdocs.core.return_record import ReturnRecord
from cpdocs.errors import InputFault, UsageFault
from cpdocs.workspace import Workspace

_SHORT = 12
_MOST_LINES = 40


@click.group()
def held() -> None:
    """The review queue: what the rules can't decide, and what a person must decide about it.

    \b
    cpdocs held list
    cpdocs held show 3f9ac0
    cpdocs held accept 3f9ac0 --slot pcp --npi 1234567893 --signed-on 2026-11-04 --by "Sample Clerk" --reason "read from
    the fax" cpdocs held reject 3f9ac0 --reason "no signature on page 5" cpdocs held recheck

    An item is named by the first digits of its file's SHA-256, or by its plan's document id.
    """


@held.command("list")
@AS_JSON
@pass_workspace
def list_(ws: Workspace, as_json: bool) -> None:
    """Everything that waits for a person, and why.

    \b
    cpdocs held list --json
    """
    from cpdocs.returns.held import queue

    records = queue(ws)
    if as_json:
        print_json([_item(ws, record) for record in records])
        return
    rows = []
    for record in records:
        assert record.decision is not None
        codes = ", ".join(each.code for each in record.decision.findings)
        lane = record.decision.lane.value.replace("_", " ")
        rows.append([record.sha256[:_SHORT], record.document_id or "-", lane, eastern_text(record.received_at), codes])
    print_table(["file", "plan", "lane", "received", "why"], rows)
    say(click.get_current_context(), f"{len(rows)} held." + (" See one with `cpdocs held show FILE`." if rows else ""))


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
    help="Write its pages beside the issued ones, with what differs marked (PDF).",
)
@AS_JSON
@pass_workspace
def show(ws: Workspace, item: str, save: Path | None, pictures: Path | None, as_json: bool) -> None:
    """One held file: what is known of it, why it is held, and what to decide.

    \b
    cpdocs held show 3f9ac0 --save return.pdf
    cpdocs held show 3f9ac0 --pictures compared.pdf

    For a file that a signing service wrote anew, or of which a signing program changed more than a signature needs, its
    pages are drawn beside the issued ones, and the words on its further pages are shown. Each look is an event.
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.people.access import about_return, record_access
    from cpdocs.returns.comparing import compare
    from cpdocs.returns.held import find_held

    record = find_held(ws, item)
    wanted = [name for name, chosen in (("--save", save), ("--pictures", pictures)) if chosen]
    record_access(ws, " ".join(["held show", *wanted]), *about_return(record))
    seen = compare(ws, record)
    if save is not None:
        write_durably(save, ws.blobs.get(record.sha256))
    if pictures is not None:
        if seen is None or not seen.pictures:
            raise InputFault(
                "There are no pages to compare." if seen is None else seen.sentences[0],
                todo="Only what a signing service or program wrote anew is compared; see the file itself with --save.",
            )
        write_durably(pictures, ws.blobs.get(seen.pictures))
    found = _item(ws, record)
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
    if found["document_id"]:
        click.echo(f"Plan {found['document_id']}, of practice {found['plan_practice_id']}")
    click.echo(f"Handed in by {', '.join(each or 'nobody named (top of inbox/)' for each in record.practices)}")
    click.echo("Why it is held:")
    for each in found["findings"]:
        click.echo(f"  {each['code']}: {each['message']}")
    for told in map(_signature_in_words, found["signatures"]):
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
    click.echo(f"The file: {found['stored']}")
    if seen is not None and seen.pictures and pictures is None:
        say(click.get_current_context(), f"To compare the pages: `cpdocs held show {found['id']} --pictures FILE.pdf`.")
    if save is None:
        say(click.get_current_context(), f"To look at it: `cpdocs held show {found['id']} --save FILE.pdf`.")


@held.command()
@click.argument("item", metavar="ITEM")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stays on the record. No names of members.")
@click.option("--slot", type=click.Choice(["member", "pcp"]), help="Whose handwriting is attested.")
@click.option("--npi", metavar="NPI", help="The signer's, for the PCP's slot.")
@click.option("--credential", metavar="TEXT", help="As it stands on the page; refused where the record says another.")
@click.option("--signed-on", type=DAY, metavar="DATE", help="The date beside the signature.")
@click.option("--by", metavar="NAME", help="Who read the page and attests it.")
@click.option("--representative", metavar="NAME", help="Who signed for the member.")
@click.option("--relation", metavar="TEXT", help="The representative's relation to the member, or authority.")
@click.option("--document", type=DOCUMENT_ID, metavar="ID", help="The plan, where the page's codes couldn't be read.")
@click.option(
    "--break-glass",
    metavar="REASON",
    help="An emergency: act without the reviewer's role, on the record. Nothing else is set aside.",
)
@PIN_FILE
@AS_JSON
@pass_workspace
def accept(
    ws: Workspace,
    item: str,
    reason: str,
    slot: str | None,
    npi: str | None,
    credential: str | None,
    signed_on: date | None,
    by: str | None,
    representative: str | None,
    relation: str | None,
    document: str | None,
    break_glass: str | None,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Accept a held file: attest the handwriting on it, or confirm a digital one from another practice's folder.

    \b
    cpdocs held accept 3f9ac0 --slot pcp --npi 1234567893 --signed-on 2026-11-04 --by "Sample Clerk" --reason "read from
    the fax" cpdocs held accept 3f9ac0 --slot member --signed-on 2026-11-03 --by "Sample Clerk" --reason "same page"
    cpdocs held accept 81c0de --reason "the clinician works at both offices; asked by phone"

    Attested handwriting is kept as ink, never as a digital signature. Who may not approve can't be accepted, and a
    digital signature that failed stays failed.

    With --break-glass somebody who is enrolled, but neither as reviewer nor as issuer, may decide when no reviewer can
    be reached; the reason is recorded, and `cpdocs doctor` tells of it for a month.
    """
    from cpdocs.core.verdicts import Slot
    from cpdocs.returns.attest import Attestation
    from cpdocs.returns.held import accept as accept_held

    if break_glass is not None and not break_glass.strip():
        raise UsageFault("An emergency needs its reason.", todo="Say with --break-glass why no reviewer could decide.")
    attestation = None
    if slot is not None:
        if signed_on is None or by is None:
            raise UsageFault(
                "An attestation needs --signed-on and --by.",
                todo="Give the date beside the signature, and who read it.",
            )
        attestation = Attestation(
            slot=Slot(slot),
            signed_on=signed_on,
            by=by,
            npi=npi or "",
            credential=credential or "",
            representative=representative or "",
            relation=relation or "",
        )
    elif any((npi, credential, signed_on, by, representative, relation, document)):
        raise UsageFault("An attestation needs --slot.", todo="Say whose signature it is: --slot member or --slot pcp.")
    secret = pin_from(click.get_current_context(), pin_file)
    record = accept_held(
        ws,
        item,
        reason=reason,
        secret=secret,
        attestation=attestation,
        document_id=document or "",
        emergency=break_glass or "",
    )
    _tell(ws, record, as_json=as_json)


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
    _tell(ws, reject_held(ws, item, reason=reason, secret=secret), as_json=as_json)


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
        print_json([_item(ws, record) for record in records])
        return
    for record in records:
        click.echo(_line(record))
    say(
        click.get_current_context(),
        f"{len(records)} judged again, {sum(record.waiting for record in records)} still held.",
    )


def _signature_in_words(each: Mapping[str, Any]) -> str:
    """One signature in a sentence, as the file itself states it: names in it are whatever its maker wrote."""
    if each.get("problem"):
        return f"in {_plain(each['field'])}, and it can't be read."
    covers = {"whole_file": "over the whole file", "revision": "over the file as it was then"}.get(
        each["covers"], "over a part of the file"
    )
    sound = "intact" if each["intact"] else "NOT intact"
    dates = (
        f", good from {str(each['valid_from'])[:10]} to {str(each['valid_until'])[:10]}"
        if each.get("valid_from")
        else ""
    )
    issuer = f" issued by {_plain(each['issuer'])}" if each.get("issuer") else ""
    known = each.get("identity") or "nobody vouches for it"
    signer = _plain(each["signer"]) or "nobody named"
    return f"in {_plain(each['field'])}, by {signer}; certificate{issuer}{dates}: {known}. {sound}, {covers}."


def _plain(text: object) -> str:
    """A stranger's words for a terminal: one line, nothing that steers it."""
    return "".join(char if char.isprintable() else "?" for char in str(text))[:120]


def _tell(ws: Workspace, record: ReturnRecord, *, as_json: bool) -> None:
    if as_json:
        print_json(_item(ws, record))
        return
    click.echo(_line(record))


def _line(record: ReturnRecord) -> str:
    assert record.verdict is not None
    slots = f", fills {' and '.join(slot.value for slot in record.slots_filled)}" if record.slots_filled else ""
    return f"{record.sha256[:_SHORT]} ({record.document_id or 'no plan'}): {record.verdict.value}{slots}"


def _item(ws: Workspace, record: ReturnRecord) -> dict[str, Any]:
    decision = record.decision
    assert decision is not None
    assert record.verdict is not None
    from cpdocs.returns.held import item_id

    return {
        "id": item_id(record),
        "part": record.part,
        "sha256": record.sha256,
        "verdict": record.verdict.value,
        "document_id": record.document_id or None,
        "lane": decision.lane.value,
        "slots_filled": [slot.value for slot in record.slots_filled],
        "findings": [{"code": each.code, "message": each.message} for each in decision.findings],
        "decide": what_to_decide(decision) if record.waiting else "",
        "received_at": record.received_at.isoformat(),
        "practices": list(record.practices),
        "plan_practice_id": decision.plan_practice_id or None,
        "size": record.size,
        "stored": str(ws.blobs.path(record.sha256)),
        "signatures": [dict(each) for each in decision.signatures],
    }

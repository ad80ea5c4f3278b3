"""``cpdocs held accept``: a named person attests what stands on the paper, or confirms a digital file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.held_views import tell
from cpdocs.cli.output import AS_JSON
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.core.moments import HOW_DAY, parse_day
from cpdocs.core.reply_slips import TICKS, Answer
from cpdocs.core.verdicts import Slot
from cpdocs.errors import UsageFault
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.core.review_queue import Item
    from cpdocs.people.people import Secret

_NONE = "none"


class _DayOrNone(click.ParamType[str]):
    """A day, or ``none`` where no date is written: kept as the text until it is known whose it is."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().lower()
        if text != _NONE:
            try:
                return parse_day(text).isoformat()
            except ValueError:
                self.fail(f"that is neither a date nor `none`; {HOW_DAY}.", param, ctx)
        return text


@click.command()
@click.argument("item", metavar="ITEM")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stays on the record. No names of members.")
@click.option("--slot", type=click.Choice(["member", "pcp", "both"]), help="Whose handwriting is attested.")
@click.option("--npi", metavar="NPI", help="The signer's, for the PCP's slot.")
@click.option("--credential", metavar="TEXT", help="As it stands on the page; refused where the record says another.")
@click.option("--signed-on", type=_DayOrNone(), metavar="DATE|none", help="The date beside the signature; or none.")
@click.option("--member-signed-on", type=_DayOrNone(), metavar="DATE|none", help="With --slot both: the member's date.")
@click.option("--by", metavar="NAME", help="Who read the page and attests it.")
@click.option("--representative", metavar="NAME", help="Who signed for the member.")
@click.option("--relation", metavar="TEXT", help="The representative's relation to the member, or authority.")
@click.option("--mark-witness", metavar="NAME", multiple=True, help="Who witnessed a mark made instead of a signature.")
@click.option("--stamp", is_flag=True, help="It is a rubber stamp and no pen.")
@click.option("--seen-by-eye", metavar="REASON", help="Why ink is there although none was recognized.")
@click.option("--pages-missing", metavar="REASON", help="Why the pages that didn't come don't matter.")
@click.option(
    "--answer",
    type=click.Choice([each.value for each in TICKS]),
    help="Of a letter's reply slip: what the member wants.",
)
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
    /,
    item: str,
    reason: str,
    answer: str | None,
    document: str | None,
    break_glass: str | None,
    pin_file: Path | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Accept a held file: attest the handwriting on it, or confirm a digital one from another practice's folder.

    \b
    cpdocs held accept 3f9ac0 --slot pcp --npi 1234567893 --signed-on 2026-11-04 \\
        --by "Sample Clerk" --reason "read from the fax"
    cpdocs held accept 3f9ac0 --slot both --npi 1234567893 --signed-on none --member-signed-on 2026-11-03 \\
        --by "Sample Clerk" --reason "same page"
    cpdocs held accept 5b20aa --answer decline --by "Sample Clerk" --reason "its second box is ticked"
    cpdocs held accept 81c0de --reason "the clinician works at both offices; asked by phone"

    Attested handwriting is kept as ink, never as a digital signature. Who may not approve can't be accepted, and a
    digital signature that failed stays failed. A box in which no ink is visible can't be attested unless --seen-by-eye
    says why; pages that are missing besides the signature page need --pages-missing.

    A letter's reply slip is read with --answer: the member's decline, wish for another Community Partner or wish for a
    call is recorded, with all that follows from it. --signed-on is then the date on the slip.

    With `second_reader = true` under `[review]` ink counts once a second person has attested the same.

    With --break-glass somebody who is enrolled, but neither as reviewer nor as issuer, may decide when no reviewer can
    be reached; the reason is recorded, and `cpdocs doctor` tells of it for a month.
    """
    from cpdocs.returns.held import accept as accept_held

    if break_glass is not None and not break_glass.strip():
        raise UsageFault("An emergency needs its reason.", todo="Say with --break-glass why no reviewer could decide.")
    secret = pin_from(click.get_current_context(), pin_file)
    if answer is not None:
        tell(ws, _read_slip(ws, item, Answer(answer), reason, secret, document or break_glass, said), as_json=as_json)
        return
    attestations = _attestations(document, said)
    done = accept_held(
        ws,
        item,
        reason=reason,
        secret=secret,
        attestations=attestations,
        document_id=document or "",
        emergency=break_glass or "",
    )
    tell(ws, done, as_json=as_json)


def _read_slip(
    ws: Workspace, item: str, answer: Answer, reason: str, secret: Secret, more: str | None, said: dict[str, Any]
) -> Item:
    """What a reply slip says, recorded."""
    from cpdocs.returns.reply_slips import record_answer

    other = [name for name, value in said.items() if value and name not in ("signed_on", "by")]
    if other or more:
        raise UsageFault("A reply slip takes --answer, --signed-on, --by and --reason alone.")
    day = _day(said["signed_on"]) if said["signed_on"] else None
    return record_answer(ws, item, answer, by=said["by"] or "", reason=reason, secret=secret, said_on=day)


def _attestations(document: str | None, said: dict[str, Any]) -> Sequence[Any]:
    """What is attested, slot by slot; nothing where a digital file is confirmed."""
    from cpdocs.returns.attest import Attestation

    slot = said["slot"]
    if slot is None:
        if document or any(said.values()):
            raise UsageFault(
                "An attestation needs --slot.", todo="Say whose signature it is: --slot member, pcp or both."
            )
        return ()
    if said["signed_on"] is None or said["by"] is None:
        raise UsageFault(
            "An attestation needs --signed-on and --by.",
            todo="Give the date beside the signature, or none, and who read it.",
        )
    if said["member_signed_on"] and slot != "both":
        raise UsageFault("--member-signed-on goes with --slot both.", todo="Give the member's date with --signed-on.")
    shared: dict[str, Any] = {
        "by": said["by"],
        "stamp": said["stamp"],
        "seen_by_eye": (said["seen_by_eye"] or "").strip(),
        "pages_missing": (said["pages_missing"] or "").strip(),
    }
    pcp: dict[str, Any] = {"npi": said["npi"] or "", "credential": said["credential"] or ""}
    member: dict[str, Any] = {
        "representative": said["representative"] or "",
        "relation": said["relation"] or "",
        "witnesses": tuple(said["mark_witness"]),
    }
    if slot == "pcp":
        return (Attestation(Slot.PCP, _day(said["signed_on"]), **shared, **pcp, **member),)
    if slot == "member":
        return (Attestation(Slot.MEMBER, _day(said["signed_on"]), **shared, **pcp, **member),)
    members_day = _day(said["member_signed_on"] or said["signed_on"])
    return (
        Attestation(Slot.PCP, _day(said["signed_on"]), **shared, **pcp),
        Attestation(Slot.MEMBER, members_day, **shared, **member),
    )


def _day(text: str) -> date | None:
    return None if text == _NONE else date.fromisoformat(text)

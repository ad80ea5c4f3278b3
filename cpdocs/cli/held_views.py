"""What ``cpdocs held`` shows of an item of the review queue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.output import print_json
from cpdocs.core.held_words import what_to_decide
from cpdocs.core.ids import last_four
from cpdocs.core.review_queue import Item
from cpdocs.core.signers import PCP
from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from cpdocs.returns.proposals import Proposal

_WHOSE = {"member": "the member's box", "pcp": "the PCP's box"}
_SEEN = {"signed": "ink", "empty": "no ink that is visible", "unsure": "perhaps ink: look at it"}


_LONGEST = 300
"""Characters of a stranger's words on one line."""


def signature_in_words(each: Mapping[str, Any]) -> str:
    """One signature in a sentence, as the file itself states it: names in it are whatever its maker wrote."""
    if each.get("problem"):
        return f"in {plain(each['field'])}, and it can't be read."
    covers = {"whole_file": "over the whole file", "revision": "over the file as it was then"}.get(
        each["covers"], "over a part of the file"
    )
    sound = "intact" if each["intact"] else "NOT intact"
    dates = (
        f", good from {str(each['valid_from'])[:10]} to {str(each['valid_until'])[:10]}"
        if each.get("valid_from")
        else ""
    )
    issuer = f" issued by {plain(each['issuer'])}" if each.get("issuer") else ""
    known = each.get("identity") or "nobody vouches for it"
    signer = plain(each["signer"]) or "nobody named"
    return f"in {plain(each['field'])}, by {signer}; certificate{issuer}{dates}: {known}. {sound}, {covers}."


def plain(text: object) -> str:
    """A stranger's words for a terminal: one line, nothing that steers it."""
    return "".join(char if char.isprintable() else "?" for char in " ".join(str(text).split()))[:_LONGEST]


def paper_in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """Which pages came and what is seen in the boxes, of what came on paper."""
    pages = found["pages"]
    if found["lane"] != "ink":
        return
    if found["answer"]:
        yield f"Reply slip of letter {found['document_id']}, to member {last_four(found['member_id'])}"
        return
    missing = f", missing: {', '.join(map(str, pages['missing']))}" if pages["missing"] else ""
    extra = f"; {pages['extra']} further without a code" if pages["extra"] else ""
    yield f"Pages: {len(pages['seen'])} of {pages['of'] or 'unknown'}{missing}{extra}"
    for each in found["suggested"]:
        yield (
            f"Page {each['page']} of the file bears no code that can be read; it looks like page {each['plan_page']} "
            f"of {each['document_id']}. If you see that it is: cpdocs held split {found['id']} --pages {each['page']} "
            f"--document {each['document_id']} --reason TEXT"
        )
    for slot, seen in found["boxes"].items():
        yield f"In {_WHOSE[slot]}: {_SEEN[seen] if seen else 'not looked at, or its page is not there'}"
    if found["marks_elsewhere"]:
        yield f"Written outside the boxes: page {', '.join(map(str, found['marks_elsewhere']))}"


def proposal_json(proposal: Proposal | None) -> dict[str, Any] | None:
    """What the record proposes for an attestation, for a program."""
    if proposal is None:
        return None
    return {
        "slots": [slot.value for slot in proposal.slots],
        "pcp": [
            {
                "npi": each.npi,
                "name": each.name,
                "credential": each.credential,
                "role": each.role,
                "against": list(each.against),
            }
            for each in proposal.pcp
        ],
        "member": proposal.member or None,
        "representative": proposal.representative or None,
        "relation": proposal.relation or None,
        "received_on": proposal.received_on.isoformat(),
    }


def proposal_in_words(found: Mapping[str, Any], proposal: Proposal) -> Iterator[str]:
    """Who may have signed by the record, and the command that accepts what the boxes show, to be made true: for a
    terminal, where names may be shown."""
    for each in proposal.pcp:
        who = "the plan's PCP" if each.role == PCP else "designee of the PCP"
        against = (
            f"; may NOT approve: {', '.join(code.replace('_', ' ') for code in each.against)}" if each.against else ""
        )
        yield f"May have signed as PCP: {plain(each.name)}, {each.credential}, NPI {each.npi} ({who}{against})"
    if proposal.representative:
        yield f"May have signed for the member: {plain(proposal.representative)} ({plain(proposal.relation)})"
    inked = [slot for slot in proposal.slots if found["boxes"][slot.value] in ("signed", "unsure")]
    slots = inked or list(proposal.slots)
    if not slots:
        return
    slot = "both" if len(slots) > 1 else slots[0].value
    npi = f" --npi {proposal.pcp[0].npi}" if Slot.PCP in slots and proposal.pcp else ""
    days = " --signed-on DATE|none" + (" --member-signed-on DATE|none" if slot == "both" else "")
    eye = "" if inked else " --seen-by-eye WHAT"
    missing = " --pages-missing WHY" if found["pages"]["missing"] else ""
    yield (
        f"If it is so: cpdocs held accept {found['id']} --slot {slot}{npi}{days}{eye}{missing} --by NAME --reason TEXT"
    )


def tell(ws: Workspace, item: Item, *, as_json: bool) -> None:
    """What became of an item."""
    if as_json:
        print_json(item_json(ws, item))
        return
    click.echo(line_of(item))


def line_of(item: Item) -> str:
    """An item in one line."""
    from cpdocs.returns.review_queue import item_id

    slots = _slots(item)
    filled = f", fills {' and '.join(slots)}" if slots else ""
    return f"{item_id(item.first)} ({item.document_id or 'no plan'}): {_verdict(item).value}{filled}"


def item_json(ws: Workspace, item: Item) -> dict[str, Any]:
    """One item for a program: what the contract names, and what else is known of its first file."""
    from cpdocs.returns.review_queue import item_id

    record, decision, pages = item.first, item.decisions[0], item.pages
    return {
        "id": item_id(record),
        "part": record.part,
        "sha256": record.sha256,
        "files": list(item.files),
        "verdict": _verdict(item).value,
        "document_id": item.document_id or None,
        "lane": decision.lane.value,
        "kind": item.kind.value,
        "pages": {"of": pages.of, "seen": list(pages.seen), "missing": list(pages.missing), "extra": pages.extra},
        "boxes": {slot.value: item.boxes[slot].value if slot in item.boxes else None for slot in Slot},
        "answer": item.answer.value if item.answer else None,
        "member_id": decision.member_id or None,
        "marks_elsewhere": sorted({page for each in item.decisions for page in each.marks_elsewhere}),
        "suggested": [
            {"page": page, "document_id": each.document_id, "plan_page": each.plan_page, "sha256": part.sha256}
            for part in item.parts
            if part.decision
            for page, each in part.decision.suggested.items()
        ],
        "slots_filled": _slots(item),
        "findings": [{"code": each.code, "message": each.message} for each in item.findings],
        "decide": what_to_decide(decision) if record.waiting else "",
        "received_at": record.received_at.isoformat(),
        "practices": list(record.practices),
        "plan_practice_id": decision.plan_practice_id or None,
        "size": record.size,
        "stored": str(ws.blobs.path(record.sha256)),
        "signatures": [dict(each) for each in decision.signatures],
    }


def _slots(item: Item) -> list[str]:
    filled = {slot for part in item.parts for slot in part.slots_filled}
    order = [slot for part in item.parts for slot in part.slots_filled]
    return [slot.value for slot in dict.fromkeys(order) if slot in filled]


def _verdict(item: Item) -> Verdict:
    verdict = item.first.verdict
    assert verdict is not None
    return verdict

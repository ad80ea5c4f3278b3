"""The copy of a version for recipients outside its Part 2 consent, under an id of its own (contract §11).

1. Items marked ``part2`` are left out, and the consent with them. The copy doesn't say so: that would tell.
2. Words that aren't marked and seem to be about substance use stop it: a person marks them or rewords them first.
3. It is sealed so that nothing may change in it, and recorded with its digest before it is handed out. Whoever is
   given it afterwards gets the same bytes, and every giving is on record. A file that comes back under its id matches
   no plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cpdocs.core.events import EventType, document_subject
from cpdocs.core.ids import derive_document_id
from cpdocs.errors import AnswerIsNo, InputFault
from cpdocs.keys.organization_keys import load_pair
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import the_plan

if TYPE_CHECKING:
    from cpdocs.documents.plan_paper import PlanPaper
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Variant:
    """The copy: its id, its bytes with their SHA-256, its pages, and how many items it leaves out. ``again``: it was
    made before."""

    variant_id: str
    pdf: bytes
    sha256: str
    pages: int
    left_out: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One giving of a copy, as it was recorded: of which plan, when, to whom (empty: not said), by whom."""

    variant_id: str
    document_id: str
    at: datetime
    to: str
    by: str
    sha256: str
    sealed: bool


def without_part2(
    ws: Workspace, document_id: str, *, to: str = "", token_pin: Callable[[], bytes] | None = None
) -> Variant:
    """Makes, seals and records the copy; the same one again where it was sealed before.

    Raises InputFault for a version that is closed, AnswerIsNo where words that aren't marked may be about substance
    use.
    """
    # All that a plan can say: whoever only lists what was given starts without it.
    from cpdocs.core.plan_variants import still_speaking
    from cpdocs.core.plan_variants import without_part2 as stripped
    from cpdocs.plans.papers import paper_of

    record = the_plan(ws.ledger, document_id)
    if record.closed:
        raise InputFault(f"{document_id} is {record.closed}.", todo="Name the version that stands.")
    paper = paper_of(ws, record)
    plan, left_out = stripped(paper.plan)
    found = list(still_speaking(plan))
    if found:
        raise AnswerIsNo(
            "Words that aren't marked seem to be about substance use; no copy was made.",
            todo="Mark them part2: true, or reword them, in a new version.",
            problems=found,
        )
    variant_id = derive_document_id(
        ws.id_secret, "plan", record.member_id, record.program, str(record.version), "without-part2"
    )
    copy = replace(paper, plan=plan, document_id=variant_id, copy_of=document_id, changes=())
    before = _sealed_before(ws, variant_id)
    pdf, pages = before or _sealed(ws, copy, token_pin)
    sha256 = ws.blobs.put(pdf)
    ws.ledger.append(
        plan_event(
            EventType.PLAN_VARIANT_MADE,
            record,
            document_subject(variant_id),
            variant_id=variant_id,
            without="part2",
            left_out=left_out,
            to=to.strip(),
            variant_sha256=sha256,
            size=len(pdf),
            pages=pages,
            sealed=True,
        )
    )
    return Variant(variant_id, pdf, sha256, pages, left_out, before is not None)


def given_copies(source: Reads, document_id: str) -> list[Given]:
    """Every giving of a copy of this plan, or of the copy with this id, oldest first."""
    events = source.events(subject=document_subject(document_id), types=(EventType.PLAN_VARIANT_MADE,))
    return [
        Given(
            str(event.data["variant_id"]),
            str(event.data["document_id"]),
            event.at,
            str(event.data.get("to") or ""),
            event.who,
            str(event.data["variant_sha256"]),
            bool(event.data.get("sealed")),
        )
        for event in events
    ]


def copy_by_digest(source: Reads, sha256: str) -> Given | None:
    """The copy with these very bytes; None where they are none of ours."""
    found = source.events(types=(EventType.PLAN_VARIANT_MADE,))
    ids = {str(event.data["document_id"]) for event in found if event.data["variant_sha256"] == sha256}
    given = [each for document_id in sorted(ids) for each in given_copies(source, document_id)]
    return next((each for each in given if each.sha256 == sha256), None)


def _sealed_before(ws: Workspace, variant_id: str) -> tuple[bytes, int] | None:
    events = ws.ledger.events(subject=document_subject(variant_id), types=(EventType.PLAN_VARIANT_MADE,))
    made = next((event for event in events if event.data.get("sealed")), None)
    return None if made is None else (ws.blobs.get(str(made.data["variant_sha256"])), int(made.data["pages"]))


def _sealed(ws: Workspace, copy: PlanPaper, token_pin: Callable[[], bytes] | None) -> tuple[bytes, int]:
    from cpdocs.documents.plans import render_plan
    from cpdocs.signing.seal import seal_copy

    rendered = render_plan(copy, shipped=ws.shipped_templates, site=ws.paths.templates)
    seal = load_pair(ws, "seal", token_pin)
    name, now = ws.senders.organization.name, ws.clock.now()
    return seal_copy(rendered.pdf, seal, document_id=copy.document_id, organization=name, now=now), rendered.pages

"""The copy of a version for recipients outside its Part 2 consent, under an id of its own (contract §11).

1. Items marked ``part2`` are left out, and the consent with them. The copy doesn't say so: that would tell.
2. Words that aren't marked and seem to be about substance use stop it: a person marks them or rewords them first.
3. It is recorded, with its digest, before it is handed out; a file that comes back under its id matches no plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cpdocs.core.events import EventType
from cpdocs.core.ids import derive_document_id
from cpdocs.core.plan_variants import still_speaking
from cpdocs.core.plan_variants import without_part2 as stripped
from cpdocs.errors import AnswerIsNo, InputFault
from cpdocs.plans.log import plan_event
from cpdocs.plans.papers import paper_of
from cpdocs.plans.records import the_plan

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Variant:
    """The copy: its id, its bytes with their SHA-256, its pages, and how many items it leaves out."""

    variant_id: str
    pdf: bytes
    sha256: str
    pages: int
    left_out: int


def without_part2(ws: Workspace, document_id: str, *, to: str = "") -> Variant:
    """Makes and records the copy. Raises InputFault for a version that is closed, AnswerIsNo where words that aren't
    marked may be about substance use."""
    from cpdocs.documents.plans import render_plan

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
    rendered = render_plan(copy, shipped=ws.shipped_templates, site=ws.paths.templates)
    sha256 = ws.blobs.put(rendered.pdf)
    ws.ledger.append(
        plan_event(
            EventType.PLAN_VARIANT_MADE,
            record,
            variant_id=variant_id,
            without="part2",
            left_out=left_out,
            to=to.strip(),
            variant_sha256=sha256,
            size=len(rendered.pdf),
            pages=rendered.pages,
        )
    )
    return Variant(variant_id, rendered.pdf, sha256, rendered.pages, left_out)

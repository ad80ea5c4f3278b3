"""Plan versions as the ledger tells them: one, all, and the last of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import EventType, document_subject, member_subject
from cpdocs.core.lifecycle import PLAN_EVENTS, PlanRecord, fold, fold_all
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpdocs.core.plans import Plan
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


def find_plan(source: Reads, document_id: str) -> PlanRecord | None:
    """The version with this document id, or None where no plan was issued under it."""
    return fold(source.events(subject=document_subject(document_id), types=PLAN_EVENTS), document_id)


def the_plan(source: Reads, document_id: str) -> PlanRecord:
    """The version with this document id. Raises InputFault where no plan was issued under it."""
    record = find_plan(source, document_id)
    if record is None:
        raise _no_plan(document_id)
    return record


def the_plans(ws: Workspace, document_ids: Sequence[str]) -> list[PlanRecord]:
    """The versions with these document ids, in this order; as ``the_plan``, and quicker for many."""
    found = {key: fold(events, key) for key, events in ws.ledger.about("document", document_ids, types=PLAN_EVENTS)}
    records = []
    for document_id in document_ids:
        record = found.get(document_id)
        if record is None:
            raise _no_plan(document_id)
        records.append(record)
    return records


def _no_plan(document_id: str) -> InputFault:
    return InputFault(
        f"{document_id} is no plan of this workspace.",
        todo="Read the id again from the plan, or look it up with `cpdocs plan list`.",
    )


def all_plans(ws: Workspace) -> dict[str, PlanRecord]:
    """Every version by document id, in order of issue: one pass over the plan events."""
    return fold_all(ws.ledger.events(types=PLAN_EVENTS))


def member_plans(source: Reads, member_id: str) -> list[PlanRecord]:
    """A member's versions in order of issue, as far as the events about the member tell: superseding included."""
    return list(fold_all(source.events(subject=member_subject(member_id), types=PLAN_EVENTS)).values())


def last_version(source: Reads, member_id: str, program: str) -> PlanRecord | None:
    """The last issued version of this member's plan for ``program``, withdrawn ones included; None where there is
    none."""
    events = source.events(subject=member_subject(member_id), types=(EventType.PLAN_ISSUED,))
    line = [record for record in fold_all(events).values() if record.program == program]
    return max(line, key=lambda record: record.version, default=None)


def plan_of(ws: Workspace, record: PlanRecord) -> Plan:
    """The version as its author's file says it, with what its consent left to the form; the file is in the store."""
    from cpdocs.core.part2_rules import on_form  # brings all that a plan can say
    from cpdocs.intake.plan_file import read_plan

    return on_form(read_plan(ws.blobs.get(record.plan_sha256), record.document_id), record.consent_form)

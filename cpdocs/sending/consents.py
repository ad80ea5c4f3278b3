"""A consent to disclose Part 2 records ends after its plan was issued: revoked, or expired (42 CFR 2.31).

1. The end is recorded on every version of the member that rests on that consent.
2. Nothing of them is filed any more (``chart.file`` asks), and each waits in the work list.
3. What lies at a chart is taken back there, as far as the target can.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import EventType
from cpdocs.core.plan_record import ConsentEnd, PlanRecord
from cpdocs.errors import InputFault, required_text
from cpdocs.index.outgoing import consents_run_out
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import member_plans, plan_of, the_plan
from cpdocs.sending.record import deliveries_of

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ended:
    """What followed: the versions that it ended for, and those recalled, each with its target."""

    versions: tuple[PlanRecord, ...]
    recalled: tuple[tuple[str, str], ...]


def end_consent(ws: Workspace, document_id: str, *, why: ConsentEnd, on: date, how: str, by: str) -> Ended:
    """Records that the consent behind this version ended on that day, ``how`` that is known and who (``by``) took it
    down; stops filing, and takes back what was filed.

    Raises InputFault: no Part 2 records in it, a day that can't be, or ended already. UsageFault: a word is missing.
    """
    how = required_text(how, "How it is known must be said.", "Give --how.")
    by = required_text(by, "Who took it down must be known.", "Give --by.")
    record = the_plan(ws.ledger, document_id)
    transitions.may_end_consent(record, on=on, now=ws.clock.now())
    consent = plan_of(ws, record).part2.consent
    versions = [
        each
        for each in member_plans(ws.ledger, record.member_id)
        if each.part2 and each.consent_ended is None and plan_of(ws, each).part2.consent == consent
    ]
    with ws.ledger.write() as tx:
        transitions.may_end_consent(the_plan(tx, document_id), on=on, now=ws.clock.now())
        said = {"why": why.value, "on": on.isoformat(), "how": how, "by": by}
        tx.append(*(plan_event(EventType.CONSENT_ENDED, each, **said) for each in versions))
    reason = f"The member's consent to disclose Part 2 records {why.words}."
    recalled = [pair for each in versions for pair in _taken_back(ws, each, reason)]
    return Ended(tuple(the_plan(ws.ledger, each.document_id) for each in versions), tuple(recalled))


def end_consents_by_date(ws: Workspace) -> list[str]:
    """Ends every consent whose last day, a Massachusetts day, is over, as if a person had said so; gives the versions
    for which it did. What was filed is recalled by the next sending (``queue_filed``), which goes by the event: a pass
    that was killed after it leaves nothing behind."""
    now = ws.clock.now()
    ended = []
    for document_id in consents_run_out(ws.index, eastern_date(now).isoformat()):
        with ws.ledger.write() as tx:
            record = the_plan(tx, document_id)
            if record.consent_ended is None and record.consent_until is not None:
                said = {
                    "why": ConsentEnd.EXPIRED.value,
                    "on": record.consent_until.isoformat(),
                    "how": "the last day that the consent names is over",
                    "by": "",
                }
                tx.append(plan_event(EventType.CONSENT_ENDED, record, **said))
                ended.append(document_id)
    return ended


def _taken_back(ws: Workspace, record: PlanRecord, reason: str) -> list[tuple[str, str]]:
    """Every target at which the version lies, recalled there."""
    from cpdocs.sending.queue import recall  # what packages are made of, which an idle look needn't import

    targets = {each.target for each in deliveries_of(ws.ledger, record.document_id)}
    if record.filing is not None:
        targets.add(record.filing.target)
    done = []
    for target in sorted(targets & {each.name for each in ws.options.targets}):
        try:
            recall(ws, record.document_id, target, reason)
        except InputFault:
            continue  # never went there, or was taken back before
        done.append((record.document_id, target))
    return done

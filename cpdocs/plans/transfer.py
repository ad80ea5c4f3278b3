"""A plan goes to another PCP: a new version for them, under no approval of the old one's (contract §11).

1. The new PCP must be on record as an active PCP; where they have several practices, one is named.
2. The last version's own file is taken as it is, but for the PCP (in the care team too), the practice, the number and
   the reason.
3. It is issued like any other: checked, sealed, put out with a cover that says what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.plan_draft import plan_text
from cpdocs.core.plan_people import with_pcp
from cpdocs.core.plans import PlanStatus, Reason
from cpdocs.errors import Defect, InputFault, required_reason
from cpdocs.plans.check import check_data
from cpdocs.plans.issue import Issued, issue_checked
from cpdocs.plans.records import last_version, plan_of, the_plan
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.providers import Clinician
    from cpdocs.workspace import Workspace


def transfer(
    ws: Workspace,
    document_id: str,
    *,
    to_npi: str,
    reason: str,
    practice_id: str = "",
    drafts: bool = False,
    token_pin: Callable[[], bytes] | None = None,
) -> Issued:
    """Issues the next version of the plan for another PCP, whose approval and whose alone it asks for.

    Raises:
        UsageFault: no reason.
        InputFault: a version that isn't the last, a PCP who isn't on record as one, or it is theirs already.
        AnswerIsNo: the plan doesn't pass its check any more; each error is told.
    """
    said = required_reason(reason)
    record = the_plan(ws.ledger, document_id)
    last = last_version(ws.ledger, record.member_id, record.program)
    if last is None or last.document_id != document_id:
        raise InputFault(
            f"{document_id} isn't the last version of this plan.",
            todo=f"Name {last.document_id}." if last else "See `cpdocs plan list`.",
        )
    pcp = _pcp(ws, record.member_id, to_npi, practice_id)
    if (pcp.npi, pcp.practice_id) == (record.pcp_npi, record.practice_id):
        raise InputFault("The plan is with this PCP at this practice already.", todo="Read the NPI again.")
    plan = plan_of(ws, record)
    header = replace(
        plan.plan, version=record.version + 1, reason=Reason.CHANGE, reason_text=said, status=PlanStatus.FOR_REVIEW
    )
    register = load_register(ws, record.member_id)
    place = register.directory.practices.get(pcp.practice_id)
    moved = replace(
        plan,
        plan=header,
        pcp_npi=pcp.npi,
        practice_id=pcp.practice_id,
        copy_given=None,
        care_team=with_pcp(
            plan.care_team,
            {each.display_name for each in register.directory.rows_of(record.pcp_npi)},
            pcp.display_name,
            place.name if place else "",
        ),
    )
    name = Path(f"{document_id}-transfer.yaml")
    outcome = issue_checked(
        ws,
        check_data(ws, [(name, plan_text(moved).encode())], versions=False),
        token_pin=token_pin,
        drafts=drafts,
        moved=True,
    )
    if outcome.refused:
        raise outcome.refused
    if not outcome.issued:
        raise Defect("A plan was neither issued nor refused.")
    return outcome.issued[0]


def _pcp(ws: Workspace, member_id: str, npi: str, practice_id: str) -> Clinician:
    rows = [
        row
        for row in load_register(ws, member_id).directory.rows_of(npi)
        if row.active and row.role == "pcp" and practice_id in ("", row.practice_id)
    ]
    if not rows:
        where = f" at practice {practice_id}" if practice_id else ""
        raise InputFault(
            f"No active PCP with NPI {npi} is on record{where}.", todo="Import the clinicians, or read the NPI again."
        )
    if len(rows) > 1:
        places = ", ".join(sorted(row.practice_id for row in rows))
        raise InputFault(f"This PCP is at several practices: {places}.", todo="Say at which with --practice.")
    return rows[0]

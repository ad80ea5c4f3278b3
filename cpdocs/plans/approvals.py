"""Approvals that no file carries: conveyed by the member another way, or by a dated chart note; and refusals.

A recorded approval fills the member's slot alone. A chart note fills the PCP's, and only where the payer's terms allow
it and who wrote it may approve by contract §6 (requirements X1, X7). Neither carries over to a new version.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.clock import EASTERN
from cpdocs.core.events import EventType
from cpdocs.core.guardianship import must_be_represented
from cpdocs.core.held_words import why_not_this_signer
from cpdocs.core.members import Program
from cpdocs.core.people import Role
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.second_person import MAKER_EVENTS, key_makers
from cpdocs.core.signers import Standing, may_approve
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.errors import AnswerIsNo, InputFault, required_reason
from cpdocs.people import people
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.log import plan_event
from cpdocs.plans.notice_files import discarding, put_out_papers
from cpdocs.plans.records import plan_of, the_plan
from cpdocs.plans.signers import may_sign
from cpdocs.plans.stop_notices import same_sending, stop_event, taken_back_paper
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.providers import Directory
    from cpdocs.core.register import Register
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


def record_approval(
    ws: Workspace,
    document_id: str,
    *,
    how: str,
    on: date,
    by: str,
    secret: people.Secret,
    representative: str = "",
    relation: str = "",
) -> PlanRecord:
    """The member (or ``representative``, as ``relation``) approved on that day, by ``how``; ``by`` took it down.

    For a minor, or where a guardianship is in force on that day, it is the plan's representative who approves, where
    none is named here (``core.guardianship``).

    Raises:
        InputFault: the version or its slot isn't open, or the day can't be.
        AnswerIsNo: who acts issued the key by which the PCP's slot is signed.
        WorkspaceFault: the acting account is no witness, or its PIN is wrong.
    """
    acting = people.require(ws, Role.WITNESS, secret)
    now = ws.clock.now()
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        refuse_own_key(ws, tx, record, acting)
        transitions.may_fill(record, Slot.MEMBER, on=on, now=now)
        register = load_register(ws, record.member_id)
        transitions.must_take_part(record, register.stated_end(record.member_id, Program(record.program)))
        member = register.latest(record.member_id, Program(record.program))
        if member is not None:
            guardians = register.guardians_of(record.member_id)
            if not representative and must_be_represented(member.dob, guardians, on):
                representative, relation = _representative(ws, record)
            may_sign(record, member.dob, guardians, on=on, representative=representative)
        tx.append(
            plan_event(
                EventType.SLOT_FILLED,
                record,
                slot=Slot.MEMBER.value,
                evidence=Evidence.RECORDED_APPROVAL.value,
                signer=representative or (member.full_name if member else ""),
                npi="",
                credential="",
                role="representative" if representative else "member",
                on_behalf_of=relation,
                signed_at=None,
                received_at=now.isoformat(),
                return_sha256=None,
                attested_by=by,
                how=how,
                on=on.isoformat(),
            )
        )
        return the_plan(tx, document_id)


def unapprove(ws: Workspace, document_id: str, *, slot: Slot, reason: str, secret: people.Secret) -> PlanRecord:
    """Takes back an approval that was recorded by mistake; the slot is open again, and what was filed is no more.

    Raises:
        InputFault: the version isn't open, or the slot is empty.
        AnswerIsNo: the slot holds a digital signature, which stands.
        WorkspaceFault: the acting account is no reviewer, or its PIN is wrong.
    """
    reason = required_reason(reason)
    people.require(ws, Role.REVIEWER, secret)
    before = the_plan(ws.ledger, document_id)
    transitions.may_empty(before, slot)
    paper = taken_back_paper(ws, before, slot, f"{reason.rstrip('.')}.")
    papers = [paper] if paper else []
    with discarding(ws, papers), ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_empty(record, slot)
        same_sending(before, record)
        (emptied,) = tx.append(plan_event(EventType.SLOT_EMPTIED, record, slot=slot.value, reason=reason))
        tx.append(*(stop_event(each, record, emptied.seq) for each in papers))
    put_out_papers(ws, papers)
    return the_plan(ws.ledger, document_id)


def refuse_own_key(ws: Workspace, source: Reads, record: PlanRecord, acting: people.Acting) -> None:
    """Raises AnswerIsNo where who would witness issued or pinned the key by which the PCP's slot is signed."""
    fill = record.fills.get(Slot.PCP)
    makers = {} if ws.sandbox or fill is None else key_makers(source.events(types=MAKER_EVENTS))
    if fill is not None and makers.get(fill.certificate_sha256) == acting.user:
        raise AnswerIsNo(
            f"{acting.user} issued the key by which the PCP's slot of {record.document_id} is signed.",
            todo="Let another witness take this down: nobody stands at both ends of one approval.",
        )


def record_chart_note(
    ws: Workspace, document_id: str, *, note: str, npi: str, on: date, by: str, secret: people.Secret
) -> PlanRecord:
    """A dated note in the chart, written by the clinician ``npi``, shows the review; ``by`` saw it and says so.

    Raises:
        InputFault: the payer's terms don't allow chart notes, or the version, its slot or the day isn't open.
        AnswerIsNo: who wrote it may not approve; every reason is listed (contract §6).
        WorkspaceFault: the acting account is no reviewer, or its PIN is wrong.
    """
    people.require(ws, Role.REVIEWER, secret)
    now = ws.clock.now()
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        if not ws.senders.payer(record.payer).chart_notes:
            raise InputFault(
                f"{document_id}: the payer's terms don't let a chart note approve a plan.",
                todo=(
                    "Ask for a signature; if the agreement allows notes, set chart_notes in the payer's table "
                    "in cpdocs.toml."
                ),
            )
        transitions.may_fill(record, Slot.PCP, on=on, now=now)
        register = load_register(ws, record.member_id)
        transitions.must_take_part(record, register.stated_end(record.member_id, Program(record.program)))
        written = min(datetime.combine(on, time(23, 59), EASTERN).astimezone(UTC), now)
        standing = _standing(register, record, npi, written, now, DecisionContext(ws).directory_at(written))
        if not standing.may_approve:
            problems = why_not_this_signer(standing.findings)
            raise AnswerIsNo(
                f"{document_id}: who wrote this note may not approve the plan; nothing was recorded.", problems=problems
            )
        clinician = standing.clinician
        tx.append(
            plan_event(
                EventType.SLOT_FILLED,
                record,
                slot=Slot.PCP.value,
                evidence=Evidence.CHART_NOTE.value,
                signer=f"{clinician.first_name} {clinician.last_name}" if clinician else "",
                npi=npi,
                credential=clinician.credential if clinician else "",
                role=standing.role,
                on_behalf_of=standing.on_behalf_of,
                signed_at=None,
                received_at=now.isoformat(),
                return_sha256=None,
                attested_by=by,
                how="dated chart note",
                note=note,
                on=on.isoformat(),
            )
        )
        return the_plan(tx, document_id)


def record_refusal(
    ws: Workspace,
    document_id: str,
    *,
    offered: str,
    by: str,
    language: str,
    reason: str,
    on: date,
    verbal_consent: str = "",
    next_try: date | None = None,
) -> PlanRecord:
    """The member refused, or couldn't be brought to answer: what was offered, by whom, in which language, and why."""
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_refuse(record, Slot.MEMBER, on=on, now=ws.clock.now())
        tx.append(
            plan_event(
                EventType.SLOT_REFUSED,
                record,
                slot=Slot.MEMBER.value,
                on=on.isoformat(),
                offered=offered,
                language=language,
                by=by,
                reason=reason,
                verbal_consent=verbal_consent,
                next_try=next_try.isoformat() if next_try else None,
            )
        )
        return the_plan(tx, document_id)


def _standing(
    register: Register, record: PlanRecord, npi: str, written: datetime, now: datetime, then: Directory | None
) -> Standing:
    assignment = register.latest(record.member_id, Program(record.program))
    return may_approve(
        signer_npi=npi,
        pcp_npi=record.pcp_npi,
        practice_id=record.practice_id,
        member_id=record.member_id,
        directory=register.directory,
        signed_at=written,
        received_at=now,
        directory_then=then,
        current_pcp_npi=(record.pcp_now(assignment.pcp_npi) or None) if assignment else None,
    )


def _representative(ws: Workspace, record: PlanRecord) -> tuple[str, str]:
    """Who acts for the member by the plan itself: name and relation."""
    stated = plan_of(ws, record).representative
    if stated is None:
        raise InputFault(
            f"{record.document_id}: somebody signs for the member on that day, a parent or guardian.",
            todo="Name them with --representative and --relation.",
        )
    return stated.name, stated.relation

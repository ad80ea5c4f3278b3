"""A member declines, asks for another Community Partner, or comes back: letters and plans follow at once (contract §4).

The event, the withdrawal of open plans and the notices to the health plan are recorded in one transaction; what letters
and plans may still be made is a fold over these events (``core.enrollment``), so there is nothing else to switch off.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Choice
from cpdocs.core.events import JSON, EventType, NewEvent, member_subject
from cpdocs.core.ids import derive_document_id, last_four
from cpdocs.core.members import Assignment, Program
from cpdocs.core.notices import payer_folder
from cpdocs.core.register import Register
from cpdocs.errors import InputFault
from cpdocs.plans.log import plan_event
from cpdocs.plans.notice_files import (
    NoticePaper,
    discarding,
    finish_notices,
    make_paper,
    payer_channel,
    put_out_papers,
    written_event,
)
from cpdocs.plans.records import member_plans
from cpdocs.plans.stop_notices import stop_event, stop_paper
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.ledger.reads import Reads
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.workspace import Workspace

_EVENTS = {
    Choice.DECLINED: EventType.MEMBER_DECLINED,
    Choice.CHANGED_CP: EventType.MEMBER_CHANGED_CP,
    Choice.REINSTATED: EventType.MEMBER_REINSTATED,
}
_REASONS = {Choice.DECLINED: "the member declined", Choice.CHANGED_CP: "the member asked for another Community Partner"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What followed: the programs it is about, the plan versions withdrawn, the notices to health plans."""

    programs: tuple[str, ...]
    withdrawn: tuple[str, ...]
    notices: tuple[Path, ...]


def record_choice(
    ws: Workspace,
    member_id: str,
    choice: Choice,
    *,
    on: date,
    how: str,
    by: str,
    program: str | None = None,
    also: Callable[[Transaction], Iterable[NewEvent]] = lambda _: (),
) -> Recorded:
    """Records what the member said on that day, ``how`` it reached us and who (``by``) took it down.

    ``program`` narrows it to BH or LTSS. ``also`` gives what is recorded in the same transaction.

    Raises InputFault: nobody on record, a day that can't be, or nothing new said.
    """
    finish_notices(ws)
    if not how.strip() or not by.strip():
        raise InputFault("How it was said and who took it down must be known.", todo="Fill in --how and --by.")
    register = load_register(ws, member_id)
    concerned = _concerned(ws, register, member_id, choice, on, program)
    papers = [_notice(ws, register, assignment, choice, on, how.strip(), by.strip()) for assignment in concerned]
    programs = {assignment.program.value for assignment in concerned}
    before = _open_plans(ws.ledger, member_id, choice, programs)
    stopped = {each.document_id: stop_paper(ws, each, f"It was withdrawn: {_REASONS[choice]}.") for each in before}
    every = [*papers, *(paper for paper in stopped.values() if paper)]
    with discarding(ws, every), ws.ledger.write() as tx:
        open_plans = _open_plans(tx, member_id, choice, programs)
        if register.enrollment != load_register(ws, member_id).enrollment or open_plans != before:
            raise InputFault(
                "Something else was recorded of this member meanwhile.", todo="Look at it, then run the command again."
            )
        ended: list[JSON] = [list(item.key) for item in register.member(member_id) if item.program.value in programs]
        data: dict[str, JSON] = {
            "member_id": member_id,
            "program": program,
            "on": on.isoformat(),
            "how": how.strip(),
            "by": by.strip(),
            **({"ended": ended} if choice is Choice.CHANGED_CP else {}),
        }
        word, *withdrawn = tx.append(
            NewEvent(_EVENTS[choice], (member_subject(member_id),), data),
            *(plan_event(EventType.PLAN_WITHDRAWN, record, reason=_REASONS[choice]) for record in open_plans),
        )
        about = (member_subject(member_id),)
        tx.append(
            *(
                stop_event(paper, record, event.seq)
                for record, event in zip(open_plans, withdrawn, strict=True)
                if (paper := stopped[record.document_id])
            ),
            *(
                written_event(
                    paper,
                    about,
                    program=assignment.program.value,
                    on=on.isoformat(),
                    rests_on=[word.seq],
                    **payer_channel(ws, assignment.plan_name),
                )
                for paper, assignment in zip(papers, concerned, strict=True)
            ),
            *also(tx),
        )
    put_out_papers(ws, every)
    return Recorded(
        tuple(sorted(programs)),
        tuple(record.document_id for record in open_plans),
        tuple(ws.paths.notices / paper.file for paper in papers),
    )


def _open_plans(source: Reads, member_id: str, choice: Choice, programs: Collection[str]) -> list[PlanRecord]:
    """The versions that such a word withdraws: open and not complete."""
    return [
        record
        for record in member_plans(source, member_id)
        if choice is not Choice.REINSTATED and record.program in programs and not record.closed and not record.complete
    ]


def _concerned(
    ws: Workspace, register: Register, member_id: str, choice: Choice, on: date, program: str | None
) -> list[Assignment]:
    """The assignments that it changes something for, one a program; refuses what isn't new or can't be."""
    whose = f"member {last_four(member_id)}"
    if on > eastern_date(ws.clock.now()):
        raise InputFault(f"{on.isoformat()} is in the future.", todo="Record it when it has been said.")
    latest = [register.latest(member_id, each) for each in Program if program is None or each.value == program]
    known = [assignment for assignment in latest if assignment is not None]
    if not known:
        raise InputFault(
            f"No {program + ' ' if program else ''}assignment of {whose} is on record.", todo="Check the id."
        )
    said = [register.enrollment.statement(member_id, each.program.value) for each in known]
    last = max((each.on for each in said if each), default=None)
    if last and on < last:
        raise InputFault(f"{whose} said something else later, on {last.isoformat()}.", todo="Check --on.")
    concerned = [each for each in known if _is_news(register, each, choice)]
    if not concerned:
        words = {
            Choice.DECLINED: "has declined already",
            Choice.CHANGED_CP: "has left already",
            Choice.REINSTATED: "takes part already",
        }
        raise InputFault(f"{whose} {words[choice]}; nothing was changed.")
    return concerned


def _is_news(register: Register, assignment: Assignment, choice: Choice) -> bool:
    stopped = register.enrollment.stops(assignment)
    return stopped is not None if choice is Choice.REINSTATED else stopped is not choice


def _notice(
    ws: Workspace, register: Register, assignment: Assignment, choice: Choice, on: date, how: str, by: str
) -> NoticePaper:
    from cpdocs.documents.html import long_date
    from cpdocs.documents.notices import Notice, NoticeKind

    kind = {
        Choice.DECLINED: NoticeKind.MEMBER_DECLINED,
        Choice.CHANGED_CP: NoticeKind.MEMBER_CHANGES_CP,
        Choice.REINSTATED: NoticeKind.MEMBER_REINSTATED,
    }[choice]
    before = register.enrollment.statement(assignment.member_id, assignment.program.value)
    parts: Sequence[str] = (
        *assignment.key,
        choice.value,
        on.isoformat(),
        f"{before.choice.value} {before.on.isoformat()}" if before else "",
        ws.clock.now().isoformat(),
    )
    reference = derive_document_id(ws.id_secret, "member notice", *parts)
    payer = assignment.plan_name
    notice = Notice(
        kind=kind,
        to=(payer or "Health plan",),
        sender=ws.senders.for_cp(assignment.cp_org),
        at=ws.clock.now(),
        reference=reference,
        facts=(
            ("Member", assignment.full_name),
            ("MassHealth ID", assignment.member_id),
            ("Date of birth", long_date(assignment.dob)),
            ("Program", f"{assignment.program.value} Community Partner"),
            ("Community Partner", assignment.cp_org),
            ("Assigned on", long_date(assignment.assigned_on)),
            ("Said on", long_date(on)),
            ("How", how),
            ("Taken down by", by),
        ),
        sandbox=ws.sandbox,
    )
    return make_paper(ws, notice, payer_folder(payer))

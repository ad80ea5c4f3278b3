"""Who gets a letter of a kind: the lines of a roster, or those on record whom the kind is for, each with its
disposition.

A kind says whom it is for (``to`` in its kind.toml): everyone assigned, by the rules of contract §3; those who said no
or asked for another partner, who get a confirmation although every other letter to them has stopped; or those whose
plan both sides approved, once for each version.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Choice, Enrollment
from cpdocs.core.events import EventType
from cpdocs.core.letter_mail import fingerprint
from cpdocs.core.letters import AGAIN, LETTERED_EVENTS, RunState, fold_runs, lettered_occasions
from cpdocs.core.members import Assignment, AssignmentKey, Program
from cpdocs.core.plan_record import PlanState
from cpdocs.core.roster import Disposition, RosterOutcome, dispose_recorded, known_from
from cpdocs.errors import UsageFault
from cpdocs.index.lookups import unlettered
from cpdocs.index.queries import members_with_slips
from cpdocs.letters.mail import apply_mail, load_mail
from cpdocs.members.outreach import load_outreach
from cpdocs.plans.notice_files import load_notices
from cpdocs.plans.records import all_plans
from cpdocs.register.imports import import_roster
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.core.notices import NoticeRecord
    from cpdocs.core.register import Register
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.intake.tables import Choices
    from cpdocs.register.imports import RosterImport
    from cpdocs.workspace import Workspace

_CHOICES = {"declined": Choice.DECLINED, "changed": Choice.CHANGED_CP}
SLIP_WAITS = "reply_slip_waiting"
"""The code of a line that is held until somebody has read the reply slip that the member sent."""
_BY_THEMSELVES = 3000
"""Up to so many members are read from their own events; for more the whole register is quicker."""
_APPROVED = (PlanState.COMPLETE, PlanState.FILED, PlanState.UPLOADED)


Sources: TypeAlias = Mapping[str, tuple[int, ...]]
"""Events by number, by what they are the record of."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An assignment that a kind is for, the occasion (empty for most), and the records for which it is."""

    assignment: Assignment
    occasion: str = ""
    sources: Sources = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipients:
    """The SHA-256 of the roster (empty without one), what each line became, by line the occasion of a letter that has
    one, and how the roster was read (None without one). ``sources`` are by line the records for which the letter goes
    out, by the name that its kind gives them (``letter_kinds.SOURCES``), each as the numbers of its events."""

    roster: str
    outcomes: tuple[RosterOutcome, ...]
    occasions: Mapping[int, str] = field(default_factory=dict)
    imported: RosterImport | None = None
    sources: Mapping[int, Sources] = field(default_factory=dict)


def recipients(
    ws: Workspace,
    kind: LetterKind,
    roster: Path | None,
    *,
    again: bool,
    reviewed: Container[str],
    record: bool,
    choices: Choices | None = None,
) -> Recipients:
    """Everyone that a run of this ``kind`` has to account for.

    With ``again`` those whose letter came back and whose address on record is another since. ``reviewed`` are the
    written languages, case-folded, in which the letter can be printed. With ``record`` False nothing is written.

    Raises InputFault for a roster that can't be read, UsageFault for one where none is taken.
    """
    found = _found(ws, kind, roster, again=again, reviewed=reviewed, record=record, choices=choices)
    outcomes = apply_mail(ws, load_mail(ws.ledger), found.outcomes)
    return replace(found, outcomes=_until_slips_are_read(ws, outcomes))


def not_lettered(ws: Workspace) -> tuple[RosterOutcome, ...]:
    """What becomes of every assignment on record that no letter of assignment exists for: as ``recipients`` of a kind
    for all who are assigned, without a roster, but read from those assignments alone. Warnings are left out."""
    keys, members = unlettered(ws.index)
    if not keys:
        return ()
    register = load_register(ws, *(members if len(members) <= _BY_THEMSELVES else ()))
    wanted = [item for item in register.assignments.values() if item.key in keys]
    outcomes = _by_the_rules(ws, register, wanted, eastern_date(ws.clock.now()), reviewed=frozenset())
    outcomes = _until_slips_are_read(ws, apply_mail(ws, load_mail(ws.ledger), outcomes))
    return tuple(replace(each, warnings=()) for each in outcomes)


def _by_the_rules(
    ws: Workspace, register: Register, people: Sequence[Assignment], today: date, *, reviewed: Container[str]
) -> tuple[RosterOutcome, ...]:
    known = known_from(
        register, frozenset(), ages=ws.options.ages, reviewed=reviewed, cp_orgs=ws.senders.compared_cp_orgs
    )
    return tuple(dispose_recorded(people, known, today))


def _until_slips_are_read(ws: Workspace, outcomes: tuple[RosterOutcome, ...]) -> tuple[RosterOutcome, ...]:
    """The outcomes, those held whose member sent a reply slip that nobody has read yet: it may say no (contract §8)."""
    waiting = members_with_slips(ws.index)
    return tuple(
        replace(each, disposition=Disposition.HELD, code=SLIP_WAITS, warnings=())
        if each.disposition is Disposition.MAILED and each.member_id in waiting
        else each
        for each in outcomes
    )


def _found(
    ws: Workspace,
    kind: LetterKind,
    roster: Path | None,
    *,
    again: bool,
    reviewed: Container[str],
    record: bool,
    choices: Choices | None,
) -> Recipients:
    if roster is not None and again:
        raise UsageFault(
            "Letters that came back are sent again to addresses on record.", todo="Leave out --roster, or --returned."
        )
    if roster is not None:
        if kind.to != "assigned":
            raise UsageFault(
                f"Letters of kind {kind.name!r} go to those on record; they take no roster.", todo="Leave out --roster."
            )
        if kind.rests_on:
            raise UsageFault(
                f"Letters of kind {kind.name!r} say what was done, and go to those for whom it is on record.",
                todo="Leave out --roster; record attempts with `cpdocs member attempt`.",
            )
        if kind.after and record:
            raise UsageFault(
                f"Letters of kind {kind.name!r} go to those who were mailed one of kind {kind.after!r}; they take "
                "no roster.",
                todo="Leave out --roster.",
            )
        imported = import_roster(ws, roster, kind=kind.name, reviewed=reviewed, record=record, choices=choices)
        return Recipients(imported.sha256, imported.outcomes, imported=imported)
    register = load_register(ws)
    today = eastern_date(ws.clock.now())
    done = lettered_occasions(ws.ledger.events(types=LETTERED_EVENTS))
    wanted = _moved(ws, kind, register, today) if again else _candidates(ws, kind, register, today)
    wanted = [each for each in wanted if (kind.name, each.assignment.key, each.occasion) not in done]
    people = [each.assignment for each in wanted]
    if kind.to in _CHOICES:
        # They said so themselves: nothing but that very word would hold the letter back.
        people = [replace(item, status="assigned") if item.status == "declined" else item for item in people]
        register = replace(register, enrollment=Enrollment())
    outcomes = _by_the_rules(ws, register, people, today, reviewed=reviewed)
    by_line = [(outcome.line, each) for outcome, each in zip(outcomes, wanted, strict=True)]
    return Recipients(
        "",
        outcomes,
        {line: each.occasion for line, each in by_line if each.occasion},
        sources={line: each.sources for line, each in by_line if each.sources},
    )


def _moved(ws: Workspace, kind: LetterKind, register: Register, today: date) -> list[_Candidate]:
    """Assignments whose letter came back from another address than the one on record now, and of whom what it says is
    still true."""
    known = {each.assignment.key: each.sources for each in _candidates(ws, kind, register, today)}
    found = []
    for piece in load_mail(ws.ledger).returned.values():
        item = register.assignments.get(piece.key)
        if item is None or piece.kind != kind.name or item.key not in known:
            continue
        now = fingerprint(ws.id_secret, item)
        if now != piece.address:
            found.append(_Candidate(item, f"{AGAIN}{now[:12]}", known[item.key]))
    return found


def _candidates(ws: Workspace, kind: LetterKind, register: Register, today: date) -> list[_Candidate]:
    """Assignments that the kind is for, lettered or not."""
    wanted = _for_whom(ws, kind, register)
    if not kind.after:
        return wanted
    mailed = _mailed_since(ws, kind.after, today - timedelta(days=kind.after_days))
    return [
        replace(each, sources={**each.sources, "mailed": (mailed[each.assignment.key],)})
        for each in wanted
        if each.assignment.key in mailed
    ]


def _for_whom(ws: Workspace, kind: LetterKind, register: Register) -> list[_Candidate]:
    """Assignments that the kind is for, whatever was mailed before."""
    if kind.to in _CHOICES:
        return list(_who_said_so(ws, kind, register))
    if kind.to == "planned":
        return [
            _Candidate(item, plan.document_id, {"approved": tuple(sorted(fill.seq for fill in plan.fills.values()))})
            for plan in all_plans(ws).values()
            if plan.state in _APPROVED and (item := register.latest(plan.member_id, Program(plan.program))) is not None
        ]
    if not kind.rests_on:
        return [_Candidate(item) for item in register.assignments.values()]
    tried = load_outreach(ws.ledger)
    return [
        _Candidate(item, sources={"attempt": tuple(each.seq for each in attempts)})
        for item in register.assignments.values()
        if (attempts := tried.tried_in_vain(item.member_id, item.program.value))
    ]


def _who_said_so(ws: Workspace, kind: LetterKind, register: Register) -> Iterator[_Candidate]:
    """Those whose last word the kind confirms; where it says so, once their health plan was told."""
    wanted = _CHOICES[kind.to]
    told = _health_plan_told(ws, kind.to) if kind.rests_on else {}
    for item in register.assignments.values():
        program = item.program.value
        said = register.enrollment.statement(item.member_id, program)
        if said is None or register.enrollment.stops(item) is not wanted:
            continue
        sent = told.get((item.member_id, program)) or told.get((item.member_id, ""))
        if sent or not kind.rests_on:
            yield _Candidate(item, sources={"choice": (said.seq,), **({"notice_sent": (sent,)} if sent else {})})


def _health_plan_told(ws: Workspace, to: str) -> dict[tuple[str, str], int]:
    """Members, each with the program that the notice is about (empty where it wasn't recorded), whose health plan has
    been sent their last word, and the number of the event that says so."""
    kind = {"declined": "member_declined", "changed": "member_changes_cp"}[to]
    last: dict[tuple[str, str], NoticeRecord] = {}
    for notice in load_notices(ws.ledger).values():
        if notice.member_id and notice.kind.startswith("member_"):
            last[notice.member_id, notice.program] = notice
    return {
        whose: notice.sent_seq for whose, notice in last.items() if notice.kind == kind and notice.sent_at is not None
    }


def _mailed_since(ws: Workspace, kind: str, latest: date) -> dict[AssignmentKey, int]:
    """Assignments whose letter of this kind was mailed on ``latest`` or before, with the number of the event that says
    so."""
    events = list(ws.ledger.events(types=LETTERED_EVENTS))
    runs = fold_runs(
        ws.ledger.events(
            types=(EventType.RUN_BEGUN, EventType.RUN_STAGED, EventType.RUN_RELEASED, EventType.RUN_MAILED)
        )
    )
    mailed = {
        run.run_id: run.mailed_seq
        for run in runs.values()
        if run.state is RunState.MAILED and run.mailed_on and run.mailed_on <= latest
    }
    return {
        key: mailed[run_id]
        for (name, key, _), run_id in lettered_occasions(events).items()
        if name == kind and run_id in mailed
    }

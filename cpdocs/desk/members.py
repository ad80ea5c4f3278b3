"""A member: what is on record, what they said, how they were reached, and what can be recorded about them.

The address of the page means something to one session alone: none holds a member's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, request

from cpdocs.core.clock import eastern_date
from cpdocs.core.enrollment import Choice
from cpdocs.core.events import member_subject
from cpdocs.core.members import Program
from cpdocs.core.outreach import OUTREACH_EVENTS, AttemptKind, Outcome, fold_outreach
from cpdocs.core.person_facts import Fact
from cpdocs.core.register import MEMBER_EVENTS
from cpdocs.core.register import fold as fold_register
from cpdocs.desk import words
from cpdocs.desk.forms import Form, day, given, needed, one_of
from cpdocs.desk.pages import done, page, saw, session, workspace
from cpdocs.desk.plan_writing import show_text
from cpdocs.errors import CpdocsError, InputFault
from cpdocs.index.lookups import plans_of_member
from cpdocs.index.queries import practices_of
from cpdocs.members.choices import record_choice
from cpdocs.members.corrections import correct_fact
from cpdocs.members.outreach import record_agreement, record_attempt
from cpdocs.plans.drafting import draft

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.workspace import Workspace

part = Blueprint("members", __name__)
_SAID = {
    Choice.DECLINED: "Recorded: the member declines. Letters and plans stop; the health plan's notice is written.",
    Choice.CHANGED_CP: "Recorded: the member wants another partner. The notice to the health plan is written.",
    Choice.REINSTATED: "Recorded: the member takes part again.",
}


@part.get("/members/<handle>")
def member(handle: str) -> ResponseReturnValue:
    return _show(handle, {}, None)


@part.post("/members/<handle>")
def record(handle: str) -> ResponseReturnValue:
    ws, member_id, form = workspace(), _member(handle), request.form
    what = given(form, "do")
    try:
        if what == "draft":
            return show_text(draft(ws, member_id, _program(form)).text)
        told = _ACTS[one_of(form, "do", _ACTS, "What shall be recorded?")](ws, member_id, form)
    except CpdocsError as error:
        return _show(handle, form, error)
    return done(told, f"/members/{handle}")


def _member(handle: str) -> str:
    found = session().members.get(handle)
    if found is None:
        raise InputFault("This page was for another session.", todo="Search for the member again.")
    return found


def _program(form: Form) -> Program:
    return Program(one_of(form, "program", {each.value for each in Program}, "For which program?"))


def _perhaps_program(form: Form) -> str | None:
    return _program(form).value if given(form, "program") else None


def _choice(choice: Choice) -> Callable[[Workspace, str, Form], str]:
    def record_it(ws: Workspace, member_id: str, form: Form) -> str:
        how, by = needed(form, "how", "How they said it"), needed(form, "by", "Who took it down")
        on = day(form, "on", "The day")
        found = record_choice(ws, member_id, choice, on=on, how=how, by=by, program=_perhaps_program(form))
        withdrawn = f" Withdrawn: {', '.join(found.withdrawn)}." if found.withdrawn else ""
        return f"{_SAID[choice]}{withdrawn}"

    return record_it


def _attempt(ws: Workspace, member_id: str, form: Form) -> str:
    kind = one_of(form, "kind", {each.value for each in AttemptKind}, "How was it tried?")
    outcome = one_of(form, "outcome", {each.value for each in Outcome}, "What came of it?")
    record_attempt(
        ws,
        member_id,
        on=day(form, "on", "The day"),
        kind=AttemptKind(kind),
        outcome=Outcome(outcome),
        by=needed(form, "by", "Who tried"),
        program=_perhaps_program(form),
        note=given(form, "note"),
    )
    return f"The attempt is recorded: {words.plain(kind)}, {words.plain(outcome)}."


def _agreement(ws: Workspace, member_id: str, form: Form) -> str:
    how = one_of(form, "how", ("verbal", "written"), "By word or in writing?")
    explained = needed(form, "explained", "How the use of their information was explained")
    on, by = day(form, "on", "The day"), needed(form, "by", "Who heard it")
    record_agreement(ws, member_id, on=on, how=how, explained=explained, by=by, program=_perhaps_program(form))
    return "Recorded: the member agreed to take part."


def _correct(ws: Workspace, member_id: str, form: Form) -> str:
    fact = one_of(form, "fact", {each.value for each in Fact}, "What isn't so?")
    on, how = day(form, "on", "The day"), needed(form, "how", "How it was found out")
    correct_fact(ws, member_id, Fact(fact), on=on, how=how, by=needed(form, "by", "Who found out"))
    return "Recorded: it isn't so. Letters and plans go on."


_ACTS: Mapping[str, Callable[[Workspace, str, Form], str]] = {
    "attempt": _attempt,
    "agreement": _agreement,
    "decline": _choice(Choice.DECLINED),
    "change-cp": _choice(Choice.CHANGED_CP),
    "reinstate": _choice(Choice.REINSTATED),
    "correct": _correct,
}


def _show(handle: str, form: Mapping[str, str], error: CpdocsError | None) -> ResponseReturnValue:
    ws, member_id = workspace(), _member(handle)
    about = member_subject(member_id)
    saw("member", about)
    register = fold_register(ws.ledger.events(subject=about, types=MEMBER_EVENTS))
    outreach = fold_outreach(ws.ledger.events(subject=about, types=OUTREACH_EVENTS))
    latest = [found for program in Program if (found := register.latest(member_id, program))]
    if not latest:
        raise InputFault("No such member is on record.", todo="Check the id, or import the roster that has it.")
    today = eastern_date(ws.clock.now())
    said = [(each, register.enrollment.statement(member_id, each.program.value)) for each in latest]
    stopped = [register.enrollment.stops(each) for each in latest]
    return page(
        "member.html",
        here="Search",
        status=200 if error is None else 422,
        error=error,
        handle=handle,
        doing=given(form, "do"),
        form={"on": today.isoformat(), "by": session().person, **form},
        name=latest[-1].full_name,
        member_id=member_id,
        assignments=[(each, statement, register.stated_end(member_id, each.program)) for each, statement in said],
        practices=practices_of(ws.index, (each.practice_id for each in latest)),
        plans=plans_of_member(ws.index, member_id),
        attempts=outreach.attempts.get(member_id, ()),
        agreements=outreach.agreements.get(member_id, ()),
        facts=[fact.value for fact in Fact if register.facts.holds(member_id, fact)],
        programs=[each.program.value for each in latest],
        kinds=[each.value for each in AttemptKind],
        outcomes=[each.value for each in Outcome],
        may={
            "stop": not all(stopped),
            "reinstate": any(stopped),
        },
    )

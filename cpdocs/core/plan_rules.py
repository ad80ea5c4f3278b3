"""What ``plan check`` says (contract §3): errors, which keep a plan from being issued, and warnings, which don't.

Every fault is told at once, each with its field's path. Pure: the plan, what is on record, and the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from cpdocs.core.deadlines import home_visit_due
from cpdocs.core.guardianship import signing_fault
from cpdocs.core.ids import is_npi
from cpdocs.core.members import ADULT, Assignment, Program, age_on
from cpdocs.core.part2_rules import part2_problems, unflagged_items
from cpdocs.core.plan_facts import fact_errors, fact_warnings
from cpdocs.core.plan_lint import in_member_words, word_errors, word_warnings
from cpdocs.core.plans import Plan, PlanStatus, Reason, Service, TransitionKind
from cpdocs.core.register import Register
from cpdocs.errors import Problem

_OFFERED = (
    ("service_options_given", "the member was given options of services"),
    ("took_part_in_selection", "the member took part in the selection"),
    ("provider_options_given", "the member was given options of providers"),
    ("informed_provider_choice", "the member chose providers knowing the options"),
)


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """What was found. ``assignment`` is the member's live assignment that the plan stands on, None where there is
    none."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    assignment: Assignment | None


def check_plan(
    plan: Plan,
    register: Register,
    on: date,
    *,
    avoided: Iterable[tuple[str, str]] = (),
    own_names: Iterable[str] = (),
) -> CheckedPlan:
    """Everything wrong or doubtful with ``plan`` on that day (a Massachusetts date), in the order of its sections.
    ``avoided`` are a site's own words that label a member, each with what says it instead; ``own_names`` those of the
    organization and its Community Partners beside the ones that plan and roster name."""
    assignment = register.enrolled(plan.member_id, plan.program, on)
    stated = (
        assignment or register.latest(plan.member_id, plan.program) or next(iter(register.member(plan.member_id)), None)
    )
    errors = (
        *_header_errors(plan),
        *_member_errors(plan, register, stated, on),
        *_pcp_errors(plan, register),
        *_service_errors(plan),
        *word_errors(plan, stated, own_names),
        *fact_errors(plan, register, on),
        *part2_problems(plan, on, stated),
    )
    warnings = (
        *_header_warnings(plan, on),
        *_record_warnings(plan, register, stated),
        *unflagged_items(plan),
        *_content_warnings(plan, stated),
        *_transition_warnings(plan),
        *fact_warnings(plan, on),
        *word_warnings(plan, stated, avoided),
    )
    return CheckedPlan(errors, warnings, assignment)


def _header_errors(plan: Plan) -> Iterator[Problem]:
    header = plan.plan
    if header.status is PlanStatus.DRAFT:
        yield Problem(
            "plan_is_draft",
            "the plan says that it is still a draft.",
            "plan.status",
            "Set it to for_review when it is ready.",
        )
    if header.assessment_date > header.plan_date:
        yield Problem(
            "assessment_after_plan",
            "the assessment is dated after the plan; it comes before it.",
            "plan.assessment_date",
            "Correct whichever date is wrong.",
        )
    if header.next_review > _year_after(header.plan_date):
        yield Problem(
            "review_over_12_months",
            "the next review is more than 12 months after the plan's date.",
            "plan.next_review",
            f"Set it to {_year_after(header.plan_date)} at the latest.",
        )


def _year_after(day: date) -> date:
    return day.replace(year=day.year + 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def _member_errors(plan: Plan, register: Register, stated: Assignment | None, on: date) -> Iterator[Problem]:
    if stated is None:
        yield Problem(
            "member_unknown",
            "no such member is on record.",
            "member_id",
            "Import the roster that has the member, or correct the id.",
        )
        return
    if register.enrolled(plan.member_id, plan.program, on) is None:
        yield Problem(
            "member_not_enrolled",
            _why_not_enrolled(plan, register, on),
            "member_id",
            "A plan needs a live assignment to its program.",
        )
    if age_on(stated.dob, on) < ADULT and plan.representative is None:
        yield Problem(
            "minor_without_representative",
            "the member is under 18, and nobody is named who signs for them.",
            "representative",
            "Name the parent or guardian.",
        )
    yield from _guardian_errors(plan, register, stated, on)


def _guardian_errors(plan: Plan, register: Register, stated: Assignment, on: date) -> Iterator[Problem]:
    """Who signs for the member on that day must be whom the plan names."""
    guardians, acts = register.guardians_of(plan.member_id), plan.representative
    if acts is None and not guardians.acting(on):
        return
    fault = signing_fault(stated.dob, guardians, on=on, issued_on=on, representative=acts.name if acts else "")
    if fault is not None:
        yield Problem(fault.code, fault.message, "representative", "Name who signs for the member now, or nobody.")


def _why_not_enrolled(plan: Plan, register: Register, on: date) -> str:
    latest = register.latest(plan.member_id, plan.program)
    if latest is None:
        return f"the member isn't assigned to {plan.program.value}."
    if said := register.enrollment.stops(latest):
        return f"the member has {'declined' if said.value == 'declined' else 'asked for another CP'}."
    if latest.end_on is not None and latest.end_on < on:
        return f"the member's assignment to {plan.program.value} has ended."
    return (
        f"the roster says that the member's assignment to {plan.program.value} is "
        f"{latest.status or 'without a status'}."
    )


def _pcp_errors(plan: Plan, register: Register) -> Iterator[Problem]:
    directory = register.directory
    known = plan.practice_id in directory.practices
    if not known:
        yield Problem(
            "practice_unknown",
            "no such practice is on record.",
            "practice_id",
            "Import the practices, or correct the id.",
        )
    rows = directory.rows_of(plan.pcp_npi)
    if not is_npi(plan.pcp_npi):
        yield Problem("pcp_unknown", "this is no NPI: its check digit doesn't fit.", "pcp_npi", "Correct it.")
    elif not rows:
        yield Problem(
            "pcp_unknown",
            "no clinician with this NPI is on record.",
            "pcp_npi",
            "Import the clinicians, or correct it.",
        )
    elif known and not any(row.practice_id == plan.practice_id and row.role == "pcp" for row in rows):
        yield Problem(
            "pcp_unknown",
            "this clinician is on record, but not as a PCP of this practice.",
            "pcp_npi",
            "Correct pcp_npi or practice_id.",
        )


def _service_errors(plan: Plan) -> Iterator[Problem]:
    for place, service in enumerate(plan.services):
        path = f"services[{place}]"
        yield from _affiliation_errors(service, path, plan.plan.plan_date)
    if plan.program is Program.LTSS:
        yield from _choice_errors(plan)


def _affiliation_errors(service: Service, path: str, plan_date: date) -> Iterator[Problem]:
    if not service.affiliated:
        return
    disclosed = service.affiliation_disclosed_on
    if disclosed is None or disclosed > plan_date:
        yield Problem(
            "affiliation_undisclosed",
            (
                "the provider belongs to the Community Partner, and the plan doesn't say when, by its date, the "
                "member was told."
            ),
            f"{path}.affiliation_disclosed_on",
            "Tell the member, then state the date.",
        )


def _choice_errors(plan: Plan) -> Iterator[Problem]:
    todo = "Offer the choice, then state it; without it an LTSS plan can't go out."
    if plan.choice is None:
        yield Problem("choice_not_offered", "an LTSS plan needs its evidence of choice.", "choice", todo)
    else:
        for name, meaning in _OFFERED:
            if not getattr(plan.choice, name):
                yield Problem("choice_not_offered", f"the plan doesn't say that {meaning}.", f"choice.{name}", todo)
    for place, service in enumerate(plan.services):
        if service.paid and not service.choice_offered:
            yield Problem(
                "choice_not_offered",
                "the plan doesn't say that this service was the member's choice.",
                f"services[{place}].choice_offered",
                todo,
            )


def _header_warnings(plan: Plan, on: date) -> Iterator[Problem]:
    header = plan.plan
    if header.plan_date > on:
        yield Problem("plan_date_in_future", "the plan is dated ahead.", "plan.plan_date")
    if header.next_review <= max(on, header.plan_date):
        yield Problem("review_already_due", "the next review is already due.", "plan.next_review", "Set the next one.")
    if header.version > 1 and header.reason is Reason.INITIAL:
        yield Problem(
            "reason_is_initial", "a later version can't be the initial plan.", "plan.reason", "Say why it was updated."
        )


def _record_warnings(plan: Plan, register: Register, stated: Assignment | None) -> Iterator[Problem]:
    """Where the plan and the record differ."""
    if not any(row.active for row in register.directory.rows_of(plan.pcp_npi)) and register.directory.rows_of(
        plan.pcp_npi
    ):
        yield Problem(
            "pcp_inactive", "the PCP is no longer active on record.", "pcp_npi", "Ask the practice who took over."
        )
    if stated is None:
        return
    if stated.pcp_npi and stated.pcp_npi != plan.pcp_npi:
        yield Problem(
            "pcp_differs", "the roster names another PCP.", "pcp_npi", "Find out which is right: the PCP must approve."
        )
    on_record = (stated.language_written or stated.language_spoken).casefold()
    for path, language in (
        ("copy_given.language", plan.copy_given.language if plan.copy_given else ""),
        ("member.language", plan.member.language),
    ):
        if language and on_record and language.casefold() not in {on_record, stated.language_spoken.casefold()}:
            yield Problem(
                "language_differs",
                "the roster has another language for the member.",
                path,
                "Ask the member which they prefer.",
            )


def _content_warnings(plan: Plan, stated: Assignment | None) -> Iterator[Problem]:
    language = plan.member.language or (stated.language_spoken if stated else "")
    if not any(in_member_words(goal, language) for goal in plan.goals):
        yield Problem(
            "no_goal_in_member_words",
            "no goal reads as the member's own words.",
            "goals",
            "Write what the member said, or set in_member_words: true where they said it so.",
        )
    if plan.program is Program.LTSS and plan.choice is not None and not plan.choice.agrees_with_plan:
        yield Problem(
            "member_does_not_agree", "the plan doesn't say that the member agrees with it.", "choice.agrees_with_plan"
        )
    for place, service in enumerate(plan.services):
        if service.quantity is not None and not service.quantity.source:
            yield Problem(
                "quantity_without_source", "the quantity has no source.", f"services[{place}].quantity.source"
            )
        if plan.program is Program.LTSS and service.paid and service.affiliated is None:
            yield Problem(
                "affiliation_not_stated",
                "the plan doesn't say whether the provider is affiliated.",
                f"services[{place}].affiliated",
            )
    if not plan.backup_plan:
        yield Problem(
            "backup_plan_missing", "there is no backup plan.", "backup_plan", "Say what happens when a support fails."
        )
    if plan.program is Program.BH and not plan.crisis_plan:
        yield Problem("crisis_plan_missing", "there is no crisis plan.", "crisis_plan")


def _transition_warnings(plan: Plan) -> Iterator[Problem]:
    """Requirement B3: the home visit within 72 clock hours of discharge."""
    for place, move in enumerate(plan.transitions):
        if move.kind is not TransitionKind.DISCHARGE:
            continue
        if move.discharged is None:
            yield Problem(
                "discharge_time_missing",
                "the plan doesn't say when the member was discharged, so the 72 hours can't be counted.",
                f"transitions[{place}].discharged",
                "State day and time with its offset: 2026-10-12T15:30:00-04:00.",
            )
            continue
        visit = move.home_visit_done or move.home_visit_scheduled
        path = f"transitions[{place}].home_visit_scheduled"
        if visit is None:
            yield Problem(
                "home_visit_not_scheduled",
                "no home visit is scheduled after this discharge.",
                path,
                "It is due within 72 hours.",
            )
        elif visit > home_visit_due(move.discharged):
            yield Problem("home_visit_late", "the home visit is more than 72 hours after discharge.", path)

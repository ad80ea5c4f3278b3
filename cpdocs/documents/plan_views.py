"""A plan as strings, in the order in which it is read (documents.md §§1–3): templates hold no rule and no choice of
words.

Everything a page shows is decided here, in ``service_views`` and in ``signing_views``: what stands where a field is
empty, which amounts may be shown at all, who signs for a minor. Sections that hold nothing are named together at the
end, not each with a page of its own.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, zip_longest
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.filed_copy import PLAN_STATUS
from cpdocs.core.members import Program
from cpdocs.core.phones import phone
from cpdocs.core.plans import GoalStatus, NeedDomain, Plan, Reason
from cpdocs.documents import service_views
from cpdocs.documents.grids import Cell, Column, Grid, grid, small
from cpdocs.documents.html import long_date, short_date
from cpdocs.documents.phrases import Phrases, Said, Value
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.signing_views import representative_text, rights, signing_view
from cpdocs.documents.words import words

PROGRAM_NAMES = {
    Program.BH: "Behavioral Health Community Partner (BH CP)",
    Program.LTSS: "Long-Term Services and Supports Community Partner (LTSS CP)",
}
REASONS = {
    Reason.INITIAL: "First plan",
    Reason.ANNUAL: "Yearly review",
    Reason.CHANGE: "A significant change",
    Reason.TRANSITION: "A move between settings of care",
    Reason.MEMBER_REQUEST: "The member asked for an update",
}
_DOMAINS = {
    NeedDomain.PHYSICAL_HEALTH: "Physical health",
    NeedDomain.MENTAL_HEALTH: "Mental health",
    NeedDomain.SUBSTANCE_USE: "Substance use",
    NeedDomain.LTSS: "Long-term services and supports",
    NeedDomain.SOCIAL: "Housing, food, transport, legal, work",
}
_STATUSES = {
    GoalStatus.NEW: "New",
    GoalStatus.IN_PROGRESS: "In progress",
    GoalStatus.MET: "Met",
    GoalStatus.CHANGED: "Changed",
    GoalStatus.STOPPED: "Stopped",
}
_FORMATS = {"large_print": "Large print", "braille": "Braille", "audio": "Audio"}
_NEEDED = {
    "yes": "Needed",
    "y": "Needed",
    "true": "Needed",
    "no": "Not needed",
    "n": "Not needed",
    "false": "Not needed",
}


Rows = list[tuple[Said, Value | Cell]]
"""Facts: what each is called, and what it is, with what stands under it."""


def plan_view(paper: PlanPaper, say: Phrases) -> dict[str, Any]:
    """The whole plan for ``plan/plan.html``: nested texts, lists and tables. ``say`` finds our words."""
    plan = paper.plan
    sections: dict[str, tuple[str, Any]] = {
        "team": ("Care team", _team(plan, say)),
        "about": ("About me", _about(paper, say)),
        "needs": ("What the assessment found", _needs(plan, say)),
        "goals": ("My goals", [_goal(paper, number, goal, say) for number, goal in enumerate(plan.goals, start=1)]),
        "transitions": ("Moves between settings of care", service_views.transitions(plan, say)),
        "wellness": ("Staying well, and help in the community", service_views.wellness(plan, say)),
        "coordination": ("Who else coordinates, and who does what", service_views.coordination(plan, say)),
    }
    services, safety = service_views.services(plan, say), service_views.safety(plan, say)
    empty = [say(name) for name, held in sections.values() if not held]
    if not any(services.values()):
        empty.append(say("Services and supports"))
    if not any(safety.values()):
        empty.append(say("Risks and safety"))
    else:
        empty += _unsafe(plan, say)
    return {
        **frame(paper),
        "title": say.name_of(paper.title),
        "program": say(PROGRAM_NAMES[paper.plan.program]),
        "one_part": paper.plan.program is Program.LTSS,  # requirement D14
        "tag": say.tag,
        "direction": say.direction,
        "large": paper.large_print,
        "copy_of": paper.copy_of,
        "draft": bool(paper.catalogue and not paper.catalogue.reviewed),
        "member": _member_rows(paper, say),
        "plan_facts": _plan_rows(paper, say),
        "dates": _pairs(*_date_rows(paper, say)),
        **{name: held for name, (_title, held) in sections.items()},
        **services,
        **service_views.medications(plan, say),
        **safety,
        "choice": _choice(plan, say),
        "nothing": say.joined("; ", empty),
        "rights": rights(paper, say),
        "signing": signing_view(paper, say),
    }


def _pairs(left: Rows, right: Rows) -> dict[str, Any]:
    """Facts two by two: ``rows`` of a left and a right one (None where a side has no more), and all ``facts`` in the
    order in which they are read where there is one column."""
    return {"rows": list(zip_longest(left, right)), "facts": [*left, *right]}


def _choice(plan: Plan, say: Phrases) -> dict[str, Any] | None:
    rows: Rows = [*service_views.choice(plan, say)]
    half = -(-len(rows) // 2)
    return _pairs(rows[:half], rows[half:]) if rows else None


def _unsafe(plan: Plan, say: Phrases) -> list[Said]:
    """What of risks and safety holds nothing."""
    asked: tuple[tuple[str, object], ...] = (
        ("Risk", plan.risks),
        ("In a crisis", plan.crisis_plan.strip()),
        ("If a helper does not come (backup plan)", plan.backup_plan.strip()),
        ("Emergency contacts", plan.emergency_contacts),
    )
    return [say(label) for label, held in asked if not held]


def frame(paper: PlanPaper) -> dict[str, Any]:
    """What stands on every page of the plan: who sends, whose plan, which version."""
    sender = paper.sender
    return {
        "heading": paper.title,
        "document_id": paper.document_id,
        "version": str(paper.plan.version),
        "sandbox": paper.sandbox,
        "member_name": paper.member.full_name,
        "member_dob": short_date(paper.member.dob),
        "issued_on": long_date(eastern_date(paper.issued_at)),
        "cp_name": sender.name,
        "cp_address": (
            f"{', '.join(filter(None, (sender.address1, sender.address2)))}, {sender.city}, {sender.state} {sender.zip}"
        ),
        "cp_phone": phone(sender.phone),
        "cp_hours": sender.hours,
        "cp_tty": sender.tty,
    }


def _member_rows(paper: PlanPaper, say: Phrases) -> Rows:
    member, told = paper.member, paper.plan.member
    language = told.language or member.language_spoken
    need = told.format_need or member.format_need
    asked = told.interpreter.strip()
    rows: Rows = [
        (say("Name"), member.full_name),
        (say("Preferred name"), told.preferred_name),
        (say("Pronouns"), told.pronouns),
        (say("Date of birth"), say.day(member.dob, long=True)),
        (say("MassHealth ID"), member.member_id),
        (say("Medical record number"), told.mrn or member.mrn),
        (say("Language"), language),
        (say("Written language"), member.language_written if member.language_written != language else ""),
        (say("Interpreter"), say(_NEEDED[asked.casefold()]) if asked.casefold() in _NEEDED else asked),
        (say("Format needed"), say(_FORMATS[need]) if need in _FORMATS else need if need != "standard" else ""),
        (say("Acts for the member"), representative_text(paper, say)),
    ]
    return [row for row in rows if row[1]]


def _plan_rows(paper: PlanPaper, say: Phrases) -> Rows:
    coordinator = paper.plan.coordinator
    rows: Rows = [
        (say("Health plan"), paper.member.plan_name),
        (say("Primary care provider"), f"{paper.pcp.display_name} (NPI {paper.pcp.npi})"),
        (say("Practice"), f"{paper.practice.name}, {phone(paper.practice.phone)}"),
        (say("Community Partner"), coordinator.organization or paper.sender.name),
        (
            say("Care coordinator"),
            ", ".join(filter(None, (coordinator.name, coordinator.credential, phone(coordinator.phone)))),
        ),
        (say("E-mail"), coordinator.email),
    ]
    return [row for row in rows if row[1]]


def _date_rows(paper: PlanPaper, say: Phrases) -> tuple[Rows, Rows]:
    """What version this is and why; from when to when it holds."""
    header, monitor = paper.plan.plan, paper.plan.monitor
    reason = say(REASONS[header.reason])
    number = str(header.version)
    start, end = say.day(header.effective_from, long=True), say.day(header.effective_to, long=True)
    version = say("%(number)s, replaces %(id)s", number=number, id=paper.supersedes) if paper.supersedes else number
    period = (
        say("from %(start)s to %(end)s", start=start, end=end)
        if header.effective_to
        else say("from %(start)s", start=start)
    )
    return (
        [
            (say("Version"), version),
            (say("Status"), replace(say("For review and approval"), place=PLAN_STATUS)),
            (say("Reason for this version"), Cell(reason, small(header.reason_text))),
            (
                say("Who watches over this plan"),
                ", ".join(filter(None, (monitor.name, monitor.role, phone(monitor.phone)))),
            ),
        ],
        [
            (say("Assessment"), say.day(header.assessment_date, long=True)),
            (say("Plan date"), say.day(header.plan_date, long=True)),
            (say("In effect"), period),
            (say("Next review, at the latest"), say.day(header.next_review, long=True)),
        ],
    )


def _team(plan: Plan, say: Phrases) -> Grid | None:
    columns = [
        Column(say("Name"), 21),
        Column(say("Role"), 19),
        Column(say("Organization"), 24),
        Column(say("Contact"), 21),
        Column(say("Chosen by member"), 15),
    ]
    return grid(columns, [_teammate(item, say) for item in plan.care_team])


def _teammate(item: Any, say: Phrases) -> list[Cell]:
    copy: Value = ""
    if item.gets_copy:
        copy = say("gets a copy by %(channel)s", channel=item.channel) if item.channel else say("gets a copy")
    chosen: Value = "" if item.chosen_by_member is None else say("Yes") if item.chosen_by_member else say("No")
    contact = "; ".join(filter(None, (phone(item.phone), item.email)))
    under = (copy,) if copy else ()
    return [Cell(item.name), Cell(item.role), Cell(item.organization), Cell(contact, under), Cell(chosen)]


def _about(paper: PlanPaper, say: Phrases) -> list[dict[str, Any]]:
    about = paper.plan.about_me
    parts = [
        (say("My strengths"), about.strengths),
        (say("What I prefer"), about.preferences),
        (say("What matters to me"), (about.what_matters,)),
        (say("What works for me"), (about.what_works,)),
        (say("My culture"), (about.culture,)),
    ]
    blocks = [
        service_views.block(label, [words(text, paper.language) for text in texts if text.strip()])
        for label, texts in parts
    ]
    return [each for each in blocks if each["texts"]]


def _needs(plan: Plan, say: Phrases) -> list[dict[str, Any]]:
    order = list(_DOMAINS)
    listed = sorted(plan.needs, key=lambda need: order.index(need.domain))
    return [
        {
            "domain": say(_DOMAINS[domain]),
            "items": [
                {
                    "need": need.need,
                    "comment": need.comment,
                    "told": say("told by the member") if need.self_reported else "",
                    "part2": need.part2,
                }
                for need in needs
            ],
        }
        for domain, needs in groupby(listed, key=lambda need: need.domain)
    ]


def _goal(paper: PlanPaper, number: int, goal: Any, say: Phrases) -> dict[str, Any]:
    meta = (
        say("Goal %(number)s", number=str(number)),
        say(_STATUSES[goal.status]),
        say("to be reached by %(day)s", day=say.day(goal.target_date)) if goal.target_date else "",
    )
    columns = [
        Column(say("Step"), 50),
        Column(say("Who does it"), 22),
        Column(say("By"), 15),
        Column(say("Status"), 13),
    ]
    return {
        "goal": words(goal.goal, paper.language, translated=bool(goal.translation)),
        "translation": goal.translation,
        "meta": say.joined(" · ", meta),
        "progress": goal.progress,
        "part2": goal.part2,
        "steps": grid(
            columns,
            [
                [
                    Cell(words(step.step, paper.language)),
                    Cell(step.who),
                    Cell(say.day(step.by)),
                    # A step that has just been set down says nothing by saying so.
                    Cell("" if step.status is GoalStatus.NEW else say(_STATUSES[step.status])),
                ]
                for step in goal.steps
            ],
        ),
    }

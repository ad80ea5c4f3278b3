"""A plan as strings, in the order in which it is read (documents.md §§1–3): templates hold no rule and no choice of
words.

Everything a page shows is decided here and in ``service_views``: what stands where a field is empty, who signs for a
minor, which amounts may be shown at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import Assignment, Program, age_on
from cpdocs.core.plans import GoalStatus, NeedDomain, Plan, Reason
from cpdocs.core.providers import Clinician, Practice
from cpdocs.core.senders import Payer, Sender, Senders
from cpdocs.core.verdicts import Slot
from cpdocs.documents import service_views
from cpdocs.documents.html import long_date, phone, short_date
from cpdocs.documents.words import Words, language_tag, words

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
_FORMATS = {"standard": "Standard print", "large_print": "Large print", "braille": "Braille", "audio": "Audio"}
_ADULT = 18


@dataclass(frozen=True, slots=True)
class PlanPaper:
    """Everything that one issued version is made from.

    ``meanings`` is what each signature says, the same words that the signature fields carry. ``supersedes`` is the
    document id of the version before, or empty;
    ``changes`` says what changed since, medicines first. ``sandbox`` marks every page as practice material.
    """

    plan: Plan
    document_id: str
    member: Assignment
    pcp: Clinician
    practice: Practice
    senders: Senders
    titles: Mapping[str, str]
    meanings: Mapping[Slot, str]
    issued_at: datetime
    supersedes: str = ""
    changes: tuple[str, ...] = ()
    sandbox: bool = False

    @property
    def sender(self) -> Sender:
        """The letterhead: that of the member's Community Partner."""
        return self.senders.for_cp(self.member.cp_org)

    @property
    def payer(self) -> Payer:
        """The terms of the member's health plan."""
        return self.senders.payer(self.member.plan_name)

    @property
    def title(self) -> str:
        """What the site calls this program's plan (requirement X5)."""
        return self.titles[self.plan.program.value]

    @property
    def language(self) -> str:
        """The member's language by name: as they told us since, else the roster's."""
        return self.plan.member.language or self.member.language_spoken


def plan_view(paper: PlanPaper) -> dict[str, Any]:
    """The whole plan for ``plan/plan.html``: nested strings, lists and ``Words``."""
    plan = paper.plan
    return {
        **frame(paper),
        "member": _member_rows(paper),
        "plan_facts": _plan_rows(paper),
        "dates": _date_rows(paper),
        "team": [_teammate(item) for item in plan.care_team],
        "about": _about(paper),
        "needs": _needs(plan),
        "goals": [_goal(paper, number, goal) for number, goal in enumerate(plan.goals, start=1)],
        **service_views.services(plan),
        **service_views.medications(plan),
        **service_views.safety(plan),
        "transitions": service_views.transitions(plan),
        **service_views.wellness(plan),
        "coordination": service_views.coordination(plan),
        "monitor": ", ".join(filter(None, (plan.monitor.name, plan.monitor.role, phone(plan.monitor.phone)))),
        "choice": service_views.choice(plan),
        "rights": _rights(paper),
        "signing": signing_view(paper),
    }


def frame(paper: PlanPaper) -> dict[str, Any]:
    """What stands on every page of the plan: who sends, whose plan, which version."""
    sender = paper.sender
    return {
        "title": paper.title,
        "program": PROGRAM_NAMES[paper.plan.program],
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


def _member_rows(paper: PlanPaper) -> list[tuple[str, str]]:
    member, told = paper.member, paper.plan.member
    rows = [
        ("Name", member.full_name),
        ("Preferred name", told.preferred_name),
        ("Pronouns", told.pronouns),
        ("Date of birth", long_date(member.dob)),
        ("MassHealth ID", member.member_id),
        ("Medical record number", told.mrn or member.mrn),
        ("Language", told.language or member.language_spoken),
        (
            "Written language",
            member.language_written if member.language_written != (told.language or member.language_spoken) else "",
        ),
        ("Interpreter", told.interpreter),
        ("Format needed", _FORMATS.get(told.format_need or member.format_need, told.format_need or member.format_need)),
        ("Acts for the member", _representative_text(paper)),
    ]
    return [row for row in rows if row[1]]


def _plan_rows(paper: PlanPaper) -> list[tuple[str, str]]:
    coordinator = paper.plan.coordinator
    rows = [
        ("Program", PROGRAM_NAMES[paper.plan.program]),
        ("Health plan", paper.member.plan_name),
        ("Primary care provider", f"{paper.pcp.display_name} (NPI {paper.pcp.npi})"),
        ("Practice", f"{paper.practice.name}, {phone(paper.practice.phone)}"),
        ("Community Partner", coordinator.organization or paper.sender.name),
        (
            "Care coordinator",
            ", ".join(filter(None, (coordinator.name, coordinator.credential, phone(coordinator.phone)))),
        ),
        ("E-mail", coordinator.email),
    ]
    return [row for row in rows if row[1]]


def _date_rows(paper: PlanPaper) -> list[tuple[str, str]]:
    header = paper.plan.plan
    reason = REASONS[header.reason]
    version = f"{header.version}, replaces {paper.supersedes}" if paper.supersedes else str(header.version)
    period = f"from {long_date(header.effective_from)}" + (
        f" to {long_date(header.effective_to)}" if header.effective_to else ""
    )
    return [
        ("Version", version),
        ("Status", "For review and approval"),
        ("Reason for this version", f"{reason}: {header.reason_text}" if header.reason_text else reason),
        ("Assessment", long_date(header.assessment_date)),
        ("Plan date", long_date(header.plan_date)),
        ("In effect", period),
        ("Next review, at the latest", long_date(header.next_review)),
    ]


def _teammate(item: Any) -> dict[str, str]:
    chosen = {True: "Yes", False: "No", None: ""}[item.chosen_by_member]
    contact = "; ".join(filter(None, (phone(item.phone), item.email)))
    copy = f"Copy{f' by {item.channel}' if item.channel else ''}" if item.gets_copy else ""
    return {
        "name": item.name,
        "role": item.role,
        "organization": item.organization,
        "contact": contact,
        "chosen": chosen,
        "receives": copy,
    }


def _about(paper: PlanPaper) -> list[dict[str, Any]]:
    about = paper.plan.about_me
    parts = [
        ("My strengths", about.strengths),
        ("What I prefer", about.preferences),
        ("My culture", (about.culture,)),
        ("What matters to me", (about.what_matters,)),
        ("What works for me", (about.what_works,)),
    ]
    return [
        {"label": label, "texts": [words(text, paper.language) for text in texts if text.strip()]}
        for label, texts in parts
    ]


def _needs(plan: Plan) -> list[dict[str, Any]]:
    order = list(_DOMAINS)
    listed = sorted(plan.needs, key=lambda need: order.index(need.domain))
    return [
        {
            "domain": _DOMAINS[domain],
            "items": [
                {
                    "need": need.need,
                    "comment": need.comment,
                    "told": "told by the member" if need.self_reported else "",
                    "part2": need.part2,
                }
                for need in needs
            ],
        }
        for domain, needs in groupby(listed, key=lambda need: need.domain)
    ]


def _goal(paper: PlanPaper, number: int, goal: Any) -> dict[str, Any]:
    return {
        "number": str(number),
        "goal": words(goal.goal, paper.language, translated=bool(goal.translation)),
        "translation": goal.translation,
        "target": short_date(goal.target_date),
        "status": _STATUSES[goal.status],
        "progress": goal.progress,
        "part2": goal.part2,
        "steps": [
            {
                "step": words(step.step, paper.language),
                "who": step.who,
                "by": short_date(step.by),
                "status": _STATUSES[step.status],
            }
            for step in goal.steps
        ],
    }


def _rights(paper: PlanPaper) -> dict[str, str]:
    senders, plan = paper.senders, paper.plan
    grievance = plan.grievance
    hours = senders.masshealth_hours.rstrip(".")
    return {
        "coordinator": f"{plan.coordinator.name}, {phone(plan.coordinator.phone)}",
        "grievance": f"{grievance.name}{f', {phone(grievance.phone)}' if grievance.phone else ''}"
        if grievance
        else f"{paper.sender.name}, {phone(paper.sender.phone)}",
        "ombudsman": f"{senders.ombudsman_name}, {phone(senders.ombudsman_phone)}",
        "masshealth": f"{senders.masshealth_phone} (TTY {senders.masshealth_tty}), {hours}",
    }


def is_minor(paper: PlanPaper) -> bool:
    """Whether the member is under 18 on the plan's date."""
    return age_on(paper.member.dob, paper.plan.plan.plan_date) < _ADULT


def _representative(paper: PlanPaper) -> tuple[str, str, str]:
    """Name, relation and authority of who acts for the member: the plan's representative, else a minor's guardian on
    the roster."""
    named = paper.plan.representative
    if named:
        return named.name, named.relation, named.authority
    if is_minor(paper) and paper.member.guardian_name:
        return paper.member.guardian_name, paper.member.guardian_relation, ""
    return "", "", ""


def _representative_text(paper: PlanPaper) -> str:
    name, relation, authority = _representative(paper)
    if not name:
        return ""
    number = paper.plan.representative.phone if paper.plan.representative else ""
    return ", ".join(filter(None, (name, relation, authority, phone(number))))


def signing_view(paper: PlanPaper) -> dict[str, Any]:
    """The signature page: who signs, what each signature means, what is attested (documents.md §3)."""
    plan = paper.plan
    name, relation, authority = _representative(paper)
    copy = plan.copy_given
    given = ""
    if copy and copy.date == eastern_date(paper.issued_at):
        # Of another day it was another paper: this version is made now.
        how = ", ".join(
            filter(None, (copy.format, copy.language, f"interpreter: {copy.interpreter}" if copy.interpreter else ""))
        )
        given = f"{long_date(copy.date)}{f' ({how})' if how else ''}"
    return {
        "member_meaning": paper.meanings[Slot.MEMBER],
        "pcp_meaning": paper.meanings[Slot.PCP],
        "member_signer": name or paper.member.full_name,
        "for_member": paper.member.full_name if name else "",
        "relation": ", ".join(filter(None, (relation, authority))),
        "pcp": paper.pcp.display_name,
        "pcp_npi": paper.pcp.npi,
        "practice": paper.practice.name,
        "coordinator": ", ".join(filter(None, (plan.coordinator.name, plan.coordinator.credential))),
        "coordinator_on": long_date(plan.plan.plan_date),
        "supervisor": ", ".join(filter(None, (plan.supervisor.name, plan.supervisor.credential)))
        if plan.supervisor
        else "",
        "supervisor_on": long_date(plan.supervisor.reviewed_on)
        if plan.supervisor and plan.supervisor.reviewed_on
        else "",
        "copy_given": given,
        "interpreter": plan.member.interpreter,
    }


def language_of(paper: PlanPaper) -> str:
    """The BCP 47 tag of the member's language, or empty."""
    return language_tag(paper.language)


def own_words(view: Mapping[str, Any]) -> list[Words]:
    """Every text of the member's own in a view."""
    goals = [goal["goal"] for goal in view["goals"]]
    return [*goals, *(text for part in view["about"] for text in part["texts"])]

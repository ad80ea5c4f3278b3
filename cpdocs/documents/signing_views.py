"""The end of a plan as strings: the member's rights and the signature page, with who signs for whom (documents.md
§§1, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.members import age_on
from cpdocs.core.phones import phone
from cpdocs.core.verdicts import Slot
from cpdocs.documents.html import long_date
from cpdocs.documents.phrases import NOTHING, Phrases, Said

if TYPE_CHECKING:
    from cpdocs.documents.plan_paper import PlanPaper

_ADULT = 18


def rights(paper: PlanPaper, say: Phrases) -> list[Said]:
    """What the member may do, and whom to call (documents.md §1 item 14, requirement X1)."""
    senders, plan, sender = paper.senders, paper.plan, paper.sender
    where = plan.grievance
    grievance = f"{sender.name}, {phone(sender.phone)}"
    if where:
        grievance = f"{where.name}{f', {phone(where.phone)}' if where.phone else ''}"
    return [
        say("This is my plan. I may approve it, ask for changes, or say no to it or to any part of it."),
        say(
            "I may ask for an update at any time. My coordinator is %(who)s.",
            who=f"{plan.coordinator.name}, {phone(plan.coordinator.phone)}",
        ),
        say("I may have a copy, in my language or in a form that I can use, free of charge."),
        say(
            "I may have an interpreter or other help with language, free of charge: call %(phone)s (TTY %(tty)s).",
            phone=phone(sender.phone),
            tty=sender.tty,
        ),
        say(
            "I may choose another Community Partner or leave the program at any time. My MassHealth benefits stay the "
            "same."
        ),
        say("If I am unhappy with my care or my plan, I may complain (file a grievance): %(who)s.", who=grievance),
        say(
            "The ombudsman helps me free of charge: %(who)s.",
            who=f"{senders.ombudsman_name}, {phone(senders.ombudsman_phone)}",
        ),
        say(
            "MassHealth Customer Service: %(phone)s (TTY %(tty)s), %(hours)s.",
            phone=phone(senders.masshealth_phone),
            tty=senders.masshealth_tty,
            hours=say.hours(senders.masshealth_hours),
        ),
    ]


def is_minor(paper: PlanPaper) -> bool:
    """Whether the member is under 18 on the plan's date."""
    return age_on(paper.member.dob, paper.plan.plan.plan_date) < _ADULT


def _representative(paper: PlanPaper, say: Phrases) -> tuple[str, str, Said]:
    """Name, relation and authority of who acts for the member: the plan's representative, else a minor's guardian on
    the roster."""
    named = paper.plan.representative
    if named:
        return named.name, named.relation, say.joined(", ", (named.authority, say.day(named.since, long=True)))
    if is_minor(paper) and paper.member.guardian_name:
        return paper.member.guardian_name, paper.member.guardian_relation, NOTHING
    return "", "", NOTHING


def representative_text(paper: PlanPaper, say: Phrases) -> Said:
    """The same in one line; empty where nobody acts for the member."""
    name, relation, authority = _representative(paper, say)
    if not name:
        return NOTHING
    number = paper.plan.representative.phone if paper.plan.representative else ""
    return say.joined(", ", (name, relation, authority, phone(number)))


def signing_view(paper: PlanPaper, say: Phrases) -> dict[str, Any]:
    """The signature page: who signs, what each signature means, what is attested (documents.md §3). What the PCP alone
    reads is in English."""
    plan = paper.plan
    name, relation, authority = _representative(paper, say)
    copy = plan.copy_given
    given = NOTHING
    if copy and copy.date == eastern_date(paper.issued_at):
        # Of another day it was another paper: this version is made now.
        spoken = f"interpreter: {copy.interpreter}" if copy.interpreter else ""
        how = ", ".join(filter(None, (copy.format, copy.language, spoken)))
        given = say(
            "A copy was given to the member on %(when)s.",
            when=say.joined(" ", (say.day(copy.date, long=True), f"({how})" if how else "")),
        )
    supervisor = plan.supervisor
    role = say.joined(", ", (relation, authority))
    signer = say.joined("", (name or paper.member.full_name, *((" (", role, ")") if role else ())))
    return {
        "member_title": say("Member, or who acts for the member") if name else say("Member"),
        "member_meaning": say.joined("", ("“", say(paper.meanings[Slot.MEMBER]), "”")),
        "pcp_meaning": say.joined("", ("“", say(paper.meanings[Slot.PCP]), "”")),
        "caption": say("Signature for %(member)s: %(signer)s", member=paper.member.full_name, signer=signer)
        if name
        else say("Signature: %(signer)s", signer=signer),
        "pcp": paper.pcp.display_name,
        "pcp_npi": paper.pcp.npi,
        "practice": paper.practice.name,
        "coordinator": ", ".join(filter(None, (plan.coordinator.name, plan.coordinator.credential))),
        "coordinator_on": long_date(plan.plan.plan_date),
        "supervisor": ", ".join(filter(None, (supervisor.name, supervisor.credential))) if supervisor else "",
        "supervisor_on": long_date(supervisor.reviewed_on) if supervisor and supervisor.reviewed_on else "",
        "copy_given": given,
    }

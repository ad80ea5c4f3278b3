"""The review packet's cover as strings: whom it is for, what is asked, by when and why then (documents.md §6).

It isn't sealed and may lie open on a fax machine: the member appears by initials and year of birth alone, and nothing
says what kind of care the plan is about.
"""

from __future__ import annotations

from typing import Any

from cpdocs.core.members import Assignment
from cpdocs.core.phones import phone
from cpdocs.core.providers import Practice
from cpdocs.core.senders import Sender
from cpdocs.documents.notices import email_way
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plan_views import frame

COVER_SHEETS = ("base/base.css", "cover/cover.css")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def cover_view(paper: PlanPaper, pages: int) -> dict[str, Any]:
    """The cover for ``cover/cover.html``. ``pages`` counts the plan's own."""
    practice, sender, coordinator = paper.practice, paper.sender, paper.plan.coordinator
    view = frame(paper)
    return {
        **{
            name: view[name]
            for name in ("document_id", "version", "sandbox", "cp_name", "cp_address", "cp_phone", "cp_hours", "cp_tty")
        },
        "title": "Plan for review and approval",
        "plan_pages": str(pages),
        "to_rows": filled(
            ("To", practice.key_contact),
            ("Practice", practice.name),
            ("Fax", phone(practice.fax)),
            ("Telephone", phone(practice.phone)),
            ("For approval by", paper.pcp.display_name),
        ),
        "plan_rows": filled(
            ("Member", f"{initials(paper.member)}, born {paper.member.dob.year}"),
            ("Plan", paper.document_id),
            (
                "Version",
                f"{paper.plan.version}, replaces {paper.supersedes}" if paper.supersedes else str(paper.plan.version),
            ),
            ("Pages", f"{pages}, and this cover"),
            ("Issued", view["issued_on"]),
        ),
        "reason": paper.plan.plan.reason_text,
        "changes": paper.changes,
        "replaced": f"version {paper.plan.version - 1}",
        "coordinator": coordinator.name,
        "coordinator_phone": phone(coordinator.phone),
        "days": days_text(paper.payer.due_days),
        "counting": counting_rule(paper),
        "actions": [text for text in paper.plan.pcp_actions if text.strip()],
        "ways_back": ways_back(practice, sender),
    }


def filled(*rows: tuple[str, str]) -> list[tuple[str, str]]:
    """The rows that say something."""
    return [row for row in rows if row[1]]


def counting_rule(paper: PlanPaper) -> str:
    """How the days are counted, and whose period it is: the payer's, not the state's (contract §5, requirement B2)."""
    closed = "weekends and Massachusetts legal holidays"
    if paper.practice.suffolk_holidays:
        closed += ", with March 17 and June 17,"
    payer = paper.payer.name or paper.member.plan_name
    whose = (
        f"{_whose(payer)}, not a rule of the state."
        if paper.payer.due_days_stated
        else f"{_whose(paper.sender.name)} own, not a rule of the state or of the health plan."
    )
    return (
        "How we count: the day of receipt is day 0; what arrives after 5 p.m. or on a closed day counts as the "
        "next business day; "
        f"{closed} don't count; the period ends with the last day. The period is {whose}"
    )


def _whose(name: str) -> str:
    """``name`` in the possessive."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def initials(member: Assignment) -> str:
    """First letters of first and last name: ``R.S.``"""
    return "".join(f"{name.strip()[0]}." for name in (member.first_name, member.last_name) if name.strip())


def days_text(days: int) -> str:
    """``seven business days``: the number in words up to ten."""
    number = _NUMBERS[days] if 0 <= days < len(_NUMBERS) else str(days)
    return f"{number} business day{'' if days == 1 else 's'}"


def ways_back(practice: Practice, sender: Sender) -> list[tuple[str, str]]:
    """How to return the plan, the practice's own way first; only ways that the sender has."""
    fax = ("Fax", phone(sender.fax)) if sender.fax else None
    mail = email_way(sender) if sender.email else None
    drop = (
        ("Secure file transfer", f"your folder {practice.practice_id}") if practice.return_channel == "sftp" else None
    )
    order = {"fax": (fax, mail), "secure_email": (mail, fax), "sftp": (drop, mail, fax)}
    ways = [way for way in order.get(practice.return_channel, (fax, mail)) if way]
    return ways or [("Telephone us", phone(sender.phone))]

"""The review packet's cover as strings: whom it is for, what is asked, by when and why then (documents.md §6).

It isn't sealed and may lie open on a fax machine: the member appears by initials and year of birth alone, and nothing
says what kind of care the plan is about.
"""

from __future__ import annotations

from typing import Any

from cpdocs.core.members import Assignment
from cpdocs.core.providers import Practice
from cpdocs.core.senders import Sender
from cpdocs.core.verdicts import Slot
from cpdocs.documents.html import phone
from cpdocs.documents.plan_views import PlanPaper, frame

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def cover_view(paper: PlanPaper, pages: int) -> dict[str, Any]:
    """The cover for ``cover/cover.html``. ``pages`` counts the plan's own."""
    practice, sender = paper.practice, paper.sender
    return {
        **frame(paper),
        "title": "Plan for review and approval",
        "member_name": initials(paper.member),
        "member_dob": str(paper.member.dob.year),
        "plan_pages": str(pages),
        "practice": practice.name,
        "practice_address": f"{practice.address1}, {practice.city}, {practice.state} {practice.zip}",
        "key_contact": practice.key_contact,
        "practice_fax": phone(practice.fax),
        "practice_phone": phone(practice.phone),
        "pcp": paper.pcp.display_name,
        "coordinator": paper.plan.coordinator.name,
        "coordinator_phone": phone(paper.plan.coordinator.phone),
        "days": days_text(paper.payer.due_days),
        "payer": paper.payer.name or paper.member.plan_name,
        "suffolk": practice.suffolk_holidays,
        "actions": [text for text in paper.plan.pcp_actions if text.strip()],
        "ways_back": ways_back(practice, sender),
        "pcp_meaning": paper.meanings[Slot.PCP],
    }


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
    mail = ("Secure e-mail", sender.email) if sender.email else None
    drop = ("Secure file transfer", f"your folder {practice.practice_id}") if practice.return_channel == "sftp" else None
    order = {"fax": (fax, mail), "secure_email": (mail, fax), "sftp": (drop, mail, fax)}
    ways = [way for way in order.get(practice.return_channel, (fax, mail)) if way]
    return ways or [("Telephone us", phone(sender.phone))]

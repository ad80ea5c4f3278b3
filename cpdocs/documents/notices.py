"""What we answer, one page each: to a practice about a file it sent, to a key contact, to a health plan.

A notice names a plan by its document id and version, never a member, except to the health plan, which must know whom it
is about. What stands in it is the caller's to choose: a notice to somebody who isn't the plan's practice gets no facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.phones import phone
from cpdocs.core.senders import Sender
from cpdocs.documents.html import fill, long_date, template_folders
from cpdocs.documents.pdf import Rendered, to_pdf

_SHEETS = ("base/base.css", "notice/notice.css")


class NoticeKind(StrEnum):
    """Each kind is a template of its own: ``notice/<kind>.html``."""

    ACCEPTED = "accepted"
    """The file counts: which approvals it brought."""
    RESEND = "resend"
    """It can't count: why, and how to send it again."""
    HELD = "held"
    """A person on our side looks at it first: why."""
    NOTHING_WANTED = "nothing_wanted"
    """It can't count or isn't looked at, and nothing is open: nothing is asked."""
    UNMATCHED = "unmatched"
    """Nothing of ours was recognized; tells nothing else."""
    REMINDER = "reminder"
    """The period runs, or has run out."""
    WITHDRAWN = "withdrawn"
    """A version is withdrawn or replaced: don't use it, destroy it."""
    TAKEN_BACK = "taken_back"
    """An approval that was recorded by mistake counts no more."""
    RECALLED = "recalled"
    """A document that was filed is taken back: what to remove from the chart, and why."""
    KEY_ISSUED = "key_issued"
    """A digital ID was issued to a clinician of the practice."""
    MEMBER_DECLINED = "member_declined"
    """To the health plan: the member declined (requirement X2)."""
    MEMBER_CHANGES_CP = "member_changes_cp"
    """To the health plan: the member wants another Community Partner."""
    MEMBER_REINSTATED = "member_reinstated"
    """To the health plan: the member takes part again."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. ``to`` is the address block, a line each; ``facts`` rows of heading and text; ``findings`` sentences.

    ``reference`` is unique and without PHI (it becomes the PDF's identifier); ``at`` is aware. ``due_on`` and
    ``overdue`` serve the reminder.
    """

    kind: NoticeKind
    to: tuple[str, ...]
    sender: Sender
    at: datetime
    reference: str
    facts: tuple[tuple[str, str], ...] = ()
    findings: tuple[str, ...] = ()
    document_id: str = ""
    still_open: str = ""
    """What is wanted beyond what came; empty: the plan is complete."""
    due_on: date | None = None
    overdue: bool = False
    several: bool = False
    """The reminder is about several plans, each a row of ``facts``."""
    sandbox: bool = False


def render_notice(notice: Notice, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The notice as a tagged PDF (PDF/UA-1); the same ``notice`` gives the same bytes."""
    html = fill(f"notice/{notice.kind}.html", notice_view(notice), shipped=shipped, site=site)
    return to_pdf(
        html,
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=notice.reference,
        created=notice.at,
        stylesheets=_SHEETS,
    )


def email_way(sender: Sender) -> tuple[str, str]:
    """The sender's e-mail with what it is called: secure only where the settings say that it is. Empty text where there
    is none."""
    if sender.email_secure or not sender.email:
        return "Secure e-mail", sender.email
    return "E-mail", f"{sender.email} (encrypt it)"


def notice_view(notice: Notice) -> dict[str, Any]:
    """The notice for its template, as strings."""
    sender = notice.sender
    ways = [
        ("Fax", phone(sender.fax)),
        email_way(sender),
        ("Telephone", f"{phone(sender.phone)}, {sender.hours}"),
    ]
    return {
        "to": list(notice.to),
        "date": long_date(eastern_date(notice.at)),
        "facts": list(notice.facts),
        "findings": list(notice.findings),
        "still_open": notice.still_open,
        "document_id": notice.document_id,
        "due_on": long_date(notice.due_on) if notice.due_on else "",
        "overdue": notice.overdue,
        "several": notice.several,
        "sandbox": notice.sandbox,
        "ways": [way for way in ways if way[1]],
        "cp_name": sender.name,
        "cp_address": (
            f"{', '.join(filter(None, (sender.address1, sender.address2)))}, {sender.city}, {sender.state} {sender.zip}"
        ),
        "cp_phone": phone(sender.phone),
        "cp_hours": sender.hours,
    }

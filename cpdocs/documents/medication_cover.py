"""The cover that goes with a medication list to the practice's key contact: whom it is for, and the home visit's due
hour.

It may lie open on a fax machine: the member appears by initials and year of birth alone, and no medicine and no
hospital is named.
"""

from __future__ import annotations

from pathlib import Path

from cpdocs.core.deadlines import HOME_VISIT_HOURS, home_visit_due
from cpdocs.core.phones import phone
from cpdocs.core.plan_surroundings import Transition
from cpdocs.documents.cover_views import COVER_SHEETS, filled, initials
from cpdocs.documents.html import fill, long_date, template_folders
from cpdocs.documents.marks import Paper, page_codes
from cpdocs.documents.medication_list import ListPaper, reconciled_words
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.phrases import Phrases


def render_list_cover(paper: ListPaper, *, pages: int, shipped: Path, site: Path | None = None) -> Rendered:
    """The cover, unsealed, PDF/UA-1. ``pages`` is how many pages the list has. The same ``paper`` gives the same
    bytes."""
    practice, sender = paper.practice, paper.sender
    values = {
        "document_id": paper.document_id,
        "sandbox": paper.sandbox,
        "cp_name": sender.name,
        "cp_address": ", ".join(
            filter(None, (sender.address1, sender.address2, f"{sender.city}, {sender.state} {sender.zip}"))
        ),
        "cp_phone": phone(sender.phone),
        "cp_hours": sender.hours,
        "cp_tty": sender.tty,
        "to_rows": filled(
            ("To", practice.key_contact),
            ("Practice", practice.name),
            ("Fax", phone(practice.fax)),
            ("Telephone", phone(practice.phone)),
            ("For", paper.pcp),
        ),
        "list_rows": filled(
            ("Member", f"{initials(paper.member)}, born {paper.member.dob.year}"),
            ("List", paper.document_id),
            ("As of", long_date(paper.listed.as_of)),
            ("Pages", f"{pages}, and this cover"),
        ),
        "visit": visit_words(paper.listed.discharge),
        "reconciled": reconciled_words(paper.listed),
        "coordinator": f"{paper.member.coordinator}, care coordinator, " if paper.member.coordinator else "",
    }
    return to_pdf(
        fill("cover/list.html", values, shipped=shipped, site=site),
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=f"{paper.document_id}-cover",
        created=paper.made_at,
        stylesheets=COVER_SHEETS,
        painters=lambda page, pages: page_codes(paper.document_id, page, pages, Paper.COVER),
    )


def visit_words(move: Transition) -> str:
    """The home visit and its 72 clock hours (requirement B3), without what they count from; empty where that has no
    time."""
    if move.discharged is None:
        return ""
    say, due = Phrases(), home_visit_due(move.discharged)
    by = f"due by {say.moment(due).text}, {HOME_VISIT_HOURS} clock hours"
    when = move.home_visit_done or move.home_visit_scheduled
    if when is None:
        return f"Home visit: {by}; not scheduled."
    word = "done" if move.home_visit_done else "scheduled"
    return f"Home visit: {by}; {word} {say.moment(when).text}, {'in time' if when <= due else 'LATE'}."

"""The medication list on paper: a page for the PCP, with its source, its day and the 72 hours of the home visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cpdocs.core.medication_list import MedicationList
from cpdocs.core.members import Assignment
from cpdocs.core.phones import phone
from cpdocs.core.providers import Practice
from cpdocs.core.senders import Sender
from cpdocs.documents.grids import Cell, Column, grid, small
from cpdocs.documents.html import fill, long_date, template_folders
from cpdocs.documents.marks import page_codes
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.phrases import Phrases
from cpdocs.documents.service_views import home_visit_text

_SHEETS = ("base/base.css", "leaflets/leaflets.css", "leaflets/medications.css")


@dataclass(frozen=True, slots=True)
class ListPaper:
    """What one list is printed from. ``pcp`` is the PCP's name as it is shown, ``made_at`` aware."""

    listed: MedicationList
    document_id: str
    member: Assignment
    practice: Practice
    pcp: str
    sender: Sender
    made_at: datetime
    sandbox: bool = False


def render_list(paper: ListPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The list as a tagged PDF (PDF/UA-1), its codes in the corners. The same ``paper`` gives the same bytes."""
    say, listed = Phrases(), paper.listed
    discharge = listed.discharge
    columns = [Column(say("Medicine"), 40), Column(say("Directions"), 34), Column(say("Source"), 26)]
    rows = [
        [
            Cell(item.name),
            Cell(item.directions),
            Cell(item.source, small(f"prescribed by {item.prescriber}" if item.prescriber else "")),
        ]
        for item in listed.medications
    ]
    facts = [
        ("Member", f"{paper.member.full_name}, born {long_date(paper.member.dob)}"),
        ("For", f"{paper.pcp}, {paper.practice.name}"),
        (
            "Discharged",
            f"{say.moment(discharge.discharged).text if discharge.discharged else ''}, {discharge.facility}",
        ),
        ("Home visit", home_visit_text(discharge, say).text),
        ("Told by", listed.source),
        ("As of", long_date(listed.as_of)),
        ("Comment", listed.comment),
    ]
    values = {
        "large": False,
        "tag": say.tag,
        "direction": say.direction,
        "document_id": paper.document_id,
        "sandbox": paper.sandbox,
        "cp_name": paper.sender.name,
        "cp_phone": phone(paper.sender.phone),
        "facts_rows": [row for row in facts if row[1]],
        "medications": grid(columns, rows),
        "reconciled": reconciled_words(listed),
    }
    return to_pdf(
        fill("leaflets/medications.html", values, shipped=shipped, site=site),
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=paper.document_id,
        created=paper.made_at,
        stylesheets=_SHEETS,
        painters=lambda page, pages: page_codes(paper.document_id, page, pages),
    )


def reconciled_words(listed: MedicationList) -> str:
    """Who reconciled the list and when; empty where nobody did."""
    by = listed.reconciled_by
    if by is None:
        return ""
    npi = f", NPI {by.npi}" if by.npi else ""
    return f"Reconciled by {by.name}, {by.credential}{npi}, on {long_date(by.on)}."

"""An issued version as it was printed, and the papers that go with it (contract §11).

1. What a version is printed from is put together again from its own file in the store, the people on record today, and
   the language and form that its issue recorded; the plan itself is never printed anew: its issued bytes are.
2. Papers for a visit, for the member and for the PCP are those bytes with what each needs beside them. That they were
   made is on record as a look at the document.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import document_subject
from cpdocs.core.members import Program
from cpdocs.core.part2_rules import consent_form_needed
from cpdocs.core.plan_record import PlanRecord
from cpdocs.errors import InputFault
from cpdocs.people.access import record_access
from cpdocs.plans.records import plan_of, the_plan
from cpdocs.plans.version_changes import version_changes
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.documents.plan_paper import PlanPaper
    from cpdocs.workspace import Workspace


class Reader(StrEnum):
    """For whom a version is printed."""

    VISIT = "visit"
    MEMBER = "member"
    PCP = "pcp"


def paper_of(ws: Workspace, record: PlanRecord) -> PlanPaper:
    """What an issued version was printed from. Raises InputFault where its member, practice or PCP are no longer on
    record."""
    from cpdocs.documents.html import template_folders
    from cpdocs.documents.letter_languages import catalogue_tags, load_catalogue
    from cpdocs.documents.plan_paper import PlanPaper
    from cpdocs.signing.field_names import MEANING

    plan = plan_of(ws, record)
    register = load_register(ws, record.member_id)
    member = register.latest(record.member_id, Program(record.program))
    practice = register.directory.practices.get(record.practice_id)
    rows = register.directory.rows_of(record.pcp_npi)
    pcp = next((row for row in rows if row.practice_id == record.practice_id), rows[0] if rows else None)
    if member is None or practice is None or pcp is None:
        raise InputFault(
            f"{record.document_id}: its member, its practice or its PCP is no longer on record.",
            todo="Import the rosters and tables again.",
        )
    folders = template_folders(ws.shipped_templates, ws.paths.templates)
    known = record.language in catalogue_tags(folders)
    before = the_plan(ws.ledger, record.supersedes) if record.supersedes else None
    changed = version_changes(ws, register, before, plan, record.issued_at) if before else ()
    return PlanPaper(
        plan=plan,
        document_id=record.document_id,
        member=member,
        pcp=pcp,
        practice=practice,
        senders=ws.senders,
        titles=ws.options.plan_titles,
        meanings=MEANING,
        issued_at=record.issued_at,
        supersedes=record.supersedes,
        changes=tuple(each.text for each in changed),
        sandbox=ws.sandbox,
        catalogue=load_catalogue(folders, record.language) if known else None,
        large_print=record.large_print,
    )


def print_for(ws: Workspace, document_id: str, reader: Reader, *, consent_form: bool = False) -> bytes:
    """One PDF to print: the issued version with what this reader needs.

    ``visit``: the summary, the plan with its signature page, a form for a new Part 2 consent where the old one ends
    (or ``consent_form`` asks for it), and the page for the reply envelope. ``member``: the
    summary and the plan. ``pcp``: the cover, the plan, and the guide for practices. Raises InputFault for a version
    that is closed or unknown, and for the PCP's where the consent behind its Part 2 records has ended.
    """
    from cpdocs.documents.consent_form import render_consent
    from cpdocs.documents.joining import joined
    from cpdocs.documents.leaflets import render_envelope, render_guide, render_summary

    record = the_plan(ws.ledger, document_id)
    if record.closed:
        raise InputFault(f"{document_id} is {record.closed}; it isn't printed.", todo="Print the version that stands.")
    today = eastern_date(ws.clock.now())
    if reader is Reader.PCP and (over := record.consent_over(today)):
        raise InputFault(
            f"{document_id}: the consent to disclose its Part 2 records {over}; it isn't printed for the PCP.",
            todo="Take those items out, or get a new consent (--for visit brings the form), and issue a new version.",
        )
    paper = paper_of(ws, record)
    shipped, site = ws.shipped_templates, ws.paths.templates
    plan = ws.blobs.get(record.sha256)
    if reader is Reader.PCP:
        parts = [ws.blobs.get(record.cover_sha256), plan, render_guide(paper, shipped=shipped, site=site).pdf]
    else:
        parts = [render_summary(paper, shipped=shipped, site=site).pdf, plan]
    if reader is Reader.VISIT:
        ended = record.consent_ended is not None
        if consent_form or consent_form_needed(record.part2, ended, record.consent_until, today):
            parts.append(render_consent(paper, clauses=ws.consent_form, shipped=shipped, site=site).pdf)
        parts.append(render_envelope(paper, shipped=shipped, site=site).pdf)
    record_access(ws, f"plan print --for {reader.value}", document_subject(document_id))
    return joined(parts)

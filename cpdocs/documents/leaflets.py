"""What goes with a plan on paper: the member's summary, the page for the reply envelope, the guide for practices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cpdocs.core.phones import phone
from cpdocs.core.senders import Sender
from cpdocs.documents.cover_views import ways_back
from cpdocs.documents.html import fill, fill_in, template_folders
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.phrases import Phrases
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plan_views import frame
from cpdocs.documents.words import words

_SHEETS = ("base/base.css", "leaflets/leaflets.css")


def summary_html(paper: PlanPaper, say: Phrases, *, shipped: Path, site: Path | None = None) -> str:
    """The HTML of the plan in short: what the member wants, what happens next, who helps, whom to call."""
    return fill_in("leaflets/summary.html", _summary(paper, say), say, shipped=shipped, site=site)


def render_summary(paper: PlanPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The same as a tagged PDF, in the language and size of ``paper``; in English where a text has no translation."""
    say = Phrases(paper.catalogue)
    html = summary_html(paper, say, shipped=shipped, site=site)
    if say.missing:
        say = Phrases()
        html = summary_html(paper, say, shipped=shipped, site=site)
    return _pdf(html, f"{paper.document_id}-summary", paper.issued_at, shipped, site)


def render_envelope(paper: PlanPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """A page whose address stands in the window of a #10 envelope when it is folded in three: to send signed pages
    back in: in the language and size of ``paper``, in English where a text has no translation. It names no member."""
    say = Phrases(paper.catalogue)
    html = envelope_html(paper, say, shipped=shipped, site=site)
    if say.missing:
        html = envelope_html(paper, Phrases(), shipped=shipped, site=site)
    return _pdf(html, f"{paper.document_id}-envelope", paper.issued_at, shipped, site)


def envelope_html(paper: PlanPaper, say: Phrases, *, shipped: Path, site: Path | None = None) -> str:
    """The HTML of that page."""
    sender = paper.sender
    lines = [sender.name, sender.address1, sender.address2, f"{sender.city}, {sender.state} {sender.zip}"]
    values = {
        "lines": [line for line in lines if line],
        "document_id": paper.document_id,
        "phone": phone(sender.phone),
        "tty": sender.tty,
        "tag": say.tag,
        "direction": say.direction,
        "large": paper.large_print,
    }
    return fill_in("leaflets/envelope.html", values, say, shipped=shipped, site=site)


def render_guide(paper: PlanPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """Two pages for an office that gets its first plan: the three ways to sign, and what not to do."""
    sender: Sender = paper.sender
    values: Mapping[str, Any] = {
        "cp_name": sender.name,
        "cp_phone": phone(sender.phone),
        "cp_hours": sender.hours,
        "ways_back": ways_back(paper.practice, sender),
        "days": str(paper.payer.due_days),
    }
    html = fill("leaflets/guide.html", values, shipped=shipped, site=site)
    return _pdf(html, f"{paper.document_id}-guide", paper.issued_at, shipped, site)


def _pdf(html: str, identifier: str, at: datetime, shipped: Path, site: Path | None) -> Rendered:
    return to_pdf(
        html,
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=identifier,
        created=at,
        stylesheets=_SHEETS,
    )


def _summary(paper: PlanPaper, say: Phrases) -> dict[str, Any]:
    plan = paper.plan
    steps = [
        (step.by, {"text": " · ".join(filter(None, (step.step, step.who))), "by": say.day(step.by)})
        for goal in plan.goals
        for step in goal.steps
    ]
    steps.sort(key=lambda each: (each[0] is None, each[0] or plan.plan.plan_date))
    helpers = [", ".join(filter(None, (each.name, each.provider, phone(each.contact)))) for each in plan.services]
    called = [", ".join(filter(None, (each.name, phone(each.phone)))) for each in plan.emergency_contacts]
    return {
        **frame(paper),
        "tag": say.tag,
        "direction": say.direction,
        "large": paper.large_print,
        "draft": bool(say.catalogue and not say.catalogue.reviewed),
        "goals": [words(goal.goal, paper.language, translated=bool(goal.translation)) for goal in plan.goals],
        "steps": [text for _by, text in steps],
        "helpers": helpers,
        "crisis_plan": plan.crisis_plan,
        "emergency": called,
        "coordinator": f"{plan.coordinator.name}, {phone(plan.coordinator.phone)}",
        "next_review": say.day(plan.plan.next_review, long=True),
    }

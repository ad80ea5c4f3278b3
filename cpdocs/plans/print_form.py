"""In which language and form a plan is printed: the member's own, where our words in it are complete and reviewed.

1. The plan file says what the member reads and needs, else the roster: the written language before the spoken one.
2. A translation that nobody has reviewed is printed only where that was asked for, and the page says so; a language in
   which any of the plan's own texts is missing isn't printed at all.
3. What can't be printed as it is needed (braille, audio) is printed in standard form, with a warning: a person sees to
   it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cpdocs.errors import Problem

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.core.plans import Plan
    from cpdocs.documents.letter_languages import Catalogue
    from cpdocs.documents.plan_paper import PlanPaper
    from cpdocs.documents.plans import WrittenPlan
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PrintForm:
    """The catalogue of the member's language (None: English alone), whether in large print, and what a person is to be
    told of it."""

    catalogue: Catalogue | None
    large_print: bool
    warnings: tuple[Problem, ...] = ()

    @property
    def language(self) -> str:
        """BCP 47 tag of the language that stands beside English; ``en`` where none does."""
        return self.catalogue.tag if self.catalogue else "en"


def language_of(plan: Plan, member: Assignment) -> str:
    """The name of the language that the member reads, as the plan file or the roster says it."""
    return plan.member.language or member.language_written or member.language_spoken


def print_form(ws: Workspace, paper: PlanPaper, *, drafts: bool) -> tuple[WrittenPlan, PrintForm]:
    """``paper`` written in the member's language and form, and what was decided. ``drafts``: translations that nobody
    has reviewed are printed too. Raises as ``write_plan``."""
    from cpdocs.documents.plans import write_plan

    form = _wanted(ws, paper, drafts)
    templates = {"shipped": ws.shipped_templates, "site": ws.paths.templates}
    dressed = replace(paper, catalogue=form.catalogue, large_print=form.large_print)
    written = write_plan(dressed, **templates)
    if written.missing:
        why = f"{len(written.missing)} of the plan's texts have no translation"
        form = replace(form, catalogue=None, warnings=(*form.warnings, _fallback(form.language, why)))
        written = write_plan(replace(dressed, catalogue=None), **templates)
    return written, form


def _wanted(ws: Workspace, paper: PlanPaper, drafts: bool) -> PrintForm:
    from cpdocs.documents.html import template_folders
    from cpdocs.documents.letter_languages import ENGLISH, Printable, catalogue_tags, load_catalogue

    warnings = list(_form_warnings(paper))
    large = need_of(paper) == "large_print"
    name = language_of(paper.plan, paper.member)
    folders = template_folders(ws.shipped_templates, ws.paths.templates)
    tag = Printable((ENGLISH, *catalogue_tags(folders))).tag_for(name) if name else ENGLISH
    if tag == ENGLISH:
        return PrintForm(None, large, tuple(warnings))
    if tag is None:
        return PrintForm(None, large, (*warnings, _fallback(name, "there is no translation of our texts")))
    catalogue = load_catalogue(folders, tag)
    if not catalogue.reviewed and not drafts:
        return PrintForm(None, large, (*warnings, _fallback(name, "nobody has reviewed the translation of our texts")))
    if not catalogue.reviewed:
        warnings.append(
            Problem(
                "draft_translation",
                f"our texts in {name} are a draft; the pages say so.",
                "member.language",
                "Have somebody fluent read the catalogue (docs/letters.md).",
            )
        )
    return PrintForm(catalogue, large, tuple(warnings))


def need_of(paper: PlanPaper) -> str:
    """The form that the member needs."""
    return (paper.plan.member.format_need or paper.member.format_need).strip().casefold().replace(" ", "_")


def _form_warnings(paper: PlanPaper) -> Iterator[Problem]:
    need = need_of(paper)
    if need in ("braille", "audio"):
        yield Problem(
            "format_not_printable",
            f"the member needs {need}, which isn't printed here.",
            "member.format_need",
            "Have it made, or read the plan aloud, before the member is asked to approve it.",
        )


def _fallback(name: str, why: str) -> Problem:
    return Problem(
        "language_fallback",
        f"printed in English: {why} ({name}).",
        "member.language",
        "Have an interpreter read it to the member, or complete and review the catalogue (docs/letters.md).",
    )

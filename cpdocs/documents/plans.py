"""The plan as issued, and the cover that goes with it to the practice's key contact."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cpdocs.core.plans import Plan
from cpdocs.documents import fonts, part2
from cpdocs.documents.cover_views import COVER_SHEETS, cover_view
from cpdocs.documents.html import fill, fill_in, template_folders
from cpdocs.documents.marks import Paper, page_codes
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.documents.phrases import Phrases
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plan_views import plan_view
from cpdocs.documents.words import ENGLISH
from cpdocs.errors import Defect, InputFault, Problem

SIGNATURE_BOXES = ("MemberSig", "PCPSig")
PLAN_SHEETS = ("base/base.css", "plan/plan.css")


@dataclass(frozen=True, slots=True)
class WrittenPlan:
    """A plan's HTML, styled by ``plan_sheets(paper)``, and the ``missing`` messages: those without a translation into
    the language of ``paper``."""

    paper: PlanPaper
    html: str
    missing: frozenset[str]


def render_plan(paper: PlanPaper, *, shipped: Path, site: Path | None = None) -> Rendered:
    """``render_written`` of what ``write_plan`` writes, where nothing is missing. Raises as these."""
    return render_written(write_plan(paper, shipped=shipped, site=site), shipped=shipped, site=site)


def render_written(written: WrittenPlan, *, shipped: Path, site: Path | None = None) -> Rendered:
    """The plan, unsealed, PDF/A-2a and PDF/UA-1: every page marked, the signature boxes in ``Rendered.boxes``.

    The same plan and templates give the same bytes. ``shipped`` is the template folder that came with cpdocs,
    ``site`` the workspace's own.

    Raises InputFault where a text has no translation, or the template lacks the signature boxes.
    """
    paper = written.paper
    if written.missing:
        tag = paper.catalogue.tag if paper.catalogue else ENGLISH
        raise InputFault(
            f"The plan can't be made in {tag}: {len(written.missing)} of its texts have no translation.",
            todo="Complete the catalogue, or issue the plan in English.",
        )
    rendered = to_pdf(
        written.html,
        folders=template_folders(shipped, site),
        profile="plan",
        identifier=paper.document_id,
        created=paper.issued_at,
        stylesheets=plan_sheets(paper),
        painters=lambda page, pages: page_codes(paper.document_id, page, pages),
    )
    missing = [name for name in SIGNATURE_BOXES if name not in rendered.boxes and not paper.copy_of]
    if missing:
        raise InputFault(
            f"plan/plan.html has no element with the id {' or '.join(missing)}.",
            todo="Put the signature boxes back into the template.",
        )
    return rendered


def plan_sheets(paper: PlanPaper) -> tuple[str, ...]:
    """The style sheets of a plan: those of other languages and of large print where it has them."""
    catalogue = paper.catalogue
    return (
        *PLAN_SHEETS,
        *(("plan/languages.css",) if catalogue else ()),
        *(("plan/right-to-left.css",) if catalogue and catalogue.right_to_left else ()),
        *(("plan/large-print.css",) if paper.large_print else ()),
    )


def write_plan(paper: PlanPaper, *, shipped: Path, site: Path | None = None) -> WrittenPlan:
    """Writes the plan out in the languages of ``paper``, in English where a translation is missing.

    Raises InputFault where a template can't be used, a text has characters that no font can draw (naming the plan's
    field), or Part 2 records come without a consent.
    """
    folders = template_folders(shipped, site)
    say = Phrases(paper.catalogue)
    view = plan_view(paper, say)
    view["part2"] = _part2_view(paper, folders, say)
    view["content"] = content_stub(view)
    _require_drawable(paper, view, folders)
    html = fill_in("plan/plan.html", view, say, shipped=shipped, site=site)
    return WrittenPlan(paper, html, frozenset(say.missing))


def render_cover(paper: PlanPaper, *, pages: int, shipped: Path, site: Path | None = None) -> Rendered:
    """The cover for the practice's key contact: unsealed, PDF/UA-1, the member by initials and year of birth alone.

    ``pages`` is how many pages the plan has, so that the office can tell whether all of them came.
    """
    folders = template_folders(shipped, site)
    view = cover_view(paper, pages)
    _require_drawable(paper, view, folders)
    html = fill("cover/cover.html", view, shipped=shipped, site=site)
    return to_pdf(
        html,
        folders=folders,
        profile="letter",
        identifier=f"{paper.document_id}-cover",
        created=paper.issued_at,
        stylesheets=COVER_SHEETS,
        painters=lambda page, pages: page_codes(paper.document_id, page, pages, Paper.COVER),
    )


def content_stub(view: Mapping[str, Any]) -> str:
    """Eight characters of a digest over everything a plan says: the same on every page, different for different
    words."""
    text = json.dumps(view, ensure_ascii=False, sort_keys=True, default=_plain)
    digest = sha256(text.encode()).hexdigest().upper()
    return f"{digest[:4]}-{digest[4:8]}"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise Defect(f"A plan's view holds a {type(value).__name__}.")


def _part2_view(paper: PlanPaper, folders: Sequence[Path], say: Phrases) -> dict[str, Any] | None:
    """The statement and the consent's scope where the plan carries Part 2 records (documents.md §5)."""
    if not paper.plan.carries_part2:
        return None
    consent = paper.plan.part2.consent
    if consent is None:
        raise InputFault(
            f"Plan {paper.document_id} carries substance use disorder records and no consent to disclose them.",
            todo="Record the member's consent (part2.consent), or take those records out.",
        )
    text = part2.statement(folders)
    return {
        "citation": text.citation,
        "version": text.version,
        "source": text.source,
        "verified": text.verified,
        "lead": text.lead,
        "items": list(text.items),
        "closing": text.closing,
        "consent": part2.consent_rows(consent, paper.member.full_name, say),
    }


def undrawable(plan: Plan, folders: Sequence[Path]) -> list[Problem]:
    """A problem for each of the plan's fields with characters that no font at hand can draw, by the field's path."""
    problems = []
    for path, text in _texts(plan, ""):
        missing = fonts.uncovered(text, folders)
        if missing:
            names = ", ".join(f"U+{ord(char):04X}" for char in missing)
            problems.append(Problem("not_drawable", f"no font can draw {names}", path, fonts.advice(missing, folders)))
    return problems


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _texts(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)


def _require_drawable(paper: PlanPaper, view: Mapping[str, Any], folders: Sequence[Path]) -> None:
    everything = "".join(text for _path, text in _texts(view, ""))
    missing = fonts.uncovered(everything, folders)
    if not missing:
        return
    problems = undrawable(paper.plan, folders)
    if not problems:
        names = ", ".join(f"U+{ord(char):04X}" for char in missing)
        problems = [
            Problem(
                "not_drawable",
                f"no font can draw {names}",
                "roster, directory or settings",
                fonts.advice(missing, folders),
            )
        ]
    raise InputFault(f"Plan {paper.document_id} has characters that can't be drawn.", problems=problems)

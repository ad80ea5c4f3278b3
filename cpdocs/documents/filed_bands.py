"""A line at the head of every page of the PDF for the chart: what is true of the document now, and which page of how
many this is. The pages below it are as they were issued, when nobody had approved them yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cpdocs.documents.html import fill, template_folders
from cpdocs.documents.pdf import to_pdf

_SHEETS = ("base/base.css", "filed/filed.css")


@dataclass(frozen=True, slots=True)
class FiledBand:
    """What the line says: the document, the day of the later approval (as people write it), when it was filed (aware),
    and whether it holds Part 2 records."""

    document_id: str
    version: int
    approved_on: str
    built_at: datetime
    part2: bool = False


def render_bands(band: FiledBand, pages: int, *, shipped: Path, site: Path | None = None) -> bytes:
    """``pages`` pages with nothing but their line; the same values give the same bytes."""
    view = {
        "document_id": band.document_id,
        "version": str(band.version),
        "approved_on": band.approved_on,
        "part2": band.part2,
        "pages": list(range(1, pages + 1)),
        "total": str(pages),
    }
    html = fill("filed/filed.html", view, shipped=shipped, site=site)
    rendered = to_pdf(
        html,
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=f"{band.document_id}-bands",
        created=band.built_at,
        stylesheets=_SHEETS,
    )
    return rendered.pdf

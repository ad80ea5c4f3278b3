"""Pages that a program wrote, in a file whose other pages are scanned: each held beside the page issued.

A signature page that was scanned into a digital plan says nothing of the pages around it. What differs on one of these
is pointed at as handwriting on a scanned page is, since a changed plan is no approved plan (contract §8, "page by
page").
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import FilePages, PageFacts, PageKind, Place
from cpdocs.scans.compare import DPI, as_large, differing_places
from cpdocs.scans.issued import DPI as FINE
from cpdocs.scans.issued import IssuedPage, IssuedPages
from cpdocs.scans.pages import TooManyPages, UnreadablePages, sheets

if TYPE_CHECKING:
    from PIL import Image


def compare_written(data: bytes, pages: FilePages, issued: Mapping[str, bytes], *, most_pages: int) -> FilePages:
    """``pages`` of ``data`` with what differs on those that a program wrote and that name a page of the ``issued``
    plans, by document id; nothing is looked at where no page of the file is scanned. Never raises for bad bytes."""
    wanted = {page.number for page in pages.pages if _is_written(page, issued)}
    if not wanted or not any(page.scanned for page in pages.pages):
        return pages
    plans = {document_id: IssuedPages(plan) for document_id, plan in issued.items()}
    seen: dict[int, tuple[Place, ...]] = {}
    by_number = {page.number: page for page in pages.pages}
    with suppress(UnreadablePages, TooManyPages):
        for sheet in sheets(data, most_pages=most_pages, dpi=FINE, forms=True, only=wanted):
            page = by_number[sheet.number]
            ours = plans[page.document_id or ""].page(page.plan_page or 0)
            if ours is not None and sheet.picture is not None:
                seen[page.number] = differing(ours, sheet.picture, page.turn)
    return replace(
        pages,
        pages=tuple(
            replace(page, marks=seen[page.number], marks_elsewhere=bool(seen[page.number]))
            if page.number in seen and not page.scanned
            else page
            for page in pages.pages
        ),
    )


def differing(ours: IssuedPage, theirs: Image.Image, turn: int) -> tuple[Place, ...]:
    """What differs between a page issued and one returned that must be turned by so many degrees clockwise."""
    from PIL import Image

    page = Image.fromarray(ours.picture)
    size = (round(page.width * DPI / FINE), round(page.height * DPI / FINE))
    upright = theirs.rotate(-turn, expand=True) if turn else theirs
    # Both drawn finely and shrunk alike: another size draws the edges of letters otherwise.
    page, upright = (each.resize(size, Image.Resampling.BOX) for each in (page, as_large(upright, page.size)))
    wide, high = size
    return tuple(
        Place(left / wide, top / high, right / wide, bottom / high)
        for left, top, right, bottom in differing_places(page, upright)
    )


def _is_written(page: PageFacts, issued: Mapping[str, bytes]) -> bool:
    return not page.scanned and page.kind is PageKind.PLAN and page.document_id in issued and bool(page.plan_page)

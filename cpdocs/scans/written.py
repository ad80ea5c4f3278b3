"""Pages that a program wrote, in a file that doesn't begin with the issued bytes: each held beside the page issued.

A signature page that was scanned into a digital plan says nothing of the pages around it, and a plan that was printed
to PDF anew shows a reader's comments as part of its pages. What differs is pointed at as handwriting on a scanned page
is, since a changed plan is no approved plan (contract §8, "page by page").
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
    plans, by document id. ``marks_elsewhere`` is whether something stands outside the panels of the signature boxes;
    None where so much differs that the page was drawn in another way. Never raises for bad bytes."""
    wanted = {page.number for page in pages.pages if _is_written(page, issued)}
    if not wanted:
        return pages
    plans = {document_id: IssuedPages(plan) for document_id, plan in issued.items()}
    seen: dict[int, PageFacts] = {}
    by_number = {page.number: page for page in pages.pages}
    with suppress(UnreadablePages, TooManyPages):
        for sheet in sheets(data, most_pages=most_pages, dpi=FINE, forms=True, only=wanted):
            page = by_number[sheet.number]
            ours = plans[page.document_id or ""].page(page.plan_page or 0)
            if ours is not None and sheet.picture is not None:
                marks = differing(ours, sheet.picture, page.turn)
                seen[page.number] = replace(page, marks=marks, marks_elsewhere=_elsewhere(marks, ours))
    return replace(pages, pages=tuple(seen.get(page.number, page) for page in pages.pages))


_MOST_MARKS = 12
_MOST_AREA = 0.3
"""How many places, and what share of the page, differ at most where a reader only wrote on it: letters drawn as shapes
differ in twenty places and more, a page fitted to other paper in half of it."""
_LEAST_AREA = 3.2e-4
"""Share of a page that a short word covers: what is less is how two programs draw the same line."""


def _elsewhere(marks: tuple[Place, ...], ours: IssuedPage) -> bool | None:
    high, wide = ours.picture.shape
    panels = [(left / wide, top / high, right / wide, bottom / high) for left, top, right, bottom in ours.panels]
    outside = [
        (mark.right - mark.left) * (mark.bottom - mark.top)
        for mark in marks
        if not any(
            left <= (mark.left + mark.right) / 2 <= right and top <= (mark.top + mark.bottom) / 2 <= bottom
            for left, top, right, bottom in panels
        )
    ]
    if len(outside) > _MOST_MARKS or sum(outside) > _MOST_AREA:
        return None
    return any(area >= _LEAST_AREA for area in outside)


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

"""Scanned pages whose codes couldn't be read, found by their print: which page of a plan one looks like, and where it
lies.

A suggestion to a person and never a match: another member's same page looks as much like it (shared ``paper.md``,
"Matching"). Where a person has named the page, this says where it lies, so that its boxes can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import FilePages, NamedPage, PageFacts, PageKind
from cpdocs.scans.issued import DPI, IssuedPage, IssuedPages
from cpdocs.scans.pages import Sheet, TooManyPages, UnreadablePages, sheets
from cpdocs.scans.registration import register

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture

Lies = tuple[float, float, float, float, float, float]

_MOST_PAGES = 12
"""Pages of a file that are looked for: a plan's; each takes a tenth of a second for every page that it may be."""
_CORNERS = 1500
"""Corners of print that are compared: half as many leave a standard fax's page unfound, twice as many cost double."""
_INLIERS = 18
"""Corners that must agree on one plane: chance brings ten together at the most."""
_HALF = DPI // 2 * 11
"""Pixels of the longer side at which corners are looked for: the issued page at half its dots."""


def find_likeness(data: bytes, pages: FilePages, issued: Mapping[str, bytes], *, most_pages: int) -> FilePages:
    """``pages`` of ``data``, the scanned ones that name nothing with what they look like (``looks_like``) among the
    pages that are missing of the ``issued`` plans, and those that a person named with where they lie. Never raises for
    bad bytes."""
    plans = {document_id: IssuedPages(plan) for document_id, plan in issued.items()}
    wanted = [page for page in pages.pages if _is_wanted(page, plans)][:_MOST_PAGES]
    if not wanted:
        return pages
    found: dict[int, PageFacts] = {}
    by_number = {page.number: page for page in wanted}
    with suppress(UnreadablePages, TooManyPages):
        for sheet in sheets(data, most_pages=most_pages, only=set(by_number)):
            found[sheet.number] = _placed(by_number[sheet.number], sheet, pages, plans)
    placed = (found.get(page.number, page) if _is_wanted(page, plans) else page for page in pages.pages)
    return replace(pages, pages=tuple(placed))


def _is_wanted(page: PageFacts, plans: Mapping[str, IssuedPages]) -> bool:
    unread = page.document_id is None and page.kind is PageKind.UNKNOWN and not page.codes_disagree
    named = page.document_id in plans and page.kind is PageKind.PLAN and page.lies is None
    return page.scanned and not page.unreadable and (unread or named)


def _placed(page: PageFacts, sheet: Sheet, pages: FilePages, plans: Mapping[str, IssuedPages]) -> PageFacts:
    import numpy as np

    if sheet.picture is None:
        return page
    picture: Picture = np.asarray(sheet.picture)
    corners = _corners(picture)
    best, most = page, 0.0
    for document_id, number in _candidates(page, pages, plans):
        issued = plans[document_id].page(number)
        lies = _lies(picture, corners, issued) if issued is not None else None
        laid = register(picture, issued, lies) if issued is not None and lies is not None else None
        if laid is None or laid.patches * laid.alike <= most:
            continue
        most = laid.patches * laid.alike
        turn = _turn(lies) if lies else 0
        if page.document_id is None:
            best = replace(page, looks_like=NamedPage(document_id, number), turn=turn)
        else:
            best = replace(page, lies=lies, turn=turn)
    return best


def _candidates(page: PageFacts, pages: FilePages, plans: Mapping[str, IssuedPages]) -> Iterator[tuple[str, int]]:
    """Which pages it may be: the one that it was named, else those that the file lacks."""
    if page.document_id is not None:
        yield page.document_id, page.plan_page or 0
        return
    for document_id, plan in plans.items():
        there = pages.present(document_id)
        yield from ((document_id, number) for number in range(1, len(plan) + 1) if number not in there)


def _corners(picture: Picture) -> tuple[Any, Any, float]:
    """Corners of print: their places in pixels of ``picture``, and what describes them."""
    import cv2
    import numpy as np

    shrink = min(1.0, _HALF / max(picture.shape))
    small = picture if shrink == 1 else cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    orb = cv2.ORB_create(_CORNERS)  # type: ignore[attr-defined] # the library's stubs leave it out
    points, described = orb.detectAndCompute(cv2.GaussianBlur(small, (0, 0), 1.2), None)
    return np.array([point.pt for point in points], np.float32).reshape(-1, 2) / shrink, described, shrink


def _lies(picture: Picture, corners: tuple[Any, Any, float], issued: IssuedPage) -> Lies | None:
    """Where the page issued lies on the picture by the corners that both have; None where too few agree."""
    import cv2
    import numpy as np

    ours, described, _ = _corners(issued.half)
    theirs, their_described, _ = corners
    if described is None or their_described is None:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(described, their_described)
    if len(pairs) < _INLIERS:
        return None
    on_page = np.array([ours[each.queryIdx] for each in pairs]) / (DPI / 2)
    on_picture = np.array([theirs[each.trainIdx] for each in pairs])
    matrix, held = cv2.estimateAffine2D(on_page, on_picture, ransacReprojThreshold=max(picture.shape) / 250)
    if matrix is None or int(held.sum()) < _INLIERS:
        return None
    high, wide = picture.shape
    (a, b, c), (d, e, f) = (tuple(float(value) for value in row) for row in matrix)
    return a * 8.5 / wide, b * 11 / wide, c / wide, d * 8.5 / high, e * 11 / high, f / high


def _turn(lies: Lies) -> int:
    """The quarter by which the page must be turned clockwise to stand upright."""
    a, _, _, d, _, _ = lies
    if abs(a) >= abs(d):
        return 0 if a > 0 else 180
    return 270 if d > 0 else 90

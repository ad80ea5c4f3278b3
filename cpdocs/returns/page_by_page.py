"""A returned scan that can't be read in one child, read page by page: one degenerate page costs no other.

Each page gets a child of its own. One that uses up its time or memory there is an unread page, named to the office; the
part of the file that it belongs to is held and can't be accepted, since the chart's copy would be drawn from it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import FilePages, PageFacts, with_doubles
from cpdocs.sandbox.run import Stopped, run_sandboxed

if TYPE_CHECKING:
    from cpdocs.signing.file_facts import ReturnFacts
    from cpdocs.signing.record import Limits

PAGE_SECONDS = 10.0
"""Of processor time for one page; an ordinary one takes a third of a second, a badly faxed one two."""
SECONDS = 60.0
"""By the clock, within which the last page is begun: no file takes more than twice the time of one read at once."""
MOST_LOST = 3
"""Pages that may use up their limits: more of them are no accident of a scanner."""


def read_page_by_page(data: bytes, *, limits: Limits, seconds: float, megabytes: int, **given: Any) -> ReturnFacts:
    """The facts of ``data`` as ``sandbox.reading:read_other`` gives them, with the pages that stop their child marked
    ``stopped``. ``seconds`` and ``megabytes`` are for what is no page of it.

    Raises Stopped where that is what costs too much, where too many pages do, and where not all that is known to be
    ours is paper: a plan that a program wrote is judged whole or not at all.
    """
    facts: ReturnFacts = run_sandboxed(
        "cpdocs.sandbox.reading:read_but_pages", data, seconds=seconds, megabytes=megabytes, limits=limits, **given
    )
    pages = _pages(data, limits.pages, megabytes)
    ours = [page for page in pages.pages if page.document_id]
    if not ours or not all(page.scanned for page in ours):
        raise Stopped("limit")
    return replace(facts, pages=pages)


def _pages(data: bytes, most_pages: int, megabytes: int) -> FilePages:
    until = time.monotonic() + SECONDS
    found: list[PageFacts] = []
    lost = 0
    for number in range(1, most_pages + 1):
        if time.monotonic() > until:
            raise Stopped("limit")
        try:
            alone: FilePages = run_sandboxed(
                "cpdocs.sandbox.reading:read_page",
                data,
                number,
                most_pages=most_pages,
                seconds=PAGE_SECONDS,
                megabytes=megabytes,
            )
        except Stopped as stopped:
            lost += 1
            if stopped.why != "limit" or lost > MOST_LOST:
                raise
            found.append(PageFacts(number, unreadable=True, stopped=True))
            continue
        if not alone.pages:
            return FilePages(with_doubles(found), alone.stopped)
        found += alone.pages
    return FilePages(with_doubles(found), alone.stopped if found and not found[-1].stopped else "limit")

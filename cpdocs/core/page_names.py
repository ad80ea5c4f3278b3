"""Pages of returned files that a person named, whose codes couldn't be read (``held split``).

``HELD_SPLIT``
    sha256, pages: [{page (its number in the file), document_id, plan_page}], reason. What is said last of a page
    counts. Subjects: the returned file, and the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cpdocs.core.events import Event
from cpdocs.core.page_facts import FilePages, NamedPage, PageKind


def named_pages(events: Iterable[Event]) -> dict[int, NamedPage]:
    """What ``HELD_SPLIT`` events of one file say of its pages, by their number in it."""
    return {
        each["page"]: NamedPage(each["document_id"], each["plan_page"])
        for event in events
        for each in event.data["pages"]
    }


def with_names(pages: FilePages, named: Mapping[int, NamedPage]) -> FilePages:
    """``pages`` with those named that name nothing themselves: what a page's own codes say, nobody sets aside."""
    if not named:
        return pages
    return replace(
        pages,
        pages=tuple(
            replace(
                page,
                kind=PageKind.PLAN,
                document_id=named[page.number].document_id,
                plan_page=named[page.number].plan_page,
                codes_disagree=False,
            )
            if page.number in named and page.document_id is None
            else page
            for page in pages.pages
        ),
    )

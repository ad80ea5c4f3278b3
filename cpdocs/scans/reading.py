"""A whole scanned file: which of our pages came back, of which document, and whether any is missing."""

from __future__ import annotations

from importlib import import_module

from cpdocs.core.page_facts import FilePages, PageFacts, PageKind
from cpdocs.scans.codes import Outcome, PageReading, read_page
from cpdocs.scans.pages import TooManyPages, UnreadablePages, page_pictures


def get_ready() -> None:
    """Imports what looking at pages takes: for a process that forks one for each file, which would each do so."""
    for module in ("pypdfium2", "zxingcpp", "PIL.ImageFilter"):
        import_module(module)
    from PIL import Image

    Image.init()


def read_scan(data: bytes, *, most_pages: int) -> FilePages:
    """Looks at every page of ``data``; never raises for bad bytes.

    Every page gets one quick look. The retries run on the first pages of a file, and on all pages once one of them
    has shown a mark, so that a long file of something else costs little per page.
    """
    pages: list[PageFacts] = []
    stopped = ""
    try:
        for picture in page_pictures(data, most_pages=most_pages):
            thorough = len(pages) < _THOROUGH_ANYWAY or any(page.document_id for page in pages)
            pages.append(_facts(len(pages) + 1, read_page(picture, thorough=thorough), pages))
    except UnreadablePages:
        stopped = "unreadable"
    except TooManyPages:
        stopped = "limit"
    return FilePages(tuple(pages), stopped)


def _facts(number: int, reading: PageReading, before: list[PageFacts]) -> PageFacts:
    """One page by its codes; ``before`` are the pages that came before it in the file."""
    mark = reading.mark
    if mark is None:
        return PageFacts(number, codes_disagree=reading.outcome is Outcome.CODES_DISAGREE)
    same = (each.number for each in before if (each.document_id, each.plan_page) == (mark.document_id, mark.page))
    return PageFacts(number, PageKind.PLAN, mark.document_id, mark.page, mark.pages, doubled_of=next(same, None))


_THOROUGH_ANYWAY = 6
"""Pages at the head of a file that get every retry even while none has shown a mark: a badly faxed plan is found by
them."""

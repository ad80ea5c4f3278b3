"""A whole scanned file: which of our pages came back, of which document, and whether any is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import import_module

from cpdocs.scans.codes import Outcome, PageReading, read_page
from cpdocs.scans.pages import TooManyPages, UnreadablePages, page_pictures


@dataclass(frozen=True, slots=True)
class ScanReading:
    """What the pages of one file say, in their order.

    ``stopped`` is empty when every page was looked at, else why not: ``unreadable`` (no PDF or picture, or broken
    off at a page) or ``limit`` (time, memory or page limit).
    """

    pages: tuple[PageReading, ...] = ()
    stopped: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The document ids read, the most frequent first."""
        return tuple(
            document for document, _ in Counter(page.mark.document_id for page in self.pages if page.mark).most_common()
        )

    @property
    def disagreeing(self) -> int:
        """How many pages bear two codes that contradict each other."""
        return sum(page.outcome is Outcome.CODES_DISAGREE for page in self.pages)

    def present(self, document_id: str) -> frozenset[int]:
        """The page numbers of ``document_id`` that came back."""
        return frozenset(page.mark.page for page in self.pages if page.mark and page.mark.document_id == document_id)

    def missing(self, document_id: str) -> tuple[int, ...]:
        """The page numbers of ``document_id`` that were not seen, by the page count that its own pages state."""
        counts = {page.mark.pages for page in self.pages if page.mark and page.mark.document_id == document_id}
        return tuple(sorted(set(range(1, max(counts, default=0) + 1)) - self.present(document_id)))


def get_ready() -> None:
    """Imports what looking at pages takes: for a process that forks one for each file, which would each do so."""
    for module in ("pypdfium2", "zxingcpp", "PIL.ImageFilter"):
        import_module(module)
    from PIL import Image

    Image.init()


def read_scan(data: bytes, *, most_pages: int) -> ScanReading:
    """Looks at every page of ``data``; never raises for bad bytes.

    Every page gets one quick look. The retries run on the first pages of a file, and on all pages once one of them
    has shown a mark, so that a long file of something else costs little per page.
    """
    pages: list[PageReading] = []
    stopped = ""
    try:
        for picture in page_pictures(data, most_pages=most_pages):
            pages.append(read_page(picture, thorough=len(pages) < _THOROUGH_ANYWAY or any(page.mark for page in pages)))
    except UnreadablePages:
        stopped = "unreadable"
    except TooManyPages:
        stopped = "limit"
    return ScanReading(tuple(pages), stopped)


_THOROUGH_ANYWAY = 6
"""Pages at the head of a file that get every retry even while none has shown a mark: a badly faxed plan is found by
them."""

"""The parts of a returned file: its pages grouped by the document that their own codes name (contract §1, §8).

Nothing is guessed: a page that names no document belongs to none, and is counted as ``extra`` beside those that do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cpdocs.core.page_facts import BoxReading, FilePages, PageFacts, PageKind
from cpdocs.core.verdicts import Slot

_TELLING = (BoxReading.SIGNED, BoxReading.UNSURE, BoxReading.EMPTY)
"""Of several readings of one box the first of these counts: ink that was seen once is there."""


@dataclass(frozen=True, slots=True)
class PartPages:
    """Which pages of one document are there: ``of`` how many (0: not known), those ``seen`` and ``missing`` by number,
    and how many pages of the file name no document that is on record (``extra``)."""

    of: int = 0
    seen: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    extra: int = 0

    def together(self, other: PartPages) -> PartPages:
        """Both, as pages of one document that came in two files."""
        of = max(self.of, other.of)
        seen = tuple(sorted({*self.seen, *other.seen}))
        return PartPages(of, seen, _missing(of, seen), self.extra + other.extra)


@dataclass(frozen=True, slots=True)
class PageGroup:
    """The pages of a file that name one document; ``document_id`` empty: those that name none on record."""

    document_id: str
    pages: tuple[PageFacts, ...] = ()

    @property
    def kind(self) -> PageKind:
        """What the pages are together: a plan as soon as one page of it is there."""
        kinds = {page.kind for page in self.pages}
        order = (PageKind.PLAN, PageKind.COVER, PageKind.REPLY_SLIP, PageKind.LETTER)
        return next((kind for kind in order if kind in kinds), PageKind.UNKNOWN)

    @property
    def scanned(self) -> bool:
        """Whether one of its pages is a picture of paper."""
        return any(page.scanned for page in self.pages)

    @property
    def boxes(self) -> Mapping[Slot, BoxReading]:
        """What is seen in each box whose page is there."""
        found = {slot: {page.boxes[slot] for page in self.pages if slot in page.boxes} for slot in Slot}
        return {slot: next(each for each in _TELLING if each in seen) for slot, seen in found.items() if seen}

    @property
    def ticks(self) -> Mapping[str, BoxReading]:
        """What is seen in each box of a reply slip: of several copies ink that was seen once is there."""
        found: dict[str, set[BoxReading]] = {}
        for page in self.pages:
            for answer, seen in page.ticks.items():
                found.setdefault(answer, set()).add(seen)
        return {answer: next(each for each in _TELLING if each in seen) for answer, seen in found.items()}

    @property
    def marks_elsewhere(self) -> tuple[int, ...]:
        """The pages with handwriting outside the boxes: by their number in the plan, else in the file. A cover among a
        plan's pages isn't one of them (``written_on_cover``): its number would be read as a page of the plan."""
        written = [page for page in self.pages if page.marks_elsewhere]
        if self.kind is PageKind.PLAN:
            written = [page for page in written if page.kind is PageKind.PLAN]
        return tuple(sorted({page.plan_page or page.number for page in written}))

    @property
    def written_on_cover(self) -> bool:
        """Whether somebody wrote on the cover sheet."""
        return any(page.kind is PageKind.COVER and page.marks_elsewhere for page in self.pages)

    def counted(self, of: int = 0, extra: int = 0) -> PartPages:
        """Its pages, where ``of`` were issued (0: as its own codes say)."""
        of = of or max((page.of or 0 for page in self.pages), default=0)
        seen = tuple(sorted({page.plan_page for page in self.pages if page.kind is PageKind.PLAN and page.plan_page}))
        return PartPages(of, seen, _missing(of, seen), extra)


def _missing(of: int, seen: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(range(1, of + 1)) - set(seen)))


def grouped(pages: FilePages, on_record: Collection[str]) -> tuple[PageGroup, ...]:
    """The pages of each document on record that is named, in the order of first appearance. Pages whose codes name a
    document that isn't on record are a group of their own, last, which names none."""
    ids = dict.fromkeys(page.document_id for page in pages.pages if page.document_id in on_record)
    groups = [PageGroup(each, pages.of_document(each)) for each in ids if each]
    foreign = tuple(page for page in pages.pages if page.document_id and page.document_id not in on_record)
    return (*groups, *((PageGroup("", foreign),) if foreign else ()))


def extra_pages(pages: FilePages) -> int:
    """How many pages name no document; empty backs don't count."""
    return sum(page.document_id is None and page.kind is not PageKind.BLANK for page in pages.pages)

"""What the pages of one returned file are, as values: found in the confined child, judged outside it.

Facts alone, and nothing guessed: what wasn't read is None, and no reading of a box or a mark ever decides anything
by itself (contract §8; shared ``paper.md``, "Ink in the boxes": *empty* means that no ink is visible here).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cpdocs.core.verdicts import Slot


class PageKind(StrEnum):
    """What a page is by its code, or by what it draws where it bears none."""

    PLAN = "plan"
    COVER = "cover"
    REPLY_SLIP = "reply_slip"
    LETTER = "letter"
    UNKNOWN = "unknown"
    BLANK = "blank"


class BoxReading(StrEnum):
    """What is seen in a signature box: ink, no ink that is visible, or not to be told."""

    SIGNED = "signed"
    EMPTY = "empty"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle on an upright page, in fractions of its width and height from the left and the top (0 to 1)."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class NamedPage:
    """A page of a plan by name: the document, and its page from 1."""

    document_id: str
    plan_page: int


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page of a returned file.

    ``number`` is the sheet or frame of the file, from 1; a sheet on which two pages of ours stand gives two of these
    with the same number. ``document_id`` is what the page's codes name, all of them the same, whether or not it is on
    record (None: no code was read); ``plan_page`` is the page of that document, from 1, and ``of`` the page count that
    the code states (None for what has no number: a cover, a slip). ``codes_disagree``: the page bears codes that
    contradict each other, and names nothing.

    ``turn`` is by how many degrees clockwise (0, 90, 180, 270) the page must be turned to stand upright. ``scanned``
    is whether a picture is all that it draws; hidden text and tags beside one change nothing. ``boxes`` has a reading
    for each signature box that lies on this page and could be looked at. ``marks_elsewhere`` is whether handwriting
    stands outside the boxes (None: not looked for), at ``marks``. ``doubled_of`` is the number of an earlier page of
    this file that shows the same page of the same document. ``ticks`` are the readings of a reply slip's boxes,
    by the answers that they stand for (empty: nobody looked into them).

    ``lies`` says where a page of ours lies on its sheet as it came, not turned (None: its codes don't tell): x and y on
    the sheet, each as the shares of x and y on the page and an offset, all in fractions of width and height.

    ``unreadable``: this page can't be drawn, which costs no other; ``stopped``, because it takes more time or memory
    than a page may. ``incomplete``: it broke off, and what is missing of
    it is unknown. ``looks_like`` is the page of a plan whose print a page without codes bears out: a suggestion to a
    person, and never a match.
    """

    number: int
    kind: PageKind = PageKind.UNKNOWN
    document_id: str | None = None
    plan_page: int | None = None
    of: int | None = None
    codes_disagree: bool = False
    turn: int = 0
    scanned: bool = False
    boxes: Mapping[Slot, BoxReading] = field(default_factory=dict)
    marks_elsewhere: bool | None = None
    marks: tuple[Place, ...] = ()
    doubled_of: int | None = None
    ticks: Mapping[str, BoxReading] = field(default_factory=dict)
    lies: tuple[float, float, float, float, float, float] | None = None
    unreadable: bool = False
    stopped: bool = False
    incomplete: bool = False
    looks_like: NamedPage | None = None


@dataclass(frozen=True, slots=True)
class FilePages:
    """The pages of one file in their order.

    ``stopped`` is empty where every page was looked at, else why not: ``unreadable`` (no PDF or picture, or broken off
    at a page) or ``limit`` (time, memory or page limit).
    """

    pages: tuple[PageFacts, ...] = ()
    stopped: str = ""

    @property
    def documents(self) -> tuple[str, ...]:
        """The document ids read, the most frequent first."""
        counted = Counter(page.document_id for page in self.pages if page.document_id)
        return tuple(document for document, _ in counted.most_common())

    @property
    def disagreeing(self) -> tuple[int, ...]:
        """The numbers of the pages whose codes contradict each other."""
        return tuple(page.number for page in self.pages if page.codes_disagree)

    def of_document(self, document_id: str) -> tuple[PageFacts, ...]:
        """The pages that name this document."""
        return tuple(page for page in self.pages if page.document_id == document_id)

    def present(self, document_id: str) -> frozenset[int]:
        """The page numbers of this document that came back."""
        return frozenset(
            page.plan_page for page in self.of_document(document_id) if page.kind is PageKind.PLAN and page.plan_page
        )


def with_doubles(pages: Iterable[PageFacts]) -> tuple[PageFacts, ...]:
    """A file's pages in their order, those that show the same page of the same document again with the number of the
    first."""
    first: dict[tuple[str, PageKind, int | None], int] = {}
    found = []
    for facts in pages:
        key = (facts.document_id or "", facts.kind, facts.plan_page)
        found.append(replace(facts, doubled_of=first[key]) if key in first else facts)
        if facts.document_id:
            first.setdefault(key, facts.number)
    return tuple(found)

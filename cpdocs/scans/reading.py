"""A whole returned file, page by page: what each page is, of which document, which way up, and what was seen twice.

The facts alone (:class:`~cpdocs.core.page_facts.FilePages`); whoever decides does so outside the confined child. What
``registration`` and ``ink`` add to them needs the pages as issued, and so a second look.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from cpdocs.core.letters import SheetMark
from cpdocs.core.marks import PageMark, Paper
from cpdocs.core.page_facts import BoxReading, FilePages, PageFacts, PageKind, with_doubles
from cpdocs.scans.codes import FoundCode, find_bars, find_codes
from cpdocs.scans.frames import Frame, fills, frames, slip_frames
from cpdocs.scans.handwriting import find_handwriting
from cpdocs.scans.ink import LEAST_ALIKE, read_box
from cpdocs.scans.issued import IssuedPages
from cpdocs.scans.pages import Sheet, TooManyPages, UnreadablePages, register_formats, sheets
from cpdocs.scans.registration import dots_of, register

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture
    from cpdocs.scans.issued import IssuedPage

_KINDS = {Paper.PLAN: PageKind.PLAN, Paper.COVER: PageKind.COVER, Paper.REPLY_SLIP: PageKind.REPLY_SLIP}


def get_ready() -> None:
    """Imports what looking at pages takes: for a process that forks one for each file, which would each do so."""
    for module in ("pypdfium2", "zxingcpp", "PIL.ImageFilter", "PIL.ImageOps", "numpy", "cv2"):
        import_module(module)
    import cv2
    from PIL import Image

    cv2.setNumThreads(0)
    Image.init()
    register_formats()


def read_scan(data: bytes, *, most_pages: int, only: Container[int] | None = None) -> FilePages:
    """Looks at every page of ``data``, or ``only`` those of these numbers; never raises for bad bytes.

    Every page gets one quick look. The retries run on the first pages of a file, and on all pages once one of them
    has shown a mark, so that a long file of something else costs little per page.
    """
    found: list[PageFacts] = []
    stopped = ""
    marked = False
    try:
        for sheet in sheets(data, most_pages=most_pages, only=only):
            on_sheet = read_sheet(sheet, thorough=marked or len(found) < _THOROUGH_ANYWAY)
            marked = marked or any(facts.document_id for facts in on_sheet)
            found += on_sheet
    except UnreadablePages:
        stopped = "unreadable"
    except TooManyPages:
        stopped = "limit"
    return FilePages(with_doubles(found), stopped)


_THOROUGH_ANYWAY = 6
"""Pages at the head of a file that get every retry even while none has shown a mark: a badly faxed plan is found by
them."""


def read_sheet(sheet: Sheet, *, thorough: bool) -> list[PageFacts]:
    """The pages that lie on one sheet, mostly one."""
    if sheet.picture is None:
        return [PageFacts(sheet.number, scanned=sheet.scanned, unreadable=True)]
    import numpy as np

    picture: Picture = np.asarray(sheet.picture)
    # A page that a program wrote is drawn as it was issued, or bears no code of ours.
    if is_blank(picture):
        return [PageFacts(sheet.number, PageKind.BLANK, scanned=sheet.scanned)]
    codes = find_codes(picture, thorough=thorough and sheet.scanned, enough=lambda found: _enough(found, picture))
    placed = frames(codes, picture)
    facts = PageFacts(sheet.number, scanned=sheet.scanned, incomplete=not sheet.whole)
    if placed is None:
        return [replace(facts, codes_disagree=True)]
    if not placed:
        # A slip is looked for only where no page of a plan is: it lies on none.
        placed = slip_frames(find_bars(picture, thorough=thorough and sheet.scanned))
    if not placed:
        letter = any(isinstance(code.mark, SheetMark) for code in codes)
        return [replace(facts, kind=PageKind.LETTER if letter else PageKind.UNKNOWN)]
    return [_named(facts, frame, picture) for frame in placed]


def _named(facts: PageFacts, frame: Frame, picture: Picture) -> PageFacts:
    mark: PageMark = frame.mark
    plan = mark.paper is Paper.PLAN
    return replace(
        facts,
        kind=_KINDS[mark.paper],
        document_id=mark.document_id,
        plan_page=mark.page if plan else None,
        of=mark.pages if plan else None,
        turn=frame.turn,
        lies=frame.within(picture),
    )


def _enough(found: tuple[FoundCode, ...], picture: Picture) -> bool:
    """Whether no further look is needed: the pages found leave no room for another on the sheet, or contradict each
    other."""
    placed = frames(found, picture)
    return placed is None or sum(fills(frame, picture) for frame in placed) > _FILLED


_FILLED = 0.55
"""Share of a sheet from which its pages leave no room for another: two on a sheet take some four tenths each."""


def is_blank(picture: Picture) -> bool:
    """Whether a page shows nothing: fewer dark spots than a word has, the edges and single specks left out."""
    import cv2

    high, wide = picture.shape
    size = max((wide - 2 * (wide // 25)) // 4, 1), max((high - 2 * (high // 25)) // 4, 1)
    inner = picture[high // 25 :, wide // 25 :][: size[1] * 4, : size[0] * 4]
    small = cv2.medianBlur(cv2.resize(inner, size, interpolation=cv2.INTER_AREA), 3)
    paper = float(small.max())
    if paper < _PAPER:
        return False  # black all over: what stood on it is unknown
    dark = small < paper * _DARKER
    return int(cv2.countNonZero(dark.astype("uint8"))) < small.size * _WORD


_DARKER = 0.72
"""How dark beside the paper a spot is ink: what shows through from the other side is lighter."""
_PAPER = 80.0
"""Gray of the darkest paper that may be an empty one: a scanner's gray back has 150."""
_WORD = 6e-5
"""Share of a page that a short handwritten word darkens, at a quarter of the size: some ten spots on a letter page."""


def read_handwriting(
    data: bytes,
    pages: FilePages,
    issued: Mapping[str, bytes],
    *,
    most_pages: int,
    covers: Mapping[str, bytes] | None = None,
    elsewhere: bool = True,
) -> FilePages:
    """``pages`` of ``data`` with what a pen left on those of the ``issued`` plans and on their ``covers``, by document
    id: the boxes that lie on them and, where ``elsewhere``, the marks outside.

    Only pages that are pictures of paper are looked at. A page that can't be laid on the issued one reads ``unsure`` in
    its boxes. Never raises for bad bytes: what can't be drawn a second time is as it was found at first.
    """
    files: dict[_Sent, bytes] = {(PageKind.PLAN, each): plan for each, plan in issued.items()}
    files |= {(PageKind.COVER, each): cover for each, cover in (covers or {}).items()}
    wanted = {page.number for page in pages.pages if _is_comparable(page, files)}
    if not wanted:
        return pages
    ours = {sent: IssuedPages(file) for sent, file in files.items()}
    seen: dict[tuple[int, str | None, int | None], PageFacts] = {}
    with suppress(UnreadablePages, TooManyPages):
        for sheet in sheets(data, most_pages=most_pages, only=wanted):
            for page in pages.pages:
                if page.number == sheet.number and _is_comparable(page, files) and page.document_id:
                    key = (page.number, page.document_id, page.plan_page)
                    paper = ours[page.kind, page.document_id]
                    seen[key] = _with_ink(page, sheet, _may_be(page, paper), elsewhere=elsewhere)
    return replace(
        pages,
        pages=tuple(seen.get((page.number, page.document_id, page.plan_page), page) for page in pages.pages),
    )


_Sent = tuple[PageKind, str | None]
"""What we sent: a plan or a cover, and of which document."""


def _is_comparable(page: PageFacts, files: Mapping[_Sent, bytes]) -> bool:
    return page.scanned and (page.kind, page.document_id) in files and page.lies is not None


def _may_be(page: PageFacts, paper: IssuedPages) -> tuple[IssuedPage, ...]:
    """The pages of what we sent that this may be: a plan's by its number; a cover's have none, and its print tells."""
    numbers = range(1, len(paper) + 1) if page.kind is PageKind.COVER else (page.plan_page or 0,)
    return tuple(each for each in map(paper.page, numbers) if each is not None)


def _with_ink(page: PageFacts, sheet: Sheet, printed: Sequence[IssuedPage], *, elsewhere: bool) -> PageFacts:
    """One page, which is one of those ``printed``, with what was seen in its boxes and outside them."""
    import numpy as np

    if not printed or sheet.picture is None or page.lies is None:
        return page
    picture: Picture = np.asarray(sheet.picture)
    laid_on = [(found, each) for each in printed if (found := register(picture, each, page.lies)) is not None]
    if not laid_on:
        return replace(page, boxes=dict.fromkeys(printed[0].boxes, BoxReading.UNSURE))
    registration, issued = max(laid_on, key=lambda each: each[0].alike)
    boxes = {}
    poor = registration.alike < LEAST_ALIKE
    for slot, box in issued.boxes.items():
        strokes = read_box(picture, issued.picture, box, registration, bilevel=sheet.bilevel)
        poor = poor or strokes.poor
        reading = strokes.reading
        # What is missing of a page that broke off may have been signed.
        boxes[slot] = BoxReading.UNSURE if page.incomplete and reading is BoxReading.EMPTY else reading
    if not elsewhere or poor:
        return replace(page, boxes=boxes)
    dots = min(sheet.dots, dots_of(registration)) if sheet.dots > 1 else dots_of(registration)
    marks = find_handwriting(picture, issued, registration, bilevel=sheet.bilevel, dots=dots)
    if marks is None:
        return replace(page, boxes=boxes)
    return replace(page, boxes=boxes, marks_elsewhere=bool(marks), marks=marks)

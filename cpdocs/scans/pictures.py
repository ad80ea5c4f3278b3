"""Pictures of returned files for the person who decides: each page upright beside the one issued, boxes enlarged.

Of every kind of file and lane: a plan's pages, its cover, a letter's reply slip. A page that its print lays on the
issued one is shown as it lies on it; any other is turned upright by its codes and shown as it came. A picture proves
nothing and decides nothing. For a child process with limits, since the files are strangers'.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import gmtime
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import BoxReading, FilePages, NamedPage, PageFacts, PageKind, Place
from cpdocs.core.page_names import with_names
from cpdocs.core.verdicts import Slot
from cpdocs.scans.compare import DPI, as_large, differing_places, side_by_side
from cpdocs.scans.issued import DPI as FINE
from cpdocs.scans.issued import IssuedPage, IssuedPages
from cpdocs.scans.likeness import find_likeness
from cpdocs.scans.pages import Sheet, TooManyPages, UnreadablePages, sheets
from cpdocs.scans.reading import get_ready, read_handwriting, read_scan
from cpdocs.scans.registration import Registration, laid, register
from cpdocs.scans.slips import IssuedSlip, issued_slip, read_slips, slip_lies

if TYPE_CHECKING:
    from PIL import Image

    from cpdocs.scans.codes import Picture

__all__ = ["BoxPicture", "PagePicture", "Pictures", "draw_file", "draw_pictures", "get_ready"]

_AROUND = 0.3
"""Inches around a box that are shown with it, and the lines beside it to the paper's edge."""
_BELOW = 0.6
_KINDS = {
    PageKind.COVER: "cover page",
    PageKind.REPLY_SLIP: "reply slip",
    PageKind.LETTER: "letter",
    PageKind.BLANK: "empty page",
    PageKind.UNKNOWN: "page without our codes",
}


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page: which of the files (from 1) and which page of it, what it is, and PNGs of it upright and of the page
    issued (empty: there is none). ``marks`` are handwriting on it, or what differs, where it was looked for."""

    file: int
    facts: PageFacts
    png: bytes
    issued_png: bytes = b""
    marks: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxPicture:
    """A signature box with the lines beside it, enlarged: PNGs as returned and as issued, and what was read in it."""

    slot: Slot
    file: int
    number: int
    reading: BoxReading | None
    png: bytes
    issued_png: bytes


@dataclass(frozen=True, slots=True)
class Pictures:
    """All pages and boxes, and the same on the sheets of one PDF. ``cut_short``: there were more pages than are drawn,
    or a file broke off."""

    pdf: bytes
    pages: tuple[PagePicture, ...]
    boxes: tuple[BoxPicture, ...]
    cut_short: bool = False


def draw_pictures(
    files: Sequence[bytes],
    issued: bytes,
    document_id: str,
    *,
    most_pages: int,
    named: Sequence[Mapping[int, NamedPage]] = (),
    cover: bytes = b"",
    letter: bytes = b"",
) -> Pictures:
    """Pictures of the pages of ``files`` beside those of the plan ``document_id`` (``issued`` empty: no plan is known)
    and its ``cover`` sheet, or beside the reply slip of the ``letter`` of that id.

    ``named``, for each file, are the pages that a person named. The same bytes give the same PDF. Raises
    UnreadablePages where there is no page that can be drawn.
    """
    album = _Album(document_id, issued, cover, letter)
    drawn = album.sheets(files, most_pages, named)
    first = next(drawn, None)
    if first is None:
        raise UnreadablePages
    out = io.BytesIO()
    when = gmtime(0)
    about = {"creationDate": when, "modDate": when, "producer": "cpdocs"}
    first.save(out, "PDF", resolution=DPI, save_all=True, append_images=drawn, quality=75, **about)
    return Pictures(out.getvalue(), tuple(album.pages), tuple(album.boxes), album.cut_short)


def draw_file(
    data: bytes,
    issued: bytes,
    document_id: str,
    *,
    most_pages: int,
    pages: FilePages | None = None,
    named: Mapping[int, NamedPage] | None = None,
    cover: bytes = b"",
    letter: bytes = b"",
) -> Pictures:
    """As :func:`draw_pictures` of one file, without the PDF. ``pages`` is what was read of it, the pages that a person
    named and the handwriting included; None has it read."""
    album = _Album(document_id, issued, cover, letter, on_sheets=False)
    for _ in album.file(1, data, album.read(data, named or {}, most_pages) if pages is None else pages, most_pages):
        pass
    return Pictures(b"", tuple(album.pages), tuple(album.boxes), album.cut_short)


class _Album:
    """Pages and boxes as they are drawn, sheet by sheet."""

    def __init__(
        self,
        document_id: str,
        issued: bytes,
        cover: bytes,
        letter: bytes,
        *,
        on_sheets: bool = True,
    ) -> None:
        self.pages: list[PagePicture] = []
        self.boxes: list[BoxPicture] = []
        self.cut_short = False
        self._document_id, self._on_sheets = document_id, on_sheets
        self._plans, self._covers, self._letters = (
            {document_id: each} if each else {} for each in (issued, cover, letter)
        )
        self._plan = IssuedPages(issued) if issued else None
        self._cover = IssuedPages(cover) if cover else None
        self._slip = issued_slip(letter, document_id) if letter else None

    def sheets(
        self, files: Sequence[bytes], most_pages: int, named: Sequence[Mapping[int, NamedPage]]
    ) -> Iterator[Image.Image]:
        """The PDF's sheets: each page, and after one with boxes these."""
        for number, data in enumerate(files, 1):
            left = most_pages - len(self.pages)
            if left <= 0:
                self.cut_short = True
                return
            yield from self.file(number, data, self.read(data, named[number - 1] if named else {}, left), left)

    def read(self, data: bytes, named: Mapping[int, NamedPage], most: int) -> FilePages:
        """What the pages of a file are, and what a pen left on them."""
        facts = with_names(read_scan(data, most_pages=most), named)
        facts = find_likeness(data, facts, self._plans, most_pages=most)
        facts = read_handwriting(data, facts, self._plans, most_pages=most, covers=self._covers)
        return read_slips(data, facts, self._letters, most_pages=most) if self._slip is not None else facts

    def file(self, file: int, data: bytes, facts: FilePages, most: int) -> Iterator[Image.Image]:
        """Draws the pages of one file, and gives its sheets."""
        self.cut_short = self.cut_short or bool(facts.stopped)
        try:
            for sheet in sheets(data, most_pages=most, dpi=FINE, forms=True):
                for page in facts.pages:
                    if page.number == sheet.number and sheet.picture is not None:
                        yield from self._page(file, page, sheet)
        except (UnreadablePages, TooManyPages):
            self.cut_short = True

    def _page(self, file: int, page: PageFacts, sheet: Sheet) -> Iterator[Image.Image]:
        import numpy as np
        from PIL import Image

        assert sheet.picture is not None
        picture: Picture = np.asarray(sheet.picture)
        issued, lies = self._beside(page, picture)
        region = issued.region if isinstance(issued, IssuedSlip) and lies is not None else _WHOLE
        fine = _upright(picture, page, issued, lies, region)
        ours = _shrunk(_cut(Image.fromarray(issued.picture), region)) if issued is not None else None
        theirs = _shrunk(fine)
        marks = [_pixels(_within(place, region), theirs.size) for place in page.marks]
        if ours is not None and not page.scanned:
            theirs = as_large(theirs, ours.size)
            marks = differing_places(ours, theirs)
        places = tuple(_fractions(place, theirs.size) for place in marks)
        self.pages.append(PagePicture(file, page, _png(theirs), _png(ours) if ours is not None else b"", places))
        if self._on_sheets:
            yield side_by_side(ours, theirs, self._titles(file, page, len(marks)), marks)
        if issued is not None and lies is not None and page.kind is PageKind.PLAN:
            yield from self._boxes_of(file, page, issued, picture, lies)

    def _beside(self, page: PageFacts, picture: Picture) -> tuple[IssuedPage | None, Registration | None]:
        """The page as issued, or None, and how it lies on that; of a cover's pages, which bear no number, the one that
        its print bears out best."""
        mine = page.document_id == self._document_id and page.scanned and page.lies is not None
        if mine and page.kind is PageKind.REPLY_SLIP and self._slip is not None and page.lies is not None:
            found = register(picture, self._slip, slip_lies(self._slip, page.lies))
            return (self._slip, found) if found is not None else (None, None)
        if mine and page.kind is PageKind.COVER and self._cover is not None and page.lies is not None:
            sides = [self._cover.page(number) for number in range(1, len(self._cover) + 1)]
            laid_on = [(side, found) for side in sides if side and (found := register(picture, side, page.lies))]
            return max(laid_on, key=lambda each: each[1].alike, default=(None, None))
        issued = self._issued(page)
        lies = register(picture, issued, page.lies) if issued is not None and page.lies is not None else None
        return issued, lies

    def _issued(self, page: PageFacts) -> IssuedPage | None:
        if self._plan is None:
            return None
        if page.document_id == self._document_id and page.plan_page:
            return self._plan.page(page.plan_page)
        if page.looks_like and page.looks_like.document_id == self._document_id:
            return self._plan.page(page.looks_like.plan_page)
        if page.document_id is None and not page.scanned and page.kind is PageKind.UNKNOWN:
            return self._plan.page(page.number)  # a program's own page in its place, its codes drawn over or lost
        return None

    def _titles(self, file: int, page: PageFacts, marked: int) -> tuple[str, str]:
        told = f"file {file}, page {page.number}"
        if page.plan_page:
            told += f": page {page.plan_page} of {page.document_id}"
        elif page.looks_like:
            told += f": without our codes, looks like page {page.looks_like.plan_page}"
        elif page.kind in _KINDS:
            told += f": {_KINDS[page.kind]}"
        if page.doubled_of:
            told += ", again"
        number = page.plan_page or (page.looks_like.plan_page if page.looks_like else page.number)
        what = _KINDS[page.kind] if page.kind in (PageKind.COVER, PageKind.REPLY_SLIP) else f"page {number}"
        return (
            f"As issued, {what}",
            f"As returned, {told}" + (f"; {marked} marked" if marked else ""),
        )

    def _boxes_of(
        self, file: int, page: PageFacts, issued: IssuedPage, picture: Picture, lies: Registration
    ) -> Iterator[Image.Image]:
        from PIL import Image

        for slot, box in issued.boxes.items():
            region = _region(box, issued.picture.shape)
            left, top, right, bottom = region
            theirs = Image.fromarray(laid(picture, lies, region))
            ours = Image.fromarray(issued.picture[top:bottom, left:right])
            reading = page.boxes.get(slot)
            self.boxes.append(BoxPicture(slot, file, page.number, reading, _png(theirs), _png(ours)))
            who = "the member's box" if slot is Slot.MEMBER else "the PCP's box"
            read = f": {reading.value}" if reading else ""
            if not self._on_sheets:
                continue
            yield side_by_side(ours, theirs, (f"As issued, {who}", f"As returned, {who}{read}"), ())


_WHOLE = Place(0, 0, 1, 1)


def _upright(
    picture: Picture, page: PageFacts, issued: IssuedPage | None, lies: Registration | None, region: Place
) -> Image.Image:
    """The page in ``FINE`` dots: this ``region`` of it on the issued one where it can be laid on it, else turned and
    cut out of its sheet."""
    import numpy as np
    from PIL import Image

    if issued is not None and lies is not None and page.scanned:
        high, wide = issued.picture.shape
        return Image.fromarray(laid(picture, lies, _pixels(region, (wide, high))))
    return Image.fromarray(np.ascontiguousarray(np.rot90(picture, -page.turn // 90)))


def _cut(picture: Image.Image, region: Place) -> Image.Image:
    return picture if region == _WHOLE else picture.crop(_pixels(region, picture.size))


def _within(place: Place, region: Place) -> Place:
    """A place of a page in fractions of this ``region`` of it."""
    wide, high = region.right - region.left, region.bottom - region.top
    return Place(
        (place.left - region.left) / wide,
        (place.top - region.top) / high,
        (place.right - region.left) / wide,
        (place.bottom - region.top) / high,
    )


def _shrunk(picture: Image.Image) -> Image.Image:
    """A page of ``FINE`` dots in those of the sheets."""
    from PIL import Image

    share = min(DPI / FINE, _LONGEST / max(picture.size))
    size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
    return picture.resize(size, Image.Resampling.BOX if share <= 0.5 else Image.Resampling.BICUBIC)


_LONGEST = 1700
"""Pixels of a page on a sheet: tabloid paper at 100 dots an inch."""


def _region(box: Place, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    high, wide = shape[:2]
    around = _AROUND * FINE
    return (
        max(round(box.left * wide - around), 0),
        max(round(box.top * high - around), 0),
        round(wide - around),
        min(round(box.bottom * high + _BELOW * FINE), high),
    )


def _pixels(place: Place, size: tuple[int, int]) -> tuple[int, int, int, int]:
    wide, high = size
    return round(place.left * wide), round(place.top * high), round(place.right * wide), round(place.bottom * high)


def _fractions(place: tuple[int, int, int, int], size: tuple[int, int]) -> Place:
    wide, high = size
    return Place(place[0] / wide, place[1] / high, place[2] / wide, place[3] / high)


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()

"""Two files side by side, page by page, with what differs marked: for a person who must decide about a file that isn't
ours byte for byte any more.

A picture proves nothing and decides nothing. It is drawn as readers draw it, with signatures' pictures and filled
fields, in a child process with limits, since one of the two is a stranger's.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from time import gmtime
from typing import TYPE_CHECKING

from cpdocs.core.file_kind import looks_like_pdf
from cpdocs.scans.pages import TooManyPages, UnreadablePages, page_pictures

if TYPE_CHECKING:
    from PIL import Image

DPI = 100
MOST_PAGES = 80
"""Pages of either file that are drawn; a plan has a dozen."""
_CELL = 10
"""Pixels: what lies within one cell of another difference is marked with it."""
_FAINTEST = 72
"""How much darker or lighter than anything beside it, of 255, a spot must be: less is how one drawing differs from
another."""
_ROUNDING = 3
_GAP = 20
_CAPTION = 30
_RED = (200, 0, 0)
_MOST_WORDS = 4_000
_MOST_WORD_PAGES = 4


@dataclass(frozen=True, slots=True)
class PageCompared:
    """One page by number: ``marked`` counts the places that differ; ``only_in`` is ``issued`` or ``returned`` where the
    other file has no such page."""

    number: int
    marked: int
    only_in: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The pages side by side as a PDF of pictures, what was found on each, and the words on pages that only the
    returned file has, which is where a signing service puts its record. ``cut_short``: there were more pages than are
    drawn."""

    pdf: bytes
    pages: tuple[PageCompared, ...]
    words: str = ""
    cut_short: bool = False


def compare(issued: bytes, returned: bytes, *, most_pages: int = MOST_PAGES) -> Comparison:
    """Draws both files and marks what differs. Raises UnreadablePages where one of them can't be drawn.

    The same bytes give the same PDF.
    """
    pages: list[PageCompared] = []
    cut_short: list[bool] = []

    def sheets() -> Iterator[Image.Image]:
        pairs = zip_longest(_drawn(issued, most_pages, cut_short), _drawn(returned, most_pages, cut_short))
        for number, (ours, theirs) in enumerate(pairs, 1):
            sheet, found = _sheet(number, ours, theirs)
            pages.append(found)
            yield sheet

    drawn = sheets()
    first = next(drawn, None)
    if first is None:
        raise UnreadablePages
    out = io.BytesIO()
    when = gmtime(0)
    first.save(
        out,
        "PDF",
        resolution=DPI,
        save_all=True,
        append_images=drawn,
        quality=75,
        creationDate=when,
        modDate=when,
        producer="cpdocs",
    )
    added = [page.number for page in pages if page.only_in == "returned"]
    return Comparison(out.getvalue(), tuple(pages), _words(returned, added), bool(cut_short))


def _drawn(data: bytes, most_pages: int, cut_short: list[bool]) -> Iterator[Image.Image]:
    try:
        yield from page_pictures(data, most_pages=most_pages, dpi=DPI, forms=True)
    except TooManyPages:
        cut_short.append(True)


def _sheet(number: int, ours: Image.Image | None, theirs: Image.Image | None) -> tuple[Image.Image, PageCompared]:
    present = ours or theirs
    assert present is not None
    if ours is not None and theirs is not None:
        theirs = as_large(theirs, ours.size)
    places = differing_places(ours, theirs) if ours is not None and theirs is not None else []
    only_in = "returned" if ours is None else "issued" if theirs is None else ""
    found = PageCompared(number, 0 if only_in else len(places), only_in)
    if only_in:
        places = [(0, 0, *present.size)]
    told = f": {len(places)} marked" if places and not only_in else ""
    titles = (f"As issued, page {number}", f"As returned, page {number}{told}")
    return side_by_side(ours, theirs, titles, places), found


def side_by_side(
    ours: Image.Image | None,
    theirs: Image.Image | None,
    titles: tuple[str, str],
    places: Sequence[tuple[int, int, int, int]],
) -> Image.Image:
    """A page as issued beside it as returned, each under its title, with ``places`` (left, top, right, bottom in
    pixels) marked on both."""
    from PIL import Image, ImageDraw, ImageFont

    present = ours or theirs
    assert present is not None
    width, height = present.size
    sheet = Image.new("RGB", (2 * width + 3 * _GAP, height + _CAPTION + _GAP), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(16)
    for picture, left, title in ((ours, _GAP, titles[0]), (theirs, width + 2 * _GAP, titles[1])):
        if picture is None:
            pen.text((left, 6), f"{title}: there is none", fill=_RED, font=font)
        else:
            sheet.paste(picture.convert("RGB"), (left, _CAPTION))
            pen.text((left, 6), title, fill="black", font=font)
            for x0, y0, x1, y1 in places:
                pen.rectangle(
                    (left + x0 - 4, _CAPTION + y0 - 4, left + x1 + 4, _CAPTION + y1 + 4), outline=_RED, width=3
                )
        pen.rectangle((left - 1, _CAPTION - 1, left + width, _CAPTION + height), outline=(160, 160, 160))
    return sheet


def as_large(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """``picture`` in another size of paper, whose words are compared all the same; a pixel or two are cut or added, not
    stretched."""
    from PIL import Image

    if max(abs(one - other) for one, other in zip(picture.size, size, strict=True)) > _ROUNDING:
        return picture.resize(size, Image.Resampling.BICUBIC)
    page = Image.new("L", size, 255)
    page.paste(picture, (0, 0))
    return page


def differing_places(ours: Image.Image, theirs: Image.Image) -> list[tuple[int, int, int, int]]:
    """The boxes around what differs, in pixels. A spot differs where it is darker than anything about the same place in
    the other picture, or lighter: so a hair's breadth of shift and another edge of a letter don't count."""
    from PIL import ImageChops, ImageFilter

    def beyond(one: Image.Image, other: Image.Image) -> Image.Image:
        lighter = ImageChops.subtract(one, other.filter(ImageFilter.MaxFilter(3)))
        darker = ImageChops.subtract(other.filter(ImageFilter.MinFilter(3)), one)
        return ImageChops.lighter(lighter, darker)

    differing = ImageChops.lighter(beyond(ours, theirs), beyond(theirs, ours))
    mask = differing.point([0] * _FAINTEST + [255] * (256 - _FAINTEST))
    cells = mask.reduce(_CELL)
    across = cells.width
    hit = {place for place, value in enumerate(cells.tobytes()) if value}
    boxes = []
    while hit:
        group, waiting = [], [hit.pop()]
        while waiting:
            place = waiting.pop()
            group.append(divmod(place, across))
            beside = {place + row * across + step for row in (-2, -1, 0, 1, 2) for step in (-2, -1, 0, 1, 2)} & hit
            hit -= beside
            waiting += beside
        rows, columns = [row for row, _ in group], [column for _, column in group]
        boxes.append((min(columns) * _CELL, min(rows) * _CELL, (max(columns) + 1) * _CELL, (max(rows) + 1) * _CELL))
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def _words(data: bytes, numbers: list[int]) -> str:
    """What these pages say, as far as the file states it as text: printable characters, so many at most."""
    import pypdfium2 as pdfium

    if not numbers or not looks_like_pdf(data):
        return ""
    found = []
    with pdfium.PdfDocument(data) as document:
        for number in numbers[:_MOST_WORD_PAGES]:
            text = document[number - 1].get_textpage().get_text_range()
            lines = (
                "".join(char for char in line if char.isprintable()).strip() for line in text[:_MOST_WORDS].splitlines()
            )
            found.append("\n".join(line for line in lines if line))
    return "\n\n".join(found)[:_MOST_WORDS]

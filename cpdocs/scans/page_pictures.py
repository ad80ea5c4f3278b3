"""The pages of a file as a screen shows them: upright, small, and where their codes tell, straight.

For a person who looks, in a child process with limits. What leaves the child are bare gray pixels, which whoever is
outside packs: no stranger's picture file reaches a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import PageKind
from cpdocs.scans.pages import TooManyPages, UnreadablePages, sheets
from cpdocs.scans.reading import read_sheet

if TYPE_CHECKING:
    from PIL import Image

    from cpdocs.core.page_facts import PageFacts

WIDTH = 1000
"""Pixels across: what one reads on a screen."""
MOST_PAGES = 40
"""Pages that are drawn; a plan has a dozen. A page has 1.3 MB."""
_HIGHEST = 2600
_LETTER = 11 / 8.5


@dataclass(frozen=True, slots=True)
class PagePicture:
    """One page: its number in the file, the page of the plan that it is (0: unknown), its size in pixels, and the
    pixels, row by row, a byte of gray each."""

    number: int
    plan_page: int
    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class PagePictures:
    """The pages of a file; ``stopped`` where there are more than were drawn, or one broke off."""

    pages: tuple[PagePicture, ...]
    stopped: bool = False


def draw(data: bytes, *, most_pages: int = MOST_PAGES) -> PagePictures:
    """Draws every page that can be drawn, signatures' pictures and filled fields with it."""
    pages: list[PagePicture] = []
    try:
        for sheet in sheets(data, most_pages=most_pages, forms=True):
            if sheet.picture is None:
                continue
            pages += [_page(sheet.picture, facts) for facts in read_sheet(sheet, thorough=False)]
    except (TooManyPages, UnreadablePages):
        return PagePictures(tuple(pages), stopped=True)
    return PagePictures(tuple(pages))


def _page(picture: Image.Image, facts: PageFacts) -> PagePicture:
    # A slip lies on a part of its page: what stands around it is looked at too.
    whole = facts.lies and facts.kind is not PageKind.REPLY_SLIP
    drawn = _straight(picture, facts) if whole else _turned(picture, facts.turn)
    return PagePicture(facts.number, facts.plan_page or 0, *drawn.size, drawn.tobytes())


def _straight(picture: Image.Image, facts: PageFacts) -> Image.Image:
    """The page of ours alone, cut out of the sheet by where its codes say that it lies."""
    from PIL import Image

    assert facts.lies is not None
    a, b, c, d, e, f = facts.lies
    width, height = WIDTH, round(WIDTH * _LETTER)
    wide, high = picture.size
    back = (a * wide / width, b * wide / height, c * wide, d * high / width, e * high / height, f * high)
    return picture.convert("L").transform(
        (width, height), Image.Transform.AFFINE, back, Image.Resampling.BICUBIC, fillcolor=255
    )


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    upright = picture.convert("L").rotate(-turn, expand=True) if turn else picture.convert("L")
    height = min(max(round(upright.height * WIDTH / upright.width), 1), _HIGHEST)
    return upright.resize((WIDTH, height))

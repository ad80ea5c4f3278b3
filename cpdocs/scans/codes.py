"""Page pictures to page marks: one quick look, then a cascade of retries for what a fax did to the page.

No look may guess. A code counts only if it has our form and a right check character
(:func:`cpdocs.core.marks.parse_mark`); two codes that say different things leave the page unread; and the caller holds
every id against the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cpdocs.core.marks import PageMark, parse_mark

if TYPE_CHECKING:
    from PIL import Image


class Outcome(StrEnum):
    """The three answers for one page."""

    READ = "read"
    NO_CODE = "no_code"
    CODES_DISAGREE = "codes_disagree"


@dataclass(frozen=True, slots=True)
class PageReading:
    """What one page says. ``mark`` is None unless ``outcome`` is READ."""

    outcome: Outcome
    mark: PageMark | None = None


def read_page(picture: Image.Image, *, thorough: bool = True) -> PageReading:
    """The mark on one page picture (gray). ``thorough`` False takes one look only: for pages that bear none, mostly."""
    for looked in _looks(picture, thorough=thorough):
        marks = _marks(looked)
        if len(marks) > 1:
            return PageReading(Outcome.CODES_DISAGREE)
        if marks:
            return PageReading(Outcome.READ, marks.pop())
    return PageReading(Outcome.NO_CODE)


def _marks(picture: Image.Image) -> set[PageMark]:
    import zxingcpp

    found = zxingcpp.read_barcodes(
        picture, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), try_invert=False
    )
    return {mark for code in found if (mark := parse_mark(code.text)) is not None}


def _looks(picture: Image.Image, *, thorough: bool) -> Iterator[Image.Image]:
    """The picture itself, then mended in the ways that recover most faxes first (mailroom.md: median, blur, 2×, thin,
    thicken)."""
    from PIL import Image, ImageFilter

    yield picture
    if not thorough:
        return
    blurred = picture.filter(ImageFilter.GaussianBlur(1.2))
    yield blurred
    yield picture.filter(ImageFilter.MedianFilter(3))
    yield blurred.point([0] * 128 + [255] * 128)
    enlarged = _ends(picture)
    if max(enlarged.size) <= _DOUBLE_UP_TO:
        enlarged = enlarged.resize((enlarged.width * 2, enlarged.height * 2), Image.Resampling.BICUBIC)
    yield enlarged.filter(ImageFilter.GaussianBlur(1.6))
    yield enlarged.filter(ImageFilter.GaussianBlur(2.6))
    yield picture.filter(ImageFilter.MaxFilter(3))
    yield picture.filter(ImageFilter.MinFilter(3))


def _ends(picture: Image.Image) -> Image.Image:
    """The head and the foot of the page, one above the other: where the codes are, whichever way up it was sent."""
    width, height = picture.size
    strip = height * 3 // 10
    ends = picture.crop((0, 0, width, strip * 2))
    ends.paste(picture.crop((0, height - strip, width, height)), (0, strip))
    return ends


_DOUBLE_UP_TO = 2600
"""Pixels on the longest side up to which a page's ends are enlarged: letter and legal paper at 200 dpi."""

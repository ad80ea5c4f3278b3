"""Files to page pictures: PDF scans, and the TIFF, PNG and JPEG pages that fax machines and phones send.

Pictures are 8-bit gray at about 200 dpi, the best trade between speed and what a fax leaves legible (mailroom.md).
One page is in memory at a time. Picture decoders crash, hang and fill memory: whoever calls this does so in a child
process with limits.
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cpdocs.core.file_kind import looks_like_pdf

if TYPE_CHECKING:
    from PIL import Image

DPI = 200
_LONGEST_SIDE = 4400
"""Pixels: ledger paper at 200 dpi with a margin; larger pages are drawn smaller."""
_MOST_PIXELS = 80_000_000
"""A picture file that claims more is not opened: no fax or phone makes one."""
_FORMATS = ("TIFF", "PNG", "JPEG")


class UnreadablePages(Exception):
    """The bytes are neither a PDF nor a picture that can be drawn. Holds no text from the file."""


class TooManyPages(Exception):
    """The file goes on after the last page that may be looked at."""


def page_pictures(data: bytes, *, most_pages: int, dpi: int = DPI, forms: bool = False) -> Iterator[Image.Image]:
    """Every page of ``data`` in order, as a gray picture; at most ``most_pages`` of them. ``forms`` draws what stands
    in a PDF's fields, signatures' pictures too; a picture file's frames keep their own resolution, whatever ``dpi``
    says.

    Raises:
        UnreadablePages: at once or at the first page that can't be drawn.
        TooManyPages: after ``most_pages`` pages, where there are more.
    """
    if looks_like_pdf(data):
        yield from _pdf_pages(data, most_pages, dpi, forms=forms)
    else:
        yield from _image_frames(data, most_pages)


def _pdf_pages(data: bytes, most_pages: int, dpi: int, *, forms: bool) -> Iterator[Image.Image]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        raise UnreadablePages from None
    try:
        if forms:
            document.init_forms()
        for number in range(min(len(document), most_pages)):
            try:
                page = document[number]
                width, height = page.get_size()
                scale = min(dpi / 72, _LONGEST_SIDE / max(width, height, 1))
                bitmap = page.render(scale=scale, grayscale=True, may_draw_forms=forms)
                picture = bitmap.to_pil().convert("L")
            except (pdfium.PdfiumError, ValueError, MemoryError):
                raise UnreadablePages from None
            bitmap.close()
            page.close()
            yield picture
        if len(document) > most_pages:
            raise TooManyPages
    finally:
        document.close()


def _image_frames(data: bytes, most_pages: int) -> Iterator[Image.Image]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # A cut-off fax only earns a warning, and reads as a shorter one.
        warnings.filterwarnings("error", message="Truncated")
        for number in itertools.count():
            frame = _frame(data, number)
            if frame is None:
                return
            if number >= most_pages:
                raise TooManyPages
            yield frame


def _frame(data: bytes, number: int) -> Image.Image | None:
    """The picture file's frame ``number`` from 0, or None past the last one."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            try:
                image.seek(number)
            except EOFError:
                return None
            return _square_pixels(image)
    except Exception:  # noqa: BLE001 Pillow raises whatever its decoders meet; for a stranger's file it all means the same
        raise UnreadablePages from None


def _square_pixels(frame: Image.Image) -> Image.Image:
    """The frame in gray, with the half-height rows of a standard-resolution fax (204 by 98 dpi) stretched to square."""
    from PIL import Image

    gray = frame.convert("L")
    across, down = (float(value) for value in frame.info.get("dpi", (0, 0)))
    width, height = gray.size
    if across and down and not 0.8 <= across / down <= 1.25:
        if across > down:
            height = round(height * across / down)
        else:
            width = round(width * down / across)
    shrink = min(1.0, _LONGEST_SIDE / max(width, height, 1))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return gray if size == gray.size else gray.resize(size, Image.Resampling.BICUBIC)

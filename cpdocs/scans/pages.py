"""Files to page pictures: PDF, and the TIFF, PNG, JPEG, WebP and HEIC that fax machines, scanners and phones send.

Pictures are 8-bit gray at about 200 dpi, the best trade between speed and what a fax leaves legible (mailroom.md).
One page is in memory at a time, and one that can't be drawn is a fact of that page and costs no other. Picture decoders
crash, hang and fill memory: whoever calls this does so in a child process with limits.
"""

from __future__ import annotations

import io
import itertools
import struct
import warnings
from collections.abc import Container, Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from cpdocs.core.file_kind import kind_of, looks_like_pdf
from cpdocs.scans.big_tiff import as_classic, is_big_endian
from cpdocs.scans.drawn import Drawn, what_is_drawn

if TYPE_CHECKING:
    from PIL import Image

DPI = 200
_LONGEST_SIDE = 4400
"""Pixels: ledger paper at 200 dpi with a margin; larger pages are drawn smaller."""
_MOST_PIXELS = 80_000_000
"""A picture that claims more is not opened: no fax or phone makes one (legal paper at 600 dpi has 43 million)."""
_FINEST = 330
"""Dots an inch beyond which a picture is shrunk: what a pen leaves is ten dots wide by then, and all later work is in
proportion to the pixels."""
_COARSEST = 150
"""Dots an inch at which a page is drawn at least."""
_SHORTEST = 4
"""Inches: a scanned page that is shorter was given in another unit, or its resolution is wrong."""
_SMALLEST = 72 * _SHORTEST
"""The same in points: such a page's picture is drawn as letter paper."""
_THINNEST = 8
"""Pixels that a page is high and wide at least: a picture of fewer is no page."""
_FORMATS = {"tif": ("TIFF",), "png": ("PNG",), "jpg": ("JPEG", "MPO"), "webp": ("WEBP",), "heic": ("HEIF",)}
_HEIF_THREADS = 1


class UnreadablePages(Exception):
    """The bytes are neither a PDF nor a picture that can be drawn. Holds no text from the file."""


class TooManyPages(Exception):
    """The file goes on after the last page that may be looked at."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page of a file as it lies in it.

    ``picture`` is gray (None where this page can't be drawn); ``scanned``, whether a picture is all that it shows;
    ``bilevel``, whether it came in black and white; ``dots``, how many an inch its own picture has (0: unknown);
    ``whole`` False, where a part of it couldn't be decoded.
    """

    number: int
    picture: Image.Image | None
    scanned: bool = True
    bilevel: bool = False
    dots: float = 0.0
    whole: bool = True


def sheets(
    data: bytes, *, most_pages: int, dpi: int | None = DPI, forms: bool = False, only: Container[int] | None = None
) -> Iterator[Sheet]:
    """Every page of ``data`` in order, or ``only`` those of these numbers; at most ``most_pages`` of them.

    ``dpi`` None draws those of a PDF as finely as their own pictures are, within reason; a picture file's frames keep
    their own resolution, whatever it says. ``forms`` draws what stands in a PDF's fields, signatures' pictures too.

    Raises:
        UnreadablePages: at once, or where the file's next page can't be found.
        TooManyPages: after ``most_pages`` pages, where there are more.
    """
    if looks_like_pdf(data):
        yield from _pdf_pages(data, most_pages, dpi, only, forms=forms)
    else:
        yield from _frames(data, most_pages, only)


def page_pictures(data: bytes, *, most_pages: int, dpi: int = DPI, forms: bool = False) -> Iterator[Image.Image]:
    """The pictures of :func:`sheets`; an empty letter page stands for one that can't be drawn. Raises as it does, and
    UnreadablePages where no page at all can be drawn."""
    from PIL import Image

    drawn = False
    waiting = 0
    for sheet in sheets(data, most_pages=most_pages, dpi=dpi, forms=forms):
        if sheet.picture is None:
            waiting += 1
            if drawn:
                yield Image.new("L", (dpi * 17 // 2, dpi * 11), 255)
            continue
        if not drawn:
            yield from (Image.new("L", sheet.picture.size, 255) for _ in range(waiting))
            drawn = True
        yield sheet.picture
    if not drawn:
        raise UnreadablePages


def register_formats() -> None:
    """Teaches Pillow the phones' format; imported only here, since few files need it."""
    import pi_heif

    pi_heif.options.DECODE_THREADS = _HEIF_THREADS  # the child may start no thread
    pi_heif.register_heif_opener(thumbnails=False)


def _pdf_pages(
    data: bytes, most_pages: int, dpi: int | None, only: Container[int] | None, *, forms: bool
) -> Iterator[Sheet]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        raise UnreadablePages from None
    try:
        if forms:
            document.init_forms()
        if not len(document):
            raise UnreadablePages
        for number in range(min(len(document), most_pages)):
            if only is None or number + 1 in only:
                yield _pdf_page(document, number, dpi, forms=forms)
        if len(document) > most_pages:
            raise TooManyPages
    finally:
        document.close()


def _pdf_page(document: Any, number: int, dpi: int | None, *, forms: bool) -> Sheet:
    import pypdfium2 as pdfium

    try:
        page = document[number]
    except pdfium.PdfiumError:
        return Sheet(number + 1, None, scanned=False)
    try:
        drawn = what_is_drawn(page)
        width, height = page.get_size()
        if min(width, height) <= 0:
            return Sheet(number + 1, None, scanned=drawn.scanned)
        dots = dpi or min(max(drawn.dots, _COARSEST), _FINEST)
        if drawn.scanned and max(width, height) < _SMALLEST:
            # A scanner's program that wrote pixels or another unit for points: a page of ours is letter paper.
            scale = min(dots * 11 / max(width, height), _LONGEST_SIDE / max(width, height))
        else:
            scale = min(dots / 72, _LONGEST_SIDE / max(width, height))
        picture = _rendered(page, scale, forms=forms, coloured=drawn.scanned)
    except (pdfium.PdfiumError, ValueError, MemoryError):
        return Sheet(number + 1, None, scanned=False)
    finally:
        page.close()
    return _sheet(number, picture, drawn)


def _rendered(page: Any, scale: float, *, forms: bool, coloured: bool) -> Image.Image:
    """A page in gray. ``coloured``: drawn in colour first, which gives the same gray of a picture in half the time, and
    another of letters, whose edges are softened otherwise."""
    bitmap = page.render(scale=scale, grayscale=not coloured, may_draw_forms=forms)
    try:
        if not coloured:
            written: Image.Image = bitmap.to_pil().convert("L")
            return written
        import cv2
        from PIL import Image

        return Image.fromarray(cv2.cvtColor(bitmap.to_numpy(), cv2.COLOR_BGR2GRAY))
    finally:
        bitmap.close()


def _sheet(number: int, picture: Image.Image, drawn: Drawn, *, whole: bool = True) -> Sheet:
    lowest, highest = picture.getextrema()
    nothing = not whole and lowest == highest
    found = picture if min(picture.size) >= _THINNEST and not nothing else None
    if found is not None and drawn.bilevel and _mean(found) < _NEGATIVE:
        found = found.point([255 - value for value in range(256)])
    return Sheet(number + 1, found, drawn.scanned, drawn.bilevel, drawn.dots, whole)


_NEGATIVE = 110
"""Mean gray below which a page in black and white came in negative: print covers a fifth of a page at most. Pictures in
gray aren't turned over: a phone's may lie on a black table."""


def _mean(picture: Image.Image) -> float:
    small = picture.reduce(_ROUGHLY)
    return sum(value * count for value, count in enumerate(small.histogram())) / (small.width * small.height)


_ROUGHLY = 8
"""Dots of which one is made before a page's mean is taken: the same mean for a fifth of the work."""


def _frames(data: bytes, most_pages: int, only: Container[int] | None) -> Iterator[Sheet]:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # judged frame by frame, before any is decoded
    formats = _FORMATS.get(kind_of(data))
    if formats is None:
        raise UnreadablePages
    if is_big_endian(data):
        try:
            data = as_classic(data)
        except (ValueError, struct.error):
            raise UnreadablePages from None
    if "HEIF" in formats:
        register_formats()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in itertools.count():
            if only is not None and number + 1 not in only:
                if number >= most_pages:
                    return
                continue
            sheet = _frame(data, formats, number)
            if sheet is None:
                return
            if number >= most_pages:
                raise TooManyPages
            yield sheet


def _frame(data: bytes, formats: tuple[str, ...], number: int) -> Sheet | None:
    """The picture file's frame ``number`` from 0, or None past the last one."""
    from PIL import Image

    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except Exception:  # noqa: BLE001 Pillow raises whatever its decoders meet; for a stranger's file it all means the same
        raise UnreadablePages from None
    with image:
        if number and image.format == "MPO":
            return None  # a phone's second picture is the first one's depth or a smaller copy
        try:
            image.seek(number)
        except EOFError:
            return None
        except Exception:  # noqa: BLE001 the chain of frames breaks off: see above
            raise UnreadablePages from None
        try:
            return _decoded(image, number)
        except Exception:  # noqa: BLE001 this frame alone is damaged: see above
            return Sheet(number + 1, None)


def _decoded(image: Any, number: int) -> Sheet:
    """A frame in gray, upright by what the camera noted, with square pixels as far as its tags tell."""
    from PIL import ImageFile, ImageOps

    if image.width * image.height > _MOST_PIXELS:
        return Sheet(number + 1, None)
    across, down = (float(value) for value in image.info.get("dpi", (0, 0)))
    bilevel = image.mode == "1"
    if image.format == "JPEG" and min(image.size) > _LONGEST_SIDE:
        image.draft("L", (_LONGEST_SIDE, _LONGEST_SIDE))  # shrunk while it is decoded
    whole = True
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Truncated")  # all that Pillow says of a fax's cut-off last strip
        try:
            image.load()
        except (OSError, UserWarning):
            # A fax that broke off shows what came of the page.
            whole = False
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            warnings.simplefilter("ignore")
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before  # WeasyPrint has its own wish for the process
    size = image.size
    ImageOps.exif_transpose(image, in_place=True)
    if image.size != size:
        across, down = down, across
    return _sheet(
        number, square_pixels(_gray(image), across, down), Drawn(True, bilevel, min(across, down)), whole=whole
    )


def _gray(frame: Image.Image) -> Image.Image:
    """``frame`` in gray on white paper: what is transparent shows the paper."""
    from PIL import Image

    if frame.mode in ("RGBA", "LA", "PA") or (frame.mode == "P" and "transparency" in frame.info):
        frame = frame.convert("RGBA")
        paper = Image.new("RGBA", frame.size, "white")
        paper.alpha_composite(frame)
        frame = paper
    if frame.mode.startswith("I;16") or frame.mode == "I":
        # Some scanners' programs write 8 or 12 bits into 16.
        highest: Any = frame.getextrema()[1]
        bits = next((bits for bits in (8, 12) if highest < 1 << bits), 16)
        return frame.point(lambda value: value / (1 << bits - 8)).convert("L")
    return frame.convert("L")


def square_pixels(gray: Image.Image, across: float, down: float) -> Image.Image:
    """``gray`` with the half-height rows of a standard-resolution fax (204 by 98 dots an inch) stretched to square, and
    shrunk where it is finer than is of use. 0: the tags say nothing."""
    from PIL import Image

    width, height = gray.size
    finest = max(across, down)
    if max(width, height) < _SHORTEST * finest:
        finest = 0.0  # such tags are in another unit, or lie: the picture is taken as it is
    if across > 1 and down > 1 and not 0.8 <= across / down <= 1.25:
        wide, high = (width, height * across / down) if across > down else (width * down / across, height)
        # Tags that would make of paper a ribbon lie.
        if 1 / _LONGEST_PAPER <= high / wide <= _LONGEST_PAPER:
            width, height = round(wide), round(high)
    times = ceil(max(max(width, height) / _LONGEST_SIDE, finest / _FINEST, 1))
    if (width, height) != gray.size:
        gray = gray.resize((width, height), Image.Resampling.BICUBIC)
    # By a whole number: the mean of so many dots is a tenth of the work of anything finer.
    return gray.reduce(times) if times > 1 else gray


_LONGEST_PAPER = 2.1
"""How many times as long as wide a page may be (legal paper: 1.65), a fax's white end included."""

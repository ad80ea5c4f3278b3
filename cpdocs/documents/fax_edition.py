"""A packet as fax machines carry it: each page one picture in black and white, compressed as ITU-T T.6 (G4).

Drawn at 204 by 196 dots an inch, what a fax calls fine, so that a gateway sends the dots as they are. Tints become
paper, every ink becomes black. The marks in the corners keep five dots a module and more, and are found again in what
the practice sends back.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from time import gmtime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

FINE = (204, 196)
"""Dots an inch, across and down (ITU-T T.4)."""
MOST_BYTES = 60_000
"""Of a page: well under a minute on a line of 14.4 kbit/s."""
_STANDARD = (204, 98)
_INK = 150
"""Grays darker than this are ink: dark blue headings are, tints behind them aren't."""
_THIN = 110
_SHARP = 2
"""Drawn so many times finer first: strokes then keep their weight."""


def fax_edition(files: Sequence[bytes]) -> bytes:
    """The pages of our own PDFs, in order, as one PDF of pictures; for a child process with limits. The same bytes give
    the same PDF."""
    import pikepdf
    import pypdfium2

    out = io.BytesIO()
    with ExitStack() as opened, pikepdf.new() as whole:
        for data in files:
            with pypdfium2.PdfDocument(data) as document:
                document.init_forms()
                for number in range(len(document)):
                    page = _smallest(document[number])
                    whole.pages.extend(opened.enter_context(pikepdf.open(io.BytesIO(page))).pages)
        whole.save(out, deterministic_id=True)
    return out.getvalue()


def _smallest(page: Any) -> bytes:
    """The page in the finest form that is small enough: thinner strokes, then half as many lines, where it is full."""
    made = b""
    for made in _forms(page):
        if len(made) <= MOST_BYTES:
            break
    return made


def _forms(page: Any) -> Iterator[bytes]:
    drawn = page.render(scale=_SHARP * FINE[0] / 72, grayscale=True, may_draw_forms=True).to_pil()
    size = page.get_size()
    for dots, ink in ((FINE, _INK), (FINE, _THIN), (_STANDARD, _THIN)):
        yield _as_pdf(_bilevel(drawn, size, dots, ink), dots)


def _bilevel(drawn: Image.Image, size: tuple[float, float], dots: tuple[int, int], ink: int) -> Image.Image:
    from PIL import Image

    width, height = (round(side / 72 * each) for side, each in zip(size, dots, strict=True))
    small = drawn.resize((width, height), Image.Resampling.BOX)
    return small.point([0] * ink + [255] * (256 - ink)).convert("1")


def _as_pdf(picture: Image.Image, dots: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    when = gmtime(0)
    picture.save(out, "PDF", dpi=dots, creationDate=when, modDate=when, producer="cpdocs")
    return out.getvalue()

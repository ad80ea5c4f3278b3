"""What a signature looks like on the page: a few lines of text, and for a member at a visit the ink.

The font is embedded as a subset, the ink is a plain grey picture without transparency, colours are DeviceGray: a file
that was PDF/A-2a and PDF/UA-1 stays so (mailroom.md, rendering fact 6). The picture proves nothing; the signature does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from cpdocs.errors import InputFault
from cpdocs.signing.objects import stream
from cpdocs.signing.typeface import Typeface, can_draw, cut

if TYPE_CHECKING:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import BasePdfFileWriter

_LARGEST, _SMALLEST, _STEP = 9.0, 4.0, 0.5
_LEADING = 1.25
_MARGIN = 3.0
_INK_SHARE = 0.42
_INK_MOST_PIXELS = 25_000_000
_INK_WIDEST = 1200
_FAINTEST_INK = 40


@dataclass(frozen=True, slots=True)
class Ink:
    """A member's handwriting: 8-bit grey pixels, row by row from the top, dark on white."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, and what stands in its place where the font lacks one of its characters (never a row of
    boxes)."""

    text: str
    instead: str = ""

    def drawn_with(self, font: bytes) -> str:
        composed = unicodedata.normalize("NFC", self.text)
        return composed if can_draw(font, composed) else self.instead


@dataclass(frozen=True, slots=True)
class Picture:
    """The look of one signature: lines of text in ``font`` (a TrueType file), and the ink if there is any."""

    lines: tuple[Line, ...]
    font: bytes
    ink: Ink | None = None

    def draw(self, writer: BasePdfFileWriter, width: float, height: float) -> generic.IndirectObject:
        """Adds the picture for a box of ``width`` × ``height`` points to ``writer`` and gives its reference."""
        texts = [text for text in (line.drawn_with(self.font) for line in self.lines) if text]
        face = cut(self.font, texts)
        left = _MARGIN + (width * _INK_SHARE if self.ink else 0)
        size, rows = _fit(face, texts, width - left - _MARGIN, height - 2 * _MARGIN)
        resources: dict[str, dict[str, generic.PdfObject]] = {"Font": {"F0": face.embed(writer)}}
        content = []
        if self.ink:
            resources["XObject"] = {"Ink": _embed(self.ink, writer)}
            content.append(_place(self.ink, left - 2 * _MARGIN, height - 2 * _MARGIN))
        top = height - _MARGIN - size
        content.append(f"0 g BT /F0 {size:.2f} Tf {size * _LEADING:.2f} TL {left:.2f} {top:.2f} Td")
        content += [f"<{face.encode(row)}> Tj T*" for row in rows]
        content.append("ET")
        drawn = "\n".join(content).encode("ascii")
        return writer.add_object(
            stream(drawn, Type="/XObject", Subtype="/Form", BBox=[0, 0, width, height], Resources=resources)
        )


def read_ink(png: bytes, *, name: str) -> Ink:
    """The handwriting in a PNG called ``name``: flattened onto white, cut to its ink, made grey, of bounded size.

    Raises:
        InputFault: no PNG, damaged, absurdly large, or nothing written on it.
    """
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as opened:
            if opened.width * opened.height > _INK_MOST_PIXELS:
                raise InputFault(
                    f"{name} is too large ({opened.width} × {opened.height} pixels).", todo="Save it smaller."
                )
            drawn = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise InputFault(
            f"{name} is not a PNG picture that can be read.", todo="Save the member's signature as PNG."
        ) from None
    paper = Image.new("RGBA", drawn.size, "white")
    grey = Image.alpha_composite(paper, drawn).convert("L")
    written = ImageChops.invert(grey).point([255 if value > _FAINTEST_INK else 0 for value in range(256)]).getbbox()
    if written is None:
        raise InputFault(f"Nothing is written on {name}.", todo="Let the member write again, with more contrast.")
    grey = grey.crop(written)
    if grey.width > _INK_WIDEST:
        grey = grey.resize(
            (_INK_WIDEST, max(1, round(grey.height * _INK_WIDEST / grey.width))), Image.Resampling.LANCZOS
        )
    return Ink(grey.width, grey.height, grey.tobytes())


def _fit(face: Typeface, lines: Sequence[str], width: float, height: float) -> tuple[float, list[str]]:
    """The largest size at which ``lines``, wrapped at spaces, fit the box; at the smallest the last lines are cut
    off."""
    size = _LARGEST
    while True:
        rows = [row for line in lines for row in face.wrap(line, width / size)]
        if len(rows) * size * _LEADING <= height or size <= _SMALLEST:
            return size, rows
        size -= _STEP


def _embed(ink: Ink, writer: BasePdfFileWriter) -> generic.IndirectObject:
    size = {"Width": ink.width, "Height": ink.height, "BitsPerComponent": 8}
    return writer.add_object(stream(ink.pixels, Type="/XObject", Subtype="/Image", ColorSpace="/DeviceGray", **size))


def _place(ink: Ink, width: float, height: float) -> str:
    scale = min(width / ink.width, height / ink.height)
    across, up = ink.width * scale, ink.height * scale
    return f"q {across:.2f} 0 0 {up:.2f} {_MARGIN:.2f} {_MARGIN + (height - up) / 2:.2f} cm /Ink Do Q"

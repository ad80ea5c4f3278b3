"""Draws plan pages as they are printed, and does to them what fax machines do. Seeded: the same page is the same for
ever."""

from __future__ import annotations

import io
import random

import cv2
import numpy as np
import segno
from PIL import Image, ImageDraw

from cpdocs.core.marks import PageMark

LETTER = (1700, 2200)
_CODE = 160
_MARGIN = 90
_WORDS = (
    "member",
    "and",
    "coordinator",
    "agree",
    "on",
    "steps",
    "small",
    "enough",
    "for",
    "this",
    "week",
    "who",
    "does",
    "each",
)


def printed_page(mark: PageMark | None, *, second: PageMark | None = None, seed: int = 0) -> Image.Image:
    """One letter page at 200 dpi: text, and 0.8-inch codes in two corners (``second`` puts another mark in the
    second)."""
    chance = random.Random(seed)
    page = Image.new("L", LETTER, 255)
    draw = ImageDraw.Draw(page)
    for line in range(48):
        text = " ".join(chance.choice(_WORDS) for _ in range(14))
        draw.text((170, 300 + line * 34), text, fill=0, font_size=24)
    if mark is not None:
        page.paste(code(mark.text), (LETTER[0] - _MARGIN - _CODE, _MARGIN))
        page.paste(code((second or mark).text), (_MARGIN, LETTER[1] - _MARGIN - _CODE))
    return page


def code(text: str) -> Image.Image:
    """A QR code at level M, 0.8 inch wide with its quiet zone."""
    symbol = segno.make_qr(text, error="m")
    out = io.BytesIO()
    symbol.save(out, kind="png", scale=8, border=4)
    return Image.open(io.BytesIO(out.getvalue())).convert("L").resize((_CODE, _CODE), Image.Resampling.LANCZOS)


def faxed(
    page: Image.Image,
    *,
    standard: bool = False,
    upside_down: bool = False,
    noise: float = 0.0,
    skew: float = 0.0,
    seed: int = 0,
) -> Image.Image:
    """The page after a fax: bilevel, 204 by 196 dpi or 204 by 98, turned, skewed (degrees), with specks and lost
    lines."""
    chance = random.Random(seed)
    if skew:
        page = page.rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=255)
    if upside_down:
        page = page.rotate(180)
    page = Image.fromarray(cv2.GaussianBlur(np.asarray(page), (0, 0), 0.6))
    width, height = 1728, 1078 if standard else 2156
    small = page.resize((width, height), Image.Resampling.BILINEAR)
    bilevel = small.point([0 if value < 140 else 255 for value in range(256)])
    pixels = bilevel.load()
    assert pixels is not None
    for _ in range(int(noise * width * height)):
        x, y = chance.randrange(width), chance.randrange(height)
        pixels[x, y] = 255 - pixels[x, y]
    for _ in range(int(noise * 200)):
        y = chance.randrange(height)
        for x in range(width):
            pixels[x, y] = 255
    return bilevel.convert("1", dither=Image.Dither.NONE)


def tiff(pages: list[Image.Image], *, standard: bool = False) -> bytes:
    """The pages as one Group 4 TIFF with a fax's resolution tags."""
    out = io.BytesIO()
    pages[0].save(
        out, "TIFF", save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98 if standard else 196)
    )
    return out.getvalue()


def pdf(pages: list[Image.Image], *, standard: bool = False) -> bytes:
    """The pages as a PDF of pictures, letter size, as fax servers and office scanners make it."""
    out = io.BytesIO()
    square = [page.convert("L").resize(LETTER) for page in pages] if standard else [page.convert("L") for page in pages]
    square[0].save(out, "PDF", save_all=True, append_images=square[1:], resolution=200)
    return out.getvalue()

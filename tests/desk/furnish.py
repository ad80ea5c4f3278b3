"""An office in the middle of its work, for the desk to show: letters, plans on their roads, paper that came back."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
from PIL import Image, ImageDraw

from tests.scans import fax

DOTS = 200


def signed_fax(pdf: Path, *fields: str, drop: int | None = None, seed: int = 1) -> bytes:
    """The issued plan as it comes back by fax: a pen went over these signature fields; ``drop`` is the place of a page
    that was forgotten."""
    boxes = _boxes(pdf)
    with pdfium.PdfDocument(pdf) as document:
        pages = [page.render(scale=DOTS / 72, grayscale=True).to_pil().convert("L") for page in document]
    for place, field in enumerate(fields):
        number, box = boxes[field]
        _sign(pages[number], box, random.Random(seed * 10 + place))
    sheets = [fax.faxed(page.resize(fax.LETTER), noise=0.0006, seed=seed + place) for place, page in enumerate(pages)]
    if drop is not None:
        del sheets[drop]
    return fax.tiff(sheets)


def _boxes(pdf: Path) -> dict[str, tuple[int, tuple[float, float, float, float]]]:
    """Each signature field: its page (from 0), and left, top, right, bottom in pixels."""
    found = {}
    with pikepdf.open(pdf) as document:
        for number, page in enumerate(document.pages):
            high = float(page.mediabox[3])
            for each in page.get("/Annots", []):
                if each.get("/FT") == "/Sig":
                    left, low, right, top = (float(value) for value in each.Rect)
                    scale = DOTS / 72
                    box = (left * scale, (high - top) * scale, right * scale, (high - low) * scale)
                    found[str(each.T)] = (number, box)
    return found


def _sign(page: Image.Image, box: tuple[float, float, float, float], chance: random.Random) -> None:
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    turns = chance.randint(5, 8)
    line = [
        (
            left + wide * (0.08 + 0.8 * step / 160) + high * 0.12 * math.sin(step / 160 * turns * 2 * math.pi),
            top
            + high
            * (0.5 + (0.32 - 0.2 * step / 160) * math.cos(step / 160 * turns * 2 * math.pi + chance.random() / 9)),
        )
        for step in range(160)
    ]
    ImageDraw.Draw(page).line(line, fill=20, width=5, joint="curve")

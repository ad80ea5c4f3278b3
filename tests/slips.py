"""Reply slips as members send them back: the slip of a printed letter, ticked, cut off, turned, faxed."""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image

from benchmarks import _pens
from cpdocs.scans.slips import IssuedSlip, issued_slip
from tests.scans import fax

TOUCHES = {
    "tick": [[(0.2, 0.5), (0.4, 0.85), (1.1, -0.1)]],
    "cross": [[(0.15, 0.1), (0.9, 0.9)], [(0.85, 0.1), (0.1, 0.9)]],
    "beside": [[(-0.9, 0.4), (-0.7, 0.85), (-0.2, 0.1)]],
    "dot": [[(0.48, 0.5), (0.52, 0.53)]],
    "large": [[(-0.1, 0.4), (0.5, 1.1), (1.9, -1.0)]],
}
"""What a pen does at a box, in the box's own sides from its upper left."""


def slip_of(letter: bytes, document_id: str) -> IssuedSlip:
    """The slip of a letter that has one."""
    found = issued_slip(letter, document_id)
    assert found is not None
    return found


def page(letter: bytes, slip: IssuedSlip) -> np.ndarray:
    """The letter's page with the slip as a printer prints it."""
    with pypdfium2.PdfDocument(letter) as document:
        bitmap = document[slip.page - 1].render(scale=_pens.DOTS / 72, grayscale=True, may_draw_forms=False)
        return np.asarray(bitmap.to_pil().convert("L"))[: 11 * _pens.DOTS, : int(8.5 * _pens.DOTS)].copy()


def ink(slip: IssuedSlip, *marks: tuple[int, str], words: Sequence[tuple[float, float]] = ()) -> np.ndarray:
    """Ink: at these boxes (from 0, the uppermost) what ``TOUCHES`` names, and handwritten words at places in inches."""
    layer, chance = _pens.paper(), random.Random(7)
    for number, touch in marks:
        box = slip.ticks[number]
        left, top, side = box.left * 8.5, box.top * 11, (box.right - box.left) * 8.5
        for line in TOUCHES[touch]:
            points = np.array([(left + x * side, top + y * side) for x, y in line])
            fine = np.vstack([np.linspace(a, b, 12) for a, b in itertools.pairwise(points)])
            _pens.stroke(layer, fine, _pens.PENS[0], chance)
    for at in words:
        for stroke in _pens.words(at, chance):
            _pens.stroke(layer, stroke, _pens.PENS[0], chance)
    return layer


def written(letter: bytes, document_id: str, *marks: tuple[int, str], cut: bool = False, **more: object) -> Image.Image:
    """The slip's page with ink on it, at 200 dots an inch; ``cut`` off its letter and laid on an empty sheet."""
    slip = slip_of(letter, document_id)
    printed = page(letter, slip) * (1 - ink(slip, *marks, **more))  # type: ignore[arg-type]
    sheet = Image.fromarray(printed.astype(np.uint8)).resize(fax.LETTER, Image.Resampling.BOX)
    if not cut:
        return sheet
    wide, high = fax.LETTER
    piece = sheet.crop(
        (60, round((slip.ticks[0].top - 1.05 / 11) * high), wide - 60, round((slip.bars[1] + 0.35) / 11 * high))
    )
    glass = Image.new("L", fax.LETTER, 255)
    glass.paste(piece, (30, 25))
    return glass


def bars(document_id: str) -> Image.Image:
    """The code of a slip at 200 dots an inch, by the patterns that its typeface has."""
    from cpdocs.documents.code39 import modules, reply_code

    lines = "".join(modules(char) for char in reply_code(document_id))
    strip = Image.new("L", (len(lines) * 4, 67), 255)
    for place, dark in enumerate(lines):
        if dark == "1":
            strip.paste(0, (place * 4, 0, place * 4 + 4, 67))
    return strip


def printed_letter(root: Path, document_id: str) -> bytes:
    """A letter's own pages out of the print file of the only run in a workspace."""
    import pikepdf

    (file,) = (root / "outbox" / "letters").glob("*/print.pdf")
    out = io.BytesIO()
    with pikepdf.open(file) as source, pikepdf.new() as letter, pypdfium2.PdfDocument(file) as text:
        for number, sheet in enumerate(source.pages):
            if document_id in text[number].get_textpage().get_text_range():
                letter.pages.append(sheet)
        letter.save(out)
    return out.getvalue()

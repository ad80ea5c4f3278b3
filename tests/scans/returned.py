"""One issued plan page, drawn by code, and what comes back of it: printed, written on, faxed or scanned."""

from __future__ import annotations

import io
import random
from functools import cache

import cv2
import numpy as np
import pypdfium2
from reportlab.pdfgen import canvas

from benchmarks import _channels, _pens
from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.core.page_facts import FilePages, PageFacts
from cpdocs.core.verdicts import Slot
from cpdocs.scans.reading import read_handwriting, read_scan

DOCUMENT = derive_document_id(b"k" * 32, "returned")
BOXES = {Slot.MEMBER: (0.9, 2.75, 4.4, 3.75), Slot.PCP: (0.9, 5.0, 4.4, 6.0)}
"""Inches: left, top, right, bottom of each box on page 2."""
CHANNELS = {channel.name: channel for channel in _channels.CHANNELS}
_FIELDS = {Slot.MEMBER: "MemberSig", Slot.PCP: "PCPSig"}


@cache
def issued() -> bytes:
    """A plan of two pages: words with codes in the corners, and a page with two boxes in panels."""
    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=(612, 792), invariant=1)
    for number in (1, 2):
        _codes(page, PageMark(DOCUMENT, number, 2).text)
        chance = random.Random(number)
        for line in range(17 if number == 2 else 46):
            y = 690 - 11.5 * line if number == 1 else (690 - 11 * line if line < 6 else 330 - 11 * (line - 6))
            page.setFont("Helvetica", 9)
            words = [
                chance.choice(("member", "agrees", "on", "each", "step", "this", "week", "walks")) for _ in range(13)
            ]
            page.drawString(72, y, " ".join(words))
        if number == 2:
            for slot, (left, top, right, bottom) in BOXES.items():
                page.setLineWidth(0.8)
                page.rect(54, 792 - (bottom + 0.5) * 72, 504, 1.85 * 72)
                page.drawString(64, 792 - (top - 0.12) * 72, "I have read this plan and I approve it.")
                page.rect(left * 72, 792 - bottom * 72, (right - left) * 72, (bottom - top) * 72)
                page.drawString(340, 792 - bottom * 72, "Date")
                page.acroForm.textfield(
                    name=_FIELDS[slot],
                    x=left * 72,
                    y=792 - bottom * 72,
                    width=(right - left) * 72,
                    height=(bottom - top) * 72,
                    borderWidth=0,
                )
        page.showPage()
    page.save()
    return out.getvalue()


def _codes(page: canvas.Canvas, text: str) -> None:
    import segno

    matrix = segno.make(text, error="m", micro=False, boost_error=False).matrix
    module = 0.8 * 72 / len(matrix)
    for left, top in ((7.3, 0.4), (0.4, 9.8)):
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    page.rect(
                        left * 72 + column * module,
                        792 - top * 72 - (row + 1) * module,
                        module * 1.01,
                        module * 1.01,
                        stroke=0,
                        fill=1,
                    )


@cache
def printed(number: int) -> np.ndarray:
    """A page of :func:`issued` as a printer prints it."""
    with pypdfium2.PdfDocument(issued()) as document:
        bitmap = document[number - 1].render(scale=_pens.DOTS / 72, grayscale=True, may_draw_forms=False)
        return np.asarray(bitmap.to_pil().convert("L"))[: 11 * _pens.DOTS, : int(8.5 * _pens.DOTS)].copy()


def sent(number: int, ink: np.ndarray, channel: str, *, seed: int = 1, turn: int = 0) -> bytes:
    """The file that comes of a page with ink on it."""
    machine = CHANNELS[channel]
    return _channels.as_file(
        [_channels.sent(_channels.printed(printed(number), ink), machine, seed, turn=turn)], machine
    )


def seen(data: bytes) -> PageFacts:
    """The facts of a file's only page, its handwriting among them."""
    (page,) = looked_at(data).pages
    return page


def looked_at(data: bytes) -> FilePages:
    """The facts of a file, the handwriting on its pages among them."""
    return read_handwriting(data, read_scan(data, most_pages=9), {DOCUMENT: issued()}, most_pages=9)


def signed(*slots: Slot, pen: _pens.Pen = _pens.PENS[0], seed: int = 1) -> np.ndarray:
    """Ink for page 2: a signature in each of these boxes."""
    layer = _pens.paper()
    chance = random.Random(seed)
    for slot in slots:
        for stroke in _pens.signature(BOXES[slot], chance):
            _pens.stroke(layer, stroke, pen, chance)
    return layer


def written(at: tuple[float, float], *, seed: int = 3) -> np.ndarray:
    """Ink: a remark at a place in inches."""
    layer, chance = _pens.paper(), random.Random(seed)
    for stroke in _pens.words(at, chance):
        _pens.stroke(layer, stroke, _pens.PENS[0], chance)
    return layer


def shrunk(page: np.ndarray, share: float) -> np.ndarray:
    """A page as a printer prints it that fits it to its margins."""
    high, wide = page.shape
    matrix = np.array([[share, 0, wide * (1 - share) / 2], [0, share, high * (1 - share) / 2]])
    return cv2.warpAffine(page, matrix, (wide, high), borderValue=255)

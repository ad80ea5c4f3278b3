"""Every paper is set in one scale of sizes, on one grid: told once, in base/base.css."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from cpdocs.documents.certificate import render_certificate
from cpdocs.documents.leaflets import render_envelope, render_guide, render_summary
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.letters import PrintedLetter
from cpdocs.documents.notices import Notice, NoticeKind, render_notice
from cpdocs.documents.plans import render_cover, render_plan
from tests.documents.letter_samples import letter, renderer
from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, SENDER, SHIPPED, certificate_paper, full_paper, paper

_POINTS_PER_PX = 0.75
_INCH = 72
_FITTED = {24.0}
"""The code on a reply slip, whose bars are as wide as a fax needs."""


def scale() -> set[float]:
    """The sizes that base.css names, in points."""
    named = re.search(r"Type scale, in points: ([\d ]+)\.", (SHIPPED / "base/base.css").read_text("utf-8"))
    assert named
    return {float(size) for size in named[1].split()}


def printed(large: bool) -> bytes:
    made = renderer().make(letter(large_print=large))
    assert isinstance(made, PrintedLetter)
    return made.pdf


def bilingual(tag: str, large: bool = False) -> bytes:
    return render_plan(
        replace(full_paper(), catalogue=load_catalogue((SHIPPED,), tag), large_print=large), shipped=SHIPPED
    ).pdf


PAPERS: dict[str, Callable[[], bytes]] = {
    "plan": lambda: render_plan(full_paper(), shipped=SHIPPED).pdf,
    "plan in Spanish": partial(bilingual, "es"),
    "plan in Arabic, large": partial(bilingual, "ar", True),
    "cover": lambda: render_cover(paper(), pages=7, shipped=SHIPPED).pdf,
    "notice": lambda: (
        render_notice(
            Notice(
                NoticeKind.ACCEPTED,
                to=("An office",),
                sender=SENDER,
                at=ISSUED_AT,
                reference="n",
                facts=(("P", DOCUMENT_ID),),
            ),
            shipped=SHIPPED,
        ).pdf
    ),
    "certificate": lambda: render_certificate(certificate_paper(), shipped=SHIPPED).pdf,
    "letter": partial(printed, False),
    "large letter": partial(printed, True),
    "summary": lambda: render_summary(paper(), shipped=SHIPPED).pdf,
    "guide": lambda: render_guide(paper(), shipped=SHIPPED).pdf,
    "envelope": lambda: render_envelope(paper(), shipped=SHIPPED).pdf,
}


def characters(pdf: bytes) -> list[tuple[str, float, float]]:
    """Each character that is drawn, its size in points and its left edge in inches."""
    found = []
    with pypdfium2.PdfDocument(pdf) as opened:
        for page in opened:
            text = page.get_textpage()
            for place in range(text.count_chars()):
                char = text.get_text_range(place, 1)
                if char.strip():
                    size = pdfium.FPDFText_GetFontSize(text, place) * _POINTS_PER_PX
                    found.append((char, round(size, 1), text.get_charbox(place, loose=True)[0] / _INCH))
    return found


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_has_sizes_of_the_scale_alone_and_begins_on_the_grid(name: str) -> None:
    drawn = characters(PAPERS[name]())
    sizes = {size for _char, size, _left in drawn}
    fitted = _FITTED | ({size for size in sizes if 8 <= size <= 11} if "letter" in name else set())
    assert sizes - fitted <= scale()
    assert min(left for _char, _size, left in drawn) > 0.69

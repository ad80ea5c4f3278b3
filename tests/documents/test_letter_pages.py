"""Every page of a letter, in every language and both sizes: no text over another, none off the paper, the notice on two
pages at most."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from cpdocs.documents.letter_languages import RIGHT_TO_LEFT
from cpdocs.documents.letter_lint import sample_letters
from cpdocs.documents.letters import LetterRenderer, PrintedLetter
from cpdocs.documents.preflight import Region
from tests.documents.letter_samples import ON, renderer

LANGUAGES = ["en", *sorted(renderer().catalogues)]
_ASIDE, _DOWN = 0.15, 0.05
"""Inches by which boxes of neighbours may lie over each other: marks beside, above and below letters."""


@pytest.fixture(scope="module")
def one_press() -> LetterRenderer:
    return renderer()


def boxes(page: pypdfium2.PdfPage) -> list[Region]:
    found = []
    for thing in page.get_objects(max_depth=6):
        if thing.type == pdfium.FPDF_PAGEOBJ_TEXT:
            left, bottom, right, top = thing.get_bounds()
            if right > left:
                found.append((left / 72, 11 - top / 72, right / 72, 11 - bottom / 72))
    return found


def covers(one: Region, other: Region) -> bool:
    return (
        min(one[2], other[2]) - max(one[0], other[0]) > _ASIDE and min(one[3], other[3]) - max(one[1], other[1]) > _DOWN
    )


@pytest.mark.parametrize(
    ("language", "large_print"),
    [*((language, True) for language in LANGUAGES), *((language, False) for language in ("ar", "km", "zh-Hant"))],
)
def test_no_text_lies_over_another_or_off_the_paper(
    one_press: LetterRenderer, language: str, large_print: bool
) -> None:
    first = next(sample_letters("assignment", ON, language))
    made = one_press.make(replace(first, large_print=large_print))
    assert isinstance(made, PrintedLetter)
    document = pypdfium2.PdfDocument(made.pdf)
    for number, page in enumerate(document, start=1):
        found = boxes(page)
        assert all(box[0] > 0.5 and box[2] < 8.0 and box[1] > 0.4 and box[3] < 10.7 for box in found), f"page {number}"
        assert not [pair for pair in combinations(found, 2) if covers(*pair)], f"page {number}"
    text = [page.get_textpage().get_text_range() for page in document]
    notice = next(number for number, said in enumerate(text) if "Free help in your language" in said)
    assert made.pages - notice <= (2 if large_print else 1)
    if language in RIGHT_TO_LEFT:
        # Lines begin at the right: the longest reach the right margin, and the heading does.
        assert sum(box[2] > 7.6 for box in boxes(document[0])) > 10

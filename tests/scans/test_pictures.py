"""Whoever decides sees every page upright beside the one issued, and every box, whatever came back."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from benchmarks import _channels, _pens
from cpdocs.core.page_facts import BoxReading, PageKind
from cpdocs.core.verdicts import Slot
from cpdocs.scans.pages import UnreadablePages
from cpdocs.scans.pictures import Pictures, draw_pictures
from tests.scans import returned


def drawn(*files: bytes, most: int = 9) -> Pictures:
    return draw_pictures(files, returned.issued(), returned.DOCUMENT, most_pages=most)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def likeness(one: bytes, other: bytes) -> float:
    """How alike two pictures are: 1 for the same."""
    first = opened(one)
    second = opened(other).resize(first.size)
    pair = [np.asarray(each.reduce(4).convert("L"), float).ravel() for each in (first, second)]
    return float(np.corrcoef(pair[0], pair[1])[0, 1])


def test_a_page_that_came_on_its_side_stands_upright_on_the_issued_one_with_its_boxes() -> None:
    pictures = drawn(returned.sent(2, returned.signed(Slot.PCP), "200 dpi gray", turn=90))
    (page,) = pictures.pages
    assert page.facts.turn == 270
    assert likeness(page.issued_png, page.png) > 0.9
    assert [(box.slot, box.reading) for box in pictures.boxes] == [
        (Slot.MEMBER, BoxReading.EMPTY),
        (Slot.PCP, BoxReading.SIGNED),
    ]
    for box in pictures.boxes:
        assert likeness(box.issued_png, box.png) > 0.6
        assert opened(box.png).width > opened(page.png).width
    with pypdfium2.PdfDocument(pictures.pdf) as document:
        assert len(document) == 3


def test_pages_of_several_files_are_shown_together_and_a_bad_file_costs_none() -> None:
    first = returned.sent(1, returned.written((3.0, 9.3)), "fax fine")
    pictures = drawn(first, b"no page at all", returned.sent(2, _pens.paper(), "photo"))
    assert [(page.file, page.facts.plan_page) for page in pictures.pages] == [(1, 1), (3, 2)]
    assert len(pictures.pages[0].marks) == 1
    assert pictures.cut_short


def test_what_a_program_drew_on_the_plan_is_marked() -> None:
    import pikepdf

    with pikepdf.open(io.BytesIO(returned.issued())) as plan:
        plan.pages[1].contents_add(b"q 3 w 100 420 m 200 440 l 300 400 l S Q")
        out = io.BytesIO()
        plan.save(out)
    pictures = drawn(out.getvalue())
    assert [len(page.marks) for page in pictures.pages] == [0, 1]
    assert not pictures.pages[1].facts.scanned


def test_a_file_of_no_known_plan_is_shown_alone() -> None:
    foreign = _channels.as_file([np.full((2200, 1700), 255, np.uint8)], returned.CHANNELS["200 dpi bitonal"])
    pictures = draw_pictures([foreign], b"", "", most_pages=9)
    (page,) = pictures.pages
    assert (page.facts.kind, page.issued_png, pictures.boxes) == (PageKind.BLANK, b"", ())


def test_pages_past_the_limit_are_not_drawn_and_it_says_so() -> None:
    pictures = drawn(*[returned.sent(1, _pens.paper(), "fax fine")] * 2, most=1)
    assert (len(pictures.pages), pictures.cut_short) == (1, True)


def test_the_same_files_give_the_same_pdf_and_nothing_gives_none() -> None:
    data = returned.sent(2, _pens.paper(), "fax fine")
    assert drawn(data).pdf == drawn(data).pdf
    with pytest.raises(UnreadablePages):
        drawn(b"")

"""The fax edition: black and white, small, every page of the packet, and the same for ever."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest

from cpdocs.core.marks import PageMark
from cpdocs.documents import fax_edition as module
from cpdocs.documents.fax_edition import FINE, MOST_BYTES, fax_edition
from cpdocs.documents.plan_views import PlanPaper
from cpdocs.documents.plans import render_cover, render_plan
from cpdocs.scans.reading import read_scan
from tests.documents.papers import DOCUMENT_ID, SHIPPED, bh_paper, full_paper


@pytest.mark.parametrize("paper", [bh_paper, full_paper])
def test_every_page_is_one_small_picture_in_g4_and_its_mark_is_found(paper: Callable[[], PlanPaper]) -> None:
    plan = render_plan(paper(), shipped=SHIPPED)
    cover = render_cover(paper(), pages=plan.pages, shipped=SHIPPED)
    made = fax_edition([cover.pdf, plan.pdf])
    with pikepdf.open(io.BytesIO(made)) as document:
        assert len(document.pages) == cover.pages + plan.pages
        for page in document.pages:
            assert [float(side) for side in page.mediabox] == pytest.approx([0, 0, 612, 792], abs=0.5)
            (image,) = page.get_images().values()
            stream = image.obj if hasattr(image, "obj") else image
            assert (int(stream.Width), int(stream.Height)) == (round(8.5 * FINE[0]), 11 * FINE[1])
            assert int(stream.BitsPerComponent) == 1
            assert "/CCITTFaxDecode" in str(stream.Filter)
            assert "-1" in str(stream.DecodeParms)
            assert len(stream.read_raw_bytes()) <= MOST_BYTES
    pages = read_scan(made, most_pages=40).pages
    assert [each.document_id for each in pages] == [DOCUMENT_ID] * len(pages)
    assert [each.plan_page for each in pages[cover.pages :]] == list(range(1, plan.pages + 1))
    assert PageMark(DOCUMENT_ID, 1, plan.pages).text


def test_the_same_packet_gives_the_same_bytes() -> None:
    plan = render_plan(bh_paper(), shipped=SHIPPED).pdf
    assert fax_edition([plan]) == fax_edition([plan])


def test_a_page_that_is_too_full_is_drawn_coarser(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = render_plan(bh_paper(), shipped=SHIPPED).pdf
    usual = fax_edition([plan])
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    assert len(fax_edition([plan])) < len(usual)

"""The copy for the chart says what is true of it: approved when and by whom, one count of pages, nothing that still
asks for a signature; what the plan says is as it was issued."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from cpdocs.core.filed_copy import FiledPage, PageOrigin
from cpdocs.core.plan_record import SlotFill
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.certificate import render_certificate
from cpdocs.documents.filed_bands import FiledBand, render_bands
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plans import render_plan
from cpdocs.filing.rendition import Upload, compose, stamp
from cpdocs.sandbox.drawing import flat_scan
from cpdocs.signing.fields import add_fields
from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, SHIPPED, bh_paper, certificate_paper, fill, page_texts, paper
from tests.filing import pdfs

CERTIFICATE = pdfs.plain(1, "certificate")
APPROVED = "Approved November 4, 2026"
ASKS = ("For review and approval", "Sign on a screen", "A PDF reader shows the seal")
RECORDED = fill(
    Slot.MEMBER,
    Evidence.RECORDED_APPROVAL,
    signer="Pat Placeholder",
    npi="",
    credential="",
    role="representative",
    on_behalf_of="sister",
    signed_at=None,
    on=date(2026, 11, 3),
)
INK = replace(RECORDED, evidence=Evidence.INK_SCAN)
DIGITAL = fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE)
DESIGNEE = replace(
    DIGITAL, evidence=Evidence.CHART_NOTE, signer="Norma Mockdale", credential="RN", role="pcp_designee", on=None
)


@cache
def issued(language: str = "", large_print: bool = False) -> bytes:
    catalogue = load_catalogue((SHIPPED,), language) if language else None
    paper: PlanPaper = replace(bh_paper(), catalogue=catalogue, large_print=large_print)
    rendered = render_plan(paper, shipped=SHIPPED)
    return add_fields(rendered.pdf, rendered.boxes)


def filed(upload: Upload, *fills: SlotFill, part2: bool = False) -> list[str]:
    """The pages of the copy, as a reader extracts them."""
    band = FiledBand(DOCUMENT_ID, 1, "November 4, 2026", ISSUED_AT, part2, {each.slot: each for each in fills})
    return page_texts(stamp(upload.pdf, render_bands(band, upload.sheets, shipped=SHIPPED)))


def signed(slot: str, plan: bytes) -> bytes:
    """The plan with a picture of a signature in one of its fields."""
    return pdfs.with_picture_in(plan, slot, "Digitally signed by Ada Mockworth")


def test_the_status_is_approved_with_its_date_and_nothing_asks_for_a_signature() -> None:
    pages = filed(compose(issued(), certificate=CERTIFICATE, title="T"), RECORDED, DESIGNEE)
    whole = " ".join(pages)
    assert not [words for words in ASKS if words in whole]
    assert [page.count(APPROVED) for page in pages] == [2, 1, 1, 2, 1], "the status and what stood above the boxes too"
    assert "originals/issued.pdf" in pages[3]


def test_pages_are_counted_over_all_and_once() -> None:
    pages = filed(compose(issued(), certificate=CERTIFICATE, title="T"), RECORDED, DESIGNEE)
    assert [re.findall(r"Page \d+ of \d+", page) for page in pages] == [
        [f"Page {number} of {len(pages)}"] for number in range(1, len(pages) + 1)
    ]


def test_what_the_plan_says_is_as_it_was_issued() -> None:
    before = page_texts(issued())
    after = filed(compose(issued(), certificate=CERTIFICATE, title="T"), RECORDED, DESIGNEE)
    for page, then in zip(after[1:3], before[1:3], strict=True):
        assert re.sub(r" ?Page \d+ of \d+", "", then) in re.sub(r" ?Page \d+ of \d+", "", page)


def test_the_boxes_and_lines_are_filled_with_who_and_when() -> None:
    page = filed(compose(issued(), certificate=CERTIFICATE, title="T"), RECORDED, DESIGNEE)[3]
    assert "Approval recorded, not a signature Pat Placeholder on November 3, 2026" in page
    assert "Approved by a dated note in the practice's chart Norma Mockdale, RN on November 2, 2026" in page
    for words in ("sister", "Nov 3, 2026", "Nov 2, 2026", "1234567893", "×"):
        assert words in page
    undated = filed(compose(issued(), certificate=CERTIFICATE, title="T"), replace(RECORDED, on=None))[3]
    assert "No date stands with it." in undated


def test_a_plan_signed_digitally_and_in_ink_shows_both_and_says_where() -> None:
    upload = compose(
        issued(),
        signed=[signed("PCPSig", issued())],
        scan=pdfs.plain(4, "paper"),
        places=(1, 2, 3, 4),
        certificate=CERTIFICATE,
        title="T",
    )
    assert [sheet.origin for sheet in upload.sheets] == [
        *[PageOrigin.PAPER] * 3,
        PageOrigin.PLAN,
        PageOrigin.PAPER,
        PageOrigin.CERTIFICATE,
    ]
    pages = filed(upload, INK, DIGITAL)
    assert "Signed in ink on paper: see page 5" in pages[3]
    assert "Digitally signed by Ada Mockworth" in pages[3]
    assert "Signed digitally" not in pages[3], "the signature itself is there"
    assert "Picture of the signed paper as it came back" in pages[4]


def test_of_two_copies_signed_apart_each_says_where_the_other_signature_is() -> None:
    upload = compose(
        issued(),
        signed=[signed("MemberSig", issued()), signed("PCPSig", issued())],
        certificate=CERTIFICATE,
        title="T",
    )
    member = fill(Slot.MEMBER, Evidence.WITNESSED_SIGNATURE)
    pages = filed(upload, member, DIGITAL)
    assert "Signed digitally: see page 5" in pages[3]
    assert "Signed in person before a witness: see page 4" in pages[4]


@pytest.mark.parametrize(("language", "large_print"), [("es", False), ("ar", True)])
def test_in_every_language_and_print_what_asked_for_approval_is_gone(language: str, large_print: bool) -> None:
    catalogue = load_catalogue((SHIPPED,), language)
    assert catalogue is not None
    before = " ".join(page_texts(issued(language, large_print)))
    after = " ".join(filed(compose(issued(language, large_print), certificate=CERTIFICATE, title="T"), RECORDED))
    assert "For review and approval" in before
    assert not [words for words in ASKS if words in after]
    own = catalogue.messages["For review and approval"]
    if language == "es":
        assert own in before
        assert own not in after
    assert f"{APPROVED}. What is printed" in after


def test_a_plan_filed_from_a_fax_of_270_kb_is_at_most_twice_as_large() -> None:
    """Measured on what a machine sent: five pages in black and white with the specks of a bad line."""
    rendered = render_plan(paper(), shipped=SHIPPED)
    plan = add_fields(rendered.pdf, rendered.boxes)
    fax = speckled_fax(plan)
    assert 250_000 < len(fax) < 290_000
    scan = flat_scan([fax], plan, DOCUMENT_ID, most_pages=50)
    assert sorted(scan.places) == [1, 2, 3, 4, 5]
    pcp = replace(DIGITAL, evidence=Evidence.INK_SCAN)
    certificate = render_certificate(certificate_paper(INK, pcp), shipped=SHIPPED).pdf
    upload = compose(plan, scan=scan.pdf, places=scan.places, certificate=certificate, title="T")
    band = FiledBand(DOCUMENT_ID, 1, "November 4, 2026", ISSUED_AT, fills={Slot.MEMBER: INK, Slot.PCP: pcp})
    filed_copy = stamp(upload.pdf, render_bands(band, upload.sheets, shipped=SHIPPED))
    assert len(filed_copy) <= 2 * len(fax)


def test_of_a_plan_filed_from_paper_nothing_that_was_issued_is_left_unseen_and_a_small_fax_stays_small() -> None:
    """Clean pages: what they cost beside the pictures are the certificate page and the lines at their heads."""
    plan = issued()
    fax = speckled_fax(plan, specks=0)
    scan = flat_scan([fax], plan, DOCUMENT_ID, most_pages=50)
    certificate = render_certificate(certificate_paper(INK, DIGITAL), shipped=SHIPPED).pdf
    upload = compose(plan, scan=scan.pdf, places=scan.places, certificate=certificate, title="T")
    with pikepdf.open(io.BytesIO(plan)) as before, pikepdf.open(io.BytesIO(upload.pdf)) as after:
        first = before.pages[0].Contents
        words = (first if isinstance(first, pikepdf.Stream) else first[-1]).read_bytes()
        streams = [
            each.read_bytes() for each in after.objects if isinstance(each, pikepdf.Stream) and "/Width" not in each
        ]
        assert words not in streams
        with after.open_outline() as outline:
            assert outline.root[0].destination[0].objgen == after.pages[0].obj.objgen
    band = FiledBand(DOCUMENT_ID, 1, "November 4, 2026", ISSUED_AT, fills={Slot.MEMBER: INK, Slot.PCP: DIGITAL})
    filed_copy = stamp(upload.pdf, render_bands(band, upload.sheets, shipped=SHIPPED))
    assert len(filed_copy) <= 2 * len(fax)


def speckled_fax(plan: bytes, *, specks: float = 0.0028) -> bytes:
    """The plan as a fax machine sends it, in G4, with enough specks to cost 54 KB a page."""
    noise = np.random.default_rng(1)
    pages = []
    with pypdfium2.PdfDocument(plan) as document:
        for page in document:
            gray = np.asarray(page.render(scale=204 / 72, grayscale=True).to_pil())
            black = gray < 150
            dots = noise.random(gray.shape) < specks
            pages.append(Image.fromarray(~(black | dots)))
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], dpi=(204, 204), compression="group4")
    return out.getvalue()


def test_a_plan_whose_template_names_no_places_keeps_its_words_and_says_from_when_they_are() -> None:
    pages = filed(compose(pdfs.plain(2), certificate=CERTIFICATE, title="T"), RECORDED, part2=True)
    assert "What asks to review or sign is from before." in pages[0]
    assert "holds 42 CFR Part 2 records" in pages[0]
    assert "from before" not in pages[-1]


def test_a_page_without_places_gets_its_line_alone() -> None:
    band = FiledBand(DOCUMENT_ID, 1, "November 4, 2026", ISSUED_AT)
    (page,) = page_texts(render_bands(band, [FiledPage(PageOrigin.CERTIFICATE)], shipped=SHIPPED))
    assert page.replace("Page 1 of 1", "").strip() == f"{APPROVED}. Added for the chart."

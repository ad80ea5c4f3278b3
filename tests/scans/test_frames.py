"""Where pages lie on a sheet goes by their codes, and two pages are two only where both have room."""

from __future__ import annotations

import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark, Paper, parse_mark
from cpdocs.core.page_facts import PageFacts, PageKind
from cpdocs.documents import marks
from cpdocs.scans import frames
from cpdocs.scans.pages import Sheet
from cpdocs.scans.reading import read_sheet
from tests.scans import fax

DOCUMENT = derive_document_id(b"k" * 32, "frames")
OTHER = derive_document_id(b"k" * 32, "other")


def page(number: int, document: str = DOCUMENT) -> Image.Image:
    return fax.printed_page(PageMark(document, number, 6), seed=number)


def read(picture: Image.Image) -> list[PageFacts]:
    return read_sheet(Sheet(1, picture), thorough=True)


def two_up(left: Image.Image, right: Image.Image) -> Image.Image:
    sheet = Image.new("L", (2200, 1700), 255)
    for place, each in enumerate((left, right)):
        sheet.paste(each.resize((1100, 1424), Image.Resampling.LANCZOS), (1100 * place, 138))
    return sheet


def test_two_pages_on_one_sheet_are_both_read_from_the_left() -> None:
    assert [each.plan_page for each in read(two_up(page(3), page(4)))] == [3, 4]
    assert [each.plan_page for each in read(two_up(page(3), page(4)).rotate(180))] == [3, 4]


def test_pages_of_two_documents_on_one_sheet_keep_their_own() -> None:
    found = read(two_up(page(1), page(2, OTHER)))
    assert [(each.document_id, each.plan_page) for each in found] == [(DOCUMENT, 1), (OTHER, 2)]


def test_two_on_a_sheet_are_found_where_a_code_of_each_is_lost() -> None:
    left, right = page(5), page(6)
    left.paste(255, (1400, 0, 1700, 300))
    right.paste(255, (0, 1900, 300, 2200))
    assert [each.plan_page for each in read(two_up(left, right))] == [5, 6]


def test_a_page_with_another_documents_code_laid_on_it_is_left_unread() -> None:
    picture = page(2)
    picture.paste(page(3, OTHER).crop((1400, 0, 1700, 300)), (1400, 0))
    (facts,) = read(picture)
    assert facts.codes_disagree
    assert facts.document_id is None


def test_the_place_of_a_page_is_where_it_lies() -> None:
    sheet = Image.new("L", (2550, 3300), 255)
    sheet.paste(page(1), (400, 600))
    (facts,) = read(sheet)
    assert facts.lies is not None
    a, b, c, d, e, f = facts.lies
    assert (c * 2550, f * 3300) == pytest.approx((400, 600), abs=60)
    assert ((a + b + c) * 2550, (d + e + f) * 3300) == pytest.approx((2100, 2800), abs=60)


def test_doubled_pages_name_the_first() -> None:
    from cpdocs.scans.reading import read_scan

    reading = read_scan(fax.tiff([fax.faxed(page(number)) for number in (1, 2, 1)]), most_pages=5)
    assert [each.doubled_of for each in reading.pages] == [None, None, 1]


def test_a_covers_and_a_reply_slips_codes_say_what_they_stand_on() -> None:
    for paper, kind in ((Paper.COVER, PageKind.COVER), (Paper.REPLY_SLIP, PageKind.REPLY_SLIP)):
        mark = PageMark(DOCUMENT, 1, 1, paper)
        assert parse_mark(mark.text) == mark
        assert len(mark.text) <= 20
        (facts,) = read(fax.printed_page(mark))
        assert (facts.kind, facts.document_id, facts.plan_page) == (kind, DOCUMENT, None)


def test_an_empty_back_is_blank_and_a_word_on_it_is_not() -> None:
    from PIL import ImageDraw

    back = Image.new("L", fax.LETTER, 250)
    assert read(back)[0].kind is PageKind.BLANK
    ImageDraw.Draw(back).text((700, 900), "no", fill=40, font_size=60)
    assert read(back)[0].kind is PageKind.UNKNOWN


def test_the_geometry_is_that_of_the_codes_that_we_print() -> None:
    assert frames.CODE == marks.CODE_SIZE
    assert pytest.approx((8.5 - marks.EDGE - marks.CODE_SIZE, marks.EDGE)) == frames.UPPER_RIGHT
    assert pytest.approx((marks.EDGE, 11 - marks.EDGE - marks.CODE_SIZE)) == frames.LOWER_LEFT
